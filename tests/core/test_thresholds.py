import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from appliedml.core.thresholds import THRESHOLD_RULE, choose_threshold, threshold_rule_text
from appliedml.errors import DataError, ParameterError

Y = np.array([0, 0, 1, 0, 1, 1])
P = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.9])
COST = {"cost": {"false_negative": 20, "false_positive": 1}}
RULES = ["f1", "youden", COST, {"recall": 0.8}, {"precision": 0.5}]

rows = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])), min_size=2, max_size=30
)


def test_a_number_is_taken_as_it_is_without_looking_at_rows():
    choice = choose_threshold([], [], 0.3)

    assert (choice.threshold, choice.value, choice.n) == (0.3, None, 0)


def test_recall_rule_calls_as_few_rows_as_possible():
    assert choose_threshold(Y, P, {"recall": 2 / 3}).threshold == pytest.approx(0.45)
    assert choose_threshold(Y, P, {"recall": 0.67}).threshold == pytest.approx(0.25)


def test_precision_rule_takes_the_largest_recall_with_that_precision():
    choice = choose_threshold(Y, P, {"precision": 0.75})

    assert choice.threshold == pytest.approx(0.25)
    assert choice.value == 0.75
    assert choice.reached


def test_a_precision_out_of_reach_is_said_and_the_nearest_is_taken():
    choice = choose_threshold([1, 0, 0, 1], [0.5, 0.5, 0.9, 0.1], {"precision": 0.9})

    assert not choice.reached
    assert choice.value == pytest.approx(0.5)


def test_cost_rule_weighs_the_two_errors():
    dear_miss = choose_threshold(Y, P, COST)
    dear_alarm = choose_threshold(Y, P, {"cost": {"false_negative": 1, "false_positive": 20}})

    assert dear_miss.threshold == pytest.approx(0.25)
    assert dear_miss.value == pytest.approx(1 / 6)
    assert dear_alarm.threshold == pytest.approx(0.45)


def test_when_every_call_costs_too_much_nobody_is_called():
    choice = choose_threshold([1, 0, 0], [0.2, 1.0, 1.0], {"cost": {"false_negative": 1, "false_positive": 5}})

    assert choice.threshold > 1.0


def test_of_equally_good_thresholds_the_highest_is_taken():
    assert choose_threshold([1, 0, 0, 1], [0.9, 0.6, 0.4, 0.1], "youden").threshold == pytest.approx(0.75)


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=40, deadline=None)
@given(data=rows)
def test_no_candidate_beats_the_chosen_threshold(rule, data):
    y, p = np.array([a for a, _ in data]), np.array([b for _, b in data])
    if y.min() == y.max():
        return
    choice = choose_threshold(y, p, rule)

    def measures(threshold):
        called = p >= threshold
        recall = called[y == 1].mean()
        precision = y[called].mean() if called.any() else 0.0
        if rule == "f1":
            return f1_score(y, called, zero_division=0)
        if rule == "youden":
            return recall - called[y == 0].mean()
        if rule == COST:
            return -(20 * (~called & (y == 1)).sum() + (called & (y == 0)).sum()) / len(y)
        if "recall" in rule:
            return -called.sum() if recall >= 0.8 else -np.inf
        return recall if precision >= 0.5 else -np.inf

    candidates = [0.0, *np.unique(p), 1.5]
    assert measures(choice.threshold) >= max(measures(t) for t in candidates) - 1e-9 or not choice.reached


def test_neighbouring_floats_are_separated():
    low = 0.5
    high = np.nextafter(low, 1)

    choice = choose_threshold([0, 1], [low, high], "f1")

    assert (np.array([low, high]) >= choice.threshold).tolist() == [False, True]


@pytest.mark.parametrize(
    "rule", [1.2, True, "best", {"recall": 0}, {"recall": 0.5, "precision": 0.5}, {"cost": 3}, None]
)
def test_wrong_rules_are_refused(rule):
    assert not THRESHOLD_RULE.accepts(rule)
    with pytest.raises(ParameterError, match="rule must be"):
        choose_threshold(Y, P, rule)


def test_a_rule_needs_rows_of_both_classes():
    with pytest.raises(DataError, match="0 positive and 2 negative"):
        choose_threshold([0, 0], [0.1, 0.2], "f1")


@pytest.mark.parametrize("p", [[0.1, np.nan], [0.1, 1.2], [-0.1, 0.3]])
def test_scores_must_be_probabilities(p):
    with pytest.raises(DataError, match="probabilities"):
        choose_threshold([0, 1], p, "f1")


def test_labels_must_be_codes_and_of_the_same_length():
    with pytest.raises(DataError, match="0 and 1 only"):
        choose_threshold([1, 2], [0.1, 0.2], "f1")
    with pytest.raises(DataError, match="one value per row"):
        choose_threshold([1, 0, 1], [0.1, 0.2], "f1")


@pytest.mark.parametrize("rule", [0.5, *RULES])
def test_every_rule_can_be_said_in_words(rule):
    assert len(threshold_rule_text(rule).split()) >= 2
