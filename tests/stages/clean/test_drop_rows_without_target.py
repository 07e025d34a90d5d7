"""Dropping rows without a label."""

import numpy as np
import pandas as pd
import pytest

from appliedml.core.samples import Samples
from appliedml.errors import DataError, StageError
from appliedml.stages.clean.drop_rows_without_target import DropRowsWithoutTarget


@pytest.mark.parametrize(
    ("y", "left"),
    [
        ([1.0, np.nan, 0.0], [1.0, 0.0]),
        (["a", None, " "], ["a"]),
        (["a", "b", "?"], ["a", "b"]),
        ([1, 0, 1], [1, 0, 1]),
    ],
)
def test_missing_blank_and_marked_labels_go(y, left):
    stage = DropRowsWithoutTarget(missing_markers=["?"])

    cleaned = stage.clean(Samples(pd.DataFrame({"a": range(3)}), np.array(y)))

    assert cleaned.y.tolist() == left
    assert stage.changed_rows_.sum() == 3 - len(left)


def test_labels_are_needed():
    with pytest.raises(StageError, match="needs labels"):
        DropRowsWithoutTarget().clean(Samples(pd.DataFrame({"a": [1]})))
    with pytest.raises(DataError, match="None of the 2 rows has one"):
        DropRowsWithoutTarget().clean(Samples(pd.DataFrame({"a": [1, 2]}), [None, None]))
