"""Whether the model's score follows the explanation: deletion and insertion curves against a random order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.explain.masker import BATCH_ROWS, Masker, Scorer, background_scores, evaluate
from appliedml.explain.values import ShapleyValues

N_RESAMPLES = 1000


@dataclass(frozen=True)
class Walks:
    """How far the scores of some rows went while players were removed or added.

    Parameters
    ----------
    way : array of shape (2, 2, n_rows, n_players + 1)
        Order (explained, random), curve (deletion, insertion), row, players changed: the score minus the mean score of
        the background, counted towards the row's own score.
    length : array of shape (n_rows,)
        The whole way of each row.
    """

    way: NDArray[np.float64]
    length: NDArray[np.float64]

    @staticmethod
    def joined(parts: Sequence[Walks]) -> Walks:
        """Return the rows of several walks; walks over fewer players are stretched to the longest.

        Parameters
        ----------
        parts : sequence of Walks

        Returns
        -------
        Walks
        """
        steps = max(part.way.shape[3] for part in parts)
        grid = np.linspace(0, 1, steps)
        ways = [_stretched(part.way, grid) for part in parts]
        return Walks(np.concatenate(ways, axis=2), np.concatenate([part.length for part in parts]))


def _stretched(way: NDArray[np.float64], grid: NDArray[np.float64]) -> NDArray[np.float64]:
    if way.shape[3] == len(grid):
        return way
    own = np.linspace(0, 1, way.shape[3])
    return np.apply_along_axis(lambda path: np.interp(grid, own, path), 3, way)


@dataclass(frozen=True)
class Faithfulness:
    """Deletion and insertion curves with 95 % bootstrap intervals over rows.

    Parameters
    ----------
    curves : DataFrame
        curve ("deletion" or "insertion"), order ("explained" or "random"), share (of the players changed), value, low,
        high. Value is the share of the way from the background to the rows' own scores that is left (deletion) or
        reached (insertion): 1 at the full rows, 0 at the background.
    advantages : DataFrame
        curve, value, low, high, n: the area between the random and the explained order, above 0 where the explanation
        finds what the model uses.
    """

    curves: pd.DataFrame
    advantages: pd.DataFrame


def deletion_insertion(
    masker: Masker,
    scorer: Scorer,
    explained: ShapleyValues,
    *,
    rows: NDArray[np.intp] | None = None,
    output: int | NDArray[np.intp] = 0,
    n_random: int = 5,
    seed: int = 0,
    batch_rows: int = BATCH_ROWS,
) -> Walks:
    """Remove, or add, players in the order of the explanation and in random orders.

    Parameters
    ----------
    masker : Masker
    scorer : callable
        As explained.
    explained : ShapleyValues
        Of the rows ``rows``, in that order.
    rows : array of int, optional
        Positions in the masker; default all.
    output : int or array of int, shape (n_rows,)
        Which output of the scorer, for all rows or for each.
    n_random : int
        Random orders a row.
    seed : int
    batch_rows : int
        Most inputs a call.

    Returns
    -------
    Walks
        For :func:`faithfulness`.

    Notes
    -----
    Players that push the score in the direction in which the row lies (above or below the background) come first. A
    removed player takes the values of every background row in turn, and the scores are averaged.

    Source
    ------
    Petsiuk, Das & Saenko (2018), RISE, for deletion and insertion; Samek et al. (2017), Evaluating the visualization of
    what a deep neural network has learned, for the random order as reference.
    """
    chosen = np.arange(masker.n_rows) if rows is None else np.asarray(rows, dtype=np.intp)
    which = np.broadcast_to(np.asarray(output, dtype=np.intp), chosen.shape)
    each = np.arange(len(chosen))
    rng = np.random.default_rng(seed)
    n_players = len(masker.names)
    base = background_scores(masker, scorer, batch_rows).mean(axis=0)[which]
    score = explained.scores[each, which]
    direction = np.where(score >= base, 1.0, -1.0)
    ranked = np.argsort(-explained.values[each, :, which] * direction[:, None], axis=1, kind="stable")
    random = rng.permuted(np.tile(np.arange(n_players), (n_random, len(chosen), 1)), axis=2)
    paths = [_walk(masker, scorer, chosen, orders, which, batch_rows) for orders in (ranked, *random)]
    both = np.stack([paths[0], np.mean(paths[1:], axis=0)])
    return Walks(direction[:, None] * (both - base[:, None]), np.abs(score - base))


def _walk(
    masker: Masker,
    scorer: Scorer,
    rows: NDArray[np.intp],
    orders: NDArray[np.intp],
    which: NDArray[np.intp],
    batch_rows: int,
) -> NDArray[np.float64]:
    """Mean scores after k removed and after k added players, shape (2, n_rows, n_players + 1)."""
    n_players, n_background = orders.shape[1], masker.n_background
    rank = np.argsort(orders, axis=1)
    added = rank[:, None, :] < np.arange(n_players + 1)[:, None]
    draws = np.tile(np.arange(n_background), n_players + 1)
    a_block = max(1, batch_rows // len(draws))
    found = np.empty((2, len(rows), n_players + 1))
    for curve, present in enumerate((~added, added)):
        for start in range(0, len(rows), a_block):
            at = slice(start, start + a_block)
            shown = np.repeat(present[at], n_background, axis=1)
            scores = evaluate(masker, scorer, rows[at], shown, draws, batch_rows)
            means = scores.reshape(len(scores), n_players + 1, n_background, -1).mean(axis=2)
            found[curve, at] = np.take_along_axis(means, which[at][:, None, None], axis=2)[:, :, 0]
    return found


def faithfulness(walks: Walks, seed: int = 0) -> Faithfulness:
    """Average walks over rows, with intervals.

    Parameters
    ----------
    walks : Walks
    seed : int
        Of the bootstrap over rows.

    Returns
    -------
    Faithfulness
    """
    n_rows, n_steps = walks.way.shape[2:]
    rng = np.random.default_rng(seed)
    weights = np.vstack([np.ones(n_rows), rng.multinomial(n_rows, np.full(n_rows, 1 / n_rows), size=N_RESAMPLES)])
    total = np.maximum(weights @ walks.length, np.finfo(float).tiny)
    flat = walks.way.transpose(2, 0, 1, 3).reshape(n_rows, -1)
    means = (weights @ flat / total[:, None]).reshape(-1, 2, 2, n_steps)
    share = np.linspace(0, 1, n_steps)
    parts = []
    for c, curve in enumerate(("deletion", "insertion")):
        for o, order in enumerate(("explained", "random")):
            low, high = np.quantile(means[1:, o, c], [0.025, 0.975], axis=0)
            line = {"curve": curve, "order": order, "share": share, "value": means[0, o, c], "low": low, "high": high}
            parts.append(pd.DataFrame(line))
    areas = np.trapezoid(means, dx=1 / (n_steps - 1), axis=3)
    gains = {"deletion": areas[:, 1, 0] - areas[:, 0, 0], "insertion": areas[:, 0, 1] - areas[:, 1, 1]}
    found = [(name, gain[0], *np.quantile(gain[1:], [0.025, 0.975]), n_rows) for name, gain in gains.items()]
    return Faithfulness(
        pd.concat(parts, ignore_index=True), pd.DataFrame(found, columns=["curve", "value", "low", "high", "n"])
    )
