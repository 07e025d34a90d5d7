"""Read texts with their labels from a CSV, Parquet or JSON lines file."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from appliedml.core.params import AnyOf, Choice, ListOf, Null, Rule, Text
from appliedml.core.samples import Samples, closest, make_samples
from appliedml.core.schema import Schema
from appliedml.core.stage import Configured
from appliedml.core.texts import Texts
from appliedml.errors import DataError
from appliedml.sources._checks import check_samples, names_all
from appliedml.sources._csv import SEPARATORS, decode, parse_csv
from appliedml.sources._dates import parse_time
from appliedml.sources._files import find_file, read_bytes
from appliedml.sources._json_lines import json_keys, parse_json_lines
from appliedml.sources._parquet import MAGIC, parse_parquet
from appliedml.sources.table import ZIP_MAGIC

JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
# Rows of a Parquet file that are looked at before a plan is run.
_FIRST_ROWS = 1000
_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"\s*[+-]?(?:\d[\d .,']*|[.,]\d+)(?:[eE][+-]?\d+)?\s*%?\s*")


class TextTable(Configured):
    """Read a column of texts, and what belongs to them, from a CSV, Parquet or JSON lines file (also ``.gz``).

    Parameters
    ----------
    path : str
        The file. A relative path is looked for beside the plan first, then in the working directory.
    text : str
        Column of the texts: the only thing the model sees. Columns that the schema does not name are left out.
    separator : str, optional
        One character between cells of a CSV. Default: comma, semicolon, tab or bar, whichever fits the first lines.
    encoding : str, optional
        Default UTF-8, with or without a byte order mark.
    missing_markers : list of str
        Values that mean "missing" besides the usual ones (empty, NA, N/A, #N/A, NaN, NULL, <NA>). Among the texts only
        empty cells and these markers are missing: "NA" is a text somebody may have written.
    time_format : str, optional
        How the schema's time column is written, as in ``strptime``. Default: ISO 8601. Numbers stay numbers.

    Attributes
    ----------
    notes_ : list of str
        What was found and repaired while reading, with counts: missing and empty texts, texts that are bare numbers,
        spaces taken off labels, zero and broken characters.

    Raises
    ------
    DataError
        From :meth:`read`: if the file cannot be read as meant, or the text column holds numbers. The sentence says what
        and where.

    Examples
    --------
    >>> TextTable("reviews.csv", text="review")
    TextTable(path='reviews.csv', text='review')
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "path": Text(),
        "text": Text(),
        "separator": AnyOf(Choice(*SEPARATORS), Null()),
        "encoding": AnyOf(Text(), Null()),
        "missing_markers": ListOf(Text()),
        "time_format": AnyOf(Text(), Null()),
    }
    notes_: list[str]

    def __init__(
        self,
        path: str,
        text: str = "text",
        separator: str | None = None,
        encoding: str | None = None,
        missing_markers: Sequence[str] = (),
        time_format: str | None = None,
    ) -> None:
        self.path = path
        self.text = text
        self.separator = separator
        self.encoding = encoding
        self.missing_markers = missing_markers
        self.time_format = time_format

    @classmethod
    def from_short(cls, value: str) -> Self:
        """Build from the short form of a plan, ``{text_table: reviews.csv}``.

        Parameters
        ----------
        value : str
            The path.

        Returns
        -------
        TextTable
        """
        return cls(path=value)

    def column_names(self, folder: Path | None = None) -> list[str]:
        """Return the names of the columns.

        Parameters
        ----------
        folder : Path, optional
            Where a relative path is looked for first.

        Returns
        -------
        list of str

        Raises
        ------
        DataError
            If the text column is not among them, or the file cannot be read as meant.
        """
        self.check_parameters()
        path = find_file("TextTable", self.path, folder)
        content = read_bytes("TextTable", path)
        kind = _kind(path, content)
        if kind == "parquet":
            names = _parquet_names(str(path), content)
        else:
            written, _ = self._written(str(path), content)
            if kind == "json":
                names = json_keys("TextTable", str(path), written)
            else:
                names = [str(name) for name in parse_csv("TextTable", str(path), written, self.separator).columns]
        self._require(names, str(path))
        return names

    def look(self, schema: Schema, folder: Path | None = None) -> list[str]:
        """Refuse what :meth:`read` would refuse, as far as it shows without reading all rows of a Parquet file.

        Parameters
        ----------
        schema : Schema
            What the columns mean. Columns that are absent are no error here.
        folder : Path, optional
            Where a relative path is looked for first.

        Returns
        -------
        list of str
            Names of the columns.

        Raises
        ------
        DataError
            In the words of :meth:`read`.
        ParameterError
        """
        self.check_parameters()
        self.notes_ = []
        self._check_schema(schema)
        path = find_file("TextTable", str(self.path), folder)
        content = read_bytes("TextTable", path)
        kind = _kind(path, content)
        if kind == "parquet":
            names = _parquet_names(str(path), content)
            self._require(names, str(path))
            if not self._begins_with_texts(content, str(path)):
                # The first rows may be unlike the others: all of them decide.
                self._texts(self._frame(path, [self.text])[self.text], str(path))
            return names
        # Other files are taken apart as a whole to know their columns: what can be said of the rows costs little more.
        keys = self.column_names(folder) if kind == "json" else None
        frame = self._frame(path, list(dict.fromkeys([self.text, *schema.named_columns])))
        names = [str(name) for name in frame.columns] if keys is None else keys
        self._require(names, str(path))
        if names_all(schema, names):
            self._samples(frame, schema, path)
        return names

    def _begins_with_texts(self, content: bytes, path: str) -> bool:
        """Whether the first rows of a Parquet file hold texts."""
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile

        try:
            batches = ParquetFile(io.BytesIO(content)).iter_batches(_FIRST_ROWS, columns=[self.text])
            first = next(batches).to_pandas()[self.text]
            self._texts(first.mask(first.isin(list(self.missing_markers))), path)
        except (ArrowException, OSError, StopIteration, KeyError, DataError):
            return False
        return True

    def read(self, schema: Schema, folder: Path | None = None) -> Samples:
        """Read the file as samples whose inputs are Texts.

        Parameters
        ----------
        schema : Schema
            What the other columns mean.
        folder : Path, optional
            Where a relative path is looked for first.

        Returns
        -------
        Samples
            Rows without a target or a text are kept: cleaning may drop them.

        Raises
        ------
        DataError
        ParameterError
        """
        self.check_parameters()
        self.notes_ = []
        self._check_schema(schema)
        path = find_file("TextTable", str(self.path), folder)
        frame = self._frame(path, list(dict.fromkeys([self.text, *schema.named_columns])))
        self._require([str(name) for name in frame.columns], str(path))
        return self._samples(frame, schema, path)

    def _samples(self, frame: pd.DataFrame, schema: Schema, path: Path) -> Samples:
        wanted = list(dict.fromkeys([self.text, *schema.named_columns]))
        texts = self._texts(frame[self.text], str(path))
        frame = frame[[column for column in wanted if column in frame]].copy()
        if schema.target in frame:
            frame[schema.target] = self._labels(frame[schema.target])
        if schema.time is not None and schema.time in frame:
            frame[schema.time] = parse_time("TextTable", frame[schema.time], self.time_format)
        samples = make_samples(frame, schema).replace(X=texts)
        check_samples(samples, "TextTable")
        return samples

    def _check_schema(self, schema: Schema) -> None:
        roles = schema.named_columns
        if self.text in roles or self.text in schema.ignore:
            role = roles.get(self.text, "ignored")
            raise DataError(
                f"TextTable: the text column {self.text!r} is what the model reads. The schema names it as the {role} "
                "column too. Take it out of one of them."
            )
        if schema.sensitive_as_features:
            raise DataError(
                "TextTable: the model reads texts only, so sensitive columns cannot be features. "
                "Leave sensitive_as_features out of the schema."
            )

    def _frame(self, path: Path, wanted: list[str]) -> pd.DataFrame:
        content = read_bytes("TextTable", path)
        name, kind = str(path), _kind(path, content)
        if kind == "parquet":
            return parse_parquet("TextTable", name, content, self.missing_markers, columns=wanted)
        if kind == "zip":
            raise DataError(
                f"TextTable: {name} is an Excel or ZIP file. Unpack it, or save it as CSV, Parquet or JSON lines."
            )
        written, repairs = self._written(name, content)
        self.notes_ += repairs
        if kind == "json":
            return parse_json_lines("TextTable", name, written, wanted, self.missing_markers, self.notes_)
        return parse_csv("TextTable", name, written, self.separator, self.missing_markers, [self.text])

    def _written(self, name: str, content: bytes) -> tuple[str, list[str]]:
        """Return a file's text without zero and broken characters, and what was repaired."""
        written, notes = decode("TextTable", name, content, self.encoding, zeros=True), []
        if n := written.count("\0"):
            written = written.replace("\0", "")
            notes.append(f"{n:,} zero {'character' if n == 1 else 'characters'} (NUL) removed from the file.")
        # UTF-8 holds no halves of characters; a few other encodings (UTF-7) do.
        if self.encoding is not None:
            written, n = _SURROGATE.subn("\ufffd", written)
            if n:
                notes.append(f"{n:,} broken {'character' if n == 1 else 'characters'} of the file replaced by U+FFFD.")
        return written, notes

    def _require(self, names: Sequence[str], path: str) -> None:
        if self.text not in names:
            raise DataError(
                f"TextTable: the text column {self.text!r} is not in {path}. {closest(self.text, names)} "
                "Name the column as text."
            )

    def _texts(self, values: pd.Series[Any], path: str) -> Texts:
        kind = values.dtype
        if pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind):
            what = "numbers" if pd.api.types.is_numeric_dtype(kind) else "dates"
            if values.notna().any():
                raise DataError(self._not_text(path, what, values.dropna().iloc[0]))
        strings = [None if value is None or value != value else str(value) for value in values.astype(object)]
        known = [text for text in strings if text is not None]
        if not known:
            raise DataError(f"TextTable: column {self.text!r} of {path} has no text in any of its {len(strings)} rows.")
        numbers = [text for text in known if _NUMBER.fullmatch(text[:60]) and len(text) <= 60]
        if len(numbers) == len(known):
            raise DataError(self._not_text(path, "numbers", numbers[0]))
        empty = sum(not text.strip() for text in known)
        for n, what in (
            (len(strings) - len(known), "missing"),
            (empty, "empty"),
            (len(numbers), f"a bare number such as {numbers[0].strip()!r}" if numbers else ""),
        ):
            if n:
                self.notes_.append(f"{self.text}: {n:,} of {len(strings):,} texts are {what}.")
        return Texts(strings, self.text)

    def _not_text(self, path: str, what: str, example: Any) -> str:
        return (
            f"TextTable: column {self.text!r} of {path} must hold text. It holds {what} such as {example!s}. "
            "Name the column of the texts, or read the file with the source table."
        )

    def _labels(self, values: pd.Series[Any]) -> pd.Series[Any]:
        """Take spaces off labels: ' great' and 'great' are one class."""
        if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype):
            return values
        given = values.astype(object)
        bare = given.map(lambda label: " ".join(label.split()) if isinstance(label, str) else label)
        # A label of nothing but spaces is none.
        bare = bare.where(bare != "", np.nan)
        moved = [isinstance(a, str) and a != b for a, b in zip(given, bare, strict=True)]
        if any(moved):
            self.notes_.append(f"{values.name}: stray spaces taken off {sum(moved):,} labels.")
            return bare.astype("str")
        return values


