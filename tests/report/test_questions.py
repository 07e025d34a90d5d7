from __future__ import annotations

import pytest

from appliedml.errors import PlanError
from appliedml.report.ledger import load_questions, load_standards
from appliedml.report.questions import asked_by, chosen_standards, form, write_form
from appliedml.store.plain_yaml import load_yaml


def test_every_question_of_every_standard_is_in_the_form_with_who_asks():
    data = load_yaml(form(list(load_standards())))

    assert set(data) == set(load_questions())
    assert all(blank == {"answer": None, "by": None, "on": None} for blank in data.values())


def test_only_the_chosen_standards_ask():
    text = form(["nyc_ll144"])

    assert "auditor:" in text
    assert "# Asked by: NYC Local Law 144 auditor" in text
    assert "human_oversight" not in text
    assert set(asked_by(["nyc_ll144"])) == set(load_yaml(text))


def test_an_unknown_standard_is_named_with_the_nearest():
    with pytest.raises(PlanError, match="Did you mean 'sr_26_2'"):
        chosen_standards(["sr_26_3"])
    assert chosen_standards(None) == list(load_standards())
    assert chosen_standards(["sr_26_2", "sr_26_2"]) == ["sr_26_2"]


def test_a_new_file_names_its_standards_and_reads_back(tmp_path):
    path = tmp_path / "deep" / "context.yaml"

    added = write_form(path, ["sr_26_2"])

    data = load_yaml(path.read_text(encoding="utf-8"))
    assert data["standards"] == ["sr_26_2"]
    assert data["stated_by"] is None
    assert set(added) == set(data) - {"standards", "stated_by", "field"}


@pytest.mark.parametrize(
    "old",
    [
        b"# mine\nowner:   'Claims'   # note\n",
        b"owner: Claims",
        b"\xef\xbb\xbfowner: Claims\n",
        b"owner: Claims\r\npurpose: |\r\n  Rank\r\n  claims.\r\n",
        'owner: "<b>\u202eZo\u00eb"\nunheard_of: 1\n'.encode(),
        b"# nothing yet\n",
        b"",
    ],
)
def test_what_is_there_stays_byte_for_byte_and_the_rest_is_added(tmp_path, old):
    path = tmp_path / "context.yaml"
    path.write_bytes(old)
    before = load_yaml(old.decode()) or {}

    added = write_form(path, ["sr_26_2"])

    new = path.read_bytes()
    after = load_yaml(new.decode())
    assert new.startswith(old)
    assert {key: after[key] for key in before} == before
    assert set(added) == set(asked_by(["sr_26_2"])) - set(before) == set(after) - set(before)
    if b"\r\n" in old:
        assert new.count(b"\n") == new.count(b"\r\n")
    assert write_form(path, ["sr_26_2"]) == []
    assert path.read_bytes() == new


def test_a_file_that_names_its_field_is_not_asked_by_standards_of_others(tmp_path):
    path = tmp_path / "context.yaml"
    path.write_text("field: health care\n")

    added = write_form(path)

    assert {"acquisition", "involvement"} <= set(added)
    assert "auditor" not in added


def test_a_file_that_names_its_standards_is_asked_for_them(tmp_path):
    path = tmp_path / "context.yaml"
    path.write_text("standards: [nyc_ll144]\n")

    assert set(write_form(path)) == set(asked_by(["nyc_ll144"]))


@pytest.mark.parametrize("old", ["{owner: Claims}\n", "owner: Claims\n...\n", "notes: |+\n  a\n\n", "? owner\n"])
def test_a_file_that_cannot_be_added_to_is_left_alone_or_keeps_its_meaning(tmp_path, old):
    path = tmp_path / "context.yaml"
    path.write_text(old)

    try:
        write_form(path, ["nyc_ll144"])
    except PlanError as error:
        assert "--out" in str(error)
        assert path.read_text() == old
    else:
        assert {key: load_yaml(path.read_text())[key] for key in load_yaml(old)} == load_yaml(old)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"- a\n", "mapping"), (b"\xff", "UTF-8"), (b"a: [", "not YAML"), (b"a: 1\na: 2\n", "more than once")],
)
def test_a_damaged_file_is_named_and_left_alone(tmp_path, content, words):
    path = tmp_path / "context.yaml"
    path.write_bytes(content)

    with pytest.raises(PlanError, match=words):
        write_form(path)
    assert path.read_bytes() == content
