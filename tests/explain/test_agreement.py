"""Agreement between explanations."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from appliedml.explain.agreement import randomisation_check, rank_correlations, ranking_agreement

RNG = np.random.default_rng(0)


def test_row_correlations_equal_scipys():
    a, b = RNG.normal(size=(5, 7)), RNG.normal(size=(5, 7))

    found = rank_correlations(a, b)

    assert found == pytest.approx([spearmanr(abs(x), abs(y)).statistic for x, y in zip(a, b, strict=True)])


def test_an_explanation_that_ignores_the_model_is_found_out():
    fitted = RNG.normal(size=(60, 8))

    same = randomisation_check(fitted, fitted * 0.5)
    other = randomisation_check(fitted, RNG.normal(size=(60, 8)))

    assert same[:3] == pytest.approx((1, 1, 1))
    assert other[1] < 0 < other[2]
    assert other[3] == 60


def test_rows_without_a_ranking_are_left_out_and_counted():
    fitted = np.vstack([RNG.normal(size=(3, 4)), np.zeros((2, 4))])

    assert randomisation_check(fitted, fitted)[3] == 3
    value, _, _, n = randomisation_check(np.zeros((2, 4)), np.zeros((2, 4)))
    assert np.isnan(value)
    assert n == 0


def test_every_pair_of_folds_is_compared():
    found = ranking_agreement([np.array([3.0, 2, 1]), np.array([3.0, 2, 1]), np.array([1.0, 2, 3])], [0, 1, 4])

    assert found[["fold_a", "fold_b"]].to_numpy().tolist() == [[0, 1], [0, 4], [1, 4]]
    assert found["kendall"].tolist() == [1, -1, -1]
    assert found["spearman"].tolist() == [1, -1, -1]


def test_one_fold_has_nothing_to_agree_with():
    found = ranking_agreement([np.ones(3)], [0])

    assert found.empty
    assert found["spearman"].dtype == float
