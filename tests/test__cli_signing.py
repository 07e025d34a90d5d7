"""verify, sign and index as a user meets them, on a run that was really made."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from appliedml import cli
from appliedml.store import layout
from appliedml.store.manifest import walk
from appliedml.store.run import Run

PLAN = """
version: 1
name: claims
seed: 7
data: {table: claims.csv}
schema: {target: fraud, sensitive: [sex], ignore: [customer, day], row_id: claim_id}
split: {kfold: {folds: 3}}
pipeline: [impute_missing, {encode_categories: {method: one_hot}}, {logistic_regression: {max_iter: 1000}}]
audits: [{performance: {n_resamples: 100}}]
policy: {version: 1, gates: [{metric: roc_auc, at_least: 0.5}]}
"""
SIGN = ("--as", "A. Owner", "--decision", "approve", "--note", "Pilot only.")


@pytest.fixture(scope="module")
def made(tmp_path_factory, claims_table):
    folder = tmp_path_factory.mktemp("signing")
    claims_table().to_csv(folder / "claims.csv", index=False)
    (folder / "plan.yaml").write_text(PLAN)
    assert cli._invoke(cli.app, ["run", str(folder / "plan.yaml"), "--out", str(folder / "reports")]) == 0
    return next((folder / "reports").iterdir())


@pytest.fixture
def run(made, tmp_path):
    """A copy in a place of its own, with its data beside it."""
    shutil.copy(made.parents[1] / "claims.csv", tmp_path)
    return shutil.copytree(made, tmp_path / "reports" / made.name)


@pytest.fixture
def without_policy(made, tmp_path):
    """A run of the same plan that nothing was asked of."""
    shutil.copy(made.parents[1] / "claims.csv", tmp_path)
    (tmp_path / "plan.yaml").write_text(PLAN[: PLAN.index("policy:")])
    assert cli._invoke(cli.app, ["run", str(tmp_path / "plan.yaml"), "--out", str(tmp_path / "reports")]) == 0
    return next((tmp_path / "reports").iterdir())


@pytest.fixture
def call(capfd):
    def do(*arguments):
        code = cli._invoke(cli.app, [str(item) for item in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return do


def lines(out, what):
    return [line for line in out.splitlines() if line.split(maxsplit=1)[:1] == [what]]


def test_a_fresh_run_verifies_in_every_respect(run, call):
    code, out, _ = call("verify", run, "--strict")
    assert code == 0, out
    assert "claims.csv: the same 300 rows" in lines(out, "data")[0]
    assert "it has the same bytes" in lines(out, "report")[1]
    assert out.endswith("All that was checked matches. Nothing was left unchecked.\n")


def test_one_changed_byte_of_any_file_of_a_real_run_is_named(run, call):
    names = list(walk(run))
    assert {layout.SEAL, layout.RUN, layout.TIMINGS, *layout.REPORTS} <= set(names)
    for name in names:
        before = (run / name).read_bytes()
        changed = bytearray(before)
        changed[len(before) // 2] ^= 1
        (run / name).write_bytes(bytes(changed))
        code, out, err = call("verify", run)
        assert code == 1, (name, err)
        bad = [line.split(maxsplit=2)[2] for line in out.splitlines() if line.split()[1:2] == ["differs"]]
        assert [line.split(":")[0] for line in bad] == [name]
        (run / name).write_bytes(before)
    assert call("verify", run, "--quick")[0] == 0


def test_data_that_are_not_here_are_no_failure_unless_strict(run, call):
    (run.parents[1] / "claims.csv").rename(run.parents[1] / "moved.csv")
    code, out, _ = call("verify", run, "--quick")
    assert code == 0
    assert "not checked" in lines(out, "data")[0]
    assert out.endswith("2 not checked.\n")
    assert call("verify", run, "--quick", "--strict")[0] == 1
    assert call("verify", run, "--quick", "--data", run.parents[1] / "moved.csv")[0] == 0


def test_with_other_code_it_is_not_said_that_nothing_was_left_unchecked(run, call, monkeypatch):
    monkeypatch.setattr("appliedml.store.verify.source_sha256", lambda: "0" * 64)
    code, out, _ = call("verify", run, "--data", run.parents[1] / "claims.csv")
    assert code == 0
    assert lines(out, "code")[0].split(maxsplit=1)[1].startswith("other code")
    assert out.endswith("All that was checked matches. 1 line is of other code, which was not checked further.\n")

    (run / layout.TIMINGS).unlink()
    (run.parents[1] / "claims.csv").unlink()
    code, out, _ = call("verify", run, "--quick")
    assert code == 1
    ending = " 2 not checked. 1 line is of other code, which was not checked further.\n"
    assert out.splitlines()[-1].startswith("Does not match: 1 of ") and out.endswith(ending)


def test_signing_shows_in_the_report_and_verifies(run, call):
    code, out, _ = call("sign", run, *SIGN, "--role", "model risk")
    assert code == 0
    assert out.startswith("sign-off 1: approve at 20")
    code, out, _ = call("verify", run)
    assert code == 0, out
    assert "is about the files that are here" in lines(out, "signed")[0]
    page = (run / layout.REPORT_HTML).read_text(encoding="utf-8")
    assert "Latest sign-off: approved by A. Owner (model risk) on 20" in page
    assert json.loads((run / layout.SIGN_OFFS).read_text())[0]["report_by"]


def test_a_changed_file_breaks_what_was_signed_visibly(run, call):
    assert call("sign", run, *SIGN)[0] == 0
    timings = run / layout.TIMINGS
    timings.write_text(timings.read_text().replace("2", "3", 1))
    assert call("report", run)[0] == 0
    page = (run / layout.REPORT_HTML).read_text(encoding="utf-8")
    assert "Files were changed after the latest sign-off" in page
    assert "lies here now: timings.json." in page
    code, out, err = call("sign", run, *SIGN)
    assert code == 2
    assert "does not verify, so it was not signed" in err
    assert "timings.json: changed" in out
    assert call("sign", run, *SIGN, "--despite-differences")[0] == 0
    record = json.loads((run / layout.SIGN_OFFS).read_text())[1]
    assert record["despite"][0] == "timings: timings.json: changed"
    assert call("verify", run)[0] == 1


def test_a_new_judgement_after_the_sign_off_asks_for_another(without_policy, call):
    run = without_policy
    assert call("sign", run, *SIGN)[0] == 0
    policy = run.parents[1] / "policy.yaml"
    policy.write_text("version: 1\ngates: [{metric: roc_auc, at_least: 0.99}]\n")
    assert call("gate", run, "--policy", policy)[0] == 1
    code, out, _ = call("verify", run)
    assert code == 1
    assert "changed since sign-off 1: artifacts/gates/" in lines(out, "signed")[0]
    assert "Files were changed after the latest sign-off" in (run / layout.REPORT_HTML).read_text(encoding="utf-8")
    assert call("sign", run, *SIGN, "--despite-differences")[0] == 0
    assert call("verify", run, "--quick")[0] == 0


def test_a_decision_that_could_not_be_shown_is_not_recorded(run, call):
    with (run / layout.SCORES).open("ab") as file:
        file.write(b"x")
    code, _, err = call("sign", run, *SIGN, "--despite-differences")
    assert (code, "cannot be read" in err) == (2, True)
    assert not (run / layout.SIGN_OFFS).exists()


def test_a_key_is_used_asked_for_its_password_and_never_copied(run, call, monkeypatch):
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from appliedml._cli_signing import PASSWORD_VARIABLE

    private = Ed25519PrivateKey.generate()
    key, trust = run.parents[1] / "key.pem", run.parents[1] / "key.pub"
    lock = form.BestAvailableEncryption(b"secret")
    key.write_bytes(private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, lock))
    trust.write_bytes(
        private.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH) + b" A. Owner\n"
    )
    monkeypatch.setenv(PASSWORD_VARIABLE, "guess")
    assert "the password is wrong" in call("sign", run, *SIGN, "--key", key)[2]
    monkeypatch.delenv(PASSWORD_VARIABLE)
    monkeypatch.setattr("typer.prompt", lambda *_, **options: "secret" if options["hide_input"] else "")
    code, out, err = call("sign", run, *SIGN, "--key", key)
    assert code == 0, err
    assert "signature holds SHA256:" in out
    assert not [name for name, path in walk(run).items() if b"PRIVATE KEY" in path.read_bytes()]
    code, out, _ = call("verify", run, "--quick", "--trust", trust)
    assert code == 0
    assert "signed with the trusted key of A. Owner" in lines(out, "sign-off")[0]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (("--note", " "), "needs a note"),
        (("--note", "x" * 5000), "may have 4,000 characters"),
        (("--as", ""), "needs a name"),
        (("--decision", "perhaps"), "must be approve, reject, revise"),
        (("--key", "absent"), "cannot be read"),
    ],
)
def test_a_wrong_sign_off_is_one_sentence_and_changes_nothing(run, call, changes, sentence):
    before = (run / layout.SEAL).read_bytes()
    code, _, err = call("sign", run, *SIGN, *changes)
    assert code == 2
    assert sentence in err
    assert (run / layout.SEAL).read_bytes() == before
    assert not (run / layout.SIGN_OFFS).exists()


def test_a_run_from_before_lists_and_a_folder_without_a_run_are_refused(run, call, tmp_path):
    (run / layout.SEAL).unlink()
    info = json.loads((run / layout.RUN).read_text())
    (run / layout.RUN).write_text(json.dumps({key: value for key, value in info.items() if key != "files"}))
    for arguments in (("verify", run), ("sign", run, *SIGN)):
        code, _, err = call(*arguments)
        assert code == 2
        assert "did not list a run's files" in err
    assert call("verify", tmp_path / "absent")[0] == 2
    assert call("sign", tmp_path, *SIGN)[0] == 2


def test_index_lists_the_run_with_its_verdict(run, call):
    code, out, _ = call("index", run.parent)
    assert code == 0
    assert out.splitlines() == ["1 run", str(run.parent / "index.html")]
    page = (run.parent / "index.html").read_text(encoding="utf-8")
    assert f'href="./{run.name}/report.html"' in page
    assert call("index", run.parent / "absent")[0] == 2


def test_verify_sign_and_index_need_no_tensorflow(run, run_python):
    run_python(f"""
