"""Tables by class and by sensitive group; counts of 1 to 4 are shown as "<5"."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._profile_columns import (
    CATEGORY,
    NUMBER,
    OTHER,
    YES_NO,
    as_numbers,
    kind_of,
    safe_share,
    top_levels,
)
from appliedml.core.schema import UNKNOWN
from appliedml.core.small_counts import MIN_CELL, count_text

MISSING_TYPES: dict[str, Any] = {
    "column": str, "by": str, "level": str, "rows": str, "n_missing": str, "missing_share": float,
}  # fmt: skip
CLASS_TYPES: dict[str, Any] = {
    "fold": "int64", "part": str, "by": str, "level": str, "class": str, "rows": str, "share": float,
}  # fmt: skip
CHARACTERISTIC_TYPES: dict[str, Any] = {
    "sensitive": str, "level": str, "group_rows": str, "column": str, "category": str,
    "median": float, "q25": float, "q75": float, "share": float, "shown": str,
}  # fmt: skip


def members(levels: pd.Series[Any], max_levels: int) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield each level of a feature with its rows; bands ascend, "unknown" and the rest beyond ``max_levels`` are last.

    Parameters
    ----------
    levels : Series of str
    max_levels : int

    Yields
    ------
    (str, array of bool)
    """
    text = levels.astype(str).to_numpy(dtype=object)
    counts = pd.Series(text).value_counts()
    ordered = sorted(((str(name), int(n)) for name, n in counts.items()), key=lambda item: (-item[1], item[0]))
    kept = sorted((name for name, _ in ordered[:max_levels]), key=_place)
    for name in kept:
        yield name, text == name
    if len(ordered) > max_levels:
        yield OTHER, ~np.isin(text, kept)


def _place(level: str) -> tuple[bool, bool, float, str]:
    number = re.search(r"\d+(\.\d+)?", level)
    value = float(number.group()) if number else math.inf
    return level == UNKNOWN, not level.startswith("under "), value, level


def missing_table(
    frame: pd.DataFrame, labels: pd.Series[Any], sensitive: pd.DataFrame, max_levels: int
) -> pd.DataFrame:
    """Return the missing share of every column that has missing values: overall, by class, by sensitive group.

    Parameters
    ----------
    frame : DataFrame of n_samples rows
    labels : Series of str, shape (n_samples,)
        Class names.
    sensitive : DataFrame of n_samples rows
    max_levels : int

    Returns
    -------
    DataFrame
        column, by ("overall", "class" or a sensitive feature), level, rows, n_missing, missing_share.
    """
    by: list[tuple[str, str, NDArray[np.bool_]]] = [("overall", "all", np.ones(len(frame), dtype=bool))]
    by += [("class", level, mask) for level, mask in members(labels, max_levels)]
    for name in sensitive.columns:
        by += [(str(name), level, mask) for level, mask in members(sensitive[name], max_levels)]
    rows = []
    for position, column in enumerate(frame.columns):
        missing = frame.iloc[:, position].isna().to_numpy(dtype=bool)
        if not missing.any():
            continue
        for name, level, mask in by:
            n, n_missing = int(mask.sum()), int((missing & mask).sum())
            shown = count_text(n_missing) if n >= MIN_CELL else f"<{MIN_CELL}"
            rows.append((str(column), name, level, count_text(n), shown, safe_share(n_missing, n)))
    return pd.DataFrame(rows, columns=list(MISSING_TYPES)).astype(MISSING_TYPES)


def class_rows(
    fold: int, part: str, by: str, level: str, labels: NDArray[np.intp], classes: tuple[str, ...]
) -> list[tuple[Any, ...]]:
    """Return the rows of the class table for one set of rows.

    Parameters
    ----------
    fold : int
        -1 for all rows used.
    part : str
        "all", "train" or "test".
    by, level : str
    labels : array of int
        Class codes.
    classes : tuple of str

    Returns
    -------
    list of tuple
        fold, part, by, level, class, rows, share.
    """
    counts = np.bincount(labels, minlength=len(classes))
    small = len(labels) < MIN_CELL
    return [
        (
            fold,
            part,
            by,
            level,
            name,
            f"<{MIN_CELL}" if small and len(labels) else count_text(int(counts[code])),
            safe_share(int(counts[code]), len(labels)),
        )
        for code, name in enumerate(classes)
    ]


def group_characteristics(frame: pd.DataFrame, sensitive: pd.DataFrame, max_levels: int) -> pd.DataFrame:
    """Describe the features in every sensitive group.

    Parameters
    ----------
    frame : DataFrame of n_samples rows
    sensitive : DataFrame of n_samples rows
    max_levels : int

    Returns
    -------
    DataFrame
        sensitive, level, group_rows, column, category (empty for numbers), median, q25, q75 (numbers), share (of a
        category among the group's rows), shown (the same as text; "<5" where too few rows).
    """
    rows: list[tuple[Any, ...]] = []
    nan = np.nan
    prepared = [(str(name), frame.iloc[:, i], kind_of(frame.iloc[:, i])) for i, name in enumerate(frame.columns)]
    tops = {
        name: [level for level, _ in top_levels(values, max_levels)]
        for name, values, kind in prepared
        if kind in (CATEGORY, YES_NO)
    }
    for feature in sensitive.columns:
        for level, mask in members(sensitive[feature], max_levels):
            n = int(mask.sum())
            start = (str(feature), level, count_text(n))
            for name, values, kind in prepared:
                if kind == NUMBER:
                    numbers = as_numbers(values)[mask]
                    numbers = numbers[~np.isnan(numbers)]
                    if len(numbers) < MIN_CELL:
                        rows.append((*start, name, "", nan, nan, nan, nan, f"<{MIN_CELL} rows"))
                        continue
                    q25, median, q75 = (float(q) for q in np.quantile(numbers, [0.25, 0.5, 0.75]))
                    shown = f"{median:.4g} ({q25:.4g} to {q75:.4g})"
                    rows.append((*start, name, "", median, q25, q75, nan, shown))
                elif name in tops:
                    text = values[mask].astype(object).map(str).to_numpy(dtype=object)
                    for category in tops[name]:
                        count = int((text == category).sum())
                        share = safe_share(count, n)
                        shown = f"{100 * share:.1f} %" if not np.isnan(share) else f"<{MIN_CELL} rows"
                        rows.append((*start, name, category, nan, nan, nan, share, shown))
    return pd.DataFrame(rows, columns=list(CHARACTERISTIC_TYPES)).astype(CHARACTERISTIC_TYPES)
