"""Delimited text."""

import csv

import pytest

from appliedml.errors import DataError
from appliedml.sources._csv import decode, parse_csv, sniff_separator


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2,5\n", ";"),
        ('name;note\nx;"a, b, c"\ny;"d, e"\n', ";"),
        ("a\tb c\n1\t2,3\n", "\t"),
        ("a\n1\n", ","),
    ],
)
def test_the_most_even_separator_wins(text, separator):
    assert sniff_separator(text) == separator


def test_names_are_stripped_and_blank_lines_passed_over():
    frame = parse_csv("Table", "a.csv", "\n y , a \n0,1\n\n1,2\n")

    assert frame.columns.tolist() == ["y", "a"]
    assert len(frame) == 2


def test_missing_cells_at_the_end_of_a_full_line_are_no_short_line():
    assert parse_csv("Table", "a.csv", "y,a\n0,\n1,2\n")["a"].isna().tolist() == [True, False]


def test_a_long_number_is_text():
    assert parse_csv("Table", "a.csv", "y,a\n0,123456789012345678901234567890\n")["a"].iloc[0] == "1234567890" * 3


def test_a_given_encoding_is_used():
    assert decode("Table", "a.csv", "é".encode("cp1252"), "cp1252") == "é"
    with pytest.raises(DataError, match="is not ascii text"):
        decode("Table", "a.csv", "é".encode(), "ascii")


def test_cells_longer_than_pythons_reader_takes_by_itself_are_read():
    text = "y,t\n0," + "a " * 200_000 + "\n1,b\n"

    assert sniff_separator(text) == ","
    assert len(parse_csv("Table", "a.csv", text)["t"][0].strip()) == 399_999
    assert csv.field_size_limit() == 131_072


def test_stray_zeros_are_let_through_only_where_asked_for_and_utf_16_never():
    stray = b"y,a\n0,x\n1,y\0z\n"

    assert decode("Table", "a.csv", stray, None, zeros=True) == "y,a\n0,x\n1,y\0z\n"
    with pytest.raises(DataError, match=r"a.csv holds zero bytes, the first in line 3. Take them out"):
        decode("Table", "a.csv", stray, None)
    with pytest.raises(DataError, match=r"is not utf-8 text. Give its encoding \(perhaps 'utf-16'\)"):
        decode("Table", "a.csv", "y,a\n0,x\n1,y\n".encode("utf-16-be"), None, zeros=True)


def test_zeros_in_every_row_are_not_taken_for_utf_16():
    text = "text,y\n" + "".join(f"{'word ' * (i % 5 + 2)}{'x' * (i % 2)}\0\0,a\0\n" for i in range(20))

    assert decode("Table", "a.csv", text.encode(), None, zeros=True) == text
