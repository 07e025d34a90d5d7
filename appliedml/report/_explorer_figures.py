"""Figures of decisions from their counts: of all rows, of groups, and the gaps between groups.

The page's script does the same sums in the same order, so that both give the same numbers to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliedml.report.values import plural_of

NAN = math.nan
CRITERIA = {
    "selection_rate": "demographic parity",
    "true_positive_rate": "equal opportunity",
    "false_positive_rate": "predictive equality",
    "positive_predictive_value": "predictive parity",
    "accuracy": "equal accuracy",
    "equalised_odds": "equalised odds",
}
"""Rates whose gaps can be explored, with the criterion that asks for none."""
ODDS = ("true_positive_rate", "false_positive_rate")
RATES = ("selection_rate", *ODDS, "positive_predictive_value", "accuracy", "specificity")


@dataclass(frozen=True)
class Limits:
    """Fewest units (rows, or groups of rows) to judge a group by."""

    rows: int
    positives: int
    negatives: int

    def in_words(self, clustered: bool, column: str = "") -> str:
        """Return from how much a group is judged, in a sentence without its full stop.

        Parameters
        ----------
        clustered : bool
            Whether groups of rows are counted, not rows.
        column : str
            Which says what those groups are; empty where rows were predicted more than once and count once.

        Returns
        -------
        str

        Examples
        --------
        >>> Limits(100, 20, 20).in_words(False)
        'A group is judged if it has at least 100 rows, of them 20 positive (or selected) and 20 negative'
        >>> print(Limits(1000, 20, 20).in_words(True, "customer_id"))
        A group is judged if it has at least 1,000 customers (told apart by customer_id; all rows of one count once), \
