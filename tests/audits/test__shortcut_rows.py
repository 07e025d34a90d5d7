import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from appliedml.audits._shortcut_rows import Resamples, attributes_of, mean_of, probe_scores

RNG = np.random.default_rng(0)
N = 400
LEVEL = RNG.random(N) < 0.4
MARKED = RNG.random(N) < np.where(LEVEL, 0.7, 0.3)
SCORE = RNG.normal(size=N) + LEVEL + MARKED
ALL = np.ones(N, dtype=bool)


def test_small_levels_and_the_unknown_are_not_compared():
    levels = pd.DataFrame({"view": ["AP"] * 3 + ["PA"] * 4 + ["unknown"] * 9, "site": list("aabbccdddddddddd")})
    found, left_out = attributes_of(levels, ["view", "site"], 2)
    assert [(one.feature, one.level, one.others) for one in found] == [
        ("view", "AP", "PA"),
        *(("site", level, "the others") for level in "abcd"),
    ]
    assert left_out == []
    assert attributes_of(levels, ["view"], 4)[1] == [
        "view = AP: 3 rows, fewer than 4",
        "view: fewer than two levels with 4 rows",
    ]


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


def test_a_probe_finds_what_is_there_and_nothing_else():
    values = RNG.normal(size=(N, 80))
    values[:, 3] += 2 * LEVEL
    found = probe_scores(values[:300], LEVEL[:300], values[300:], 0)
    assert roc_auc_score(LEVEL[300:], found) > 0.85
    other = probe_scores(np.delete(values, 3, axis=1)[:300], LEVEL[:300], np.delete(values, 3, axis=1)[300:], 0)
    assert 0.3 < roc_auc_score(LEVEL[300:], other) < 0.7
    assert probe_scores(np.zeros((300, 2)), LEVEL[:300], np.zeros((5, 2)), 0).tolist() == [0.0] * 5
