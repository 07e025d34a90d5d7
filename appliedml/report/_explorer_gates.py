"""What the run's policy says at each offered threshold: rules on intervals that were drawn beforehand.

Gates on figures that no threshold changes keep the run's verdict. Those that a threshold changes, but that cannot be
measured anew from counts of scores (robustness, comparisons with baselines), are *inconclusive* at any other decision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from appliedml.core.artifact import ALL_ROWS
from appliedml.core.seeds import derive_seed
from appliedml.report import _explorer_intervals as intervals
from appliedml.report._explorer_bins import GroupCounts, cluster_numbers
from appliedml.report._explorer_figures import CRITERIA, RATES, Limits
from appliedml.report._explorer_rows import Grouping, RunRows
from appliedml.store.run import Run

MAX_RESAMPLES = 1000
# Where the correction for many features needs a thinner tail: a page must still be built in a second.
MOST_RESAMPLES = 2000
TAIL_RESAMPLES = 20
SMALLEST_DIGITS = 6
# Figures that depend on decisions; all others of a policy depend on scores, explanations or data alone.
DECISIONS = (
    "accuracy", "balanced_accuracy", "cost", "equalised_odds", "f1", "false_positive_rate", "mcc",
    "positive_predictive_value", "precision", "recall", "selection_rate", "specificity", "true_positive_rate",
    "failure_rate",
)  # fmt: skip
OVERALL = (
    "accuracy", "balanced_accuracy", "cost", "f1", "mcc", "precision", "recall", "selection_rate", "specificity",
)  # fmt: skip
Kind = Literal["kept", "lost", "all", "group", "gap", "ratio"]


@dataclass(frozen=True)
class ExploredGate:
    """One gate on one subset, and its intervals at every offered threshold.

    Parameters
    ----------
    name, metric, subset, rule : str
    kind : {"kept", "lost", "all", "group", "gap", "ratio"}
        "kept": no threshold changes it; "lost": a threshold does, and it cannot be measured anew here; else what it is
        measured on.
    at_least, at_most : float or None
    on_value : bool
        Whether the point estimate decides.
    waived : bool
        Whether a waiver accepts its failure.
    verdict : str
        Of the run.
    run : (float, float, float)
        Value and interval of the run; NaN where there is none.
    feature, group : int
        Positions, -1 where it is about all rows.
    low, high : tuple of float
        At every threshold; empty for "kept" and "lost".
    """

    name: str
    metric: str
    subset: str
    rule: str
    kind: Kind
    at_least: float | None
    at_most: float | None
    on_value: bool
    waived: bool
    verdict: str
    run: tuple[float, float, float]
    feature: int = -1
    group: int = -1
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()

    def judge(self, value: float, low: float, high: float) -> str:
        """Apply the rule to a value and its interval.

        Parameters
        ----------
        value, low, high : float
            NaN where there is none.

        Returns
        -------
        str
            "pass", "fail" or "inconclusive".

        Examples
        --------
        >>> gate = ExploredGate("g", "f1", "all", "", "all", 0.5, None, False, False, "pass", (0.6, 0.5, 0.7))
        >>> gate.judge(0.6, 0.5, 0.7), gate.judge(0.6, 0.4, 0.7), gate.judge(0.4, 0.3, 0.49)
        ('pass', 'inconclusive', 'fail')
        """
        ends = (value, value) if self.on_value else (low, high)
        if not all(math.isfinite(number) for number in (value, *ends)) or ends[0] > ends[1]:
            return "inconclusive"
        least, most = self.at_least, self.at_most
        if (least is None or ends[0] >= least) and (most is None or ends[1] <= most):
            return "pass"
        if (least is not None and ends[1] < least) or (most is not None and ends[0] > most):
            return "fail"
        return "inconclusive"


def explored_gates(
    run: Run,
    rows: RunRows,
    bins: NDArray[np.int64],
    counted: Sequence[tuple[Grouping, GroupCounts]],
    metrics: Sequence[str],
    limits: Limits,
) -> tuple[ExploredGate, ...]:
    """Return the gates of a run's policy with their intervals.

    Parameters
    ----------
    run : Run
    rows : RunRows
    bins : array of int, shape (n_rows,)
    counted : sequence of (Grouping, GroupCounts)
        All rows first, then the features.
    metrics : sequence of str
        Rates whose gaps the fairness audit compares.
    limits : Limits

    Returns
    -------
    tuple of ExploredGate
        Empty where the run has no policy.
    """
    if "gates" not in run or "gates" not in run["gates"].tables:
        return ()
    tables = run["gates"].tables
    waivers = tables["waivers"].to_dict("records") if "waivers" in tables else []
    waived = {str(row["gate"]) for row in waivers if row["counts"]}
    bounds = {str(gate.get("name") or ""): gate for gate in _entries(run.info.get("policy"))}
    gates = [
        _gate(row, bounds, str(row["name"]) in waived, run, counted, metrics)
        for row in tables["gates"].to_dict("records")
    ]
    overall = _overall(run, rows, bins, counted[0][1], {gate.metric for gate in gates if gate.kind == "all"})
    found = []
    by_feature: dict[int, Any] = {}
    for gate in gates:
        if gate.kind in ("kept", "lost"):
            found.append(gate)
            continue
        if gate.kind == "all":
            pairs = overall[gate.metric]
        else:
            if gate.feature not in by_feature:
                mine = [item for item in gates if item.feature == gate.feature]
                by_feature[gate.feature] = _by_feature(
                    run, rows, bins, counted[gate.feature + 1], metrics, limits, mine
                )
            pairs = by_feature[gate.feature][gate.kind, gate.metric.removeprefix(f"{gate.kind}."), gate.group]
        found.append(_with(gate, pairs))
    return tuple(found)


def _entries(policy: Any) -> list[Mapping[str, Any]]:
    gates = policy.get("gates") if isinstance(policy, Mapping) else None
    return [{**gate, "name": _name(gate)} for gate in gates or () if isinstance(gate, Mapping) and "metric" in gate]


def _name(gate: Mapping[str, Any]) -> str:
    """The gate's name; without one, its metric and, where it is not about all rows, its subset."""
    subset = gate.get("subset")
    return str(gate.get("name") or (gate["metric"] if subset in (None, ALL_ROWS) else f"{gate['metric']} {subset}"))


