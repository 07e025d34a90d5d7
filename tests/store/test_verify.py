import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliedml.errors import RunError
from appliedml.store import layout, verify
from appliedml.store._keys import SigningKey, key_fingerprint
from appliedml.store.manifest import list_files, seal, seal_run, walk
from appliedml.store.sign_offs import append_sign_off
from appliedml.store.verify import Check, verify_run
from appliedml.store.writer import write_json, write_text


@pytest.fixture
def rebuild(small):
    def build(run, formats):
        texts = small.report_of(run.path, len(run.sign_offs))
        return texts if len(formats) > 1 else {layout.REPORT_JSON: texts[layout.REPORT_JSON]}

    return build


@pytest.fixture
def sign(small):
    def do(run, name="A", **options):
        made = append_sign_off(run, name=name, decision="approve", note="n", **options)
        texts = small.report_of(run, int(made.record["number"]))
        for file, text in texts.items():
            write_text(run / file, text)
        seal(run, texts, made_by="here")

    return do


def bad(found, strict=False):
    return [(check.what, check.detail) for check in found.failing(strict)]


def status(found, what):
    return [check.status for check in found.checks if check.what == what]


def test_a_fresh_run_verifies_and_so_does_a_signed_one(run, rebuild, sign):
    for _ in range(3):
        found = verify_run(run, rebuild=rebuild, made_by="here")
        assert bad(found, strict=True) == []
        sign(run)
    assert status(found, "sign-off") == ["ok", "ok"]
    assert status(found, "signed") == ["ok"]


def test_one_changed_byte_names_exactly_that_file(run, rebuild, small, sign):
    sign(run)
    for name in walk(run):
        before = small.flip(run / name)
        found = bad(verify_run(run, rebuild=rebuild, made_by="here"))
        what = "damaged" if name == layout.SEAL else "changed"
        assert found == [(verify.part_of(name), f"{name}: {what}")]
        (run / name).write_bytes(before)


def test_a_report_that_these_files_do_not_give_is_found_although_it_is_sealed(run, rebuild):
    write_text(run / layout.REPORT_HTML, "AUROC 0.99")
    seal(run, [layout.REPORT_HTML], made_by="here")
    found = verify_run(run, rebuild=rebuild, made_by="here")
    assert bad(found) == [("report", "report.html: not what these files give. Build it: appliedml report RUN")]


def test_a_report_of_other_code_is_compared_by_its_hash_alone(run, rebuild):
    found = verify_run(run, rebuild=rebuild, made_by="later")
    assert bad(found) == []
    assert status(found, "report") == ["ok", "other code"]


def test_a_report_that_a_signer_was_not_shown_is_found(run, rebuild, sign):
    write_text(run / layout.REPORT_JSON, "flattering")
    seal(run, [layout.REPORT_JSON], made_by="here")
    sign(run)
    found = verify_run(run, rebuild=rebuild, made_by="here")
    assert bad(found) == [("signed", "the report that sign-off 1 saw is not what these files give")]


def test_a_judgement_after_the_sign_off_is_found_and_signing_again_mends_it(run, rebuild, sign):
    sign(run)
    name = "artifacts/gates/artifact.json"
    write_json(run / name, {"verdict": "other"})
    seal(run, [name])
    found = verify_run(run, rebuild=rebuild, made_by="here")
    assert bad(found) == [("signed", f"changed since sign-off 1: {name}")]
    sign(run)
    assert bad(verify_run(run, rebuild=rebuild, made_by="here")) == []


def test_other_code_is_said_and_fails_only_where_asked(small, tmp_path):
    run = small.small_run(tmp_path / "r", code={"source_sha256": "0" * 64, "git_commit": "abc", "package_version": "9"})
    found = verify_run(run)
    assert bad(found) == []
    assert status(found, "code") == ["other code"]
    assert "code" in [what for what, _ in bad(found, strict=True)]


def test_a_changed_run_file_is_believed_in_nothing(run, small):
    small.flip(run / layout.RUN)
    found = verify_run(run, reread=lambda info: pytest.fail("read by what a changed file says"))
    assert bad(found) == [("run.json", "run.json: changed")]
    assert {check.what for check in found.checks if check.status == "not checked"} == {
        "code", "weights", "data", "report"
    }  # fmt: skip


def test_a_lost_run_file_is_named(run):
    (run / layout.RUN).unlink()
    assert bad(verify_run(run)) == [("run.json", "run.json: missing")]


def test_damaged_sign_offs_without_a_seal_are_still_found(run, sign, small):
    sign(run)
    (run / layout.SEAL).unlink()
    small.flip(run / layout.SIGN_OFFS, 0)
    assert [what for what, _ in bad(verify_run(run))] == ["seal", "sign-offs"]


def test_only_trusted_keys_count_where_they_are_asked_for(run, sign):
    keys = [SigningKey(Ed25519PrivateKey.generate()) for _ in range(2)]
    sign(run, "A", key=keys[0])
    trusted = {key_fingerprint(keys[0].public): "A. Owner"}
    found = verify_run(run, trusted=trusted)
    assert bad(found) == []
    assert "trusted key of A. Owner" in next(check.detail for check in found.checks if check.what == "sign-off")
    sign(run, "B", key=keys[1])
    sign(run, "C")
    details = [detail for _, detail in bad(verify_run(run, trusted=trusted))]
    assert "is not among the trusted ones" in details[0]
    assert "no key, and you asked for trusted ones" in details[1]
    assert bad(verify_run(run)) == []


def test_the_data_are_read_again_by_what_the_run_says(run):
    seen = []

    def reread(info):
        seen.append(info["data"]["fingerprint"])
        return Check("data", "differs", "other rows")

    assert bad(verify_run(run, reread=reread)) == [("data", "other rows")]
    assert seen == ["ab"]


WEIGHTS = {"builder": {"pretrained": {"name": "efficientnet_lite0", "distribution": "d", "sha256": {}}}}


def test_weights_are_compared_with_the_published_ones_and_those_here(small, tmp_path, monkeypatch):
    from appliedml.pretrained.weights import facts

    monkeypatch.setenv("APPLIEDML_HOME", str(tmp_path / "home"))
    right = {"members": [{"pretrained": facts("efficientnet_lite0")}, facts("efficientnet_lite0")]}
    unknown = {"pretrained": facts("efficientnet_lite0") | {"name": "nets\n"}}
    for number, (model, expected) in enumerate(
        ((WEIGHTS, "differs"), (right, "not checked"), (unknown, "not checked"))
    ):
        found = verify_run(small.small_run(tmp_path / str(number), model=model))
        assert status(found, "weights") == [expected]
    folder = tmp_path / "home" / "weights" / "efficientnet_lite0"
    folder.mkdir(parents=True)
    found = verify_run(small.small_run(tmp_path / "damaged", model=right))
    assert "is missing" in dict(bad(found))["weights"]


def test_a_run_from_before_lists_is_one_sentence(run):
    info = json.loads((run / layout.RUN).read_text())
    del info["files"]
    write_json(run / layout.RUN, info)
    (run / layout.SEAL).unlink()
    with pytest.raises(RunError, match="did not list a run's files"):
        verify_run(run)


def test_a_folder_that_is_no_run_is_one_sentence(tmp_path):
    with pytest.raises(RunError, match="is not a run folder"):
        verify_run(tmp_path)


def test_without_a_report_nothing_fails(run):
    for name in layout.REPORTS:
        (run / name).unlink()
    seal_run(run)
    assert list_files(run)
    assert status(verify_run(run), "report") == ["not checked"]
