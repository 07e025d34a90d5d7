from __future__ import annotations

import pytest

from appliedml.stages.prepare._range_grammar import Reading, common_unit, further, parse


@pytest.mark.parametrize(
    ("text", "form", "low", "high", "unit"),
    [
        ("31 to 35", "range", 31, 35, ""),
        ("20,000 to 29,000", "range", 20000, 29000, ""),
        ("$5 - $10", "range", 5, 10, ""),
        ("5\u201310", "range", 5, 10, ""),
        ("-5 to 5", "range", -5, 5, ""),
        ("2 to 3 years", "range", 2, 3, "year"),
        ("2 years to 3 years", "range", 2, 3, "year"),
        ("between 1 and 3", "range", 1, 3, ""),
        ("1.5 to 2", "range", 1.5, 2, ""),
        ("more than 69000", "above", 69000, 69000, ""),
        ("Over  65", "above", 65, 65, ""),
        ("10 or more", "above", 10, 10, ""),
        ("65+", "above", 65, 65, ""),
        ("3+ years", "above", 3, 3, "year"),
        (">= 5", "above", 5, 5, ""),
        ("from 5", "above", 5, 5, ""),
        ("less than 20000", "below", 20000, 20000, ""),
        ("under 6 months", "below", 6, 6, "month"),
        ("up to 5", "below", 5, 5, ""),
        ("5 or less", "below", 5, 5, ""),
        ("<5%", "below", 5, 5, "%"),
        ("3 years", "single", 3, 3, "year"),
        ("1 vehicle", "single", 1, 1, "vehicle"),
        ("2 vehicles", "single", 2, 2, "vehicle"),
        ("7", "single", 7, 7, ""),
        ("4 hrs", "single", 4, 4, "hour"),
    ],
)
def test_the_grammar_understands(text, form, low, high, unit):
    assert parse(text) == Reading(form, low, high, unit)


@pytest.mark.parametrize(
    "text",
    [
        "Sedan - Liability",
        "none",
        "",
        "35 to 31",
        "3 to",
        "2024-01-05",
        "2 to 3 months or years",
        "1 year to 3 months",
        "type 3",
        "3 or",
        "12,34",
        "to 5",
        "more than",
    ],
)
def test_the_grammar_leaves_alone(text):
    assert parse(text) is None


def test_open_ranges_lie_beyond_their_bound_on_both_sides_of_zero():
    values = [parse(text).value("", 1.25) for text in ("less than -10", "-10 to 0", "0 to 10", "more than 10")]

    assert values == [-12.5, -5.0, 5.0, 12.5]
    assert parse("less than 0").value("", 1.25) == -0.25
    assert further(0, 1.25) == 0.25


def test_times_are_brought_to_the_unit_of_the_column_and_others_do_not_fit():
    assert parse("under 6 months").value("year", 1.25) == pytest.approx(0.25)
    assert parse("2 weeks").value("day", 1.25) == pytest.approx(14)
    assert parse("3").value("year", 1.25) == 3
    assert parse("3 doors").value("year", 1.25) is None


def test_the_unit_of_a_column_is_the_longest_time_or_the_only_one():
    def unit(*texts: str) -> str | None:
        return common_unit([parse(text) for text in texts])

    assert unit("6 months", "2 years", "3 days") == "year"
    assert unit("1 vehicle", "3 to 4") == "vehicle"
    assert unit("1", "2 to 3") == ""
    assert unit("2 doors", "4 cylinders") is None
