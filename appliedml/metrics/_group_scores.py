"""What is measured on scores by group: AUROC and calibration in the large, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from appliedml.errors import DataError
from appliedml.metrics._group_checks import check_lengths, check_settings, column, scores_of
from appliedml.metrics._group_tables import class_codes, cluster_codes, group_codes


@dataclass(frozen=True, eq=False)
class GroupEstimates:
    """One figure for every group, with its interval.

    Parameters
    ----------
    groups : tuple of str
    value, error, low, high : array of shape (n_groups,)
        Estimate, standard error and interval; NaN where the figure is undefined.
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
        NaN in a group with one class only; no standard error in one with a single positive or negative.

    Raises
    ------
    DataError
        If there are no rows, the arrays differ in length, or a label or score is missing or out of range.
    ParameterError
        If the confidence is not between 0 and 1.

    Notes
    -----
    Exact rank sums and their structural components (DeLong), summed within clusters where there are any (Obuchowski);
    the interval is symmetric on the scale of log odds, so that it stays between 0 and 1. All groups share one sort.

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
    new_tie = np.r_[True, (of[1:] != of[:-1]) | (where[1:] != where[:-1])] if len(of) else np.zeros(0, dtype=bool)
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
        scale = np.where(
            positive,
            1 / np.sqrt(n_positive * (n_positive - 1))[where],
            1 / np.sqrt(n_negative * (n_negative - 1))[where],
        )
        error = np.sqrt(_sum_of_squares((component - area[where]) * scale, where, n_groups, owner, order))
        error[(n_positive < 2) | (n_negative < 2)] = np.nan
    low, high = _between_0_and_1(area, error, np.minimum(n_positive, n_negative), confidence)
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
        Above 0: the model says too little for this group; below: too much. A difference of probabilities.

    Raises
    ------
    DataError
        If there are no rows, the arrays differ in length, or a label or score is missing or out of range.
    ParameterError
        If the confidence is not between 0 and 1.

    Notes
    -----
    The interval is that of a mean, with residuals summed within clusters where there are any.

    Source
    ------
    Van Calster et al. (2019), Calibration: the Achilles heel of predictive analytics, BMC Medicine 17
    (calibration in the large).

    Examples
    --------
    >>> group_calibration(["a", "a", "b", "b"], [1, 0, 0, 0], [0.5, 0.5, 0.1, 0.1]).value.round(3).tolist()
    [0.0, -0.1]
    """
    # Here and not at the top: a report imports this file, needs no SciPy, and would wait for it.
    from scipy.special import ndtri

    check_settings("group_calibration", confidence=confidence)
    names, code, labels, scores, owner = _columns("group_calibration", group, y_true, score, cluster, groups)
    inside = np.flatnonzero(code >= 0)
    where, n_groups = code[inside], len(names)
    residual = labels[inside] - scores[inside]
    n = np.bincount(where, minlength=n_groups).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(where, weights=residual, minlength=n_groups) / n
        scale = 1 / np.sqrt(n * (n - 1))[where]
        error = np.sqrt(_sum_of_squares((residual - mean[where]) * scale, where, n_groups, owner, inside))
    error[n < 2] = np.nan
    reach = ndtri(0.5 + confidence / 2) * error
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
    if not len(code):
        raise DataError(f"{who}: needs rows, and there are none. Give at least one row of a group.")
    return names, code, labels, scores, owner


def _sum_of_squares(
    influence: NDArray[np.float64],
    where: NDArray[np.int64],
    n_groups: int,
    cluster: NDArray[Any] | None,
    rows: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Sum over units of the squared sum of their rows' influence: the variance of an average."""
    of: NDArray[np.int64] = where
    sums: NDArray[np.float64] = influence
    if cluster is not None:
        clusters = cluster_codes(cluster)[rows]
        units, unit = np.unique(clusters * n_groups + where, return_inverse=True)
        of = units % n_groups
        sums = np.asarray(np.bincount(unit, weights=influence), dtype=float)
    return np.asarray(np.bincount(of, weights=sums**2, minlength=n_groups), dtype=float)


def _between_0_and_1(
    value: NDArray[np.float64], error: NDArray[np.float64], n: NDArray[np.float64], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Interval on the log-odds scale; a value of exactly 0 or 1 gets Wilson's interval over the rarer class."""
    # Here and not at the top: a report imports this file, needs no SciPy, and would wait for it.
    from scipy.special import expit, logit, ndtri

    z = ndtri(0.5 + confidence / 2)
    low, high = np.full_like(value, np.nan), np.full_like(value, np.nan)
    inner = (value > 0) & (value < 1) & ~np.isnan(error)
    middle = logit(value[inner])
    reach = z * error[inner] / (value[inner] * (1 - value[inner]))
    low[inner], high[inner] = expit(middle - reach), expit(middle + reach)
    edge = ((value == 0) | (value == 1)) & ~np.isnan(error)
    width = z**2 / (n[edge] + z**2)
    low[edge] = np.where(value[edge] == 1, 1 - width, 0.0)
    high[edge] = np.where(value[edge] == 1, 1.0, width)
    return low, high
