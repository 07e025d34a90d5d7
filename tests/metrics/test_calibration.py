import numpy as np
import pytest

from appliedml.core._logistic import logit, sigmoid
from appliedml.errors import DataError
from appliedml.metrics.calibration import (
    brier_parts,
    calibration_line,
    chance_calibration_error,
    expected_calibration_error,
    quantile_bins,
    reliability_curve,
)
from appliedml.metrics.intervals import wilson_interval


def calibrated(n=4000, seed=0):
    rng = np.random.default_rng(seed)
    p = sigmoid(rng.normal(-1, 1.5, n))
    return (rng.random(n) < p).astype(int), p


def test_bins_hold_equally_many_rows_and_never_part_ties():
    sizes = np.bincount(quantile_bins(np.random.default_rng(0).random(1000), 10))

    assert len(sizes) == 10
    assert (np.abs(sizes - 100) <= 1).all()
    tied = np.array([0.1] * 90 + [0.5] * 10)
    assert np.bincount(quantile_bins(tied, 10)).tolist() == [90, 10]
    assert quantile_bins(np.full(5, 0.3), 10).tolist() == [0] * 5


def test_the_reliability_curve_adds_up_and_has_wilsons_intervals():
    y, p = calibrated()

    curve = reliability_curve(y, p, 8)

    assert curve["n"].sum() == len(y)
    assert curve["n_positive"].sum() == y.sum()
    assert (curve["mean_predicted"] * curve["n"]).sum() == pytest.approx(p.sum())
    low, high = wilson_interval(curve["n_positive"].iloc[3], curve["n"].iloc[3])
    assert (curve["low"].iloc[3], curve["high"].iloc[3]) == (float(low), float(high))
    assert (curve["high_score"].to_numpy()[:-1] < curve["low_score"].to_numpy()[1:]).all()


def test_the_calibration_error_is_the_mean_distance_over_the_bins():
    y, p = calibrated(500)
    curve = reliability_curve(y, p, 5)

    by_hand = (curve["n"] * (curve["mean_predicted"] - curve["observed"]).abs()).sum() / 500

    assert expected_calibration_error(p, 5)(y, p) == pytest.approx(by_hand)


def test_a_calibrated_model_has_the_error_that_chance_gives():
    y, p = calibrated()
    error = expected_calibration_error(p)(y, p)
    mean, high = chance_calibration_error(p)

    assert 0 < mean < high
    assert error < high
    assert expected_calibration_error(p)(y, sigmoid(2 * logit(p))) > 3 * high


def test_slope_and_intercept_recover_a_known_distortion():
    y, p = calibrated(20_000)

    line = calibration_line(y, sigmoid(2 * logit(p) + 1))

    assert line.slope_low < 0.5 < line.slope_high
    assert line.slope_high - line.slope_low < 0.05
    assert line.intercept_high < 0


@pytest.mark.parametrize("n", [300])
def test_intervals_of_the_slope_hold_the_truth_as_often_as_they_say(n):
    held = [line.slope_low < 1 < line.slope_high for line in (calibration_line(*calibrated(n, s)) for s in range(80))]

    assert 0.87 <= np.mean(held) <= 1.0


def test_rows_that_repeat_within_groups_add_no_certainty():
    y, p = calibrated(300)
    again = np.repeat(np.arange(300), 9)

    single, naive = calibration_line(y, p), calibration_line(y[again], p[again])
    grouped = calibration_line(y[again], p[again], groups=again)

    assert grouped.slope_high - grouped.slope_low == pytest.approx(single.slope_high - single.slope_low, rel=0.01)
    assert naive.slope_high - naive.slope_low == pytest.approx((single.slope_high - single.slope_low) / 3, rel=0.01)


def test_one_class_or_one_score_leaves_the_line_undefined():
    one_class = calibration_line([1, 1], [0.2, 0.8])
    one_score = calibration_line([0, 1, 0, 1], [0.5] * 4)

    assert np.isnan([one_class.slope, one_class.intercept]).all()
    assert np.isnan(one_score.slope)
    assert one_score.intercept == pytest.approx(0.0, abs=1e-6)


def test_the_parts_of_the_brier_score_add_up():
    y, p = calibrated(700)

    parts = brier_parts(y, p, 7)

    assert parts.brier == pytest.approx(((y - p) ** 2).mean())
    total = parts.reliability - parts.resolution + parts.uncertainty + parts.within_bins
    assert total == pytest.approx(parts.brier)
    assert abs(parts.within_bins) < 0.01
    assert parts.scaled == pytest.approx(1 - parts.brier / (y.mean() * (1 - y.mean())))


def test_always_saying_the_share_has_a_scaled_brier_score_of_zero():
    y = np.array([0, 0, 0, 1])

    assert brier_parts(y, np.full(4, 0.25)).scaled == pytest.approx(0.0)
    assert np.isnan(brier_parts([1, 1], [0.5, 0.5]).scaled)


def test_scores_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="one score per row"):
        reliability_curve([0, 1], [0.5])
    with pytest.raises(DataError, match="labels 0 and 1"):
        brier_parts([0, 2], [0.5, 0.5])
