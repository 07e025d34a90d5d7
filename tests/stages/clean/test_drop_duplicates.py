"""Dropping repeated rows."""

import numpy as np
import pandas as pd
import pytest

from appliedml.core.samples import Samples, make_samples
from appliedml.core.schema import Schema
from appliedml.errors import StageError
from appliedml.stages.clean.drop_duplicates import DropDuplicates


def cases(schema):
    """Five rows: 1 repeats 0, 2 differs in sex, 3 in label, 4 in time."""
    table = pd.DataFrame(
        {
            "id": range(5),
            "who": ["a", "b", "a", "a", "a"],
            "when": [1, 1, 1, 1, 2],
            "sex": ["f", "f", "m", "f", "f"],
            "a": [1.0, 1, 1, 1, 1],
            "y": [0, 0, 0, 1, 0],
        }
    )
    return make_samples(table, schema)


def test_rows_are_the_same_if_features_sensitive_columns_label_and_time_are():
    stage = DropDuplicates()

    left = stage.clean(cases(Schema("y", ["sex"], group="who", time="when", row_id="id")))

    assert left.row_id.tolist() == [0, 2, 3, 4]
    assert stage.changed_rows_.tolist() == [False, True, False, False, False]


def test_which_row_stays_is_a_choice():
    samples = cases(Schema("y", ["sex"], group="who", time="when", row_id="id"))

    assert DropDuplicates(keep="last").clean(samples).row_id.tolist() == [1, 2, 3, 4]


def test_named_columns_decide_alone():
    samples = cases(Schema("y", ["sex"], group="who", time="when", row_id="id"))

    assert DropDuplicates(columns=["who"]).clean(samples).row_id.tolist() == [0, 1]
    assert DropDuplicates(columns=["a", "y"]).clean(samples).row_id.tolist() == [0, 3]
    assert DropDuplicates(columns=["a", "when"]).clean(samples).row_id.tolist() == [0, 4]


def test_notes_tell_groups_and_contradicting_labels():
    stage = DropDuplicates()

    stage.clean(cases(Schema("y", ["sex"], group="who", time="when", row_id="id")))

    assert stage.notes_ == [
        "1 row dropped: equal to another row in 4 columns.",
        "0 of them repeat a row of their own group, 1 one of another.",
        "3 rows have equal inputs and different labels. They were kept.",
    ]


def test_missing_values_equal_each_other():
    samples = Samples(pd.DataFrame({"a": [np.nan, np.nan], "b": ["x", "x"]}), [None, None])

    assert len(DropDuplicates().clean(samples)) == 1


def test_a_feature_may_have_the_targets_name():
    samples = Samples(pd.DataFrame({"y": [1, 2, 1]}), [0, 0, 0], schema=Schema("y"))

    assert DropDuplicates().clean(samples).X["y"].tolist() == [1, 2]


def test_unknown_columns_and_images_are_refused():
    with pytest.raises(StageError, match=r"'b' is not in the table. Its columns: 'a'"):
        DropDuplicates(columns=["b"]).clean(Samples(pd.DataFrame({"a": [1, 2]})))
    with pytest.raises(StageError, match="compares tables. The inputs are ndarray"):
        DropDuplicates().clean(Samples(np.zeros((2, 4, 4))))
