"""What any decision threshold would mean, for everybody and for every group: the figures behind the threshold explorer.

::

    data = ExplorerData.of(run)                      # None where there is no threshold to choose
    data.figures(0.31)                               # one threshold for all
    data.figures({"F": 0.2, "M": 0.4}, by="sex")     # one for each group

Nothing here but counts: how many rows of each class and group score between neighbouring thresholds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import DataError
from appliedml.report import _explorer_figures as figures
from appliedml.report._explorer_bins import (
    GroupCounts,
    all_rows,
    bin_of,
    cluster_numbers,
    count_groups,
    offered_thresholds,
)
from appliedml.report._explorer_figures import Decided, Limits
from appliedml.report._explorer_gates import ExploredGate, explored_gates, gate_costs
from appliedml.report._explorer_rows import Grouping, cost_ratio, read_rows, reference_groups
from appliedml.store.run import Run

Choice = int | Sequence[int] | None
"""A threshold's position, one for every group of the chosen feature, or None for the run's own decisions."""


@dataclass(frozen=True, eq=False)
class ExplorerData:
    """Counts of a run's out-of-fold scores, and what can be worked out of them.

    Parameters
    ----------
    classes : (str, str)
        The other class and the class of interest.
    thresholds : array of shape (n_thresholds,)
        Those that can be chosen, ascending from 0. A row is selected where its score is at least the threshold.
    labels : tuple of str
        How they are written.
    start : int
        Position of the median of the folds' thresholds.
    fold_thresholds : tuple of float
    counted : tuple of (Grouping, GroupCounts)
        All rows as one group, then the sensitive features and intersections.
    metrics : tuple of str
        Rates whose gaps the fairness audit compares.
    limits : Limits
    tolerance : float or None
        Of the fairness audit; None without one.
    clustered : bool
        Whether groups of rows are counted against the limits, not rows.
    unit_column : str
        Names those groups; empty where they are predictions of one row.
    references : dict of str to str
        Reference group of impact ratios, by feature, where the audit was given one.
    ratio : float
        Cost of a false negative, a false positive costing 1: from the plan, or 1.
    ratio_source : str
        Where it is from: "threshold" (the plan's rule), "performance" (its audit), or "" (nobody said).
    gate_costs : dict of str to float
        By which the policy's cost is measured.
    gates : tuple of ExploredGate
    verdict : str
        The run's, "" without a policy.
    left_out : tuple of str
        Features that are not here, with the reason.
    """

    classes: tuple[str, str]
    thresholds: NDArray[np.float64]
    labels: tuple[str, ...]
    start: int
    fold_thresholds: tuple[float, ...]
    counted: tuple[tuple[Grouping, GroupCounts], ...]
    metrics: tuple[str, ...]
    limits: Limits
    tolerance: float | None
    clustered: bool
    unit_column: str
    references: dict[str, str]
    ratio: float
    ratio_source: str
    gate_costs: dict[str, float]
    gates: tuple[ExploredGate, ...]
    verdict: str
    left_out: tuple[str, ...]

    @classmethod
    def of(cls, run: Run) -> ExplorerData | None:
        """Count a run's out-of-fold scores.

        Parameters
        ----------
        run : Run

        Returns
        -------
        ExplorerData or None
            None where the run has more than two classes, or no usable scores.
        """
        rows = read_rows(run)
        if rows is None:
            return None
        rule = run.plan.get("threshold")
        fixed = [float(rule)] if isinstance(rule, int | float) and not isinstance(rule, bool) else []
        thresholds, labels, start = offered_thresholds(rows, fixed)
        bins, cluster = bin_of(thresholds, rows.score), cluster_numbers(rows.cluster)
        counted = tuple(
            (grouping, count_groups(grouping.codes, len(grouping.levels), bins, len(thresholds), rows, cluster))
            for grouping in (all_rows(rows), *rows.groupings)
        )
        summary = run["fairness"].summary if rows.groupings else {}
        limits = Limits(*(int(summary.get(f"min_{name}", 0)) for name in ("rows", "positives", "negatives")))
        found = run["fairness"].tables["gaps"]["metric"].unique().tolist() if rows.groupings else []
        metrics = tuple(name for name in figures.CRITERIA if name in found and name != "equalised_odds")
        gates = explored_gates(run, rows, bins, counted, metrics, limits)
        return cls(
            (str(run.info["classes"][0]), str(run.info["classes"][1])),
            thresholds,
            labels,
            start,
            rows.fold_thresholds,
            counted,
            metrics,
            limits,
            float(summary["tolerance"]) if "tolerance" in summary else None,
            cluster is not None,
            "" if rows.group is None else str(run.info["schema"].get("group") or ""),
            reference_groups(run.plan),
            *cost_ratio(run),
            gate_costs(run),
            gates,
            str(run["gates"].summary.get("verdict", "")) if gates else "",
            rows.left_out,
        )

    @property
    def features(self) -> tuple[Grouping, ...]:
        """The sensitive features and intersections."""
        return tuple(grouping for grouping, _ in self.counted[1:])

    def nearest(self, threshold: float) -> int:
        """Return the position of the offered threshold that is nearest; of two, the lower.

        Parameters
        ----------
        threshold : float

        Returns
        -------
        int

        Raises
        ------
        DataError
            If it is not a finite number.
        """
        if not math.isfinite(threshold):
            raise DataError(f"A threshold must be a number between 0 and 1. It is {threshold}.")
        return int(np.argmin(np.abs(self.thresholds - threshold)))

    def figures(
        self,
        threshold: float | Mapping[str, float] | None = None,
        cost_ratio: float | None = None,
        *,
        by: str | None = None,
    ) -> dict[str, Any]:
        """Return everything that the explorer shows for a decision.

        Parameters
        ----------
        threshold : float, mapping of str to float, or None
            One for all, or one for each group of the feature ``by``; the offered threshold that is nearest is taken.
            None for the run's own decisions, at one threshold a fold.
        cost_ratio : float, optional
            What a false negative costs, a false positive costing 1; by default the plan's.
        by : str, optional
            A sensitive feature, not an intersection.

        Returns
        -------
        dict
            ``overall`` (figure to value), ``groups`` (feature to group to figure), ``gaps`` (feature to criterion's
            metric to gap, ratio, lowest, highest, n_groups, n_too_small), ``gates`` (verdict, value, low, high of each)
            and ``verdict``. Groups and gaps of a feature are None where the counts cannot tell: a feature that was not
            crossed with ``by``.

        Raises
        ------
        DataError
            If the feature is unknown, a group has no threshold, or the ratio is negative.
        """
        chosen = self._choice(threshold, by)
        feature = None if by is None else self._place(by)
        price = self.ratio if cost_ratio is None else float(cost_ratio)
        if not 0 <= price < math.inf:
            raise DataError(f"cost_ratio must be a number of 0 or more: what a false negative costs. It is {price}.")
        total = self.total(chosen, feature)
        found: dict[str, Any] = {
            "overall": figures.overall_figures(total.tp, total.fp, total.n_positive, total.n_negative, price),
            "groups": {},
            "gaps": {},
        }
        decided = [self.decided(place + 1, chosen, feature) for place in range(len(self.features))]
        for grouping, groups in zip(self.features, decided, strict=True):
            if groups is None:
                found["groups"][grouping.name] = found["gaps"][grouping.name] = None
                continue
            found["groups"][grouping.name] = self._groups(grouping, groups)
            found["gaps"][grouping.name] = figures.gaps(groups, self.metrics, self.limits)
        found["gates"] = [self._gate(gate, total, decided, chosen) for gate in self.gates]
        found["verdict"] = _verdict(self.gates, found["gates"])
        return found

    def decided(self, place: int, chosen: Choice, feature: int | None = None) -> list[Decided] | None:
        """Return the counts of every group under some decisions.

        Parameters
        ----------
        place : int
            0 for all rows, then the features in order.
        chosen : int, sequence of int or None
            Position of the threshold, one for every group of ``feature``, or None for the run's own decisions.
        feature : int, optional
            Position of the feature whose groups have thresholds of their own.

        Returns
        -------
        list of Decided or None
            None where the counts cannot tell.
        """
        grouping, counts = self.counted[place]
        n_groups = len(grouping.levels)
        if chosen is None:
            tp, fp, units = counts.run
        elif isinstance(chosen, int):
            tp, fp, units = (part[chosen] for part in (counts.positive, counts.negative, counts.selected_units))
        else:
            found = self._by_group(place, chosen, -1 if feature is None else feature + 1)
            if found is None:
                return None
            tp, fp, units = found
        return [
            Decided(
                int(tp[group]),
                int(fp[group]),
                int(counts.positive[0, group]),
                int(counts.negative[0, group]),
                int(units[group]),
                (int(counts.units[0, group]), int(counts.units[1, group]), int(counts.units[2, group])),
                bool(grouping.compared[group]),
            )
            for group in range(n_groups)
        ]

    def total(self, chosen: Choice, feature: int | None = None) -> Decided:
        """Return the counts of all rows together; parameters as of :meth:`decided`."""
        found = self.decided(0, chosen, feature)
        if found is None:
            raise DataError("The explorer cannot add up the groups of a feature that it has no counts of.")
        return found[0]

    def _by_group(self, place: int, chosen: Sequence[int], feature: int) -> tuple[NDArray[np.int64], ...] | None:
        """Counts of a feature's groups where another's have thresholds of their own: sums over the cells of both."""
        parts = set(self.counted[place][0].parts) | set(self.counted[feature][0].parts)
        within = next((at for at in (place, feature) if set(self.counted[at][0].parts) == parts), None)
        if within is None:
            within = next((at for at, (one, _) in enumerate(self.counted) if set(one.parts) == parts), None)
        if within is None:
            return None
        cells, own = self.counted[within][1], self.counted[place][1]
        at = np.array(chosen)[self.parent(within, feature)]
        target, every = self.parent(within, place), np.arange(len(at))
        n_groups = own.positive.shape[1]

        def added(values: NDArray[np.int64]) -> NDArray[np.int64]:
            return np.bincount(target, weights=values, minlength=n_groups).astype(np.int64)

        selected = cells.selected_units[at, every]
        # Units with rows in several cells are counted once for certain: never more than there are.
        twice = added(cells.units[0]) - own.units[0]
        largest = np.zeros(n_groups, dtype=np.int64)
        np.maximum.at(largest, target, selected)
        units = np.maximum(largest, added(selected) - twice)
        return added(cells.positive[at, every]), added(cells.negative[at, every]), units

    def parent(self, within: int, place: int) -> NDArray[np.int64]:
        """Return, for every group of a feature, its group of another that it is made of.

        Parameters
        ----------
        within, place : int
            Positions; the parts of the second are among those of the first.

        Returns
        -------
        array of int, shape (n_groups,)
        """
        cells, target = self.counted[within][0], self.counted[place][0]
        found = np.zeros(len(cells.levels), dtype=np.int64)
        found[cells.codes] = target.codes
        return found

    def _groups(self, grouping: Grouping, groups: Sequence[Decided]) -> dict[str, dict[str, Any]]:
        wanted = self.references.get(grouping.name)
        reference = grouping.levels.index(wanted) if wanted in grouping.levels else None
        ratios, base = figures.impact_ratios(groups, self.limits, reference)
        return {
            level: {
                "n": group.n,
                "n_positive": group.n_positive,
                "n_selected": group.tp + group.fp,
                **{name: group.rate(name) for name in figures.RATES},
                "impact_ratio": ratio,
                "reference": place == base,
                "too_small": [name for name in self.metrics if not group.enough(name, self.limits)],
            }
            for place, (level, group, ratio) in enumerate(zip(grouping.levels, groups, ratios, strict=True))
        }

    def _gate(
        self, gate: ExploredGate, total: Decided, decided: Sequence[list[Decided] | None], chosen: Choice
    ) -> dict[str, Any]:
        nan = math.nan
        if chosen is None or gate.kind == "kept":
            return {"verdict": gate.verdict, "value": gate.run[0], "low": gate.run[1], "high": gate.run[2]}
        if gate.kind == "lost":
            return {"verdict": "inconclusive", "value": nan, "low": nan, "high": nan}
        value = self._gate_value(gate, total, decided)
        low, high = (gate.low[chosen], gate.high[chosen]) if isinstance(chosen, int) else (nan, nan)
        return {"verdict": gate.judge(value, low, high), "value": value, "low": low, "high": high}

    def _gate_value(self, gate: ExploredGate, total: Decided, decided: Sequence[list[Decided] | None]) -> float:
        if gate.kind == "all":
            if gate.metric == "cost":
                misses = total.n_positive - total.tp
                lost = self.gate_costs["false_negative"] * misses + self.gate_costs["false_positive"] * total.fp
                return figures.quotient(lost, total.n)
            found = figures.overall_figures(total.tp, total.fp, total.n_positive, total.n_negative, 1.0)
            return found[gate.metric]
        groups = decided[gate.feature]
        if groups is None:
            return math.nan
        if gate.kind == "group":
            return groups[gate.group].rate(gate.metric)
        return float(figures.gaps(groups, self.metrics, self.limits)[gate.metric.partition(".")[2]][gate.kind])

    def _choice(self, threshold: float | Mapping[str, float] | None, by: str | None) -> Choice:
        if threshold is None:
            return None
        if not isinstance(threshold, Mapping):
            return self.nearest(float(threshold))
        if by is None:
            raise DataError("Thresholds by group need the feature they are for: figures({...}, by='sex').")
        levels = self.features[self._place(by)].levels
        absent = [level for level in levels if level not in threshold]
        if absent:
            raise DataError(f"Group {absent[0]!r} of {by} has no threshold. Its groups are: {', '.join(levels)}.")
        return [self.nearest(float(threshold[level])) for level in levels]

    def _place(self, name: str) -> int:
        names = [grouping.name for grouping in self.features if len(grouping.parts) == 1]
        if name not in names:
            raise DataError(f"{name!r} is not a sensitive feature. There are: {', '.join(names) or 'none'}.")
        return next(place for place, grouping in enumerate(self.features) if grouping.name == name)

    def to_json(self) -> dict[str, Any]:
        """Return the counts as JSON values: what the page's script reads.

        Returns
        -------
        dict
        """
        from appliedml.report._explorer_json import explorer_json

        return explorer_json(self)


def _verdict(gates: Sequence[ExploredGate], found: Sequence[Mapping[str, Any]]) -> str:
    """Fail if a gate fails without a waiver, else inconclusive if any gate is, else pass."""
    if not gates:
        return ""
    verdicts = [item["verdict"] for item in found]
    if any(verdict == "fail" and not gate.waived for gate, verdict in zip(gates, verdicts, strict=True)):
        return "fail"
    return "inconclusive" if "inconclusive" in verdicts else "pass"
