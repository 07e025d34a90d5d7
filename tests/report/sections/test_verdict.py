from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from appliedml.core.artifact import Artifact, Finding, Severity
from appliedml.report import blocks
from appliedml.report.sections.standards import Standards
from appliedml.report.sections.verdict import Verdict, _verdict


def of(found, kind):
    return [block for block in found if isinstance(block, kind)]


@pytest.mark.parametrize(
    ("verdicts", "tone", "word"),
    [
        (("pass",), "good", "Pass"),
        (("pass", "inconclusive"), "warning", "Inconclusive"),
        (("pass", "fail", "inconclusive"), "bad", "Fail"),
    ],
)
def test_the_verdict_of_the_gates_comes_first(demo, tmp_path, verdicts, tone, word):
    first = Verdict().blocks(demo.demo_run(tmp_path, demo.gates_artifact(verdicts)))[0]

    assert (first.tone, first.title.split(":")[0]) == (tone, word)
    assert f"{verdicts.count('pass')} pass" in first.text


def test_without_a_policy_there_is_no_verdict(demo, tmp_path):
    found = Verdict().blocks(demo.demo_run(tmp_path, demo.audit_artifact()))

    assert found[0].tone == "neutral"
    assert "No policy was given" in found[0].title
    assert "Gates" not in [block.text for block in of(found, blocks.Subheading)]


def test_the_purpose_is_stated_with_who_stated_it_or_asked_for(demo, tmp_path):
    context = {"purpose": "Rank claims.", "stated_by": "A. Owner"}
    stated = Verdict().blocks(demo.demo_run(tmp_path / "a", context=context))
    silent = Verdict().blocks(demo.demo_run(tmp_path / "b", context={}))

    assert [block.text for block in of(stated, blocks.Text)][:2] == ["Rank claims.", "Purpose as stated by: A. Owner."]
    assert "No purpose is stated" in [block.title for block in of(silent, blocks.Callout)]


def test_headline_figures_have_intervals(demo, tmp_path):
    (headlines,) = of(Verdict().blocks(demo.demo_run(tmp_path)), blocks.Headlines)

    assert headlines.items[0] == ("AUROC", "0.838", "0.824 to 0.851")
    assert [item[0] for item in headlines.items] == ["AUROC", "Average precision", "Brier score"]


def test_gates_show_the_interval_that_decided_and_waivers_their_owner(demo, tmp_path):
    gates, waivers = of(Verdict().blocks(demo.demo_run(tmp_path)), blocks.Table)[:2]

    assert list(gates.data["verdict"]) == ["pass", "fail", "inconclusive"]
    assert gates.columns[5].bounds == ("low", "high")
    assert list(gates.data["label"])[1] == "True positive rate, gap"
    assert waivers.data.loc[0, ["owner", "until", "state"]].tolist() == ["A. Owner", "2027-01-31", "counts"]


def test_the_three_most_serious_findings_lead_to_their_evidence(demo, tmp_path):
    found = Verdict().blocks(demo.demo_run(tmp_path))

    (findings,) = of(found, blocks.FindingsList)
    assert [item[0] for item in findings.items] == ["problem", "warning", "warning"]
    assert findings.items[0][1] == "Younger drivers are found less often"
    assert {item[3] for item in findings.items} == {"generic"}
    assert len(of(found, blocks.Table)[-1].data) == 4


def test_findings_that_no_gate_covers_stand_beside_the_verdict(demo, tmp_path):
    silent = Verdict().blocks(demo.demo_run(tmp_path / "a", demo.gates_artifact(("pass",))))[0]
    found = Verdict().blocks(demo.demo_run(tmp_path / "b", demo.audit_artifact(), demo.gates_artifact(("pass",))))[0]

    assert "Beside them" not in silent.text
    assert (silent.tone, silent.title) == ("good", "Pass: the policy is met")
    assert (found.tone, found.title) == (
        "warning",
        "Pass: the policy is met, but 1 problem and 2 warnings lie outside it",
    )
    assert found.text.endswith(
        " Beside them 1 problem and 2 warnings were found that no gate covers. They are listed below."
    )


@pytest.mark.parametrize(
    ("severity", "verdicts", "tone", "title"),
    [
        (Severity.WARNING, ("pass",), "neutral", "Pass: the policy is met, but 1 warning lies outside it"),
        (Severity.INFO, ("pass",), "good", "Pass: the policy is met"),
        (Severity.WARNING, ("fail",), "bad", "Fail: the policy is not met"),
        (Severity.PROBLEM, ("inconclusive",), "warning", "Inconclusive: the evidence does not decide"),
    ],
)
def test_the_box_is_green_only_where_nothing_lies_outside_the_gates(demo, tmp_path, severity, verdicts, tone, title):
    outside = Artifact("leakage", findings=(Finding(severity, "Outside", "."),))
    found = Verdict().blocks(demo.demo_run(tmp_path, outside, demo.gates_artifact(verdicts)))[0]

    assert (found.tone, found.title) == (tone, title)
    assert ("no gate covers. It is listed below." in found.text) is (severity is Severity.WARNING and tone == "neutral")
    assert ("1 warning was found that no gate covers." in found.text) is (severity is Severity.WARNING)


