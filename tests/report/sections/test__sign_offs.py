from __future__ import annotations

import json

import pytest

from appliedml.report import blocks
from appliedml.report.build import build_document, render_report, with_sign_offs_of, write_report
from appliedml.report.sections._sign_offs import (
    changed_blocks,
    latest_sign_off,
    sign_off_blocks,
    verification_blocks,
)
from appliedml.store import layout
from appliedml.store.manifest import list_files, seal_run
from appliedml.store.run import Run
from appliedml.store.sign_offs import append_sign_off
from appliedml.store.writer import write_json, write_table

HOSTILE = "<script>alert(1)</script> \u202e| **x** [a](https://evil.example)"


@pytest.fixture
def run(demo, tmp_path):
    made = demo.demo_run(tmp_path / "run")
    write_json(made.path / layout.RUN, made.info | {"files": list_files(made.path, [layout.RUN, layout.TIMINGS])})
    seal_run(made.path)
    return Run(made.path)


def sign(run, name="A. Owner", decision="approve", note="Pilot only.", **options):
    append_sign_off(run.path, name=name, decision=decision, note=note, **options)
    return Run(run.path)


def of(found, kind):
    return [block for block in found if isinstance(block, kind)]


def test_an_untouched_run_says_how_many_files_were_as_written(run):
    (text,) = of(verification_blocks(run), blocks.Text)

    assert f"{len(run.files_state.hashes)} files of the run" in text.text
    assert of(verification_blocks(run), blocks.Code)[0].text == "appliedml verify RUN"


def test_a_changed_file_is_named_in_the_report(run):
    path = run.path / layout.TIMINGS
    path.write_text(path.read_text().replace("2026", "2025"))
    found = verification_blocks(Run(run.path))

    assert of(found, blocks.Callout)[0].tone == "bad"
    assert of(found, blocks.Table)[0].data.to_dict("records") == [{"file": "timings.json", "what": "changed"}]


def test_a_run_without_lists_says_that_nobody_can_know(demo, tmp_path):
    (text,) = of(verification_blocks(demo.demo_run(tmp_path)), blocks.Text)

    assert "did not list its files" in text.text


def test_sign_offs_that_were_deleted_are_missed(run):
    signed = sign(run, decision="reject")
    (signed.path / layout.SIGN_OFFS).unlink()
    found = of(sign_off_blocks(Run(run.path)), blocks.Callout)[0]

    assert (found.tone, found.title) == ("bad", "The sign-offs were deleted")


def test_nobody_has_signed(run):
    assert of(sign_off_blocks(run), blocks.Callout)[0].title == "Nobody has signed this run off"
    assert latest_sign_off(run) == []


def test_sign_offs_are_shown_in_order_and_the_verdict_names_the_latest(run):
    signed = sign(sign(run, decision="revise", role="owner"), "B. Validator", despite=["data: differs"])
    (table,) = of(sign_off_blocks(signed), blocks.Table)

    assert table.data["decision"].tolist() == ["revise", "approve"]
    assert table.data["chain"].tolist() == ["intact", "intact"]
    assert "Signed although these did not match: data: differs." in table.data["note"][1]
    (callout,) = latest_sign_off(signed)
    assert callout.title == "Signed although something did not match"
    assert "approved by B. Validator on " in callout.text


def test_what_changed_since_the_sign_off_stands_in_a_callout(run):
    signed = sign(run)
    (line,) = latest_sign_off(signed)
    assert line.text.startswith("Latest sign-off: approved by A. Owner on 20")
    path = run.path / layout.TIMINGS
    path.write_text(path.read_text().replace("2026", "2025"))
    changed = Run(run.path)

    (callout,) = of(sign_off_blocks(changed), blocks.Callout)
    assert callout.title == "Files were changed after the latest sign-off"
    assert "lies here now: timings.json." in callout.text
    assert latest_sign_off(changed)[0].tone == "bad"


def test_a_broken_chain_and_a_damaged_file_are_said(run):
    sign(run)
    path = run.path / layout.SIGN_OFFS
    records = json.loads(path.read_text())
    write_json(path, [records[0] | {"decision": "reject"}])
    broken = Run(run.path)
    assert of(sign_off_blocks(broken), blocks.Callout)[0].title == "The chain is broken at sign-off 1"
    assert latest_sign_off(broken)[0].title == "The chain of sign-offs is broken"

    path.write_text("[")
    assert of(sign_off_blocks(Run(run.path)), blocks.Callout)[0].title == "The sign-offs were changed"
    assert latest_sign_off(Run(run.path))[0].title == "The sign-offs were changed"


