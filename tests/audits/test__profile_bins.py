from __future__ import annotations

import numpy as np
import pandas as pd

from appliedml.audits._profile_bins import Bins, counts_of, crossed, encoded


def test_numbers_fall_into_bins_of_equal_size_and_missing_ones_into_their_own():
    values = pd.Series([*range(100), np.nan, np.inf])

    codes = Bins.of(values, 4).codes(values)

    assert counts_of(codes, 5).tolist() == [25, 25, 25, 25, 2]


def test_few_distinct_numbers_get_one_bin_each():
    values = pd.Series([0, 0, 0, 1, 5])
    assert Bins.of(values, 10).codes(values).tolist() == [0, 0, 0, 1, 2]


def test_unseen_levels_share_a_bin_and_missing_has_its_own():
    bins = Bins.of(pd.Series(["a", "a", "b"]), 2)
    assert bins.codes(pd.Series(["a", "b", "new", None])).tolist() == [0, 1, 2, 3]


def test_a_column_without_any_value_is_one_bin():
    values = pd.Series([np.nan, np.nan])
    bins = Bins.of(values, 5)
    assert bins.codes(values).tolist() == [bins.n_bins - 1] * 2


def test_dates_are_binned_by_time():
    days = pd.Series(pd.to_datetime(["2025-01-01", "2025-01-02", None]))
    assert Bins.of(days, 5).codes(days).tolist() == [0, 1, 2]


def test_a_cross_table_counts_every_pair():
    assert crossed(np.array([0, 0, 1]), np.array([0, 1, 1]), 2, 2).tolist() == [[1, 1], [0, 1]]


def test_categories_become_codes_and_missing_values_stay_missing():
    matrix, categorical = encoded(pd.DataFrame({"c": ["b", "b", "a", None], "n": [1.0, 2.0, np.nan, 4.0]}))

    assert categorical.tolist() == [True, False]
    assert np.isnan(matrix).tolist() == [[False, False], [False, False], [False, True], [True, False]]
