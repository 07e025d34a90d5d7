from __future__ import annotations

from appliedml.core.artifact import Artifact, Status
from appliedml.report import blocks
from appliedml.report.discovery import ReportRun
from appliedml.report.sections.standards import Standards


def of(found, kind):
    return [block for block in found if isinstance(block, kind)]


def ledger(run, title):
    tables = of(Standards().blocks(ReportRun(run)), blocks.Table)
    (found,) = [table for table in tables if table.caption == f"{title}, item by item"]
    return found.data.set_index("id")


def test_all_standards_are_shown_folded_by_default(demo, tmp_path):
    found = Standards().blocks(ReportRun(demo.demo_run(tmp_path)))

    tables = of(found, blocks.Table)
    assert len(tables[0].data) == len(of(found, blocks.Subheading)) == 7
    assert all(table.collapsed for table in tables[1:])


def test_the_context_chooses_standards_in_its_order(demo, tmp_path):
    run = demo.demo_run(tmp_path, context={"standards": ["sr_26_2", "model_card", "iso_1"]})

    found = Standards().blocks(ReportRun(run))

    assert [block.text for block in of(found, blocks.Subheading)] == ["SR 26-2", "Model card"]
    (warning,) = of(found, blocks.Callout)
    assert "iso_1" in warning.title
    assert "tripod_ai" in warning.text


def test_an_item_is_evidenced_stated_or_missing(demo, tmp_path):
    leakage = Artifact("leakage")
    context = {
        "owner": {"answer": "Claims", "by": "A. Owner", "on": "2026-03-01"},
        "purpose": "Rank claims.",
    }
    table = ledger(demo.demo_run(tmp_path, leakage, context=context), "SR 26-2")

    assert tuple(table.loc["soundness-2", ["state", "target"]]) == ("evidenced here", "leakage")
    assert tuple(table.loc["inventory", ["state", "where"]]) == ("evidenced here", "Provenance")
    assert tuple(table.loc["owner", ["state", "where"]]) == (
        "stated by a named person",
        "Claims (A. Owner, 2026-03-01)",
    )
    assert table.loc["purpose", "state"] == "stated, nobody named"
    assert tuple(table.loc["validator", ["state", "where"]]) == ("missing", "Answer 'validator' in context.yaml.")
    assert table.loc["outcomes-1", "where"] == "No evidence of the kind 'performance' in this run."


def test_how_the_model_was_made_stands_under_method(demo, tmp_path):
    run = demo.demo_run(tmp_path, Artifact("flow"))

    assert tuple(ledger(run, "TRIPOD+AI").loc["12c", ["state", "target"]]) == ("evidenced here", "method")
    assert tuple(ledger(run, "TRIPOD+AI").loc["20a", ["state", "target"]]) == ("evidenced here", "data")


def test_a_skipped_audit_is_no_evidence(demo, tmp_path):
    run = demo.demo_run(tmp_path, Artifact("leakage", Status.SKIPPED, reason="one fold"))

    assert ledger(run, "SR 26-2").loc["soundness-2", "state"] == "missing"


def test_the_overview_counts_every_item_once(demo, tmp_path):
    overview = of(Standards().blocks(ReportRun(demo.demo_run(tmp_path))), blocks.Table)[0].data

    parts = overview[["evidenced", "stated", "unnamed", "missing"]].sum(axis=1)
    assert parts.tolist() == overview["items"].tolist()


def test_open_questions_are_listed_once_with_who_asks(demo, tmp_path):
    run = demo.demo_run(tmp_path, context={"owner": "Claims", "standards": ["model_card", "sr_26_2"]})

    tables = of(Standards().blocks(ReportRun(run)), blocks.Table)
    (questions,) = [table.data for table in tables if table.caption == "Questions that only a person can answer"]

    assert questions["key"].is_unique
    assert "owner" not in set(questions["key"])
    assert questions.set_index("key").loc["purpose", "asked_by"] == "Model card; SR 26-2"
