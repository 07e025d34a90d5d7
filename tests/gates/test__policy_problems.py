from __future__ import annotations

from datetime import date, datetime

import pytest
import yaml

from appliedml.gates._policy_problems import METRICS, day_of, name_of, plain, problems_in, subset_of


def test_places_carry_the_prefix_of_the_plan():
    found = problems_in({"version": 1, "gates": [{"metric": "f1"}]}, "policy.")

    assert [problem.where for problem in found] == ["policy.gates[0]"]


def test_every_metric_may_be_a_gate_a_gap_and_a_ratio():
    gates = [{"metric": prefix + name, "at_most": 1} for name in METRICS for prefix in ("", "gap.", "ratio.")]

    assert problems_in({"version": 1, "gates": gates}) == []


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
