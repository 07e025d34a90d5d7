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

Rounds of a quarter sweep follow, for those rows only whose error is not known to be as small as the one asked for; see
:mod:`appliedml.explain._rounds`.

Later rounds need the sums of a row by background row. Where those of all rows do not fit into memory, rows go through
their rounds block by block. With a target, what rows share is known only after the first round of all of them; a block
whose sums were given up by then has its first round scored again, with the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from appliedml.core.params import AnyOf, Choice, Integer, Null, Real, Rule, broken_rules
from appliedml.errors import ParameterError, StageError
from appliedml.explain._rounds import Rounds
from appliedml.explain._sampler import Game
from appliedml.explain.designs import DesignName
from appliedml.explain.exact import exact_shapley
from appliedml.explain.masker import (
    BATCH_ROWS,
    Clocked,
    Masker,
    Scorer,
    TimeOverError,
    background_scores,
    full_scores,
    rows_to_explain,
)
from appliedml.explain.values import ShapleyValues

MIN_DRAWS = 32
FEWEST_DRAWS = 4
# "auto" enumerates where that costs about as much as sampling does.
AUTO_EXACT_PLAYERS = 8
_NUMBER, _COUNT, _SEED = Real(0, open_low=True), Integer(1), Integer(0)


@dataclass(frozen=True)
class Budget:
    """When sampling stops, and how much is scored at once.

    Parameters
    ----------
    target_error : float or None
        Sampling goes on for every row whose standard error (root mean square over its players) is above this, or below
        it by less than a margin for how rough it is. None: the whole budget is used.
    error : {"relative", "absolute"}
        Relative to the root mean square of the values of all rows after the first round, or on the scale of the scores.
    max_permutations : int, optional
        Most draws (random placements of the players) a row. Default: eight sweeps of the background (of 32 at least).
    max_seconds : float, optional
        No call of the scorer begins after this time, the first round included. Rows that are not reached have NaN. A
        note says so, and also where time ended sampling before all draws or the target. Results then depend on the
        machine. A call that has begun ends: small ``batch_rows`` make calls short.
    batch_rows : int
        Most inputs a call: the bound on memory, also of what is kept between calls.
    design : {"balanced", "permutations"}
        Coalitions of a draw: balanced blocks, or antithetic permutations, at equal cost and about twice the variance.
    min_permutations : int
        Fewest draws of the first round, 4 at least. Fewer make standard errors rough: of 8 draws, to a quarter.

    Raises
    ------
    ParameterError
        If a value is of the wrong kind or out of range. All such values are named at once.

    Examples
    --------
    >>> Budget(target_error=0.02).batch_rows
    65536
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "target_error": AnyOf(Null(), _NUMBER),
        "error": Choice("relative", "absolute"),
        "max_permutations": AnyOf(Null(), _COUNT),
        "max_seconds": AnyOf(Null(), _NUMBER),
        "batch_rows": _COUNT,
        "design": Choice("balanced", "permutations"),
        "min_permutations": Integer(FEWEST_DRAWS),
    }

    target_error: float | None = 0.05
    error: Literal["relative", "absolute"] = "relative"
    max_permutations: int | None = None
    max_seconds: float | None = None
    batch_rows: int = BATCH_ROWS
    design: DesignName = "balanced"
    min_permutations: int = MIN_DRAWS

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        broken = broken_rules("Budget", self.parameter_rules, vars(self))
        if broken:
            raise ParameterError("\n".join(broken))


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
        At least 0.

    Returns
    -------
    ShapleyValues

    Raises
    ------
    ParameterError
        If the seed is no whole number of at least 0.
    StageError
        If the method is unknown, "exact" is asked for more than 12 players, or the time was over before one row was
        explained.

    Examples
    --------
    >>> from appliedml.explain.table import TableMasker
    >>> masker = TableMasker(np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]]))
    >>> shapley_values(masker, lambda x: x[:, 0] * x[:, 1]).values[0, :, 0].tolist()
    [1.0, 1.0]
    """
    _check_seed("shapley_values", seed)
    limits = budget if budget is not None else Budget()
    if method not in ("auto", "exact", "sampled"):
        raise StageError(f"shapley_values: method must be 'auto', 'exact' or 'sampled'. It is {method!r}.")
    if method == "exact" or (method == "auto" and len(masker.names) <= AUTO_EXACT_PLAYERS):
        return exact_shapley(masker, scorer, batch_rows=limits.batch_rows, max_seconds=limits.max_seconds)
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
        At least 0. Same seed, same values, whatever ``batch_rows`` is (up to the scorer's rounding).
    rows : array of int, optional
        Rows to explain; default all.

    Returns
    -------
    ShapleyValues
        Values add up exactly. Without a target, squared standard errors are unbiased for the squared error of sampling.
        With one, rows stop by their errors, and these are a little low; see the notes.

    Raises
    ------
    ParameterError
        If the seed is no whole number of at least 0.
    StageError
        If the budget is smaller than the first round (9/8 of the background rows, ``min_permutations`` at least), or
        ``rows`` is empty or not made of row numbers.

    Notes
    -----
    Memory between calls is bounded by ``batch_rows`` too (8 KiB for each, 256 MiB at the default): more rows than that
    are sampled block by block, with the same values. With ``max_seconds``, blocks then share what time is left.

    With a target, errors lean on those of all rows while few draws tell a row's own. On three games of 8 to 11 players
    against 40 to 100 background rows, 12 to 30 rows had true errors of 0.97 to 1.12 times those stated, and at most
    12 % of the rows said to be within the target were above 1.25 times it. A single row has no others to lean on: its
    true error was 1.0 to 1.7 times the one stated, and 22 % were above 1.25 times the target at most. Against one
    background row errors are a row's own, and were as large as stated. Ask for no target where errors must be unbiased.

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
    _check_seed("sampled_shapley", seed)
    limits = budget if budget is not None else Budget()
    chosen = rows_to_explain("sampled_shapley", rows, masker.n_rows)
    sizes = _round_sizes(limits, masker.n_background)
    timed = Clocked(scorer, limits.max_seconds)
    try:
        base = background_scores(masker, timed, limits.batch_rows)
        full = full_scores(masker, timed, limits.batch_rows)[chosen]
    except TimeOverError:
        raise timed.nothing("sampled_shapley") from None
    game = Game(masker, timed, chosen, base, full, limits.design, limits.batch_rows, seed)
    run = Rounds(game, limits.target_error, limits.error, sizes)
    run.sample(timed.ends)
    n_done = int((run.draws > 0).sum())
    if not n_done:
        raise timed.nothing("sampled_shapley")
    return ShapleyValues(
        values=run.values,
        standard_errors=np.sqrt(run.variances),
        base_values=base.mean(axis=0),
        scores=full,
        names=masker.names,
        method="sampled",
        n_permutations=run.draws,
        n_evaluations=timed.n_scored,
        reached_target=n_done == len(chosen) and not len(run.unfinished()),
        notes=timed.note(n_done, len(chosen)) + run.cut_short(limits.max_seconds),
    )


def _check_seed(who: str, seed: int) -> None:
    broken = broken_rules(who, {"seed": _SEED}, {"seed": seed})
    if broken:
        raise ParameterError("\n".join(broken))


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
