"""Points in time to numbers that a model can use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.params import AnyOf, Boolean, Choice, ListOf, Null, Rule, Text
from appliedml.errors import StageError
from appliedml.stages.prepare._columns import chosen, in_place, is_categorical, is_date
from appliedml.stages.prepare._table_stage import TableStage, assemble

# How many steps make a full turn, and the first step, of the parts that come round again.
CYCLES = {
    "quarter": (4, 1),
    "month": (12, 1),
    "day": (31, 1),
    "day_of_year": (366, 1),
    "weekday": (7, 0),
    "hour": (24, 0),
    "minute": (60, 0),
}
PARTS = ("year", *CYCLES, "is_weekend")


class DatesToParts(TableStage):
    """Split points in time into calendar parts.

    Parameters
    ----------
    columns : list of str, optional
        Columns to split: of datetime dtype, or text in ISO 8601 form ("2024-03-01 14:30"). Default: all columns of
        datetime dtype.
    parts : list of str
        Any of year, quarter (1-4), month (1-12), day (1-31), day_of_year (1-366), weekday (0 Monday - 6 Sunday),
        hour (0-23), minute (0-59), is_weekend (0 or 1). A part becomes the column ``<column> <part>``.
    cyclical : bool
        Give the parts that come round again as two columns, ``<column> <part> sin`` and ``... cos``, so that December
        lies beside January.
    drop : bool
        Drop the column itself.

    Attributes
    ----------
    split_ : list of str
        The columns that are split.
    feature_sources_ : dict of str to str
    notes_ : list of str

    Raises
    ------
    StageError
        If a named column is absent or holds no points in time.

    Notes
    -----
    All parts are float64, for a missing or unreadable point in time makes missing parts. A datetime column
    with a zone is read in its zone; text with a zone is read in UTC.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"paid": pd.to_datetime(["2024-03-02", "2024-03-04"])})
    >>> DatesToParts(parts=["month", "is_weekend"]).fit_transform(table)
       paid month  paid is_weekend
    0         3.0              1.0
    1         3.0              0.0
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "columns": AnyOf(ListOf(Text()), Null()),
        "parts": ListOf(Choice(*PARTS), 1),
        "cyclical": Boolean(),
        "drop": Boolean(),
    }

    def __init__(
        self,
        columns: Sequence[str] | None = None,
        parts: Sequence[str] = ("year", "month", "day", "weekday", "hour", "is_weekend"),
        cyclical: bool = False,
        drop: bool = True,
    ) -> None:
        self.columns = columns
        self.parts = parts
        self.cyclical = cyclical
        self.drop = drop

    def _learn(self, table: pd.DataFrame, y: Any) -> None:
        name = type(self).__name__
        dates = [column for column in table.columns if is_date(table[column])]
        able = {column for column in table.columns if column in dates or is_categorical(table[column])}
        self.split_ = chosen(name, table, self.columns, dates, allowed=able, kind="points in time")
        for column in self.split_:
            n_given = int(table[column].notna().sum())
            n_read = int(_times(table[column]).notna().sum())
            if n_given and not n_read:
                raise StageError(
                    f"{name}: column {column!r} holds no point in time in ISO 8601 form. Its first value is "
                    f"{table[column].dropna().iloc[0]!r}. Convert it with repair_types first, or leave it out."
                )
            if n_read < n_given:
                self.notes_.append(
                    f"{column}: {n_given - n_read} training values are no points in time; taken as missing."
                )
        wanted = {
            column: ([] if self.drop else [column]) + [f"{column} {label}" for label in self._labels()]
            for column in self.split_
        }
        self.feature_sources_, self._names = in_place(table.columns, wanted)

    def _labels(self) -> list[str]:
        found: list[str] = []
        for part in dict.fromkeys(self.parts):
            found += [f"{part} sin", f"{part} cos"] if self.cyclical and part in CYCLES else [part]
        return found

    def _apply(self, table: pd.DataFrame) -> pd.DataFrame:
        out: dict[str, Any] = {}
        for column in table.columns:
            if column not in self._names:
                out[column] = table[column]
                continue
            values = self._values(_times(table[column]))
            made: list[Any] = values if self.drop else [table[column], *values]
            out |= dict(zip(self._names[column], made, strict=True))
        return assemble(out, table.index)

    def _values(self, times: pd.Series[Any]) -> list[NDArray[np.float64]]:
        found: list[NDArray[np.float64]] = []
        for part in dict.fromkeys(self.parts):
            number = _part(times, part)
            if self.cyclical and part in CYCLES:
                steps, first = CYCLES[part]
                angle = 2 * np.pi * (number - first) / steps
                found += [np.sin(angle), np.cos(angle)]
            else:
                found.append(number)
        return found


def _times(values: pd.Series[Any]) -> pd.Series[Any]:
    if is_date(values):
        return values
    text = values.astype("str")
    # pandas reads "now" and "today" as the moment of reading: a result that changes by the day.
    return pd.to_datetime(text.where(text.str.match(r"\s*\d")), format="ISO8601", errors="coerce", utc=True)


def _part(times: pd.Series[Any], part: str) -> NDArray[np.float64]:
    if part == "is_weekend":
        weekday = _part(times, "weekday")
        return np.where(np.isnan(weekday), np.nan, (weekday >= 5).astype(np.float64))
    accessor = {"weekday": "day_of_week"}.get(part, part)
    found: NDArray[np.float64] = getattr(times.dt, accessor).to_numpy(dtype=np.float64, na_value=np.nan)
    return found
