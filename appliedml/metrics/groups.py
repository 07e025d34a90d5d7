"""Rates, gaps and ratios by group, with intervals, from count tables.

::

    table = group_table(group, y_true, y_pred, cluster=customer)   # rows become counts
    draws = bootstrap_rates(table, n_resamples=2000, seed=7)       # every rate, every group, every resample
    low, high = draws.interval(0.95)                               # each interval by itself
    gaps = pairwise_gaps(draws, judged, confidence=0.95)           # all pairs and rates at once
    gaps.largest_gap(rate), gaps.smallest_ratio(rate)              # valid for a maximum over groups
    group_roc_auc(group, y_true, score)                            # exact rank sums
    group_calibration(group, y_true, score)                        # observed minus predicted
"""

from __future__ import annotations

from appliedml.metrics._group_bootstrap import GroupDraws, bootstrap_rates
from appliedml.metrics._group_gaps import Largest, Pairs, PairwiseGaps, pairwise_gaps, pairwise_gaps_of_each
from appliedml.metrics._group_scores import GroupEstimates, group_calibration, group_roc_auc
from appliedml.metrics._group_tables import GroupTable, Rate, group_table, rates_for

__all__ = [
    "GroupDraws",
    "GroupEstimates",
    "GroupTable",
    "Largest",
    "Pairs",
    "PairwiseGaps",
    "Rate",
    "bootstrap_rates",
    "group_calibration",
    "group_roc_auc",
    "group_table",
    "pairwise_gaps",
    "pairwise_gaps_of_each",
    "rates_for",
]
