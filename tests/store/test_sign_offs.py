import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliedml.core.fingerprint import fingerprint
from appliedml.errors import RunError
from appliedml.store import layout
from appliedml.store._keys import SigningKey
from appliedml.store.manifest import compare_files
from appliedml.store.sign_offs import append_sign_off, read_sign_offs
from appliedml.store.writer import write_json, write_text

NOW = datetime(2026, 11, 21, 16, 0, tzinfo=timezone(timedelta(hours=1)))


def sign(run, name="A. Owner", **changes):
    return append_sign_off(run, **{"name": name, "decision": "approve", "note": "Pilot only.", "now": NOW} | changes)


def records(run):
    return json.loads((run / layout.SIGN_OFFS).read_text(encoding="utf-8"))


def test_a_record_says_who_what_when_and_about_which_files(run):
    made = sign(run, role="model risk", despite=["data: differs"])
    (record,) = records(run)
    assert record["time"] == "2026-11-21T15:00:00Z"
    assert (record["number"], record["role"], record["despite"]) == (1, "model risk", ["data: differs"])
    assert record["files"] == compare_files(run, without=[layout.SIGN_OFFS]).hashes
    assert {layout.RUN, layout.TIMINGS, layout.REPORT_HTML, "artifacts/gates/artifact.json"} <= set(record["files"])
    assert record["context"] == fingerprint({"purpose": "test"})
    assert made.sound
    assert made.signature == "no key"
    assert compare_files(run).differences == ()


def test_records_are_chained_and_never_rewritten(run):
    sign(run)
    (first,) = records(run)
    sign(run, "B", decision="revise")
    assert records(run)[0] == first
    assert records(run)[1]["previous"] == first["hash"]
    assert [sign_off.sound for sign_off in read_sign_offs(run)] == [True, True]


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (lambda r: r[0].update(note="x"), [0]),
        (lambda r: r[0].update(decision="reject"), [0]),
        (lambda r: r[0]["files"].update({"run.json": "0"}), [0]),
        (lambda r: r.pop(0), [0, 1]),
        (lambda r: r.pop(1), [1]),
        (lambda r: r.reverse(), [0, 1, 2]),
        (lambda r: r[1].update(hash="0"), [1, 2]),
    ],
)
def test_a_changed_lost_or_moved_record_breaks_the_chain(run, change, broken):
    for name in "abc":
        sign(run, name)
    found = records(run)
    change(found)
    write_json(run / layout.SIGN_OFFS, found)
    read = read_sign_offs(run)
    assert [place for place, sign_off in enumerate(read) if not sign_off.sound] == broken
    with pytest.raises(RunError, match="is broken, so none can be appended"):
        sign(run)


def test_losing_the_last_record_is_found_by_the_seal(run):
    sign(run, "a")
    sign(run, "b")
    write_json(run / layout.SIGN_OFFS, records(run)[:1])
    assert [item.file for item in compare_files(run).differences] == [layout.SIGN_OFFS]


def test_a_signature_binds_the_record_to_a_key(run):
    key = SigningKey(Ed25519PrivateKey.generate())
    assert sign(run, key=key).signature == "signature holds"
    assert "PRIVATE" not in (run / layout.SIGN_OFFS).read_text()
    (record,) = records(run)
    for changed in ({"name": "Mallory"}, {"signature": None}, {"signature": "AAAA"}, {"key": SigningKey(
        Ed25519PrivateKey.generate()).public}):  # fmt: skip
        forged = record | changed
        forged["hash"] = fingerprint({k: v for k, v in forged.items() if k not in ("hash", "signature")})
        write_json(run / layout.SIGN_OFFS, [forged])
        (read,) = read_sign_offs(run)
        assert read.problems == ()
        assert read.signature == "signature does not hold"
        assert not read.sound


def test_a_signature_without_a_key_does_not_hold(run):
    sign(run)
    (record,) = records(run)
    write_json(run / layout.SIGN_OFFS, [record | {"signature": "AAAA"}])
    assert not read_sign_offs(run)[0].sound


def test_files_changed_since_are_named_and_reports_are_not(run, small):
    last = sign(run)
    write_text(run / layout.REPORT_HTML, "shows the sign-off")
    assert last.changed(compare_files(run).hashes) == ()
    small.flip(run / layout.SCORES)
    (run / layout.TIMINGS).unlink()
    write_text(run / "artifacts/gates/new.json", "{}")
    assert last.changed(compare_files(run).hashes) == ("artifacts/gates/new.json", layout.SCORES, layout.TIMINGS)


def test_people_who_sign_at_once_lose_no_record(run):
    names = [f"person {number}" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda name: sign(run, name), names))
    assert sorted(record["name"] for record in records(run)) == names
    assert all(sign_off.sound for sign_off in read_sign_offs(run))
    assert compare_files(run).differences == ()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "  "}, "needs a name"),
        ({"note": "\n"}, "needs a note"),
        ({"note": "x" * 4001}, "may have 4,000 characters. Given: 4,001"),
        ({"name": "x" * 201}, "may have 200 characters"),
        ({"role": "x" * 201}, "may have 200 characters"),
        ({"decision": "maybe"}, "must be approve, reject, revise"),
        ({"note": "\ud800"}, "written as UTF-8"),
    ],
)
def test_a_wrong_text_is_refused_with_a_sentence_and_nothing_is_written(run, changes, sentence):
    with pytest.raises(RunError, match=sentence):
        sign(run, **changes)
    assert not (run / layout.SIGN_OFFS).exists()


def test_hostile_texts_come_back_as_they_were_and_a_name_stays_on_one_line(run):
    note = "<script>alert(1)</script>\n\u202e| **x** {{ 7 }}"
    made = sign(run, "Eve\nA. Owner\u202e", note=note)
    assert made.record["note"] == note
    assert made.record["name"] == "Eve\\nA. Owner\\u202e"
    assert made.sound


@pytest.mark.parametrize("content", ["[", "{}", "[1]", '[{"name": "x"}]', "[\n]\n", "[" * 50_000])
def test_a_damaged_file_is_one_sentence(run, content):
    (run / layout.SIGN_OFFS).write_text(content)
    with pytest.raises(RunError, match="No sign-off in it can be relied on"):
        read_sign_offs(run)


def test_a_run_that_lists_no_files_or_is_changed_itself_cannot_be_signed(run, small, tmp_path):
    small.flip(run / layout.RUN)
    with pytest.raises(RunError, match="is not as it was written, so it cannot be signed"):
        sign(run)
    write_json(tmp_path / "old" / layout.RUN, {})
    with pytest.raises(RunError, match="did not list a run's files"):
        sign(tmp_path / "old")
