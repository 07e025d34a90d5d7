"""What is measured on scores by group: AUROC and calibration in the large, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from appliedml.metrics._group_checks import check_lengths, check_settings, check_some_rows, column, scores_of
from appliedml.metrics._group_tables import class_codes, cluster_codes, group_codes

# A standard error this small is rounding: all units are alike.
_ALIKE = 1e-12


@dataclass(frozen=True, eq=False)
class GroupEstimates:
    """One figure for every group, with its interval.

    Parameters
    ----------
    groups : tuple of str
    value, error, low, high : array of shape (n_groups,)
        Estimate, standard error and interval. NaN where the figure is undefined; error and interval are NaN too where
        there are too few units (rows, or clusters) to say how sure it is, and the interval where units are all alike.
    """

    groups: tuple[str, ...]
    value: NDArray[np.float64]
    error: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def group_roc_auc(
    group: ArrayLike,
    y_true: ArrayLike,
    score: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    groups: Sequence[str] | None = None,
    confidence: float = 0.95,
) -> GroupEstimates:
    """Area under the ROC curve in every group.

    Parameters
    ----------
    group : array of shape (n_samples,)
        Labels; or, with ``groups``, positions in it, and -1 for a row of no group.
    y_true : array of shape (n_samples,), values 0 or 1
    score : array of shape (n_samples,)
        Higher means more likely 1. Ties count half.
    cluster : array of shape (n_samples,), optional
        What rows belong to; widens the interval where rows of a cluster resemble each other.
    groups : sequence of str, optional
    confidence : float
        Between 0 and 1, of each interval alone.

    Returns
    -------
    GroupEstimates
        NaN in a group with one class only. No error and no interval where a class has a single row, or the rows of a
        single cluster.

    Raises
    ------
    DataError
        If there is no row of a group, the arrays differ in length, or a label or score is missing or out of range.
    ParameterError
        If the confidence is not between 0 and 1.

    Notes
    -----
    Exact rank sums and their structural components (DeLong), summed within clusters where there are any (Obuchowski);
    the interval is symmetric on the scale of log odds, so that it stays between 0 and 1. Its quantile is Student's with
    one degree of freedom fewer than the class with the fewest has rows, or clusters. All groups share one sort.

    Source
    ------
    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44; Obuchowski (1997), Biometrics 53.

    Examples
    --------
    >>> group_roc_auc(["a"] * 4, [0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4]).value.tolist()
    [0.75]
    """
    check_settings("group_roc_auc", confidence=confidence)
    names, code, labels, scores, owner = _columns("group_roc_auc", group, y_true, score, cluster, groups)
    n_groups = len(names)
    order = np.argsort(scores, kind="stable")
    order = order[code[order] >= 0]
    # Small unsigned integers are sorted by counting, which keeps the order of scores inside each group.
    small = code[order].astype(np.uint16 if n_groups < 2**16 else np.int64)
    order = order[np.argsort(small, kind="stable")]
    where, of, positive = code[order], scores[order], labels[order] == 1
    n_positive = np.bincount(where, weights=positive, minlength=n_groups)
    n_negative = np.bincount(where, weights=~positive, minlength=n_groups)
    new_tie = np.r_[True, (of[1:] != of[:-1]) | (where[1:] != where[:-1])]
    tie = np.cumsum(new_tie) - 1
    tied_positive, tied_negative = np.bincount(tie, weights=positive), np.bincount(tie, weights=~positive)
    tie_group = where[new_tie]
    offset_positive = np.r_[0.0, np.cumsum(n_positive)][tie_group]
    offset_negative = np.r_[0.0, np.cumsum(n_negative)][tie_group]
    positives_above = n_positive[tie_group] - (np.cumsum(tied_positive) - offset_positive) + tied_positive / 2
    negatives_below = np.cumsum(tied_negative) - tied_negative - offset_negative + tied_negative / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        component = np.where(
            positive, (negatives_below / n_negative[tie_group])[tie], (positives_above / n_positive[tie_group])[tie]
        )
        area = np.bincount(where, weights=np.where(positive, component, 0.0), minlength=n_groups) / n_positive
        area[(n_positive == 0) | (n_negative == 0)] = np.nan
        influence = (component - area[where]) / np.where(positive, n_positive[where], n_negative[where])
    error, n_units = _error_and_units(influence, positive.astype(np.int64), 2, where, n_groups, owner, order)
    low, high = _between_0_and_1(area, error, n_units, confidence)
    return GroupEstimates(tuple(names), area, error, low, high)


def group_calibration(
    group: ArrayLike,
    y_true: ArrayLike,
    score: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    groups: Sequence[str] | None = None,
    confidence: float = 0.95,
) -> GroupEstimates:
    """Observed share of positives minus mean predicted probability in every group.

    Parameters
    ----------
    group : array of shape (n_samples,)
    y_true : array of shape (n_samples,), values 0 or 1
    score : array of shape (n_samples,)
        Predicted probabilities of 1.
    cluster : array of shape (n_samples,), optional
    groups : sequence of str, optional
    confidence : float

    Returns
    -------
    GroupEstimates
        Above 0: the model says too little for this group; below: too much. A difference of probabilities. No error
        and no interval in a group of a single row, or a single cluster.

    Raises
    ------
    DataError
        If there is no row of a group, the arrays differ in length, or a label or score is missing or out of range.
    ParameterError
        If the confidence is not between 0 and 1.

    Notes
    -----
    The interval is that of a mean, with residuals summed within clusters where there are any, and Student's quantile
    with one degree of freedom fewer than rows, or clusters.

    Source
    ------
    Van Calster et al. (2019), Calibration: the Achilles heel of predictive analytics, BMC Medicine 17
    (calibration in the large); Cameron and Miller (2015), A practitioner's guide to cluster-robust inference, Journal
    of Human Resources 50 (few clusters).

    Examples
    --------
    >>> group_calibration(["a", "a", "b", "b"], [1, 0, 0, 0], [0.5, 0.5, 0.1, 0.1]).value.round(3).tolist()
    [0.0, -0.1]
    """
    check_settings("group_calibration", confidence=confidence)
    names, code, labels, scores, owner = _columns("group_calibration", group, y_true, score, cluster, groups)
    inside = np.flatnonzero(code >= 0)
    where, n_groups = code[inside], len(names)
    residual = labels[inside] - scores[inside]
    n = np.bincount(where, minlength=n_groups).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(where, weights=residual, minlength=n_groups) / n
        influence = (residual - mean[where]) / n[where]
    one_part = np.zeros(len(where), dtype=np.int64)
    error, n_units = _error_and_units(influence, one_part, 1, where, n_groups, owner, inside)
    reach = _quantile(confidence, n_units) * error
    # Units that are all alike say nothing of how units differ.
    reach[error < _ALIKE] = np.nan
    return GroupEstimates(tuple(names), mean, error, np.maximum(mean - reach, -1), np.minimum(mean + reach, 1))


def _columns(
    who: str,
    group: ArrayLike,
    y_true: ArrayLike,
    score: ArrayLike,
    cluster: ArrayLike | None,
    groups: Sequence[str] | None,
) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[Any] | None]:
    """Return group names, group codes, class codes, scores and clusters, all checked."""
    names, code = group_codes(who, group, groups)
    labels = class_codes(who, y_true, 2, "y_true")
    scores = scores_of(who, score, probabilities=who == "group_calibration")
    owner = None if cluster is None else column(who, "cluster", cluster)
    check_lengths(who, group=code, y_true=labels, score=scores, cluster=owner)
    check_some_rows(who, code)
    return names, code, labels, scores, owner


def _error_and_units(
    influence: NDArray[np.float64],
    part: NDArray[np.int64],
    n_parts: int,
    where: NDArray[np.int64],
    n_groups: int,
    cluster: NDArray[Any] | None,
    rows: NDArray[np.intp],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the standard error of a sum of averages, one a part, and the units of the part that has the fewest.

    A unit is a row, or the rows that a cluster has in a group. The squared sums of the units of a part vary around its
    average, which takes one unit: I / (I - 1), as of a variance. NaN where a part has fewer than two units.
    """
    if cluster is None:
        cell = part * n_groups + where
        n_units = np.bincount(cell, minlength=n_parts * n_groups).reshape(n_parts, n_groups)
        squares = np.bincount(cell, weights=influence**2, minlength=n_parts * n_groups).reshape(n_parts, n_groups)
        variance = (_corrected(n_units) * squares).sum(axis=0)
    else:
        found, unit = np.unique(cluster_codes(cluster)[rows] * n_groups + where, return_inverse=True)
        of, cell = found % n_groups, part * len(found) + unit
        sums = np.bincount(cell, weights=influence, minlength=n_parts * len(found)).reshape(n_parts, -1)
        held = np.bincount(cell, minlength=n_parts * len(found)).reshape(n_parts, -1) > 0

        def total(weights: NDArray[Any]) -> NDArray[np.float64]:
            return np.asarray(np.bincount(of, weights=weights, minlength=n_groups), dtype=float)

        n_units = np.stack([total(units) for units in held]).astype(np.int64)
        variance = np.sum([_corrected(n) * total(one**2) for n, one in zip(n_units, sums, strict=True)], axis=0)
        if n_parts == 2:
            # A cluster may have rows of both parts, which vary together.
            variance += 2 * _corrected(np.bincount(of, minlength=n_groups)) * total(sums[0] * sums[1])
    fewest = n_units.min(axis=0)
    return np.where(fewest < 2, np.nan, np.sqrt(np.maximum(variance, 0.0))), fewest


