"""Two or more models on the same rows: paired differences by the bootstrap, and DeLong's test as a cross-check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from appliedml.errors import DataError
from appliedml.metrics._resampling import bootstrap_draws
from appliedml.metrics._weighted import Floats, Rows
from appliedml.metrics.classification import Metric
from appliedml.metrics.intervals import Interval, percentile_interval


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
    models = {"first": first, "second": second}
    found = bootstrap_models(
        y, models, metrics, groups=groups, confidence=confidence, n_resamples=n_resamples, seed=seed
    )
    return {name: found.difference("first", "second", name) for name in metrics}


@dataclass(frozen=True, eq=False)
class ModelDraws:
    """Measures of several models on the same rows and the same resamples.

    Parameters
    ----------
    values : dict of model to dict of measure to float
    draws : dict of model to dict of measure to array of shape (n_resamples,)
    n : int
        Rows.
    confidence : float
    """

    values: dict[str, dict[str, float]]
    draws: dict[str, dict[str, Floats]]
    n: int
    confidence: float

    def interval(self, model: str, metric: str) -> Interval:
        """Return one measure of one model.

        Parameters
        ----------
        model, metric : str

        Returns
        -------
        Interval
        """
        value, draws = self.values[model][metric], self.draws[model][metric]
        low, high = percentile_interval(draws, value, self.confidence)
        return Interval(value, low, high, self.n, int(np.isnan(draws).sum()))

    def difference(self, first: str, second: str, metric: str) -> PairedDifference:
        """Return the first model's measure minus the second's.

        Parameters
        ----------
        first, second, metric : str

        Returns
        -------
        PairedDifference
        """
        a, b = self.values[first][metric], self.values[second][metric]
        draws = self.draws[first][metric] - self.draws[second][metric]
        low, high = percentile_interval(draws, a - b, self.confidence)
        return PairedDifference(a - b, low, high, _two_sided_p(draws, a - b), a, b, self.n)


def bootstrap_models(
    y: ArrayLike,
    models: Mapping[str, ArrayLike],
    metrics: Mapping[str, Metric],
    *,
    predictions: Mapping[str, ArrayLike] | None = None,
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
    n_resamples: int = 1000,
    seed: int = 0,
) -> ModelDraws:
    """Measure several models' probabilities on the same resamples of the same rows.

    Parameters
    ----------
    y : array of shape (n_samples,)
    models : mapping of str to array of shape (n_samples,) or (n_samples, n_classes)
    metrics : mapping of str to Metric
        Measures of scores; of labels too where ``predictions`` are given.
    predictions : mapping of str to array of shape (n_samples,), optional
        Predicted class codes of every model.
    groups, confidence, n_resamples, seed
        As in :func:`bootstrap_intervals`.

    Returns
    -------
    ModelDraws

    Raises
    ------
    DataError
        As in :func:`bootstrap_intervals`.

    Examples
    --------
    >>> from appliedml.metrics.classification import METRICS
    >>> scores = {"good": [0.2, 0.4, 0.6, 0.8], "none": [0.5] * 4}
    >>> found = bootstrap_models([0, 0, 1, 1], scores, {"roc_auc": METRICS["roc_auc"]}, n_resamples=20)
    >>> found.difference("good", "none", "roc_auc").value
    0.5
    """
    labels = predictions or {}
    rows = {name: Rows(y, given, labels.get(name)) for name, given in models.items()}
    if len({side.n_classes for side in rows.values()}) > 1:
        raise DataError("The models to compare must have the same number of classes.")
    here = {name: side.weighted() for name, side in rows.items()}
    values = {
        name: {key: float(metric.function(side)[0]) for key, metric in metrics.items()} for name, side in here.items()
    }
    return ModelDraws(values, bootstrap_draws(rows, metrics, n_resamples, seed, groups), len(np.asarray(y)), confidence)


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


def _two_sided_p(draws: NDArray[np.float64], value: float) -> float:
    defined = draws[~np.isnan(draws)]
    if np.isnan(value) or 2 * len(defined) < len(draws) or not len(defined):
        return float("nan")
    below = (1 + int((defined <= 0).sum())) / (len(defined) + 1)
    above = (1 + int((defined >= 0).sum())) / (len(defined) + 1)
    return min(1.0, 2 * min(below, above))
