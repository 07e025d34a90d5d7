"""Nearest neighbours of many rows, exact and mostly several times sooner than scikit-learn finds them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

FEWEST_ROWS = 4_096
# With fewer columns trees are as quick; with very many, products of 64 bits are.
COLUMNS = (8, 256)
MOST_NEIGHBOURS = 32
# Rows of which only the nearest is looked at first.
BLOCK = 16
SPARE = 3
# Scores, and differences, that one thread holds at once: 32 MiB and 16 MiB.
TILE_SCORES, TILE_DIFFERENCES = 8_000_000, 2_000_000
MOST_THREADS = 8
SMALLEST = float(np.finfo(np.float32).tiny)
Indices = NDArray[np.intp]


class Neighbours(NearestNeighbors):
    """scikit-learn's estimator with a quicker search among many rows, for samplers that ask for positions alone.

    Scores of all pairs are worked out in 32 bits, rounded up by as much as they may be wrong. The nearest rows lie in
    the blocks of rows whose best scores are highest; their distances are worked out in 64 bits. Where the last of them
    is nearer than any row that was left out can be, they are the nearest. Other rows (many of them where rows are
    equal, or where one value is so large that 32 bits cannot tell the others apart) are left to scikit-learn. So the
    neighbours are those of scikit-learn, except that of rows equally near others may be taken, or in another order.
    """

    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """Return the nearest rows.

        Parameters
        ----------
        X : array of shape (n_queries, n_features), optional
        n_neighbors : int, optional
        return_distance : bool

        Returns
        -------
        array of int, shape (n_queries, n_neighbors), or a tuple of distances and these
        """
        wanted = self.n_neighbors if n_neighbors is None else n_neighbors
        quicker = not return_distance and X is not None and wanted <= MOST_NEIGHBOURS and self._is_quicker()
        unit = None if not quicker or sparse.issparse(X) else _unit(self._fit_X, X)
        if unit is None:
            return super().kneighbors(X, n_neighbors, return_distance)
        rows, queries = (np.asarray(values, dtype=np.float64) * unit for values in (self._fit_X, X))
        found, sure = _nearest(rows, queries, wanted)
        left = ~sure
        # The rows as they are: about their mean, one huge value would cost all others their digits.
        if left.mean() > 0.5:
            return super().kneighbors(X, n_neighbors, return_distance=False)
        if left.any():
            # Which of equally near rows is taken depends on the number of threads where few are asked for.
            with threadpool_limits(1, user_api="openmp"):
                found[left] = super().kneighbors(np.asarray(X)[left], n_neighbors, return_distance=False)
        return found

    def _is_quicker(self) -> bool:
        rows = self._fit_X
        return (
            self._fit_method in ("brute", "kd_tree")
            and self.effective_metric_ == "euclidean"
            and not sparse.issparse(rows)
            and len(rows) >= FEWEST_ROWS
            and COLUMNS[0] <= rows.shape[1] <= COLUMNS[1]
        )


def _unit(rows: Any, queries: Any) -> float | None:
    """Return what values are multiplied by so that they lie between -1/2 and 1/2; None where that cannot be."""
    largest = float(max(np.abs(rows).max(), np.abs(queries).max()))
    if not 0 < largest < np.inf:
        return None
    # A power of two takes no digit away; where the smallest numbers end it would.
    exponent = int(np.frexp(largest)[1])
    return 2.0 ** (-exponent - 1) if abs(exponent) < 900 else None


def _nearest(rows: NDArray[np.float64], queries: NDArray[np.float64], k: int) -> tuple[Indices, NDArray[np.bool_]]:
    """Return the ``k`` nearest rows of every query, nearest first, and which of them are certain."""
    n, width = rows.shape
    # Products of numbers far from zero lose the digits in which near rows differ.
    centre = rows.mean(axis=0)
    moved = rows - centre
    n_blocks = -(-n // BLOCK)
    # Half the difference of |query|^2 and the squared distance is query @ row - |row|^2 / 2: the nearest has the most.
    # Sums of so many products in 32 bits, of rounded numbers, are wrong by this share of the norms at most, and by
    # less than this much where products are too small for 32 bits.
    share, least = (width + 8) * 2.0**-23, 4 * (width + 2) * SMALLEST
    sides = np.zeros((width + 2, n_blocks * BLOCK), dtype=np.float32)
    sides[:width, :n] = moved.T
    squares = np.einsum("ij,ij->i", moved, moved)
    sides[width, :n] = -squares * (0.5 - share)
    sides[width, n:] = -np.finfo(np.float32).max
    sides[width + 1, :n] = share * np.sqrt(squares)
    found = np.empty((len(queries), k), dtype=np.intp)
    sure = np.empty(len(queries), dtype=bool)
    inside = np.arange(BLOCK) * n_blocks

    def search(start: int) -> None:
        here = queries[start : start + tile]
        query = here - centre
        squared = np.einsum("ij,ij->i", query, query)
        left = np.column_stack([query, np.ones(len(query)), np.sqrt(squared)]).astype(np.float32)
        scores = left @ sides
        best = scores.reshape(len(query), BLOCK, n_blocks).max(axis=1)
        blocks = _largest(best, k + SPARE + 1)
        bound = np.take_along_axis(best, blocks[:, :1], axis=1)[:, 0]
        near = (blocks[:, 1:, None] + inside).reshape(len(query), -1)
        its = np.take_along_axis(scores, near, axis=1)
        few = _largest(its, k + SPARE + 1)
        bound = np.maximum(bound, np.take_along_axis(its, few[:, :1], axis=1)[:, 0]).astype(np.float64)
        near = np.sort(np.take_along_axis(near, few[:, 1:], axis=1), axis=1)
        away = rows[np.minimum(near, n - 1)] - here[:, None, :]
        distances = np.einsum("ijk,ijk->ij", away, away)
        distances[near >= n] = np.inf
        order = np.argsort(distances, axis=1, kind="stable")[:, :k]
        last = np.take_along_axis(distances, order[:, -1:], axis=1)[:, 0]
        found[start : start + tile] = np.take_along_axis(near, order, axis=1)
        sure[start : start + tile] = (squared - last) / 2 > bound + least

    tile = int(np.clip(min(TILE_SCORES // n, TILE_DIFFERENCES // ((k + SPARE) * width)), 16, 256))
    # A tile is one thread's work: products of so few columns gain little from more.
    threads = min(MOST_THREADS, joblib.cpu_count())
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        list(pool.map(search, range(0, len(queries), tile)))
    return found, sure


def _largest(values: NDArray[np.float32], n: int) -> Indices:
    """Positions of the ``n`` largest values of every row, the smallest of them first."""
    width = values.shape[1]
    return np.argpartition(values, width - n, axis=1)[:, width - n :]
