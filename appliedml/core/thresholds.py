"""The score from which a row is called positive: fixed, or chosen by a rule on rows that were set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from appliedml.core.params import AnyOf, Choice, Real, Record, Rule, rule_sentence
from appliedml.errors import DataError, ParameterError

# 4 of 5 positives are a recall of 0.8, whatever the last bit of the quotient says.
ROUNDING = 1e-12
_SHARE = Real(0, 1, open_low=True)
_COST = Real(0, open_low=True)

THRESHOLD_RULE: Rule = AnyOf(
    Real(0, 1),
    Choice("f1", "youden"),
    Record({"cost": Record({"false_negative": _COST, "false_positive": _COST})}),
    Record({"recall": _SHARE}),
    Record({"precision": _SHARE}),
)
"""What a threshold may be in a plan."""


@dataclass(frozen=True)
class ThresholdChoice:
    """A threshold and how it came about.

    Parameters
    ----------
    threshold : float
        A row is called positive if its score is at least this.
    rule : str
        The rule in words.
    value : float or None
        What the rule measures, on the rows it was chosen on: F1, Youden's J, recall, precision, or cost per row. None
        for a fixed number.
    n : int
        Rows it was chosen on; 0 for a fixed number.
    reached : bool
        False where no threshold reaches the wanted precision; the one that comes nearest is taken then.
    """

    threshold: float
    rule: str
    value: float | None
    n: int
    reached: bool = True


def choose_threshold(y: ArrayLike, p: ArrayLike, rule: Any) -> ThresholdChoice:
    """Choose the score from which a row is called positive.

    Parameters
    ----------
    y : array of shape (n_samples,), values 0 or 1
    p : array of shape (n_samples,)
        Probability of class 1, between 0 and 1.
    rule : float, str or mapping
        A number; "f1" or "youden" (largest value); ``{"recall": 0.8}`` (fewest positive calls that still find 80 % of
        the positives); ``{"precision": 0.5}`` (largest recall among thresholds with that precision); or
        ``{"cost": {"false_negative": 20, "false_positive": 1}}`` (smallest cost).

    Returns
    -------
    ThresholdChoice

    Raises
    ------
    ParameterError
        If the rule is none of these.
    DataError
        If a rule must look at rows and they are not of both classes, or a score is not a probability.

    Notes
    -----
    The candidates lie half-way between neighbouring scores, so that rounding in a score does not change a decision.
    Among equally good ones the highest is taken: the fewest rows are called positive.

    Source
    ------
    Youden (1950), Index for rating diagnostic tests, Cancer 3; Elkan (2001), The foundations of cost-sensitive
    learning, IJCAI.

    Examples
    --------
    >>> choose_threshold([0, 0, 1, 1], [0.1, 0.4, 0.6, 0.9], "f1")
    ThresholdChoice(threshold=0.5, rule='largest F1', value=1.0, n=4, reached=True)
    >>> choose_threshold([0, 0, 1, 1], [0.1, 0.4, 0.6, 0.9], {"recall": 0.5}).threshold
    0.75
    """
    if not THRESHOLD_RULE.accepts(rule):
        raise ParameterError(rule_sentence("choose_threshold", "rule", THRESHOLD_RULE, rule))
    if not isinstance(rule, str | Mapping):
        return ThresholdChoice(float(rule), threshold_rule_text(rule), None, 0)
    labels, scores = _checked(y, p, rule)
    thresholds, true_positive, false_positive = _candidates(labels, scores)
    n_positive = int(labels.sum())
    recall = true_positive / n_positive
    called = true_positive + false_positive
    # Nobody called positive: no call is wrong, but none helps either; precision 0 keeps it from being "precise".
    precision = np.divide(true_positive, called, out=np.zeros(len(called)), where=called > 0)
    reached = True
    # Candidates descend: argmax and argmin take the first of equals, which is the highest threshold.
    if isinstance(rule, str):
        lift = recall - false_positive / (len(labels) - n_positive)
        measured = lift if rule == "youden" else 2 * true_positive / (called + n_positive)
        best = int(np.argmax(measured))
    elif "recall" in rule:
        measured = recall
        best = int(np.argmax(recall >= float(rule["recall"]) - ROUNDING))
    elif "precision" in rule:
        measured = precision
        enough = precision >= float(rule["precision"]) - ROUNDING
        reached = bool(enough.any())
        best = int(np.argmax(np.where(enough, recall, -1.0))) if reached else int(np.argmax(precision))
    else:
        cost = rule["cost"]
        missed = (n_positive - true_positive) * float(cost["false_negative"])
        measured = (missed + false_positive * float(cost["false_positive"])) / len(labels)
        best = int(np.argmin(measured))
    return ThresholdChoice(
        float(thresholds[best]), threshold_rule_text(rule), float(measured[best]), len(labels), reached
    )


def threshold_rule_text(rule: Any) -> str:
    """Return a rule in words.

    Parameters
    ----------
    rule : float, str or mapping
        One that ``THRESHOLD_RULE`` accepts.

    Returns
    -------
    str

    Examples
    --------
    >>> threshold_rule_text({"cost": {"false_negative": 20, "false_positive": 1}})
    'smallest cost, a false negative counting 20 and a false positive 1'
    """
    if rule == "f1":
        return "largest F1"
    if rule == "youden":
        return "largest Youden index (recall plus specificity minus 1)"
    if not isinstance(rule, Mapping):
        return f"fixed at {float(rule):g}"
    if "recall" in rule:
        return f"fewest positive calls with a recall of at least {float(rule['recall']):g}"
    if "precision" in rule:
        return f"largest recall with a precision of at least {float(rule['precision']):g}"
    cost = rule["cost"]
    return (
        f"smallest cost, a false negative counting {float(cost['false_negative']):g} "
        f"and a false positive {float(cost['false_positive']):g}"
    )


def _checked(y: ArrayLike, p: ArrayLike, rule: Any) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    labels = np.asarray(y).astype(np.int64)
    scores = np.asarray(p, dtype=np.float64)
    if labels.shape != scores.shape or labels.ndim != 1:
        raise DataError(
            f"choose_threshold: y and p must have one value per row. Shapes: {labels.shape}, {scores.shape}."
        )
    if not np.isin(labels, (0, 1)).all():
        raise DataError("choose_threshold: y must hold 0 and 1 only; 1 is the class of interest.")
    if not (np.isfinite(scores).all() and (scores >= 0).all() and (scores <= 1).all()):
        raise DataError("choose_threshold: p must hold probabilities between 0 and 1, with none missing.")
    n_positive = int(labels.sum())
    if not 0 < n_positive < len(labels):
        raise DataError(
            f"The threshold rule {rule!r} needs rows of both classes. It was given {n_positive} positive and "
            f"{len(labels) - n_positive} negative rows. Set more rows aside (validation), or give a number."
        )
    return labels, scores


def _candidates(
    labels: NDArray[np.int64], scores: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Thresholds in descending order, from "nobody" to "everybody", with true and false positives at each."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    last_of_tie = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    levels = ordered[last_of_tie]
    true_positive = np.concatenate([[0], np.cumsum(labels[order])[last_of_tie]])
    called = np.concatenate([[0], last_of_tie + 1])
    middle = levels[1:] + (levels[:-1] - levels[1:]) / 2
    # Neighbouring floats have nothing between them: the upper score itself separates them.
    middle = np.where(middle > levels[1:], middle, levels[:-1])
    nobody = levels[0] + (1 - levels[0]) / 2
    nobody = nobody if nobody > levels[0] else np.nextafter(levels[0], 2.0)
    return np.concatenate([[nobody], middle, [0.0]]), true_positive, called - true_positive
