"""``Samples``: inputs, target and meta table that change together or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.display import card
from appliedml.core.fingerprint import fingerprint
from appliedml.core.inputs import n_features, take_rows
from appliedml.core.schema import Schema
from appliedml.errors import DataError

OBSERVED = "observed"
SYNTHETIC = "synthetic"
META_COLUMNS = ("row_id", "group", "time", "weight", "origin")
SENSITIVE_PREFIX = "sensitive."


class Samples:
    """Rows: inputs ``X``, target ``y`` and a ``meta`` table.

    Parameters
    ----------
    X : DataFrame, array or Inputs, n_samples rows
        The features, and nothing else.
    y : array of shape (n_samples,), optional
        Labels, one per row.
    meta : DataFrame of n_samples rows, optional
        ``row_id`` (unique for observed rows), ``origin`` ("observed" or "synthetic"), and where the schema names them
        ``group``, ``time``, ``weight``; sensitive source columns as ``sensitive.<column>``; ``validation`` (bool)
        where a split has validation rows of its own.
    schema : Schema, optional

    Raises
    ------
    DataError
        If the parts differ in their number of rows, or row ids of observed rows repeat.

    Notes
    -----
    scikit-learn takes a ``Samples`` as ``X``: it has ``shape``, ``__len__`` and ``__getitem__``.

    Examples
    --------
    >>> samples = Samples(pd.DataFrame({"a": [1, 2, 3]}), np.array([0, 1, 0]))
    >>> samples[[0, 2]].y.tolist()
    [0, 0]
    """

    def __init__(
        self,
        X: Any,
        y: Any = None,
        meta: pd.DataFrame | None = None,
        schema: Schema | None = None,
    ) -> None:
        self.X = X.reset_index(drop=True) if isinstance(X, pd.DataFrame) else X
        self.y: NDArray[Any] | None = None if y is None else np.asarray(y)
        self.schema = schema if schema is not None else Schema(target="y")
        if meta is None:
            meta = pd.DataFrame({"row_id": np.arange(len(X)), "origin": OBSERVED})
        self.meta = meta.reset_index(drop=True)
        for name, part in (("y", self.y), ("meta", self.meta)):
            if part is not None and len(part) != len(X):
                raise DataError(f"Samples: {name} must have one row per row of X. X has {len(X)}, {name} {len(part)}.")
        ids = self.meta.loc[self.meta["origin"] == OBSERVED, "row_id"]
        if ids.duplicated().any():
            if ids.isna().any():
                raise DataError(f"Samples: every row needs a row id. {int(ids.isna().sum())} rows have none.")
            first = ids[ids.duplicated()].iloc[0]
            raise DataError(
                f"Samples: row ids must be unique. {str(first)!r} occurs {int((ids == first).sum())} times."
            )

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.meta)

    @property
    def shape(self) -> tuple[int, int]:
        """(n_samples, n_features)."""
        return (len(self), n_features(self.X))

    def __getitem__(self, key: Any) -> Samples:
        """Return some rows, by position, slice or boolean mask."""
        # scikit-learn indexes array-likes as X[rows, ...]; drop the Ellipsis.
        rows = key[0] if isinstance(key, tuple) else key
        if isinstance(rows, slice):
            return self.take(np.arange(len(self))[rows])
        found = np.asarray(rows)
        if found.ndim == 0:
            found = found.reshape(1)
        if found.dtype == bool:
            if len(found) != len(self):
                raise DataError(f"Samples: a mask needs one value per row. There are {len(self)}, not {len(found)}.")
            found = np.flatnonzero(found)
        return self.take(found.astype(np.intp))

    def take(self, rows: NDArray[np.intp]) -> Samples:
        """Return the rows at these positions, in this order.

        Parameters
        ----------
        rows : array of int, shape (n_rows,)

        Returns
        -------
        Samples
        """
        y = None if self.y is None else self.y[rows]
        return Samples(take_rows(self.X, rows), y, self.meta.iloc[rows], self.schema)

    def replace(self, *, X: Any = None, y: Any = None) -> Samples:
        """Return the same rows with other inputs or labels.

        Parameters
        ----------
        X, y : optional
            Must have the same number of rows.

        Returns
        -------
        Samples
        """
        return Samples(self.X if X is None else X, self.y if y is None else y, self.meta, self.schema)

    @property
    def row_id(self) -> NDArray[Any]:
        """Row ids, shape (n_samples,)."""
        ids: NDArray[Any] = self.meta["row_id"].to_numpy()
        return ids

    @property
    def group(self) -> NDArray[Any] | None:
        """Group of every row, or None where the schema names no group."""
        return self.meta["group"].to_numpy() if "group" in self.meta else None

    @property
    def time(self) -> pd.Series[Any] | None:
        """Time of every row, or None where the schema names no time."""
        found: pd.Series[Any] | None = self.meta.get("time")
        return found

    @property
    def weight(self) -> NDArray[np.float64] | None:
        """Training weight of every row, or None where the schema names none."""
        return self.meta["weight"].to_numpy(dtype=float) if "weight" in self.meta else None

    @property
    def validation(self) -> NDArray[np.bool_] | None:
        """Whether the split keeps a row for validation, or None where the pipeline draws such rows itself."""
        return self.meta["validation"].to_numpy(dtype=bool) if "validation" in self.meta else None

    @property
    def sensitive(self) -> pd.DataFrame:
        """Levels of the sensitive features as text, one column each; missing is "unknown"."""
        columns = {
            item.name: item.levels(self.meta[SENSITIVE_PREFIX + item.column])
            for item in self.schema.sensitive_features
            if SENSITIVE_PREFIX + item.column in self.meta
        }
        return pd.DataFrame(columns, index=self.meta.index)

    @property
    def table(self) -> pd.DataFrame:
        """Features and sensitive source columns under their own names, for cleaning (a copy).

        Inputs that are not a table contribute nothing: only their sensitive columns are shown.
        """
        table = self.X.copy() if isinstance(self.X, pd.DataFrame) else pd.DataFrame(index=self.meta.index)
        for column in self.schema.sensitive_columns:
            if column not in table and SENSITIVE_PREFIX + column in self.meta:
                table[column] = self.meta[SENSITIVE_PREFIX + column]
        return table

    def with_table(self, table: pd.DataFrame) -> Samples:
        """Return the same rows with cleaned columns.

        A column that is both feature and sensitive source changes in both places. A column that is left out is dropped
        from the features; sensitive sources stay.

        Parameters
        ----------
        table : DataFrame
            Same rows in the same order as :attr:`table`.

        Returns
        -------
        Samples
        """
        meta = self.meta.copy()
        for column in self.schema.sensitive_columns:
            if column in table and SENSITIVE_PREFIX + column in meta:
                meta[SENSITIVE_PREFIX + column] = table[column].to_numpy(dtype=object)
        X = self.X
        if isinstance(self.X, pd.DataFrame):
            only_sensitive = set(self.schema.sensitive_columns) - set(self.X.columns)
            X = table.drop(columns=[c for c in table.columns if c in only_sensitive])
        return Samples(X, self.y, meta, self.schema)

    def fingerprint(self) -> str:
        """Return the SHA-256 of inputs, labels and meta as hex.

        Returns
        -------
        str
        """
        y = np.array([]) if self.y is None else self.y
        return fingerprint([fingerprint(self.X), fingerprint(pd.Series(y, name="y")), fingerprint(self.meta)])

    @staticmethod
    def concatenate(parts: Sequence[Samples]) -> Samples:
        """Return the rows of several tables of samples, one after the other.

        Parameters
        ----------
        parts : sequence of Samples
            At least one; tables with the same columns.

        Returns
        -------
        Samples
        """
        first = parts[0]
        if isinstance(first.X, pd.DataFrame):
            X: Any = pd.concat([part.X for part in parts], ignore_index=True)
        else:
            X = np.concatenate([np.asarray(part.X) for part in parts])
        y = None if first.y is None else np.concatenate([np.asarray(part.y) for part in parts])
        return Samples(X, y, pd.concat([part.meta for part in parts], ignore_index=True), first.schema)

    def __repr__(self) -> str:
        """One line with sizes and roles."""
        roles = [name for name in META_COLUMNS if name in self.meta and name not in ("row_id", "origin")]
        sensitive = list(self.schema.sensitive_names)
        return f"Samples({len(self)} rows, {self.shape[1]} features, sensitive={sensitive}, {roles})"

    def _repr_html_(self) -> str:
        """Card for notebooks."""
        rows = [("rows", f"{len(self):,}"), ("features", str(self.shape[1])), ("target", self.schema.target)]
        if self.y is not None:
            levels, counts = np.unique(self.y.astype(str), return_counts=True)
            shown = [f"{a}: {b:,}" for a, b in zip(levels[:10], counts[:10], strict=True)]
            rows.append(("classes", ", ".join(shown)))
        rows.append(("sensitive", ", ".join(self.schema.sensitive_names) or "none named"))
        body = self.X.head(5).to_html(index=False) if isinstance(self.X, pd.DataFrame) else ""
        return card("Samples", rows, "The first five rows are shown.", body)


def make_samples(table: pd.DataFrame, schema: Schema) -> Samples:
    """Split a table into inputs, target and meta as the schema says.

    Parameters
    ----------
    table : DataFrame
        One row per sample; column names are unique texts.
    schema : Schema

    Returns
    -------
    Samples
        The features are all columns that the schema does not keep from the model.

    Raises
    ------
    DataError
        If a named column is absent, or no feature is left.

    Examples
    --------
    >>> table = pd.DataFrame({"fraud": [0, 1], "sex": ["f", "m"], "amount": [1.0, 2.0]})
    >>> make_samples(table, Schema("fraud", sensitive=["sex"])).X.columns.tolist()
    ['amount']
    """
    for column, role in schema.named_columns.items():
        if column not in table.columns:
            raise DataError(f"Schema: {role} column {column!r} is not in the table. {closest(column, table.columns)}")
    table = table.reset_index(drop=True)
    ids = table[schema.row_id] if schema.row_id else pd.Series(np.arange(len(table)))
    meta = pd.DataFrame({"row_id": ids.to_numpy()})
    for role in ("group", "time", "weight"):
        column = getattr(schema, role)
        if column:
            meta[role] = table[column].to_numpy()
    meta["origin"] = OBSERVED
    for column in schema.sensitive_columns:
        meta[SENSITIVE_PREFIX + column] = table[column].astype(object).to_numpy()
    features = [column for column in table.columns if column not in schema.not_features and column != schema.time]
    if not features:
        raise DataError("Schema: no feature is left. Every column is target, sensitive, group, time or ignored.")
    return Samples(table[features], table[schema.target].to_numpy(), meta, schema)


def closest(name: str, names: Any) -> str:
    """Return a hint that names the most similar columns.

    Parameters
    ----------
    name : str
    names : iterable of str

    Returns
    -------
    str

    Examples
    --------
    >>> closest("ageband", ["age_band", "income"])
    "Columns close to it: 'age_band'."
    """
    known = [str(item) for item in names]
    close = get_close_matches(name, known, n=3, cutoff=0.4)
    if close:
        return "Columns close to it: " + ", ".join(repr(item) for item in close) + "."
    shown = ", ".join(repr(item) for item in known[:12])
    return f"Its columns: {shown}{', ...' if len(known) > 12 else ''}."


def as_samples(X: Any, y: Any = None) -> Samples:
    """Return X itself if it is a Samples, else wrap inputs and labels.

    Parameters
    ----------
    X : Samples, DataFrame or array
    y : array of shape (n_samples,), optional
        Replaces the labels of a Samples that has none or others.

    Returns
    -------
    Samples

    Examples
    --------
    >>> as_samples(np.zeros((2, 3)), [0, 1]).shape
    (2, 3)
    """
    if isinstance(X, Samples):
        return X if y is None else X.replace(y=np.asarray(y))
    return Samples(X, y)
