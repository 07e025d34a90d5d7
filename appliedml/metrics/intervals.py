"""Intervals: the bootstrap over rows or groups, and Wilson's for plain rates.

Percentile intervals are used throughout. BCa intervals would correct bias and skew further (an error of the ends of
order 1/n instead of 1/sqrt(n)), but need a jackknife, one value per row or group; with a hundred rows of the rarer
class the correction is far below the interval's own width. What the bootstrap covers is the sampling of the test rows
(or groups), with the fitted models as they are; it does not cover training anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from appliedml.metrics._resampling import bootstrap_draws
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
    draws = bootstrap_draws({"": rows}, metrics, n_resamples, seed, groups)[""]
    here = rows.weighted()
    out = {}
    for name, metric in metrics.items():
        value = float(metric.function(here)[0])
        low, high = percentile_interval(draws[name], value, confidence)
        out[name] = Interval(value, low, high, rows.n, int(np.isnan(draws[name]).sum()))
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
    >>> percentile_interval(np.arange(101.0), 50.0, 0.5)
    (25.0, 75.0)
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
    found, rows = np.broadcast_arrays(np.asarray(n_found, dtype=float), np.asarray(n, dtype=float))
    size = np.where(rows > 0, rows, np.nan)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = found / size
    centre = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z / (1 + z**2 / size) * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    # At a share of 0 or 1 rounding can leave the interval a hair away from it.
    return np.minimum(np.maximum(centre - half, 0.0), share), np.maximum(np.minimum(centre + half, 1.0), share)