of them 20 with a positive (or selected) row and 20 with a negative one
        """
        least = f"A group is judged if it has at least {self.rows:,}"
        if not clustered or not column:
            once = " (one predicted more than once counts once)" if clustered else ""
            return (
                f"{least} rows{once}, of them {self.positives:,} positive (or selected) and {self.negatives:,} negative"
            )
        who = plural_of(column)
        units = f"{who} (told apart by {column}; " if who else f"different values of {column} ("
        return (
            f"{least} {units}all rows of one count once), of them {self.positives:,} with a positive (or selected) "
            f"row and {self.negatives:,} with a negative one"
        )


@dataclass(frozen=True)
class Decided:
    """Counts of one group under some decisions.

    Parameters
    ----------
    tp, fp : int
        Rows selected, truly and not of the class of interest.
    n_positive, n_negative : int
    selected_units : int
    units : (int, int, int)
        All, those with a positive, those with a negative row.
    compared : bool
        Whether the group takes part in gaps where it is large enough.
    """

    tp: int
    fp: int
    n_positive: int
    n_negative: int
    selected_units: int
    units: tuple[int, int, int]
    compared: bool

    @property
    def n(self) -> int:
        """Rows."""
        return self.n_positive + self.n_negative

    def rate(self, name: str) -> float:
        """Return a rate; NaN where nothing is in its denominator."""
        top, bottom = {
            "selection_rate": (self.tp + self.fp, self.n),
            "true_positive_rate": (self.tp, self.n_positive),
            "false_positive_rate": (self.fp, self.n_negative),
            "positive_predictive_value": (self.tp, self.tp + self.fp),
            "accuracy": (self.tp + self.n_negative - self.fp, self.n),
            "specificity": (self.n_negative - self.fp, self.n_negative),
        }[name]
        return quotient(top, bottom)

    def enough(self, name: str, limits: Limits) -> bool:
        """Whether there are enough units to judge a rate by."""
        needed = {
            "true_positive_rate": (self.units[1], limits.positives),
            "false_positive_rate": (self.units[2], limits.negatives),
            "specificity": (self.units[2], limits.negatives),
            "positive_predictive_value": (self.selected_units, limits.positives),
        }
        found, least = needed.get(name, (self.units[0], limits.rows))
        return self.units[0] >= limits.rows and found >= least


def quotient(top: float, bottom: float) -> float:
    """Divide; NaN where the denominator is not positive."""
    return top / bottom if bottom > 0 else NAN


def overall_figures(tp: int, fp: int, n_positive: int, n_negative: int, ratio: float) -> dict[str, float]:
    """Return the figures of all rows.

    Parameters
    ----------
    tp, fp, n_positive, n_negative : int
    ratio : float
        What a false negative costs, a false positive costing 1.

    Returns
    -------
    dict of str to float
        NaN where undefined.

    Examples
    --------
    >>> found = overall_figures(tp=8, fp=2, n_positive=10, n_negative=80, ratio=20)
    >>> found["precision"], found["cost"]
    (0.8, 42)
    """
    fn, tn, n = n_positive - tp, n_negative - fp, n_positive + n_negative
    recall, specificity = quotient(tp, n_positive), quotient(tn, n_negative)
    spread = float(tp + fp) * float(tn + fn) * float(n_positive) * float(n_negative)
    mcc = (float(tp) * float(tn) - float(fp) * float(fn)) / math.sqrt(spread) if spread > 0 else 0.0
    lost = ratio * fn + fp
    share = quotient(tp + fp, n)
    return {
        "true_positive": tp,
        "false_positive": fp,
        "false_negative": fn,
        "true_negative": tn,
        "precision": quotient(tp, tp + fp),
        "recall": recall,
        "specificity": specificity,
        "f1": quotient(2 * tp, 2 * tp + fp + fn),
        "accuracy": quotient(tp + tn, n),
        "balanced_accuracy": (recall + specificity) / 2,
        "mcc": mcc if n_positive > 0 and n_negative > 0 else NAN,
        "selection_rate": share,
        "alerts_per_1000": 1000 * share,
        "cost": lost,
        "cost_per_1000": quotient(1000 * lost, n),
    }


def gaps(groups: Sequence[Decided], metrics: Sequence[str], limits: Limits) -> dict[str, dict[str, Any]]:
    """Return the largest gap and the smallest ratio of each rate, among the groups large enough.

    Parameters
    ----------
    groups : sequence of Decided
    metrics : sequence of str
        Rates that the audit compares; with both rates of equalised odds, that is added.
    limits : Limits

    Returns
    -------
    dict of str to dict
        gap, ratio (NaN where there is none), lowest, highest (positions; -1 where there is none), n_groups and
        n_too_small.
    """
    found = {name: _gap(groups, name, limits) for name in metrics}
    if all(name in found for name in ODDS):
        found["equalised_odds"] = _odds(found[ODDS[0]], found[ODDS[1]])
    return found


def _gap(groups: Sequence[Decided], name: str, limits: Limits) -> dict[str, Any]:
    enough = [group.compared and group.enough(name, limits) for group in groups]
    values = [(group.rate(name), place) for place, group in enumerate(groups) if enough[place]]
    values = [(value, place) for value, place in values if not math.isnan(value)]
    few = sum(group.compared and not large for group, large in zip(groups, enough, strict=True))
    found: dict[str, Any] = {"gap": NAN, "ratio": NAN, "lowest": -1, "highest": -1, "n_groups": len(values)}
    if len(values) >= 2:
        # Of equals the first, as the audit names them.
        lowest, highest = min(values, key=lambda pair: pair[0]), max(values, key=lambda pair: pair[0])
        found["gap"] = highest[0] - lowest[0]
        found["ratio"] = quotient(lowest[0], highest[0])
        found["lowest"], found["highest"] = lowest[1], highest[1]
    return {**found, "n_too_small": few}


def _odds(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Both gaps at once: the larger of them, and the smaller ratio."""
    n_groups = min(first["n_groups"], second["n_groups"])
    wider = second if second["gap"] > first["gap"] else first
    few = max(first["n_too_small"], second["n_too_small"])
    if n_groups < 2:
        return {"gap": NAN, "ratio": NAN, "lowest": -1, "highest": -1, "n_groups": n_groups, "n_too_small": few}
    ratios = (first["ratio"], second["ratio"])
    ratio = NAN if any(math.isnan(value) for value in ratios) else min(ratios)
    return {**wider, "ratio": ratio, "n_groups": n_groups, "n_too_small": few}


def impact_ratios(groups: Sequence[Decided], limits: Limits, reference: int | None) -> tuple[list[float], int]:
    """Return each group's selection rate over that of the reference group, and the position of that group.

    Parameters
    ----------
    groups : sequence of Decided
    limits : Limits
    reference : int or None
        The audit's own reference group; by default, or where it cannot be judged, the one with the highest rate.

    Returns
    -------
    ratios : list of float
        NaN where there is none.
    reference : int
        -1 where there is none.
    """
    name = "selection_rate"
    judged = [place for place, group in enumerate(groups) if group.compared and group.enough(name, limits)]
    base = reference if reference in judged and groups[reference].rate(name) > 0 else None
    if base is None and judged:
        base = max(judged, key=lambda place: (groups[place].rate(name), -place))
    if base is None or len(judged) < 2 or not groups[base].rate(name) > 0:
        return [NAN] * len(groups), -1
    bottom = groups[base].rate(name)
    return [group.rate(name) / bottom if group.compared else NAN for group in groups], base