def _gate(
    row: Mapping[str, Any],
    bounds: Mapping[str, Mapping[str, Any]],
    waived: bool,
    run: Run,
    counted: Sequence[tuple[Grouping, GroupCounts]],
    metrics: Sequence[str],
) -> ExploredGate:
    metric, subset = str(row["metric"]), str(row["subset"])
    kind, feature, group = _place(metric, subset, run, counted, metrics)
    entry = bounds.get(str(row["name"]), {})
    least, most = (None if entry.get(key) is None else float(entry[key]) for key in ("at_least", "at_most"))
    if kind not in ("kept", "lost") and _rule(least, most) != row["rule"]:
        # Judged by another policy than the run's own: its bounds are known in words only.
        kind, feature, group = "lost", -1, -1
    return ExploredGate(
        str(row["name"]),
        metric,
        subset,
        str(row["rule"]),
        kind,
        least,
        most,
        str(row["on"]) == "value",
        waived,
        str(row["verdict"]),
        (float(row["value"]), float(row["low"]), float(row["high"])),
        feature,
        group,
    )


def _rule(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f"between {least:g} and {most:g}"
    return f"at least {least:g}" if least is not None else "" if most is None else f"at most {most:g}"


def _place(
    metric: str, subset: str, run: Run, counted: Sequence[tuple[Grouping, GroupCounts]], metrics: Sequence[str]
) -> tuple[Kind, int, int]:
    """What a gate is measured on: its kind, the feature and the group."""
    prefix, _, base = metric.rpartition(".")
    if base not in DECISIONS:
        return "kept", -1, -1
    places = {grouping.name: place for place, (grouping, _) in enumerate(counted[1:])}
    if prefix in ("gap", "ratio"):
        both = base == "equalised_odds" and {"true_positive_rate", "false_positive_rate"} <= set(metrics)
        known = subset in places and base in CRITERIA and (base in metrics or both)
        return ("gap" if prefix == "gap" else "ratio", places[subset], -1) if known else ("lost", -1, -1)
    if not prefix and subset == ALL_ROWS and base in OVERALL and _measured(run, base):
        return "all", -1, -1
    if not prefix and base in RATES:
        for name, place in places.items():
            levels = counted[place + 1][0].levels
            if subset.startswith(f"{name}=") and subset.removeprefix(f"{name}=") in levels:
                return "group", place, levels.index(subset.removeprefix(f"{name}="))
    return "lost", -1, -1


def _measured(run: Run, metric: str) -> bool:
    return "performance" in run and metric in set(run["performance"].tables["metrics"]["metric"])


def _with(gate: ExploredGate, pairs: Sequence[tuple[float, float]]) -> ExploredGate:
    low, high = (tuple(_rounded(pair[end]) for pair in pairs) for end in (0, 1))
    return replace(gate, low=low, high=high)


def _rounded(value: float) -> float:
    """Digits beyond those are noise of the resampling; a page is lighter without them."""
    return float(f"{value:.{SMALLEST_DIGITS}g}")


def measures(costs: Mapping[str, float]) -> dict[str, Callable[[Any, Any, Any, Any], Any]]:
    """Return the measures of all rows, from true and false positives, positives and negatives, of arrays.

    Parameters
    ----------
    costs : mapping
        ``false_negative`` and ``false_positive``, of the policy's cost.

    Returns
    -------
    dict of str to callable
    """

    def over(top: Any, bottom: Any) -> Any:
        top, bottom = np.broadcast_arrays(top, bottom)
        return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)

    def mcc(tp: Any, fp: Any, p: Any, n: Any) -> Any:
        spread = (tp + fp) * (p + n - tp - fp) * p * n
        value = over(tp * (n - fp) - fp * (p - tp), np.sqrt(np.maximum(spread, 0)))
        return np.where(p * n > 0, np.where(spread > 0, value, 0.0), np.nan)

    return {
        "accuracy": lambda tp, fp, p, n: over(tp + n - fp, p + n),
        "balanced_accuracy": lambda tp, fp, p, n: (over(tp, p) + over(n - fp, n)) / 2,
        "cost": lambda tp, fp, p, n: over(costs["false_negative"] * (p - tp) + costs["false_positive"] * fp, p + n),
        "f1": lambda tp, fp, p, n: over(2 * tp, tp + fp + p),
        "mcc": mcc,
        "precision": lambda tp, fp, p, n: over(tp, tp + fp),
        "recall": lambda tp, fp, p, n: over(tp, p),
        "selection_rate": lambda tp, fp, p, n: over(tp + fp, p + n),
        "specificity": lambda tp, fp, p, n: over(n - fp, n),
    }


