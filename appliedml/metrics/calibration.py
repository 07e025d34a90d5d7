"""Whether probabilities mean what they say: reliability curve, slope and intercept, expected error, Brier's parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from appliedml.core._logistic import fit_logistic, logit, sigmoid
from appliedml.core.calibrators import CALIBRATIONS, Calibrator, make_calibrator
from appliedml.errors import DataError
from appliedml.metrics._weighted import Floats, Weighted, cluster_codes, quotient
from appliedml.metrics.classification import Metric
from appliedml.metrics.intervals import wilson_interval

__all__ = [
    "CALIBRATIONS",
    "BrierParts",
    "CalibrationLine",
    "Calibrator",
    "brier_parts",
    "calibration_line",
    "chance_calibration_error",
    "expected_calibration_error",
    "make_calibrator",
    "quantile_bins",
    "reliability_curve",
]


def quantile_bins(p: ArrayLike, n_bins: int = 10) -> NDArray[np.int64]:
    """Return the bin of every row; bins hold about equally many rows.

    Parameters
    ----------
    p : array of shape (n_samples,)
    n_bins : int
        Fewer come out where scores are tied: equal scores share a bin.

    Returns
    -------
    array of int, shape (n_samples,)
        0, 1, ... with none left out.

    Examples
    --------
    >>> quantile_bins([0.1, 0.2, 0.2, 0.9], 2).tolist()
    [0, 0, 0, 1]
    """
    scores = np.asarray(p, dtype=float)
    if not len(scores):
        return np.array([], dtype=np.int64)
    edges = np.quantile(scores, np.linspace(0, 1, n_bins + 1)[1:-1], method="inverted_cdf")
    raw = np.searchsorted(np.unique(edges), scores, side="left")
    codes: NDArray[np.int64] = np.unique(raw, return_inverse=True)[1].astype(np.int64)
    return codes


def reliability_curve(y: ArrayLike, p: ArrayLike, n_bins: int = 10, confidence: float = 0.95) -> pd.DataFrame:
    """Compare predicted and observed shares in bins of equally many rows.

    Parameters
    ----------
    y : array of shape (n_samples,), values 0 or 1
    p : array of shape (n_samples,)
        Probability of class 1.
    n_bins : int
    confidence : float
        Of Wilson's interval of each observed share, which takes the rows as independent.

    Returns
    -------
    DataFrame
        bin, low_score, high_score, n, n_positive, mean_predicted, observed, low, high.

    Examples
    --------
    >>> reliability_curve([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.8], n_bins=2)["observed"].tolist()
    [0.0, 1.0]
    """
    labels, scores = _checked(y, p)
    bins = quantile_bins(scores, n_bins)
    n_found = int(bins.max(initial=-1)) + 1
    n = np.bincount(bins, minlength=n_found)
    n_positive: Floats = np.bincount(bins, weights=labels, minlength=n_found).astype(float)
    mean_predicted = quotient(np.bincount(bins, weights=scores, minlength=n_found).astype(float), n.astype(float))
    low, high = wilson_interval(n_positive, n, confidence)
    ends = pd.Series(scores).groupby(bins).agg(["min", "max"])
    return pd.DataFrame(
        {
            "bin": np.arange(n_found),
            "low_score": ends["min"].to_numpy(),
            "high_score": ends["max"].to_numpy(),
            "n": n,
            "n_positive": n_positive.astype(np.int64),
            "mean_predicted": mean_predicted,
            "observed": quotient(n_positive, n.astype(float)),
            "low": low,
            "high": high,
        }
    )


def expected_calibration_error(p: ArrayLike, n_bins: int = 10) -> Metric:
    """Return the expected calibration error as a measure over the bins of these scores.

    Parameters
    ----------
    p : array of shape (n_samples,)
        Scores that make the bins (equally many rows in each), which then stay fixed.
    n_bins : int

    Returns
    -------
    Metric
        Mean over the rows of the distance between the predicted and the observed share of their bin. To be applied to
        these very rows.

    Notes
    -----
    It counts chance as error, and more of it with more bins or fewer rows: compare with
    :func:`chance_calibration_error`.

    Source
    ------
    Naeini, Cooper, Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning, AAAI; Roelofs et
    al. (2022), Mitigating bias in calibration error estimation, AISTATS (bins of equal size).

    Examples
    --------
    >>> scores = np.array([0.1, 0.1, 0.8, 0.8])
    >>> expected_calibration_error(scores, 2)([0, 0, 1, 1], scores).__round__(3)
    0.15
    """
    bins = quantile_bins(p, n_bins)
    member = np.eye(int(bins.max(initial=-1)) + 1)[bins]

    def function(rows: Weighted) -> Floats:
        excess = rows.rows.p[:, 1] - (rows.rows.y == 1)
        of = member if rows.rows.sources is None else member[rows.rows.sources]
        distance = np.abs((rows.weights * excess) @ of).sum(axis=1)
        return quotient(distance, rows.weights.sum(axis=1))

    title = f"Expected calibration error ({n_bins} bins)"
    return Metric("ece", title, "scores", False, (0.0, 1.0), function, False, "there is no row")


def chance_calibration_error(p: ArrayLike, n_bins: int = 10, n_draws: int = 200, seed: int = 0) -> tuple[float, float]:
    """Return the calibration error that chance alone gives a perfectly calibrated model with these scores.

    Parameters
    ----------
    p : array of shape (n_samples,)
    n_bins, n_draws : int
    seed : int

    Returns
    -------
    mean, high : float
        Mean and 95th percentile over draws of labels that follow the scores exactly.

    Examples
    --------
    >>> mean, high = chance_calibration_error(np.full(100, 0.5), n_bins=1)
    >>> bool(0.02 < mean < 0.06 < high < 0.15)
    True
    """
    scores = np.asarray(p, dtype=float)
    bins = quantile_bins(scores, n_bins)
    n_found = int(bins.max(initial=-1)) + 1
    if not n_found:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    expected = np.bincount(bins, weights=scores, minlength=n_found)
    errors = np.empty(n_draws)
    for draw in range(n_draws):
        drawn = np.bincount(bins, weights=rng.random(len(scores)) < scores, minlength=n_found)
        errors[draw] = np.abs(drawn - expected).sum() / len(scores)
    return float(errors.mean()), float(np.quantile(errors, 0.95))


@dataclass(frozen=True)
class CalibrationLine:
    """Slope and intercept of the labels on the log odds of the scores.

    Parameters
    ----------
    slope, slope_low, slope_high : float
        1 is right; below 1 the probabilities are too extreme, above 1 too timid.
    intercept, intercept_low, intercept_high : float
        With the slope fixed at 1 (calibration in the large), in log odds: 0 is right; below 0 the probabilities are too
        high, above 0 too low.
    """

    slope: float
    slope_low: float
    slope_high: float
    intercept: float
    intercept_low: float
    intercept_high: float


def calibration_line(
    y: ArrayLike, p: ArrayLike, groups: ArrayLike | None = None, confidence: float = 0.95
) -> CalibrationLine:
    """Return calibration slope and intercept with intervals.

    Parameters
    ----------
    y : array of shape (n_samples,), values 0 or 1
    p : array of shape (n_samples,)
        Probability of class 1.
    groups : array of shape (n_samples,), optional
        The intervals allow for rows of one group being alike.
    confidence : float

    Returns
    -------
    CalibrationLine
        All NaN where a class does not occur; the slope alone is NaN where all scores are equal.

    Notes
    -----
    Intervals are Wald's with the sandwich variance (over groups where there are any): as wide as the bootstrap's at a
    thousandth of its time.

    Source
    ------
    Cox (1958), Two further applications of a model for binary regression, Biometrika 45; Van Calster et al. (2019),
    Calibration: the Achilles heel of predictive analytics, BMC Medicine 17; Liang and Zeger (1986), Biometrika 73.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.random(5000)
    >>> line = calibration_line(rng.random(5000) < truth, truth)
    >>> bool(line.slope_low < 1 < line.slope_high and line.intercept_low < 0 < line.intercept_high)
    True
    """
    labels, scores = _checked(y, p)
    nan = float("nan")
    if len(labels) == 0 or labels.min() == labels.max():
        return CalibrationLine(nan, nan, nan, nan, nan, nan)
    z = logit(scores)
    ones = np.ones((len(z), 1))
    large = _wald(ones, labels, groups, confidence, offset=z)
    slope = (nan, nan, nan)
    if np.ptp(z) > 0:
        # Centred, for a well conditioned fit; the slope does not change.
        slope = _wald(np.column_stack([z - z.mean(), ones]), labels, groups, confidence)
    return CalibrationLine(*slope, *large)


@dataclass(frozen=True)
class BrierParts:
    """Murphy's parts of the Brier score over bins of scores.

    Parameters
    ----------
    brier : float
        As it is, without bins.
    reliability : float
        Mean squared distance between predicted and observed share of a bin: 0 is best.
    resolution : float
        Mean squared distance between the observed shares and the overall share: larger is better.
    uncertainty : float
        Brier score of always saying the overall share.
    within_bins : float
        The rest: what bins hide. brier = reliability - resolution + uncertainty + within_bins.
    scaled : float
        1 - brier / uncertainty: 1 is perfect, 0 no better than the overall share.
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within_bins: float
    scaled: float


