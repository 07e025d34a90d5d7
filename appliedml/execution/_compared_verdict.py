"""How much worse is too much: the tolerances, and what the intervals allow to be said against them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import RunError
from appliedml.execution._compared_measures import KINDS
from appliedml.metrics.classification import METRICS

Floats = NDArray[np.float64]

TOLERANCES: dict[str, float] = {
    "roc_auc": 0.01,
    "average_precision": 0.01,
    "scaled_brier": 0.02,
    "balanced_accuracy": 0.02,
    "gap.selection_rate": 0.02,
    "gap.true_positive_rate": 0.02,
    "gap.false_positive_rate": 0.02,
}
"""What is judged, and by how much it may get worse, where nothing else is asked for. Gaps are judged for every
sensitive feature by itself, not for intersections. The Brier score is scaled, for how large it can get depends on how
rare the class is."""
TOLERANCES_OF_SEVERAL_CLASSES = {name: TOLERANCES[name] for name in list(TOLERANCES)[:4]} | {"gap.accuracy": 0.02}
"""With more than two classes every class has its own rates; by default only the gap in accuracy is judged."""
_GAPS = (
    "selection_rate", "true_positive_rate", "false_positive_rate", "positive_predictive_value", "accuracy",
    "equalised_odds",
)  # fmt: skip
JUDGEABLE = (*dict.fromkeys([*METRICS, *KINDS]), *(f"gap.{name}" for name in _GAPS))
_NO_DIRECTION = ("selection_rate",)


class Reading(StrEnum):
    """What can be said of one judged measure."""

    BEYOND = "worse beyond tolerance"
    OPEN = "cannot rule out"
    WITHIN = "within tolerance"
    ABSENT = "not measured"


class Direction(StrEnum):
    """Which way a measure moved, as far as its interval shows."""

    BETTER = "better"
    WORSE = "worse"
    OPEN = "no difference shown"


@dataclass(frozen=True, eq=False)
class Harm:
    """By how much the second run is worse in one measure.

    Parameters
    ----------
    metric, subset : str
    value : float
        Positive where it is worse, in the measure's own unit; NaN where it was not measured.
    tolerance : float
    largest_t : array of shape (n_resamples,), optional
        Largest deviation in standard errors, in each resample.
    ends : callable, optional
        From the number of standard errors to reach to the interval's ends.
    """

    metric: str
    subset: str
    value: float
    tolerance: float
    largest_t: Floats | None = None
    ends: Callable[[float], tuple[float, float]] | None = None


@dataclass(frozen=True)
class Judged:
    """One judged measure with its interval, which holds together with those of all the others.

    Parameters
    ----------
    metric, subset : str
    harm, low, high : float
        By how much the second run is worse.
    tolerance : float
    reading : Reading
    direction : Direction
    """

    metric: str
    subset: str
    harm: float
    low: float
    high: float
    tolerance: float
    reading: Reading
    direction: Direction


def tolerances_from(given: Sequence[str] | None, n_classes: int) -> dict[str, float]:
    """Return what is judged and by how much it may get worse.

    Parameters
    ----------
    given : sequence of str, optional
        "0.02" for all of the default measures, "roc_auc=0.02" for one, which need not be a default one.
    n_classes : int

    Returns
    -------
    dict of str to float

    Raises
    ------
    RunError
        If a measure is not known or an amount is no number of at least 0.

    Examples
    --------
    >>> tolerances_from(["0.05", "roc_auc=0.02"], 2)["brier" if False else "roc_auc"]
    0.02
    >>> tolerances_from(["0.05"], 2)["gap.selection_rate"]
    0.05
    """
    found = dict(TOLERANCES if n_classes == 2 else TOLERANCES_OF_SEVERAL_CLASSES)
    named: dict[str, float] = {}
    for text in given or ():
        metric, equals, amount = str(text).rpartition("=")
        if equals:
            named[_known(metric.strip())] = _amount(text, amount)
        else:
            found = dict.fromkeys(found, _amount(text, amount))
    return found | named


def _known(metric: str) -> str:
    known = [name for name in JUDGEABLE if name not in _NO_DIRECTION]
    if metric in _NO_DIRECTION:
        raise RunError(f"compare: worse by {metric}: neither a higher nor a lower {metric} is better. Leave it out.")
    if metric not in known:
        from difflib import get_close_matches

        close = get_close_matches(metric, known, 1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        raise RunError(f"compare: worse by: {metric!r} is not a measure. {hint}Known: {', '.join(known)}.")
    return metric


def _amount(text: str, amount: str) -> float:
    try:
        number = float(amount)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise RunError(
            f"compare: worse by {text!r}: the amount must be a number of at least 0. Write 0.02, or metric=0.02."
        )
    return number


def joint_critical(harms: Iterable[Harm], confidence: float) -> float:
    """Return how many standard errors every interval reaches, so that all of them hold at once.

    Parameters
    ----------
    harms : iterable of Harm
    confidence : float

    Returns
    -------
    float

    Source
    ------
    Westfall and Young (1993), Resampling-Based Multiple Testing, section 2.3 (single-step max-|t|).
    """
    found = [harm.largest_t for harm in harms if harm.largest_t is not None]
    return float(np.quantile(np.max(found, axis=0), confidence, method="higher")) if found else 0.0


def judge_harm(harm: Harm, critical: float) -> Judged:
    """Set one measure against its tolerance.

    Parameters
    ----------
    harm : Harm
    critical : float

    Returns
    -------
    Judged
        Worse beyond tolerance only if the whole interval is; "cannot rule out" if the interval reaches beyond it.

    Examples
    --------
    >>> harm = Harm("roc_auc", "all", 0.03, 0.01, np.zeros(9), lambda critical: (0.03 - critical, 0.03 + critical))
    >>> [str(judge_harm(harm, reach).reading) for reach in (0.01, 0.025)]
    ['worse beyond tolerance', 'cannot rule out']
    """
    low, high = harm.ends(critical) if harm.ends is not None else (math.nan, math.nan)
    if not all(map(math.isfinite, (harm.value, low, high))):
        nan = math.nan
        place = (harm.metric, harm.subset, harm.value, nan, nan, harm.tolerance)
        return Judged(*place, Reading.ABSENT, Direction.OPEN)
    # Differences of equal numbers leave a rounding error, which no tolerance of 0 should be broken by.
    least = harm.tolerance + 1e-12
    reading = Reading.BEYOND if low > least else Reading.OPEN if high > least else Reading.WITHIN
    direction = Direction.WORSE if low > 1e-12 else Direction.BETTER if high < -1e-12 else Direction.OPEN
    return Judged(harm.metric, harm.subset, harm.value, low, high, harm.tolerance, reading, direction)


def exit_code(judged: Iterable[Judged], strict: bool = False) -> int:
    """Return 1 where a measure is worse beyond tolerance; 3 where that cannot be ruled out and ``strict``; else 0.

    Parameters
    ----------
    judged : iterable of Judged
    strict : bool

    Returns
    -------
    int
    """
    readings = {item.reading for item in judged}
    if Reading.BEYOND in readings:
        return 1
    return 3 if strict and readings & {Reading.OPEN, Reading.ABSENT} else 0
