"""Deletion and insertion curves."""

import numpy as np
import pytest

from appliedml.explain.exact import exact_shapley
from appliedml.explain.faithfulness import Walks, deletion_insertion, faithfulness
from appliedml.explain.table import TableMasker

RNG = np.random.default_rng(0)
WEIGHTS = np.array([4.0, -2.0, 1.0, 0.5, 0.1, 0.0])
MASKER = TableMasker(RNG.normal(size=(40, 6)), RNG.normal(size=(10, 6)))


def linear(x):
    return x @ WEIGHTS


def value(curves, curve, order, step):
    found = curves[(curves["curve"] == curve) & (curves["order"] == order)]
    return found["value"].iloc[step]


def test_curves_run_from_the_row_to_the_background_and_back():
    curves = faithfulness(deletion_insertion(MASKER, linear, exact_shapley(MASKER, linear))).curves

    for order in ("explained", "random"):
        assert value(curves, "deletion", order, 0) == pytest.approx(1)
        assert value(curves, "deletion", order, 6) == pytest.approx(0, abs=1e-12)
        assert value(curves, "insertion", order, 0) == pytest.approx(0, abs=1e-12)
        assert value(curves, "insertion", order, 6) == pytest.approx(1)


def test_a_true_explanation_beats_a_random_order_and_a_wrong_one_does_not():
    true = exact_shapley(MASKER, linear)
    wrong = type(true)(**{**vars(true), "values": -true.values})

    good = faithfulness(deletion_insertion(MASKER, linear, true)).advantages.set_index("curve")
    bad = faithfulness(deletion_insertion(MASKER, linear, wrong)).advantages.set_index("curve")

    assert (good["low"] > 0.1).all()
    assert (bad["high"] < 0).all()


def test_a_linear_score_loses_exactly_the_values_of_the_removed_players():
    explained = exact_shapley(MASKER, linear)
    way = explained.scores[:, 0] - explained.base_values[0]
    most = np.sort(explained.values[:, :, 0] * np.sign(way)[:, None], axis=1)[:, -1]

    curves = faithfulness(deletion_insertion(MASKER, linear, explained)).curves

    assert value(curves, "insertion", "explained", 1) == pytest.approx(most.sum() / abs(way).sum())


def test_chosen_rows_and_small_batches_give_the_same_curves():
    rows = np.array([5, 2, 9])
    explained = exact_shapley(MASKER, linear, rows=rows)

    small = deletion_insertion(MASKER, linear, explained, rows=rows, batch_rows=20)
    large = deletion_insertion(MASKER, linear, explained, rows=rows)

    np.testing.assert_allclose(small.way, large.way, atol=1e-12)
    assert faithfulness(large).advantages["n"].tolist() == [3, 3]


def test_every_row_can_have_its_own_output():
    def two(x):
        return np.column_stack([linear(x), -x[:, 5]])

    explained = exact_shapley(MASKER, two, rows=np.array([0, 1]))

    mixed = deletion_insertion(MASKER, two, explained, rows=np.array([0, 1]), output=np.array([1, 0]))

    first = deletion_insertion(MASKER, two, explained, rows=np.array([0, 1]), output=1)
    second = deletion_insertion(MASKER, two, explained, rows=np.array([0, 1]), output=0)
    np.testing.assert_array_equal(mixed.way[:, :, 0], first.way[:, :, 0])
    np.testing.assert_array_equal(mixed.way[:, :, 1], second.way[:, :, 1])


def test_walks_over_different_numbers_of_players_are_joined_by_share():
    short = Walks(np.tile(np.array([1.0, 0.0]), (2, 2, 1, 1)), np.ones(1))
    long = Walks(np.tile(np.array([1.0, 0.5, 0.0]), (2, 2, 3, 1)), np.ones(3))

    joined = Walks.joined([short, long])

    assert joined.way.shape == (2, 2, 4, 3)
    assert joined.way[0, 0, 0].tolist() == [1, 0.5, 0]


def test_a_constant_score_gives_no_advantage():
    def flat(x):
        return np.full(len(x), 0.5)

    found = faithfulness(deletion_insertion(MASKER, flat, exact_shapley(MASKER, flat)))

    assert found.advantages["value"].tolist() == [0, 0]
