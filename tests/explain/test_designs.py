"""Designs of coalitions: exact where they should be, unbiased elsewhere."""

import numpy as np
import pytest

from appliedml.errors import StageError
from appliedml.explain.designs import _block, draw, n_coalitions
from appliedml.explain.exact import exact_shapley
from appliedml.explain.table import TableMasker


def contributions(design, n_players, n_draws, game, seed=0):
    """Contributions in each draw, for a game given as a function of coalitions (bool, shape (..., n_players))."""
    draws = draw(design, n_players, n_draws, np.random.default_rng(seed))
    gaps = game(draws.members) - game(~draws.members)
    whole = game(np.ones((n_draws, n_players), dtype=bool)) - game(np.zeros((n_draws, n_players), dtype=bool))
    return draws.contributions(gaps[None, ..., None], whole[None, :, None])[0, :, :, 0]


def true_values(n_players, game):
    masker = TableMasker(np.ones((1, n_players)), np.zeros((1, n_players)))
    return exact_shapley(masker, lambda z: game(z > 0.5)).values[0, :, 0]


@pytest.mark.parametrize("design", ["balanced", "permutations"])
@pytest.mark.parametrize("n_players", range(1, 14))
def test_every_single_draw_is_exact_for_games_of_pairs_and_adds_up(design, n_players):
    rng = np.random.default_rng(n_players)
    single, pair = rng.normal(size=n_players), np.triu(rng.normal(size=(n_players, n_players)), 1)

    def game(z):
        return z @ single + ((z @ pair) * z).sum(axis=-1)

    found = contributions(design, n_players, 40, game)

    expected = single + (pair.sum(axis=0) + pair.sum(axis=1)) / 2
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), atol=1e-9)


@pytest.mark.parametrize("design", ["balanced", "permutations"])
@pytest.mark.parametrize("n_players", [3, 4, 5, 6, 7, 9])
def test_draws_are_unbiased_for_games_of_every_order(design, n_players):
    table = np.random.default_rng(n_players).normal(size=2**n_players)

    def game(z):
        return table[(z * 2 ** np.arange(n_players)).sum(axis=-1)]

    found = contributions(design, n_players, 40_000, game, seed=1)

    error = found.std(axis=0) / np.sqrt(len(found)) + 1e-12
    assert (abs(found.mean(axis=0) - true_values(n_players, game)) / error).max() < 4.5


@pytest.mark.parametrize("order", [3, 5, 8])
def test_balanced_draws_have_less_than_two_thirds_of_the_variance_of_permutations(order):
    def game(z):
        return z[..., :order].all(axis=-1).astype(float)

    spread = {
        design: contributions(design, 12, 3000, game).var(axis=0).sum() for design in ("balanced", "permutations")
    }

    assert spread["balanced"] < 0.67 * spread["permutations"]


def test_every_size_of_block_can_tell_all_players_apart_without_much_noise():
    for n_players in (*range(2, 25), 49):
        for size in range(1, n_players // 2 + 1):
            members, solved, _ = _block(n_players, size)
            assert (members.sum(axis=1) == size).all()
            ideal = (n_players - 1) ** 2 / (4 * size * (n_players - size))
            assert (solved**2).sum() < 6 * ideal, (n_players, size)


def test_the_cost_of_a_draw_is_what_it_says():
    for design in ("balanced", "permutations"):
        members = draw(design, 7, 3, np.random.default_rng(0)).members
        assert 2 * members.shape[1] == n_coalitions(design, 7)
    assert n_coalitions("balanced", 1) == 0


def test_an_unknown_design_is_refused():
    with pytest.raises(StageError, match="'balanced' or 'permutations'"):
        n_coalitions("sobol", 3)
