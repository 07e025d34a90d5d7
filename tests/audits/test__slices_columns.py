from __future__ import annotations

import numpy as np
import pandas as pd

from appliedml.audits._slices_columns import MAX_LEVELS, MISSING, coded, slicing_frame
from appliedml.core.samples import Samples, make_samples
from appliedml.core.schema import Schema
from appliedml.core.texts import Texts


def test_numbers_become_ranges_of_equal_numbers_of_rows_and_missing_is_a_level():
    (column,) = coded(pd.DataFrame({"a": [*np.arange(100.0), *[np.nan] * 10]}), n_bins=4, min_rows=5)

    assert column.labels[-1] == MISSING
    assert column.labels[0] == "below 24.8"
    assert np.bincount(column.codes).tolist() == [25, 25, 25, 25, 10]


def test_a_value_that_many_rows_share_is_a_level_of_its_own():
    (column,) = coded(pd.DataFrame({"a": [0] * 80 + list(range(1, 41))}), n_bins=4, min_rows=5)

    assert column.labels[0] == "0"
    assert all("(not 0)" in label for label in column.labels[1:])


def test_close_ranges_keep_apart_in_words():
    values = 1_000_000 + np.arange(100) / 1000

    (column,) = coded(pd.DataFrame({"a": values}), n_bins=4, min_rows=5)

    assert len(set(column.labels)) == len(column.labels) == 4


def test_infinite_numbers_lie_in_the_outer_ranges():
    (column,) = coded(pd.DataFrame({"a": [-np.inf, *np.arange(20.0), np.inf]}), n_bins=2, min_rows=1)

    assert column.codes[0] == 0
    assert column.codes[-1] == len(column.labels) - 1


def test_dates_are_ranges_that_say_dates():
    times = pd.Series(pd.date_range("2024-01-01", periods=50, freq="D", tz="UTC"))

    (column,) = coded(pd.DataFrame({"t": times}), n_bins=2, min_rows=5)

    assert column.labels == ("below 2024-01-25 12:00", "2024-01-25 12:00 or more")


def test_rare_levels_are_in_no_slice_and_long_ones_are_cut():
    texts = ["<b>" + "x" * 10_000] * 20 + ["y"] * 20 + ["rare"]

    (column,) = coded(pd.DataFrame({"c": texts}), n_bins=2, min_rows=5)

    assert [len(label) for label in column.labels] == [60, 1]
    assert column.codes[-1] == -1


def test_columns_of_one_level_are_left_out_and_levels_are_not_endless():
    frame = pd.DataFrame({"one": ["a"] * 300, "many": [f"m{n % 30}" for n in range(300)], "flag": [True, False] * 150})

    columns = coded(frame, n_bins=5, min_rows=5)

    assert [column.name for column in columns] == ["many", "flag"]
    assert len(columns[0].labels) == MAX_LEVELS
    assert columns[1].labels == ("False", "True")


def test_a_sensitive_column_that_is_a_feature_too_comes_once():
    table = pd.DataFrame({"y": [0, 1] * 5, "sex": ["F", "M"] * 5, "age": range(10), "a": range(10)})
    schema = Schema("y", sensitive=["sex", {"band": {"column": "age", "edges": [5]}}], sensitive_as_features=True)

    assert list(slicing_frame(make_samples(table, schema)).columns) == ["sex", "band", "age", "a"]


def test_texts_are_sliced_by_length_and_language():
    frame = slicing_frame(Samples(Texts(["I think that this is not what we had asked for.", "Nein.", None])))

    assert frame["language"].tolist()[:2] == ["looks English", "too few words to say"]
    assert frame["language"].isna().tolist() == [False, False, True]
    assert frame["words"].iloc[0] == 11
