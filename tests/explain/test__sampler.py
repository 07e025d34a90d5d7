"""Blocks of rows and their rounds of draws."""

import numpy as np
import pytest

from appliedml.explain import _sampler
from appliedml.explain._sampler import Game, Sampler
from appliedml.explain.masker import background_scores, full_scores
from appliedml.explain.table import TableMasker

N_ROWS, N_BACKGROUND = 11, 6


def score(x):
    return np.column_stack([np.sin(x[:, 0]) * x[:, 1] * x[:, 2], x.prod(axis=1)])


def game(batch_rows=500):
    rng = np.random.default_rng(0)
    masker = TableMasker(rng.normal(size=(N_ROWS, 5)), rng.normal(size=(N_BACKGROUND, 5)))
    base, full = background_scores(masker, score), full_scores(masker, score)
    return Game(masker, score, np.arange(N_ROWS), base, full, "balanced", batch_rows, 3)


def sampled(its_game, places):
    sampler = Sampler(its_game, np.array(places))
    every = np.arange(len(places))
    sampler.draw(every, 9)
    sampler.draw(every, 4)
    return np.stack(sampler.estimate(every))


@pytest.mark.parametrize("places", [[0], [4, 5, 10], [2, 3, 4, 5, 6, 7]])
def test_a_row_gets_the_same_values_in_any_block(places, monkeypatch):
    whole = sampled(game(), range(N_ROWS))

    monkeypatch.setattr(_sampler, "_NAMES_AT_ONCE", 20)
    monkeypatch.setattr(_sampler, "ESTIMATE_VALUES", 1)

    np.testing.assert_array_equal(sampled(game(batch_rows=37), places), whole[:, places])


def test_rows_that_stop_early_do_not_change_those_that_go_on():
    sampler = Sampler(game(), np.arange(N_ROWS))
    sampler.draw(np.arange(N_ROWS), 9)
    sampler.draw(np.array([1, 7]), 4)

    np.testing.assert_array_equal(sampler.estimate(np.array([1, 7])), sampled(game(), [1, 7]))


def test_all_rows_are_one_block_where_their_sums_fit_and_blocks_fit_where_not(monkeypatch):
    assert [len(block) for block in game().blocks()] == [N_ROWS]

    # Sums of a row are 6 x 5 x 2 values, so ten rows fit, and eight blocks of one row are held at once.
    monkeypatch.setattr(_sampler, "VALUES_PER_INPUT", 1)
    monkeypatch.setattr(_sampler, "FEWEST_INPUTS", 1)
    blocks = game(batch_rows=600).blocks()

    assert [len(block) for block in blocks] == [1] * N_ROWS
    np.testing.assert_array_equal(np.concatenate(blocks), np.arange(N_ROWS))
    assert [len(block) for block in game(batch_rows=660).blocks()] == [N_ROWS]
