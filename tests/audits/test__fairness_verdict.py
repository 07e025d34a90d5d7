from __future__ import annotations

import numpy as np
import pytest

from appliedml.audits._fairness_verdict import criterion_of, equalised_odds, figure, left_out, reach_verdict


def reached(bounds, sizes=None, tolerance=0.10):
    at_least, at_most = np.array([low for low, _ in bounds]), np.array([high for _, high in bounds])
    return reach_verdict((at_least + at_most) / 2 if sizes is None else np.array(sizes), at_least, at_most, tolerance)


@pytest.mark.parametrize(
    ("bounds", "verdict", "words"),
    [
        ([(0.00, 0.05)], "within tolerance", "at most 0.050"),
        ([(0.02, 0.10)], "within tolerance", "a tolerable one"),
        ([(0.01, 0.15)], "disparity", "its size against the tolerance of 0.1 is open"),
        ([(0.11, 0.15)], "disparity", "exceeds the tolerance of 0.1 with 95 % confidence (corrected)"),
        ([(0.00, 0.15)], "insufficient evidence", "no gap at all"),
        # One pair differs by a little, another is unknown: no pair shows a difference that may matter.
        ([(0.01, 0.03), (0.00, 0.30)], "insufficient evidence", "tolerable amount"),
        ([(0.01, 0.03), (0.02, 0.12)], "disparity", "is open"),
        ([], "insufficient evidence", "Fewer than two groups"),
    ],
)
def test_verdicts_follow_from_the_intervals_of_all_pairs(bounds, verdict, words):
    found = reached(bounds)

    assert found.verdict.value == verdict
    assert words in found.note
    assert "surely" not in found.note


@pytest.mark.parametrize(
    ("low", "size", "exceeds"), [(0.02, 0.08, False), (0.02, 0.11, True), (0.101, 0.15, True), (0.02, 0.10, False)]
)
def test_a_disparity_exceeds_the_tolerance_by_its_bound_or_by_its_estimate(low, size, exceeds):
    assert reached([(low, 0.2)], [size]).exceeds is exceeds


def test_the_pair_that_proves_a_disparity_and_that_of_the_bound_may_differ():
    found = reached([(0.02, 0.2), (0.05, 0.2), (0.08, 0.09)])

    assert (found.proof, found.bound) == (1, 2)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.000412, "0.00041"), (0.0000409, "0.000041"), (0.0, "0.000"), (0.1003, "0.1003"), (0.1, "0.100")],
)
def test_a_bound_never_reads_like_zero_or_the_tolerance_where_it_is_not(value, text):
    assert figure(value, 0.1) == text


def row(metric, gap, low, high, verdict, n_groups=2):
    known = n_groups >= 2
    return {
        "metric": metric, "criterion": "", "n_groups": n_groups, "n_too_small": 0, "n_not_compared": 0,
        "gap": gap if known else np.nan, "low": low if known else np.nan, "high": high if known else np.nan,
        "ratio": 0.5, "ratio_low": 0.4, "ratio_high": 0.6, "verdict": verdict, "exceeds": False, "note": "",
        "lowest_group": "a", "highest_group": "b", "lowest_rate": 0.1, "highest_rate": 0.2,
    }  # fmt: skip


def test_equalised_odds_never_say_no_gap_beside_an_interval_that_excludes_it():
    rates = [
        row("true_positive_rate", 0.09, 0.0, 0.19, "insufficient evidence"),
        row("false_positive_rate", 0.02, 0.005, 0.04, "within tolerance"),
    ]

    (odds,) = equalised_odds(rates, 0.1, 0.95)

    assert (odds["low"], odds["high"], odds["verdict"]) == (0.005, 0.19, "insufficient evidence")
    assert "no gap" not in odds["note"]
    assert "0.005 to 0.190 with 95 % confidence (corrected)" in odds["note"]
    assert "false positive rate: within tolerance" in odds["note"]


def test_equalised_odds_have_no_figure_where_one_rate_has_none():
    rates = [
        row("true_positive_rate", 0, 0, 0, "insufficient evidence", n_groups=0),
        row("false_positive_rate", 0.02, 0.005, 0.04, "within tolerance"),
    ]

    (odds,) = equalised_odds(rates, 0.1, 0.95)

    assert np.isnan([odds[name] for name in ("gap", "low", "high", "ratio", "ratio_low", "ratio_high")]).all()
    assert odds["lowest_group"] == ""
    assert odds["verdict"] == "insufficient evidence"


def test_people_who_are_not_compared_are_counted_unless_they_are_very_few():
    assert left_out(1200) == " 1,200 people of unknown level are not compared."
    assert "Fewer than 5 people" in left_out(3)
    assert left_out(0) == ""


def test_criteria_carry_the_class():
    assert criterion_of("false_positive_rate.dog") == "predictive equality (dog)"
