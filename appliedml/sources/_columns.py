"""Column names and column types that every file must come down to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from appliedml.errors import DataError


def check_names(owner: str, name: str, header: Sequence[Any]) -> list[str]:
    """Return column names stripped of spaces, refusing blank and repeated ones.

    Parameters
    ----------
    owner, name : str
        The source and the file, for the sentence.
    header : sequence

    Returns
    -------
    list of str

    Raises
    ------
    DataError
        If a name is blank or occurs twice.
    """
    names = [str(item).strip() for item in header]
    blank = [str(position + 1) for position, item in enumerate(names) if not item]
    if blank:
        raise DataError(
            f"{owner}: every column of {name} needs a name. Without one: column {', '.join(blank)} of {len(names)}. "
            "Name it, or delete it if it is a saved row number."
        )
    twice = list(dict.fromkeys(repr(item) for item in names if names.count(item) > 1))
    if twice:
        raise DataError(f"{owner}: column names of {name} must be unique. More than once: {', '.join(twice)}. Rename.")
    return names


def plain_objects(owner: str, name: str, values: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column of Python objects as numbers, dates or text.

    Parameters
    ----------
    owner, name : str
        The source and the file, for the sentence.
    values : Series of object dtype, shape (n_samples,)

    Returns
    -------
    Series
        True and false with missing values become 1.0, 0.0 and NaN.

    Raises
    ------
    DataError
        If the objects are none of these.

    Examples
    --------
    >>> plain_objects("Table", "a.csv", pd.Series([True, None], dtype=object)).tolist()
    [1.0, nan]
    """
    found = pd.api.types.infer_dtype(values, skipna=True)
    if found in ("boolean", "decimal", "empty", "floating", "mixed-integer-float"):
        return values.astype("float64")
    if found in ("date", "datetime"):
        return pd.to_datetime(values)
    if found in ("string", "integer", "mixed-integer"):
        return values.astype("str")
    raise DataError(
        f"{owner}: column {values.name!r} of {name} holds {found} values such as {values.dropna().iloc[0]!r:.60}. "
        "Columns must hold numbers, text, booleans or dates: flatten it or leave it out of the file."
    )
