"""Sampled Shapley values: antithetic permutations, each against one background row, scored in large batches.

A permutation adds the players of the explained row to a background row one by one; the reverse permutation walks the
complements of the same coalitions. Together they give each player's contribution without error where players interact
at most in pairs. shap averages all background rows at every step; here every pair of permutations meets **one**
background row, and a sweep meets each of them equally often. So a sweep over 100 rows costs what one permutation pair
costs there, holds 100 permutations instead of one, and is still free of error from the choice of background rows:

* contributions of a pair add up to score(row) - score(background row), so a sweep's mean adds up to score(row) - mean
  score(background) exactly, with nothing to distribute;
* what differs between background rows cancels, for each has the same weight. What is left is the spread between
  permutations of the same background row. The first round therefore draws an eighth of the background rows twice: the
  spread within background rows gives a standard error that is free of what cancels.

Rounds of a quarter sweep follow, for those rows only whose error is still above the one asked for.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import StageError
from appliedml.explain.exact import exact_shapley
from appliedml.explain.masker import BATCH_ROWS, Masker, Scorer, background_scores, evaluate, full_scores
from appliedml.explain.values import ShapleyValues

MIN_PAIRS = 32
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
        Most pairs of permutations a row. Default: eight sweeps of the background (of 32 at least).
    max_seconds : float, optional
        No new round begins after this time; the first always ends. Results then depend on the machine.
    batch_rows : int
        Most inputs a call: the bound on memory.

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

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        if self.error not in ("relative", "absolute"):
            raise StageError(f"Budget: error must be 'relative' or 'absolute'. It is {self.error!r}.")
        for name in ("target_error", "max_permutations", "max_seconds", "batch_rows"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise StageError(f"Budget: {name} must be above 0. It is {value!r}.")


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
    """Interventional Shapley values from antithetic permutations over an evenly used background.

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
        If the budget is smaller than the first round: 9/8 of the background rows, 32 at least.

    Source
    ------
    Strumbelj & Kononenko (2014), Explaining prediction models and individual predictions with feature contributions;
    Lundberg & Lee (2017), A unified approach to interpreting model predictions; antithetic pairs: Mitchell, Cooper,
    Frank & Holmes (2022), Sampling permutations for Shapley value estimation.

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
    sampler = _Sampler(masker, scorer, chosen, base, full, limits.batch_rows, np.random.default_rng(seed))
    shape = (len(chosen), len(masker.names), base.shape[1])
    values, variances, pairs = np.zeros(shape), np.zeros(shape), np.zeros(len(chosen), dtype=np.int64)
    active = np.arange(len(chosen))
    goal = np.zeros(shape[2])
    while len(active) and sampler.n_pairs < most:
        if sampler.n_pairs and limits.max_seconds is not None and time.monotonic() - started > limits.max_seconds:
            break
        sampler.draw(active, min(step if sampler.n_pairs else first, most - sampler.n_pairs))
        values[active], variances[active] = sampler.estimate(active)
        if not pairs.any() and limits.target_error is not None:
            # Noise adds its variance to the mean square of the values.
            size = np.sqrt(np.maximum(np.mean(values**2 - variances, axis=(0, 1)), 0))
            goal = limits.target_error * (size if limits.error == "relative" else np.ones(shape[2]))
        pairs[active] = sampler.n_pairs
        if limits.target_error is not None:
            active = active[(np.sqrt(variances[active].mean(axis=1)) > goal).any(axis=1)]
    return ShapleyValues(
        values=values,
        standard_errors=np.sqrt(variances),
        base_values=base.mean(axis=0),
        scores=full,
        names=masker.names,
        method="sampled",
        n_permutations=pairs,
        n_evaluations=len(base) + masker.n_rows + int(pairs.sum()) * 2 * (shape[1] - 1),
        reached_target=limits.target_error is None or not len(active),
    )


