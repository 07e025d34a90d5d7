"""Intervals: the bootstrap over rows or groups, Wilson's for plain rates, and paired differences of two models.

Percentile intervals are used throughout. BCa intervals correct bias and skew further, but need a jackknife (one value
per row), and the correction is of the order 1/n where the percentile interval's is 1/sqrt(n): with hundreds of rows of
the rarer class it is far below the interval's own width. What the bootstrap covers is the sampling of the test rows (or
groups), with the fitted models as they are; it does not cover training anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from appliedml.errors import DataError
from appliedml.metrics._resampling import resample_weights
from appliedml.metrics._weighted import Floats, Rows
from appliedml.metrics.classification import Metric


@dataclass(frozen=True)
class Interval:
    """A value with its interval.

    Parameters
    ----------
    value : float
    low, high : float
        NaN where the value, or more than half of the resamples, is undefined.
    n : int
        Rows.
    n_undefined : int
        Resamples in which the measure is undefined, a class being lost; the interval is that of the others.
    """

    value: float
    low: float
    high: float
    n: int
    n_undefined: int = 0


@dataclass(frozen=True)
class PairedDifference:
    """Difference of two models on the same rows.

    Parameters
    ----------
    value : float
        First minus second.
    low, high : float
    p : float
        Two-sided: how often a resample falls on the other side of zero, doubled.
    first, second : float
        The measure of each model.
    n : int
    """

    value: float
    low: float
    high: float
    p: float
    first: float
    second: float
    n: int


def bootstrap_intervals(
    y: ArrayLike,
    metrics: Mapping[str, Metric],
    *,
    probabilities: ArrayLike | None = None,
    predictions: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    n_classes: int | None = None,
    confidence: float = 0.95,
    n_resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return every measure with its percentile interval, all from the same resamples.

    Parameters
    ----------
    y : array of shape (n_samples,)
        Class codes.
    metrics : mapping of str to Metric
    probabilities : array of shape (n_samples,) or (n_samples, n_classes), optional
        For measures of scores.
    predictions : array of shape (n_samples,), optional
        For measures of labels.
    groups : array of shape (n_samples,), optional
        Patient, customer ...: whole groups are drawn. Without it, rows are.
    n_classes : int, optional
    confidence : float
        Of each interval by itself, between 0 and 1.
    n_resamples : int
    seed : int

    Returns
    -------
    dict of str to Interval

    Raises
    ------
    DataError
        If there are no rows, lengths differ, or all rows are of one group.

    Source
    ------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13; Field and Welsh (2007), Bootstrapping
    clustered data, J. R. Statist. Soc. B 69.

    Examples
    --------
    >>> from appliedml.metrics.classification import METRICS
    >>> y = [0] * 50 + [1] * 50
    >>> found = bootstrap_intervals(y, {"accuracy": METRICS["accuracy"]}, predictions=[0] * 60 + [1] * 40)
    >>> found["accuracy"].value, bool(0.8 < found["accuracy"].low < 0.9 < found["accuracy"].high < 1)
    (0.9, True)
    """
    rows = Rows(y, probabilities, predictions, n_classes)
    draws = _draws(rows, metrics, n_resamples, seed, groups)
    here = rows.weighted()
    out = {}
    for name, metric in metrics.items():
        value = float(metric.function(here)[0])
        low, high = percentile_interval(draws[name], value, confidence)
        out[name] = Interval(value, low, high, rows.n, int(np.isnan(draws[name]).sum()))
    return out


def paired_differences(
    y: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    metrics: Mapping[str, Metric],
    *,
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
    n_resamples: int = 1000,
    seed: int = 0,
) -> dict[str, PairedDifference]:
    """Compare two models' probabilities on the same rows.

    Parameters
    ----------
    y : array of shape (n_samples,)
    first, second : array of shape (n_samples,) or (n_samples, n_classes)
        Probabilities of the two models.
    metrics : mapping of str to Metric
        Measures of scores.
    groups, confidence, n_resamples, seed
        As in :func:`bootstrap_intervals`.

    Returns
    -------
    dict of str to PairedDifference

    Raises
    ------
    DataError
        As in :func:`bootstrap_intervals`.

    Notes
    -----
    Both models see the same resamples, so what is easy or hard about the rows cancels. The p value is the smallest
    error level whose percentile interval leaves zero out; it cannot fall below 2 / (n_resamples + 1).

    Source
    ------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 13 and 15; Davison and Hinkley (1997),
    Bootstrap Methods and their Application, section 4.2.

    Examples
    --------
    >>> from appliedml.metrics.classification import METRICS
    >>> y = [0, 1] * 30
    >>> same = paired_differences(y, [0.3, 0.6] * 30, [0.3, 0.6] * 30, {"brier": METRICS["brier"]})
    >>> same["brier"].value, same["brier"].p
    (0.0, 1.0)
    """
    sides = [Rows(y, given) for given in (first, second)]
    if sides[0].n_classes != sides[1].n_classes:
        raise DataError(f"The two models have {sides[0].n_classes} and {sides[1].n_classes} classes.")
    draws = [_draws(rows, metrics, n_resamples, seed, groups) for rows in sides]
    out = {}
    for name, metric in metrics.items():
        a, b = (float(metric.function(rows.weighted())[0]) for rows in sides)
        difference = draws[0][name] - draws[1][name]
        low, high = percentile_interval(difference, a - b, confidence)
        out[name] = PairedDifference(a - b, low, high, _two_sided_p(difference, a - b), a, b, sides[0].n)
    return out


