"""Reading times, and building them from year, month and week columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from appliedml.core.samples import closest
from appliedml.errors import DataError

WEEK_OR_DAY = "derive_time takes week_of_month or day. Both are given. Leave one out."
_FIRST_HALF = ("january", "february", "march", "april", "may", "june")
_SECOND_HALF = ("july", "august", "september", "october", "november", "december")
MONTHS = {
    name[:length]: number for number, name in enumerate(_FIRST_HALF + _SECOND_HALF, 1) for length in (3, 4, len(name))
}


def parse_time(owner: str, values: pd.Series[Any], time_format: str | None = None) -> pd.Series[Any]:
    """Return a time column as datetime, or as it is where it holds numbers.

    Parameters
    ----------
    owner : str
        The source, for the sentence.
    values : Series of shape (n_samples,)
    time_format : str, optional
        As in ``strptime``. Default: ISO 8601 such as 2024-03-31 or 2024-03-31T17:05.

    Returns
    -------
    Series of datetime64 or numbers, shape (n_samples,)
        Missing stays missing. Times with an offset are turned into UTC.

    Raises
    ------
    DataError
        If a value cannot be read; the sentence names the first one and its row.

    Notes
    -----
    The order of day and month is never guessed: 03/04 read wrongly moves rows between training and test.

    Examples
    --------
    >>> parse_time("Table", pd.Series(["31.12.1994"]), "%d.%m.%Y")[0]
    Timestamp('1994-12-31 00:00:00')
    """
    kind = values.dtype
    if pd.api.types.is_datetime64_any_dtype(kind):
        return values if getattr(kind, "tz", None) is None else values.dt.tz_convert("UTC").dt.tz_localize(None)
    if pd.api.types.is_numeric_dtype(kind) and time_format is None:
        return values
    text = values.astype("str")
    try:
        parsed = pd.to_datetime(text, format=time_format or "ISO8601", errors="coerce", utc=True)
    except ValueError as error:
        raise DataError(f"{owner}: time_format {time_format!r} is not a strptime format: {error}.") from error
    bad = np.flatnonzero(parsed.isna() & text.notna())
    if len(bad):
        what = f"with time_format={time_format!r}" if time_format else "as an ISO 8601 date such as 2024-03-31"
        raise DataError(
            f"{owner}: time column {values.name!r} cannot be read {what}. The first bad value is {text.iloc[bad[0]]!r} "
            f"in row {bad[0] + 1} ({len(bad)} such rows). Give time_format, such as '%d/%m/%Y', or mend the column."
        )
    return parsed.dt.tz_localize(None).astype("datetime64[us]")


def derive_time(owner: str, frame: pd.DataFrame, spec: Mapping[str, str]) -> pd.DataFrame:
    """Return the table with a datetime column built from its parts.

    Parameters
    ----------
    owner : str
        The source, for the sentence.
    frame : DataFrame
    spec : mapping
        ``name`` of the new column, and the columns that hold ``year``, ``month`` (1 to 12, or an English name or its
        first three letters) and either ``week_of_month`` (1 to 5), ``day`` (1 to 31) or neither (the first).

    Returns
    -------
    DataFrame
        A week is dated by its first day: 1, 8, 15, 22 or 29, but never after the end of the month. Where a part is
        missing, so is the time.

    Raises
    ------
    DataError
        If a column is absent, the name is taken, or a part is out of range; the sentence names the first bad row.

    Examples
    --------
    >>> parts = pd.DataFrame({"y": [1994], "m": ["Feb"], "w": [5]})
    >>> derive_time("Table", parts, {"name": "t", "year": "y", "month": "m", "week_of_month": "w"})["t"][0]
    Timestamp('1994-02-28 00:00:00')
    """
    if {"week_of_month", "day"} <= set(spec):
        raise DataError(f"{owner}: {WEEK_OR_DAY}")
    for part, column in spec.items():
        if part != "name" and column not in frame:
            raise DataError(
                f"{owner}: derive_time names the {part} column {column!r}, which the table lacks. "
                f"{closest(column, frame.columns)}"
            )
    if spec["name"] in frame:
        raise DataError(f"{owner}: derive_time would replace the column {spec['name']!r}. Choose another name.")
    year = _part(owner, frame[spec["year"]], "a year", 1, 9999)
    month = _part(owner, frame[spec["month"]], "a month from 1 to 12 or an English month name", 1, 12, MONTHS)
    day = np.ones(len(frame))
    if "week_of_month" in spec:
        day = 7 * _part(owner, frame[spec["week_of_month"]], "a week of the month from 1 to 5", 1, 5) - 6
    elif "day" in spec:
        day = _part(owner, frame[spec["day"]], "a day from 1 to 31", 1, 31)
    known = ~(np.isnan(year) | np.isnan(month) | np.isnan(day))
    first = np.full(len(frame), np.datetime64("NaT", "D"))
    months = (year[known].astype(int) - 1970) * 12 + month[known].astype(int) - 1
    first[known] = months.astype("datetime64[M]").astype("datetime64[D]")
    last = np.full(len(frame), 31)
    last[known] = ((months + 1).astype("datetime64[M]").astype("datetime64[D]") - first[known]).astype(int)
    if "day" in spec and (known & (day > last)).any():
        row = int(np.flatnonzero(known & (day > last))[0])
        raise DataError(
            f"{owner}: derive_time finds day {day[row]:g} in a month of {last[row]} days, in row {row + 1}."
        )
    offset = np.where(known, np.minimum(day, last) - 1, 0).astype(int)
    return frame.assign(**{spec["name"]: (first + offset).astype("datetime64[us]")})


def _part(
    owner: str, values: pd.Series[Any], what: str, low: int, high: int, names: Mapping[str, int] | None = None
) -> Any:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    if names is not None:
        named = values.astype("str").str.strip().str.lower().map(names).to_numpy(dtype=float, na_value=np.nan)
        numbers = np.where(np.isnan(numbers), named, numbers)
    good = (numbers >= low) & (numbers <= high) & (numbers == np.floor(numbers))
    bad = np.flatnonzero(~good & values.notna().to_numpy())
    if len(bad):
        raise DataError(
            f"{owner}: derive_time reads {values.name!r} as {what}. Row {bad[0] + 1} holds {values.iloc[bad[0]]!r} "
            f"({len(bad)} such rows). Mend these cells, or name them in missing_markers."
        )
    return numbers
