"""What the clean stages share: known columns, text columns, and the record of what was done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.samples import Samples, closest
from appliedml.core.stage import Configured
from appliedml.errors import StageError

Mask = NDArray[np.bool_]


class CleanStage(Configured):
    """A stage that repairs or drops rows before the split and must not learn from them.

    Attributes
    ----------
    changed_rows_ : array of bool, shape (n input rows,)
        Rows that were repaired or dropped.
    notes_ : list of str
        What was done, in plain sentences with counts.
    """

    changed_rows_: Mask
    notes_: list[str]

    def _begin(self, samples: Samples) -> pd.DataFrame:
        """Check parameters, clear the record, and return the table to work on (a copy)."""
        self.check_parameters()
        self.changed_rows_ = np.zeros(len(samples), dtype=bool)
        self.notes_ = []
        return samples.table

    def _record(self, rows: Mask, note: str) -> None:
        """Note that rows changed; ``{n}`` in the note becomes their number. Nothing is noted for no rows."""
        n = int(rows.sum())
        if n:
            self.changed_rows_ |= rows
            self.notes_.append(note.replace("{n}", f"{n:,} {'row' if n == 1 else 'rows'}"))


def require_columns(owner: str, samples: Samples, table: pd.DataFrame, columns: Iterable[str]) -> list[str]:
    """Return the columns if the table has them all.

    Parameters
    ----------
    owner : str
        The stage, for the sentence.
    samples : Samples
    table : DataFrame
        Features and sensitive columns.
    columns : iterable of str

    Returns
    -------
    list of str

    Raises
    ------
    StageError
        If a column is absent; the sentence names what is close, or the role that keeps it from cleaning.
    """
    wanted = list(columns)
    roles = samples.schema.named_columns
    for column in wanted:
        if column in table:
            continue
        if column in roles:
            raise StageError(
                f"{owner} cannot be used on {column!r}: it is the {roles[column]} column. Take it out of the stage, "
                "and mend it where the data is made if it needs mending."
            )
        raise StageError(f"{owner}: column {column!r} is not in the table. {closest(column, table.columns)}")
    return wanted


def holds_text(values: pd.Series[Any]) -> bool:
    """Whether a column is of text, object or text-category dtype.

    Parameters
    ----------
    values : Series of shape (n_samples,)

    Returns
    -------
    bool
        Known from the dtype alone, so that other rows have no say.
    """
    kind = values.dtype
    if isinstance(kind, pd.CategoricalDtype):
        kind = kind.categories.dtype
    return bool(pd.api.types.is_object_dtype(kind) or pd.api.types.is_string_dtype(kind))


def map_text(values: pd.Series[Any], change: Any) -> pd.Series[Any]:
    """Apply a function to every text of a column, each distinct text once.

    Parameters
    ----------
    values : Series of shape (n_samples,)
    change : callable
        From text to text, or to None for "missing".

    Returns
    -------
    Series of shape (n_samples,)
        The dtype stays: text, category (with its order, over the changed levels), or object, whose other values stay.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        return _map_levels(values, change)
    as_object = pd.api.types.is_object_dtype(values.dtype)
    codes, uniques = pd.factorize(values.astype(object), use_na_sentinel=True)
    changed = [change(item) if isinstance(item, str) else item for item in uniques]
    # The last entry answers code -1, a missing value.
    lookup = np.empty(len(changed) + 1, dtype=object)
    lookup[:-1] = [np.nan if item is None else item for item in changed]
    lookup[-1] = np.nan
    out = pd.Series(lookup[codes], index=values.index, name=values.name, dtype=object)
    return out if as_object else out.astype("str")


def _map_levels(values: pd.Series[Any], change: Any) -> pd.Series[Any]:
    # Levels belong to the type, not to the rows: all are changed, whether they occur or not.
    changed = [change(level) for level in values.cat.categories]
    levels = list(dict.fromkeys(level for level in changed if level is not None))
    position = {level: code for code, level in enumerate(levels)}
    lookup = np.array([*(position.get(level, -1) for level in changed), -1], dtype=np.intp)
    codes = lookup[values.cat.codes.to_numpy(dtype=np.intp)]
    dtype = pd.CategoricalDtype(pd.Index(levels, dtype="str"), ordered=values.cat.ordered)
    return pd.Series(pd.Categorical.from_codes(codes, dtype=dtype), index=values.index, name=values.name)


def differs(before: pd.Series[Any], after: pd.Series[Any]) -> Mask:
    """Return the rows whose value changed; missing before and after is no change.

    Parameters
    ----------
    before, after : Series of shape (n_samples,)

    Returns
    -------
    array of bool, shape (n_samples,)
    """
    old, new = before.to_numpy(dtype=object), after.to_numpy(dtype=object)
    gone = pd.isna(old) & pd.isna(new)
    found: Mask = ~gone & np.fromiter((a is not b and a != b for a, b in zip(old, new, strict=True)), bool, len(old))
    return found


def as_numbers(owner: str, values: pd.Series[Any]) -> NDArray[np.float64]:
    """Return a column as float64, missing as NaN.

    Parameters
    ----------
    owner : str
        The stage, for the sentence.
    values : Series of shape (n_samples,)

    Returns
    -------
    array of float, shape (n_samples,)

    Raises
    ------
    StageError
        If the column holds something else than numbers.
    """
    if not pd.api.types.is_numeric_dtype(values.dtype):
        # Sensitive columns arrive as objects: numbers among them are numbers, texts are not.
        text = [item for item in values if isinstance(item, str)]
        if text or not pd.api.types.is_object_dtype(values.dtype):
            example = f" such as {text[0]!r}" if text else ""
            raise StageError(
                f"{owner} needs numbers. Column {values.name!r} is {values.dtype}{example}. "
                f"Put repair_types with columns={{{values.name}: number}} before it."
            )
        values = pd.to_numeric(values, errors="coerce")
    numbers: NDArray[np.float64] = values.to_numpy(dtype=float, na_value=np.nan)
    return numbers


def cell_text(value: Any) -> str:
    """Return a cell as text; whole floats lose their ".0", so that 0, 0.0 and "0" are one value.

    Parameters
    ----------
    value : object

    Returns
    -------
    str

    Examples
    --------
    >>> cell_text(0.0), cell_text("0"), cell_text(2.5)
    ('0', '0', '2.5')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
