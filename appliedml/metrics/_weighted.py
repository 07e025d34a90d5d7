"""Weighted sums of many resamples at once: the one place where measures are computed.

Weights have the shape (n_resamples, n_samples). The rows are sorted once, and adding up along them serves all
resamples. A single value is the case of one resample with weights of one.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from appliedml.errors import DataError

Floats = NDArray[np.float64]
# As in scikit-learn: a certain and wrong answer costs 36, not infinity.
LOG_EPSILON = float(np.finfo(np.float64).eps)
ROUNDING = 1e-12


class Rows:
    """Labels with probabilities, predicted labels, or both; everything that needs no weights is computed once.

    Parameters
    ----------
    y : array of shape (n_samples,)
        Class codes 0 .. n_classes - 1.
    probabilities : array of shape (n_samples,) or (n_samples, n_classes), optional
        One column is the probability of class 1.
    predictions : array of shape (n_samples,), optional
        Class codes.
    n_classes : int, optional
        Default: the number of columns, or one more than the largest code, and at least 2.

    Raises
    ------
    DataError
        If lengths differ, a code is out of range or a probability is missing.
    """

    def __init__(
        self,
        y: ArrayLike,
        probabilities: ArrayLike | None = None,
        predictions: ArrayLike | None = None,
        n_classes: int | None = None,
    ) -> None:
        self.y = _codes(y, "y")
        self.n = len(self.y)
        self._p = None if probabilities is None else _two_columns(probabilities)
        self._predicted = None if predictions is None else _codes(predictions, "predictions")
        # Rows of another table for which these stand; set where rows were put together.
        self.sources: NDArray[np.intp] | None = None
        for part in (self._p, self._predicted):
            if part is not None and len(part) != self.n:
                raise DataError(f"A measure needs one value per row. There are {self.n} labels and {len(part)} values.")
        largest = max((int(part.max(initial=0)) for part in (self.y, self._predicted) if part is not None), default=0)
        found = self._p.shape[1] if self._p is not None else max(2, largest + 1)
        self.n_classes = found if n_classes is None else n_classes
        if largest >= self.n_classes or (self._p is not None and self._p.shape[1] != self.n_classes):
            raise DataError(f"Class code {largest} and {found} columns of probabilities do not fit together.")

    @property
    def has_p(self) -> bool:
        """Whether there are probabilities."""
        return self._p is not None

    @property
    def predicted(self) -> NDArray[np.int64] | None:
        """Predicted class codes, if given."""
        return self._predicted

    @property
    def p(self) -> Floats:
        """Probabilities, shape (n_samples, n_classes)."""
        if self._p is None:
            raise DataError("This measure needs probabilities, and only predicted labels were given.")
        return self._p

    @cached_property
    def own_codes(self) -> tuple[int, ...]:
        """Classes that a one-vs-rest measure looks at: the class of interest, or all of several."""
        return (1,) if self.n_classes == 2 else tuple(range(self.n_classes))

    @cached_property
    def ranking(self) -> dict[int, Ranking]:
        """Order of the rows by the probability of each class."""
        return {code: Ranking(self.y == code, self.p[:, code]) for code in self.own_codes}

    @cached_property
    def cells(self) -> NDArray[np.int64]:
        """Cell of the confusion matrix that each row falls into, row by row."""
        if self._predicted is None:
            raise DataError("This measure needs predicted labels, and only probabilities were given.")
        return self.y * self.n_classes + self._predicted

    @cached_property
    def losses(self) -> Floats:
        """Ones, log loss and square loss of each row, shape (n_samples, 3)."""
        return np.column_stack([np.ones(self.n), self.log_losses, self.square_losses])

    @cached_property
    def log_losses(self) -> Floats:
        """Log loss of each row."""
        inside = np.clip(self.p, LOG_EPSILON, 1 - LOG_EPSILON)
        inside /= inside.sum(axis=1, keepdims=True)
        losses: Floats = -np.log(inside[np.arange(self.n), self.y])
        return losses

    @cached_property
    def square_losses(self) -> Floats:
        """Half the squared distance of each row's probabilities from its label: (p - y) ** 2 with two classes."""
        distance = self.p.copy()
        distance[np.arange(self.n), self.y] -= 1
        losses: Floats = (distance**2).sum(axis=1) / 2
        return losses

    def weighted(self, weights: Floats | None = None) -> Weighted:
        """Return the rows under weights.

        Parameters
        ----------
        weights : array of shape (n_resamples, n_samples), optional
            Default: one resample, each row once.

        Returns
        -------
        Weighted
        """
        return Weighted(self, np.ones((1, self.n)) if weights is None else weights)


class Weighted:
    """Rows under the weights of some resamples. Sums are computed when first asked for, and kept.

    Parameters
    ----------
    rows : Rows
    weights : array of shape (n_resamples, n_samples)
    """

    def __init__(self, rows: Rows, weights: Floats) -> None:
        self.rows = rows
        self.weights = weights

    @cached_property
    def confusion(self) -> Floats:
        """Weight of each pair of true and predicted class, shape (n_resamples, n_classes, n_classes)."""
        k = self.rows.n_classes
        sums = [np.bincount(self.rows.cells, weights=row, minlength=k * k) for row in self.weights]
        return np.array(sums, dtype=np.float64).reshape(-1, k, k)

    @cached_property
    def mean_losses(self) -> Floats:
        """Mean log loss and mean square loss, shape (2, n_resamples)."""
        total, *sums = (self.weights @ self.rows.losses).T
        return np.array([quotient(loss, total) for loss in sums])

    @cached_property
    def ranked(self) -> dict[int, Ranked]:
        """Sums along the ranking by each class's probability."""
        return {code: Ranked(ranking, self.weights) for code, ranking in self.rows.ranking.items()}


