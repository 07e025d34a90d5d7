from __future__ import annotations

import math
from datetime import date

import pytest

from appliedml.core.artifact import Status, score_rows
from appliedml.errors import GateError
from appliedml.gates import judge as judge_module
from appliedml.gates.judge import EXIT_CODES, Verdict, judge, to_artifact
from appliedml.gates.policy import policy_from, read_policy
from appliedml.metrics.classification import METRICS

DAY = date(2026, 11, 1)


def policy(*gates, waivers=()):
    return policy_from({"version": 1, "gates": list(gates), "waivers": list(waivers)})


def scores(*rows):
    return score_rows([(*row, 100) for row in rows])


def verdict(rows, **gate):
    (result,) = judge(scores(*rows), policy(gate)).results
    return result.verdict


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.76, 0.84, "pass"),
        (0.75, 0.84, "pass"),
        (0.74, 0.84, "inconclusive"),
        (0.6, 0.75, "inconclusive"),
        (0.6, 0.7, "fail"),
    ],
)
def test_the_whole_interval_decides_at_least(low, high, expected):
    assert verdict([("roc_auc", -1, "all", 0.8, low, high)], metric="roc_auc", at_least=0.75) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0.01, 0.1, "pass"), (0.05, 0.2, "inconclusive"), (0.11, 0.2, "fail")]
)
def test_the_whole_interval_decides_at_most(low, high, expected):
    rows = [("gap.recall", -1, "Sex", 0.1, low, high)]
    assert verdict(rows, metric="gap.recall", subset="Sex", at_most=0.1) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.9, 1.1, "pass"),
        (0.7, 1.1, "inconclusive"),
        (0.9, 1.3, "inconclusive"),
        (1.3, 1.4, "fail"),
        (0.1, 0.2, "fail"),
    ],
)
def test_both_bounds_together_make_a_range(low, high, expected):
    assert verdict([("cost", -1, "all", 1, low, high)], metric="cost", at_least=0.8, at_most=1.2) == expected


def test_a_point_estimate_is_not_enough_unless_asked_for():
    rows = [("roc_auc", -1, "all", 0.9, math.nan, math.nan)]

    assert verdict(rows, metric="roc_auc", at_least=0.75) == "inconclusive"
    assert verdict(rows, metric="roc_auc", at_least=0.75, on="value") == "pass"
    assert verdict(rows, metric="roc_auc", at_least=0.95, on="value") == "fail"


@pytest.mark.parametrize("on", ["interval", "value"])
def test_a_value_that_is_missing_never_passes(on):
    rows = [("roc_auc", -1, "all", math.nan, 0.8, 0.9)]
    assert verdict(rows, metric="roc_auc", at_least=0.75, on=on) == "inconclusive"


def test_a_reversed_interval_is_inconclusive():
    assert verdict([("roc_auc", -1, "all", 0.8, 0.9, 0.8)], metric="roc_auc", at_least=0.1) == "inconclusive"


def test_what_was_not_measured_is_inconclusive_and_said():
    table = scores(("roc_auc", 0, "all", 0.9, 0.8, 0.95))

    results = judge(table, policy({"metric": "roc_auc", "at_least": 0.5}, {"metric": "f1", "at_least": 0.5})).results

    assert [result.verdict for result in results] == ["inconclusive", "inconclusive"]
    assert "fold by fold" in results[0].reason
    assert results[1].reason == "not measured"


def test_a_star_judges_every_measured_subset():
    table = scores(("gap.recall", -1, "Sex", 0.05, 0.01, 0.08), ("gap.recall", -1, "Age", 0.3, 0.2, 0.4))

    judgement = judge(table, policy({"metric": "gap.recall", "subset": "*", "at_most": 0.1}))

    assert [(r.subset, r.verdict.value) for r in judgement.results] == [("Age", "fail"), ("Sex", "pass")]
    assert judgement.verdict is Verdict.FAIL


def test_a_star_with_nothing_measured_is_inconclusive():
    assert verdict([], metric="gap.recall", subset="*", at_most=0.1) == "inconclusive"


def test_of_two_measurements_the_worse_one_counts():
    rows = [("roc_auc", -1, "all", 0.9, 0.85, 0.95), ("roc_auc", -1, "all", 0.6, 0.55, 0.65)]
    assert verdict(rows, metric="roc_auc", at_least=0.75) == "fail"


def waiver(until):
    return {"gate": "f1", "owner": "A. Person", "reason": "pilot", "until": until}


def test_a_waiver_counts_through_its_last_day_and_not_after():
    table = scores(("f1", -1, "all", 0.1, 0.05, 0.15))
    rule = {"metric": "f1", "at_least": 0.5}

    assert judge(table, policy(rule, waivers=[waiver("2026-11-01")]), DAY).verdict is Verdict.PASS
    expired = judge(table, policy(rule, waivers=[waiver("2026-10-31")]), DAY)
    assert expired.verdict is Verdict.FAIL
    assert not expired.results[0].waived
    artifact = to_artifact(expired)
    assert artifact.tables["waivers"]["counts"].tolist() == [False]
    assert "A waiver has expired" in [finding.title for finding in artifact.findings]