def percentile_interval(draws: Floats, value: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of resampled values.

    Parameters
    ----------
    draws : array of shape (n_resamples,)
        NaN where undefined.
    value : float
        The value of the rows as they are.
    confidence : float

    Returns
    -------
    low, high : float
        NaN where the value, or more than half of the draws, is undefined.

    Examples
    --------
    >>> percentile_interval(np.arange(101.0), 50.0, 0.9)
    (5.0, 95.0)
    """
    defined = draws[~np.isnan(draws)]
    if np.isnan(value) or 2 * len(defined) < len(draws) or not len(defined):
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def wilson_interval(n_found: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Wilson's interval of a share of independent rows.

    Parameters
    ----------
    n_found, n : array of equal shape, or numbers
        Rows found among rows looked at.
    confidence : float

    Returns
    -------
    low, high : array
        Between 0 and 1; NaN where n is 0.

    Source
    ------
    Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22.

    Examples
    --------
    >>> low, high = wilson_interval(9, 10)
    >>> round(float(low), 3), round(float(high), 3)
    (0.596, 0.982)
    """
    from scipy.stats import norm

    found, rows = np.broadcast_arrays(np.asarray(n_found, dtype=float), np.asarray(n, dtype=float))
    size = np.where(rows > 0, rows, np.nan)
    z = float(norm.ppf((1 + confidence) / 2))
    share = found / size
    centre = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z / (1 + z**2 / size) * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    # At a share of 0 or 1 rounding can leave the interval a hair away from it.
    return np.minimum(np.maximum(centre - half, 0.0), share), np.maximum(np.minimum(centre + half, 1.0), share)


@dataclass(frozen=True)
class DeLong:
    """Difference of two AUROCs on the same rows.

    Parameters
    ----------
    value : float
        First minus second.
    standard_error : float
    p : float
        Two-sided, from the normal distribution; NaN where undefined.
    """

    value: float
    standard_error: float
    p: float


def delong(y: ArrayLike, first: ArrayLike, second: ArrayLike) -> DeLong:
    """DeLong's test of two AUROCs on the same, independent rows: a check of the bootstrap by another route.

    Parameters
    ----------
    y : array of shape (n_samples,), values 0 or 1
    first, second : array of shape (n_samples,)
        Scores of the two models.

    Returns
    -------
    DeLong
        NaN where a class has fewer than two rows.

    Source
    ------
    DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44; Sun and Xu (2014), IEEE Signal Processing Letters 21 (ranks).

    Examples
    --------
    >>> found = delong([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], [0.1, 0.2, 0.7, 0.8])
    >>> found.value
    -0.25
    """
    from scipy.stats import norm, rankdata

    positive = np.asarray(y) == 1
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if min(n_positive, n_negative) < 2:
        return DeLong(float("nan"), float("nan"), float("nan"))
    of_positives, of_negatives = np.empty((2, n_positive)), np.empty((2, n_negative))
    for model, scores in enumerate((np.asarray(first, dtype=float), np.asarray(second, dtype=float))):
        joint = rankdata(scores)
        of_positives[model] = (joint[positive] - rankdata(scores[positive])) / n_negative
        of_negatives[model] = 1 - (joint[~positive] - rankdata(scores[~positive])) / n_positive
    areas = of_positives.mean(axis=1)
    contrast = np.array([1.0, -1.0])
    covariance = np.cov(of_positives) / n_positive + np.cov(of_negatives) / n_negative
    error = float(np.sqrt(max(float(contrast @ covariance @ contrast), 0.0)))
    value = float(areas[0] - areas[1])
    p = float(2 * norm.sf(abs(value) / error)) if error > 0 else 1.0 if value == 0 else 0.0
    return DeLong(value, error, p)


def _draws(
    rows: Rows, metrics: Mapping[str, Metric], n_resamples: int, seed: int, groups: ArrayLike | None
) -> dict[str, Floats]:
    parts: dict[str, list[Floats]] = {name: [] for name in metrics}
    for weights in resample_weights(rows.n, n_resamples, seed, groups):
        here = rows.weighted(weights)
        for name, metric in metrics.items():
            parts[name].append(metric.function(here))
    return {name: np.concatenate(values) for name, values in parts.items()}


def _two_sided_p(draws: NDArray[np.float64], value: float) -> float:
    defined = draws[~np.isnan(draws)]
    if np.isnan(value) or 2 * len(defined) < len(draws) or not len(defined):
        return float("nan")
    below = (1 + int((defined <= 0).sum())) / (len(defined) + 1)
    above = (1 + int((defined >= 0).sum())) / (len(defined) + 1)
    return min(1.0, 2 * min(below, above))
