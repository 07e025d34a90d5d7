"""Intervals at every threshold, against the bootstrap of the audits at one."""

from __future__ import annotations

import numpy as np
import pytest

from appliedml.metrics.groups import bootstrap_rates, group_table, pairwise_gaps
from appliedml.report import _explorer_intervals as intervals
from appliedml.report._explorer_bins import bin_of, cluster_numbers, count_groups
from appliedml.report._explorer_figures import Limits
from appliedml.report._explorer_rows import read_rows

NAMES = ["selection_rate", "true_positive_rate", "false_positive_rate"]
THRESHOLDS = np.array([0.0, 0.2, 0.3101, 0.3102, 0.45])


@pytest.fixture(scope="module", params=["rows", "customers"])
def drawn(request, explorer_run):
    rows = read_rows(explorer_run)
    cluster = cluster_numbers(rows.group) if request.param == "customers" else None
    grouping = rows.groupings[0]
    bins, n_groups = bin_of(THRESHOLDS, rows.score), len(grouping.levels)
    counts = count_groups(grouping.codes, n_groups, bins, len(THRESHOLDS), rows, cluster)
    cell = grouping.codes + n_groups * rows.positive
    draws, pseudo = intervals.cumulative_draws(
        bins, cell, (len(THRESHOLDS), 2 * n_groups), cluster, 1500, 3, 4 * n_groups
    )
    sizes = intervals.pseudo_sizes(counts, bins, cell, cluster)
    return rows, grouping, cluster, counts, draws, pseudo, sizes


def test_every_resample_has_as_many_units_and_counts_fall_with_the_threshold(drawn):
    rows, _, _, _, draws, pseudo, _ = drawn

    assert (np.diff(draws, axis=0) <= 0).all()
    assert pseudo.mean() == pytest.approx(1, abs=0.1)
    assert draws[0].sum(axis=0).mean() == pytest.approx(len(rows.score), rel=0.01)


def test_gaps_have_the_intervals_that_the_audits_bootstrap_gives(drawn):
    rows, grouping, cluster, counts, draws, pseudo, sizes = drawn

    def draw(places, names):
        return intervals.group_draws(places, names, counts, grouping.levels, draws, pseudo, sizes)

    found = intervals.gap_intervals(
        [("gap", "true_positive_rate"), ("ratio", "selection_rate"), ("gap", "equalised_odds")],
        NAMES, counts, grouping.compared, Limits(30, 10, 10), draw, 0.95, draws.shape[-1],
    )  # fmt: skip
    for place in (1, 2, 4):
        called = (rows.score >= THRESHOLDS[place]).astype(int)
        table = group_table(grouping.codes, rows.positive.astype(int), called, cluster=cluster, groups=grouping.levels)
        judged = np.tile(grouping.compared, (3, 1))
        expected = pairwise_gaps(bootstrap_rates(table, NAMES, n_resamples=3000, seed=8), judged, 0.95)
        gap, ratio = expected.largest_gap(1), expected.smallest_ratio(0)
        assert found["gap", "true_positive_rate"][place] == pytest.approx((gap.low, gap.high), abs=0.03)
        assert found["ratio", "selection_rate"][place] == pytest.approx((ratio.low, ratio.high), abs=0.05)
        assert found["gap", "equalised_odds"][place][1] >= gap.high - 0.03
    assert found["gap", "true_positive_rate"][2] == found["gap", "true_positive_rate"][3], "the same rows are selected"


def test_measures_of_all_rows_have_percentile_intervals_and_wilsons_at_the_ends(drawn):
    rows, _, cluster, _, _, _, _ = drawn
    one = np.zeros(len(rows.score), dtype=np.int64)
    bins = bin_of(THRESHOLDS, rows.score)
    counts = count_groups(one, 1, bins, len(THRESHOLDS), rows, cluster)
    draws, _ = intervals.cumulative_draws(bins, rows.positive.astype(int), (len(THRESHOLDS), 2), cluster, 800, 1)

    found = intervals.overall_intervals({"recall": lambda tp, fp, p, n: tp / p}, draws, counts, 0.95)["recall"]

    low, high = found[2]
    called = rows.score >= THRESHOLDS[2]
    recall = (called & rows.positive).sum() / rows.positive.sum()
    half = 1.96 * np.sqrt(recall * (1 - recall) / rows.positive.sum())
    assert (low, high) == pytest.approx((recall - half, recall + half), abs=0.03)
    assert found[0][1] == 1 and 0.95 < found[0][0] < 1


def test_batches_hold_every_threshold_once_and_few_values():
    thresholds = np.arange(3, 40, 2)

    found = intervals.batches(thresholds, intervals.CLOSE_VALUES // 4)

    assert np.concatenate(found).tolist() == thresholds.tolist()
    assert [len(batch) for batch in found] == [4, 4, 4, 4, 3]
    assert [len(batch) for batch in intervals.batches(thresholds, 10 * intervals.CLOSE_VALUES)] == [1] * 19


def test_rates_of_some_thresholds_are_those_of_each_alone(drawn):
    _, grouping, _, counts, draws, pseudo, sizes = drawn

    def draw(places):
        return intervals.group_draws(np.array(places), NAMES, counts, grouping.levels, draws, pseudo, sizes)

    for place, found in zip((1, 4), draw([1, 4]), strict=True):
        (alone,) = draw([place])
        assert found.names == tuple(NAMES)
        assert np.array_equal(found.estimate, alone.estimate, equal_nan=True)
        assert np.array_equal(found.draws, alone.draws, equal_nan=True)
        selected = counts.positive[place] + counts.negative[place]
        assert found.estimate[0] == pytest.approx(selected / (counts.positive[0] + counts.negative[0]))


def test_a_drawn_cluster_brings_all_its_rows():
    bins, cell = np.array([0, 0, 1, 1, 2]), np.array([0, 0, 1, 0, 1])
    cluster = np.array([0, 0, 0, 1, 1])

    counts, pseudo = intervals.cumulative_draws(bins, cell, (3, 2), cluster, 50, 4)

    # The first cluster has two rows in the lowest bin, the second the only row in the highest.
    first, second = (counts[0, 0] - counts[1, 0]) // 2, counts[2, 1]
    assert pseudo.shape == (0, 50)
    assert (first + second == 2).all()
    assert len(np.unique(first)) == 3
    assert (counts[0, 0] == 2 * first + second).all()
    assert (counts[1, 1] - counts[2, 1] == first).all()