def test_a_waiver_does_not_stand_in_for_missing_evidence():
    judgement = judge(scores(), policy({"metric": "f1", "at_least": 0.5}, waivers=[waiver("2030-01-01")]), DAY)

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert not judgement.results[0].waived


def test_fail_outweighs_inconclusive_outweighs_pass():
    table = scores(("f1", -1, "all", 0.9, 0.8, 0.95), ("recall", -1, "all", 0.5, 0.4, 0.6))
    good, unclear = {"metric": "f1", "at_least": 0.5}, {"metric": "recall", "at_least": 0.5}

    assert judge(table, policy(good)).exit_code == 0
    assert judge(table, policy(good, unclear)).exit_code == 3
    assert judge(table, policy(good, unclear, {"name": "x", "metric": "f1", "at_most": 0.5})).exit_code == 1


def test_the_clock_is_read_only_where_there_are_waivers(monkeypatch):
    class NoClock(date):
        @classmethod
        def today(cls):
            raise RuntimeError("the clock was read")

    monkeypatch.setattr(judge_module, "date", NoClock)
    table = scores(("f1", -1, "all", 0.9, 0.8, 0.95))
    rule = {"metric": "f1", "at_least": 0.5}

    assert judge(table, policy(rule)).judged_on is None
    with pytest.raises(RuntimeError, match="the clock was read"):
        judge(table, policy(rule, waivers=[waiver("2030-01-01")]))


def test_scores_without_a_column_are_refused():
    with pytest.raises(GateError, match="lack the column 'low'"):
        judge(scores().drop(columns="low"), policy({"metric": "f1", "at_least": 0.5}))


def test_the_artifact_says_what_decided():
    table = scores(("f1", -1, "all", 0.1, 0.05, 0.15))
    rule = {"metric": "f1", "at_least": 0.5}
    artifact = to_artifact(judge(table, policy(rule, waivers=[waiver("2030-01-01")]), DAY))

    assert artifact.status is Status.OK
    assert artifact.summary == {
        "verdict": "pass", "exit_code": 0, "n_pass": 0, "n_fail": 1, "n_inconclusive": 0, "n_waived": 1,
        "judged_on": "2026-11-01",
    }  # fmt: skip
    row = artifact.tables["gates"].iloc[0]
    assert (row["verdict"], bool(row["waived"]), row["rule"]) == ("fail", True, "at least 0.5")
    assert "0.050 to 0.150" in row["reason"]
    (finding,) = artifact.findings
    assert "A. Person" in finding.text


def test_no_verdict_has_the_exit_code_of_a_wrong_call():
    assert sorted(EXIT_CODES.values()) == [0, 1, 3]


def judged_for_all_alike(rules, called):
    """A model that calls all or nobody: it may rank perfectly and treats all groups alike."""
    y, predicted = [0] * 80 + [1] * 20, [called] * 100

    def row(gate):
        if gate.metric in METRICS and METRICS[gate.metric].needs == "labels":
            value = METRICS[gate.metric](y, predicted)
        else:
            value = gate.at_most if gate.at_least is None else gate.at_least
        return (gate.metric, -1, gate.subset, value, value, value)

    judgement = judge(scores(*map(row, rules.gates)), rules)
    failed = [result.gate.metric for result in judgement.results if result.verdict is Verdict.FAIL]
    return judgement.exit_code, failed


@pytest.mark.parametrize("name", ["chest_xray", "digits", "fraud", "medical_imaging", "sentiment", "vehicle_claims"])
def test_a_model_that_calls_nobody_fails_the_policies_that_come_along(root, name):
    rules = read_policy(root / "pipelines" / f"{name}_policy.yaml")

    exit_code, failed = judged_for_all_alike(rules, 0)

    assert exit_code == 1
    assert failed in (["recall"], ["balanced_accuracy"], ["accuracy"])


@pytest.mark.parametrize("name", ["digits", "fraud", "medical_imaging", "sentiment"])
def test_a_model_that_calls_everybody_fails_them_too(root, name):
    rules = read_policy(root / "pipelines" / f"{name}_policy.yaml")

    exit_code, failed = judged_for_all_alike(rules, 1)

    assert exit_code == 1
    assert failed in (["specificity"], ["balanced_accuracy"], ["accuracy"])


def test_a_doubt_makes_every_gate_inconclusive_whatever_its_figures_and_waivers_say():
    rows = [("roc_auc", -1, "all", 0.9, 0.85, 0.95), ("f1", -1, "all", 0.1, 0.05, 0.15)]
    gates = ({"metric": "roc_auc", "at_least": 0.75}, {"metric": "f1", "at_least": 0.5})
    waivers = [{"gate": "f1", "owner": "A. Owner", "reason": "pilot", "until": "2999-01-01"}]
    asked = policy(*gates, waivers=waivers)
    assert judge(scores(*rows), asked, DAY).verdict is Verdict.PASS

    found = judge(scores(*rows), asked, DAY, doubt="the evidence was changed after the run: scores.parquet")

    assert (found.verdict, found.exit_code) == (Verdict.INCONCLUSIVE, 3)
    assert {result.verdict for result in found.results} == {Verdict.INCONCLUSIVE}
    assert not any(result.waived for result in found.results)
    assert {result.reason for result in found.results} == {"the evidence was changed after the run: scores.parquet"}
