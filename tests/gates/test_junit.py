from __future__ import annotations

from datetime import date
from xml.etree import ElementTree

from appliedml.core.artifact import score_rows
from appliedml.gates.judge import judge, told
from appliedml.gates.junit import junit_xml, write_junit
from appliedml.gates.policy import policy_from

HOSTILE = "]]><script>\"'&\x00\x1b\u202e"


def judgement():
    policy = policy_from(
        {
            "version": 1,
            "gates": [
                {"name": HOSTILE, "metric": "f1", "at_least": 0.5},
                {"name": "waived", "metric": "f1", "at_least": 0.6},
                {"metric": "recall", "subset": HOSTILE, "at_least": 0.1},
                {"metric": "roc_auc", "at_least": 0.1},
            ],
            "waivers": [{"gate": "waived", "owner": HOSTILE, "reason": HOSTILE, "until": "2030-01-01"}],
        }
    )
    rows = [("f1", -1, "all", 0.1, 0.05, 0.15, 10), ("roc_auc", -1, "all", 0.9, 0.8, 0.95, 10)]
    return judge(score_rows(rows), policy, date(2026, 11, 1))


def test_hostile_text_stays_text():
    root = ElementTree.fromstring(junit_xml(judgement(), suite=HOSTILE + "\ud800"))

    assert root.find("script") is None
    assert root.findall("testcase")[0].get("name") == "]]><script>\"'&⟨U+0000⟩⟨U+001B⟩⟨U+202E⟩"


def test_each_verdict_has_its_element_and_its_count():
    root = ElementTree.fromstring(junit_xml(judgement()))

    assert [[child.tag for child in case] for case in root] == [["failure"], ["skipped"], ["error"], []]
    assert {key: root.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4", "failures": "1", "errors": "1", "skipped": "1",
    }  # fmt: skip
    assert root.get("timestamp") is None


def test_the_file_holds_the_same_text(tmp_path):
    write_junit(tmp_path / "out" / "gates.xml", judgement())

    assert (tmp_path / "out" / "gates.xml").read_text(encoding="utf-8") == junit_xml(judgement())


def test_changed_evidence_is_an_error_that_names_the_file():
    asked = policy_from({"version": 1, "gates": [{"metric": "roc_auc", "at_least": 0.1}]})
    doubt = "the evidence was changed after the run: scores.parquet"
    found = judge(score_rows([("roc_auc", -1, "all", 0.9, 0.8, 0.95, 10)]), asked, doubt=doubt)

    root = ElementTree.fromstring(junit_xml(found))

    assert (root.get("errors"), root.get("tests")) == ("1", "1")
    assert root.find("testcase/error").get("message") == doubt


def test_what_a_waiver_does_not_do_is_told_in_the_message():
    asked = policy_from(
        {
            "version": 1,
            "gates": [{"metric": "f1", "at_least": 0.6}, {"name": "open", "metric": "recall", "at_least": 0.1}],
            "waivers": [
                {"gate": "f1", "owner": "A. Owner", "reason": "pilot", "until": "2026-10-31"},
                {"gate": "open", "owner": "B. Owner", "reason": "pilot", "until": "2030-01-01"},
            ],
        }
    )
    found = judge(score_rows([("f1", -1, "all", 0.1, 0.05, 0.15, 10)]), asked, date(2026, 11, 1))

    root = ElementTree.fromstring(junit_xml(found))

    failure, error = root.find("testcase/failure").get("message"), root.find("testcase/error").get("message")
    assert failure.endswith(" breaks 'at least 0.6' [the waiver of A. Owner expired on 2026-10-31]")
    assert error == "not measured [a waiver is for a failure: it does not decide what the evidence leaves open]"
    assert [told(result, found) for result in found.results] == [failure, error]


def test_a_waived_failure_is_skipped_with_owner_and_reason():
    skipped = ElementTree.fromstring(junit_xml(judgement())).find("testcase/skipped").get("message")

    assert " [waived by ]]>" in skipped and " until 2030-01-01: ]]>" in skipped
