"""Nearest neighbours of many rows, exact and several times sooner than scikit-learn finds them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

FEWEST_ROWS = 4_096
# With fewer columns trees are as quick.
FEWEST_COLUMNS = 8
MOST_NEIGHBOURS = 64
# Beyond it squares do not fit into 32 bits.
LARGEST = 1e15
# Rows of which only the nearest is looked at first.
BLOCK = 16
SPARE = 3
TILE_VALUES = 8_000_000
Indices = NDArray[np.intp]


class Neighbours(NearestNeighbors):
    """scikit-learn's estimator with a quicker search among many rows, for samplers that ask for positions alone.

    Scores of all pairs are worked out in 32 bits, rounded up by as much as they may be wrong. The nearest rows lie in
    the blocks of rows whose best scores are highest; their distances are worked out in 64 bits. Where the last of them
    is nearer than any row that was left out can be, they are the nearest; the few others are left to scikit-learn. So
    the result is scikit-learn's own, except that of rows equally near the first in order comes first.
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
        if return_distance or X is None or wanted > MOST_NEIGHBOURS or not self._is_quicker() or sparse.issparse(X):
            return super().kneighbors(X, n_neighbors, return_distance)
        rows = np.asarray(self._fit_X, dtype=np.float64)
        # Products of numbers far from zero lose the digits in which near rows differ.
        centre = rows.mean(axis=0)
        rows, queries = rows - centre, np.asarray(X, dtype=np.float64) - centre
        found, sure = _nearest(rows, queries, wanted)
        if not sure.all():
            plain = NearestNeighbors(n_neighbors=wanted, algorithm="brute").fit(rows)
            found[~sure] = plain.kneighbors(queries[~sure], return_distance=False)
        return found

    def _is_quicker(self) -> bool:
        rows = self._fit_X
        return (
            self._fit_method in ("brute", "kd_tree")
            and self.effective_metric_ == "euclidean"
            and not sparse.issparse(rows)
            and len(rows) >= FEWEST_ROWS
            and rows.shape[1] >= FEWEST_COLUMNS
            and bool(np.ptp(rows, axis=0).max() < LARGEST)
        )


def _nearest(rows: NDArray[np.float64], queries: NDArray[np.float64], k: int) -> tuple[Indices, NDArray[np.bool_]]:
    """Return the ``k`` nearest rows of every query, nearest first, and which of them are certain; about zero all."""
    n, width = rows.shape
    n_blocks = -(-n // BLOCK)
    # Half the difference of |query|^2 and the squared distance is query @ row - |row|^2 / 2: the nearest has the most.
    # Sums of so many products in 32 bits, of rounded numbers, are wrong by this share of the norms at most.
    share = (width + 8) * 2.0**-23
    sides = np.zeros((width + 2, n_blocks * BLOCK), dtype=np.float32)
    sides[:width, :n] = rows.T
    squares = np.einsum("ij,ij->i", rows, rows)
    sides[width, :n] = -squares * (0.5 - share)
    sides[width, n:] = -np.finfo(np.float32).max
    sides[width + 1, :n] = share * np.sqrt(squares)
    found = np.empty((len(queries), k), dtype=np.intp)
    sure = np.empty(len(queries), dtype=bool)
    inside = np.arange(BLOCK) * n_blocks

    def search(start: int) -> None:
        query = queries[start : start + tile]
        squared = np.einsum("ij,ij->i", query, query)
        left = np.column_stack([query, np.ones(len(query)), np.sqrt(squared)]).astype(np.float32)
        scores = left @ sides
        best = scores.reshape(len(query), BLOCK, n_blocks).max(axis=1)
        blocks = _largest(best, k + SPARE + 1)
        bound = np.take_along_axis(best, blocks[:, :1], axis=1)[:, 0]
        near = (blocks[:, 1:, None] + inside).reshape(len(query), -1)
        its = np.take_along_axis(scores, near, axis=1)
        few = _largest(its, k + SPARE + 1)
        bound = np.maximum(bound, np.take_along_axis(its, few[:, :1], axis=1)[:, 0])
        near = np.sort(np.take_along_axis(near, few[:, 1:], axis=1), axis=1)
        away = rows[np.minimum(near, n - 1)] - query[:, None, :]
        distances = np.einsum("ijk,ijk->ij", away, away)
        distances[near >= n] = np.inf
        order = np.argsort(distances, axis=1, kind="stable")[:, :k]
        last = np.take_along_axis(distances, order[:, -1:], axis=1)[:, 0]
        found[start : start + tile] = np.take_along_axis(near, order, axis=1)
        sure[start : start + tile] = (squared - last) / 2 > bound

    tile = int(np.clip(TILE_VALUES // n, 16, 256))
    # A tile is one thread's work: products of so few columns gain little from more.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(_cores()) as pool:
        list(pool.map(search, range(0, len(queries), tile)))
    return found, sure


def _largest(values: NDArray[np.float32], n: int) -> Indices:
    """Positions of the ``n`` largest values of every row, the smallest of them first."""
    width = values.shape[1]
    return np.argpartition(values, width - n, axis=1)[:, width - n :]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
