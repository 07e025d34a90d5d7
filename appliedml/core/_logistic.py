"""Logistic curves by Newton's method: for calibrators and for the calibration slope."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# float32 sigmoids reach 0 and 1; a logit needs a little room. Scores closer to 0 or 1 than this become ties.
EPSILON = 1e-10


def logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log odds, finite for 0 and 1 too."""
    inside = np.clip(p, EPSILON, 1 - EPSILON)
    found: NDArray[np.float64] = np.log(inside) - np.log1p(-inside)
    return found


def sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of log odds, exact in both tails and without overflow."""
    found: NDArray[np.float64] = np.exp(-np.logaddexp(0, -z))
    return found


def fit_logistic(
    design: NDArray[np.float64],
    target: NDArray[np.float64],
    weight: NDArray[np.float64],
    offset: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the coefficients of largest likelihood.

    Parameters
    ----------
    design : array of shape (n_samples, n_terms)
        Include a column of ones for the intercept.
    target : array of shape (n_samples,)
        Between 0 and 1; fractions are smoothed labels.
    weight : array of shape (n_samples,)
        Non-negative.
    offset : array of shape (n_samples,), optional
        Added to the log odds.

    Returns
    -------
    array of shape (n_terms,)
        Finite also where the classes are separated: the last coefficients before the steps stop to help.
    """
    offset = np.zeros(len(target)) if offset is None else offset

    def loss(at: NDArray[np.float64]) -> float:
        z = design @ at + offset
        return float((weight * (np.logaddexp(0, z) - target * z)).sum())

    at = np.zeros(design.shape[1])
    here = loss(at)
    for _ in range(100):
        p = sigmoid(design @ at + offset)
        gradient = design.T @ (weight * (p - target))
        if float(np.abs(gradient).max()) < 1e-9 * len(target):
            break
        curvature = (design * (weight * p * (1 - p))[:, None]).T @ design
        # A trace of ridge: the curvature vanishes where all scores are equal or all probabilities are 0 or 1.
        step = np.linalg.solve(curvature + 1e-9 * max(1.0, float(np.trace(curvature))) * np.eye(len(at)), gradient)
        size = 1.0
        while loss(at - size * step) > here and size > 1e-6:
            size /= 2
        if size <= 1e-6:
            break
        at = at - size * step
        here = loss(at)
    return at
