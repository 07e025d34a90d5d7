from __future__ import annotations

import pandas as pd
import pytest

from appliedml.errors import StageError
from appliedml.stages.balance.tomek_links import TomekLinks


@pytest.fixture
def rows():
    """Rows 2 and 3 are each the other's nearest neighbour, and of different classes."""
    return pd.DataFrame({"a": [0.0, 1, 4, 4.5, 9, 9.4]}, index=list("uvwxyz")), [0, 0, 0, 1, 1, 1]


def test_the_row_of_the_larger_class_goes(rows):
    X, y = rows
    stage = TomekLinks()

    stage.fit_resample(pd.concat([X, X.tail(1) - 20]), [*y, 0])

    assert stage.sample_indices_.tolist() == [0, 1, 3, 4, 5, 6]
    assert stage.notes_ == ["1 of 7 rows dropped."]


def test_both_rows_go_if_asked(rows):
    stage = TomekLinks("both")

    assert len(stage.fit_resample(*rows)[0]) == 4
    assert stage.sample_indices_.tolist() == [0, 1, 4, 5]


def test_rows_without_links_stay():
    stage = TomekLinks()

    assert len(stage.fit_resample(pd.DataFrame({"a": [0.0, 1, 9, 10]}), [0, 0, 1, 1])[0]) == 4


def test_a_class_that_would_vanish_is_refused():
    with pytest.raises(StageError, match="every row of class 1"):
        TomekLinks("both").fit_resample(pd.DataFrame({"a": [0.0, 1, 4, 4.5]}), [0, 0, 0, 1])


def test_categories_and_missing_values_are_refused(rows):
    X, y = rows

    with pytest.raises(StageError, match="Put encode_categories before it, or use random_under"):
        TomekLinks().fit_resample(X.assign(sex="F"), y)
    with pytest.raises(StageError, match="Put impute_missing before it"):
        TomekLinks().fit_resample(X.where(X["a"] > 0), y)
