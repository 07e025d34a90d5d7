"""Single cells."""

import pytest

from appliedml.stages.clean._reading import read_cell, read_number, read_truth


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12.0),
        (" 1,234,567.5 ", 1234567.5),
        ("1 234", 1234.0),
        ("1'234.5", 1234.5),
        ("1\u00a0234", 1234.0),
        ("$1,234.00", 1234.0),
        ("12,5", None),
        ("-$5", -5.0),
        ("€ 5", 5.0),
        ("5 €", 5.0),
        ("\u22125", -5.0),
        ("- 5", -5.0),
        ("(1,234)", -1234.0),
        ("12 %", 0.12),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("5.", 5.0),
        ("1,23", None),
        ("1,2345", None),
        ("1,234 567", None),
        ("12 34", None),
        ("$", None),
        ("-", None),
        ("abc", None),
        ("12abc", None),
        ("inf", None),
        ("e5", None),
        ("1e999", None),
    ],
)
def test_numbers_as_people_write_them(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize(("text", "number"), [("1.234,5", 1234.5), ("0,5", 0.5), ("1.5", None), ("12 345,0", 12345.0)])
def test_a_decimal_comma(text, number):
    assert read_number(text, decimal=",") == number


def test_truth_in_words():
    assert [read_truth(text) for text in ("T", " no ", "ON", "2")] == [1.0, 0.0, 1.0, None]


def test_cells_that_are_numbers_already():
    assert read_cell(5, "number", ".") == 5.0
    assert read_cell(5, "boolean", ".") is None
    assert read_cell(True, "boolean", ".") == 1.0
    assert read_cell([1], "number", ".") is None
