from dataclasses import replace

import pandas as pd
import pytest

from appliedml.execution.compare_runs import compare_runs
from appliedml.report._comparison_verdict import verdict, verdict_callout, what_changed
from appliedml.report.blocks import Callout, Table


@pytest.fixture(scope="module")
def runs(two_runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    plan = {"pipeline": ["smote", {"logistic_regression": {"C": 0.5}}], "validation": 0.2}
    return two_runs.made_run(folder / "a"), two_runs.made_run(folder / "b", noise=2.0, plan=plan)


def artifact(a, b, **settings):
    return compare_runs(a, b, n_resamples=100, **settings).to_artifact()


def test_worse_beyond_tolerance_is_said_with_its_figures(runs):
    found = artifact(*runs)
    callout = verdict_callout(found)
    assert callout.tone == "bad"
    assert callout.title == "B is worse than A, beyond tolerance"
    row = found.tables["judged"].iloc[0]
    assert f"AUROC by {row['harm']:.3f} ({row['low']:.3f} to {row['high']:.3f})" in callout.text


def test_better_is_good_only_where_nothing_is_left_open(runs):
    back = artifact(*runs[::-1], worse_by=["1"])
    assert verdict_callout(back).tone == "good"
    assert "Better: AUROC by 0." in verdict_callout(back).text
    unclear = artifact(*runs[::-1], worse_by=["1", "gap.true_positive_rate=0"])
    assert verdict_callout(unclear).tone == "warning"
    assert "cannot be ruled out" in verdict_callout(unclear).text


def test_what_was_not_measured_is_not_said_to_be_open(runs):
    found = artifact(*runs[::-1], worse_by=["1"])
    judged = found.tables["judged"].copy()
    judged.loc[judged.index[0], "reading"] = "not measured"
    callout = verdict_callout(replace(found, tables={**found.tables, "judged": judged}))
    assert callout.tone == "warning"
    assert f"1 of {len(judged)} judged measures could not be measured: " in callout.text
    assert "cannot be ruled out" not in callout.text


def test_equal_runs_are_called_equal(runs):
    callout = verdict_callout(artifact(runs[0], runs[0]))
    assert (callout.tone, callout.title[:26]) == ("good", "The two runs give every ro")


def test_what_changed_is_one_sentence(runs):
    text = what_changed(artifact(*runs))
    assert text.startswith("What changed, with the number of entries: plan (")
    assert "pipeline.smote is new; pipeline.logistic_regression.C: 1.0 -> 0.5; validation: absent -> 0.2" in text
    assert what_changed(artifact(runs[0], runs[0])).startswith("Nothing changed")


def test_tolerances_stand_on_the_page(runs):
    table = next(block for block in verdict(artifact(*runs, worse_by=["roc_auc=0.123"])) if isinstance(block, Table))
    assert table.data.loc[0, "tolerance"] == 0.123
    assert "hold together with 95 % confidence" in table.note


def test_other_rows_are_warned_of(two_runs, runs, tmp_path):
    other = two_runs.made_run(tmp_path / "c", ids=[f"x{i}" for i in range(600)])
    found = verdict(artifact(runs[0], other, other_rows=True))
    warned = [block for block in found if isinstance(block, Callout)][1]
    assert warned.tone == "warning"
    assert "may come from the rows" in warned.text


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("gates", "verdict_b", "gates (1 of 1)"),
        ("unpaired", "value_b", "measures of audits (1 of 1)"),
        ("findings", "state", "findings (1 new or gone)"),
        ("scores", "difference", "measures (1 of "),
        ("thresholds", "b", "thresholds of folds (1 of 2)"),
    ],
)
def test_nothing_changed_is_said_only_where_everything_compared_is_equal(runs, table, column, words):
    same = artifact(runs[0], runs[0])
    gate = {"gate": "x", "subset": "all", "rule_a": "r", "rule_b": "r", "verdict_a": "pass", "verdict_b": "pass"}
    finding = {"state": "kept", "severity": "info", "title": "t", "text": "t", "kind": "leakage"}
    tables = {
        **same.tables,
        "gates": pd.DataFrame([gate | {"value_a": float("nan"), "value_b": float("nan")}]),
        "findings": pd.DataFrame([finding]),
    }
    same = replace(same, tables=tables)
    assert verdict_callout(same).text == "Every difference on this page is zero."
    assert what_changed(same).startswith("Nothing changed")

    other = tables[table].copy()
    other.loc[other.index[0], column] = {"verdict_b": "fail", "state": "new"}.get(column, 0.25)
    found = replace(same, tables={**tables, table: other})

    assert words in what_changed(found)
    assert "Nothing changed" not in what_changed(found)
    assert (verdict_callout(found).tone, words in verdict_callout(found).text) == ("warning", True)
