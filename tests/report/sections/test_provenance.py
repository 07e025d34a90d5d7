from __future__ import annotations

import json

import yaml

from appliedml.core.artifact import Artifact, Status
from appliedml.execution.energy import EnergyMeter
from appliedml.report import blocks
from appliedml.report.sections.provenance import Provenance
from appliedml.store import layout
from appliedml.store.writer import write_json


def of(found, kind):
    return [block for block in found if isinstance(block, kind)]


def test_hashes_seed_source_and_commit_are_printed(demo, tmp_path):
    run = demo.demo_run(tmp_path)

    (values,) = of(Provenance().blocks(run), blocks.KeyValues)

    found = dict(values.items)
    assert found["Run"] == "8e1f0a2b3c4d"
    assert found["Data, as read"] == "ab" * 32
    assert found["Source of the data"] == "table: data/claims.csv"
    assert found["Seed"] == "7"
    assert found["Commit of the code"] == "0123456789abcdef"
    assert len({found["Plan"], found["Predictions"], found["Scores"]}) == 3
    assert all(len(found[name]) == 64 for name in ("Plan", "Predictions", "Scores"))


def test_the_plan_can_be_copied_and_run_again(demo, tmp_path):
    run = demo.demo_run(tmp_path)

    commands, plan = of(Provenance().blocks(run), blocks.Code)

    assert commands.text == "appliedml check plan.yaml\nappliedml run plan.yaml"
    assert yaml.safe_load(plan.text) == run.plan


def test_a_run_outside_a_repository_says_so(demo, tmp_path):
    (values,) = of(Provenance().blocks(demo.demo_run(tmp_path, code={})), blocks.KeyValues)

    assert dict(values.items)["Commit of the code"] == "not in a repository"


def test_the_reader_learns_where_dates_are(demo, tmp_path):
    texts = " ".join(block.text for block in of(Provenance().blocks(demo.demo_run(tmp_path)), blocks.Text))

    assert "timings.json" in texts
    assert "energy" not in texts


def test_energy_is_kept_out_of_the_report_and_the_reader_learns_why_and_where(demo, tmp_path):
    run = demo.demo_run(tmp_path)
    write_json(run.path / layout.TIMINGS, {"energy": EnergyMeter(tmp_path).read()})

    (said,) = [block.text for block in of(Provenance().blocks(run), blocks.Text) if "timings.json" in block.text]

    assert "left out of this report on purpose: equal runs must give the same report to the byte" in said
    section, _, key = said.partition("under the key ")[2].partition(" ")[0].partition(".")
    assert key in json.loads((run.path / layout.TIMINGS).read_text(encoding="utf-8"))[section]
    assert "It is an estimate, not a measurement." in said


def test_sign_offs_are_listed_or_missed(demo, tmp_path):
    entry = {"name": "C. Validator", "role": "validation", "on": "2026-03-09", "statement": "Approved."}
    signed = Provenance().blocks(demo.demo_run(tmp_path / "a", context={"sign_offs": [entry, "noise"]}))
    unsigned = Provenance().blocks(demo.demo_run(tmp_path / "b"))

    assert of(signed, blocks.Table)[-1].data.to_dict("records") == [entry]
    assert of(unsigned, blocks.Callout)[0].title == "Nobody has signed this run off"


def test_what_was_not_evaluated_is_said_in_one_sentence(demo, tmp_path):
    skipped = Artifact("leakage", Status.SKIPPED, reason="One fold.")
    run = demo.demo_run(tmp_path, Artifact("performance"), Artifact("calibration"), skipped)

    (said,) = [b.text for b in of(Provenance().blocks(run), blocks.Text) if b.text.startswith("Not evaluated")]

    assert said.endswith("worst slices.")
    assert "leakage" in said
    assert "performance" not in said
    assert "calibration" not in said
    assert "text robustness" not in said


def test_a_run_from_changed_code_is_warned_of(demo, tmp_path):
    changed = demo.demo_run(tmp_path / "a", code={"git_commit": "0123abc+changes"})
    clean = demo.demo_run(tmp_path / "b")

    (warning,) = [b for b in of(Provenance().blocks(changed), blocks.Callout) if b.tone == "warning"]
    assert "0123abc with changes" in warning.text
    assert not [b for b in of(Provenance().blocks(clean), blocks.Callout) if b.tone == "warning"]
