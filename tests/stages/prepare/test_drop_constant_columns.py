"""Columns that say nothing."""

import numpy as np
import pandas as pd
import pytest

from appliedml.errors import ParameterError, StageError
from appliedml.stages.prepare.drop_constant_columns import DropConstantColumns

TABLE = pd.DataFrame(
    {
        "varies": [1, 2, 3, 4],
        "same": ["EUR"] * 4,
        "empty": [np.nan] * 4,
        "sometimes": ["x", None, "x", "x"],
        "mostly": [0, 0, 0, 1],
    }
)


def test_constant_and_empty_columns_go_and_a_gap_is_a_value():
    stage = DropConstantColumns().fit(TABLE)

    assert stage.dropped_columns_ == ["same", "empty"]
    assert stage.transform(TABLE).columns.tolist() == ["varies", "sometimes", "mostly"]
    assert stage.feature_sources_ == {"varies": "varies", "sometimes": "sometimes", "mostly": "mostly"}
    assert stage.get_feature_names_out().tolist() == ["varies", "sometimes", "mostly"]
    assert stage.notes_ == [
        "same: dropped, it is EUR in 100.0% of the training rows.",
        "empty: dropped, it is empty in 100.0% of the training rows.",
    ]


def test_the_training_rows_decide():
    stage = DropConstantColumns().fit(TABLE.head(3))

    assert stage.transform(TABLE).columns.tolist() == ["varies", "sometimes"]


def test_nearly_constant_columns_go_on_request_and_named_ones_stay():
    assert DropConstantColumns(top_share=0.75, keep=["same"]).fit(TABLE).dropped_columns_ == [
        "empty",
        "sometimes",
        "mostly",
    ]


def test_something_must_be_left_and_keep_must_exist():
    with pytest.raises(StageError, match="all 1 columns"):
        DropConstantColumns().fit(TABLE[["same"]])
    with pytest.raises(StageError, match="'sam'"):
        DropConstantColumns(keep=["sam"]).fit(TABLE)
    with pytest.raises(ParameterError, match="top_share must be"):
        DropConstantColumns(top_share=0.5).fit(TABLE)