def _corrected(n_units: NDArray[np.int64]) -> NDArray[np.float64]:
    return n_units / np.maximum(n_units - 1, 1)


def _quantile(confidence: float, n_units: NDArray[np.int64]) -> NDArray[np.float64]:
    """Student's quantile with one degree of freedom fewer than units: a few clusters know their spread badly."""
    # Here and not at the top: a report imports this file, needs no SciPy, and would wait for it.
    from scipy.special import stdtrit

    return np.asarray(stdtrit(np.maximum(n_units - 1, 1).astype(float), 0.5 + confidence / 2), dtype=float)


def _between_0_and_1(
    value: NDArray[np.float64], error: NDArray[np.float64], n_units: NDArray[np.int64], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Interval on the log-odds scale; a value of exactly 0 or 1 gets Wilson's interval over the rarer class."""
    # Here and not at the top: a report imports this file, needs no SciPy, and would wait for it.
    from scipy.special import expit, logit, ndtri

    low, high = np.full_like(value, np.nan), np.full_like(value, np.nan)
    # Units that are all alike say nothing of how units differ.
    inner = (value > 0) & (value < 1) & (error >= _ALIKE)
    middle = logit(value[inner])
    reach = _quantile(confidence, n_units[inner]) * error[inner] / (value[inner] * (1 - value[inner]))
    low[inner], high[inner] = expit(middle - reach), expit(middle + reach)
    edge = ((value == 0) | (value == 1)) & ~np.isnan(error)
    z = ndtri(0.5 + confidence / 2)
    width = z**2 / (n_units[edge] + z**2)
    low[edge] = np.where(value[edge] == 1, 1 - width, 0.0)
    high[edge] = np.where(value[edge] == 1, 1.0, width)
    return low, high