def gate_costs(run: Run) -> dict[str, float]:
    """Return the costs that the run's performance audit measured by; 1 and 1 where it has none."""
    found = run["performance"].summary.get("costs") if "performance" in run else None
    return {name: float((found or {}).get(name, 1.0)) for name in ("false_negative", "false_positive")}


def _overall(
    run: Run, rows: RunRows, bins: NDArray[np.int64], counts: GroupCounts, wanted: set[str]
) -> dict[str, list[tuple[float, float]]]:
    if not wanted:
        return {}
    summary = run["performance"].summary
    cluster = cluster_numbers(rows.group) if summary.get("resampled") == "groups" else None
    n_resamples = min(int(summary["n_resamples"]), MAX_RESAMPLES)
    seed = derive_seed(int(run.info["seed"]), "explorer")
    cell = rows.positive.astype(np.int64)
    shape = (len(counts.positive), 2)
    draws, _ = intervals.cumulative_draws(bins, cell, shape, cluster, n_resamples, seed)
    chosen = {name: measure for name, measure in measures(gate_costs(run)).items() if name in wanted}
    return intervals.overall_intervals(chosen, draws, counts, float(summary["confidence"]))


def _by_feature(
    run: Run,
    rows: RunRows,
    bins: NDArray[np.int64],
    counted: tuple[Grouping, GroupCounts],
    metrics: Sequence[str],
    limits: Limits,
    gates: Sequence[ExploredGate],
) -> dict[tuple[str, str, int], list[tuple[float, float]]]:
    """Intervals of everything that the gates ask of one feature."""
    grouping, counts = counted
    summary = run["fairness"].summary
    n_tested = max(1, int(summary["n_features_tested"]))
    thinnest = math.ceil(TAIL_RESAMPLES * n_tested / (1 - float(summary["confidence"])))
    n_resamples = min(int(summary["n_resamples"]), max(MAX_RESAMPLES, min(thinnest, MOST_RESAMPLES)))
    n_groups, n_thresholds = len(grouping.levels), len(counts.positive)
    cluster = cluster_numbers(rows.cluster)
    cell = grouping.codes + n_groups * rows.positive
    seed = derive_seed(int(run.info["seed"]), "explorer", grouping.name)
    draws, pseudo = intervals.cumulative_draws(
        bins, cell, (n_thresholds, 2 * n_groups), cluster, n_resamples, seed, 4 * n_groups
    )
    sizes = intervals.pseudo_sizes(counts, bins, cell, cluster)

    def draw(thresholds: NDArray[np.intp], names: Sequence[str]) -> Any:
        return intervals.group_draws(thresholds, names, counts, grouping.levels, draws, pseudo, sizes)

    found: dict[tuple[str, str, int], list[tuple[float, float]]] = {}
    pairwise = [gate for gate in gates if gate.kind in ("gap", "ratio")]
    between = list(dict.fromkeys((str(gate.kind), gate.metric.partition(".")[2]) for gate in pairwise))
    if between:
        confidence = float(summary["confidence_per_feature"])
        gaps = intervals.gap_intervals(
            between, metrics, counts, grouping.compared, limits, draw, confidence, n_resamples
        )
        found |= {(kind, rate, -1): pairs for (kind, rate), pairs in gaps.items()}
    single = list(dict.fromkeys((gate.metric, gate.group) for gate in gates if gate.kind == "group"))
    names = list(dict.fromkeys(name for name, _ in single))
    thresholds = np.arange(n_thresholds if names else 0)
    for some in intervals.batches(thresholds, len(names) * n_groups * n_resamples):
        for drawn in draw(some, names):
            low, high = drawn.interval(float(summary["confidence"]))
            for name, group in single:
                place = names.index(name)
                pair = (float(low[place, group]), float(high[place, group]))
                found.setdefault(("group", name, group), []).append(pair)
    return found
