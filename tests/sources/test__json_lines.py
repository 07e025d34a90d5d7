"""JSON lines: what is read, and the sentence said when it cannot be."""

import pytest

from appliedml.errors import DataError
from appliedml.sources._json_lines import json_keys, parse_json_lines


def parse(text, **options):
    return parse_json_lines("TextTable", "a.jsonl", text, **options)


def test_numbers_truth_values_texts_and_gaps_get_their_types():
    frame = parse(
        '{"n": 1, "x": 1.5, "ok": true, "t": "a", "m": 1, "gap": 1}\n\n'
        '{"n": 2, "x": 2, "ok": false, "t": null, "m": "b", "late": 0}\n'
    )

    assert frame.dtypes.astype(str).to_dict() == {
        "n": "int64", "x": "float64", "ok": "bool", "t": "str", "m": "str", "gap": "float64", "late": "float64",
    }  # fmt: skip
    assert frame["m"].tolist() == ["1", "b"]
    assert frame["t"].isna().tolist() == [False, True]


def test_texts_with_line_separators_are_one_text():
    assert parse('{"t": "a\u2028b\\nc"}')["t"][0] == "a\u2028b\nc"


def test_only_wanted_columns_are_read_so_that_others_may_be_nested():
    text = '{"t": "a", "helpful": [0, 1], "user": {"name": "x"}}'

    assert parse(text, columns=["t"]).columns.tolist() == ["t"]
    assert json_keys("TextTable", "a.jsonl", text) == ["t", "helpful", "user"]
    with pytest.raises(
        DataError, match=r"column 'helpful' of a.jsonl must hold single values. Record 1 holds '\[0, 1\]'"
    ):
        parse(text)


def test_halves_of_characters_are_repaired_and_counted_in_kept_columns_only():
    notes = []
    lines = [
        r'{"t": "\ud83d bad", "s": "f\udc00", "o": "\ud83d", "k\ud800": "x"}',
        r'{"t": "\ud83d\ude00 \u00e9", "s": "m"}',
        r'{"t": "\ude00\ud83d", "s": "f"}',
    ]

    frame = parse("\n".join(lines), columns=["t", "s", "k\ufffd"], notes=notes)

    assert frame["t"].tolist() == ["\ufffd bad", "😀 é", "\ufffd\ufffd"]
    assert frame["s"].tolist() == ["f\ufffd", "m", "f"]
    keys = json_keys("TextTable", "a.jsonl", "\n".join(lines))
    assert keys == ["t", "s", "o", "k\ufffd"]
    assert frame.columns.tolist() == ["t", "s", "k\ufffd"]
    assert notes == [
        "t: broken characters (half a surrogate pair) replaced by U+FFFD in 2 rows.",
        "s: broken characters (half a surrogate pair) replaced by U+FFFD in 1 row.",
    ]


def test_markers_are_missing():
    assert parse('{"t": "?"}\n{"t": "a"}', missing_markers=["?"])["t"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"a": 1}\n{"a": 2', r"line 2 of a.jsonl is not JSON \(Expecting"),
        ('[\n{"a": 1}\n]', r"line 1 of a.jsonl is not JSON .* looks like one JSON list"),
        ('[{"a": 1}]', r"every line of a.jsonl must be one JSON object. Line 1 is .* looks like one JSON list"),
        ("3", r"must be one JSON object. Line 1 is '3'"),
        ('{"a": 1, "a": 2}', r"line 1 of a.jsonl gives the key 'a' twice"),
        ('{"a": 1, " a": 2}', r"must be unique. More than once: 'a'"),
        ("\n \n", r"has no rows"),
        ('{"a":' + "[" * 100_000, r"not JSON|nested too deeply"),
    ],
)
def test_bad_lines_get_one_sentence(text, sentence):
    with pytest.raises(DataError, match=sentence):
        parse(text)
