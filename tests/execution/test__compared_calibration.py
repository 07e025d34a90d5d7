import numpy as np
import pytest

from appliedml.execution._compared_calibration import calibration_measures
from appliedml.metrics._weighted import Rows
from appliedml.metrics.calibration import calibration_line, expected_calibration_error


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    p = rng.beta(1, 6, 2000)
    y = (rng.random(2000) < np.clip(1.3 * p, 0, 1)).astype(int)
    return y, p


def values(y, p, weights=None):
    both = np.column_stack([1 - p, p])
    here = Rows(y, both).weighted(weights)
    return {name: metric.function(here) for name, metric in calibration_measures(y, both).items()}


def test_the_values_are_those_of_the_calibration_audit(rows):
    y, p = rows
    found, line = values(y, p), calibration_line(y, p)
    assert found["calibration_slope"][0] == pytest.approx(line.slope, abs=1e-6)
    assert found["calibration_intercept"][0] == pytest.approx(line.intercept, abs=1e-6)
    assert found["ece"][0] == pytest.approx(expected_calibration_error(p)(y, p))
    assert found["observed_to_predicted"][0] == pytest.approx(y.sum() / p.sum())
    base = y.mean() * (1 - y.mean())
    assert found["scaled_brier"][0] == pytest.approx(1 - ((p - y) ** 2).mean() / base)


def test_one_newton_step_is_close_to_a_fit_of_the_resample(rows):
    y, p = rows
    drawn = np.random.default_rng(5).integers(0, len(y), len(y))
    weights = np.bincount(drawn, minlength=len(y)).astype(float)[None]
    found, line = values(y, p, weights), calibration_line(y[drawn], p[drawn])
    assert found["calibration_slope"][0] == pytest.approx(line.slope, abs=0.01)
    assert found["calibration_intercept"][0] == pytest.approx(line.intercept, abs=0.01)


def test_a_lost_class_leaves_slope_and_intercept_out():
    p = np.array([[0.8, 0.2], [0.6, 0.4]])
    assert "calibration_slope" not in calibration_measures(np.array([0, 0]), p)


def test_with_three_classes_only_the_scaled_brier_score_is_left():
    p = np.full((3, 3), 1 / 3)
    found = calibration_measures(np.array([0, 1, 2]), p)
    assert list(found) == ["scaled_brier"]
    assert found["scaled_brier"].function(Rows([0, 1, 2], p).weighted())[0] == pytest.approx(0.0)