def brier_parts(y: ArrayLike, p: ArrayLike, n_bins: int = 10) -> BrierParts:
    """Take the Brier score apart.

    Parameters
    ----------
    y : array of shape (n_samples,), values 0 or 1
    p : array of shape (n_samples,)
    n_bins : int

    Returns
    -------
    BrierParts

    Source
    ------
    Murphy (1973), A new vector partition of the probability score, J. Applied Meteorology 12; Steyerberg et al. (2010),
    Assessing the performance of prediction models, Epidemiology 21 (scaled Brier score).

    Examples
    --------
    >>> parts = brier_parts([0, 0, 1, 1], [0.0, 0.0, 1.0, 1.0], n_bins=2)
    >>> parts.resolution, parts.scaled
    (0.25, 1.0)
    """
    labels, scores = _checked(y, p)
    table = reliability_curve(labels, scores, n_bins)
    share = table["n"].to_numpy(dtype=float) / max(len(labels), 1)
    overall = float(labels.mean()) if len(labels) else float("nan")
    brier = float(((scores - labels) ** 2).mean()) if len(labels) else float("nan")
    reliability = float((share * (table["mean_predicted"] - table["observed"]).to_numpy() ** 2).sum())
    resolution = float((share * (table["observed"].to_numpy() - overall) ** 2).sum())
    uncertainty = overall * (1 - overall)
    scaled = 1 - brier / uncertainty if uncertainty > 0 else float("nan")
    rest = brier - (reliability - resolution + uncertainty)
    return BrierParts(brier, reliability, resolution, uncertainty, rest, scaled)


