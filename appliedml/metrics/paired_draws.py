"""Values with bootstrap draws that share their resamples, so that differences are paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.metrics._resampling import resample_weights
from appliedml.metrics._weighted import Ranked, Ranking
from appliedml.metrics.intervals import percentile_interval

Floats = NDArray[np.float64]


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


class Resamples:
    """The same resamples for everything that is measured on the same rows.

    Parameters
    ----------
    n_rows : int
    n_resamples : int
    seed : int
    groups : array of shape (n_rows,), optional
        Rows of one group are drawn together.
    """

    def __init__(self, n_rows: int, n_resamples: int, seed: int, groups: Any = None) -> None:
        parts = list(resample_weights(n_rows, n_resamples, seed, groups))
        self.weights: Floats = np.concatenate([np.ones((1, n_rows)), *parts])

    def auroc(self, positive: NDArray[np.bool_], score: Floats, rows: NDArray[np.bool_], factor: Any = None) -> Draws:
        """Return the area under the ROC curve on some rows.

        Parameters
        ----------
        positive : array of bool, shape (n_rows,)
        score : array of shape (n_rows,)
        rows : array of bool, shape (n_rows,)
        factor : array of shape (n_draws, n_rows), optional
            Multiplied with the weights of the resamples.

        Returns
        -------
        Draws
        """
        weights = self.weights[:, rows] if factor is None else self.weights[:, rows] * factor[:, rows]
        if not positive[rows].any() or positive[rows].all():
            return Draws(float("nan"), np.full(len(weights) - 1, np.nan), int(rows.sum()))
        found = Ranked(Ranking(positive[rows], score[rows]), weights).roc_auc()
        return Draws(float(found[0]), found[1:], int(rows.sum()))

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
        shares = []
        for rows in (level & known, ~level & known):
            total = self.weights[:, rows].sum(axis=1)
            with np.errstate(invalid="ignore"):
                shares.append(self.weights[:, rows & marked].sum(axis=1) / total)
        found = shares[0] - shares[1]
        return Draws(float(found[0]), found[1:], int(known.sum()))

    def balancing(self, marked: NDArray[np.bool_], level: NDArray[np.bool_], known: NDArray[np.bool_]) -> Floats:
        """Return factors under which the level tells nothing about the label, shape (n_draws, n_rows).

        Parameters
        ----------
        marked : array of bool, shape (n_rows,)
            Rows of the class.
        level, known : array of bool, shape (n_rows,)

        Returns
        -------
        array
            Share expected if label and level were independent, divided by the share found, in each resample.

        Source
        ------
        Kamiran, Calders (2012), Data preprocessing techniques for classification without discrimination (reweighing).
        """
        factor = np.zeros_like(self.weights)
        total = self.weights[:, known].sum(axis=1)
        for has_label in (False, True):
            for has_level in (False, True):
                of_label, of_level = known & (marked == has_label), known & (level == has_level)
                cell = of_label & of_level
                found = self.weights[:, cell].sum(axis=1)
                expected = self.weights[:, of_label].sum(axis=1) * self.weights[:, of_level].sum(axis=1) / total
                with np.errstate(divide="ignore", invalid="ignore"):
                    share = np.where(found > 0, expected / found, np.nan)
                factor[:, cell] = share[:, None]
        return factor


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
