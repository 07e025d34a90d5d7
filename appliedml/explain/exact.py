"""Exact Shapley values: every coalition, averaged over the whole background."""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import StageError
from appliedml.explain.masker import BATCH_ROWS, Clocked, Masker, Scorer, TimeOverError, evaluate, rows_to_explain
from appliedml.explain.values import ShapleyValues

MAX_EXACT_PLAYERS = 12


def exact_shapley(
    masker: Masker,
    scorer: Scorer,
    *,
    rows: NDArray[np.intp] | None = None,
    batch_rows: int = BATCH_ROWS,
    max_seconds: float | None = None,
) -> ShapleyValues:
    """Exact interventional Shapley values.

    Parameters
    ----------
    masker : Masker
        At most 12 players.
    scorer : callable
        One call scores many inputs, shape (n,) or (n, n_outputs).
    rows : array of int, optional
        Rows to explain; default all.
    batch_rows : int
        Most inputs a call: the bound on memory.
    max_seconds : float, optional
        No call of the scorer begins after this time. Rows that are not reached have NaN, and a note says so.

    Returns
    -------
    ShapleyValues
        With standard errors of 0.

    Raises
    ------
    StageError
        If there are more than 12 players, ``rows`` is empty or not made of row numbers, or the time was over before one
        row was explained.

    Notes
    -----
    Scores 2^players x background inputs a row.

    Source
    ------
    Shapley (1953); the value of a coalition is that of Lundberg & Lee (2017) with features outside it drawn from the
    background, whatever the features inside it are (interventional).

    Examples
    --------
    >>> from appliedml.explain.table import TableMasker
    >>> masker = TableMasker(np.array([[1.0, 2.0]]), np.array([[0.0, 0.0], [0.0, 1.0]]))
    >>> exact_shapley(masker, lambda x: x[:, 0] * 10 + x[:, 1]).values[0, :, 0].tolist()
    [10.0, 1.5]
    """
    n_players = len(masker.names)
    if n_players > MAX_EXACT_PLAYERS:
        raise StageError(
            f"exact_shapley: at most {MAX_EXACT_PLAYERS} players can be enumerated ({2**MAX_EXACT_PLAYERS:,} "
            f"coalitions). There are {n_players}. Use the sampled explainer, or fewer players."
        )
    chosen = rows_to_explain("exact_shapley", rows, masker.n_rows)
    coalitions = (np.arange(2**n_players)[:, None] >> np.arange(n_players)) & 1 == 1
    weights = _weights(coalitions)
    timed = Clocked(scorer, max_seconds)
    found, ends = [], []
    try:
        for row in chosen:
            worths = _worths(masker, timed, row, coalitions, batch_rows)
            found.append(np.einsum("ps,so->po", weights, worths))
            # A copy of the two that are needed: the worths of all coalitions of all rows would fill the memory.
            ends.append(worths[[0, -1]])
    except TimeOverError:
        if not found:
            raise timed.nothing("exact_shapley") from None
    values, game = _filled(np.stack(found), len(chosen)), _filled(np.stack(ends), len(chosen))
    return ShapleyValues(
        values=values,
        standard_errors=np.where(np.isnan(values), np.nan, 0.0),
        base_values=game[0, 0],
        scores=game[:, 1],
        names=masker.names,
        method="exact",
        n_permutations=np.zeros(len(chosen), dtype=np.int64),
        n_evaluations=timed.n_scored,
        reached_target=len(found) == len(chosen),
        notes=timed.note(len(found), len(chosen)),
    )


def _filled(found: NDArray[np.float64], n_rows: int) -> NDArray[np.float64]:
    """Return rows with NaN in the place of those that are missing."""
    missing = np.full((n_rows - len(found), *found.shape[1:]), np.nan)
    return np.concatenate([found, missing]) if len(missing) else found


def _weights(coalitions: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weight of every coalition's worth in every player's value, shape (n_players, n_coalitions)."""
    n_players = coalitions.shape[1]
    sizes = coalitions.sum(axis=1)
    with_player = np.array([1 / (n_players * comb(n_players - 1, max(size - 1, 0))) for size in sizes])
    without = np.array([1 / (n_players * comb(n_players - 1, min(size, n_players - 1))) for size in sizes])
    return np.where(coalitions, with_player[:, None], -without[:, None]).T


def _worths(
    masker: Masker, scorer: Scorer, row: np.intp, coalitions: NDArray[np.bool_], batch_rows: int
) -> NDArray[np.float64]:
    """Mean score of every coalition of one row over the background, shape (n_coalitions, n_outputs)."""
    n_background = masker.n_background
    a_call = max(1, batch_rows // n_background)
    parts = []
    for start in range(0, len(coalitions), a_call):
        block = coalitions[start : start + a_call]
        present = np.repeat(block, n_background, axis=0)[None]
        draws = np.tile(np.arange(n_background), len(block))
        scores = evaluate(masker, scorer, np.array([row]), present, draws, batch_rows)
        parts.append(scores.reshape(len(block), n_background, -1).mean(axis=1))
    return np.concatenate(parts)
