import numpy as np
import pytest
from scipy.stats import binomtest

from appliedml.metrics.classification import METRICS
from appliedml.metrics.intervals import bootstrap_intervals, percentile_interval, wilson_interval

AUC = {"roc_auc": METRICS["roc_auc"]}


def scored(n=400, seed=0, shift=1.0):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.3).astype(int)
    return y, 1 / (1 + np.exp(-(rng.normal(size=n) + shift * y)))


def test_the_interval_of_an_auroc_is_as_wide_as_the_spread_of_fresh_samples():
    fresh = [METRICS["roc_auc"](*scored(600, seed)) for seed in range(1, 301)]
    y, p = scored(600)

    found = bootstrap_intervals(y, AUC, probabilities=p, n_resamples=2000)["roc_auc"]

    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.std(fresh), rel=0.15)


def test_repeating_every_row_in_a_group_leaves_the_interval_as_wide():
    y, p = scored(150)
    times = 6
    again = np.repeat(np.arange(150), times)

    def width(**keys):
        found = bootstrap_intervals(y[again], AUC, probabilities=p[again], n_resamples=400, **keys)["roc_auc"]
        return found.high - found.low

    single = bootstrap_intervals(y, AUC, probabilities=p, n_resamples=400)["roc_auc"]
    assert width(groups=again) == pytest.approx(single.high - single.low, rel=0.2)
    assert width() < 0.6 * (single.high - single.low)


def test_the_same_seed_gives_the_same_interval_and_another_a_different_one():
    y, p = scored()

    first, again, other = (
        bootstrap_intervals(y, AUC, probabilities=p, n_resamples=100, seed=seed)["roc_auc"] for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other


def test_resamples_that_lose_a_class_are_counted_and_left_out():
    y = np.array([1, 1] + [0] * 30)
    found = bootstrap_intervals(y, AUC, probabilities=np.linspace(1, 0, 32), n_resamples=400)["roc_auc"]

    assert 20 < found.n_undefined < 100
    assert found.low <= found.value <= found.high


def test_a_measure_that_is_undefined_has_no_interval():
    found = bootstrap_intervals([1, 1, 1], AUC, probabilities=[0.1, 0.2, 0.3], n_resamples=50)["roc_auc"]

    assert np.isnan([found.value, found.low, found.high]).all()
    assert found.n_undefined == 50


def test_an_interval_needs_half_of_the_resamples():
    half = np.array([1.0, 2.0, np.nan, np.nan])

    assert percentile_interval(half, 1.5, 0.5) == (1.25, 1.75)
    assert np.isnan(percentile_interval(np.append(half, np.nan), 1.5)).all()


@pytest.mark.parametrize(("found", "n"), [(0, 10), (3, 10), (10, 10), (57, 300)])
def test_wilson_equals_scipys(found, n):
    low, high = wilson_interval(found, n)

    reference = binomtest(found, n).proportion_ci(method="wilson")
    assert (float(low), float(high)) == pytest.approx((reference.low, reference.high), abs=1e-9)


def test_wilson_takes_arrays_and_leaves_empty_groups_undefined():
    low, high = wilson_interval([0, 1], [0, 2], 0.9)

    assert np.isnan([low[0], high[0]]).all()
    assert 0 < low[1] < 0.5 < high[1] < 1