import sys
from appliedml import cli
run = {str(run)!r}
for arguments in (["verify", run, "--quick"], ["sign", run, *{SIGN!r}], ["index", {str(run.parent)!r}]):
    assert cli._invoke(cli.app, arguments) == 0
found = {{"tensorflow", "keras", "shap"}} & set(sys.modules)
assert not found, found
""")
    assert len(Run(run).sign_offs) == 1


def test_help_has_an_example():
    for command in ("verify", "sign", "index"):
        assert "Example:  appliedml" in CliRunner().invoke(cli.app, [command, "--help"]).output


def test_a_report_of_changed_files_is_built_and_they_are_named(run, call):
    assert call("report", run)[::2] == (0, "")
    (run / layout.TIMINGS).write_text((run / layout.TIMINGS).read_text() + " ")
    (run / "notes.txt").write_text("mine")
    (run / layout.FOLDS / "0" / layout.DONE).unlink()
    (run / layout.REPORT_HTML).write_text("torn")

    code, out, err = call("report", run)

    assert (code, out.strip()) == (0, str(run / layout.REPORT_HTML))
    assert err.startswith("Warning: 3 files do not match the seal of the run: folds/0/done.json: missing; ")
    assert "notes.txt: not listed; timings.json: changed." in err
    assert f"To list all: appliedml verify {run}" in err
    assert "<html" in (run / layout.REPORT_HTML).read_text()
    assert "notes.txt" in call("verify", run)[1]


def test_a_judgement_on_changed_files_names_them_too(run, call):
    (run / layout.TIMINGS).write_text((run / layout.TIMINGS).read_text() + " ")

    code, out, err = call("gate", run)

    assert (code, "roc_auc" in out) == (0, True)
    assert "1 file does not match the seal of the run: timings.json: changed." in err


def test_at_most_five_files_are_named_and_models_are_compared_by_size(run, call):
    fold = run / layout.FOLDS / "0" / layout.DONE
    fold.write_bytes(bytes(fold.stat().st_size))
    assert call("report", run)[2] == ""
    fold.write_bytes(b"")
    for number in range(6):
        (run / f"note {number}").write_text("mine")

    err = call("report", run)[2]

    assert "7 files do not match the seal of the run: folds/0/done.json: changed; note 0: not listed;" in err
    assert err.count("not listed") == 4
    assert "; and 2 more." in err
