"""Rounds of draws: which rows go on, and what their errors are said to be.

Draws vary much more against some background rows than against others, and the first round meets few of them twice. So
its variances are rough, and rows that stopped by them alone would be those whose error is underestimated. With a
target, the variances that are returned are therefore moved towards those of all rows in the first round, and a row
stops with a margin only; both count for less as replicates (draws beyond one for each background row) come in. With one
background row nothing of this is rough, and nothing is corrected. Without a target no row is chosen by its variance.
"""

from __future__ import annotations

import time
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from appliedml.explain._sampler import HELD_BLOCKS, Game, Sampler

# Replicates that the variance common to all rows is worth, and the margin at one replicate, as a share of a variance.
# Chosen on three games: weaker ones stop early, stronger ones cost draws.
PRIOR_REPLICATES, MARGIN = 20.0, 1.0


class Rounds:
    """Takes all rows through their rounds, block by block where they are many.

    Parameters
    ----------
    game : Game
    target : float or None
        Error asked for; None: all draws are made.
    error : {"relative", "absolute"}
        What the target is relative to.
    sizes : tuple of int
        Draws of the first round, of every later one, and in all.
    """

    def __init__(
        self, game: Game, target: float | None, error: Literal["relative", "absolute"], sizes: tuple[int, int, int]
    ) -> None:
        self.game, self.target, self.error = game, target, error
        self.first, self.step, self.most = sizes
        # NaN where a row is not reached before the time is over.
        self.values, self.variances = np.full(game.shape, np.nan), np.full(game.shape, np.nan)
        self.draws = np.zeros(len(game.rows), dtype=np.int64)
        # Until it is known, every row goes on.
        self.goal = np.full(game.shape[2], -np.inf)
        # Mean over players of each row's own variance, and the variance common to all rows, for a scale of 1.
        self.own = np.full((len(game.rows), game.shape[2]), np.nan)
        self.common: NDArray[np.float64] | None = None
        self.uneven = 1 - 1 / len(game.base)

    def sample(self, ends: float | None) -> None:
        """Sample all rows, or those that are reached before ``ends``."""
        at_once = self.target is None and ends is None
        blocks = self.game.blocks()
        held: list[Sampler | None] = []
        for number, block in enumerate(blocks):
            sampler = Sampler(self.game, block)
            complete = self._round(sampler, np.arange(len(block)), self.first)
            if not complete or number == len(blocks) - 1:
                self._look(sampler)
            if not complete:
                return
            if at_once:
                self._go_on(sampler, None)
            else:
                # Two places are for the block that is being sampled and the one before it.
                held.append(sampler if number < HELD_BLOCKS - 2 else None)
        if at_once:
            return
        waiting = [len(self._open(block)) for block in blocks]
        for number, block in enumerate(blocks):
            now, left = time.monotonic(), sum(waiting[number:])
            until = None if ends is None else now + (ends - now) * waiting[number] / max(left, 1)
            kept, held[number] = held[number], None
            if not waiting[number] or self.first == self.most or (until is not None and until < now):
                continue
            again = self._again(block) if kept is None else kept
            if again is not None:
                self._go_on(again, until)

    def unfinished(self) -> NDArray[np.intp]:
        """Rows of which a standard error is above the target, or without one, that did not get all draws."""
        reached = np.flatnonzero(self.draws)
        if self.target is None:
            return reached[self.draws[reached] < self.most]
        return reached[self._above(self.variances[reached].mean(axis=1))]

    def cut_short(self, max_seconds: float | None) -> tuple[str, ...]:
        """Return what a reader must know where time ended the sampling of rows that have values."""
        late = self.unfinished()
        late = late[self.draws[late] < self.most]
        # Only time ends rows that have neither.
        if max_seconds is None or not len(late):
            return ()
        least, most = self.draws[late].min(), self.draws[late].max()
        made = f"{least}" if least == most else f"{least} to {most}"
        rows = f"{len(late)} of {len(self.draws)} rows"
        time_over = f"The time of {max_seconds:g} seconds was over before"
        if self.target is None:
            return (f"{time_over} {rows} had all draws: they have {made} of {self.most}.",)
        return (f"{time_over} {rows} were known to have the error asked for, after {made} of {self.most} draws.",)

    def _look(self, sampler: Sampler) -> None:
        """Set the goal, and what rows share, by the first round of the rows that were reached."""
        reached = np.flatnonzero(self.draws)
        if self.target is None or not len(reached):
            return
        if self.error == "absolute":
            self.goal = np.full(self.game.shape[2], self.target)
        elif len(reached) == len(self.draws):
            # Noise adds its variance to the mean square of the values.
            size = np.sqrt(np.maximum(np.mean(self.values**2 - self.variances, axis=(0, 1)), 0))
            self.goal = self.target * size
        self.common = self.variances[reached].mean(axis=0) / sampler.scale
        self.variances[reached] = self._stated(self.variances[reached], sampler)

    def _stated(self, own: NDArray[np.float64], sampler: Sampler) -> NDArray[np.float64]:
        """Variances as they are returned: with a target, moved towards the common one."""
        if self.common is None:
            return own
        replicates, prior = sampler.n_draws - len(self.game.base), PRIOR_REPLICATES * self.uneven
        return (replicates * own + prior * self.common * sampler.scale) / (replicates + prior)

    def _open(self, places: NDArray[np.intp]) -> NDArray[np.intp]:
        """Those rows that go on: their error is above the one asked for, or below by too little to rely on."""
        replicates = self.draws[places] - len(self.game.base)
        # Few rows have little to lean on: a single one needs three times the margin of many.
        margin = 1 + MARGIN * self.uneven * (1 + 2 / len(self.draws)) / np.sqrt(replicates)
        # A row of which the own variance alone is too large goes on too: the common one is no excuse.
        needed = np.maximum(self.variances[places].mean(axis=1) * margin[:, None], self.own[places])
        return places[self._above(needed)]

    def _above(self, variances: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray((np.sqrt(variances) > self.goal).any(axis=1))

    def _again(self, block: NDArray[np.intp]) -> Sampler | None:
        """Make the first round of a block again, for those of its rows that go on; None if the time was over."""
        sampler = Sampler(self.game, self._open(block))
        done = sampler.draw(np.arange(len(sampler.places)), self.first)
        return sampler if len(done) == len(sampler.places) else None

    def _go_on(self, sampler: Sampler, until: float | None) -> None:
        while sampler.n_draws < self.most and (until is None or time.monotonic() <= until):
            active = np.searchsorted(sampler.places, self._open(sampler.places))
            if not len(active) or not self._round(sampler, active, min(self.step, self.most - sampler.n_draws)):
                return

    def _round(self, sampler: Sampler, active: NDArray[np.intp], n_draws: int) -> bool:
        """Add a round; return whether all rows got it before the time was over."""
        done = sampler.draw(active, n_draws)
        at = sampler.places[done]
        if len(at):
            self.values[at], own = sampler.estimate(done)
            self.own[at], self.variances[at] = own.mean(axis=1), self._stated(own, sampler)
            self.draws[at] = sampler.n_draws
        return len(done) == len(active)
