import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from appliedml.errors import DataError
from appliedml.metrics import paired_draws
from appliedml.metrics._resampling import resample_weights
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
    found = resamples.balancing(MARKED, LEVEL, ALL)
    factor = found.of_cell[0][found.cell]
    balanced = [np.average(MARKED[rows], weights=factor[rows]) for rows in (LEVEL, ~LEVEL)]
    assert balanced[0] == pytest.approx(balanced[1])
    assert balanced[0] == pytest.approx(MARKED.mean())


def test_one_level_only_has_no_area():
    resamples = Resamples(N, 100, 1)
    nothing = resamples.auroc(np.zeros(N, dtype=bool), SCORE, ALL)
    assert np.isnan(nothing.value)
    assert mean_of([nothing, resamples.auroc(LEVEL, SCORE, ALL)]).n == N


def measured(resamples, known=ALL):
    balanced = resamples.auroc(MARKED, SCORE, known, resamples.balancing(MARKED, LEVEL, known))
    shares = [resamples.difference_of_shares(MARKED, LEVEL, known), resamples.share(MARKED)]
    return [resamples.auroc(LEVEL, SCORE, known), *shares, balanced]


@pytest.mark.parametrize("groups", [None, np.arange(N) // 3])
def test_weights_that_are_drawn_again_give_the_same_values_as_those_kept(groups, monkeypatch):
    known = RNG.random(N) < 0.9
    kept = measured(Resamples(N, 600, 1, groups), known)

    monkeypatch.setattr(paired_draws, "KEPT_WEIGHTS", 0)
    again = measured(Resamples(N, 600, 1, groups), known)

    for one, other in zip(kept, again, strict=True):
        assert one.value == other.value
        np.testing.assert_array_equal(one.draws, other.draws)
        assert len(one.draws) == 600
        assert one.draws.std() > 0


def test_draws_are_those_of_the_weights_written_out():
    resamples = Resamples(N, 40, 5, np.arange(N) // 3)
    weights = np.concatenate(list(resample_weights(N, 40, 5, np.arange(N) // 3)))

    area, share, marked_share, balanced = measured(resamples)

    for draw in (0, 17, 39):
        w = weights[draw]
        assert area.draws[draw] == pytest.approx(roc_auc_score(LEVEL, SCORE, sample_weight=w))
        inside, outside = (np.average(MARKED[rows], weights=w[rows]) for rows in (LEVEL, ~LEVEL))
        assert share.draws[draw] == pytest.approx(inside - outside)
        assert marked_share.draws[draw] == pytest.approx(np.average(MARKED, weights=w))
        factor = np.zeros(N)
        for marked in (False, True):
            for level in (False, True):
                rows = (marked == MARKED) & (level == LEVEL)
                factor[rows] = w[marked == MARKED].sum() * w[level == LEVEL].sum() / w.sum() / w[rows].sum()
        assert balanced.draws[draw] == pytest.approx(roc_auc_score(MARKED, SCORE, sample_weight=w * factor))


@pytest.mark.parametrize("measure", ["auroc", "share"])
@pytest.mark.parametrize(("kept", "most"), [(2**27, 16e6), (0, 6e6)])
def test_memory_never_holds_all_weights_as_numbers(kept, most, measure, monkeypatch):
    """Six million weights take 48 MB as numbers of eight bytes, and 6 MB as bytes."""
    monkeypatch.setattr(paired_draws, "KEPT_WEIGHTS", kept)
    n = 10_000
    level, score = np.arange(n) % 3 == 0, np.random.default_rng(0).normal(size=n)

    tracemalloc.start()
    resamples = Resamples(n, 600, 1)
    resamples.share(level) if measure == "share" else resamples.auroc(level, score, np.ones(n, dtype=bool))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < most


@pytest.mark.parametrize("kept", [2**27, 0])
def test_groups_that_do_not_fit_are_refused_at_once(kept, monkeypatch):
    monkeypatch.setattr(paired_draws, "KEPT_WEIGHTS", kept)

    with pytest.raises(DataError, match="at least two groups"):
        Resamples(3, 10, 1, ["a", "a", "a"])
