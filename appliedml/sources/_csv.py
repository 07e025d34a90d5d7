"""Delimited text to a DataFrame, refusing what would be read wrongly in silence."""

from __future__ import annotations

import codecs
import csv
import io
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import pandas as pd

from appliedml.errors import DataError
from appliedml.sources._columns import check_names, plain_objects

SEPARATORS = (",", ";", "\t", "|", "^", "~", ":", " ")
SNIFFED = SEPARATORS[:4]
# Not "None" or "none": in real tables that is often a level ("no earlier claims").
USUAL_MARKERS = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "<NA>")


def decode(owner: str, name: str, content: bytes, encoding: str | None, *, zeros: bool = False) -> str:
    """Return bytes as text.

    Parameters
    ----------
    owner, name : str
        The source and the file, for the sentence.
    content : bytes
    encoding : str, optional
        Default UTF-8, with or without a byte order mark.
    zeros : bool
        Whether a few zero characters (NUL) may be in the text, for the caller to take out.

    Returns
    -------
    str

    Raises
    ------
    DataError
        If the encoding is unknown or does not fit, also where zeros look like those of UTF-16; the sentence names
        encodings that do.

    Examples
    --------
    >>> decode("Table", "a.csv", "Zürich".encode("utf-8-sig"), None)
    'Zürich'
    """
    wanted = encoding or "utf-8"
    try:
        known = codecs.lookup(wanted).name
    except LookupError as error:
        raise DataError(f"{owner}: {wanted!r} is not an encoding. Use one such as 'utf-8' or 'latin-1'.") from error
    try:
        text = content.decode("utf-8-sig" if known == "utf-8" else known)
    except UnicodeError as error:
        line = content[: getattr(error, "start", 0)].count(b"\n") + 1
        fitting = [item for item in ("utf-8", "utf-16", "cp1252", "latin-1") if _fits(content, item)]
        raise DataError(
            f"{owner}: {name} is not {wanted} text: line {line} has a byte that does not belong. "
            f"Encodings that would read it: {', '.join(repr(item) for item in fitting)}. Give one as encoding."
        ) from error
    wide = "\0" in text and _looks_wide(text)
    if "\0" in text and not wide and not zeros:
        line = text[: text.index("\0")].count("\n") + 1
        raise DataError(f"{owner}: {name} holds zero bytes, the first in line {line}. Take them out.")
    if wide:
        raise DataError(
            f"{owner}: {name} holds zero bytes, so it is not {wanted} text. Give its encoding (perhaps 'utf-16'), "
            "or save it as CSV."
        )
    return text


def _looks_wide(text: str) -> bool:
    """Whether a text's zeros are halves of UTF-16 or UTF-32 characters, rather than a few stray ones."""
    halves = text[0::2], text[1::2]
    zeros = [half.count("\0") for half in halves]
    if 4 * sum(zeros) > len(text):
        return True
    # The zeros of UTF-16 stand in one half of the places, line ends in the other, and a line has two at least: a
    # separator's and its end's.
    side, ends = int(zeros[1] > zeros[0]), text.count("\n")
    return zeros[side] >= max(0.9 * sum(zeros), 2 * ends, 2) and ends > 0 and halves[side].count("\n") <= 0.1 * ends


def _fits(content: bytes, encoding: str) -> bool:
    # Any bytes of even number are UTF-16; only the mark says that they are meant so.
    if encoding == "utf-16" and not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    try:
        content.decode(encoding)
    except UnicodeError:
        return False
    return True


def sniff_separator(text: str) -> str:
    r"""Return the separator that cuts the first lines into the most even columns.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        A comma where nothing separates.

    Examples
    --------
    >>> sniff_separator("a;b\n1,5;2\n")
    ';'
    """

    def evenness(separator: str) -> tuple[bool, float, int]:
        try:
            rows = [row for row in islice(_rows(text, separator), 50) if row]
        except csv.Error:
            return False, 0.0, 0
        width = len(rows[0]) if rows else 0
        return width > 1, sum(len(row) == width for row in rows) / max(1, len(rows)), width

    with _long_cells():
        return max(SNIFFED, key=evenness)


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let Python's reader take cells of any length: by itself it stops at 131,072 characters."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _rows(text: str, separator: str) -> Iterable[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator)


