from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import ADASYN

from appliedml.errors import StageError
from appliedml.stages.balance.adasyn import Adasyn


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": np.r_[rng.normal(size=60), rng.normal(1, 1, 20)], "b": rng.normal(size=80)})
    return X, np.repeat([0, 1], [60, 20])


def test_the_rows_are_those_of_imbalanced_learn(rows):
    more, labels = Adasyn(neighbors=4, random_state=2).fit_resample(*rows)

    expected, expected_labels = ADASYN(n_neighbors=4, random_state=2).fit_resample(*rows)
    pd.testing.assert_frame_equal(more, expected)
    assert labels.tolist() == expected_labels.tolist()


def test_the_ratio_is_met_about(rows):
    labels = Adasyn(ratio=0.6, random_state=0).fit_resample(*rows)[1]

    assert abs(int(labels.sum()) - 36) <= 4


def test_classes_that_lie_apart_are_sent_to_smote(rows):
    X, y = rows

    with pytest.raises(StageError, match="Use more neighbors, or smote"):
        Adasyn().fit_resample(X.assign(a=X["a"] + 1000 * y), y)


def test_too_few_rows_to_share_out_are_refused(rows):
    X, y = rows

    with pytest.raises(StageError, match=r"To add: \{'1': 1\}; every share rounds to 0"):
        Adasyn(ratio=0.35).fit_resample(X, y)


def test_too_few_rows_for_the_neighbours_are_refused(rows):
    with pytest.raises(StageError, match="Adasyn needs at least 21 training rows"):
        Adasyn(neighbors=20).fit_resample(*rows)
