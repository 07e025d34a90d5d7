import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from appliedml.compose.validation import mark_validation, validation_rows
from appliedml.core.samples import Samples
from appliedml.errors import StageError
from appliedml.splits.kfold import KFold
from appliedml.splits.predefined import Predefined


def make(y, **meta):
    table = pd.DataFrame({"row_id": np.arange(len(y)), "origin": "observed", **meta})
    return Samples(np.zeros((len(y), 1)), np.array(y), table)


def test_none_are_kept_at_zero():
    assert len(validation_rows(make([0, 1]), 0.0, "random", 0)) == 0


def test_every_class_is_on_both_sides():
    y = np.array([0] * 95 + [1] * 5)
    rows = validation_rows(make(y), 0.1, "random", 0)
    assert y[rows].sum() >= 1
    assert np.delete(y, rows).sum() >= 1


@pytest.mark.parametrize(
    ("samples", "order", "sentence"),
    [
        (make([0, 0, 0, 1]), "random", "at least 2 training rows of every class"),
        (make([0, 1] * 5, group=[1] * 10), "random", "at least 5 groups"),
        (make([0, 1] * 5), "latest", "needs a time column"),
        (make([0] * 9 + [1], time=np.arange(10)), "latest", "leaves no row of class '1' for fitting"),
    ],
)
def test_impossible_requests_are_refused(samples, order, sentence):
    with pytest.raises(StageError, match=sentence):
        validation_rows(samples, 0.2, order, 0)


def test_a_missing_group_is_not_an_error():
    y = np.array([0, 1] * 20)
    group = pd.Series(np.arange(40) // 2, dtype=object)
    group[:4] = None
    assert len(validation_rows(make(y, group=group), 0.25, "random", 0)) > 0


def test_whole_groups_are_kept_as_scikit_learn_would_keep_them():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(60), rng.integers(1, 5, 60))
    y = (rng.random(len(group)) < 0.3).astype(int)
    splitter = StratifiedGroupKFold(n_splits=5, shuffle=True, random_state=3)
    expected = next(iter(splitter.split(np.zeros(len(y)), y, group)))[1]

    np.testing.assert_array_equal(validation_rows(make(y, group=group), 0.2, "random", 3), expected)


def test_fewer_rows_of_a_class_than_parts_of_groups_is_refused_only_where_a_side_lacks_it():
    y = np.array([0, 1] + [0] * 20)
    with pytest.raises(StageError, match="leaves no row of class '1'"):
        validation_rows(make(y, group=np.arange(22)), 0.1, "random", 0)


def test_marked_rows_are_taken_whatever_the_share_and_the_order():
    samples = make([0, 1] * 10, validation=[False] * 16 + [True] * 4)

    for fraction, order in ((0.0, "random"), (0.5, "random"), (0.5, "latest")):
        assert validation_rows(samples, fraction, order, 0).tolist() == [16, 17, 18, 19]


@pytest.mark.parametrize(
    ("marks", "sentence"),
    [
        ([False] * 4, "0 rows marked for validation need every class. They lack '0'"),
        ([False, True, True, True], "1 rows left for fitting need every class. They lack '1'"),
    ],
)
def test_marked_rows_that_lack_a_class_are_refused(marks, sentence):
    with pytest.raises(StageError, match=sentence):
        validation_rows(make([0, 1, 0, 1], validation=marks), 0.2, "random", 0)


def test_rows_are_marked_by_a_split_that_keeps_some_and_the_marks_follow_them():
    samples = make([0, 1] * 6, split=["test"] * 4 + ["val"] * 4 + ["train"] * 4)
    ((train, test),) = Predefined().split(samples)
    marked = mark_validation(samples, Predefined())

    assert marked.take(train).validation.tolist() == [True] * 4 + [False] * 4
    assert not marked.take(test).validation.any()
    for split in (KFold(), Predefined(test="val")):
        assert mark_validation(samples, split).validation is None
