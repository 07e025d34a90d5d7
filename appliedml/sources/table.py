"""Read a table from a CSV or Parquet file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from appliedml.core.params import AnyOf, Choice, ListOf, Null, Record, Rule, Text
from appliedml.core.samples import Samples, closest, make_samples
from appliedml.core.schema import Schema
from appliedml.core.stage import Configured
from appliedml.errors import DataError, Problem
from appliedml.sources._checks import check_samples, infinite_rows, names_all
from appliedml.sources._csv import SEPARATORS, decode, parse_csv
from appliedml.sources._dates import WEEK_OR_DAY, derive_time, parse_time
from appliedml.sources._files import find_file, read_bytes
from appliedml.sources._parquet import MAGIC, parse_parquet

ZIP_MAGIC = b"PK\x03\x04"


class Table(Configured):
    """Read a CSV (also ``.gz``) or Parquet file.

    Parameters
    ----------
    path : str
        The file. A relative path is looked for beside the plan first, then in the working directory.
    separator : str, optional
        One character between cells. Default: comma, semicolon, tab or bar, whichever fits the first lines.
    encoding : str, optional
        Default UTF-8, with or without a byte order mark.
    missing_markers : list of str
        Cells that mean "missing" besides the usual ones (empty, NA, N/A, #N/A, NaN, NULL, <NA>). "None" is not a
        usual one: it is often a level.
    text_columns : list of str
        Columns kept as they are written, such as codes with leading zeros.
    derive_time : mapping, optional
        Builds a datetime column: its ``name``, and the columns with ``year``, ``month`` (number or English name) and
        at will ``week_of_month`` or ``day``.
    time_format : str, optional
        How the schema's time column is written, as in ``strptime``. Default: ISO 8601. Numbers stay numbers.
    infinite : {"refuse", "missing"}
        What to do with infinite values.

    Raises
    ------
    DataError
        From :meth:`frame` and :meth:`read`: if the file cannot be read as meant. The sentence says what and where.

    Examples
    --------
    >>> Table("claims.csv", missing_markers=["?"])
    Table(missing_markers=['?'], path='claims.csv')
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "path": Text(),
        "separator": AnyOf(Choice(*SEPARATORS), Null()),
        "encoding": AnyOf(Text(), Null()),
        "missing_markers": ListOf(Text()),
        "text_columns": ListOf(Text()),
        "derive_time": AnyOf(
            Record(
                {"name": Text(), "year": Text(), "month": Text(), "week_of_month": Text(), "day": Text()},
                optional=("week_of_month", "day"),
            ),
            Null(),
        ),
        "time_format": AnyOf(Text(), Null()),
        "infinite": Choice("refuse", "missing"),
    }

    def __init__(
        self,
        path: str,
        separator: str | None = None,
        encoding: str | None = None,
        missing_markers: Sequence[str] = (),
        text_columns: Sequence[str] = (),
        derive_time: Mapping[str, str] | None = None,
        time_format: str | None = None,
        infinite: str = "refuse",
    ) -> None:
        self.path = path
        self.separator = separator
        self.encoding = encoding
        self.missing_markers = missing_markers
        self.text_columns = text_columns
        self.derive_time = derive_time
        self.time_format = time_format
        self.infinite = infinite

    @classmethod
    def from_short(cls, value: str) -> Self:
        """Build from the short form of a plan, ``{table: claims.csv}``.

        Parameters
        ----------
        value : str
            The path.

        Returns
        -------
        Table
        """
        return cls(path=value)

    @classmethod
    def problems_in(cls, parameters: Mapping[str, Any], where: str) -> list[Problem]:
        """Return what is wrong with the parameters together.

        Parameters
        ----------
        parameters : mapping of str to object
        where : str
            Path inside the plan.

        Returns
        -------
        list of Problem
        """
        both = {"week_of_month", "day"} <= set(parameters.get("derive_time") or ())
        return [Problem(where, f"Table: {WEEK_OR_DAY}")] if both else []

    def frame(self, folder: Path | None = None) -> pd.DataFrame:
        """Read the file as it is.

        Parameters
        ----------
        folder : Path, optional
            Where a relative path is looked for first.

        Returns
        -------
        DataFrame
            Numbers as NumPy numbers, text as ``str``; with the derived time column, if one is asked for.

        Raises
        ------
        DataError
        ParameterError
        """
        self.check_parameters()
        path = find_file("Table", str(self.path), folder)
        content = read_bytes("Table", path)
        if content[:4] == MAGIC or path.suffix.lower() in (".parquet", ".pq"):
            frame = parse_parquet("Table", str(path), content, self.missing_markers, self.text_columns)
        elif content[:4] == ZIP_MAGIC:
            raise DataError(f"Table: {path} is an Excel or ZIP file. Save it as CSV or Parquet, or unpack it, first.")
        else:
            text = decode("Table", str(path), content, self.encoding)
            frame = parse_csv("Table", str(path), text, self.separator, self.missing_markers, self.text_columns)
        for column in self.text_columns:
            if column not in frame:
                raise DataError(
                    f"Table: text_columns names {column!r}, which {path} lacks. {closest(column, frame.columns)}"
                )
        return frame if self.derive_time is None else derive_time("Table", frame, self.derive_time)

    def column_names(self, folder: Path | None = None) -> list[str]:
        """Return the names of the columns without reading all rows of a Parquet file.

        Parameters
        ----------
        folder : Path, optional
            Where a relative path is looked for first.

        Returns
        -------
        list of str
        """
        path = find_file("Table", self.path, folder)
        if path.suffix.lower() in (".parquet", ".pq") and not self.derive_time:
            from pyarrow import ArrowInvalid
            from pyarrow.parquet import read_schema

            try:
                return [str(name) for name in read_schema(path).names]
            except ArrowInvalid:
                pass  # reading it whole says what is wrong with it
        return [str(name) for name in self.frame(folder).columns]

    def look(self, schema: Schema, folder: Path | None = None) -> list[str]:
        """Refuse what :meth:`read` would refuse, as far as it shows without the rows of a Parquet file.

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
        path = find_file("Table", str(self.path), folder)
        if path.suffix.lower() in (".parquet", ".pq"):
            return self.column_names(folder)
        # Only the whole text of a CSV tells its columns' types: what can be said of them costs little more.
        frame = self.frame(folder)
        names = [str(name) for name in frame.columns]
        if names_all(schema, names):
            self._samples(frame, schema)
        return names

    def read(self, schema: Schema, folder: Path | None = None) -> Samples:
        """Read the file as samples.

        Parameters
        ----------
        schema : Schema
            What the columns mean.
        folder : Path, optional
            Where a relative path is looked for first.

        Returns
        -------
        Samples
            Rows without a target are kept: cleaning may drop them.

        Raises
        ------
        DataError
        ParameterError
        """
        return self._samples(self.frame(folder), schema)

    def _samples(self, frame: pd.DataFrame, schema: Schema) -> Samples:
        if self.infinite == "missing":
            for column in frame.columns:
                if len(infinite_rows(frame[column])):
                    frame[column] = frame[column].replace([np.inf, -np.inf], np.nan)
        if schema.time is not None and schema.time in frame:
            frame[schema.time] = parse_time("Table", frame[schema.time], self.time_format)
        samples = make_samples(frame, schema)
        check_samples(samples, "Table")
        return samples


def read_frame(path: str | Path, **options: Any) -> pd.DataFrame:
    """Read a CSV or Parquet file as a DataFrame, with the checks of :class:`Table`.

    Parameters
    ----------
    path : str or Path
    **options
        Further parameters of :class:`Table`.

    Returns
    -------
    DataFrame

    Raises
    ------
    DataError
        If the file cannot be read as meant.

    Examples
    --------
    >>> read_frame("clams.csv")
    Traceback (most recent call last):
    appliedml.errors.DataError: Table: the file clams.csv does not exist. ...
    """
    return Table(str(path), **options).frame()


def read_table(path: str | Path, schema: Schema, **options: Any) -> Samples:
    r"""Read a CSV or Parquet file as samples.

    Parameters
    ----------
    path : str or Path
    schema : Schema
        What the columns mean.
    **options
        Further parameters of :class:`Table`.

    Returns
    -------
    Samples

    Raises
    ------
    DataError
        If the file cannot be read as meant, or the schema does not fit it.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name) / "claims.csv"
    >>> _ = file.write_text("fraud,amount\n0,10\n1,950\n")
    >>> read_table(file, Schema("fraud"))
    Samples(2 rows, 1 features, sensitive=[], [])
    >>> folder.cleanup()
    """
    return Table(str(path), **options).read(schema)
