from __future__ import annotations

import pytest

from appliedml.report.context import Answer, answer


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
