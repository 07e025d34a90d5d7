"""``appliedml gate`` on a run that was really made and whose files were changed afterwards."""

import shutil
from xml.etree import ElementTree

import pytest

from appliedml import cli
from appliedml._cli_gate import gate_lines, judge_and_keep
from appliedml.gates.policy import policy_from
from appliedml.store import layout
from appliedml.store.manifest import compare_files
from appliedml.store.run import Run
from appliedml.store.writer import write_table

PLAN = """
version: 1
name: claims
seed: 7
data: {table: claims.csv}
schema: {target: fraud, sensitive: [sex], ignore: [customer, day], row_id: claim_id}
split: {kfold: {folds: 3}}
pipeline: [impute_missing, {encode_categories: {method: one_hot}}, {logistic_regression: {max_iter: 1000}}]
audits: [{performance: {n_resamples: 100}}, {fairness: {n_resamples: 100}}]
policy: {version: 1, gates: [{metric: roc_auc, at_least: 0.01}]}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory, claims_table):
    folder = tmp_path_factory.mktemp("gating")
    claims_table().to_csv(folder / "claims.csv", index=False)
    (folder / "plan.yaml").write_text(PLAN)
    assert cli._invoke(cli.app, ["run", str(folder / "plan.yaml"), "--out", str(folder / "reports")]) == 0
    return next((folder / "reports").iterdir())


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made, tmp_path / made.name)


def call(*arguments, capfd):
    code = cli._invoke(cli.app, [str(item) for item in arguments])
    out, err = capfd.readouterr()
    return code, out, err


def improve(run):
    """Write better scores, in the form of the run's own."""
    scores = Run(run).scores
    write_table(run / layout.SCORES, scores.assign(value=0.99, low=0.98, high=1.0))


def files(run):
    """Every file but the seal, which also holds the hash of the code that made the report."""
    found = {path.relative_to(run).as_posix(): path.read_bytes() for path in run.rglob("*") if path.is_file()}
    found.pop(layout.SEAL)
    return found


def test_changed_scores_never_pass_and_every_form_says_why(run, tmp_path, capfd):
    junit = tmp_path / "j.xml"
    assert call("gate", run, capfd=capfd)[0] == 0
    before = files(run)
    improve(run)

    code, out, err = call("gate", run, "--junit", junit, capfd=capfd)

    assert code == 3
    assert "inconclusive roc_auc (all): the evidence was changed after the run: scores.parquet" in out
    assert "nothing can be judged" in out
    assert "scores.parquet: changed" in err
    error = ElementTree.fromstring(junit.read_text()).find("testcase/error")
    assert error.get("message") == "the evidence was changed after the run: scores.parquet"
    page = (run / layout.REPORT_HTML).read_text(encoding="utf-8")
    assert "1 file does not match the seal of the run: scores.parquet" in page
    assert "Pass: the policy is met" not in page

    # With the file back, everything is as it was.
    (run / layout.SCORES).write_bytes(before[layout.SCORES])
    assert call("gate", run, capfd=capfd)[0] == 0
    assert files(run) == before
    assert compare_files(run).differences == ()


def test_another_policy_is_not_passed_by_changed_scores_either(run, tmp_path, capfd):
    improve(run)
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\ngates: [{metric: roc_auc, at_least: 0.02}]\n")
    assert call("gate", run, "--policy", policy, capfd=capfd)[0] == 3


def test_a_judgement_that_was_changed_is_made_anew(run, capfd):
    place = run / layout.ARTIFACTS / "gates" / layout.ARTIFACT
    before = place.read_text()
    place.write_text(before.replace('"pass"', '"fail"'))
    call("report", run, capfd=capfd)
    assert "artifacts/gates/artifact.json" in (run / layout.REPORT_HTML).read_text(encoding="utf-8").split("<h2")[1]

    assert call("gate", run, capfd=capfd)[0] == 0
    assert place.read_text() == before
    assert "Pass: the policy is met" in (run / layout.REPORT_HTML).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "gate", ["{metric: gap.recall, subset: sexx, at_most: 1}", "{metric: recall, subset: sexx=f, at_least: 0}"]
)
def test_a_misspelt_attribute_is_an_error_of_the_policy(run, made, tmp_path, capfd, gate):
    policy = tmp_path / "policy.yaml"
    policy.write_text(f"version: 1\ngates: [{gate}]\n")
    code, _, err = call("gate", run, "--policy", policy, capfd=capfd)
    assert code == 2
    assert "the run has no attribute 'sexx'. Did you mean 'sex'? Known: sex." in err

    # And so it is before a run, where the plan names the attributes.
    shutil.copy(made.parents[1] / "claims.csv", tmp_path)
    (tmp_path / "plan.yaml").write_text(PLAN[: PLAN.index("policy:")] + "policy: policy.yaml\n")
    code, _, err = call("check", tmp_path / "plan.yaml", capfd=capfd)
    assert code == 2
    assert "the run has no attribute 'sexx'" in err


