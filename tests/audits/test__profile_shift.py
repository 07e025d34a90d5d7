from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from appliedml.audits._profile_shift import column_shift, ks_distance, psi, psi_by_chance, two_sample_auroc


def frames(seed, shift=0.0, n=400):
    rng = np.random.default_rng(seed)
    make = lambda mean: pd.DataFrame({"x": rng.normal(mean, 1, n), "c": rng.choice(["a", "b"], n)})  # noqa: E731
    return make(0.0), make(shift)


def test_a_shifted_column_stands_out_and_an_equal_one_does_not():
    table = column_shift(*frames(0, shift=1.0)).set_index("column")

    assert table.loc["x", "psi"] > 0.25
    assert table.loc["x", "psi"] > table.loc["x", "psi_by_chance"]
    assert table.loc["c", "psi"] < table.loc["c", "psi_by_chance"]
    assert table.loc["x", "ks"] > 0.3
    assert np.isnan(table.loc["c", "ks"])


def test_equal_populations_stay_below_the_chance_level():
    above = sum(
        (column_shift(*frames(seed))["psi"] > column_shift(*frames(seed))["psi_by_chance"]).sum() for seed in range(20)
    )
    assert above <= 1


def test_a_level_that_is_new_in_the_test_rows_is_a_shift():
    train, test = pd.DataFrame({"c": ["a"] * 100}), pd.DataFrame({"c": ["b"] * 100})
    assert column_shift(train, test).loc[0, "total_variation"] == 1


def test_missing_values_are_a_bin_of_their_own():
    train, test = (
        pd.DataFrame({"x": np.arange(100.0)}),
        pd.DataFrame({"x": np.where(np.arange(100) < 50, np.nan, 50.0)}),
    )
    assert column_shift(train, test).loc[0, "total_variation"] >= 0.5


def test_distances_agree_with_scipy_and_are_undefined_without_values():
    a, b = np.random.default_rng(1).normal(size=50), np.random.default_rng(2).normal(0.5, 1, 70)
    assert ks_distance(a, b) == pytest.approx(ks_2samp(a, b).statistic)
    assert np.isnan(ks_distance(a, np.array([np.nan])))
    assert psi(np.array([10.0, 0.0]), np.array([0.0, 10.0])) > 1
    assert psi_by_chance(10, 10, 1) == 0


def test_the_two_sample_classifier_tells_shifted_rows_and_not_equal_ones():
    shifted = two_sample_auroc(*frames(3, shift=1.5), None, None, 0)
    equal = two_sample_auroc(*frames(4), None, None, 0)

    assert shifted.low > 0.7
    assert equal.low < 0.55


def test_too_few_rows_are_not_compared():
    assert two_sample_auroc(*frames(0, n=20), None, None, 0) is None