def test_hostile_names_and_notes_are_text_in_every_form(run):
    signed = sign(run, HOSTILE, note=HOSTILE + "\n" + "a" * 3000, role=HOSTILE)
    texts = render_report(signed)

    assert "<script>alert" not in texts["report.html"]
    assert "&lt;script&gt;alert" in texts["report.html"]
    assert "\u202e" not in texts["report.html"]
    assert "<script>alert" not in texts["report.md"]
    assert "](https://evil" not in texts["report.md"]


def test_the_sections_that_show_sign_offs_say_so_and_no_others_do(run):
    before = build_document(run)
    signed = sign(run)
    after = build_document(signed)

    assert before.metadata == after.metadata
    signed.forget()
    again = with_sign_offs_of(before, signed)
    names = [part.name for part in after.sections]
    for old, new, made in zip(before.sections, after.sections, again.sections, strict=True):
        assert (repr(old) == repr(new)) or new.name in ("verdict", "provenance", "standards")
        assert repr(made) == repr(new)
    assert {"verdict", "provenance"} <= set(names)


def test_the_report_is_sealed_and_rebuilding_gives_the_same_bytes(run):
    write_report(sign(run))
    before = {name: (run.path / name).read_bytes() for name in (*layout.REPORTS, layout.SEAL)}
    write_report(Run(run.path))

    assert {name: (run.path / name).read_bytes() for name in before} == before


def test_an_intact_run_says_nothing_at_the_top_and_gives_the_same_bytes(run):
    before = render_report(run)
    assert changed_blocks(run) == []
    for text in before.values():
        assert "does not match the seal" not in text
        assert "changed_files" not in text
    assert render_report(Run(run.path)) == before


def test_changed_evidence_is_the_first_thing_of_every_form_and_no_headline_says_pass(demo, tmp_path):
    made = demo.demo_run(tmp_path / "run", demo.audit_artifact(), demo.gates_artifact(("pass",)))
    write_json(made.path / layout.RUN, made.info | {"files": list_files(made.path, [layout.RUN])})
    seal_run(made.path)
    assert "Pass: the policy is met" in render_report(Run(made.path), ["html"])[layout.REPORT_HTML]

    # Another table with the same columns: all that reads it goes on.
    scores = made.scores.assign(value=made.scores["value"] + 0.01)
    write_table(made.path / layout.SCORES, scores)
    texts = render_report(Run(made.path))

    document = json.loads(texts[layout.REPORT_JSON])
    callout, table, verdict = document["sections"][0]["blocks"][:3]
    assert (callout["tone"], callout["title"]) == (
        "bad",
        "1 file does not match the seal of the run: scores.parquet",
    )
    assert "No figure on this page can be relied on" in callout["text"]
    assert table["rows"] == [["scores.parquet", "changed", "Provenance", "provenance"]]
    assert verdict["title"] == "Inconclusive: the evidence was changed after the run"
    assert "0 pass, 0 fail, 1 inconclusive" in verdict["text"]
    assert document["metadata"]["appliedml"]["changed_files"] == ["scores.parquet"]
    assert document["metadata"]["appliedml"]["gates"] == "inconclusive"
    assert document["metadata"]["facts"]["Changed after the run"] == "scores.parquet"
    assert document["metadata"]["model-index"][0]["results"] == []

    page = texts[layout.REPORT_HTML]
    main = page[page.index("<main") :]
    assert main.index('class="callout bad"') < main.index("scores.parquet") < main.index("Inconclusive")
    assert '<a href="#section-provenance">Provenance</a>' in main[: main.index("Inconclusive")]
    assert "Pass: the policy is met" not in page
    card = texts[layout.REPORT_MARKDOWN]
    assert "- Changed after the run: scores.parquet" in card
    assert "Pass: the policy is met" not in card


def test_of_many_changed_files_the_first_are_named_and_all_are_counted(run):
    for number in range(30):
        write_json(run.path / layout.ARTIFACTS / f"kind_{number:02}" / layout.ARTIFACT, {})

    callout, table = changed_blocks(Run(run.path))

    assert callout.title.startswith("30 files do not match the seal of the run: artifacts/kind_00/artifact.json")
    assert callout.title.endswith(" and 25 more")
    assert (len(table.data), table.note) == (20, "The first 20 of 30 files.")
