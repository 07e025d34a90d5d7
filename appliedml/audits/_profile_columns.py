"""What is in each column: type, missing share, distinct values, quantiles or top levels. Never single rows."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.images import Images
from appliedml.core.small_counts import MIN_CELL
from appliedml.core.texts import Texts

NUMBER, CATEGORY, YES_NO, TEXT, DATE = "number", "category", "yes/no", "text", "date"
OTHER = "other levels"

COLUMN_TYPES: dict[str, Any] = {
    "column": str,
    "type": str,
    "n": "int64",
    "n_missing": "int64",
    "missing_share": float,
    "distinct": "int64",
    "top_share": float,
    "min": float,
    "q25": float,
    "median": float,
    "q75": float,
    "max": float,
    "shown": str,
}


def feature_frame(X: Any) -> pd.DataFrame | None:
    """Return the features as a table, or None where they are no table (images, texts).

    Parameters
    ----------
    X : DataFrame, array or Inputs

    Returns
    -------
    DataFrame or None
        Columns named ``x0``, ``x1`` ... where X is a two-dimensional array.
    """
    if isinstance(X, pd.DataFrame):
        return X.rename(columns=str)
    if isinstance(X, np.ndarray) and X.ndim == 2:
        return pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])
    return None


def row_hashes(X: Any) -> NDArray[np.uint64] | None:
    """Return one hash a row: equal rows have equal hashes.

    Parameters
    ----------
    X : DataFrame, array or Inputs

    Returns
    -------
    array of uint64, shape (n_samples,), or None
        Of the content, for texts and images: missing texts equal each other and no other text; pictures are equal by
        their pixels, or by their files where :attr:`Images.compares_pixels` says so. None for other inputs that are
        read lazily.

    Examples
    --------
    >>> hashes = row_hashes(pd.DataFrame({"a": [1, 1], "b": ["x", "x"]}))
    >>> bool(hashes[0] == hashes[1])
    True
    """
    if isinstance(X, pd.DataFrame):
        found: NDArray[np.uint64] = pd.util.hash_pandas_object(X, index=False).to_numpy()
        return found
    if isinstance(X, np.ndarray) and X.dtype != object:
        rows = np.ascontiguousarray(X)
        digests = [hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in rows]
    elif isinstance(X, Texts):
        # Lone surrogates, which broken files can hold, cannot be encoded otherwise.
        parts = [b"" if text is None else b"t" + text.encode("utf-8", "surrogatepass") for text in X.strings]
        digests = [hashlib.blake2b(part, digest_size=8).digest() for part in parts]
    elif isinstance(X, Images):
        digests = [bytes.fromhex(digest)[:8] for digest in X.seen_digests()]
    else:
        return None
    return np.frombuffer(b"".join(digests), dtype=np.uint64)


def kind_of(values: pd.Series[Any]) -> str:
    """Return the type of a column in words.

    Parameters
    ----------
    values : Series

    Returns
    -------
    {"number", "category", "yes/no", "text", "date"}
        "text" is free text: mostly distinct and of several words.

    Examples
    --------
    >>> kind_of(pd.Series(["a", "b"])), kind_of(pd.Series([1, 2])), kind_of(pd.Series([True]))
    ('category', 'number', 'yes/no')
    """
    if pd.api.types.is_bool_dtype(values.dtype):
        return YES_NO
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return DATE
    if pd.api.types.is_numeric_dtype(values.dtype):
        return NUMBER
    if not isinstance(values.dtype, pd.CategoricalDtype):
        known = values.dropna().astype(str).head(1000)
        if len(known) and known.nunique() > 0.5 * len(known) and known.str.count(r"\s+").mean() >= 3:
            return TEXT
    return CATEGORY


def as_numbers(values: pd.Series[Any]) -> NDArray[np.float64]:
    """Return a number column as float64 with NaN for missing and infinite values.

    Parameters
    ----------
    values : Series of numbers or booleans

    Returns
    -------
    array of float64
    """
    numbers: NDArray[np.float64] = values.to_numpy(dtype=float, na_value=np.nan).copy()
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def safe_share(count: int, total: int) -> float:
    """Return count / total, or NaN where either is too small to be shown.

    Parameters
    ----------
    count, total : int

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> safe_share(10, 40), safe_share(2, 40)
    (0.25, nan)
    """
    return np.nan if total < MIN_CELL or 0 < count < MIN_CELL else count / total


def top_levels(values: pd.Series[Any], max_levels: int) -> list[tuple[str, int]]:
    """Return the most frequent levels of a column with their counts, most frequent first.

    Parameters
    ----------
    values : Series
    max_levels : int

    Returns
    -------
    list of (str, int)
        Levels with fewer than 5 rows are left out: rare levels may name a person.
    """
    counts = values.dropna().astype(str).value_counts()
    # Ties are ordered by name, so that the order does not depend on the order of the rows.
    ordered = sorted(((str(level), int(n)) for level, n in counts.items()), key=lambda item: (-item[1], item[0]))
    return [(level, n) for level, n in ordered if n >= MIN_CELL][:max_levels]


def describe_columns(frame: pd.DataFrame, max_categories: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Describe every column.

    Parameters
    ----------
    frame : DataFrame
        The features of all rows used.
    max_categories : int
        How many levels of a category are named.

    Returns
    -------
    columns : DataFrame
        column, type, n, n_missing, missing_share, distinct, top_share, min, q25, median, q75, max, shown. For free
        text the quantiles are of its length in characters.
    categories : DataFrame
        column, level, n, share: the named levels of category and yes/no columns, and the rest as "other levels".
    """
    rows, levels = [], []
    for position, name in enumerate(frame.columns):
        values = frame.iloc[:, position]
        kind = kind_of(values)
        n, n_missing = len(values), int(values.isna().sum())
        known = values.dropna()
        counts = known.astype(str).value_counts() if kind != NUMBER else known.value_counts()
        top_share = float(counts.iloc[0]) / n if len(counts) else 0.0
        quantiles = [np.nan] * 5
        if kind in (CATEGORY, YES_NO):
            found = top_levels(values, max_categories)
            levels += [(str(name), level, count, count / n) for level, count in found]
            rest = len(known) - sum(count for _, count in found)
            if rest:
                levels.append((str(name), OTHER, rest, rest / n))
            shown = _levels_shown(found, n, len(counts), len(known))
        elif kind == DATE:
            shown = f"{known.min():%Y-%m-%d} to {known.max():%Y-%m-%d}" if len(known) else ""
        else:
            numbers = as_numbers(values) if kind == NUMBER else known.astype(str).str.len().to_numpy(dtype=float)
            numbers = numbers[~np.isnan(numbers)]
            if len(numbers):
                quantiles = [float(q) for q in np.quantile(numbers, [0, 0.25, 0.5, 0.75, 1])]
                low, q25, median, q75, high = quantiles
                unit = " characters" if kind == TEXT else ""
                shown = f"median {median:.4g} (middle half {q25:.4g} to {q75:.4g}; {low:.4g} to {high:.4g}){unit}"
            else:
                shown = ""
        missing_share = n_missing / n if n else 0.0
        rows.append((str(name), kind, n, n_missing, missing_share, len(counts), top_share, *quantiles, shown))
    columns = pd.DataFrame(rows, columns=list(COLUMN_TYPES)).astype(COLUMN_TYPES)
    kinds: dict[str, Any] = {"column": str, "level": str, "n": "int64", "share": float}
    return columns, pd.DataFrame(levels, columns=list(kinds)).astype(kinds)


def _levels_shown(found: list[tuple[str, int]], n: int, n_levels: int, n_known: int) -> str:
    named = [f"{level} {100 * count / n:.1f} %" for level, count in found[:3]]
    if named and 0 < n_known - sum(count for _, count in found[:3]) < MIN_CELL:
        # The count of the few others would follow from the shares: the last one named keeps its share to itself.
        named[-1] = found[: len(named)][-1][0]
    more = n_levels - len(named)
    return ", ".join(named) + (f"{', ' if named else ''}{more} more" if more > 0 else "")
