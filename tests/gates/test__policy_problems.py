from __future__ import annotations

from datetime import date, datetime

import pytest
import yaml

from appliedml.gates._policy_metrics import METRICS, PREFIXES
from appliedml.gates._policy_problems import day_of, name_of, plain, problems_in, subset_of


def test_places_carry_the_prefix_of_the_plan():
    found = problems_in({"version": 1, "gates": [{"metric": "f1"}]}, "policy.")

    assert [problem.where for problem in found] == ["policy.gates[0]"]


def test_every_metric_may_be_a_gate_a_gap_a_ratio_and_a_difference():
    gates = [{"metric": prefix + name, "at_most": 1} for name in METRICS for prefix in ("", *PREFIXES)]

    assert problems_in({"version": 1, "gates": gates}) == []


@pytest.mark.parametrize(
    ("metric", "known"),
    [
        ("gap.equalised_odds", True),
        ("equalised_odds", False),
        ("explanation_fold_agreement", True),
        ("gap.explanation_fold_agreement", False),
        ("gap.true_positive_rate.a class. with dots", True),
        ("true_positive.owl", False),
    ],
)
def test_a_metric_is_known_where_an_audit_can_measure_it(metric, known):
    problems = problems_in({"version": 1, "gates": [{"metric": metric, "at_most": 1}]})

    assert (problems == []) is known


@pytest.mark.parametrize(
    ("metric", "subset", "fits"),
    [
        ("difference.roc_auc", "baseline=logistic_regression", True),
        ("difference.roc_auc", "*", True),
        ("difference.roc_auc", "Sex", False),
        ("gap.recall", "Sex", True),
        ("gap.recall", "Sex=F", False),
        ("roc_auc", "Sex=F", True),
    ],
)
def test_a_subset_fits_what_is_compared(metric, subset, fits):
    problems = problems_in({"version": 1, "gates": [{"metric": metric, "subset": subset, "at_most": 1}]})

    assert (problems == []) is fits


def test_the_key_on_survives_what_yaml_makes_of_it():
    data = yaml.safe_load("version: 1\ngates: [{metric: f1, at_least: 0.1, on: value}, text]")

    assert True in data["gates"][0]
    assert plain(data)["gates"] == [{"metric": "f1", "at_least": 0.1, "on": "value"}, "text"]


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2027-01-31", date(2027, 1, 31)),
        (date(2027, 1, 31), date(2027, 1, 31)),
        (datetime(2027, 1, 31, 12), None),
        ("x", None),
        (3, None),
    ],
)
def test_a_day_is_a_date_or_its_iso_text(value, day):
    assert day_of(value) == day


def test_a_gate_without_a_name_is_called_by_metric_and_subset():
    assert name_of({"metric": "f1"}) == "f1"
    assert name_of({"metric": "f1", "subset": "Sex=F"}) == "f1 Sex=F"
    assert (subset_of({"metric": "f1"}), subset_of({"metric": "ratio.f1"})) == ("all", "*")


@pytest.mark.parametrize(
    "metric",
    ["robustness.accuracy", "robustness.largest_loss.roc_auc", "shortcut.features", "image_explanation_mask_share",
     "text_explanation_relative_error", "gap.identity_score", "identity_shift"],
)  # fmt: skip
def test_measures_of_pictures_and_texts_can_be_judged(metric):
    assert problems_in({"version": 1, "gates": [{"metric": metric, "at_least": 0.5}]}) == []


def test_a_wrong_end_of_such_a_name_is_refused_with_what_is_close():
    found = problems_in({"version": 1, "gates": [{"metric": "robustness.acuracy", "at_least": 0.5}]})
    assert "robustness.acuracy" in found[0].what
    assert "accuracy" in found[0].what


def test_the_end_of_a_waiver_by_another_name_is_refused_with_the_right_one():
    waiver = {"gate": "f1", "owner": "A. Owner", "reason": "pilot", "expires": "2027-01-31"}
    found = problems_in({"version": 1, "gates": [{"metric": "f1", "at_least": 0.5}], "waivers": [waiver]})

    assert "has no key 'expires'. Write until." in [problem.what for problem in found]
