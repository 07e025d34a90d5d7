from __future__ import annotations

import pytest

from appliedml.report.sections._plain_words import in_words, shape_in_words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.002, "0.002"),
        (12345.678, "12,345.7"),
        (1e-7, "1e-07"),
        (True, "yes"),
        ([[1, 2], [3000, 4]], "(1, 2), (3,000, 4)"),
        ([{"a": 1}, {"b": None}], "(a: 1), (b: none)"),
        ((), "none"),
        ({}, "none"),
        ({"mixup": {}, "flips": []}, "flips: none; mixup: none"),
        ({"b": 1, "a": {"c": {"d": [2]}}}, "a (c (d: 2)); b: 1"),
        ("()", "none"),
        ("('make', 'model')", "make, model"),
        ("(not a list)", "(not a list)"),
        ("[" * 5000 + "]", "[" * 5000 + "]"),
        ("text, as it is", "text, as it is"),
    ],
)
def test_settings_have_no_brackets_of_a_program(value, text):
    assert in_words(value) == text


def test_a_seed_is_a_name_and_its_digits_stay_together():
    assert in_words({"random_state": 12345, "rows": 12345}) == "random_state: 12345; rows: 12,345"


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ([None, 64, 64, 16], "64 x 64, 16 channels"),
        ([None, None, None, 1], "any x any, 1 channel"),
        ([None, None, 32], "any x 32"),
        ([None, 20000], "20,000"),
        ([None], "1"),
        (None, "not known"),
    ],
)
def test_a_shape_is_that_of_one_row(shape, text):
    assert shape_in_words(shape) == text
