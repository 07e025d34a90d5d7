"""Rates, gaps and impact ratios from counts."""

from __future__ import annotations

import math

from appliedml.report._explorer_figures import Decided, Limits, gaps, impact_ratios, overall_figures

LIMITS = Limits(10, 5, 5)


def group(tp, fp, positives=20, negatives=80, units=None, compared=True):
    return Decided(
        tp, fp, positives, negatives, tp + fp, units or (positives + negatives, positives, negatives), compared
    )


def test_who_is_counted_when_a_group_is_judged_is_said():
    limits = Limits(1000, 50, 20)

    assert "1,000 patients (told apart by patient_id; all rows of one count once)" in limits.in_words(
        True, "patient_id"
    )
    assert "1,000 different values of grp7 (all rows of one count once)" in limits.in_words(True, "grp7")
    assert "1,000 rows (one predicted more than once counts once), of them 50 positive" in limits.in_words(True)
    assert "patient" not in limits.in_words(False, "patient_id")


def test_nothing_selected_leaves_precision_undefined_and_costs_every_miss():
    found = overall_figures(0, 0, 10, 90, 7)

    assert math.isnan(found["precision"]) and found["recall"] == 0 and found["f1"] == 0
    assert found["cost"] == 70 and found["mcc"] == 0


def test_without_a_class_its_rates_are_undefined():
    found = overall_figures(0, 3, 0, 10, 1)

    assert math.isnan(found["recall"]) and math.isnan(found["balanced_accuracy"]) and math.isnan(found["mcc"])


def test_groups_too_small_and_of_unknown_level_take_no_part():
    few, unknown = group(3, 0, 3, 80), group(0, 80, compared=False)
    found = gaps([group(10, 8), group(14, 8), few, unknown], ["true_positive_rate", "selection_rate"], LIMITS)

    assert found["true_positive_rate"]["n_groups"] == 2 and found["true_positive_rate"]["n_too_small"] == 1
    assert math.isclose(found["true_positive_rate"]["gap"], 0.2)
    assert found["selection_rate"]["n_groups"] == 3
    assert "equalised_odds" not in found


def test_one_group_has_no_gap():
    found = gaps([group(10, 8)], ["true_positive_rate", "false_positive_rate"], LIMITS)

    assert math.isnan(found["equalised_odds"]["gap"]) and found["equalised_odds"]["lowest"] == -1


def test_equalised_odds_is_the_wider_of_two_gaps():
    found = gaps([group(10, 8), group(11, 40)], ["true_positive_rate", "false_positive_rate"], LIMITS)

    assert found["equalised_odds"]["gap"] == found["false_positive_rate"]["gap"]
    assert found["equalised_odds"]["ratio"] == min(found[name]["ratio"] for name in found)


def test_impact_ratios_are_set_against_the_named_group_or_the_highest():
    groups = [group(10, 10), group(10, 30), group(0, 0, 1, 2)]

    assert impact_ratios(groups, LIMITS, None) == ([0.5, 1.0, 0.0], 1)
    assert impact_ratios(groups, LIMITS, 0)[1] == 0
    assert impact_ratios(groups, LIMITS, 2)[1] == 1, "a group too small to judge is no reference"
    assert impact_ratios([group(0, 0), group(0, 0)], LIMITS, None)[1] == -1
