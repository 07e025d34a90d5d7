"""From counts to verdicts: one sensitive feature at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.audits._fairness_features import Feature, Pooled
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

CRITERIA = {
    "selection_rate": "demographic parity",
    "true_positive_rate": "equal opportunity",
    "false_positive_rate": "predictive equality",
    "positive_predictive_value": "predictive parity",
    "accuracy": "equal accuracy",
    "equalised_odds": "equalised odds",
}


class Verdict(StrEnum):
    """What can be said about the largest gap of one criterion."""

    DISPARITY = "disparity"
    WITHIN = "within tolerance"
    INSUFFICIENT = "insufficient evidence"


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


def base_of(name: str) -> str:
    """Name of a rate without its class."""
    return name.partition(".")[0]


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
    rows = [_gap_row(counted, gaps, int(place), tolerance) for place in compared]
    return Judged(counted, draws, low, high, gaps, auc, calibration, [*rows, *_equalised_odds(rows)])


def reach_verdict(
    at_least: NDArray[np.float64], at_most: NDArray[np.float64], tolerance: float
) -> tuple[Verdict, int, str]:
    """Say what the intervals of all pairs of groups allow to be said about the largest gap.

    Parameters
    ----------
    at_least, at_most : array of shape (n_pairs,)
        Simultaneous bounds of the absolute difference of each pair.
    tolerance : float

    Returns
    -------
    verdict : Verdict
    pair : int
        The pair that proves the disparity; -1 if none does.
    note : str
        The reason, as a sentence.

    Examples
    --------
    >>> reach_verdict(np.array([0.04]), np.array([0.15]), 0.10)[0].value
    'disparity'
    >>> reach_verdict(np.array([0.01]), np.array([0.03]), 0.10)[0].value
    'within tolerance'
    >>> reach_verdict(np.array([0.0]), np.array([0.15]), 0.10)[0].value
    'insufficient evidence'
    """
    if not len(at_least):
        return Verdict.INSUFFICIENT, -1, "Fewer than two groups are large enough to compare."
    low, high = float(at_least.max()), float(at_most.max())
    if high <= tolerance:
        small = " There is a difference, but a tolerable one." if low > 0 else ""
        return (
            Verdict.WITHIN,
            -1,
            f"The largest gap is at most {high:.3f}, within the tolerance of {tolerance:g}.{small}",
        )
    proven = (at_least > 0) & (at_most > tolerance)
    if proven.any():
        pair = int(np.argmax(np.where(proven, at_least, -1)))
        size = (
            f"The gap is larger than the tolerance of {tolerance:g}."
            if at_least[pair] > tolerance
            else f"The gap may be smaller or larger than the tolerance of {tolerance:g}."
        )
        return Verdict.DISPARITY, pair, size
    if low > 0:
        return (
            Verdict.INSUFFICIENT,
            -1,
            f"Some groups differ by a tolerable amount; for others a gap of up to {high:.3f} cannot be ruled out.",
        )
    return Verdict.INSUFFICIENT, -1, f"A gap of {high:.3f} and no gap at all both agree with the data."


def _gap_row(counted: Counted, gaps: PairwiseGaps, place: int, tolerance: float) -> dict[str, Any]:
    largest, ratio, pairs = gaps.largest_gap(place), gaps.smallest_ratio(place), gaps.pairs(place)
    verdict, proof, note = reach_verdict(pairs.at_least, pairs.at_most, tolerance)
    levels, estimate = counted.feature.levels, gaps.estimate[place]
    if proof >= 0:
        ends = sorted((int(pairs.a[proof]), int(pairs.b[proof])), key=lambda group: float(estimate[group]))
        note = (
            f"{levels[ends[0]]} ({estimate[ends[0]]:.3f}) differs from {levels[ends[1]]} ({estimate[ends[1]]:.3f}) by "
            f"{pairs.at_least[proof]:.3f} to {pairs.at_most[proof]:.3f}. {note}"
        )
    known = ~counted.unknown
    found = largest.n_groups >= 2
    return {
        "feature": counted.feature.name,
        "intersection": len(counted.feature.parts) > 1,
        "metric": counted.rates[place].name,
        "criterion": criterion_of(counted.rates[place].name),
        "n_groups": largest.n_groups,
        "n_too_small": int((known & ~counted.enough[place]).sum()),
        "gap": largest.value,
        "low": largest.low,
        "high": largest.high,
        "lowest_group": levels[largest.lowest] if found else "",
        "lowest_rate": float(estimate[largest.lowest]) if found else np.nan,
        "highest_group": levels[largest.highest] if found else "",
        "highest_rate": float(estimate[largest.highest]) if found else np.nan,
        "ratio": ratio.value,
        "ratio_low": ratio.low,
        "ratio_high": ratio.high,
        "verdict": verdict.value,
        "note": note,
    }


def criterion_of(metric: str) -> str:
    """Name of the criterion that asks for no gap in a metric, with the class where there are several.

    Parameters
    ----------
    metric : str

    Returns
    -------
    str

    Examples
    --------
    >>> criterion_of("true_positive_rate"), criterion_of("true_positive_rate.owl")
    ('equal opportunity', 'equal opportunity (owl)')
    """
    base, _, label = metric.partition(".")
    return CRITERIA[base] + (f" ({label})" if label else "")


def _equalised_odds(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The larger of the gaps in true and in false positive rate: bounds that hold together bound their maximum."""
    by_metric = {row["metric"]: row for row in rows}
    found = []
    for metric, first in by_metric.items():
        base, dot, label = metric.partition(".")
        second = by_metric.get(f"false_positive_rate{dot}{label}")
        if base != "true_positive_rate" or second is None:
            continue
        both = [row for row in (first, second) if not np.isnan(row["gap"])]
        verdicts = [first["verdict"], second["verdict"]]
        if Verdict.DISPARITY.value in verdicts:
            verdict = Verdict.DISPARITY
        elif all(each == Verdict.WITHIN.value for each in verdicts):
            verdict = Verdict.WITHIN
        else:
            verdict = Verdict.INSUFFICIENT
        # Where one of the two cannot be compared, the other's gap is a lower bound and nothing more.
        complete = len(both) == 2
        widest = max(both, key=lambda row: float(row["gap"])) if both else first
        reason = next(row for row in (first, second) if row["verdict"] == verdict.value)
        found.append(
            widest
            | {
                "metric": f"equalised_odds{dot}{label}",
                "criterion": criterion_of(f"equalised_odds{dot}{label}"),
                "n_groups": min(first["n_groups"], second["n_groups"]),
                "n_too_small": max(first["n_too_small"], second["n_too_small"]),
                "low": max((row["low"] for row in both), default=np.nan),
                "high": max(row["high"] for row in both) if complete else (1.0 if both else np.nan),
                "ratio": min(first["ratio"], second["ratio"]) if complete else np.nan,
                "ratio_low": min(first["ratio_low"], second["ratio_low"]) if complete else np.nan,
                "ratio_high": min(first["ratio_high"], second["ratio_high"]) if complete else np.nan,
                "verdict": verdict.value,
                "note": f"By {base_of(reason['metric']).replace('_', ' ')}: {reason['note']}",
            }
        )
    return found
