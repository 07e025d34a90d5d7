"""What every source refuses."""

import numpy as np
import pandas as pd
import pytest

from appliedml.core.samples import Samples, make_samples
from appliedml.core.schema import Schema
from appliedml.errors import DataError
from appliedml.sources._checks import check_samples

BANDS = {"band": {"column": "s", "edges": [30]}}


def samples(schema=None, **columns):
    """Samples of 60 rows with target y and feature a."""
    table = {"y": [0, 1] * 30, "a": np.arange(60.0)} | columns
    return make_samples(pd.DataFrame(table), schema or Schema("y"))


def test_sound_samples_pass():
    check_samples(samples(Schema("y", sensitive=["s"], weight="w"), s=["f", "m", None] * 20, w=[0.0, 1.0] * 30))


@pytest.mark.parametrize(
    ("schema", "columns", "sentence"),
    [
        (Schema("y"), {"y": [1, None] * 30}, r"All 30 labelled rows are of class '1'"),
        (Schema("y"), {"y": [None] * 60}, r"missing in all 60 rows"),
        (Schema("y", positive="yes"), {}, r"'yes' does not. Classes: '0', '1'"),
        (Schema("y"), {"a": [np.inf, -np.inf, *range(58)]}, r"'a' \(2, first in row 1\)"),
        (Schema("y", time="t"), {"t": [1.0, np.inf, *range(58)]}, r"'time' \(1, first in row 2\)"),
        (Schema("y", sensitive=["s"]), {"s": [np.inf, 1.0] * 30}, r"'s' \(30, first in row 1\)"),
        (Schema("y"), {"y": [np.inf, 1.0] * 30}, r"'y' \(30, first in row 1\)"),
        (Schema("y", sensitive=["s"]), {"s": ["f", None] * 30}, r"It has one, 'f'. Take it out"),
        (Schema("y", sensitive=["s"]), {"s": [None] * 60}, r"All its values are missing"),
        (
            Schema("y", sensitive=["s"]),
            {"s": range(60)},
            r"at most 50 levels. It has 60. Cut .*edges: \[14.8, 29.5, 44.2\]",
        ),
        (Schema("y", sensitive=["s"]), {"s": [f"c{i}" for i in range(60)]}, r"It has 60. Group its levels"),
        (
            Schema("y", sensitive=[BANDS]),
            {"s": ["old", "young"] * 30},
            r"'band' \(column 's'\) holds text such as 'old'",
        ),
        (Schema("y", sensitive=[BANDS]), {"s": [1, 2] * 30}, r"It has one, 'under 30'"),
        (Schema("y", weight="w"), {"w": [1, -1] * 30}, r"Column 'w' holds '-1' in row 2 \(30 such rows\)"),
        (Schema("y", weight="w"), {"w": ["x", "1"] * 30}, r"holds 'x' in row 1"),
        (Schema("y", weight="w"), {"w": [1.0, None] * 30}, r"holds 'nan' in row 2"),
        (Schema("y", weight="w"), {"w": [0] * 60}, r"All of column 'w' are 0"),
    ],
)
def test_each_fault_is_one_sentence(schema, columns, sentence):
    with pytest.raises(DataError, match=sentence):
        check_samples(samples(schema, **columns), "Table")


def test_labels_are_compared_as_they_are_written():
    check_samples(samples(Schema("y", positive=1), y=[0.0, 1.0, np.nan] * 20))
    check_samples(samples(Schema("y", positive=True), y=[False, True] * 30))


def test_inputs_that_are_no_table_are_checked_by_their_labels():
    check_samples(Samples(np.zeros((2, 3, 3)), [0, 1]))
    with pytest.raises(DataError, match="There is none"):
        check_samples(Samples(np.zeros((2, 3, 3))))
