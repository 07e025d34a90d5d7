"""Batched scoring of coalitions."""

import numpy as np
import pytest

from appliedml.errors import StageError
from appliedml.explain.masker import background_scores, class_scorer, evaluate, full_scores, rows_to_explain
from appliedml.explain.table import TableMasker

RNG = np.random.default_rng(0)
MASKER = TableMasker(RNG.normal(size=(5, 3)), RNG.normal(size=(4, 3)))


def test_no_call_is_larger_than_the_batch_budget_and_the_scores_do_not_depend_on_it():
    sizes = []

    def scorer(x):
        sizes.append(len(x))
        return x.sum(axis=1)

    present = RNG.random((5, 20, 3)) < 0.5
    draws = RNG.integers(0, 4, 20)

    small = evaluate(MASKER, scorer, np.arange(5), present, draws, batch_rows=7)
    assert max(sizes) == 7
    large = evaluate(MASKER, scorer, np.arange(5), present, draws, batch_rows=1000)

    assert small.shape == (5, 20, 1)
    np.testing.assert_array_equal(small, large)


def test_full_and_background_scores_are_those_of_the_tables_themselves():
    rows, background = np.arange(6.0).reshape(2, 3), -np.ones((4, 3))
    masker = TableMasker(rows, background)

    np.testing.assert_array_equal(full_scores(masker, lambda x: x)[:, 1], rows[:, 1])
    np.testing.assert_array_equal(background_scores(masker, lambda x: x), background)


@pytest.mark.parametrize(
    ("scorer", "message"),
    [(lambda x: np.ones(2), "one row per input"), (lambda x: x[:, 0] * np.nan, "not finite")],
)
def test_a_scorer_that_breaks_its_promise_is_named(scorer, message):
    with pytest.raises(StageError, match=message):
        full_scores(MASKER, scorer)


def test_log_odds_are_finite_where_probabilities_are_0_or_1():
    def certain(x):
        return np.array([[1.0, 0.0], [0.25, 0.75]])

    found = class_scorer(certain, (1,), "log_odds")(None)

    assert found.shape == (2, 1)
    assert found[0, 0] == pytest.approx(np.log(1e-6 / (1 - 1e-6)))
    assert found[1, 0] == pytest.approx(np.log(3))


def test_an_unknown_scale_is_refused():
    with pytest.raises(StageError, match="log_odds"):
        class_scorer(lambda x: x, (0,), "logit")


def test_rows_to_explain_are_all_or_those_named_in_their_order():
    assert rows_to_explain("x", None, 3).tolist() == [0, 1, 2]
    assert rows_to_explain("x", [2, 0, 2], 3).tolist() == [2, 0, 2]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "at least one row to explain. It is empty. Leave rows out to explain all 3."),
        ([3], "whole numbers from 0 to 2, the rows of the masker. It is [3]."),
        ([-1], "It is [-1]."),
        ([0.5], "It is [0.5]."),
        ([[0], [1]], "It is [[0], [1]]."),
        ([True, False, True], "np.flatnonzero"),
        (["a"], "It is ['a']."),
        (list(range(50)), "It is 50 values, [0, 1, 2] first."),
    ],
)
def test_rows_that_do_not_exist_are_refused(rows, said):
    with pytest.raises(StageError) as caught:
        rows_to_explain("exact_shapley", rows, 3)

    assert str(caught.value).startswith("exact_shapley: rows must")
    assert said in str(caught.value)
