"""What every source checks before it hands over samples."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from appliedml.core.samples import SENSITIVE_PREFIX, Samples
from appliedml.core.schema import MAX_LEVELS, UNKNOWN, Schema, Sensitive
from appliedml.errors import DataError


def check_samples(samples: Samples, owner: str = "Data") -> None:
    """Refuse samples that no plan can use, each with one sentence.

    Rows without a target are allowed here: cleaning may drop them.

    Parameters
    ----------
    samples : Samples
    owner : str
        The source, for the sentence.

    Raises
    ------
    DataError
        If the target has fewer than two classes, the class of interest is not among them, a sensitive feature has one
        level or more than 50, a value is infinite, or a weight is not a non-negative number.

    Examples
    --------
    >>> check_samples(Samples(pd.DataFrame({"a": [1.0, 2.0]}), [0, 1]))
    """
    _check_target(samples, owner)
    _check_finite(samples, owner)
    for item in samples.schema.sensitive_features:
        if SENSITIVE_PREFIX + item.column in samples.meta:
            _check_sensitive(samples, item, owner)
    if "weight" in samples.meta:
        _check_weights(samples, owner)


def names_all(schema: Schema, names: Collection[str]) -> bool:
    """Whether all columns that a schema names are there: what they hold can be judged only then.

    Parameters
    ----------
    schema : Schema
    names : collection of str
        Columns of the data.

    Returns
    -------
    bool

    Examples
    --------
    >>> names_all(Schema("fraud", group="person"), ["fraud", "amount"])
    False
    """
    return {*schema.named_columns, *schema.ignore} <= set(names)


def _check_target(samples: Samples, owner: str) -> None:
    name = samples.schema.target
    if samples.y is None:
        raise DataError(f"{owner}: a target is needed to train on. There is none. Name its column as schema.target.")
    known = pd.Series(samples.y).dropna()
    if known.empty:
        raise DataError(f"{owner}: target {name!r} is missing in all {len(samples)} rows. Name a column with labels.")
    levels = list(dict.fromkeys(_text(value) for value in known.unique()))
    if len(levels) < 2:
        raise DataError(
            f"{owner}: target {name!r} must have at least two classes. All {len(known)} labelled rows are of class "
            f"{levels[0]!r}. Check the column, or give rows of the other class."
        )
    positive = samples.schema.positive
    if positive is not None and _text(positive) not in levels:
        shown = ", ".join(repr(level) for level in sorted(levels)[:10])
        raise DataError(
            f"{owner}: the class of interest must occur in target {name!r}. {positive!r} does not. Classes: {shown}."
        )


def _text(value: Any) -> str:
    # 1, 1.0 and True in a file are one label; Python already says that they are equal.
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _check_finite(samples: Samples, owner: str) -> None:
    tables = [samples.meta.drop(columns=["row_id", "origin"])]
    if isinstance(samples.X, pd.DataFrame):
        tables.insert(0, samples.X)
    found: dict[str, tuple[int, int]] = {}
    for table in tables:
        for position, column in enumerate(table.columns):
            rows = infinite_rows(table.iloc[:, position])
            if len(rows):
                found.setdefault(str(column).removeprefix(SENSITIVE_PREFIX), (len(rows), int(rows[0]) + 1))
    if samples.y is not None:
        rows = infinite_rows(pd.Series(samples.y))
        if len(rows):
            found[samples.schema.target] = (len(rows), int(rows[0]) + 1)
    if found:
        shown = ", ".join(f"{column!r} ({n}, first in row {row})" for column, (n, row) in found.items())
        raise DataError(
            f"{owner}: values must be finite. Infinite values: {shown}. "
            "Mend them, or have them treated as missing with infinite='missing'."
        )


def infinite_rows(values: pd.Series[Any]) -> Any:
    """Return the positions of infinite values.

    Parameters
    ----------
    values : Series of shape (n_samples,)

    Returns
    -------
    array of int
        Empty for columns that hold no numbers.

    Examples
    --------
    >>> infinite_rows(pd.Series([1.0, float("inf")])).tolist()
    [1]
    """
    if pd.api.types.is_object_dtype(values.dtype):
        return np.flatnonzero([isinstance(value, float) and np.isinf(value) for value in values])
    if not pd.api.types.is_float_dtype(values.dtype):
        return np.array([], dtype=np.intp)
    return np.flatnonzero(np.isinf(values.to_numpy(dtype=float, na_value=np.nan)))


def _check_sensitive(samples: Samples, item: Sensitive, owner: str) -> None:
    values = samples.meta[SENSITIVE_PREFIX + item.column]
    counts = item.levels(values).value_counts()
    known = [str(level) for level in counts.index if level != UNKNOWN]
    whose = f"sensitive feature {item.name!r}" + (f" (column {item.column!r})" if item.name != item.column else "")
    if not known and item.edges and values.notna().any():
        raise DataError(
            f"{owner}: edges cut numbers into bands, but the column {item.column!r} of {whose} holds text such as "
            f"{str(values.dropna().iloc[0])!r}. Leave the edges out, or mend the column."
        )
    if len(known) < 2:
        given = f"It has one, {known[0]!r}" if known else "All its values are missing"
        raise DataError(
            f"{owner}: {whose} must have at least two levels to compare. {given}. Take it out of schema.sensitive."
        )
    if len(known) > MAX_LEVELS:
        raise DataError(
            f"{owner}: {whose} may have at most {MAX_LEVELS} levels. It has {len(known)}. {_fewer_levels(item, values)}"
        )


def _fewer_levels(item: Sensitive, values: pd.Series[Any]) -> str:
    numbers = pd.to_numeric(values, errors="coerce").dropna()
    if len(numbers) < values.notna().sum() or item.edges:
        return "Group its levels first, or name another column."
    edges = [f"{edge:.3g}" for edge in numbers.quantile([0.25, 0.5, 0.75]).unique()]
    return f"Cut it into bands: {{{item.column}_band: {{column: {item.column}, edges: [{', '.join(edges)}]}}}}."


def _check_weights(samples: Samples, owner: str) -> None:
    name = samples.schema.weight
    numbers = pd.to_numeric(samples.meta["weight"], errors="coerce")
    bad = np.flatnonzero(~(numbers >= 0))
    if len(bad):
        given = samples.meta["weight"].iloc[bad[0]]
        raise DataError(
            f"{owner}: weights must be numbers of at least 0. Column {name!r} holds {str(given)!r} in row {bad[0] + 1} "
            f"({len(bad)} such rows). Mend them, or take weight out of the schema."
        )
    if not numbers.any():
        raise DataError(f"{owner}: some weights must be above 0. All of column {name!r} are 0.")