def read_texts(path: str | Path, schema: Schema, text: str = "text", **options: Any) -> Samples:
    r"""Read texts and their labels from a CSV, Parquet or JSON lines file.

    Parameters
    ----------
    path : str or Path
    schema : Schema
        What the other columns mean.
    text : str
        Column of the texts.
    **options
        Further parameters of :class:`TextTable`.

    Returns
    -------
    Samples
        Its ``X`` is a Texts.

    Raises
    ------
    DataError
        If the file cannot be read as meant, or the schema does not fit it.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name) / "reviews.csv"
    >>> _ = file.write_text("score,review\ngreat,I love it\nother,not for me\n")
    >>> read_texts(file, Schema("score"), text="review").X
    Texts(2 of column 'review')
    >>> folder.cleanup()
    """
    return TextTable(str(path), text, **options).read(schema)


def _kind(path: Path, content: bytes) -> str:
    """What a file is, by its content first: a name may lie."""
    if content[:4] == MAGIC:
        return "parquet"
    if content[:4] == ZIP_MAGIC:
        return "zip"
    suffix = path.with_suffix("").suffix if path.suffix.lower() == ".gz" else path.suffix
    if suffix.lower() in (".parquet", ".pq"):
        return "parquet"
    return "json" if suffix.lower() in JSON_SUFFIXES or content.lstrip()[:2] == b'{"' else "csv"


def _parquet_names(name: str, content: bytes) -> list[str]:
    from pyarrow import ArrowInvalid
    from pyarrow.parquet import read_schema

    try:
        return [str(column) for column in read_schema(io.BytesIO(content)).names]
    except ArrowInvalid:
        # Reading it whole says what is wrong with it.
        return [str(column) for column in parse_parquet("TextTable", name, content).columns]
