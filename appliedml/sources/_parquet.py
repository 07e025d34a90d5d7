"""Parquet to a DataFrame with the few column types that stages know."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from appliedml.errors import DataError
from appliedml.sources._columns import check_names, plain_objects

MAGIC = b"PAR1"


def parse_parquet(
    owner: str,
    name: str,
    content: bytes,
    missing_markers: Sequence[str] = (),
    text_columns: Sequence[str] = (),
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return a Parquet file as a DataFrame.

    Parameters
    ----------
    owner, name : str
        The source and the file, for the sentence.
    content : bytes
    missing_markers : sequence of str
        Values that mean "missing" besides the file's own missing values; ``"-999"`` also meets the number -999.
    text_columns : sequence of str
        Columns turned into text.
    columns : sequence of str, optional
        Columns to keep, where they occur; others may then be of any type. Default: all.

    Returns
    -------
    DataFrame
        A named index becomes a column.

    Raises
    ------
    DataError
        If the file is damaged, has no rows, or holds columns of lists, records or bytes.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Read the schema first: pyarrow refuses repeated names with a message about its own fields.
        header = pq.read_schema(io.BytesIO(content)).names
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{owner}: {name} is not a readable Parquet file ({_first_line(error)}). Write it again."
        ) from error
    check_names(owner, name, header)
    try:
        frame: pd.DataFrame = pd.read_parquet(io.BytesIO(content))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{owner}: {name} is damaged ({_first_line(error)}). Write or download it again.") from error
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    frame.columns = pd.Index(check_names(owner, name, frame.columns), dtype="str")
    if frame.empty:
        raise DataError(f"{owner}: {name} has {frame.shape[1]} columns but no rows. Give a file with rows.")
    return pd.DataFrame(
        {
            column: _mark_missing(_plain(owner, name, frame[column], column in text_columns), missing_markers)
            for column in frame.columns
            if columns is None or column in columns
        }
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:160].rstrip(".")


def _plain(owner: str, name: str, values: pd.Series[Any], as_text: bool) -> pd.Series[Any]:
    kind = values.dtype
    if as_text:
        return values.astype("str")
    if isinstance(kind, pd.CategoricalDtype) or pd.api.types.is_datetime64_any_dtype(kind):
        return values
    if pd.api.types.is_numeric_dtype(kind):
        if isinstance(kind, np.dtype):
            return values
        # pandas' nullable numbers: scikit-learn and Keras read NumPy's.
        return values.astype("float64" if values.isna().any() else kind.numpy_dtype)
    if pd.api.types.is_string_dtype(kind) and not pd.api.types.is_object_dtype(kind):
        return values.astype("str")
    return plain_objects(owner, name, values)


def _mark_missing(values: pd.Series[Any], markers: Sequence[str]) -> pd.Series[Any]:
    if not markers or pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values
    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers = pd.to_numeric(pd.Series(list(markers), dtype="str"), errors="coerce").dropna()
        marked = values.isin(numbers)
    else:
        marked = values.isin(list(markers))
    return values.where(~marked) if marked.any() else values