class Ranking:
    """Positives and negatives by descending score, and where each positive falls among the others.

    Parameters
    ----------
    positive : array of bool, shape (n_samples,)
    scores : array of shape (n_samples,)
    """

    def __init__(self, positive: NDArray[np.bool_], scores: Floats) -> None:
        order = np.argsort(-scores, kind="stable")
        self.positives = order[positive[order]]
        self.negatives = order[~positive[order]]
        own, other = -scores[self.positives], -scores[self.negatives]
        self.negatives_above = np.searchsorted(other, own, side="left")
        self.negatives_not_below = np.searchsorted(other, own, side="right")
        self.last_of_tie = np.searchsorted(own, own, side="right") - 1


class Ranked:
    """Sums along one ranking under weights.

    Parameters
    ----------
    ranking : Ranking
    weights : array of shape (n_resamples, n_samples)
    """

    def __init__(self, ranking: Ranking, weights: Floats) -> None:
        self.ranking = ranking
        # np.take is several times faster along the rows of a table than the same by weights[:, places].
        self.own = np.take(weights, ranking.positives, axis=1)
        self.n_positive = self.own.sum(axis=1)
        below = np.zeros((len(weights), len(ranking.negatives) + 1))
        np.cumsum(np.take(weights, ranking.negatives, axis=1), axis=1, out=below[:, 1:])
        self.n_negative = below[:, -1]
        self.above = np.take(below, ranking.negatives_above, axis=1)
        self.not_below = np.take(below, ranking.negatives_not_below, axis=1)

    @cached_property
    def found(self) -> Floats:
        """Weight of positives called at each positive's score, shape (n_resamples, n_positives)."""
        found: Floats = np.take(np.cumsum(self.own, axis=1), self.ranking.last_of_tie, axis=1)
        return found

    @cached_property
    def precision(self) -> Floats:
        """Precision at each positive's score; 0 where nothing is called yet."""
        called = self.found + self.not_below
        precision: Floats = np.divide(self.found, called, out=np.zeros_like(called), where=called > 0)
        return precision

    def roc_auc(self) -> Floats:
        """Share of pairs in which the positive has the higher score, ties counting half."""
        ahead = np.einsum("ij,ij->i", self.own, self.above + self.not_below) / 2
        return 1 - quotient(ahead, self.n_positive * self.n_negative)

    def average_precision(self) -> Floats:
        """Mean precision at the positives' scores; undefined without negatives, as it would be 1 for any score."""
        area = quotient(np.einsum("ij,ij->i", self.own, self.precision), self.n_positive)
        return np.where(self.n_negative > 0, area, np.nan)

    def recall_at_precision(self, precision: float) -> Floats:
        """Largest recall at a score from which on the precision is at least that; 0 where there is none."""
        enough = self.precision >= precision - ROUNDING
        best = np.where(enough, self.found, 0.0).max(axis=1, initial=0.0)
        return np.where(self.n_negative > 0, quotient(best, self.n_positive), np.nan)


def quotient(top: Floats, bottom: Floats) -> Floats:
    """Divide; NaN where the denominator is not positive."""
    top, bottom = np.broadcast_arrays(top, bottom)
    found: Floats = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)
    return found


def mean_of_defined(values: Floats) -> Floats:
    """Mean over the last axis of what is defined; NaN where nothing is."""
    defined = ~np.isnan(values)
    return quotient(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1).astype(float))


def cluster_codes(groups: ArrayLike) -> tuple[NDArray[np.int64], int]:
    """Code of every row's group and their number; a row of unknown group is a group of its own."""
    codes, levels = pd.factorize(np.asarray(groups))
    codes = codes.astype(np.int64)
    unknown = codes < 0
    codes[unknown] = len(levels) + np.arange(int(unknown.sum()))
    return codes, len(levels) + int(unknown.sum())


def _codes(values: ArrayLike, name: str) -> NDArray[np.int64]:
    codes = np.asarray(values)
    if codes.ndim != 1 or (codes.dtype.kind not in "iub" and not np.array_equal(codes, codes.astype(np.int64))):
        raise DataError(f"{name} must hold one class code (0, 1, ...) per row.")
    found = codes.astype(np.int64)
    if (found < 0).any():
        raise DataError(f"{name} must hold class codes from 0 on. The smallest is {found.min()}.")
    return found


def _two_columns(probabilities: ArrayLike) -> Floats:
    p = np.asarray(probabilities, dtype=np.float64)
    if p.ndim == 1:
        p = np.column_stack([1 - p, p])
    if p.ndim != 2 or p.shape[1] < 2:
        raise DataError(f"Probabilities must have the shape (n,) or (n, n_classes). The shape is {p.shape}.")
    if not np.isfinite(p).all():
        raise DataError("A probability is missing or infinite. The model may have diverged in training.")
    return p