@pytest.mark.parametrize(("metrics", "covered"), [(["true_positive_rate"], True), (["true_positive_rate", "x"], False)])
def test_a_disparity_is_covered_only_if_every_gap_of_it_has_a_gate(demo, tmp_path, metrics, covered):
    gaps = pd.DataFrame([("sex", metric, "disparity") for metric in [*metrics, "equalised_odds"]])
    fairness = Artifact(
        "fairness",
        tables={"gaps": gaps.set_axis(["feature", "metric", "verdict"], axis=1)},
        findings=(Finding(Severity.PROBLEM, "Disparity by sex: the gap exceeds the tolerance", "."),),
    )
    gates = pd.DataFrame([("gap.true_positive_rate", "sex", 0.2)], columns=["metric", "subset", "value"])
    judged = Artifact("gates", summary={"verdict": "pass", "n_pass": 1}, tables={"gates": gates})

    text = _verdict(demo.demo_run(tmp_path, fairness, judged)).text

    assert ("Beside them 1 problem was found that no gate covers." in text) is not covered


def test_what_the_model_is_not_for_and_its_limits_are_said_as_stated(demo, tmp_path):
    context = {"out_of_scope": "Pricing.", "limitations": {"answer": "One insurer.", "by": "B"}, "stated_by": "A"}
    (limits,) = of(Verdict().blocks(demo.demo_run(tmp_path / "a", context=context)), blocks.KeyValues)

    assert limits.items == (
        ("Out of scope", "Pricing. (stated by: A)"),
        ("Limitations", "One insurer. (stated by: B)"),
    )
    assert not of(Verdict().blocks(demo.demo_run(tmp_path / "b", context={})), blocks.KeyValues)


def test_open_questions_are_counted_as_in_the_standards_and_lead_there(demo, tmp_path):
    run = demo.demo_run(tmp_path, context={"purpose": "Rank.", "stated_by": "A"})
    asked = next(t for t in of(Standards().blocks(run), blocks.Table) if t.caption.startswith("Questions that only"))

    (table,) = [t for t in of(Verdict().blocks(run), blocks.Table) if t.caption == "What is left to people"]

    assert table.data.loc[0, "text"].startswith(f"{len(asked.data)} of ")
    assert table.data.loc[0, "section"] == "standards"
    run.info["data"]["inputs"] = "texts"
    (fewer,) = [t for t in of(Verdict().blocks(run), blocks.Table) if t.caption == "What is left to people"]
    assert int(fewer.data.loc[0, "text"].split()[0]) < len(asked.data)
    none = Verdict().blocks(demo.demo_run(tmp_path / "b", context={"standards": []}))
    assert "What is left to people" not in [t.caption for t in of(none, blocks.Table)]


def test_findings_of_the_gates_are_not_said_twice(demo, tmp_path):
    found = Verdict().blocks(demo.demo_run(tmp_path, demo.gates_artifact()))

    assert not of(found, blocks.FindingsList)
    assert found[-1].text == "The audits report no findings."


def test_a_problem_in_a_later_section_goes_before_a_warning_in_an_earlier_one(demo, tmp_path):
    early = Artifact("leakage", findings=(Finding(Severity.WARNING, "Early", "."),))
    late = Artifact("zzz", findings=(Finding(Severity.PROBLEM, "Late", "."),))

    (findings,) = of(Verdict().blocks(demo.demo_run(tmp_path, early, late)), blocks.FindingsList)

    assert [item[1] for item in findings.items] == ["Late", "Early"]
    assert [item[3] for item in findings.items] == ["generic", "leakage"]


def test_within_a_severity_who_is_treated_worse_comes_first_and_leakage_next(demo, tmp_path):
    kinds = {
        "training_curves": "Training stopped before it was done",
        "leakage": "Not tested on later rows",
        "baselines": "The pipeline is not shown to beat a reference model: logistic regression",
        "fairness": "Disparity by sex: a difference is shown, its size against the tolerance is open",
    }
    made = [Artifact(kind, findings=(Finding(Severity.WARNING, title, "."),)) for kind, title in kinds.items()]

    blocks_ = Verdict().blocks(demo.demo_run(tmp_path, *made))

    (findings,), table = of(blocks_, blocks.FindingsList), of(blocks_, blocks.Table)[-1]
    wanted = [kinds[kind] for kind in ("fairness", "leakage", "baselines", "training_curves")]
    assert [item[1] for item in findings.items] == wanted[:3]
    assert table.data["title"].tolist() == wanted
    assert table.data["section"].tolist() == ["fairness", "leakage", "baselines", "method"]


def test_what_the_gates_write_is_what_the_section_reads(demo, tmp_path):
    assert importlib.util.find_spec("appliedml.gates.judge")
    from appliedml.gates.judge import judge, to_artifact
    from appliedml.gates.policy import policy_from

    policy = policy_from({"version": 1, "gates": [{"metric": "roc_auc", "at_least": 0.8}]})
    gates = to_artifact(judge(demo.audit_artifact().scores, policy))

    found = Verdict().blocks(demo.demo_run(Path(tmp_path), demo.audit_artifact(), gates))

    assert found[0].title.startswith("Pass: the policy is met")
    assert of(found, blocks.Table)[0].data.loc[0, "rule"]
