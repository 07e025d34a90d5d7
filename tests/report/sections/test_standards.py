from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliedml.core.artifact import Artifact, Status
from appliedml.report import blocks
from appliedml.report.discovery import ReportRun
from appliedml.report.sections.standards import Standards
from appliedml.store import layout
from appliedml.store._keys import SigningKey
from appliedml.store.manifest import list_files, seal_run
from appliedml.store.run import Run
from appliedml.store.sign_offs import append_sign_off
from appliedml.store.writer import write_json


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


def test_a_standard_of_other_inputs_does_not_concern_a_run_and_waits_for_nobody(demo, tmp_path):
    run = demo.demo_run(tmp_path, context={"field": "health care", "purpose": "Sort."})
    run.info["data"]["inputs"] = "texts"

    found = Standards().blocks(run)

    tables = {table.caption: table.data for table in of(found, blocks.Table)}
    assert "CLAIM 2024, item by item" not in tables
    reason = "Does not concern this run. It is for models that read medical images; this run's inputs are texts."
    assert reason in [block.text for block in of(found, blocks.Text)]
    counts = tables["Items by standard"].set_index("standard").loc["CLAIM 2024"]
    assert counts["missing"] == 0
    assert counts["not_applicable"] == counts["items"] > 40
    asked = tables["Questions that only a person can answer"].set_index("key")["asked_by"]
    assert "acquisition" not in asked.index
    assert not any("CLAIM" in titles or "NYC" in titles for titles in asked)


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

    parts = overview[["evidenced", "stated", "unnamed", "missing", "not_applicable"]].sum(axis=1)
    assert parts.tolist() == overview["items"].tolist()


def test_open_questions_are_listed_once_with_who_asks(demo, tmp_path):
    run = demo.demo_run(tmp_path, context={"owner": "Claims", "standards": ["model_card", "sr_26_2"]})

    tables = of(Standards().blocks(ReportRun(run)), blocks.Table)
    (questions,) = [table.data for table in tables if table.caption == "Questions that only a person can answer"]

    assert questions["key"].is_unique
    assert "owner" not in set(questions["key"])
    assert questions.set_index("key").loc["purpose", "asked_by"] == "Model card; SR 26-2"


@pytest.mark.parametrize(("title", "number"), [("SR 26-2", "signed"), ("EU AI Act, Annex IV", "2(g)-6")])
def test_signed_means_signed_with_a_key_and_about_what_is_shown(demo, tmp_path, title, number):
    run = demo.demo_run(tmp_path)
    write_json(run.path / layout.RUN, run.info | {"files": list_files(run.path, [layout.RUN, layout.TIMINGS])})
    seal_run(run.path)
    item = ledger(Run(run.path), title).loc[number]
    assert tuple(item[["state", "target"]]) == ("missing", "provenance")
    assert item["where"].startswith("Nobody has signed")

    append_sign_off(run.path, name="A. Owner", decision="approve", note="Fine.")
    assert ledger(Run(run.path), title).loc[number, "state"] == "missing"

    append_sign_off(
        run.path, name="A. Owner", decision="approve", note="Fine.", key=SigningKey(Ed25519PrivateKey.generate())
    )
    item = ledger(Run(run.path), title).loc[number]
    assert tuple(item[["state", "target"]]) == ("evidenced here", "provenance")

    path = run.path / layout.TIMINGS
    path.write_text(path.read_text().replace("2026", "2025"))
    item = ledger(Run(run.path), title).loc[number]
    assert item["state"] == "missing"
    assert "files were changed after it" in item["where"]


def test_augmentation_does_not_apply_to_a_pipeline_without_any(demo, tmp_path):
    step = {"name": "keras_classifier", "verb": "predict", "parameters": {"builder": {"cnn": {"mixup": 0.2}}}}
    without = ledger(demo.demo_run(tmp_path / "a", Artifact("flow")), "CLAIM 2024").loc["9b"]
    with_it = ledger(demo.demo_run(tmp_path / "b", Artifact("flow"), pipeline=[step]), "CLAIM 2024").loc["9b"]

    assert without["state"] == "not applicable"
    assert tuple(with_it[["state", "target"]]) == ("evidenced here", "method")


def test_what_the_page_does_not_hold_is_asked_of_a_person(demo, tmp_path):
    run = demo.demo_run(tmp_path, Artifact("flow"))

    assert ledger(run, "EU AI Act, Annex IV").loc["2(c)-3", "where"] == "Answer 'compute' in context.yaml."
    assert ledger(run, "EU AI Act, Annex IV").loc["2(c)-2", "state"] == "evidenced here"
    assert ledger(run, "TRIPOD+AI").loc["22", "where"] == "Answer 'full_model' in context.yaml."
