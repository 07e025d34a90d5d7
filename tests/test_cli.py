"""The command line as a user meets it: a mistake is one message with exit code 2, and nothing half-written stays."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from appliedml import cli
from appliedml.store import layout
from appliedml.store.run import Run

PLAN = """
version: 1
name: claims
seed: 7
data: {table: claims.csv}
schema:
  target: fraud
  sensitive: [sex, {age_band: {column: age, edges: [40]}}]
  ignore: [customer, day]
  row_id: claim_id
clean: [drop_duplicates]
split: {kfold: {folds: 3}}
pipeline: [impute_missing, {encode_categories: {method: one_hot}}, {logistic_regression: {max_iter: 1000}}]
validation: 0.2
threshold: f1
audits: [{performance: {n_resamples: 100}}, {fairness: {n_resamples: 200}}, leakage]
"""


@pytest.fixture
def folder(tmp_path, claims_table, monkeypatch):
    claims_table().to_csv(tmp_path / "claims.csv", index=False)
    (tmp_path / "plan.yaml").write_text(PLAN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str, capfd) -> tuple[int, str, str]:
    code = cli._invoke(cli.app, [str(item) for item in arguments])
    out, err = capfd.readouterr()
    return code, out, err


@pytest.fixture(scope="module")
def finished(tmp_path_factory, claims_table):
    folder = tmp_path_factory.mktemp("finished")
    claims_table().to_csv(folder / "claims.csv", index=False)
    (folder / "plan.yaml").write_text(PLAN + "policy: {version: 1, gates: [{metric: roc_auc, at_least: 0.5}]}\n")
    assert cli._invoke(cli.app, ["run", str(folder / "plan.yaml"), "--out", str(folder / "reports")]) == 0
    return Run(next((folder / "reports").iterdir()))


def test_run_prints_the_report_and_the_verdict(folder, capfd):
    code, out, _ = call("run", "plan.yaml", capfd=capfd)
    assert code == 0
    assert "verdict: no policy was given" in out
    path = Path(out.split("report:")[1].strip())
    assert path.is_file()
    assert "<html" in path.read_text()


def test_check_finds_nothing_wrong_and_fits_nothing(folder, capfd):
    code, out, _ = call("check", "plan.yaml", capfd=capfd)
    assert code == 0
    assert "no problems" in out
    assert not (folder / "reports").exists()


def test_check_names_columns_that_are_not_in_the_file(folder, capfd):
    (folder / "plan.yaml").write_text(PLAN.replace("[sex,", "[sexx,").replace("customer, day", "custumer, day"))
    code, _, err = call("check", "plan.yaml", capfd=capfd)
    assert code == 2
    assert "2 problems" in err
    assert "Columns close to it: 'sex'" in err


def test_report_rebuilds_the_same_bytes(finished, capfd):
    before = finished.report_path.read_bytes()
    finished.report_path.unlink()
    code, out, err = call("report", finished.path, capfd=capfd)
    assert (code, err) == (0, "")
    assert out.strip() == str(finished.report_path)
    assert finished.report_path.read_bytes() == before


@pytest.mark.parametrize(("bound", "code"), [(0.01, 0), (0.999, 1)])
def test_gate_answers_with_its_exit_code(finished, tmp_path, capfd, bound, code):
    policy = tmp_path / "policy.yaml"
    policy.write_text(f"version: 1\ngates: [{{metric: roc_auc, at_least: {bound}}}]\n")
    junit = tmp_path / "made" / "j.xml"
    found, out, _ = call("gate", finished.path, "--policy", policy, "--junit", junit, capfd=capfd)
    assert found == code
    assert ("pass" if code == 0 else "fail") in out
    assert out.endswith(f"junit:   {junit}\n")
    assert junit.read_text().startswith("<?xml")


def test_another_policy_is_answered_and_the_run_keeps_its_own_verdict(finished, tmp_path, capfd):
    assert call("gate", finished.path, capfd=capfd)[0] == 0
    before = {path: path.read_bytes() for path in finished.path.rglob("*") if path.is_file()}
    policy = tmp_path / "other.yaml"
    policy.write_text("version: 1\ngates: [{metric: roc_auc, at_least: 0.999}]\n")
    code, out, _ = call("gate", finished.path, "--policy", policy, capfd=capfd)
    assert code == 1
    assert "is not the policy of this run's plan" in out
    assert {path: path.read_bytes() for path in finished.path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("until", "code", "words"),
    [
        ("2999-01-01", 0, "[waived by A. Owner until 2999-01-01: pilot]"),
        ("2020-01-01", 1, "[the waiver of A. Owner expired on 2020-01-01]"),
    ],
)
def test_gate_says_who_waives_and_what_has_expired(finished, tmp_path, capfd, until, code, words):
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "version: 1\ngates: [{name: high, metric: roc_auc, at_least: 0.999}]\n"
        f"waivers: [{{gate: high, owner: A. Owner, reason: pilot, until: {until}}}]\n"
    )
    found, out, _ = call("gate", finished.path, "--policy", policy, capfd=capfd)
    assert found == code
    assert words in out


def test_gate_is_inconclusive_where_the_interval_spans_the_bound(finished, tmp_path, capfd):
    value, low, high = finished.score("roc_auc")
    assert low < value < high
    policy = tmp_path / "policy.yaml"
    policy.write_text(f"version: 1\ngates: [{{metric: roc_auc, at_least: {value}}}]\n")
    assert call("gate", finished.path, "--policy", policy, capfd=capfd)[0] == 3


def test_compare_pairs_two_runs(finished, tmp_path, capfd):
    text = (finished.path.parents[1] / "plan.yaml").read_text()
    other = finished.path.parents[1] / "other.yaml"
    other.write_text(text.replace("max_iter: 1000", "max_iter: 1000, C: 0.001"))
    assert call("run", other, "--out", tmp_path, capfd=capfd)[0] == 0
    code, out, _ = call("compare", finished.path, next(tmp_path.iterdir()), capfd=capfd)
    assert code in (0, 1)
    assert "logistic_regression.C: 1.0 (default) -> 0.001" in out
    assert "roc_auc" in out


def test_compare_refuses_other_rows_unless_told(finished, tmp_path, capfd, claims_table):
    data = tmp_path / "half.csv"
    claims_table().head(200).to_csv(data, index=False)
    plan = finished.path.parents[1] / "plan.yaml"
    assert call("run", plan, "--data", data, "--out", tmp_path / "out", capfd=capfd)[0] == 0
    other = next((tmp_path / "out").iterdir())
    code, _, err = call("compare", finished.path, other, capfd=capfd)
    assert code == 2
    assert "not on the same rows" in err
    assert call("compare", finished.path, other, "--other-rows", capfd=capfd)[0] == 0


@pytest.mark.parametrize("kind", ["stages", "audits", "builders", "splits", "sources", "sections"])
def test_list_gives_one_line_each(kind, capfd):
    code, out, _ = call("list", kind, capfd=capfd)
    assert code == 0
    lines = [line for line in out.splitlines() if line.startswith("  ")]
    assert lines
    assert all(len(line.split(maxsplit=1)) == 2 for line in lines)


def test_help_has_an_example_everywhere():
    runner = CliRunner()
    for command in ("check", "run", "report", "gate", "compare", "list"):
        assert "Example:  appliedml" in runner.invoke(cli.app, [command, "--help"]).output
    told = " ".join(runner.invoke(cli.app, ["gate", "--help"]).output.split())
    assert "Exit code 0 pass, 1 fail, 3 inconclusive; 2 a wrong call or bad input." in told


# -- bad input ---------------------------------------------------------------------------------------------------------


def rewrite(text):
    return lambda folder: (folder / "claims.csv").write_text(text)


def frame(change):
    def apply(folder):
        table = pd.read_csv(folder / "claims.csv")
        change(table).to_csv(folder / "claims.csv", index=False)

    return apply


def plan(old, new):
    return lambda folder: (folder / "plan.yaml").write_text(PLAN.replace(old, new))


NO_SCHEMA = """
version: 1
name: claims
data: {table: claims.csv}
pipeline: [impute_missing, encode_categories, logistic_regression]
"""

BAD = {
    "missing file": (lambda f: (f / "claims.csv").rename(f / "claim.csv"), "claims.csv"),
    "empty file": (rewrite(""), "empty"),
    "header only": (rewrite("fraud,sex,age,customer,day,claim_id,x\n"), "no row"),
    "wrong delimiter": (
        plan("{table: claims.csv}", "{table: {path: claims.csv, separator: ';'}}"),
        "(?i)separator|column",
    ),
    "wrong encoding": (lambda f: (f / "claims.csv").write_bytes("fraud,sex\n1,caf\xe9\n".encode("latin-1")), "latin-1"),
    "absent target": (plan("target: fraud", "target: frawd"), "Columns close to it: 'fraud'"),
    "one class only": (frame(lambda t: t.assign(fraud=0)), "two classes"),
    "class with fewer rows than folds": (
        frame(lambda t: t.assign(fraud=(t.index < 2).astype(int))),
        "2 rows for 3 folds",
    ),
    "infinite values": (
        frame(lambda t: t.assign(speed=np.where(t.index == 5, np.inf, t["speed"]))),
        "speed.*infinit",
    ),
    "one level": (frame(lambda t: t.assign(sex="f")), "at least two levels"),
    "a thousand levels": (frame(lambda t: t.assign(sex=[f"s{i}" for i in range(len(t))])), "levels"),
    "duplicate columns": (
        lambda f: (f / "claims.csv").write_text((f / "claims.csv").read_text().replace("speed", "amount", 1)),
        "amount",
    ),
    "unknown plan key": (plan("seed: 7", "sede: 7"), "Did you mean 'seed'"),
    "misspelt stage": (plan("impute_missing", "impute_mising"), "Did you mean 'impute_missing'"),
    "plan is no YAML": (lambda f: (f / "plan.yaml").write_text("a: [1"), "is not YAML"),
    "policy of a wrong kind": (plan("seed: 7", "seed: 7\npolicy: 5"), "policy must be"),
    "no schema": (lambda f: (f / "plan.yaml").write_text(NO_SCHEMA), "name at least the target"),
    "no data": (plan("data: {table: claims.csv}", ""), "name a source"),
    "one column in two roles": (
        plan("row_id: claim_id", "row_id: claim_id\n  weight: fraud"),
        "both target and weight",
    ),
    "plan is binary": (lambda f: (f / "plan.yaml").write_bytes(b"\xff\xfe\x00"), "not UTF-8"),
    "text where numbers are needed": (
        plan("{encode_categories: {method: one_hot}}, ", ""),
        "kind; put encode_categories before it",
    ),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_bad_input_is_one_sentence_and_leaves_nothing(folder, capfd, case):
    import re

    spoil, sentence = BAD[case]
    spoil(folder)
    code, _, err = call("run", "plan.yaml", capfd=capfd)
    assert code == 2
    assert re.search(sentence, err), err
    assert "Traceback" not in err
    assert len(err) < 1500
    reports = folder / "reports"
    assert not reports.exists() or not list(reports.iterdir())


def test_a_column_without_values_does_not_stop_a_run(folder, capfd):
    table = pd.read_csv("claims.csv")
    table = table.assign(nothing=np.nan, one=np.where(table.index == 7, 1.0, np.nan))
    table.to_csv("claims.csv", index=False)
    text = PLAN.replace("pipeline: [", "pipeline: [drop_constant_columns, ")
    text = text.replace("leakage]", "leakage, data_profile, baselines, calibration]")
    (folder / "plan.yaml").write_text(text)
    assert call("run", "plan.yaml", capfd=capfd)[0] == 0


def test_a_target_among_the_features_is_found(folder, capfd):
    table = pd.read_csv("claims.csv")
    table.assign(outcome=table["fraud"] * 2 + 1).to_csv("claims.csv", index=False)
    assert call("run", "plan.yaml", capfd=capfd)[0] == 0
    findings = Run(next((folder / "reports").iterdir()))["leakage"].findings
    assert any("outcome" in finding.title + finding.text and finding.severity == "problem" for finding in findings)


@pytest.mark.parametrize("command", ["report", "gate"])
def test_a_folder_that_is_not_a_run_is_refused(folder, capfd, command):
    code, _, err = call(command, folder, capfd=capfd)
    assert code == 2
    assert "is not a run folder" in err


def test_a_file_as_out_folder_is_refused(folder, capfd):
    code, _, err = call("run", "plan.yaml", "--out", "claims.csv", capfd=capfd)
    assert code == 2
    assert "cannot be written" in err


def test_a_wrong_call_is_answered_with_help(capfd):
    code, _, err = call("runn", capfd=capfd)
    assert code == 2
    assert "appliedml --help" in err


def test_an_unforeseen_error_has_no_traceback_unless_asked(monkeypatch, folder, capfd):
    def burst(*_):
        raise RuntimeError("boom")

    monkeypatch.setattr(cli, "_plan", burst)
    code, _, err = call("check", "plan.yaml", capfd=capfd)
    assert code == 2
    assert "RuntimeError: boom" in err
    assert "Traceback" not in err
    with pytest.raises(RuntimeError, match="boom"):
        cli._invoke(cli.app, ["check", "plan.yaml", "--verbose"])


def test_ctrl_c_ends_with_130_and_keeps_nothing_half_written(folder):
    (folder / "plan.yaml").write_text(PLAN.replace("n_resamples: 100", "n_resamples: 99999"))
    child = subprocess.Popen(
        [sys.executable, "-m", "appliedml.cli", "run", "plan.yaml"],
        cwd=folder,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Tests that run in the background would hand down that they ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while (
        not list(folder.glob(f"reports/*{layout.UNFINISHED}")) and time.monotonic() < deadline and child.poll() is None
    ):
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    assert "Interrupted" in err
    assert "Traceback" not in err
    assert not list(folder.glob("reports/*"))


# -- start-up ----------------------------------------------------------------------------------------------------------


def test_importing_the_package_is_light_and_has_no_side_effects(run_python):
    heavy = "{'keras', 'tensorflow', 'matplotlib', 'shap', 'ray', 'pandas', 'sklearn', 'altair'}"
    run_python(f"import sys, appliedml; found = {heavy} & set(sys.modules); assert not found, found")


def test_help_check_list_and_report_need_no_tensorflow(finished, run_python):
    code = f"""
import sys
from appliedml import cli
for arguments in (["list", "stages"], ["report", {str(finished.path)!r}], ["gate", {str(finished.path)!r}],
                  ["compare", {str(finished.path)!r}, {str(finished.path)!r}]):
    assert cli._invoke(cli.app, arguments) == 0
found = {{"tensorflow", "keras", "shap"}} & set(sys.modules)
assert not found, found
"""
    run_python(code)


def test_a_report_waits_for_no_import_of_scipy(finished, run_python):
    code = f"""
import sys
from appliedml import cli
assert cli._invoke(cli.app, ["report", {str(finished.path)!r}]) == 0
found = {{"scipy", "sklearn"}} & set(sys.modules)
assert not found, found
"""
    run_python(code)


def test_every_public_name_loads():
    import appliedml as aml

    assert len(aml.__all__) <= 30
    for name in aml.__all__:
        assert getattr(aml, name) is not None
    assert aml.Smote.__name__ == "Smote"
    with pytest.raises(AttributeError, match="no attribute 'Smoet'"):
        _ = aml.Smoet