def parse_csv(
    owner: str,
    name: str,
    text: str,
    separator: str | None = None,
    missing_markers: Sequence[str] = (),
    text_columns: Sequence[str] = (),
) -> pd.DataFrame:
    """Return delimited text as a DataFrame.

    Parameters
    ----------
    owner, name : str
        The source and the file, for the sentence.
    text : str
    separator : str, optional
        One character. Default: comma, semicolon, tab or bar, whichever fits.
    missing_markers : sequence of str
        Cells that mean "missing" besides the usual ones.
    text_columns : sequence of str
        Columns kept as they are written (codes with leading zeros): only empty cells and ``missing_markers`` are
        missing there.

    Returns
    -------
    DataFrame
        Numbers as int64 or float64, truth values as bool (as 1.0, 0.0 and NaN where some are missing), the rest as
        text. Column names are stripped of spaces.

    Raises
    ------
    DataError
        If the header or the rows cannot be trusted; the sentence says which line.
    """
    used = separator or sniff_separator(text)
    try:
        with _long_cells():
            header = next((row for row in _rows(text, used) if row), [])
    except csv.Error as error:
        raise DataError(
            f"{owner}: the header of {name} cannot be read: {error}. Check quotes and separator."
        ) from error
    names = check_names(owner, name, header)
    if len(names) == 1:
        _refuse_one_column(owner, name, header[0], used)
    markers = list(missing_markers)
    usual = [*USUAL_MARKERS, *markers]
    try:
        with warnings.catch_warnings():
            # pandas only warns when every row is longer than the header, and loses the last cells.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.StringIO(text),
                sep=used,
                header=0,
                names=names,
                index_col=False,
                low_memory=False,
                keep_default_na=False,
                na_values={column: ["", *markers] if column in text_columns else usual for column in names},
                dtype=dict.fromkeys((column for column in names if column in text_columns), "str"),
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        _refuse_ragged(owner, name, text, used, len(names))
        what = str(error).strip().rpartition("C error: ")[2]
        raise DataError(f"{owner}: {name} cannot be read: {what}. Check its quotes.") from error
    if frame.empty:
        raise DataError(f"{owner}: {name} has a header ({len(names)} columns) but no rows. Give a file with rows.")
    if frame.iloc[:, -1].isna().any():
        # pandas fills short rows with missing values: look at the lines themselves.
        _refuse_ragged(owner, name, text, used, len(names))
    for column in names:
        if pd.api.types.is_object_dtype(frame[column].dtype):
            frame[column] = plain_objects(owner, name, frame[column])
    return frame


def _refuse_one_column(owner: str, name: str, header: str, used: str) -> None:
    better = max(SNIFFED, key=header.count)
    if header.count(better):
        raise DataError(
            f"{owner}: {name} reads as one column with {used!r} as separator, but its first line contains {better!r}. "
            f"Use separator={better!r}, or leave separator out."
        )


def _refuse_ragged(owner: str, name: str, text: str, separator: str, width: int) -> None:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    wrong: list[tuple[int, int]] = []
    try:
        with _long_cells():
            wrong = [(rows.line_num, len(row)) for row in rows if row and len(row) != width]
    except csv.Error:
        return
    if wrong:
        line, found = wrong[0]
        more = f" ({len(wrong)} such lines)" if len(wrong) > 1 else ""
        raise DataError(
            f"{owner}: every line of {name} must have as many cells as the header, {width}. "
            f"Line {line} has {found}{more}. Mend them, and quote cells that contain {separator!r}."
        )
