"""Gates at every threshold: which move, and the rule that judges them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from appliedml.core.artifact import score_rows
from appliedml.gates.judge import judge
from appliedml.gates.policy import policy_from
from appliedml.report._explorer_gates import ExploredGate, measures
from appliedml.report.explorer import ExplorerData


@pytest.mark.parametrize("on", ["interval", "value"])
@pytest.mark.parametrize("bounds", [{"at_least": 0.5}, {"at_most": 0.5}, {"at_least": 0.3, "at_most": 0.6}])
def test_the_rule_is_the_one_of_the_gates(bounds, on):
    policy = policy_from({"version": 1, "gates": [{"metric": "f1", "on": on, **bounds}]})
    gate = ExploredGate(
        "f1", "f1", "all", "", "all", bounds.get("at_least"), bounds.get("at_most"), on == "value", False, "", (0, 0, 0)
    )
    ends = [0.2, 0.3, 0.4, 0.5, 0.55, 0.7, math.nan]
    for low in ends:
        for high in ends:
            value = np.nanmean([low, high]) if not (math.isnan(low) and math.isnan(high)) else 0.5
            expected = judge(score_rows([("f1", -1, "all", value, low, high, 9)]), policy).results[0].verdict.value
            assert gate.judge(value, low, high) == expected, (value, low, high)
    assert gate.judge(math.nan, 0.1, 0.9) == "inconclusive"


def test_moving_gates_have_an_interval_at_every_threshold_and_others_none(explorer_data):
    for gate in explorer_data.gates:
        n = 0 if gate.kind in ("kept", "lost") else len(explorer_data.thresholds)
        assert len(gate.low) == len(gate.high) == n
    by_name = {gate.name: gate for gate in explorer_data.gates}
    near = explorer_data.start
    recall = by_name["recall"]
    assert recall.high[near] - recall.low[near] == pytest.approx(recall.run[2] - recall.run[1], abs=0.03)
    sex = next(gate for gate in explorer_data.gates if gate.metric == "true_positive_rate")
    assert sex.high[near] - sex.low[near] == pytest.approx(sex.run[2] - sex.run[1], abs=0.04)


def test_a_gate_judged_by_another_policy_is_not_judged_anew(explorer_runs, tmp_path):
    other = {"version": 1, "gates": [{"metric": "recall", "at_least": 0.9}]}
    data = ExplorerData.of(explorer_runs.explorer_run(tmp_path, policy=other))

    kinds = {gate.metric: gate.kind for gate in data.gates}
    assert kinds["recall"] == "lost" and kinds["roc_auc"] == "kept"
    assert data.figures(0.3)["gates"][1]["verdict"] == "inconclusive"


def test_measures_of_arrays_are_those_of_the_rows():
    found = {
        name: measure(*(np.array([float(n)]) for n in (8, 2, 10, 80)))
        for name, measure in measures({"false_negative": 3, "false_positive": 1}).items()
    }

    assert {name: round(float(value[0]), 4) for name, value in found.items()} == {
        "accuracy": 0.9556, "balanced_accuracy": 0.8875, "cost": 0.0889, "f1": 0.8, "mcc": 0.775, "precision": 0.8,
        "recall": 0.8, "selection_rate": 0.1111, "specificity": 0.975,
    }  # fmt: skip


def test_a_policy_without_names_and_waivers_is_read(explorer_run):
    table = explorer_run["gates"].tables["gates"]
    assert isinstance(table, pd.DataFrame) and len(table) == 12
