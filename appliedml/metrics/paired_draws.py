"""Values with bootstrap draws that share their resamples, so that differences are paired.

A resample is one weight a row. A thousand resamples of a million rows would fill 8 GB, so weights are never all held as
numbers of 8 bytes: where they are few enough they are kept as one byte each, else they are drawn again, the same for
the same seed, for every value that is measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.metrics._resampling import resample_weights
from appliedml.metrics._weighted import Ranked, Ranking
from appliedml.metrics.intervals import percentile_interval

Floats = NDArray[np.float64]
# Weights of all resamples that are kept, at a byte each. 20,000 rows a thousand times take 20 MB.
KEPT_WEIGHTS = 2**27


@dataclass(frozen=True)
class Draws:
    """A value and its bootstrap draws.

    Parameters
    ----------
    value : float
    draws : array of shape (n_resamples,)
    n : int
    """

    value: float
    draws: Floats
    n: int

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the percentile interval."""
        return percentile_interval(self.draws, self.value, confidence)


@dataclass(frozen=True, eq=False)
class Factors:
    """Factors on the weights of the resamples: one for every cell of rows in each of them.

    Parameters
    ----------
    cell : array of int, shape (n_rows,)
    of_cell : array of shape (1 + n_resamples, n_cells)
        The rows as they are first.
    """

    cell: NDArray[np.intp]
    of_cell: Floats


class Resamples:
    """The same resamples for everything that is measured on the same rows.

    Parameters
    ----------
    n_rows : int
    n_resamples : int
    seed : int
    groups : array of shape (n_rows,), optional
        Rows of one group are drawn together.

    Raises
    ------
    DataError
        If there is no row, or the rows are of one group only.
    """

    def __init__(self, n_rows: int, n_resamples: int, seed: int, groups: Any = None) -> None:
        self._n_rows, self._n_draws = n_rows, 1 + n_resamples
        self._draw = partial(resample_weights, n_rows, n_resamples, seed, groups)
        few = n_rows * n_resamples <= KEPT_WEIGHTS
        # A unit that is drawn more than 255 times has a chance of less than 1 / 256!: a byte holds every weight.
        parts = [part.astype(np.uint8) for part in islice(self._draw(), None if few else 1)]
        self._kept = parts if few else None

    def _blocks(self) -> Iterator[tuple[slice, Floats]]:
        """Weights in blocks of resamples, and which draws they are; the rows as they are come first."""
        yield slice(0, 1), np.ones((1, self._n_rows))
        begin = 1
        for part in self._draw() if self._kept is None else self._kept:
            yield slice(begin, begin + len(part)), part.astype(np.float64, copy=False)
            begin += len(part)

    def auroc(
        self, positive: NDArray[np.bool_], score: Floats, rows: NDArray[np.bool_], factor: Factors | None = None
    ) -> Draws:
        """Return the area under the ROC curve on some rows.

        Parameters
        ----------
        positive : array of bool, shape (n_rows,)
        score : array of shape (n_rows,)
        rows : array of bool, shape (n_rows,)
        factor : Factors, optional
            Multiplied with the weights of the resamples.

        Returns
        -------
        Draws
        """
        n = int(rows.sum())
        if not positive[rows].any() or positive[rows].all():
            return Draws(float("nan"), np.full(self._n_draws - 1, np.nan), n)
        ranking, found = Ranking(positive[rows], score[rows]), np.empty(self._n_draws)
        cell = None if factor is None else factor.cell[rows]
        for draws, part in self._blocks():
            weights = part[:, rows]
            if factor is not None:
                weights *= factor.of_cell[draws][:, cell]
            found[draws] = Ranked(ranking, weights).roc_auc()
        return Draws(float(found[0]), found[1:], n)

    def share(self, marked: NDArray[np.bool_]) -> Draws:
        """Return the share of marked rows.

        Parameters
        ----------
        marked : array of bool, shape (n_rows,)

        Returns
        -------
        Draws
        """
        of_marked, of_all = self._totals(marked, np.ones(self._n_rows, dtype=bool))
        found = of_marked / of_all
        return Draws(float(found[0]), found[1:], self._n_rows)

    def difference_of_shares(
        self, marked: NDArray[np.bool_], level: NDArray[np.bool_], known: NDArray[np.bool_]
    ) -> Draws:
        """Return the share of marked rows in a level minus that in the others.

        Parameters
        ----------
        marked, level, known : array of bool, shape (n_rows,)

        Returns
        -------
        Draws
        """
        inside, outside = level & known, ~level & known
        of_inside, marked_inside, of_outside, marked_outside = self._totals(
            inside, inside & marked, outside, outside & marked
        )
        with np.errstate(invalid="ignore"):
            found = marked_inside / of_inside - marked_outside / of_outside
        return Draws(float(found[0]), found[1:], int(known.sum()))

    def balancing(self, marked: NDArray[np.bool_], level: NDArray[np.bool_], known: NDArray[np.bool_]) -> Factors:
        """Return factors under which the level tells nothing about the label; 0 where the level is not known.

        Parameters
        ----------
        marked : array of bool, shape (n_rows,)
            Rows of the class.
        level, known : array of bool, shape (n_rows,)

        Returns
        -------
        Factors
            Share expected if label and level were independent, divided by the share found, in each resample.

        Source
        ------
        Kamiran, Calders (2012), Data preprocessing techniques for classification without discrimination (reweighing).
        """
        cell = np.where(known, 1 + 2 * marked + level, 0)
        found = self._totals(*(cell == code for code in range(1, 5)))
        of_label, of_level = (found[0] + found[1], found[2] + found[3]), (found[0] + found[2], found[1] + found[3])
        of_cell = np.zeros((self._n_draws, 5))
        with np.errstate(divide="ignore", invalid="ignore"):
            for code in range(4):
                expected = of_label[code // 2] * of_level[code % 2] / found.sum(axis=0)
                of_cell[:, 1 + code] = np.where(found[code] > 0, expected / found[code], np.nan)
        return Factors(cell, of_cell)

    def _totals(self, *rows: NDArray[np.bool_]) -> Floats:
        """Weight of some sets of rows in every draw, shape (n_sets, n_draws); sums of whole numbers are exact."""
        chosen = np.stack(rows, axis=1).astype(np.float64)
        return np.concatenate([part @ chosen for _, part in self._blocks()]).T


def mean_of(draws: Sequence[Draws]) -> Draws:
    """Return the mean of several values, weighted by their rows, draw by draw.

    Parameters
    ----------
    draws : sequence of Draws

    Returns
    -------
    Draws
    """
    kept = [one for one in draws if np.isfinite(one.value)]
    n = sum(one.n for one in kept)
    if not kept:
        return Draws(float("nan"), np.full(len(draws[0].draws) if draws else 0, np.nan), 0)
    value = sum(one.value * one.n for one in kept) / n
    drawn = np.sum([one.draws * one.n for one in kept], axis=0) / n
    return Draws(float(value), drawn, n)
