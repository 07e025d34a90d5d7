import hashlib

import numpy as np
import pandas as pd

from appliedml.core.fingerprint import fingerprint
from appliedml.core.inputs import Inputs, n_features, take_rows
from appliedml.core.samples import Samples


class Lazy:
    """Inputs that are read when they are used."""

    def __init__(self, names):
        self.names = list(names)

    def __len__(self):
        return len(self.names)

    def take(self, rows):
        return Lazy([self.names[row] for row in rows])

    def fingerprint(self):
        return hashlib.sha256("".join(self.names).encode()).hexdigest()


def test_tables_series_arrays_and_lists_are_taken_by_position():
    rows = np.array([2, 0])
    assert take_rows(pd.DataFrame({"a": [1, 2, 3]}, index=[7, 8, 9]), rows)["a"].tolist() == [3, 1]
    assert take_rows(pd.Series([1, 2, 3]), rows).index.tolist() == [0, 1]
    assert take_rows([1, 2, 3], rows).tolist() == [3, 1]


def test_lazy_inputs_flow_through_samples():
    lazy = Lazy("abcd")
    assert isinstance(lazy, Inputs)
    part = Samples(lazy, [0, 1, 0, 1])[[3, 1]]
    assert part.X.names == ["d", "b"]
    assert part.y.tolist() == [1, 1]
    assert fingerprint(Lazy("ab")) != fingerprint(Lazy("ba"))


def test_one_axis_counts_as_one_feature():
    assert n_features(np.zeros(3)) == n_features(Lazy("abc")) == 1
