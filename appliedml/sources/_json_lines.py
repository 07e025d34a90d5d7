"""JSON lines (one object a line) to a DataFrame."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from appliedml.errors import DataError
from appliedml.sources._columns import check_names, plain_objects

_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_json_lines(
    owner: str,
    name: str,
    text: str,
    columns: Sequence[str] | None = None,
    missing_markers: Sequence[str] = (),
    notes: list[str] | None = None,
) -> pd.DataFrame:
    r"""Return JSON lines as a DataFrame.

    Parameters
    ----------
    owner, name : str
        The source and the file, for the sentence.
    text : str
        One JSON object a line; empty lines are passed over.
    columns : sequence of str, optional
        Keys to keep, where they occur; others may then hold lists and objects. Default: all.
    missing_markers : sequence of str
        Texts that mean "missing" besides ``null``, NaN and a key that is left out.
    notes : list of str, optional
        Gets a sentence for every kept column in which half characters (``"\ud83d"`` without its second half, which no
        file in UTF-8 can hold) were replaced by U+FFFD.

    Returns
    -------
    DataFrame
        Numbers as NumPy numbers, text as ``str``; columns in the order in which the keys first occur.

    Raises
    ------
    DataError
        If a line is no JSON object, a key is given twice, there are no rows, or a kept column holds lists or objects.

    Examples
    --------
    >>> parse_json_lines("TextTable", "a.jsonl", '{"text": "good", "stars": 5}').to_dict("records")
    [{'text': 'good', 'stars': 5}]
    """
    records: list[dict[str, Any]] = []
    broken: Counter[str] = Counter()
    # Not splitlines(): JSON texts may hold U+2028 and other characters that it takes for line ends.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        records.append(_record(owner, name, number, line, broken))
    if not records:
        raise DataError(f"{owner}: {name} has no rows. Give a file with one JSON object a line.")
    keys = dict.fromkeys(key for record in records for key in record)
    names = dict(zip(keys, check_names(owner, name, list(keys)), strict=True))
    wanted = [key for key in keys if columns is None or names[key] in columns]
    frame = pd.DataFrame({names[key]: _column(owner, name, names[key], records, key) for key in wanted})
    if notes is not None:
        notes += [
            f"{names[key]}: broken characters (half a surrogate pair) replaced by U+FFFD in {broken[key]:,} "
            f"{'row' if broken[key] == 1 else 'rows'}."
            for key in wanted
            if broken[key]
        ]
    if missing_markers:
        markers = list(missing_markers)
        for column in frame.columns:
            if not pd.api.types.is_numeric_dtype(frame[column].dtype):
                frame[column] = frame[column].where(~frame[column].isin(markers))
    return frame


def json_keys(owner: str, name: str, text: str) -> list[str]:
    """Return all keys of JSON lines, in the order in which they first occur.

    Parameters
    ----------
    owner, name : str
        The source and the file, for the sentence.
    text : str

    Returns
    -------
    list of str

    Raises
    ------
    DataError
        If a line is no JSON object.
    """
    lines = enumerate(text.split("\n"), 1)
    records = (_record(owner, name, number, line, Counter()) for number, line in lines if line.strip())
    return check_names(owner, name, list(dict.fromkeys(key for record in records for key in record)))


def _record(owner: str, name: str, number: int, line: str, broken: Counter[str]) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if escaped:
            pairs = [(_SURROGATE.sub("\ufffd", key), value) for key, value in pairs]
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = next(key for place, (key, _) in enumerate(pairs) if key in dict(pairs[:place]))
            raise DataError(f"{owner}: line {number} of {name} gives the key {twice!r} twice. Mend it.")
        return found

    # Decoded text holds whole characters: only escapes can leave a half.
    escaped = "\\u" in line
    try:
        record = json.loads(line, object_pairs_hook=once, parse_constant=_constant)
    except (json.JSONDecodeError, RecursionError) as error:
        hint = " The file looks like one JSON list: write one object a line." if line.lstrip().startswith("[") else ""
        what = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        raise DataError(f"{owner}: line {number} of {name} is not JSON ({what}).{hint}") from error
    if not isinstance(record, dict):
        hint = " The file looks like one JSON list: write one object a line." if isinstance(record, list) else ""
        raise DataError(f"{owner}: every line of {name} must be one JSON object. Line {number} is {line[:40]!r}.{hint}")
    if escaped:
        for key, value in record.items():
            if isinstance(value, str) and _SURROGATE.search(value):
                record[key] = _SURROGATE.sub("\ufffd", value)
                broken[key] += 1
    return record


def _constant(name: str) -> float | None:
    """NaN, which is not JSON but often written, is a missing value."""
    return None if name == "NaN" else float(name)


def _column(owner: str, name: str, column: str, records: list[dict[str, Any]], key: str) -> pd.Series[Any]:
    values = [record.get(key) for record in records]
    nested = next((number for number, value in enumerate(values, 1) if isinstance(value, list | dict)), None)
    if nested is not None:
        raise DataError(
            f"{owner}: column {column!r} of {name} must hold single values. Record {nested} holds "
            f"{str(values[nested - 1])[:40]!r}. Flatten it."
        )
    found = pd.Series(values, dtype=object, name=column)
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        return pd.to_numeric(found, errors="coerce").astype("float64" if found.isna().any() else "int64")
    if kinds == {bool} and not found.isna().any():
        return found.astype(bool)
    if len(kinds) > 1 and str in kinds:
        # Numbers and truth values among texts are read as they are written.
        written = [value if isinstance(value, str) or value is None else json.dumps(value) for value in values]
        return pd.Series(written, name=column, dtype="str")
    return plain_objects(owner, name, found)