def smallest_budget(n_background: int) -> int:
    """Return the pairs of permutations of the first round, the least that sampling needs.

    Parameters
    ----------
    n_background : int

    Returns
    -------
    int

    Examples
    --------
    >>> smallest_budget(100), smallest_budget(1)
    (113, 32)
    """
    # An eighth drawn twice costs an eighth and knows the standard error to about 20 % at 100 background rows.
    return max(n_background + -(-n_background // 8), MIN_PAIRS)


def _round_sizes(limits: Budget, n_background: int) -> tuple[int, int, int]:
    """Pairs of the first round, of every later one, and in all."""
    first = smallest_budget(n_background)
    most = 8 * max(n_background, MIN_PAIRS) if limits.max_permutations is None else limits.max_permutations
    if most < first:
        raise StageError(
            f"Shapley: {n_background} background rows need at least {first} pairs of permutations a row. "
            f"max_permutations is {most}. Raise it, or use fewer background rows."
        )
    return first, max(n_background // 4, MIN_PAIRS // 2), most


class _Sampler:
    """Draws rounds of permutations for some rows and keeps their sums by background row."""

    def __init__(
        self,
        masker: Masker,
        scorer: Scorer,
        rows: NDArray[np.intp],
        base: NDArray[np.float64],
        full: NDArray[np.float64],
        batch_rows: int,
        rng: np.random.Generator,
    ) -> None:
        self.masker, self.scorer, self.rows = masker, scorer, rows
        self.base, self.full, self.batch_rows, self.rng = base, full, batch_rows, rng
        self.n_pairs = 0
        shape = (len(rows), len(masker.names), base.shape[1])
        self.counts = np.zeros(len(base), dtype=np.int64)
        self.sums = np.zeros((shape[0], len(base), *shape[1:]))
        self.squares = np.zeros(shape)
        self._queue: list[int] = []

    def draw(self, active: NDArray[np.intp], n_pairs: int) -> None:
        """Add a round of permutation pairs for the active rows."""
        n_players = len(self.masker.names)
        kind = np.int16 if n_players < 2**15 else np.int64
        design = self.rng.permuted(np.tile(np.arange(n_players, dtype=kind), (n_pairs, 1)), axis=1)
        # Players of each row are renamed at random: rows share the design, yet their errors are uncorrelated.
        names = self.rng.permuted(np.tile(np.arange(n_players), (len(self.rows), 1)), axis=1)
        passes = self._next_background(n_pairs)
        draws = np.concatenate(passes)
        a_block = max(1, self.batch_rows // (n_pairs * max(2 * (n_players - 1), 1)))
        for start in range(0, len(active), a_block):
            at = active[start : start + a_block]
            gains = self._contributions(at, np.ascontiguousarray(design[:, names[at]].transpose(1, 0, 2)), draws)
            self.squares[at] += (gains**2).sum(axis=1)
            begin = 0
            for one in passes:
                self.sums[at[:, None], one[None, :]] += gains[:, begin : begin + len(one)]
                begin += len(one)
        self.counts += np.bincount(draws, minlength=len(self.base))
        self.n_pairs += n_pairs

    def estimate(self, active: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Values of the active rows and the variance of their sampling error."""
        weights = 1 / self.counts
        sums = self.sums[active]
        values = np.einsum("b,nbpo->npo", weights, sums) / len(weights)
        within = self.squares[active] - np.einsum("b,nbpo->npo", weights, sums**2)
        one = np.maximum(within, 0) / (self.n_pairs - len(weights))
        return values, one * weights.sum() / len(weights) ** 2

    def _next_background(self, n_pairs: int) -> list[NDArray[np.intp]]:
        """Background rows of a round, from one random order after another: no row is ever two draws ahead."""
        passes = []
        while n_pairs:
            if not self._queue:
                self._queue = self.rng.permutation(len(self.base)).tolist()
            taken, self._queue = self._queue[:n_pairs], self._queue[n_pairs:]
            passes.append(np.array(taken, dtype=np.intp))
            n_pairs -= len(taken)
        return passes

    def _contributions(
        self, at: NDArray[np.intp], places: NDArray[np.integer], draws: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Contribution of each player in each pair of permutations, shape (n, n_pairs, n_players, n_outputs).

        ``places[row, pair, player]`` is the player's place in the permutation.
        """
        n_rows, n_pairs, n_players = places.shape
        ends = (self.full[at][:, None] - self.base[draws][None])[:, :, None] / 2
        steps = -ends
        if n_players > 1:
            forward = places[:, :, None, :] < np.arange(1, n_players, dtype=places.dtype)[:, None]
            present = np.concatenate([forward, ~forward], axis=2).reshape(n_rows, -1, n_players)
            of_pair = np.repeat(draws, 2 * (n_players - 1))
            scores = evaluate(self.masker, self.scorer, self.rows[at], present, of_pair, self.batch_rows)
            scores = scores.reshape(n_rows, n_pairs, 2, n_players - 1, -1)
            steps = np.concatenate([steps, (scores[:, :, 0] - scores[:, :, 1]) / 2], axis=2)
        by_place = np.diff(np.concatenate([steps, ends], axis=2), axis=2)
        return np.take_along_axis(by_place, places[..., None].astype(np.intp), axis=2)
