from __future__ import annotations

import json
import subprocess
import sys

import pytest

from appliedml.core.artifact import Artifact, Status
from appliedml.errors import RunError
from appliedml.report import blocks
from appliedml.report.build import build_document, with_sign_offs_of, write_report
from appliedml.report.json_form import render_json
from appliedml.report.markdown import render_markdown
from appliedml.store import layout
from appliedml.store.manifest import seal_run
from appliedml.store.run import Run
from appliedml.store.writer import write_table


def section(document, name):
    return next((found for found in document.sections if found.name == name), None)


def test_sections_without_artifacts_are_left_out_and_fixed_ones_stay(demo, tmp_path):
    document = build_document(demo.demo_run(tmp_path))

    assert [found.name for found in document.sections] == ["verdict", "generic", "provenance", "standards"]
    assert document.title == "claims"


def test_without_unread_artifacts_there_is_no_generic_section(demo, tmp_path):
    document = build_document(demo.demo_run(tmp_path, demo.gates_artifact()))

    assert section(document, "generic") is None


@pytest.mark.parametrize(("status", "word"), [(Status.SKIPPED, "skipped"), (Status.NOT_APPLICABLE, "not applicable")])
def test_an_audit_that_did_not_run_is_named_with_its_reason(demo, tmp_path, status, word):
    run = demo.demo_run(tmp_path, Artifact("leakage", status, reason="the folds are one"))

    (callout,) = section(build_document(run), "leakage").blocks

    assert callout == blocks.Callout("neutral", f"Leakage: {word}", "the folds are one")


def test_a_reason_stands_before_what_the_section_does_show(demo, tmp_path, monkeypatch):
    class Both:
        title, order, reads = "Both", 5, ("demo_audit", "leakage")

        def blocks(self, run):
            assert "leakage" not in run
            return [blocks.Text(run["demo_audit"].status.value)]

    monkeypatch.setattr("appliedml.report.build.all_sections", lambda: [("both", Both())])
    run = demo.demo_run(tmp_path, demo.audit_artifact(), Artifact("leakage", Status.SKIPPED, reason="why"))

    (found,) = build_document(run).sections

    assert found.blocks == (blocks.Callout("neutral", "Leakage: skipped", "why"), blocks.Text("warning"))


def test_every_section_but_the_verdict_begins_with_what_was_changed(demo, tmp_path):
    run = demo.demo_run(tmp_path, demo.audit_artifact(), demo.gates_artifact())
    seal_run(tmp_path)
    intact = build_document(Run(tmp_path))
    write_table(tmp_path / layout.SCORES, run.scores.assign(value=run.scores["value"] + 0.01))

    document = build_document(Run(tmp_path))

    said = "The evidence was changed after the run: scores.parquet"
    callout = blocks.Callout("bad", said, "Rely on nothing in this section.")
    assert [found.name for found in document.sections] == ["verdict", "generic", "provenance", "standards"]
    assert [found.blocks[0] == callout for found in document.sections] == [False, True, True, True]
    assert document.sections[0].blocks[0].tone == "bad"
    assert not any(callout in found.blocks for found in intact.sections)
    # Made anew for a signer, the sections say the same.
    assert render_json(with_sign_offs_of(document, Run(tmp_path))) == render_json(document)
    assert render_markdown(document).count(said) == 3


def test_a_file_that_decides_no_figure_marks_no_section(demo, tmp_path):
    demo.demo_run(tmp_path)
    seal_run(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")

    text = render_json(build_document(Run(tmp_path)))

    assert "notes.txt" in text
    assert "The evidence was changed" not in text


def test_reports_are_written_beside_the_run_and_equal_runs_give_equal_bytes(demo, tmp_path):
    files = ("report.html", "report.md", "report.json")
    for name in ("a", "b"):
        path = write_report(demo.demo_run(tmp_path / name))
        assert path == tmp_path / name / "report.html"

    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_report_holds_no_date_of_the_run(demo, tmp_path):
    run = demo.demo_run(tmp_path)
    write_report(run)

    started = json.loads((tmp_path / layout.TIMINGS).read_text())["started"]
    for file in ("report.html", "report.md", "report.json"):
        text = (tmp_path / file).read_text(encoding="utf-8")
        assert started[:10] not in text
        assert str(tmp_path) not in text


def test_only_the_formats_asked_for_are_written(demo, tmp_path):
    run = demo.demo_run(tmp_path)

    assert write_report(run, formats=("json", "markdown")) == tmp_path / "report.json"
    assert write_report(run, formats="markdown") == tmp_path / "report.md"
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("formats", [("pdf",), (), ("html", "docx")])
def test_an_unknown_format_is_refused_before_anything_is_written(demo, tmp_path, formats):
    run = demo.demo_run(tmp_path)

    with pytest.raises(RunError, match="formats must be some of html, markdown, json"):
        write_report(run, formats=formats)
    assert not (tmp_path / "report.html").exists()


def test_no_report_promises_that_a_standard_is_met(demo, tmp_path):
    write_report(demo.demo_run(tmp_path))

    for file in ("report.html", "report.md", "report.json"):
        assert "compliant" not in (tmp_path / file).read_text(encoding="utf-8").lower()


def test_writing_a_report_needs_neither_training_nor_explanation_libraries(demo, tmp_path):
    run = demo.demo_run(tmp_path)
    code = (
        "import sys\n"
        "from appliedml.report.build import write_report\n"
        "from appliedml.store.run import Run\n"
        f"write_report(Run({str(run.path)!r}))\n"
        "heavy = {'tensorflow', 'keras', 'shap', 'matplotlib', 'imblearn', 'fairlearn'} & set(sys.modules)\n"
        "rooms = ('stages', 'models', 'execution', 'audits', 'compose', 'explain')\n"
        "closed = tuple(f'appliedml.{room}.' for room in rooms)\n"
        "opened = [module for module in sys.modules if module.startswith(closed)]\n"
        "sys.exit(str((heavy, opened)) if heavy or opened else 0)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr
