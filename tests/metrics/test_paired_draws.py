import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from appliedml.metrics.paired_draws import Resamples, mean_of

RNG = np.random.default_rng(0)
N = 400
LEVEL = RNG.random(N) < 0.4
MARKED = RNG.random(N) < np.where(LEVEL, 0.7, 0.3)
SCORE = RNG.normal(size=N) + LEVEL + MARKED
ALL = np.ones(N, dtype=bool)


def test_areas_agree_with_scikit_learn_and_intervals_hold_them():
    draws = Resamples(N, 200, 1).auroc(LEVEL, SCORE, ALL)
    assert draws.value == pytest.approx(roc_auc_score(LEVEL, SCORE))
    low, high = draws.interval(0.95)
    assert low < draws.value < high


def test_shares_are_compared_and_balancing_makes_label_and_level_independent():
    resamples = Resamples(N, 100, 1)
    share = resamples.difference_of_shares(MARKED, LEVEL, ALL)
    assert share.value == pytest.approx(MARKED[LEVEL].mean() - MARKED[~LEVEL].mean())
    factor = resamples.balancing(MARKED, LEVEL, ALL)[0]
    balanced = [np.average(MARKED[rows], weights=factor[rows]) for rows in (LEVEL, ~LEVEL)]
    assert balanced[0] == pytest.approx(balanced[1])
    assert balanced[0] == pytest.approx(MARKED.mean())


def test_one_level_only_has_no_area():
    resamples = Resamples(N, 100, 1)
    nothing = resamples.auroc(np.zeros(N, dtype=bool), SCORE, ALL)
    assert np.isnan(nothing.value)
    assert mean_of([nothing, resamples.auroc(LEVEL, SCORE, ALL)]).n == N
