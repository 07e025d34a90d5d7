import numpy as np
import pytest

from appliedml.audits._scores_calibration import (
    IDEAL,
    TITLES,
    Settings,
    calibration_measures,
    chance_limit,
    change_finding,
    measure_table,
    verdict,
)
from appliedml.core.artifact import Severity
from appliedml.metrics.intervals import Interval

SETTINGS = Settings(n_bins=5, confidence=0.95, n_resamples=150, seed=0)


def rows(n=800):
    rng = np.random.default_rng(0)
    p = rng.random(n)
    return (rng.random(n) < p).astype(int), p


def found(slope=(1.0, 0.95, 1.05), ratio=(1.0, 0.95, 1.05), ece=0.02, brier=0.1):
    return {
        "slope": Interval(*slope, 100), "observed_to_predicted": Interval(*ratio, 100),
        "ece": Interval(ece, ece, ece, 100), "brier": Interval(brier, brier, brier, 100),
    }  # fmt: skip


def test_every_measure_has_a_value_inside_its_interval():
    measures = calibration_measures(*rows(), None, SETTINGS)

    assert set(measures) == set(TITLES) == set(IDEAL)
    for name, item in measures.items():
        assert item.low < item.value < item.high, name
    y, p = rows()
    assert measures["observed_to_predicted"].value == pytest.approx(y.mean() / p.mean())


def test_the_interval_of_the_calibration_error_is_freed_of_the_noise_of_resampling():
    measures = calibration_measures(*rows(), None, SETTINGS)["ece"]

    assert measures.value - measures.low == pytest.approx(measures.high - measures.value, rel=1.0)


def test_only_the_calibration_error_is_compared_with_chance():
    table = measure_table("s", "t", calibration_measures(*rows(), None, SETTINGS), rows()[1], SETTINGS)

    assert table["by_chance"].notna().tolist() == [name == "ece" for name in table["measure"]]


@pytest.mark.parametrize(
    ("arguments", "word", "severity"),
    [
        ({}, "good", Severity.INFO),
        ({"slope": (0.9, 0.85, 0.95)}, "no large fault", Severity.INFO),
        ({"ece": 0.031}, "no large fault", Severity.INFO),
        ({"slope": (0.7, 0.6, 0.8)}, "too extreme", Severity.WARNING),
        ({"slope": (1.5, 1.3, 1.7)}, "too timid", Severity.WARNING),
        ({"ratio": (0.7, 0.6, 0.8)}, "too high", Severity.WARNING),
        ({"ratio": (0.2, 0.1, 0.3)}, "too high", Severity.PROBLEM),
        ({"ratio": (1.6, 1.5, 1.7), "slope": (0.5, 0.4, 0.6)}, "too low and too extreme", Severity.WARNING),
        ({"ratio": (1.0, 0.6, 1.6)}, "uncertain", Severity.WARNING),
        ({"slope": (np.nan, np.nan, np.nan)}, "undefined", Severity.WARNING),
    ],
)
def test_the_verdict_follows_from_the_intervals(arguments, word, severity):
    assert verdict(found(**arguments), 0.03)[:2] == (word, severity)


def test_a_measurable_but_small_deviation_is_told_from_none():
    assert "small" in verdict(found(slope=(0.9, 0.85, 0.95)), 0.03)[2]
    assert "agree" in verdict(found(), 0.03)[2]
    assert "0.8 to 1.25" in verdict(found(), 0.03)[2]


def test_an_error_beyond_chance_is_told_with_both_figures():
    text = verdict(found(ece=0.041), 0.03)[2]

    assert "agree" not in text
    assert "0.041, is more than chance alone would explain (up to 0.030)" in text


def test_the_limit_of_chance_is_the_one_of_the_table():
    table = measure_table("s", "t", calibration_measures(*rows(), None, SETTINGS), rows()[1], SETTINGS)

    assert chance_limit(table) == table.set_index("measure")["by_chance_high"]["ece"]


def test_a_change_for_the_worse_is_a_warning():
    assert change_finding(found(), found(ece=0.05, brier=0.2)).severity is Severity.WARNING
    assert change_finding(found(ece=0.05, brier=0.2), found()).severity is Severity.INFO


def test_one_range_for_both_figures_is_told_once():
    text = verdict(found(slope=(0.9, 0.85, 0.95)), 0.03)[2]

    assert text.endswith("1 is perfect for both. A deviation inside 0.8 to 1.25 is small.")
    assert text.count("1.25") == 1
