"""How many standard errors intervals must reach so that those of all pairs of groups hold at once, for many tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def centred_draws(draws: Floats, judged: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the means of resamples and how far each resample lies from its mean.

    Parameters
    ----------
    draws : array of shape (..., n_groups, n_resamples)
    judged : array of bool, shape (..., n_groups)

    Returns
    -------
    centre : array of shape (..., n_groups)
        Zero where a group is not judged.
    centred : array of shape (..., n_groups, n_resamples)
        Zero where a group is not judged.

    Notes
    -----
    A resample without a single row behind a rate says nothing about it; it counts as the mean of the others.
    """
    known = ~np.isnan(draws)
    all_known = bool(known.all())
    n_known = np.full(judged.shape, draws.shape[-1]) if all_known else known.sum(axis=-1)
    sums = (draws if all_known else np.where(known, draws, 0.0)).sum(axis=-1)
    centre = np.divide(sums, n_known, out=np.where(judged, np.nan, 0.0), where=judged & (n_known > 0))
    centred = draws - centre[..., None]
    centred[~judged] = 0
    if not all_known:
        centred[~known] = 0
    return centre, centred


def critical_values(centred: Floats, judged: NDArray[np.bool_], confidence: float) -> tuple[Floats, Floats]:
    """Return a quantile of the largest |difference| / standard error over pairs and rates, and the standard errors.

    Parameters
    ----------
    centred : array of shape (n_tables, n_rates, n_groups, n_resamples)
    judged : array of bool, shape (n_tables, n_rates, n_groups)
    confidence : float

    Returns
    -------
    critical : array of shape (n_tables,)
    error : array of shape (n_tables, n_rates, n_groups, n_groups)
        Standard errors of the differences.
    """
    n_tables, n_rates, n_groups, n_resamples = centred.shape
    covariance = centred @ centred.swapaxes(-1, -2) / max(1, n_resamples - 1)
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)
    errors = np.sqrt(np.maximum(variance[..., :, None] + variance[..., None, :] - 2 * covariance, 0))
    largest = np.zeros((n_tables, n_resamples))
    for rate in range(n_rates):
        values = centred[:, rate]
        for group in range(n_groups - 1):
            # One group against all later ones: memory grows with the groups, not with the pairs.
            later = slice(group + 1, None)
            error = errors[:, rate, group, later]
            usable = judged[:, rate, [group]] & judged[:, rate, later] & (error > 0)
            if usable.any():
                t = values[:, later] - values[:, [group]]
                np.abs(t, out=t)
                t /= np.where(usable, error, np.inf)[..., None]
                np.maximum(largest, t.max(axis=1), out=largest)
    return np.quantile(largest, confidence, axis=-1, method="higher"), errors
