from __future__ import annotations

import pytest

from appliedml.report.context import Answer, answer, is_placeholder


@pytest.mark.parametrize(
    ("context", "found"),
    [
        ({"owner": "Claims"}, Answer("Claims")),
        ({"owner": "Claims", "stated_by": "A"}, Answer("Claims", "A")),
        (
            {"owner": {"answer": "Claims", "by": "B", "on": "2026-03-01"}, "stated_by": "A"},
            Answer("Claims", "B", "2026-03-01"),
        ),
        ({"owner": {"answer": "Claims"}, "stated_by": "A"}, Answer("Claims", "A")),
        ({"owner": ["One", "Two"]}, Answer("One; Two")),
        ({"owner": 3}, Answer("3")),
        ({"owner": "  "}, None),
        ({"owner": None}, None),
        ({"owner": {"by": "B"}}, None),
        ({}, None),
        ({"owner": "TBD", "stated_by": "A"}, None),
        ({"owner": {"answer": "todo: ask Ann", "by": "A"}}, None),
        ({"owner": {"answer": "Claims", "by": None, "on": None}, "stated_by": "A"}, Answer("Claims", "A")),
        ({"owner": {"answer": "Claims", "by": "tbd"}, "stated_by": "TODO"}, Answer("Claims")),
        ({"owner": {"answer": {"deep": 1}}}, None),
        ({"owner": [["a"], "b"]}, Answer("b")),
        ({"owner": "<b>Claims</b>"}, Answer("<b>Claims</b>")),
    ],
)
def test_an_answer_is_a_text_with_who_gave_it(context, found):
    assert answer(context, "owner") == found


def test_settings_are_no_answers():
    assert answer({"stated_by": "A", "standards": ["x"]}, "stated_by") is None
    assert answer({"standards": ["x"]}, "standards") is None


def test_nobody_named_is_said():
    assert Answer("Claims").source == "nobody named"
    assert Answer("Claims", "A", "2026-03-01").source == "A, 2026-03-01"


@pytest.mark.parametrize(
    "text", ["", " ", "?", "...", "TODO", "[tbd]", "To be determined.", "xxxx", "Lorem ipsum dolor", "TBC: ask"]
)
def test_placeholders_are_no_answers(text):
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["None.", "n/a: no images", "Todorov and colleagues", "0", "不适用", "?" * 300 + "a"])
def test_short_answers_are_answers(text):
    assert not is_placeholder(text)
