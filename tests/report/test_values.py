from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.report.values import (
    ABSENT,
    TONE_WORDS,
    interval,
    metric_label,
    missing,
    number,
    p_value,
    percent,
    plural_of,
    spaced,
    tone_of,
    visible,
    whole,
)

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.500"),
        (-0.25, f"{MINUS}0.250"),
        (-0.00000001, f"{MINUS}1e-08"),
        (-0.0, "0.000"),
        (0.00012345, "0.00012"),
        (-0.00044, f"{MINUS}0.00044"),
        (99.5, "99.50"),
        (999.95, "1,000.0"),
        (1234.5, "1,234"),
        (np.float32(0.25), "0.250"),
        (np.int64(3), "3.000"),
        (float("inf"), "∞"),
        (float("-inf"), f"{MINUS}∞"),
        (float("nan"), ABSENT),
        (None, ABSENT),
    ],
)
def test_numbers_are_readable_at_a_glance(value, text):
    assert number(value) == text


def test_counts_shares_and_p_values_have_their_forms():
    assert [whole(1e6), whole(-3), whole(float("nan")), whole(float("inf"))] == [
        "1,000,000",
        f"{MINUS}3",
        ABSENT,
        ABSENT,
    ]
    assert [percent(0.123), percent(-0.004), percent(None)] == ["12.3 %", f"{MINUS}0.4 %", ABSENT]
    assert [p_value(0.00099), p_value(0.001), p_value(1), p_value(None)] == ["< 0.001", "0.001", "1.000", ABSENT]
    assert interval(None, 0.5) == "no interval"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0.0 %"),
        (1, "100.0 %"),
        (16001 / 16002, "99.99 %"),
        (1 / 16002, "0.01 %"),
        (79_983 / 80_000, "99.98 %"),
        (1 - 1e-6, "99.9999 %"),
        (1e-6, "0.0001 %"),
        (0.0005, "0.1 %"),
        (0.9994, "99.9 %"),
        (0.1 + 0.2 + 0.7, "100.0 %"),
        (1 - 1e-12, "100.0 %"),
        (1e-12, "0.0 %"),
    ],
)
def test_a_share_is_rounded_neither_to_none_nor_to_all(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("customer_id", "customers"),
        ("PatientID", "patients"),
        ("product", "products"),
        ("Policy Number", "policies"),
        ("household.key", "households"),
        ("address", "addresses"),
        ("patients", "patients"),
        ("bank branch", "bank branches"),
        ("group", ""),
        ("id", ""),
        ("7", ""),
        ("<b>x</b>", ""),
        ("", ""),
    ],
)
def test_a_group_column_says_whom_it_tells_apart_where_its_name_does(column, words):
    assert plural_of(column) == words


@pytest.mark.parametrize("value", [None, float("nan"), np.nan, pd.NaT, pd.NA, np.float64("nan")])
def test_every_kind_of_nothing_is_missing(value):
    assert missing(value)


@pytest.mark.parametrize("value", [0, "", False, "nan", [], pd.Timestamp("2026-01-01")])
def test_something_is_not_missing(value):
    assert not missing(value)


@pytest.mark.parametrize("code", [0x00, 0x07, 0x1B, 0x7F, 0x85, 0x202A, 0x202E, 0x2066, 0x2069, 0xDC80, 0xFFFF])
def test_hidden_characters_are_written_out(code):
    assert visible(f"a{chr(code)}b") == f"a⟨U+{code:04X}⟩b"


def test_lines_accents_and_right_to_left_letters_stay_as_they_are():
    text = "a\n\tb é 漢 עברית \u200d 👩\u200d⚕️"

    assert visible(text) == text
    assert visible("a\r\nb") == "a\nb"


def test_a_long_text_is_cut_and_says_how_much_is_left_out():
    cut = visible("a" * 10_000)

    assert cut == "a" * 600 + "… (9,400 more characters)"


def test_tones_ignore_case_and_underscores_and_have_a_word_each():
    assert [tone_of("PASS"), tone_of("insufficient_evidence"), tone_of("problem")] == ["good", "warning", "bad"]
    assert tone_of("<script>") == "neutral"
    assert set(TONE_WORDS) == {"neutral", "good", "warning", "bad"}


def test_metric_labels_are_for_readers():
    assert metric_label("ratio.selection_rate") == "Selection rate, ratio"
    assert metric_label("my.metric") == "my.metric"
    assert spaced("by_age_band") == "by age band"


@pytest.mark.parametrize("show", [number, whole, percent, lambda value: interval(value, value)])
def test_no_format_prints_a_negative_zero(show):
    for value in (-0.0, -1e-300, -1e-9, -0.00004, -0.00049, -0.0005, -0.004, -0.4):
        for text in show(value).split(" to "):
            assert not text.startswith(("-", MINUS)) or any(digit in text for digit in "123456789"), (value, text)


def test_a_cell_is_not_cut_for_a_few_characters_but_a_label_is():
    assert visible("a" * 800) == "a" * 800
    assert visible("a" * 801) == "a" * 600 + "… (201 more characters)"
    assert visible("a" * 61, limit=60) == "a" * 60 + "… (1 more characters)"
