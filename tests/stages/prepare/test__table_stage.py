from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.errors import StageError
from appliedml.stages.prepare._table_stage import assemble
from appliedml.stages.prepare.scale_numbers import ScaleNumbers


def test_names_and_width_of_the_training_table_are_remembered():
    stage = ScaleNumbers().fit(pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 5.0]}))

    assert stage.n_features_in_ == 2
    assert stage.feature_names_in_.tolist() == ["a", "b"]
    assert stage.get_feature_names_out(["a", "b"]).tolist() == ["a", "b"]
    with pytest.raises(StageError, match="input_features is not equal"):
        stage.get_feature_names_out(["b", "a"])


def test_a_second_fit_on_an_array_forgets_the_names():
    stage = ScaleNumbers().fit(pd.DataFrame({"a": [1.0, 2.0]}))

    assert not hasattr(stage.fit(np.array([[1.0], [2.0]])), "feature_names_in_")


def test_an_array_is_read_by_position_after_a_fit_on_a_table():
    stage = ScaleNumbers().fit(pd.DataFrame({"a": [0.0, 2.0], "b": [0.0, 4.0]}))

    np.testing.assert_array_equal(stage.transform(np.array([[2.0, 0.0]])), [[1.0, -1.0]])
    with pytest.raises(StageError, match="X has 1 features, but ScaleNumbers is expecting 2 features"):
        stage.transform(np.array([[2.0]]))


def test_column_names_that_are_numbers_become_text():
    out = ScaleNumbers().fit_transform(pd.DataFrame(np.array([[1.0, 2.0], [3.0, 4.0]])))

    assert list(out.columns) == ["0", "1"]


def test_scikit_learn_can_ask_for_tables():
    stage = ScaleNumbers().set_output(transform="pandas")

    assert isinstance(stage.fit_transform(np.array([[1.0], [2.0]])), pd.DataFrame)


def test_assembling_keeps_index_and_order():
    table = assemble({"b": np.array([1, 2]), "a": pd.Series(["x", "y"], index=[7, 9])}, pd.Index([7, 9]))

    assert table.to_dict("list") == {"b": [1, 2], "a": ["x", "y"]}
    assert list(table.columns) == ["b", "a"]
    assert table.index.tolist() == [7, 9]
