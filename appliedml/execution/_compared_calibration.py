"""Measures of calibration of one run's scores, as sums over the rows: one product with the weights serves them all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from appliedml.core._logistic import fit_logistic, logit, sigmoid
from appliedml.metrics._weighted import Rows, Weighted, quotient
from appliedml.metrics.classification import Metric

Floats = NDArray[np.float64]
N_BINS = 10
_UNBOUNDED = (float("-inf"), float("inf"))


class _Sums:
    """Weighted sums of named columns; those of the last resamples are kept for the other measures."""

    def __init__(self) -> None:
        self.parts: dict[str, Floats] = {}
        self.columns: Floats | None = None
        self.last: tuple[Weighted, dict[str, Floats]] | None = None

    def add(self, name: str, columns: Floats) -> None:
        self.parts[name] = columns.reshape(len(columns), -1)

    def __call__(self, rows: Weighted) -> dict[str, Floats]:
        if self.last is None or self.last[0] is not rows:
            if self.columns is None:
                self.columns = np.ascontiguousarray(np.concatenate(list(self.parts.values()), axis=1).T)
            # Not a matrix product: for these shapes its threads cost more than they bring, and may change last digits.
            sums = np.einsum("bn,kn->bk", rows.weights, self.columns)
            ends = np.cumsum([part.shape[1] for part in self.parts.values()])[:-1]
            self.last = rows, dict(zip(self.parts, np.split(sums, ends, axis=1), strict=True))
        return self.last[1]


def calibration_measures(y: NDArray[np.int64], p: Floats) -> dict[str, Metric]:
    """Return the measures of calibration, tied to these rows and scores.

    Parameters
    ----------
    y : array of int, shape (n_rows,)
    p : array of shape (n_rows, n_classes)

    Returns
    -------
    dict of str to Metric
        ``scaled_brier``; with two classes also ``ece`` (ten bins of equally many rows), ``observed_to_predicted``,
        ``calibration_slope`` and ``calibration_intercept`` (the latter two where both classes occur).

    Notes
    -----
    Slope and intercept are fitted once and moved by one Newton step in every resample, whose error is of the order of
    1/n: a fit for every resample would take a thousand times as long.

    Source
    ------
    Steyerberg et al. (2010), Assessing the performance of prediction models, Epidemiology 21; Shao and Tu (1995), The
    Jackknife and Bootstrap, section 3.1 (one-step bootstrap).

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.2, 0.8]])
    >>> found = calibration_measures(np.array([0, 0, 1, 1]), p)
    >>> rows = Rows([0, 0, 1, 1], p).weighted()
    >>> round(float(found["ece"].function(rows)[0]), 3), round(float(found["scaled_brier"].function(rows)[0]), 3)
    (0.15, 0.9)
    """
    sums = _Sums()
    rows = Rows(y, p)
    sums.add("n", np.ones(len(y)))
    sums.add("loss", rows.square_losses)
    # The share of the first class follows from the others.
    sums.add("classes", np.eye(p.shape[1])[y][:, 1:])

    def scaled_brier(rows: Weighted) -> Floats:
        """One minus the Brier score over that of the classes' shares: 0 is no better than knowing only these."""
        found = sums(rows)
        shares = quotient(found["classes"], found["n"])
        squares = (shares**2).sum(axis=1) + (1 - shares.sum(axis=1)) ** 2
        value: Floats = 1 - quotient(quotient(found["loss"], found["n"])[:, 0], (1 - squares) / 2)
        return value

    measures = {"scaled_brier": _measure("scaled_brier", True, scaled_brier, "one class only occurs")}
    if p.shape[1] != 2:
        return measures
    from appliedml.metrics.calibration import quantile_bins

    scores, positive = p[:, 1], (y == 1).astype(float)
    bins = quantile_bins(scores, N_BINS)
    order = np.argsort(bins, kind="stable")
    excess, starts = (scores - positive)[order], np.flatnonzero(np.diff(bins[order], prepend=-1))
    sums.add("predicted", scores)

    def ece(rows: Weighted) -> Floats:
        # Not weights[:, order]: numpy takes columns by index four times slower that way.
        moved = np.take(rows.weights, order, axis=1)
        moved *= excess
        distance = np.abs(np.add.reduceat(moved, starts, axis=1))
        return quotient(distance.sum(axis=1), sums(rows)["n"][:, 0])

    def observed_to_predicted(rows: Weighted) -> Floats:
        found = sums(rows)
        observed = found["classes"][:, 0]
        return np.where(observed > 0, quotient(observed, found["predicted"][:, 0]), np.nan)

    measures["ece"] = _measure("ece", False, ece, "there is no row")
    measures["observed_to_predicted"] = _measure(
        "observed_to_predicted", None, observed_to_predicted, "no row is positive"
    )
    if 0 < positive.sum() < len(y):
        z = logit(scores)
        if np.ptp(z) > 0:
            design = np.column_stack([z - z.mean(), np.ones(len(y))])
            slope = _one_step("slope", sums, design, positive, np.zeros(len(y)))
            measures["calibration_slope"] = _measure("calibration_slope", None, slope, "a class is missing")
        intercept = _one_step("intercept", sums, np.ones((len(y), 1)), positive, z)
        measures["calibration_intercept"] = _measure("calibration_intercept", None, intercept, "a class is missing")
    return measures


def _one_step(name: str, sums: _Sums, design: Floats, positive: Floats, offset: Floats) -> Callable[[Weighted], Floats]:
    """The first coefficient of a logistic regression, moved by one Newton step from the fit to all rows."""
    start = fit_logistic(design, positive, np.ones(len(positive)), offset)
    mean = sigmoid(design @ start + offset)
    width = design.shape[1]
    sums.add(f"{name} gradient", design * (positive - mean)[:, None])
    # The matrix is symmetric: its upper half is enough.
    first, second = np.triu_indices(width)
    sums.add(f"{name} curvature", design[:, first] * design[:, second] * (mean * (1 - mean))[:, None])

    def function(rows: Weighted) -> Floats:
        found = sums(rows)
        half = found[f"{name} curvature"]
        bend = np.empty((len(half), width, width))
        bend[:, first, second] = bend[:, second, first] = half
        value = np.full(len(bend), np.nan)
        solvable = np.linalg.det(bend) > 1e-12
        step = np.linalg.solve(bend[solvable], found[f"{name} gradient"][solvable][:, :, None])
        value[solvable] = start[0] + step[:, 0, 0]
        return value

    return function


def _measure(name: str, higher: bool | None, function: Callable[[Weighted], Floats], undefined: str) -> Metric:
    return Metric(name, name, "scores", higher, _UNBOUNDED, function, name == "scaled_brier", undefined)
