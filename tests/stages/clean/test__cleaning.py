"""What the clean stages share."""

import numpy as np
import pandas as pd
import pytest

from appliedml.stages.clean._cleaning import as_numbers, cell_text, differs, holds_text, map_text


def test_text_is_known_from_the_type_alone():
    assert holds_text(pd.Series(["a"]))
    assert holds_text(pd.Series([1, 2], dtype=object))
    assert holds_text(pd.Series(["a"], dtype="category"))
    assert not holds_text(pd.Series([1, 2], dtype="category"))
    assert not holds_text(pd.Series([True]))


def test_objects_keep_what_is_no_text():
    values = pd.Series([" a", 3, None], dtype=object)

    assert map_text(values, str.strip).tolist()[:2] == ["a", 3]


def test_missing_before_and_after_is_no_change():
    before, after = pd.Series(["a", None, "b", None]), pd.Series(["a", None, None, "c"])

    assert differs(before, after).tolist() == [False, False, True, True]


def test_objects_that_are_numbers_are_numbers():
    assert np.isnan(as_numbers("Stage", pd.Series([1, None], dtype=object))).tolist() == [False, True]


@pytest.mark.parametrize(("value", "text"), [(1, "1"), (1.0, "1"), (1.5, "1.5"), (True, "True"), (np.float64(2), "2")])
def test_cells_as_text(value, text):
    assert cell_text(value) == text