def test_a_judgement_is_kept_and_told_a_line_a_gate(run):
    asked = policy_from(
        {"version": 1, "gates": [{"metric": "roc_auc", "at_least": 0.9999}, {"metric": "brier", "at_most": 1}]}
    )
    judgement = judge_and_keep(Run(run), asked)
    assert list(Run(run)["gates"].tables["gates"]["verdict"]) == [result.verdict for result in judgement.results]
    assert [line.split()[0] for line in gate_lines(judgement)] == [result.verdict for result in judgement.results]


def flip_middle(run):
    content = bytearray((run / layout.SCORES).read_bytes())
    content[len(content) // 2] ^= 255
    (run / layout.SCORES).write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("change", "file"),
    [
        (flip_middle, layout.SCORES),
        (lambda run: (run / layout.SCORES).write_bytes(b"no table"), layout.SCORES),
        (lambda run: (run / layout.RUN).write_text("{"), layout.RUN),
        (lambda run: (run / layout.RUN).unlink(), f"{layout.RUN} (missing)"),
        (lambda run: (run / "artifacts" / "performance" / layout.ARTIFACT).write_text("["), "artifacts/performance"),
        # It is JSON, and no run.
        (
            lambda run: (run / layout.RUN).write_text((run / layout.RUN).read_text().replace('"plan"', '"p"')),
            "run.json",
        ),
    ],
    ids=["scores flipped", "no table", "no JSON", "no run.json", "artifact", "no plan"],
)
def test_evidence_that_can_no_longer_be_read_is_inconclusive(run, tmp_path, capfd, change, file):
    junit = tmp_path / "j.xml"
    junit.write_text('<testsuite tests="1" errors="0" />')
    change(run)

    code, out, err = call("gate", run, "--junit", junit, capfd=capfd)

    assert code == 3
    assert "Error" not in err and "--verbose" not in err
    assert "U+000A" not in out
    assert f"the evidence was changed after the run: {file}" in out
    assert "Get the files back, or run the plan again.\n" in out
    (error,) = ElementTree.fromstring(junit.read_text()).iter("error")
    assert error.get("message").startswith(f"the evidence was changed after the run: {file}")


def test_the_cause_is_shown_where_it_is_asked_for(run, capfd):
    (run / layout.SCORES).write_bytes(b"no table")
    assert "Traceback" not in "".join(call("gate", run, capfd=capfd)[1:])
    code, _, err = call("gate", run, "--verbose", capfd=capfd)
    assert code == 3
    assert "Traceback" in err and "RunError" in err


def test_a_policy_that_is_wrong_stays_a_wrong_call_whatever_the_run_is(run, tmp_path, capfd):
    (run / layout.SCORES).write_bytes(b"no table")
    code, _, err = call("gate", run, "--policy", tmp_path / "absent.yaml", capfd=capfd)
    assert code == 2
    assert "absent.yaml" in err


def test_a_run_that_was_never_sealed_leaves_no_older_verdict_in_the_junit_file(run, tmp_path, capfd):
    junit = tmp_path / "j.xml"
    assert call("gate", run, "--junit", junit, capfd=capfd)[0] == 0
    assert ElementTree.fromstring(junit.read_text()).get("errors") == "0"
    (run / layout.SEAL).unlink()
    (run / layout.RUN).write_text("{")

    code, _, err = call("gate", run, "--junit", junit, capfd=capfd)

    assert code == 2
    root = ElementTree.fromstring(junit.read_text())
    assert (root.get("tests"), root.get("errors")) == ("1", "1")
    error = root.find("testcase/error")
    assert error.get("type") == "not judged"
    assert layout.RUN in error.get("message") and layout.RUN in err
    assert call("gate", tmp_path / "absent", "--junit", junit, capfd=capfd)[0] == 2
    assert "does not exist" in junit.read_text()
