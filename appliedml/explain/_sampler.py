"""Rounds of draws for a block of the explained rows, and their sums by background row.

All that is random in a round (designs, background rows, the order of every row's players) comes from one stream that
the seed alone decides. A sampler of a block reads the whole stream and keeps its share, so a row gets the same values
in whatever block it is, and a round can be made again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliedml.explain.designs import DesignName, Draws, draw, n_coalitions
from appliedml.explain.masker import Masker, Scorer, TimeOverError, evaluate

# Sums are held by row, background row, player and output: at most 8 KiB for every input of a call, which is 256 MiB at
# the default. Inputs of which only a few fit into a call (large pictures) have few players: 8 MiB are always held.
VALUES_PER_INPUT = 1_024
FEWEST_INPUTS = 1_024
# Rows whose sums do not fit are cut into blocks, as many of which are held at once.
HELD_BLOCKS = 8
# Values, of sums, that one estimate copies.
ESTIMATE_VALUES = 2**18
_NAMES_AT_ONCE = 2**20


@dataclass(frozen=True, eq=False)
class Game:
    """What all samplers of one explanation share.

    Parameters
    ----------
    masker : Masker
    scorer : callable
    rows : array of int, shape (n,)
        Explained rows.
    base : array of shape (n_background, n_outputs)
        Scores of the background rows.
    full : array of shape (n, n_outputs)
        Scores of the explained rows.
    design : {"balanced", "permutations"}
    batch_rows : int
        Most inputs a call.
    seed : int
    """

    masker: Masker
    scorer: Scorer
    rows: NDArray[np.intp]
    base: NDArray[np.float64]
    full: NDArray[np.float64]
    design: DesignName
    batch_rows: int
    seed: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n_rows, n_players, n_outputs)."""
        return (len(self.rows), len(self.masker.names), self.base.shape[1])

    def blocks(self) -> list[NDArray[np.intp]]:
        """Positions in ``rows``, in blocks of which ``HELD_BLOCKS`` fit into memory; all in one if they fit."""
        n, n_players, n_outputs = self.shape
        room = max(self.batch_rows, FEWEST_INPUTS) * VALUES_PER_INPUT // (len(self.base) * n_players * n_outputs)
        height = n if n <= room else max(1, room // HELD_BLOCKS)
        return [np.arange(start, min(start + height, n)) for start in range(0, n, height)]


class Sampler:
    """Makes rounds of draws for some rows and keeps their sums by background row.

    Parameters
    ----------
    game : Game
    places : array of int, ascending
        Positions in ``game.rows``.
    """

    def __init__(self, game: Game, places: NDArray[np.intp]) -> None:
        self.game, self.places = game, places
        self.n_draws = 0
        shape = (len(places), *game.shape[1:])
        self._rng = np.random.default_rng(game.seed)
        self._counts = np.zeros(len(game.base), dtype=np.int64)
        self._sums = np.zeros((shape[0], len(game.base), *shape[1:]))
        self._squares = np.zeros(shape)
        self._queue: list[int] = []

    def draw(self, active: NDArray[np.intp], n_draws: int) -> NDArray[np.intp]:
        """Add a round of draws.

        Parameters
        ----------
        active : array of int
            Positions in ``places`` of the rows that take part.
        n_draws : int

        Returns
        -------
        array of int
            Those that got their draws: all, or where the time was over in between, the first. Only they can be
            estimated then, and no round can follow.
        """
        game, n_players = self.game, self.game.shape[1]
        design = draw(game.design, n_players, n_draws, self._rng)
        names = self._names(n_players)
        passes = self._next_background(n_draws)
        background = np.concatenate(passes)
        a_block = max(1, game.batch_rows // max(n_draws * n_coalitions(game.design, n_players), 1))
        n_done = 0
        for start in range(0, len(active), a_block):
            at = active[start : start + a_block]
            try:
                gains = self._contributions(self.places[at], design, names[at], background)
            except TimeOverError:
                break
            n_done += len(at)
            self._squares[at] += (gains**2).sum(axis=1)
            begin = 0
            for one in passes:
                self._sums[at[:, None], one[None, :]] += gains[:, begin : begin + len(one)]
                begin += len(one)
        self._counts += np.bincount(background, minlength=len(game.base))
        self.n_draws += n_draws
        return active[:n_done]

    @property
    def scale(self) -> float:
        """What variances of values are in proportion to: the sum of 1 / draws over the background rows."""
        return float((1 / self._counts).sum())

    def estimate(self, active: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Values of some rows and the variance of their sampling error.

        Parameters
        ----------
        active : array of int
            Positions in ``places``.

        Returns
        -------
        values, variances : array of shape (n_active, n_players, n_outputs)
        """
        weights = 1 / self._counts
        values, within = (np.empty((len(active), *self._squares.shape[1:])) for _ in range(2))
        a_time = max(1, ESTIMATE_VALUES // self._sums[0].size)
        for start in range(0, len(active), a_time):
            some = slice(start, start + a_time)
            sums = self._sums[active[some]]
            values[some] = np.einsum("b,nbpo->npo", weights, sums) / len(weights)
            within[some] = self._squares[active[some]] - np.einsum("b,nbpo->npo", weights, sums**2)
        one = np.maximum(within, 0) / (self.n_draws - len(weights))
        return values, one * self.scale / len(weights) ** 2

    def _names(self, n_players: int) -> NDArray[np.intp]:
        """Players of each row, renamed at random: rows share the design, yet their errors are uncorrelated."""
        own = np.empty((len(self.places), n_players), dtype=np.intp)
        n, a_time = len(self.game.rows), max(1, _NAMES_AT_ONCE // n_players)
        for start in range(0, n, a_time):
            height = min(a_time, n - start)
            names = self._rng.permuted(np.tile(np.arange(n_players), (height, 1)), axis=1)
            here = slice(*np.searchsorted(self.places, (start, start + height)))
            own[here] = names[self.places[here] - start]
        return own

    def _next_background(self, n_draws: int) -> list[NDArray[np.intp]]:
        """Background rows of a round, from one random order after another: no row is ever two draws ahead."""
        passes = []
        while n_draws:
            if not self._queue:
                self._queue = self._rng.permutation(len(self.game.base)).tolist()
            taken, self._queue = self._queue[:n_draws], self._queue[n_draws:]
            passes.append(np.array(taken, dtype=np.intp))
            n_draws -= len(taken)
        return passes

    def _contributions(
        self, places: NDArray[np.intp], design: Draws, names: NDArray[np.intp], background: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Contribution of each player in each draw, shape (n, n_draws, n_players, n_outputs)."""
        game = self.game
        n_draws, n_pairs, n_players = design.members.shape
        whole = game.full[places][:, None] - game.base[background][None]
        gaps = np.zeros((len(places), n_draws, 0, whole.shape[2]))
        if n_pairs:
            shown = design.members[:, :, names].transpose(2, 0, 1, 3)
            present = np.concatenate([shown, ~shown], axis=2).reshape(len(places), -1, n_players)
            of_draw = np.repeat(background, 2 * n_pairs)
            scores = evaluate(game.masker, game.scorer, game.rows[places], present, of_draw, game.batch_rows)
            scores = scores.reshape(len(places), n_draws, 2, n_pairs, -1)
            gaps = scores[:, :, 0] - scores[:, :, 1]
        return np.take_along_axis(design.contributions(gaps, whole), names[:, None, :, None], axis=2)
