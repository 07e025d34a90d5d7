"""ROC and precision-recall curves and score histograms, thinned to what a chart can show."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from appliedml.metrics._weighted import Floats, quotient


def roc_points(y: ArrayLike, p: ArrayLike, max_points: int = 200) -> pd.DataFrame:
    """Return points of the ROC curve.

    Parameters
    ----------
    y : array of shape (n_samples,), values 0 or 1
    p : array of shape (n_samples,)
    max_points : int
        Points are left out evenly along the curve; both ends stay.

    Returns
    -------
    DataFrame
        threshold (infinite at the first point, where nobody is called), false_positive_rate, true_positive_rate; empty
        where a class does not occur.

    Examples
    --------
    >>> roc_points([0, 1], [0.2, 0.7])["true_positive_rate"].tolist()
    [0.0, 1.0, 1.0]
    """
    thresholds, found, called, n_positive, n = _ladder(y, p)
    if not 0 < n_positive < n:
        return pd.DataFrame({"threshold": [], "false_positive_rate": [], "true_positive_rate": []}, dtype=float)
    fpr, tpr = (called - found) / (n - n_positive), found / n_positive
    table = pd.DataFrame({"threshold": thresholds, "false_positive_rate": fpr, "true_positive_rate": tpr})
    return table.iloc[_thinned(fpr + tpr, max_points)].reset_index(drop=True)


def precision_recall_points(y: ArrayLike, p: ArrayLike, max_points: int = 200) -> pd.DataFrame:
    """Return points of the precision-recall curve.

    Parameters
    ----------
    y : array of shape (n_samples,), values 0 or 1
    p : array of shape (n_samples,)
    max_points : int

    Returns
    -------
    DataFrame
        threshold, recall, precision, from the highest threshold down; empty where there is no positive row.

    Examples
    --------
    >>> precision_recall_points([0, 1, 1], [0.3, 0.2, 0.7])["precision"].tolist()
    [1.0, 0.5, 0.6666666666666666]
    """
    thresholds, found, called, n_positive, _ = _ladder(y, p)
    if not n_positive:
        return pd.DataFrame({"threshold": [], "recall": [], "precision": []}, dtype=float)
    recall, precision = found[1:] / n_positive, quotient(found[1:], called[1:])
    table = pd.DataFrame({"threshold": thresholds[1:], "recall": recall, "precision": precision})
    return table.iloc[_thinned(recall, max_points)].reset_index(drop=True)


def score_histogram(y: ArrayLike, p: ArrayLike, class_names: tuple[str, ...], n_bins: int = 40) -> pd.DataFrame:
    """Count scores by true class, in bins of equal width.

    Parameters
    ----------
    y : array of shape (n_samples,)
        Class codes.
    p : array of shape (n_samples,)
        Between 0 and 1.
    class_names : tuple of str
    n_bins : int
        Between 0 and the smallest of 1 and a round number above the largest score.

    Returns
    -------
    DataFrame
        low, high, class, n, share (of the rows of that class).

    Examples
    --------
    >>> score_histogram([0, 1], [0.1, 0.9], ("no", "yes"), n_bins=2)["n"].tolist()
    [1, 0, 0, 1]
    """
    codes, scores = np.asarray(y), np.asarray(p, dtype=float)
    # A rare class has all scores far below 1: a histogram up to 1 would be one bar.
    top = min(1.0, np.ceil(float(np.max(scores, initial=0.0)) * 20 + 1e-9) / 20)
    edges = np.linspace(0, top, n_bins + 1)
    parts = []
    for code, name in enumerate(class_names):
        counts, _ = np.histogram(scores[codes == code], bins=edges)
        share = quotient(counts.astype(float), np.full(n_bins, float(counts.sum())))
        parts.append(pd.DataFrame({"low": edges[:-1], "high": edges[1:], "class": name, "n": counts, "share": share}))
    return pd.concat(parts, ignore_index=True)


def _ladder(y: ArrayLike, p: ArrayLike) -> tuple[Floats, Floats, Floats, int, int]:
    """Distinct thresholds from infinity down, positives found and rows called at each, positives, rows."""
    positive = np.asarray(y) == 1
    scores = np.asarray(p, dtype=float)
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    last = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1) if len(ordered) else np.array([], dtype=int)
    found = np.concatenate([[0.0], np.cumsum(positive[order])[last]])
    called = np.concatenate([[0.0], last + 1.0])
    return np.concatenate([[np.inf], ordered[last]]), found, called, int(positive.sum()), len(scores)


def _thinned(along: Floats, max_points: int) -> NDArray[np.intp]:
    """Positions of at most ``max_points`` points, evenly spaced along a non-decreasing quantity."""
    if len(along) <= max_points:
        return np.arange(len(along))
    wanted = np.linspace(along[0], along[-1], max_points)
    places = np.searchsorted(along, wanted, side="left")
    return np.unique(np.concatenate([[0], np.minimum(places, len(along) - 1)[1:-1], [len(along) - 1]]))
