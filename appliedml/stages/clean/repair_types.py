"""Text that means something else: numbers, dates, truth values, missing values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from appliedml.core.params import AnyOf, Boolean, Choice, ListOf, MapOf, Null, Rule, Text
from appliedml.core.samples import Samples
from appliedml.errors import DataError, ParameterError, Problem
from appliedml.stages.clean._cleaning import CleanStage, cell_text, differs, holds_text, map_text, require_columns
from appliedml.stages.clean._reading import read_cell

# Not "none": in real tables it is often a level ("no earlier claims").
USUAL_MARKERS = ("?", "-", "--", "n/a", "#n/a", "na", "nan", "null", "<na>")


class RepairTypes(CleanStage):
    """Trim text, turn missing markers into missing values, and read declared columns as numbers, dates or truth values.

    Parameters
    ----------
    columns : mapping, optional
        ``{column: kind}`` with the kinds "number" ("$1,234.00", "12 %" = 0.12, "(5)" = -5), "date", "boolean" (yes/no,
        true/false, on/off, 1/0; becomes 1.0 and 0.0) and "text" (codes that are no amounts).
    missing_markers : list of str
        Texts that mean "missing", in any case, besides the empty text. It replaces the usual list: ?, -, --, n/a, #n/a,
        na, nan, null, <na>.
    trim : bool
        Whether to cut spaces around texts.
    decimal : {".", ","}
        Decimal sign in "number" columns; the other one may separate thousands.
    date_formats : mapping, optional
        ``{column: strptime format}`` for "date" columns. Default: ISO 8601. Times with an offset are turned into UTC.
    unreadable : {"missing", "refuse"}
        What to do with a value that is not of the declared kind.

    Attributes
    ----------
    changed_rows_ : array of bool, shape (n input rows,)
        Rows in which a value was trimmed, recognised as missing, or could not be read. A number that merely changes its
        type does not count.
    notes_ : list of str

    Raises
    ------
    StageError
        From ``clean``: if a column is unknown.
    DataError
        From ``clean``: if a value cannot be read and ``unreadable="refuse"``.

    Notes
    -----
    Kinds are declared, never guessed: a guess would depend on the other rows, and on the test rows among them. Trimming
    and markers work value by value on all text columns.

    Examples
    --------
    >>> samples = Samples(pd.DataFrame({"amount": ["$1,234.00", " 12", "?"], "sex": [" F ", "m", "n/a"]}))
    >>> repaired = RepairTypes(columns={"amount": "number"}).clean(samples).X
    >>> repaired["amount"].tolist(), repaired["sex"].tolist()
    ([1234.0, 12.0, nan], ['F', 'm', nan])
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "columns": AnyOf(MapOf(Choice("number", "date", "boolean", "text")), Null()),
        "missing_markers": ListOf(Text()),
        "trim": Boolean(),
        "decimal": Choice(".", ","),
        "date_formats": AnyOf(MapOf(Text()), Null()),
        "unreadable": Choice("missing", "refuse"),
    }

    def __init__(
        self,
        columns: Mapping[str, str] | None = None,
        missing_markers: Sequence[str] = USUAL_MARKERS,
        trim: bool = True,
        decimal: str = ".",
        date_formats: Mapping[str, str] | None = None,
        unreadable: str = "missing",
    ) -> None:
        self.columns = columns
        self.missing_markers = missing_markers
        self.trim = trim
        self.decimal = decimal
        self.date_formats = date_formats
        self.unreadable = unreadable

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
        kinds = parameters.get("columns") or {}
        return [
            Problem(where, f"RepairTypes: date_formats names {column!r}, which columns does not declare as a date.")
            for column in parameters.get("date_formats") or {}
            if kinds.get(column) != "date"
        ]

    def clean(self, samples: Samples) -> Samples:
        """Return the same rows with repaired values.

        Parameters
        ----------
        samples : Samples

        Returns
        -------
        Samples
        """
        table = self._begin(samples)
        for problem in self.problems_in(self.get_params(deep=False), ""):
            raise ParameterError(problem.what)
        kinds = self.columns or {}
        require_columns(type(self).__name__, samples, table, kinds)
        markers = {"", *(marker.strip().lower() for marker in self.missing_markers)}

        def repair(text: str) -> str | None:
            if text.strip().lower() in markers:
                return None
            return text.strip() if self.trim else text

        for column in table.columns:
            if holds_text(table[column]):
                repaired = map_text(table[column], repair)
                gone = (table[column].notna() & repaired.isna()).to_numpy()
                trimmed = differs(table[column], repaired) & ~gone
                self._record(gone, f"{column}: {{n}} with a missing marker set to missing.")
                self._record(trimmed, f"{column}: spaces cut in {{n}}.")
                table[column] = repaired
            if column in kinds:
                table[column] = self._converted(table[column], kinds[column])
        return samples.with_table(table)

    def _converted(self, values: pd.Series[Any], kind: str) -> pd.Series[Any]:
        if kind == "text":
            return values.map(cell_text, na_action="ignore").astype("str")
        if kind == "date":
            converted = self._dates(values)
        elif kind == "number" and pd.api.types.is_numeric_dtype(values.dtype):
            return values
        else:
            found = [np.nan if pd.isna(v) else read_cell(v, kind, self.decimal) for v in values]
            converted = pd.Series(found, index=values.index, name=values.name, dtype="float64")
        lost = (values.notna() & converted.isna()).to_numpy()
        if lost.any():
            row = int(np.flatnonzero(lost)[0])
            example = f"{values.iloc[row]!r} in row {row + 1}"
            if self.unreadable == "refuse":
                raise DataError(
                    f"RepairTypes: column {values.name!r} must hold {kind}s. {int(lost.sum())} values are none, such "
                    f"as {example}. Mend them, add a missing marker, or use unreadable='missing'."
                )
            self._record(lost, f"{values.name}: {{n}} unreadable as {kind} set to missing, such as {example}.")
        return converted

    def _dates(self, values: pd.Series[Any]) -> pd.Series[Any]:
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            aware = getattr(values.dtype, "tz", None) is not None
            plain = values.dt.tz_convert("UTC").dt.tz_localize(None) if aware else values
            return plain.astype("datetime64[us]")
        text = values.map(cell_text, na_action="ignore").astype("str")
        how = (self.date_formats or {}).get(str(values.name), "ISO8601")
        try:
            parsed = pd.to_datetime(text, format=how, errors="coerce", utc=True)
        except ValueError as error:
            raise ParameterError(f"RepairTypes: date format {how!r} is not a strptime format: {error}.") from error
        return parsed.dt.tz_localize(None).astype("datetime64[us]")
