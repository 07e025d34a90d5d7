"""Tables to cells of text, the same in HTML, Markdown and notebooks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from appliedml.errors import DataError
from appliedml.report.blocks import Column, Table
from appliedml.report.values import ABSENT, interval, missing, number, p_value, percent, spaced, tone_of, visible, whole
from appliedml.store import layout


@dataclass(frozen=True)
class Cell:
    """One cell as it is shown.

    Parameters
    ----------
    text : str
    detail : str
        The interval behind a value.
    tone : str
        Of a badge; else empty.
    target : str
        Section a link leads to; else empty.
    href : str
        Address of a file, relative and percent-encoded; else empty.
    value : str
        The number to sort by where the text does not say it; else empty.
    """

    text: str
    detail: str = ""
    tone: str = ""
    target: str = ""
    value: str = ""
    href: str = ""


@dataclass(frozen=True)
class Grid:
    """A table as it is shown.

    Parameters
    ----------
    columns : tuple of Column
    rows : list of tuple of Cell
    n_rows : int
        How many rows the data have; more than ``len(rows)`` where some are not shown.
    """

    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]
    n_rows: int


ALL_ROWS = f"{layout.REPORT_JSON} in the run's folder has them all"
"""Where the rows are that a page leaves out."""
NUMERIC = frozenset({"int", "number", "percent", "p_value", "interval"})
_Key = tuple[int, tuple[Column, ...], int, bool]
_kept: ContextVar[dict[_Key, tuple[pd.DataFrame, Grid]] | None] = ContextVar("kept", default=None)


@contextmanager
def grids_kept() -> Iterator[None]:
    """Make the cells of each table once, however many formats show them; its data must not change meanwhile."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def grid(table: Table, max_rows: int, spread: bool = False) -> Grid:
    """Return a table as text.

    Parameters
    ----------
    table : Table
    max_rows : int
        Most rows shown.
    spread : bool
        Whether rows left out are evenly spaced (the data of a curve) or the last ones.

    Returns
    -------
    Grid

    Raises
    ------
    DataError
        If the data lack a column that is to be shown.
    """
    kept = _kept.get()
    key = id(table.data), table.columns, max_rows, spread
    if kept is not None and key in kept:
        return kept[key][1]
    made = _grid(table, max_rows, spread)
    if kept is not None:
        # Beside its data: an identity is only good while its object lives.
        kept[key] = table.data, made
    return made


def _grid(table: Table, max_rows: int, spread: bool) -> Grid:
    columns = table.columns or guessed_columns(table.data)
    wanted = [name for column in columns for name in (column.name, *(column.bounds or ()), column.target)]
    absent = [name for name in dict.fromkeys(wanted) if name is not None and name not in table.data.columns]
    if absent:
        raise DataError(f"Table {table.caption!r}: the data have no column {', '.join(map(repr, absent))}.")
    n_rows = len(table.data)
    places = np.arange(n_rows)
    if n_rows > max_rows:
        places = np.unique(np.linspace(0, n_rows - 1, max_rows).astype(int)) if spread else places[:max_rows]
    shown = table.data.iloc[places]
    cells = [_column_cells(column, shown) for column in columns]
    return Grid(tuple(columns), list(zip(*cells, strict=True)), n_rows)


def guessed_columns(data: pd.DataFrame) -> tuple[Column, ...]:
    """Return a sensible form for every column of a table.

    Parameters
    ----------
    data : DataFrame

    Returns
    -------
    tuple of Column

    Examples
    --------
    >>> [column.format for column in guessed_columns(pd.DataFrame({"a": ["x"], "n": [1], "v": [0.5]}))]
    ['text', 'int', 'number']
    """
    columns = []
    for name in data.columns:
        values = data[name]
        if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
            badge = str(name) in ("verdict", "status", "severity")
            columns.append(Column(name, spaced(name), "badge" if badge else "text"))
        else:
            columns.append(Column(name, spaced(name), "int" if pd.api.types.is_integer_dtype(values) else "number"))
    return tuple(columns)


_FORMATS = {"int": whole, "number": number, "percent": percent, "p_value": p_value}


def _column_cells(column: Column, data: pd.DataFrame) -> Sequence[Cell]:
    values = list(data[column.name])
    if column.format in _FORMATS:
        show = _FORMATS[column.format]
        return [
            Cell(show(value), value=_sort_value(column, value)) if _numeric(value) else Cell(_text(value))
            for value in values
        ]
    if column.format == "badge":
        return [Cell(_text(spaced(value)) if not missing(value) else ABSENT, tone=tone_of(value)) for value in values]
    if column.format == "interval" and column.bounds is not None:
        ends = zip(values, data[column.bounds[0]], data[column.bounds[1]], strict=True)
        return [
            Cell(number(value), interval(low, high)) if _numeric(value) and not missing(value) else Cell(_text(value))
            for value, low, high in ends
        ]
    if column.format == "link" and column.target is not None:
        pairs = zip(values, data[column.target], strict=True)
        return [Cell(_text(value), target="" if missing(target) else str(target)) for value, target in pairs]
    if column.format == "file" and column.target is not None:
        pairs = zip(values, data[column.target], strict=True)
        return [Cell(_text(value), href=file_address(target)) for value, target in pairs]
    return [Cell(_text(value)) for value in values]


def file_address(path: Any) -> str:
    """Return a relative address of a file: nothing in it can be read as a scheme, a host or a query.

    Parameters
    ----------
    path : str or None
        Path relative to the page, with slashes.

    Returns
    -------
    str
        Empty where there is no path.

    Examples
    --------
    >>> file_address("a run/report.html"), file_address("javascript:alert(1)"), file_address("//host/a?b#c")
    ('./a%20run/report.html', './javascript%3Aalert%281%29', './//host/a%3Fb%23c')
    """
    if missing(path) or not str(path):
        return ""
    return "./" + quote(str(path).encode("utf-8", "surrogateescape"), safe="/")


def _numeric(value: Any) -> bool:
    return (isinstance(value, int | float | np.number) and not isinstance(value, bool)) or missing(value)


def _sort_value(column: Column, value: Any) -> str:
    """Return the number behind a text that is no number: "< 0.001", an infinity."""
    if missing(value) or (math.isfinite(value) and not (column.format == "p_value" and value < 0.001)):
        return ""
    return repr(float(value)).replace("inf", "Infinity")


def _text(value: Any) -> str:
    if missing(value):
        return ABSENT
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return number(value)
    return visible(value)
