import numpy as np
import pytest

from appliedml.errors import DataError
from appliedml.metrics.classification import METRICS
from appliedml.metrics.comparisons import bootstrap_models, delong, paired_differences

SHOWN = {name: METRICS[name] for name in ("roc_auc", "average_precision", "brier")}


def two_models(n=400, noise=1.0, seed=0):
    """A model and the same model with noise added to its scores."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(int)
    z = rng.normal(size=n) + 1.2 * y
    return y, *(1 / (1 + np.exp(-score)) for score in (z, z + noise * rng.normal(size=n)))


def test_the_bootstrap_agrees_with_delongs_test():
    y, good, worse = two_models(noise=0.5)

    found = paired_differences(y, good, worse, SHOWN)["roc_auc"]
    check = delong(y, good, worse)

    assert found.value == pytest.approx(check.value)
    assert found.high - found.low == pytest.approx(2 * 1.96 * check.standard_error, rel=0.15)
    assert found.p == pytest.approx(check.p, abs=0.03)


def test_pairing_makes_the_difference_more_certain_than_the_values():
    y, good, worse = two_models(noise=0.3)
    models = bootstrap_models(y, {"good": good, "worse": worse}, SHOWN, n_resamples=400)

    own, difference = models.interval("good", "roc_auc"), models.difference("good", "worse", "roc_auc")

    assert difference.high - difference.low < 0.5 * (own.high - own.low)
    assert difference.first == own.value


def test_the_difference_turns_round_with_its_sides():
    y, good, worse = two_models()

    one = paired_differences(y, good, worse, SHOWN, n_resamples=200)["brier"]
    two = paired_differences(y, worse, good, SHOWN, n_resamples=200)["brier"]

    assert (one.value, one.low, one.p) == pytest.approx((-two.value, -two.high, two.p))


def test_equal_models_do_not_differ():
    y, good, _ = two_models()

    for item in paired_differences(y, good, good, SHOWN, n_resamples=100).values():
        assert (item.value, item.low, item.high, item.p) == (0.0, 0.0, 0.0, 1.0)
    assert delong(y, good, good).p == 1.0


def test_groups_widen_the_interval_of_a_difference():
    y, good, worse = two_models(120)
    again = np.repeat(np.arange(120), 5)

    def width(groups):
        found = paired_differences(y[again], good[again], worse[again], SHOWN, groups=groups, n_resamples=300)
        return found["roc_auc"].high - found["roc_auc"].low

    assert width(again) > 1.7 * width(None)


def test_what_cannot_be_compared_is_nan_or_refused():
    lost = paired_differences([1, 1, 1], [0.1, 0.2, 0.3], [0.3, 0.2, 0.1], SHOWN, n_resamples=20)["roc_auc"]

    assert np.isnan([lost.value, lost.low, lost.p]).all()
    assert np.isnan(delong([1, 0, 0], [0.1, 0.2, 0.3], [0.3, 0.2, 0.1]).p)
    with pytest.raises(DataError, match="same number of classes"):
        paired_differences([0, 1], [0.1, 0.2], [[0.2, 0.3, 0.5]] * 2, SHOWN)
