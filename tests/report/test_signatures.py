from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliedml.report.build import write_report
from appliedml.report.ledger import found_evidence, load_standards
from appliedml.report.signatures import why_not_signed
from appliedml.store import layout
from appliedml.store._keys import SigningKey
from appliedml.store.manifest import list_files, seal_run
from appliedml.store.run import Run
from appliedml.store.sign_offs import append_sign_off
from appliedml.store.writer import write_json


@pytest.fixture
def run(demo, tmp_path):
    made = demo.demo_run(tmp_path / "run")
    write_json(made.path / layout.RUN, made.info | {"files": list_files(made.path, [layout.RUN, layout.TIMINGS])})
    seal_run(made.path)
    return Run(made.path)


def sign(run, **options):
    append_sign_off(run.path, name="A. Owner", **{"decision": "approve", "note": "Pilot only.", **options})
    return Run(run.path)


def test_only_a_signature_with_a_key_under_what_is_shown_is_one(run):
    key = SigningKey(Ed25519PrivateKey.generate())
    assert why_not_signed(run).startswith("Nobody has signed this run off.")
    assert "(no key): anybody can have typed it" in why_not_signed(sign(run))
    assert "although something did not match" in why_not_signed(sign(run, key=key, despite=["data: differs"]))
    signed = sign(run, key=key, decision="reject")
    assert why_not_signed(signed) == ""
    write_report(signed)
    assert why_not_signed(Run(run.path)) == ""

    path = run.path / layout.TIMINGS
    path.write_text(path.read_text().replace("2026", "2025"))
    assert "files were changed after it" in why_not_signed(Run(run.path))

    path = run.path / layout.SIGN_OFFS
    records = json.loads(path.read_text())
    write_json(path, [*records[:-1], records[-1] | {"decision": "approve"}])
    assert why_not_signed(Run(run.path)) == "The chain of sign-offs is broken."
    path.write_text("[")
    assert why_not_signed(Run(run.path)) == "sign_offs.json is not as it was written."


def test_the_ledger_takes_for_a_signature_what_the_report_takes_for_one(run):
    (item,) = [item for item in load_standards()["sr_26_2"].items if item.id == "signed"]
    assert found_evidence(item, run)[0] == ""
    assert found_evidence(item, sign(run))[0] == ""
    signed = sign(run, key=SigningKey(Ed25519PrivateKey.generate()))
    assert found_evidence(item, signed) == ("sign_offs", "")

    path = run.path / layout.TIMINGS
    path.write_text(path.read_text().replace("2026", "2025"))
    assert found_evidence(item, Run(run.path))[0] == ""
