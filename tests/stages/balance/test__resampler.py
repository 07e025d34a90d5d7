from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.errors import StageError
from appliedml.stages.balance._resampler import Rows, cast_like, categorical_columns
from appliedml.stages.balance.random_over import RandomOver
from appliedml.stages.balance.smote import Smote


def rows_of(*codes: int) -> Rows:
    return Rows(pd.DataFrame({"a": range(len(codes))}), np.array(codes), np.array(["no", "yes", "maybe"]))


def test_the_rows_that_a_class_lacks_are_counted_against_the_largest():
    rows = rows_of(0, 0, 0, 0, 1, 2, 2, 2)

    assert rows.counts == [4, 1, 3]
    assert rows.missing_rows(1.0) == {1: 3, 2: 1}
    assert rows.missing_rows(0.5) == {1: 1}
    assert rows.missing_rows(0.25) == {}


def test_the_ratio_is_rounded_not_cut():
    """0.29 * 100 is 28.999999999999996 in floating point."""
    rows = Rows(pd.DataFrame({"a": range(110)}), np.repeat([0, 1], [100, 10]), np.array([0, 1]))

    assert rows.missing_rows(0.29) == {1: 19}


def test_new_values_take_the_dtype_of_their_column_and_whole_numbers_are_rounded():
    table = pd.DataFrame({"n": [1, 2], "x": np.array([1, 2], np.float32), "i": pd.array([1, 2], dtype="Int64")})

    new = cast_like(np.array([[1.6, 1.6, 1.4]]), table)

    assert list(new.dtypes) == list(table.dtypes)
    assert new.iloc[0].tolist() == [2, pytest.approx(1.6), 1]


def test_text_category_object_and_boolean_columns_are_categorical():
    table = pd.DataFrame({"a": [1.0], "b": [True], "c": ["x"], "d": pd.Categorical(["y"]), "e": [1]})

    assert categorical_columns(table) == ["b", "c", "d"]


def test_labels_come_back_as_they_were_given():
    X = pd.DataFrame({"a": [1, 2, 3]})
    given = pd.Series(pd.Categorical(["no", "no", "yes"]), name="fraud")

    labels = RandomOver(random_state=0).fit_resample(X, given)[1]

    assert labels.dtype == given.dtype
    assert labels.name == "fraud"
    assert isinstance(RandomOver().fit_resample(X, [True, True, False])[1], np.ndarray)


def test_column_names_that_are_numbers_stay_numbers():
    X = pd.DataFrame(np.arange(6.0).reshape(3, 2))

    assert list(RandomOver().fit_resample(X, [0, 0, 1])[0].columns) == [0, 1]


def test_columns_without_distance_are_named_with_the_way_out():
    table = pd.DataFrame({f"c{i}": ["x"] * 4 for i in range(7)} | {"a": [1.0] * 4})

    with pytest.raises(StageError, match=r"'c0' \(str\), .*'c4' \(str\) and 2 more. Use smote_nc, or put encode_"):
        Smote(neighbors=1).fit_resample(table, [0, 0, 0, 1])
