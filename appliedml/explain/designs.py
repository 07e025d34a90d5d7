"""Which coalitions a draw scores, and how its scores become contributions.

A draw places the players at random on a design: a few coalitions, each scored together with its complement. Half the
difference of the two is free of everything that depends on an even number of players, so games without interactions
above two are linear in it, and every design here solves linear games exactly.

* ``permutations``: the coalitions of one permutation, walked from both ends.
* ``balanced``: a random size s, and d coalitions of s players (the cyclic shifts of one block, where these can tell all
  players apart), solved by least squares with the total held exact. The solution is exact for linear games, and the
  placement makes it symmetric in the players; a linear rule with these two properties is, on average over placements,
  x(i) = ((d - 1) (v(s, i) - v(s, not i)) + 2 T) / d, where v(s, i) and v(s, not i) are the mean half differences of all
  coalitions of size s with and without player i, and T that of all players. The mean of x(i) over s = 1 .. d - 1 is the
  Shapley value. So random sizes make it unbiased.

Of two designs of equal cost the balanced one has half the variance or less: a permutation reads each player off two
coalitions and their complements, a block off all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import StageError

DesignName = Literal["balanced", "permutations"]
# Blocks tried for the flattest spectrum, that is for the least noise in the solution.
N_BLOCKS = 200
_MOST_NOISE = 3.0


@dataclass(frozen=True)
class Draws:
    """Coalitions of some draws and what turns their scores into contributions.

    Parameters
    ----------
    members : array of bool, shape (n_draws, n_coalitions, n_players)
        The coalitions; each is scored together with its complement.
    weights : array of shape (n_draws, n_players, n_coalitions)
        Of score(coalition) - score(complement).
    ends : array of shape (n_draws, n_players)
        Of score(all players) - score(none).
    """

    members: NDArray[np.bool_]
    weights: NDArray[np.float64]
    ends: NDArray[np.float64]

    def contributions(self, gaps: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return each player's contribution in every draw.

        Parameters
        ----------
        gaps : array of shape (n_rows, n_draws, n_coalitions, n_outputs)
            score(coalition) - score(complement).
        whole : array of shape (n_rows, n_draws, n_outputs)
            score(all players) - score(none).

        Returns
        -------
        array of shape (n_rows, n_draws, n_players, n_outputs)
            Contributions of a draw add up to ``whole``.
        """
        found: NDArray[np.float64] = np.matmul(self.weights[None], gaps)
        return found + self.ends[None, :, :, None] * whole[:, :, None, :]


def n_coalitions(design: DesignName, n_players: int) -> int:
    """Return how many coalitions a draw scores, with their complements.

    Parameters
    ----------
    design : {"balanced", "permutations"}
    n_players : int

    Returns
    -------
    int

    Raises
    ------
    StageError
        If the design is unknown.

    Examples
    --------
    >>> n_coalitions("permutations", 12), n_coalitions("balanced", 12)
    (22, 24)
    """
    if design not in ("balanced", "permutations"):
        raise StageError(f"Shapley: design must be 'balanced' or 'permutations'. It is {design!r}.")
    if n_players == 1:
        return 0
    return 2 * (n_players if design == "balanced" else n_players - 1)


def draw(design: DesignName, n_players: int, n_draws: int, rng: np.random.Generator) -> Draws:
    """Place the players at random on designs.

    Parameters
    ----------
    design : {"balanced", "permutations"}
    n_players : int
    n_draws : int
    rng : Generator

    Returns
    -------
    Draws
    """
    places = rng.permuted(np.tile(np.arange(n_players), (n_draws, 1)), axis=1)
    if n_players == 1:
        return Draws(np.zeros((n_draws, 0, 1), dtype=bool), np.zeros((n_draws, 1, 0)), np.ones((n_draws, 1)))
    if design == "permutations":
        designs, which = [_chain(n_players)], np.zeros(n_draws, dtype=np.intp)
    else:
        # A coalition of size s comes with its complement of size d - s: the two sizes are one design.
        sizes = rng.integers(1, n_players, n_draws)
        kinds, which = np.unique(np.minimum(sizes, n_players - sizes), return_inverse=True)
        designs = [_block(n_players, int(size)) for size in kinds]
    members, weights, ends = (np.stack(part)[which] for part in zip(*designs, strict=True))
    return Draws(
        np.take_along_axis(members, places[:, None, :], axis=2),
        np.take_along_axis(weights, places[:, :, None], axis=1),
        np.take_along_axis(ends, places, axis=1),
    )


@lru_cache(maxsize=8)
def _chain(n_players: int) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """Prefixes of a permutation: a player's contribution is the difference of two neighbours."""
    members = np.arange(n_players) < np.arange(1, n_players)[:, None]
    weights = np.zeros((n_players, n_players - 1))
    weights[np.arange(n_players - 1), np.arange(n_players - 1)] = 0.5
    weights[np.arange(1, n_players), np.arange(n_players - 1)] = -0.5
    ends = np.zeros(n_players)
    ends[[0, -1]] = 0.5
    return members, weights, ends


@lru_cache(maxsize=512)
def _block(n_players: int, size: int) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """All cyclic shifts of a block of ``size`` players, solved by least squares with the exact total."""
    # Fixed, so that the same plan gives the same values everywhere.
    rng = np.random.default_rng([n_players, size])
    blocks = rng.permuted(np.tile(np.arange(n_players) < size, (N_BLOCKS, 1)), axis=1)
    power = np.abs(np.fft.fft(blocks, axis=1))[:, 1:] ** 2
    noise = (1 / np.maximum(power, 1e-9)).sum(axis=1)
    best = blocks[int(np.argmin(noise.round(9)))]
    members = np.stack([np.roll(best, shift) for shift in range(n_players)])
    solved, found = _solution(members)
    # The shifts of some sizes cannot tell all players apart (two of four, say): then any coalitions of that size.
    if found > _MOST_NOISE * _least_noise(n_players, size):
        for _ in range(N_BLOCKS):
            other = rng.permuted(np.tile(np.arange(n_players) < size, (n_players, 1)), axis=1)
            solution, its = _solution(other)
            if its < found * (1 - 1e-9):
                members, solved, found = other, solution, its
    ends = (1 - solved @ np.where(members, 1.0, -1.0).sum(axis=1)) / n_players
    return members, solved, ends


def _least_noise(n_players: int, size: int) -> float:
    """Noise of a perfectly balanced block (a difference set): no block of this size has less."""
    return float((n_players - 1) ** 2 / (4 * size * (n_players - size)))


def _solution(members: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Least squares solution for contributions that sum to zero, and its noise (infinite if it is not unique)."""
    n_players = members.shape[1]
    # Contributions are total / d + a part that sums to zero; least squares in that part alone keeps the total exact.
    centre = np.eye(n_players) - 1 / n_players
    solved = np.linalg.pinv(np.where(members, 1.0, -1.0) @ centre, rcond=1e-6)
    exact = np.allclose(solved @ np.where(members, 1.0, -1.0) @ centre, centre, atol=1e-6)
    return solved, float((solved**2).sum()) if exact else float("inf")
