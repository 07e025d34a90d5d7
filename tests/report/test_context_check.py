from __future__ import annotations

from datetime import date

import pytest

from appliedml.errors import PlanError
from appliedml.report.context_check import check_context, check_file
from appliedml.report.questions import asked_by, write_form

TODAY = date(2026, 3, 1)
ALL = dict.fromkeys(asked_by(["nyc_ll144"]), "Said.")
WHOLE = {"standards": ["nyc_ll144"], "stated_by": "A. Owner", **ALL}


def wrong(**changes):
    return {problem.where: problem.what for problem in check_context(WHOLE | changes, TODAY).wrong}


def left(**changes):
    return {problem.where: problem.what for problem in check_context(WHOLE | changes, TODAY).open}


def test_a_file_with_every_answer_is_done():
    state = check_context(WHOLE, TODAY)

    assert (state.wrong, state.open, state.absent, state.exit_code) == ((), (), (), 0)
    assert state.n_answered == state.n_asked == len(ALL)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "is not answered."),
        ("  ", "is not answered."),
        ({"answer": "", "by": "B"}, "is not answered."),
        ("TBD", "holds a placeholder, 'TBD'."),
        ({"answer": "todo", "by": "B"}, "holds a placeholder, 'todo'."),
    ],
)
def test_what_says_nothing_is_open(value, words):
    state = check_context(WHOLE | {"auditor": value}, TODAY)

    assert left(auditor=value) == {"auditor": words}
    assert state.exit_code == 1
    assert state.n_answered == len(ALL) - 1


def test_an_answer_that_nobody_stands_behind_is_open():
    assert "nobody is named" in left(stated_by=None)["auditor"]
    assert "nobody is named" in left(stated_by="TODO")["auditor"]
    assert left(stated_by=None, **{key: {"answer": "Said.", "by": "B"} for key in ALL}) == {}


def test_the_field_is_one_of_a_few_and_leaves_out_the_standards_of_others():
    assert wrong(field="Employment") == wrong(field=None) == {}
    assert "must be one of employment, health care, other" in wrong(field="helthcare")["field"]
    assert "Did you mean 'health care'?" in wrong(field="helthcare")["field"]
    assert "field" in wrong(field=["other"])

    asked = {field: check_context({"field": field}, TODAY).absent for field in ("employment", "other")}
    assert "auditor" in asked["employment"]
    assert "auditor" not in asked["other"]


def test_a_question_that_is_not_in_the_file_is_open():
    state = check_context({"standards": ["nyc_ll144"], "stated_by": "A", "auditor": "B"}, TODAY)

    assert (state.open, set(state.absent)) == ((), set(ALL) - {"auditor"})
    assert (state.n_open, state.n_answered, state.exit_code) == (len(ALL) - 1, 1, 1)


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        ({"auditr": "x"}, "auditr", "Did you mean 'auditor'?"),
        ({"standards": ["sr_26_3"]}, "standards", "Did you mean 'sr_26_2'?"),
        ({"standards": "sr_26_2"}, "standards", "must be a list"),
        ({"standards": [{"a": 1}]}, "standards", "must be a list of names"),
        ({"stated_by": ["A"]}, "stated_by", "must be the name of a person"),
        ({"auditor": {"answer": "x", "by": {"a": 1}}}, "auditor.by", "must be the name"),
        ({"auditor": {"answer": "x", "bye": "B"}}, "auditor.bye", "Did you mean 'by'?"),
        ({"auditor": {"answer": {"deep": 1}}}, "auditor.answer", "must be a text"),
        ({"auditor": ["one", "two"]}, "auditor", "must be a text. It is a list"),
        ({"auditor": {"answer": ["one"], "by": "B"}}, "auditor.answer", "must be a text. It is a list"),
        ({"auditor": {"answer": "x", "on": "2026-02-30"}}, "auditor.on", "no day of the calendar"),
        ({"auditor": {"answer": "x", "on": "2026-03-02"}}, "auditor.on", "in the future"),
        ({"auditor": {"answer": "x", "on": "March"}}, "auditor.on", "must be a date such as 2026-03-01"),
        ({"auditor": {"answer": "x", "on": 2026}}, "auditor.on", "must be a date"),
        ({"audit_date": "2026-13-01"}, "audit_date", "no day of the calendar"),
        ({"sign_offs": "me"}, "sign_offs", "must be a list"),
        ({"sign_offs": ["me"]}, "sign_offs[1]", "must be a mapping"),
        ({"sign_offs": [{"name": "A", "whn": 1}]}, "sign_offs[1].whn", "is not a part"),
        ({"sign_offs": [{"name": "A", "on": "2026-02-30"}]}, "sign_offs[1].on", "no day"),
    ],
)
def test_what_cannot_be_meant_is_wrong(changes, where, words):
    found = wrong(**changes)

    assert list(found) == [where]
    assert words in found[where]
    assert check_context(WHOLE | changes, TODAY).exit_code == 2


@pytest.mark.parametrize(
    "value",
    ["<b>Body</b>", 3, True, {"answer": "x", "by": "B", "on": "2026-03-01"}, {"answer": "x", "on": ""}],
)
def test_markup_numbers_and_blank_dates_are_fine(value):
    assert wrong(auditor=value) == left(auditor=value) == {}


def test_hostile_keys_are_cut_and_cannot_steer_a_terminal():
    (place,) = wrong(**{"\x1b[31m" + "k" * 10_000: "x"})

    assert len(place) == 60
    assert place.startswith("?[31m")
    assert list(wrong(auditor={1: "x"})) == ["auditor.1"]


def test_no_standard_asks_nothing():
    assert check_context({"standards": []}, TODAY).exit_code == 0


def test_a_fresh_form_has_nothing_wrong_and_everything_open(tmp_path):
    path = tmp_path / "context.yaml"
    write_form(path)

    state = check_file(path, TODAY)

    assert state.wrong == ()
    assert state.n_answered == 0 < state.n_asked


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(PlanError, match="appliedml context init"):
        check_file(tmp_path / "none.yaml", TODAY)


@pytest.mark.parametrize("value", [["one", "two"], {"answer": ["one"], "by": "B"}, {"answer": {"deep": 1}}])
def test_what_is_no_text_counts_as_no_answer(value):
    state = check_context(WHOLE | {"auditor": value}, TODAY)

    assert state.n_answered == len(ALL) - 1


@pytest.mark.parametrize(
    ("more", "words"),
    [("", "appliedml context init .*plan.yaml"), ("context: mine.yaml\n", "appliedml context check .*mine.yaml")],
)
def test_a_plan_is_no_context_file_and_its_own_is_named(tmp_path, more, words):
    path = tmp_path / "plan.yaml"
    path.write_text(f"version: 1\nname: p\npipeline: [logistic_regression]\n{more}")

    with pytest.raises(PlanError, match=f"is a plan, and no context file.*{words}"):
        check_file(path, TODAY)
    with pytest.raises(PlanError, match="is a plan"):
        write_form(path)
