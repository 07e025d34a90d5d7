from __future__ import annotations

import numpy as np
import pytest

from appliedml.audits._fairness_judge import Minimums, criterion_of, reach_verdict
from appliedml.metrics.groups import rates_for


@pytest.mark.parametrize(
    ("bounds", "verdict", "words"),
    [
        ([(0.00, 0.05)], "within tolerance", "at most 0.050"),
        ([(0.02, 0.10)], "within tolerance", "a tolerable one"),
        ([(0.01, 0.15)], "disparity", "may be smaller or larger"),
        ([(0.11, 0.15)], "disparity", "is larger than the tolerance"),
        ([(0.00, 0.15)], "insufficient evidence", "no gap at all"),
        # One pair surely differs by a little, another is unknown: no pair shows a difference that may matter.
        ([(0.01, 0.03), (0.00, 0.30)], "insufficient evidence", "tolerable amount"),
        ([(0.01, 0.03), (0.02, 0.30)], "disparity", "may be smaller or larger"),
        ([], "insufficient evidence", "Fewer than two groups"),
    ],
)
def test_verdicts_follow_from_the_intervals_of_all_pairs(bounds, verdict, words):
    at_least, at_most = np.array([low for low, _ in bounds]), np.array([high for _, high in bounds])

    found, _, note = reach_verdict(at_least, at_most, 0.10)

    assert found.value == verdict
    assert words in note


def test_the_pair_that_proves_a_disparity_is_the_surest():
    assert reach_verdict(np.array([0.02, 0.05, 0.08]), np.array([0.2, 0.2, 0.09]), 0.10)[1] == 1


def test_what_is_needed_depends_on_what_a_rate_counts():
    rates = rates_for(["no", "yes"])
    minimums = Minimums(rows=100, positives=30, negatives=20)

    assert [minimums.needed(rates[name]) for name in ("accuracy", "true_positive_rate", "false_positive_rate")] == [
        100,
        30,
        20,
    ]
    assert minimums.needed(rates["positive_predictive_value"]) == 30


def test_criteria_carry_the_class():
    assert criterion_of("false_positive_rate.dog") == "predictive equality (dog)"
