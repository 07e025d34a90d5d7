"""From counts to verdicts: one sensitive feature at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.audits._fairness_features import Feature, Pooled
from appliedml.audits._fairness_verdict import (
    CRITERIA,
    Verdict,
    among,
    base_of,
    coarse_note,
    criterion_of,
    equalised_odds,
    figure,
    reach_verdict,
    sure,
)
from appliedml.metrics.groups import (
    GroupDraws,
    GroupEstimates,
    GroupTable,
    PairwiseGaps,
    Rate,
    bootstrap_rates,
    group_calibration,
    group_roc_auc,
    group_table,
    pairwise_gaps,
    rates_for,
)


@dataclass(frozen=True)
class Minimums:
    """Fewest rows, positives and negatives (clusters with any, where rows come in clusters) to judge a group by."""

    rows: int
    positives: int
    negatives: int

    def needed(self, rate: Rate) -> int:
        """Return the fewest units in the denominator of a rate."""
        needed = {"rows": self.rows, "positives": self.positives, "negatives": self.negatives}
        return needed.get(rate.counted, self.positives)


@dataclass(frozen=True, eq=False)
class Counted:
    """A feature with its counts, before anything is drawn.

    Parameters
    ----------
    feature : Feature
    table : GroupTable
    rates : tuple of Rate
        All that are reported.
    units : array of int, shape (n_rates, n_groups)
        Units in each rate's denominator.
    all_units : array of int, shape (n_groups,)
    enough : array of bool, shape (n_rates, n_groups)
        Whether there are enough to judge.
    compared : array of bool, shape (n_rates,)
        Rates whose gap is asked for.
    judged : array of bool, shape (n_rates, n_groups)
        Whether the group takes part in the gap of the rate.
    """

    feature: Feature
    table: GroupTable
    rates: tuple[Rate, ...]
    units: NDArray[np.int64]
    all_units: NDArray[np.int64]
    enough: NDArray[np.bool_]
    compared: NDArray[np.bool_]
    judged: NDArray[np.bool_]

    @property
    def testable(self) -> bool:
        """Whether any gap can be computed."""
        return bool((self.judged.sum(axis=1) >= 2).any())

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """Which groups are of unknown level."""
        return np.zeros(0, dtype=bool) if self.feature.unknown is None else self.feature.unknown

    def not_compared(self, place: int) -> int:
        """Return how many people (rows, or groups of rows) of unknown level take no part in the gap of a rate."""
        return int(self.all_units[self.unknown & ~self.judged[place]].sum())


@dataclass(frozen=True, eq=False)
class Judged:
    """A feature with its intervals and verdicts."""

    counted: Counted
    draws: GroupDraws
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    gaps: PairwiseGaps
    roc_auc: GroupEstimates | None
    calibration: GroupEstimates | None
    rows: list[dict[str, Any]]


def count(feature: Feature, pooled: Pooled, metrics: Sequence[str], minimums: Minimums, judge_unknown: bool) -> Counted:
    """Count one feature's groups and say which are large enough.

    Parameters
    ----------
    feature : Feature
    pooled : Pooled
    metrics : sequence of str
        Rates whose gaps are judged, without class names.
    minimums : Minimums
    judge_unknown : bool

    Returns
    -------
    Counted
    """
    table = group_table(
        feature.codes if feature.codes is not None else [],
        pooled.y_true,
        pooled.y_pred,
        cluster=pooled.cluster,
        groups=feature.levels,
        classes=pooled.classes,
    )
    reported = {"accuracy", "prevalence", "selection_rate", "true_positive_rate", *metrics}
    rates = tuple(r for r in rates_for(pooled.classes).values() if pooled.binary or base_of(r.name) in reported)
    units = np.stack([table.units_in(rate.denominator) for rate in rates])
    all_units = table.units_in(np.ones((len(pooled.classes),) * 2, dtype=bool))
    enough = (units >= np.array([minimums.needed(rate) for rate in rates])[:, None]) & (all_units >= minimums.rows)
    compared = np.array([base_of(rate.name) in metrics for rate in rates])
    takes_part = np.ones(len(feature.levels), dtype=bool)
    if not judge_unknown and feature.unknown is not None:
        takes_part = ~feature.unknown
    judged = enough & compared[:, None] & takes_part
    return Counted(feature, table, rates, units, all_units, enough, compared, judged)


def judge(
    counted: Counted,
    pooled: Pooled,
    *,
    confidence: float,
    corrected: float,
    tolerance: float,
    n_resamples: int,
    seed: int,
) -> Judged:
    """Bootstrap one feature and reach its verdicts.

    Parameters
    ----------
    counted : Counted
    pooled : Pooled
    confidence : float
        Of each group's own intervals.
    corrected : float
        Of all gaps of this feature together.
    tolerance : float
    n_resamples : int
    seed : int

    Returns
    -------
    Judged
    """
    draws = bootstrap_rates(counted.table, [rate.name for rate in counted.rates], n_resamples=n_resamples, seed=seed)
    low, high = draws.interval(confidence)
    gaps = pairwise_gaps(draws, counted.judged, corrected)
    auc = calibration = None
    if pooled.score is not None and counted.feature.codes is not None:
        shared: dict[str, Any] = {
            "cluster": pooled.cluster,
            "groups": counted.feature.levels,
            "confidence": confidence,
        }
        auc = group_roc_auc(counted.feature.codes, pooled.y_true, pooled.score, **shared)
        calibration = group_calibration(counted.feature.codes, pooled.y_true, pooled.score, **shared)
    order = list(CRITERIA)
    compared = sorted(
        np.flatnonzero(counted.compared), key=lambda place: order.index(base_of(counted.rates[place].name))
    )
    rows = [_gap_row(counted, gaps, int(place), tolerance, confidence) for place in compared]
    return Judged(
        counted, draws, low, high, gaps, auc, calibration, [*rows, *equalised_odds(rows, tolerance, confidence)]
    )


def _gap_row(counted: Counted, gaps: PairwiseGaps, place: int, tolerance: float, confidence: float) -> dict[str, Any]:
    largest, ratio, pairs = gaps.largest_gap(place), gaps.smallest_ratio(place), gaps.pairs(place)
    reached = reach_verdict(np.abs(pairs.value), pairs.at_least, pairs.at_most, tolerance, confidence)
    levels, estimate = counted.feature.levels, gaps.estimate[place]
    n_too_small = int((~counted.unknown & ~counted.enough[place]).sum())
    found = largest.n_groups >= 2
    note = reached.note
    if reached.verdict is Verdict.DISPARITY:
        ends = {largest.lowest, largest.highest}
        widest = next(i for i, pair in enumerate(zip(pairs.a, pairs.b, strict=True)) if {int(e) for e in pair} == ends)

        def named(pair: int) -> str:
            both = sorted((int(pairs.a[pair]), int(pairs.b[pair])), key=lambda group: float(estimate[group]))
            return " and ".join(f"{levels[group]} ({figure(estimate[group])})" for group in both)

        rests = [f"the lower bound rests on {named(reached.bound)}"] if reached.bound != widest else []
        rests += [f"the disparity rests on {named(reached.proof)}"] if reached.proof != reached.bound else []
        why = "; ".join(rests)
        note = (
            f"The largest gap is {figure(largest.value, tolerance)}, between {named(widest)}; it is "
            f"{figure(largest.low, tolerance)} to {figure(largest.high, tolerance)} {sure(confidence)}. "
            f"{f'T{why[1:]}. ' if why else ''}{note}"
        )
    row = {
        "feature": counted.feature.name,
        "intersection": len(counted.feature.parts) > 1,
        "metric": counted.rates[place].name,
        "criterion": criterion_of(counted.rates[place].name),
        "n_groups": largest.n_groups,
        "n_too_small": n_too_small,
        "n_not_compared": counted.not_compared(place),
        "gap": largest.value,
        "low": largest.low,
        "high": largest.high,
        "lowest_group": levels[largest.lowest] if found else "",
        "lowest_rate": float(estimate[largest.lowest]) if found else np.nan,
        "highest_group": levels[largest.highest] if found else "",
        "highest_rate": float(estimate[largest.highest]) if found else np.nan,
        "ratio": ratio.value if found else np.nan,
        "ratio_low": ratio.low if found else np.nan,
        "ratio_high": ratio.high if found else np.nan,
        "verdict": reached.verdict.value,
        "exceeds": reached.exceeds,
    }
    coarse = coarse_note(row, tolerance)
    return row | {"coarse": bool(coarse), "note": among(largest.n_groups, n_too_small, note + coarse)}
