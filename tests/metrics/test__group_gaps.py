from __future__ import annotations

import numpy as np
import pytest

from appliedml.metrics._group_bootstrap import GroupDraws, bootstrap_rates
from appliedml.metrics._group_gaps import pairwise_gaps
from appliedml.metrics._group_tables import group_table


def table_of(found, of):
    """Groups with so many positives, of whom so many were found."""
    cells = np.array([[[0, 0], [n - k, k]] for k, n in zip(found, of, strict=True)])
    group, true, pred = (np.repeat(index, cells.ravel()) for index in np.indices(cells.shape).reshape(3, -1))
    return group_table(group, true, pred, groups=[str(n) for n in range(len(found))])


def gaps_of(found, of, confidence=0.95, n_resamples=4000):
    table = table_of(found, of)
    draws = bootstrap_rates(table, ["true_positive_rate"], n_resamples=n_resamples)
    return pairwise_gaps(draws, np.ones((1, len(found)), dtype=bool), confidence)


def test_the_difference_of_two_groups_has_the_textbook_interval():
    gap = gaps_of([800, 700], [1000, 1000]).largest_gap(0)

    reach = 1.96 * np.sqrt(0.8 * 0.2 / 1000 + 0.7 * 0.3 / 1000)
    assert gap.value == pytest.approx(0.1)
    assert gap.low == pytest.approx(0.1 - reach, abs=0.003)
    assert gap.high == pytest.approx(0.1 + reach, abs=0.003)
    assert (gap.lowest, gap.highest, gap.n_groups) == (1, 0, 2)


def test_the_critical_value_for_all_pairs_is_that_of_tukey():
    """For equal groups max-|t| over all pairs is the studentised range over the square root of 2."""
    from scipy.stats import studentized_range

    found = gaps_of([1200] * 5, [2000] * 5, n_resamples=20_000)

    assert found.critical == pytest.approx(studentized_range.ppf(0.95, 5, np.inf) / np.sqrt(2), rel=0.02)


def test_the_smallest_ratio_has_the_interval_of_the_log_ratio():
    ratio = gaps_of([800, 600], [1000, 1000]).smallest_ratio(0)

    error = np.sqrt(0.2 / 800 + 0.4 / 600)
    assert ratio.value == pytest.approx(0.75)
    assert ratio.low == pytest.approx(0.75 * np.exp(-1.96 * error), abs=0.005)
    assert ratio.high == pytest.approx(0.75 * np.exp(1.96 * error), abs=0.005)


def test_without_disparity_the_interval_holds_zero_where_the_naive_one_does_not():
    """The percentile interval of a maximum minus a minimum lies above zero by construction."""
    rng = np.random.default_rng(3)
    covered, naive = 0, 0
    for _ in range(100):
        table = table_of(rng.binomial(300, 0.7, 6), [300] * 6)
        draws = bootstrap_rates(table, ["true_positive_rate"], n_resamples=500)
        covered += pairwise_gaps(draws, np.ones((1, 6), dtype=bool)).largest_gap(0).low == 0
        spread = draws.draws[0].max(axis=0) - draws.draws[0].min(axis=0)
        naive += np.quantile(spread, 0.025) <= 0

    assert covered >= 88
    assert naive == 0


def test_groups_that_are_not_judged_take_no_part():
    draws = bootstrap_rates(table_of([80, 70, 1], [100, 100, 10]), ["true_positive_rate"])

    gaps = pairwise_gaps(draws, np.array([[True, True, False]]))

    assert gaps.largest_gap(0).value == pytest.approx(0.1)
    assert gaps.largest_gap(0).n_groups == 2
    value, low, high = gaps.ratio(0, 2, 0)
    assert value == pytest.approx(0.125)
    assert np.isnan([low, high]).all()


def test_fewer_than_two_groups_have_no_gap():
    draws = bootstrap_rates(table_of([80, 70], [100, 100]), ["true_positive_rate"])

    gap = pairwise_gaps(draws, np.array([[True, False]])).largest_gap(0)

    assert np.isnan([gap.value, gap.low, gap.high]).all()
    assert gap.n_groups == 1


def test_rates_of_zero_and_one_give_finite_intervals_that_hold_the_estimate():
    gaps = gaps_of([0, 40, 0], [40, 40, 40])

    gap, ratio = gaps.largest_gap(0), gaps.smallest_ratio(0)
    assert (gap.value, gap.high) == (1, 1)
    assert 0.7 < gap.low < 1
    assert ratio.value == ratio.low == 0
    assert 0 < ratio.high < 0.5
    assert np.isnan(gaps.ratio(0, 1, 0)[0])


def test_more_confidence_is_wider_and_all_pairs_are_wider_than_one():
    narrow, wide = gaps_of([80, 70], [100, 100], 0.8), gaps_of([80, 70], [100, 100], 0.99)
    many = gaps_of([80, 70, 75, 74, 76], [100] * 5, 0.8)

    assert narrow.critical < wide.critical
    assert narrow.critical < many.critical


def test_bounds_of_an_absolute_difference_do_not_depend_on_its_sign():
    gaps = gaps_of([700, 800, 750], [1000] * 3)

    pairs = gaps.pairs(0)

    assert pairs.value.tolist() == pytest.approx([-0.1, -0.05, 0.05])
    assert (pairs.at_least <= np.abs(pairs.value)).all()
    assert (pairs.at_most >= np.abs(pairs.value)).all()
    assert pairs.at_least[0] > 0.04


def test_resamples_without_a_row_behind_a_rate_do_not_spoil_the_others():
    draws = np.random.default_rng(0).normal(0.5, 0.05, (1, 2, 500))
    draws[0, 0, :3] = np.nan

    gaps = pairwise_gaps(GroupDraws(("r",), ("a", "b"), np.array([[0.5, 0.5]]), draws), np.ones((1, 2), dtype=bool))

    assert gaps.error[0, 0, 1] == pytest.approx(0.05 * np.sqrt(2), rel=0.15)
