"""The split that came with the data."""

import numpy as np
import pandas as pd
import pytest

from appliedml.core.samples import Samples
from appliedml.errors import DataError, ParameterError
from appliedml.splits.predefined import Predefined

PARTS = ["train"] * 6 + ["val"] * 4 + ["test"] * 4


def make(parts=PARTS, **columns):
    n = len(parts)
    meta = pd.DataFrame({"row_id": range(n), "origin": "observed", "split": parts, **columns})
    return Samples(np.zeros((n, 1)), np.arange(n) % 2, meta)


def test_val_rows_validate_when_test_rows_are_tested():
    """They are on the training side: the pipeline gets them with the training rows and sets them aside."""
    ((train, test),) = Predefined().split(make())

    assert train.tolist() == list(range(10))
    assert Predefined().validation_rows(make()).tolist() == [6, 7, 8, 9]
    assert test.tolist() == [10, 11, 12, 13]
    assert Predefined().get_n_splits() == 1


def test_test_rows_stay_unseen_when_val_rows_are_tested():
    ((train, test),) = Predefined(test="val").split(make())

    assert train.tolist() == list(range(6))
    assert test.tolist() == [6, 7, 8, 9]
    assert len(Predefined(test="val").validation_rows(make())) == 0


def test_without_a_val_part_no_row_is_kept_for_validation():
    parts = ["train"] * 10 + ["test"] * 4
    ((train, _),) = Predefined().split(make(parts))

    assert train.tolist() == list(range(10))
    assert len(Predefined().validation_rows(make(parts))) == 0
    assert len(Predefined().validation_rows(Samples(np.zeros((4, 1)), [0, 1, 0, 1]))) == 0


def test_rows_must_be_marked():
    unmarked = Samples(np.zeros((4, 1)), [0, 1, 0, 1])
    with pytest.raises(DataError, match="rows must be marked train, val or test by their source"):
        list(Predefined().split(unmarked))
    with pytest.raises(DataError, match=r"1 are not; the first is 'extra' \(row 2\)"):
        list(Predefined().split(make(["train", "extra", *PARTS[2:]])))
    unknown = make(pd.Series(["train", None, *PARTS[2:]], dtype="string"))
    assert Predefined().validation_rows(unknown).tolist() == [6, 7, 8, 9]
    with pytest.raises(DataError, match="the first is missing"):
        list(Predefined().split(unknown))


def test_a_part_without_a_class_is_refused():
    with pytest.raises(DataError, match="the 1 test rows lack class '0'"):
        list(Predefined().split(make(["train"] * 13 + ["test"])))
    with pytest.raises(DataError, match="the 0 val rows lack class '0', '1'"):
        list(Predefined("val").split(make(["train"] * 10 + ["test"] * 4)))
    with pytest.raises(DataError, match="the 1 val rows lack class '1'"):
        list(Predefined().split(make(["train"] * 6 + ["val"] + ["test"] * 7)))
    with pytest.raises(DataError, match="the 1 training rows lack class '1'"):
        list(Predefined().split(make(["train"] + ["val"] * 9 + ["test"] * 4)))


def test_a_patient_on_both_sides_is_refused():
    groups = [*range(10), 3, 11, 12, 13]

    with pytest.raises(DataError, match="1 groups are in training and test rows, such as '3'"):
        list(Predefined().split(make(group=groups)))
    with pytest.raises(DataError, match="1 groups are in training and val rows, such as '2'"):
        list(Predefined().split(make(group=[*range(9), 2, 10, 11, 12, 13])))
    ((train, test),) = Predefined().split(make(group=range(14)))
    assert len(train) + len(test) == 14


def test_the_parameter_keeps_its_rule():
    with pytest.raises(ParameterError, match="test must be one of 'test', 'val'"):
        list(Predefined(test="train").split(make()))
