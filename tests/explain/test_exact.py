"""Exact Shapley values."""

import tracemalloc
from itertools import permutations

import numpy as np
import pytest

from appliedml.errors import StageError
from appliedml.explain.exact import exact_shapley
from appliedml.explain.table import TableMasker

RNG = np.random.default_rng(0)


def score(x):
    return x[:, 0] * x[:, 1] * x[:, 2] + np.sin(x[:, 3]) - (x[:, 0] > 0) * x[:, 3]


def test_values_equal_the_mean_over_all_orders_written_out():
    rows, background = RNG.normal(size=(2, 4)), RNG.normal(size=(3, 4))
    expected = np.zeros((2, 4))
    for r in range(2):
        for order in permutations(range(4)):
            for b in background:
                now = b.copy()
                for player in order:
                    before = score(now[None])[0]
                    now[player] = rows[r, player]
                    expected[r, player] += (score(now[None])[0] - before) / (24 * 3)

    found = exact_shapley(TableMasker(rows, background), score)

    np.testing.assert_allclose(found.values[:, :, 0], expected, atol=1e-12)
    assert found.additivity_residual < 1e-12
    assert found.n_evaluations == 2 * 16 * 3


def test_the_batch_budget_does_not_change_values():
    masker = TableMasker(RNG.normal(size=(2, 5)), RNG.normal(size=(7, 5)))

    small = exact_shapley(masker, score, batch_rows=3)
    large = exact_shapley(masker, score)

    np.testing.assert_allclose(small.values, large.values, atol=1e-13)


def test_chosen_rows_come_out_in_their_order():
    masker = TableMasker(RNG.normal(size=(3, 4)), RNG.normal(size=(2, 4)))

    some = exact_shapley(masker, score, rows=np.array([2, 0])).values

    np.testing.assert_array_equal(some, exact_shapley(masker, score).values[[2, 0]])


def test_more_than_twelve_players_are_refused():
    with pytest.raises(StageError, match="at most 12 players"):
        exact_shapley(TableMasker(np.zeros((1, 13)), np.zeros((1, 13))), lambda x: x[:, 0])


def test_no_rows_to_explain_are_refused():
    with pytest.raises(StageError, match="exact_shapley: rows must name at least one row"):
        exact_shapley(TableMasker(np.zeros((1, 3)), np.zeros((1, 3))), lambda x: x[:, 0], rows=[])


def test_memory_does_not_hold_every_coalition_of_every_row():
    masker = TableMasker(RNG.normal(size=(120, 11)), np.zeros((1, 11)))

    tracemalloc.start()
    exact_shapley(masker, score, batch_rows=500)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 0.5 * 120 * 2**11 * 8


def test_time_ends_the_enumeration_between_calls_and_rows_that_were_reached_are_kept(clock):
    """Each row takes 2 calls of 1 s: after 5 s two rows are done."""
    rng = np.random.default_rng(0)
    masker = TableMasker(rng.normal(size=(6, 3)), rng.normal(size=(4, 3)))

    found = exact_shapley(masker, clock.slow(lambda x: x.prod(axis=1)), batch_rows=16, max_seconds=4.5)

    whole = exact_shapley(masker, lambda x: x.prod(axis=1))
    assert found.explained.tolist() == [True] * 2 + [False] * 4
    np.testing.assert_allclose(found.values[:2], whole.values[:2])
    assert np.isnan(found.standard_errors[2:]).all()
    assert (found.standard_errors[:2] == 0).all()
    assert found.notes == ("The time of 4.5 seconds was over after 2 of 6 rows. The others have no values (NaN).",)
    assert not found.reached_target
    with pytest.raises(StageError, match="exact_shapley: no row was explained within max_seconds=0.5; 16 inputs were"):
        exact_shapley(masker, clock.slow(lambda x: x.prod(axis=1)), batch_rows=16, max_seconds=0.5)
