"""Decision thresholds: how one is chosen, and what each of many would mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from appliedml.core.thresholds import THRESHOLD_RULE, ThresholdChoice, choose_threshold, threshold_rule_text
from appliedml.metrics._weighted import Floats, quotient

__all__ = [
    "THRESHOLD_RULE",
    "ThresholdChoice",
    "choose_threshold",
    "net_benefit",
    "spread_thresholds",
    "threshold_rule_text",
    "threshold_table",
]

# Shares of rows called positive: close together where few are, for there the work of a reviewer lies.
_SHARES = (
    0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.125, 0.15, 0.2, 0.25,
    0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95,
)  # fmt: skip


def spread_thresholds(p: ArrayLike, extra: ArrayLike = ()) -> Floats:
    """Return about 25 thresholds spread over the share of rows they call positive.

    Parameters
    ----------
    p : array of shape (n_samples,)
        Scores.
    extra : array
        Thresholds to have among them, such as the one in use.

    Returns
    -------
    array
        Ascending, each once, rounded to four significant digits (those in ``extra`` are not rounded).

    Examples
    --------
    >>> spread_thresholds([0.1, 0.2, 0.3, 0.4], extra=[0.25]).tolist()
    [0.2, 0.25, 0.3, 0.4]
    """
    scores = np.asarray(p, dtype=float)
    if not len(scores):
        return np.unique(np.asarray(extra, dtype=float))
    spread = [float(f"{value:.4g}") for value in np.quantile(scores, 1 - np.array(_SHARES), method="higher")]
    return np.unique(np.concatenate([spread, np.asarray(extra, dtype=float)]))


def threshold_table(y: ArrayLike, p: ArrayLike, thresholds: ArrayLike) -> pd.DataFrame:
    """Return what calling rows positive from each threshold on would mean.

    Parameters
    ----------
    y : array of shape (n_samples,), values 0 or 1
    p : array of shape (n_samples,)
        Probability of class 1.
    thresholds : array of shape (n_thresholds,)

    Returns
    -------
    DataFrame
        threshold, selection_rate, alerts_per_1000, precision, recall, specificity, true_positive, false_positive,
        false_negative, true_negative. Precision is NaN where no row is called positive.

    Examples
    --------
    >>> threshold_table([0, 1, 1], [0.2, 0.4, 0.9], [0.3, 0.5]).loc[1, ["precision", "recall"]].tolist()
    [1.0, 0.5]
    """
    cuts = np.asarray(thresholds, dtype=float)
    true_positive, false_positive, n_positive, n_negative = _called(y, p, cuts)
    called = true_positive + false_positive
    n = n_positive + n_negative
    share = quotient(called, np.full(len(cuts), float(n)))
    return pd.DataFrame(
        {
            "threshold": cuts,
            "selection_rate": share,
            "alerts_per_1000": 1000 * share,
            "precision": quotient(true_positive, called),
            "recall": quotient(true_positive, np.full(len(cuts), float(n_positive))),
            "specificity": quotient(n_negative - false_positive, np.full(len(cuts), float(n_negative))),
            "true_positive": true_positive.astype(np.int64),
            "false_positive": false_positive.astype(np.int64),
            "false_negative": (n_positive - true_positive).astype(np.int64),
            "true_negative": (n_negative - false_positive).astype(np.int64),
        }
    )


def net_benefit(y: ArrayLike, p: ArrayLike, thresholds: ArrayLike) -> pd.DataFrame:
    """Net benefit of acting on the model, on everybody and on nobody: a decision curve.

    Parameters
    ----------
    y : array of shape (n_samples,), values 0 or 1
    p : array of shape (n_samples,)
        Calibrated probability of class 1.
    thresholds : array of shape (n_thresholds,)
        Between 0 and 1, both excluded: the probability from which one would act. It says how many false positives a
        true positive is worth: at 0.1 nine.

    Returns
    -------
    DataFrame
        threshold, model, treat_all, treat_none: true positives per row, less false positives weighed by the odds of
        the threshold.

    Source
    ------
    Vickers and Elkin (2006), Decision curve analysis, Medical Decision Making 26.

    Examples
    --------
    >>> net_benefit([0, 0, 0, 1], [0.1, 0.2, 0.3, 0.9], [0.5]).loc[0].tolist()
    [0.5, 0.25, -0.5, 0.0]
    """
    cuts = np.asarray(thresholds, dtype=float)
    true_positive, false_positive, n_positive, n_negative = _called(y, p, cuts)
    n = max(n_positive + n_negative, 1)
    odds = cuts / (1 - cuts)
    return pd.DataFrame(
        {
            "threshold": cuts,
            "model": true_positive / n - odds * false_positive / n,
            "treat_all": n_positive / n - odds * n_negative / n,
            "treat_none": 0.0,
        }
    )


def _called(y: ArrayLike, p: ArrayLike, cuts: NDArray[np.float64]) -> tuple[Floats, Floats, int, int]:
    """True and false positives at each threshold, and the numbers of positives and negatives."""
    positive = np.asarray(y) == 1
    scores = np.asarray(p, dtype=float)
    own, other = np.sort(scores[positive]), np.sort(scores[~positive])
    true_positive = len(own) - np.searchsorted(own, cuts, side="left")
    false_positive = len(other) - np.searchsorted(other, cuts, side="left")
    return true_positive.astype(float), false_positive.astype(float), len(own), len(other)
