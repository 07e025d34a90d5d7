"""Sampled Shapley values: paired coalitions against one background row each, scored in large batches.

A draw places the players of the explained row at random on a small design of coalitions and scores each coalition and
its complement (antithetic pairs), which gives every player's contribution without error where players interact at most
in pairs; see :mod:`appliedml.explain.designs`. shap averages all background rows at every coalition; here every draw
meets **one** background row, and all rows are met equally often. So a sweep over 100 rows costs what one permutation
pair costs there, holds 100 draws instead of one, and is still free of error from the choice of background rows:

* contributions of a draw add up to score(row) - score(background row), so a sweep's mean adds up to score(row) - mean
  score(background) exactly, with nothing to distribute;
* what differs between background rows cancels, for each has the same weight. What is left is the spread between draws
  with the same background row. The first round therefore meets an eighth of the background rows twice: the spread
  within background rows gives a standard error that is free of what cancels.

Rounds of a quarter sweep follow, for those rows only whose error is still above the one asked for.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import StageError
from appliedml.explain.designs import DesignName, Draws, draw, n_coalitions
from appliedml.explain.exact import exact_shapley
from appliedml.explain.masker import BATCH_ROWS, Masker, Scorer, background_scores, evaluate, full_scores
from appliedml.explain.values import ShapleyValues

MIN_DRAWS = 32
FEWEST_DRAWS = 4
# "auto" enumerates where that costs about as much as sampling does.
AUTO_EXACT_PLAYERS = 8


@dataclass(frozen=True)
class Budget:
    """When sampling stops, and how much is scored at once.

    Parameters
    ----------
    target_error : float or None
        Sampling goes on for every row whose standard error (root mean square over its players) is above this.
        None: the whole budget is used.
    error : {"relative", "absolute"}
        Relative to the root mean square of the values of all rows after the first round, or on the scale of the scores.
    max_permutations : int, optional
        Most draws (random placements of the players) a row. Default: eight sweeps of the background (of 32 at least).
    max_seconds : float, optional
        No new round begins after this time; the first always ends. Results then depend on the machine.
    batch_rows : int
        Most inputs a call: the bound on memory.
    design : {"balanced", "permutations"}
        Coalitions of a draw: balanced blocks, or antithetic permutations, at equal cost and about twice the variance.
    min_permutations : int
        Fewest draws of the first round, 4 at least. Fewer make standard errors rough: of 8 draws, to a quarter.

    Raises
    ------
    StageError
        If a value is out of range.
    """

    target_error: float | None = 0.05
    error: Literal["relative", "absolute"] = "relative"
    max_permutations: int | None = None
    max_seconds: float | None = None
    batch_rows: int = BATCH_ROWS
    design: DesignName = "balanced"
    min_permutations: int = MIN_DRAWS

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        if self.error not in ("relative", "absolute"):
            raise StageError(f"Budget: error must be 'relative' or 'absolute'. It is {self.error!r}.")
        n_coalitions(self.design, 2)
        for name in ("target_error", "max_permutations", "max_seconds", "batch_rows"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise StageError(f"Budget: {name} must be above 0. It is {value!r}.")
        if self.min_permutations < FEWEST_DRAWS:
            raise StageError(
                f"Budget: min_permutations must be {FEWEST_DRAWS} or more, or errors cannot be estimated. It is "
                f"{self.min_permutations!r}."
            )


def shapley_values(
    masker: Masker, scorer: Scorer, *, method: str = "auto", budget: Budget | None = None, seed: int = 0
) -> ShapleyValues:
    """Interventional Shapley values, exact or sampled.

    Parameters
    ----------
    masker : Masker
        What is explained: :class:`appliedml.explain.table.TableMasker` for tables.
    scorer : callable
        One call scores many inputs, shape (n,) or (n, n_outputs).
    method : {"auto", "exact", "sampled"}
        "auto" enumerates all coalitions up to 8 players and samples above.
    budget : Budget, optional
    seed : int

    Returns
    -------
    ShapleyValues

    Raises
    ------
    StageError
        If the method is unknown or "exact" is asked for more than 12 players.

    Examples
    --------
    >>> from appliedml.explain.table import TableMasker
    >>> masker = TableMasker(np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]]))
    >>> shapley_values(masker, lambda x: x[:, 0] * x[:, 1]).values[0, :, 0].tolist()
    [1.0, 1.0]
    """
    limits = budget if budget is not None else Budget()
    if method not in ("auto", "exact", "sampled"):
        raise StageError(f"shapley_values: method must be 'auto', 'exact' or 'sampled'. It is {method!r}.")
    if method == "exact" or (method == "auto" and len(masker.names) <= AUTO_EXACT_PLAYERS):
        return exact_shapley(masker, scorer, batch_rows=limits.batch_rows)
    return sampled_shapley(masker, scorer, budget=limits, seed=seed)


def sampled_shapley(
    masker: Masker,
    scorer: Scorer,
    *,
    budget: Budget | None = None,
    seed: int = 0,
    rows: NDArray[np.intp] | None = None,
) -> ShapleyValues:
    """Interventional Shapley values from paired coalitions over an evenly used background.

    Parameters
    ----------
    masker : Masker
    scorer : callable
        One call scores many inputs, shape (n,) or (n, n_outputs).
    budget : Budget, optional
    seed : int
        Same seed, same values, whatever ``batch_rows`` is (up to the scorer's rounding).
    rows : array of int, optional
        Rows to explain; default all.

    Returns
    -------
    ShapleyValues
        Values add up exactly; standard errors are unbiased for the error of sampling.

    Raises
    ------
    StageError
        If the budget is smaller than the first round: 9/8 of the background rows, ``min_permutations`` at least.

    Source
    ------
    Strumbelj & Kononenko (2014), Explaining prediction models and individual predictions with feature contributions;
    Lundberg & Lee (2017), A unified approach to interpreting model predictions; antithetic pairs: Mitchell, Cooper,
    Frank & Holmes (2022), Sampling permutations for Shapley value estimation; sampling by coalition size: Castro,
    Gomez, Molina & Tejada (2017); least squares over complementary pairs: Covert & Lee (2021), Improving KernelSHAP.

    Examples
    --------
    >>> from appliedml.explain.table import TableMasker
    >>> masker = TableMasker(np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]]))
    >>> sampled_shapley(masker, lambda x: x[:, 0] * x[:, 1]).values[0, :, 0].tolist()
    [1.0, 1.0]
    """
    limits = budget if budget is not None else Budget()
    started = time.monotonic()
    chosen = np.arange(masker.n_rows) if rows is None else np.asarray(rows, dtype=np.intp)
    first, step, most = _round_sizes(limits, masker.n_background)
    base = background_scores(masker, scorer, limits.batch_rows)
    full = full_scores(masker, scorer, limits.batch_rows)[chosen]
    sampler = _Sampler(masker, scorer, chosen, base, full, limits, np.random.default_rng(seed))
    shape = (len(chosen), len(masker.names), base.shape[1])
    values, variances, draws = np.zeros(shape), np.zeros(shape), np.zeros(len(chosen), dtype=np.int64)
    active = np.arange(len(chosen))
    goal = np.zeros(shape[2])
    while len(active) and sampler.n_draws < most:
        if sampler.n_draws and limits.max_seconds is not None and time.monotonic() - started > limits.max_seconds:
            break
        sampler.draw(active, min(step if sampler.n_draws else first, most - sampler.n_draws))
        values[active], variances[active] = sampler.estimate(active)
        if not draws.any() and limits.target_error is not None:
            # Noise adds its variance to the mean square of the values.
            size = np.sqrt(np.maximum(np.mean(values**2 - variances, axis=(0, 1)), 0))
            goal = limits.target_error * (size if limits.error == "relative" else np.ones(shape[2]))
        draws[active] = sampler.n_draws
        if limits.target_error is not None:
            active = active[(np.sqrt(variances[active].mean(axis=1)) > goal).any(axis=1)]
    return ShapleyValues(
        values=values,
        standard_errors=np.sqrt(variances),
        base_values=base.mean(axis=0),
        scores=full,
        names=masker.names,
        method="sampled",
        n_permutations=draws,
        n_evaluations=len(base) + masker.n_rows + int(draws.sum()) * n_coalitions(limits.design, shape[1]),
        reached_target=limits.target_error is None or not len(active),
    )


def smallest_budget(n_background: int, min_permutations: int = MIN_DRAWS) -> int:
    """Return the draws of the first round, the least that sampling needs.

    Parameters
    ----------
    n_background : int
    min_permutations : int
        Of the budget.

    Returns
    -------
    int

    Examples
    --------
    >>> smallest_budget(100), smallest_budget(1)
    (113, 32)
    """
    # An eighth drawn twice costs an eighth and knows the standard error to about 20 % at 100 background rows.
    return max(n_background + -(-n_background // 8), min_permutations)


def _round_sizes(limits: Budget, n_background: int) -> tuple[int, int, int]:
    """Draws of the first round, of every later one, and in all."""
    first = smallest_budget(n_background, limits.min_permutations)
    most = 8 * max(n_background, MIN_DRAWS) if limits.max_permutations is None else limits.max_permutations
    if most < first:
        raise StageError(
            f"Shapley: {n_background} background rows need at least {first} permutations a row. "
            f"max_permutations is {most}. Raise it, or use fewer background rows."
        )
    return first, max(n_background // 4, limits.min_permutations // 2), most


class _Sampler:
    """Makes rounds of draws for some rows and keeps their sums by background row."""

    def __init__(
        self,
        masker: Masker,
        scorer: Scorer,
        rows: NDArray[np.intp],
        base: NDArray[np.float64],
        full: NDArray[np.float64],
        limits: Budget,
        rng: np.random.Generator,
    ) -> None:
        self.masker, self.scorer, self.rows = masker, scorer, rows
        self.base, self.full, self.limits, self.rng = base, full, limits, rng
        self.n_draws = 0
        shape = (len(rows), len(masker.names), base.shape[1])
        self.counts = np.zeros(len(base), dtype=np.int64)
        self.sums = np.zeros((shape[0], len(base), *shape[1:]))
        self.squares = np.zeros(shape)
        self._queue: list[int] = []

    def draw(self, active: NDArray[np.intp], n_draws: int) -> None:
        """Add a round of draws for the active rows."""
        n_players = len(self.masker.names)
        design = draw(self.limits.design, n_players, n_draws, self.rng)
        # Players of each row are renamed at random: rows share the design, yet their errors are uncorrelated.
        names = self.rng.permuted(np.tile(np.arange(n_players), (len(self.rows), 1)), axis=1)
        passes = self._next_background(n_draws)
        background = np.concatenate(passes)
        a_block = max(1, self.limits.batch_rows // max(n_draws * n_coalitions(self.limits.design, n_players), 1))
        for start in range(0, len(active), a_block):
            at = active[start : start + a_block]
            gains = self._contributions(at, design, names[at], background)
            self.squares[at] += (gains**2).sum(axis=1)
            begin = 0
            for one in passes:
                self.sums[at[:, None], one[None, :]] += gains[:, begin : begin + len(one)]
                begin += len(one)
        self.counts += np.bincount(background, minlength=len(self.base))
        self.n_draws += n_draws

    def estimate(self, active: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Values of the active rows and the variance of their sampling error."""
        weights = 1 / self.counts
        sums = self.sums[active]
        values = np.einsum("b,nbpo->npo", weights, sums) / len(weights)
        within = self.squares[active] - np.einsum("b,nbpo->npo", weights, sums**2)
        one = np.maximum(within, 0) / (self.n_draws - len(weights))
        return values, one * weights.sum() / len(weights) ** 2

    def _next_background(self, n_draws: int) -> list[NDArray[np.intp]]:
        """Background rows of a round, from one random order after another: no row is ever two draws ahead."""
        passes = []
        while n_draws:
            if not self._queue:
                self._queue = self.rng.permutation(len(self.base)).tolist()
            taken, self._queue = self._queue[:n_draws], self._queue[n_draws:]
            passes.append(np.array(taken, dtype=np.intp))
            n_draws -= len(taken)
        return passes

    def _contributions(
        self, at: NDArray[np.intp], design: Draws, names: NDArray[np.intp], background: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Contribution of each player in each draw, shape (n, n_draws, n_players, n_outputs)."""
        n_draws, n_pairs, n_players = design.members.shape
        whole = self.full[at][:, None] - self.base[background][None]
        gaps = np.zeros((len(at), n_draws, 0, whole.shape[2]))
        if n_pairs:
            shown = design.members[:, :, names].transpose(2, 0, 1, 3)
            present = np.concatenate([shown, ~shown], axis=2).reshape(len(at), -1, n_players)
            of_draw = np.repeat(background, 2 * n_pairs)
            scores = evaluate(self.masker, self.scorer, self.rows[at], present, of_draw, self.limits.batch_rows)
            scores = scores.reshape(len(at), n_draws, 2, n_pairs, -1)
            gaps = scores[:, :, 0] - scores[:, :, 1]
        return np.take_along_axis(design.contributions(gaps, whole), names[:, None, :, None], axis=2)