def _wald(
    design: Floats, labels: Floats, groups: ArrayLike | None, confidence: float, offset: Floats | None = None
) -> tuple[float, float, float]:
    """First coefficient of a logistic fit with its interval."""
    from scipy.stats import norm

    at = fit_logistic(design, labels, np.ones(len(labels)), offset)
    p = sigmoid(design @ at + (0.0 if offset is None else offset))
    bread = np.linalg.pinv((design * (p * (1 - p))[:, None]).T @ design)
    scores = design * (labels - p)[:, None]
    if groups is not None:
        codes, n_groups = cluster_codes(groups)
        scores = np.column_stack([np.bincount(codes, weights=column, minlength=n_groups) for column in scores.T])
    n_units = len(scores)
    # The usual small-sample factor of a cluster-robust variance.
    meat = scores.T @ scores * (n_units / max(n_units - 1, 1))
    half = float(norm.ppf((1 + confidence) / 2)) * float(np.sqrt(max((bread @ meat @ bread)[0, 0], 0.0)))
    return float(at[0]), float(at[0]) - half, float(at[0]) + half


def _checked(y: ArrayLike, p: ArrayLike) -> tuple[Floats, Floats]:
    labels, scores = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    if labels.shape != scores.shape or labels.ndim != 1:
        raise DataError(f"Calibration needs one score per row. Shapes: {labels.shape} and {scores.shape}.")
    if not np.isin(labels, (0.0, 1.0)).all() or not np.isfinite(scores).all():
        raise DataError("Calibration needs labels 0 and 1, and scores of which none is missing.")
    return labels, scores
