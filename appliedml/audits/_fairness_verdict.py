"""What the intervals of a gap allow to be said, and the words it is said in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

CRITERIA = {
    "selection_rate": "demographic parity",
    "true_positive_rate": "equal opportunity",
    "false_positive_rate": "predictive equality",
    "positive_predictive_value": "predictive parity",
    "accuracy": "equal accuracy",
    "equalised_odds": "equalised odds",
}
# What would be shown as 0.000.
_NEAR_ZERO = 0.0005
_NO_GAP = {
    "gap": np.nan, "low": np.nan, "high": np.nan, "lowest_group": "", "lowest_rate": np.nan, "highest_group": "",
    "highest_rate": np.nan, "ratio": np.nan, "ratio_low": np.nan, "ratio_high": np.nan,
}  # fmt: skip


class Verdict(StrEnum):
    """What can be said about the largest gap of one criterion."""

    DISPARITY = "disparity"
    WITHIN = "within tolerance"
    INSUFFICIENT = "insufficient evidence"


@dataclass(frozen=True)
class Reached:
    """A verdict and what it rests on.

    Parameters
    ----------
    verdict : Verdict
    proof : int
        The pair of groups that shows the disparity; -1 if none does.
    bound : int
        The pair whose lower bound is the largest; -1 if there is none.
    exceeds : bool
        Whether a disparity exceeds the tolerance, by a lower bound or by the estimate of the largest gap.
    note : str
        The reason, in sentences.
    """

    verdict: Verdict
    proof: int
    bound: int
    exceeds: bool
    note: str


def figure(value: float, tolerance: float | None = None) -> str:
    """Return a bound or a rate as text that never reads like 0, or like the tolerance, where it is not.

    Parameters
    ----------
    value : float
    tolerance : float, optional

    Returns
    -------
    str
        Three decimals, or as many as are needed; two significant digits near zero.

    Examples
    --------
    >>> figure(0.12345), figure(0.000412), figure(0.10004, 0.1), figure(0.0)
    ('0.123', '0.00041', '0.10004', '0.000')
    """
    if 0 < abs(value) < _NEAR_ZERO:
        return str(np.format_float_positional(value, precision=2, fractional=False, trim="-"))
    texts = [f"{value:.{decimals}f}" for decimals in range(3, 9)]
    return next(
        (text for text in texts if tolerance is None or value == tolerance or float(text) != tolerance), texts[-1]
    )


def sure(confidence: float) -> str:
    """Return how sure a corrected interval is, as part of a sentence.

    Parameters
    ----------
    confidence : float

    Returns
    -------
    str

    Examples
    --------
    >>> sure(0.95)
    'with 95 % confidence (corrected)'
    """
    return f"with {100 * confidence:.4g} % confidence (corrected)"


def among(n_groups: int, n_too_small: int, note: str) -> str:
    """Return a note that says how many groups it is about, where that is not all of them.

    Parameters
    ----------
    n_groups, n_too_small : int
    note : str

    Returns
    -------
    str

    Examples
    --------
    >>> among(2, 2, "The largest gap is at most 0.041.")
    'Among the 2 of 4 groups judged: the largest gap is at most 0.041.'
    """
    if n_groups < 2 or not n_too_small:
        return note
    return f"Among the {n_groups} of {n_groups + n_too_small} groups judged: {note[0].lower()}{note[1:]}"


def left_out(n_people: int) -> str:
    """Return the sentence on people of unknown level who are not compared, with a blank before it.

    Parameters
    ----------
    n_people : int

    Returns
    -------
    str
        Empty if there are none; a count of 1 to 4 is not given.

    Examples
    --------
    >>> left_out(320), left_out(2)
    (' 320 people of unknown level are not compared.', ' Fewer than 5 people of unknown level are not compared.')
    """
    if not n_people:
        return ""
    return f" {f'{n_people:,}' if n_people >= 5 else 'Fewer than 5'} people of unknown level are not compared."


def base_of(name: str) -> str:
    """Name of a rate without its class."""
    return name.partition(".")[0]


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


def reach_verdict(
    size: NDArray[np.float64],
    at_least: NDArray[np.float64],
    at_most: NDArray[np.float64],
    tolerance: float,
    confidence: float = 0.95,
) -> Reached:
    """Say what the intervals of all pairs of groups allow to be said about the largest gap.

    Parameters
    ----------
    size : array of shape (n_pairs,)
        Estimates of the absolute difference of each pair.
    at_least, at_most : array of shape (n_pairs,)
        Simultaneous bounds of it.
    tolerance : float
    confidence : float
        Of the bounds, corrections included; for the words.

    Returns
    -------
    Reached

    Examples
    --------
    >>> found = reach_verdict(np.array([0.09]), np.array([0.04]), np.array([0.15]), 0.10)
    >>> found.verdict.value, found.exceeds
    ('disparity', False)
    >>> reach_verdict(np.array([0.02]), np.array([0.01]), np.array([0.03]), 0.10).verdict.value
    'within tolerance'
    >>> reach_verdict(np.array([0.07]), np.array([0.0]), np.array([0.15]), 0.10).verdict.value
    'insufficient evidence'
    """
    if not len(size):
        return Reached(Verdict.INSUFFICIENT, -1, -1, False, "Fewer than two groups are large enough to compare.")
    bound = int(np.argmax(at_least))
    low, high = float(at_least[bound]), float(at_most.max())
    most = figure(high, tolerance)
    if high <= tolerance:
        note = f"The largest gap is at most {most}, within the tolerance of {tolerance:g}, {sure(confidence)}."
        small = " There is a difference, but a tolerable one." if low > 0 else ""
        return Reached(Verdict.WITHIN, -1, bound, False, note + small)
    proven = (at_least > 0) & (at_most > tolerance)
    if proven.any():
        proof = bound if proven[bound] else int(np.argmax(np.where(proven, at_least, -1)))
        exceeds, note = _against_tolerance(float(size.max()), low, tolerance, confidence)
        return Reached(Verdict.DISPARITY, proof, bound, exceeds, note)
    note = f"A gap of {most} and no gap at all both agree with the data."
    if low > 0:
        note = f"Some groups differ by a tolerable amount; for others a gap of up to {most} cannot be ruled out."
    return Reached(Verdict.INSUFFICIENT, -1, bound, False, note)


def room_of(row: Mapping[str, Any]) -> float:
    """Return the largest gap that rates of this size leave room for.

    Parameters
    ----------
    row : mapping
        Of the table of gaps.

    Returns
    -------
    float
        The highest rate; of accuracy the highest share of wrong decisions.

    Examples
    --------
    >>> room_of({"metric": "selection_rate", "lowest_rate": 0.02, "highest_rate": 0.03})
    0.03
    """
    return float(1 - row["lowest_rate"] if base_of(row["metric"]) == "accuracy" else row["highest_rate"])


def coarse_note(row: Mapping[str, Any], tolerance: float) -> str:
    """Return why a verdict "within tolerance" is no reassurance, with a blank before it.

    Parameters
    ----------
    row : mapping
        Of the table of gaps, of one rate.
    tolerance : float

    Returns
    -------
    str
        Empty where the verdict is another one, or where the rates leave room for a gap of the tolerance.

    Examples
    --------
    >>> row = {"metric": "selection_rate", "lowest_rate": 0.02, "highest_rate": 0.03, "verdict": "within tolerance"}
    >>> coarse_note(row, 0.10)
    ' Rates of at most 0.030 are so small that a gap of 0.1 cannot arise: look at the ratio.'
    >>> coarse_note(row, 0.01)
    ''
    """
    room = room_of(row)
    if row["verdict"] != Verdict.WITHIN.value or not room < tolerance:
        return ""
    if base_of(row["metric"]) == "accuracy":
        return f" At most {figure(room)} of the decisions are wrong: a gap of {tolerance:g} cannot arise."
    return f" Rates of at most {figure(room)} are so small that a gap of {tolerance:g} cannot arise: look at the ratio."


def _against_tolerance(gap: float, low: float, tolerance: float, confidence: float) -> tuple[bool, str]:
    if low > tolerance:
        return True, f"The gap exceeds the tolerance of {tolerance:g} {sure(confidence)}."
    if gap > tolerance:
        return True, f"The estimated gap exceeds the tolerance of {tolerance:g}; its interval reaches below it."
    return False, f"A difference is shown, its size against the tolerance of {tolerance:g} is open."


def equalised_odds(rows: Sequence[dict[str, Any]], tolerance: float, confidence: float) -> list[dict[str, Any]]:
    """Join the gaps in true and in false positive rate: bounds that hold together bound the larger one.

    Parameters
    ----------
    rows : sequence of dict
        Rows of the table of gaps, of one feature.
    tolerance, confidence : float

    Returns
    -------
    list of dict
        One row a class that has both; without any figure where one of the two cannot be compared.
    """
    by_metric = {row["metric"]: row for row in rows}
    found = []
    for metric, first in by_metric.items():
        base, dot, label = metric.partition(".")
        second = by_metric.get(f"false_positive_rate{dot}{label}")
        if base != "true_positive_rate" or second is None:
            continue
        both = (first, second)
        verdicts = [row["verdict"] for row in both]
        verdict = next(each for each in (Verdict.DISPARITY, Verdict.INSUFFICIENT, Verdict.WITHIN) if each in verdicts)
        words = [f"{base_of(row['metric']).replace('_', ' ')}: {row['verdict']}" for row in both]
        row = max(both, key=lambda row: float(np.nan_to_num(row["gap"]))) | {
            "metric": f"equalised_odds{dot}{label}",
            "criterion": criterion_of(f"equalised_odds{dot}{label}"),
            **{name: max(first[name], second[name]) for name in ("n_too_small", "n_not_compared")},
            "n_groups": min(first["n_groups"], second["n_groups"]),
            "verdict": verdict.value,
            "exceeds": first["exceeds"] or second["exceeds"],
            # Both rates must be alike: where one of the two verdicts says nothing, neither does theirs together.
            "coarse": verdict is Verdict.WITHIN and (first["coarse"] or second["coarse"]),
        }
        if row["n_groups"] < 2:
            row |= _NO_GAP
            note = f"Not both rates can be compared. By {'; by '.join(words)}."
        else:
            row |= {name: max(first[name], second[name]) for name in ("low", "high")}
            row |= {name: min(first[name], second[name]) for name in ("ratio", "ratio_low", "ratio_high")}
            low, high = figure(row["low"], tolerance), figure(row["high"], tolerance)
            note = f"The larger of the two gaps is {low} to {high} {sure(confidence)}. By {'; by '.join(words)}."
            if verdict is Verdict.DISPARITY:
                row["exceeds"], size = _against_tolerance(row["gap"], row["low"], tolerance, confidence)
                note += f" {size}"
            if row["coarse"]:
                note += " Not all of these rates leave room for a gap of the tolerance: look at the ratio."
        found.append(row | {"note": among(row["n_groups"], row["n_too_small"], note)})
    return found
