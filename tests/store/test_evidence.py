from __future__ import annotations

import pandas as pd
import pytest

from appliedml.core.artifact import Artifact, Status
from appliedml.store import layout
from appliedml.store.evidence import JUDGEMENT, changed_evidence, doubt, doubt_about, doubted, files_named, gates_of
from appliedml.store.manifest import Difference, compare_files
from appliedml.store.run import Run


def found(run, **settings):
    return [str(difference) for difference in changed_evidence(compare_files(run), **settings)]


def test_an_intact_run_has_no_changed_evidence_and_its_judgement_stands(run):
    assert found(run) == []
    assert gates_of(Run(run)).summary["verdict"] == "pass"


@pytest.mark.parametrize(
    "name",
    [
        layout.SCORES,
        "folds/0/model/model.keras",
        "artifacts/fairness/artifact.json",
        "artifacts/gates/artifact.json",
        layout.RUN,
    ],
)
def test_a_changed_file_that_figures_rest_on_is_named(small, run, name):
    small.flip(run / name)
    assert found(run) == [f"{name}: changed"]


@pytest.mark.parametrize("name", [*layout.REPORTS, layout.TIMINGS])
def test_what_decides_no_figure_is_no_evidence(small, run, name):
    small.flip(run / name)
    assert [str(difference) for difference in compare_files(run).differences] == [f"{name}: changed"]
    assert found(run) == []


def test_a_file_laid_beside_the_run_is_no_evidence_but_an_artifact_is(run):
    (run / ".DS_Store").write_text("x")
    assert found(run) == []
    (run / layout.ARTIFACTS / "leakage").mkdir()
    (run / layout.ARTIFACTS / "leakage" / layout.ARTIFACT).write_text("{}")
    assert found(run) == ["artifacts/leakage/artifact.json: not listed"]


def test_without_its_seal_nothing_of_a_run_can_be_relied_on(run):
    (run / layout.SEAL).unlink()
    assert found(run) == ["seal.json: missing"]


def test_the_judgement_can_be_left_out_where_it_is_made_anew(small, run):
    small.flip(run / JUDGEMENT / layout.ARTIFACT)
    assert found(run, without=JUDGEMENT) == []


def test_files_are_named_on_one_line_and_many_are_counted():
    many = [Difference(f"a\n{number}", "changed") for number in range(7)]
    assert files_named(many) == "a\\n0, a\\n1, a\\n2, a\\n3, a\\n4 and 2 more"
    assert doubt(many).startswith("the evidence was changed after the run: a\\n0")


def test_a_doubted_judgement_is_inconclusive_in_every_part():
    table = pd.DataFrame({"name": ["x", "y"], "verdict": ["pass", "fail"], "waived": [False, True], "reason": "r"})
    summary = {"verdict": "pass", "exit_code": 0, "n_pass": 1, "n_fail": 1, "n_inconclusive": 0, "n_waived": 1}
    gates = Artifact("gates", summary=summary, tables={"gates": table})

    read = doubted(gates, [Difference("scores.parquet", "changed")])

    assert read.status is Status.WARNING
    assert read.summary == {
        "verdict": "inconclusive", "exit_code": 3, "n_pass": 0, "n_fail": 0, "n_inconclusive": 2, "n_waived": 0,
    }  # fmt: skip
    assert set(read.tables["gates"]["verdict"]) == {"inconclusive"}
    assert not read.tables["gates"]["waived"].any()
    assert set(read.tables["gates"]["reason"]) == {"the evidence was changed after the run: scores.parquet"}
    assert list(gates.tables["gates"]["verdict"]) == ["pass", "fail"]
    assert doubted(gates, []) is gates


def test_a_folder_that_can_no_longer_be_read_as_a_run_is_doubted_and_one_that_never_was_one_is_not(run, tmp_path):
    assert doubt_about(run) == ""
    assert doubt_about(tmp_path / "absent") == ""
    (run / layout.RUN).write_text("{")
    assert doubt_about(run) == "the evidence was changed after the run: run.json"
    assert doubt_about(run, without=layout.RUN) == ""
    (run / layout.SEAL).unlink()
    assert doubt_about(run) == ""
