"""Disturbed copies of a table: noise on numbers, missing values, categories never seen; and rows to disturb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._explain_rows import stratified_rows
from appliedml.core.samples import Samples
from appliedml.core.seeds import derive_seed

NUMBER, FLAG, CATEGORY, OTHER = "number", "flag", "category", "other"
NEVER_SEEN = "never seen"
# Above it, not every whole number is a float.
EXACT_WHOLE = 2**53


@dataclass(frozen=True)
class Disturbance:
    """One way to disturb a table, by degrees.

    Parameters
    ----------
    title : str
    said : str
        A strength in words, with ``{:g}`` in it.
    strengths : tuple of float
        Weak to strong: standard deviations, or percent.
    refused : str
        What a pipeline refuses that raises an error.
    roles : tuple of str
        Columns that it changes.
    """

    title: str
    said: str
    strengths: tuple[float, ...]
    refused: str
    roles: tuple[str, ...]


DISTURBANCES = {
    "noise": Disturbance(
        "Noise on numbers", "{:g} standard deviations", (0.1, 0.25, 0.5), "Noise on numbers is", (NUMBER,)
    ),
    "missing": Disturbance(
        "Missing values", "{:g} % of cells", (5, 10, 20), "Missing values are", (NUMBER, FLAG, CATEGORY, OTHER)
    ),
    "unknown_categories": Disturbance(
        "Unknown categories", "{:g} % of rows", (10,), "Unknown categories are", (CATEGORY,)
    ),
}


def sampled_rows(samples: Samples, max_rows: int, seed: int) -> NDArray[np.intp]:
    """Choose rows at random: evenly over classes and sensitive levels, or whole groups where rows come in groups.

    Parameters
    ----------
    samples : Samples
    max_rows : int
    seed : int

    Returns
    -------
    array of int
        Positions, ascending; at most ``max_rows``. Groups are taken in random order as long as they fit; where the
        first does not, rows of all groups are drawn.
    """
    if samples.group is None or len(samples) <= max_rows:
        return stratified_rows(samples, max_rows, seed)
    codes, _ = pd.factorize(samples.group, use_na_sentinel=False)
    order = np.random.default_rng(seed).permutation(int(codes.max()) + 1)
    sizes = np.bincount(codes)[order].cumsum()
    chosen = order[: int(np.searchsorted(sizes, max_rows, side="right"))]
    return np.flatnonzero(np.isin(codes, chosen)) if len(chosen) else stratified_rows(samples, max_rows, seed)


def role_of(column: pd.Series[Any]) -> str:
    """Return what a column is: a number, a flag (at most two numbers, or true and false), a category, or other.

    Parameters
    ----------
    column : Series
        Of the training rows.

    Returns
    -------
    str
    """
    kinds = pd.api.types
    if kinds.is_bool_dtype(column.dtype):
        return FLAG
    if kinds.is_numeric_dtype(column.dtype):
        # Half a standard deviation off a flag is no measurement that anybody could have made.
        return NUMBER if column.nunique() > 2 else FLAG
    if kinds.is_object_dtype(column.dtype):
        found = kinds.infer_dtype(column, skipna=True)
        return FLAG if found == "boolean" else CATEGORY if found in ("string", "mixed", "mixed-integer") else OTHER
    texts = isinstance(column.dtype, pd.CategoricalDtype) or kinds.is_string_dtype(column.dtype)
    return CATEGORY if texts else OTHER


class Disturber:
    """Disturbs a table of test rows by what the training rows look like.

    Parameters
    ----------
    train : DataFrame
        Features of the training rows.
    test : DataFrame
        The same columns.
    seed : int
        Every column draws from a seed of its own. A stronger degree is more of the same draws, so that degrees differ
        by their strength alone.
    """

    def __init__(self, train: pd.DataFrame, test: pd.DataFrame, seed: int) -> None:
        self._train, self._test, self._seed = train, test, seed
        self.roles = {name: role_of(train[name]) for name in test.columns}

    def applies(self, name: str) -> bool:
        """Whether there is a column that the disturbance changes."""
        return any(role in DISTURBANCES[name].roles for role in self.roles.values())

    def disturbed(self, name: str, strength: float) -> pd.DataFrame:
        """Return a disturbed copy of the test rows.

        Parameters
        ----------
        name : str
            A key of ``DISTURBANCES``.
        strength : float
            Standard deviations of the training rows, or percent.

        Returns
        -------
        DataFrame
            Same rows and columns, in the same order.
        """
        change = {"noise": self._noisy, "missing": _emptied, "unknown_categories": self._unknown}[name]
        changed = {}
        for column, role in self.roles.items():
            if role in DISTURBANCES[name].roles:
                rng = np.random.default_rng(derive_seed(self._seed, name, str(column)))
                changed[column] = change(self._test[column], strength, rng)
        return self._test.assign(**changed)

    def _noisy(self, column: pd.Series[Any], strength: float, rng: np.random.Generator) -> pd.Series[Any]:
        known = self._train[column.name].to_numpy(dtype=np.float64, na_value=np.nan)
        known = known[np.isfinite(known)]
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        found = values + rng.standard_normal(len(values)) * strength * float(known.std())
        if pd.api.types.is_integer_dtype(column.dtype) or bool((known == np.rint(known)).all()):
            found = np.rint(found)
        if (known >= 0).all():
            # A row that was below the training rows' minimum already stays where it is at least.
            found = np.maximum(found, np.minimum(known.min(), values))
        return pd.Series(_within(found, column.dtype), index=column.index, name=column.name).astype(column.dtype)

    def _unknown(self, column: pd.Series[Any], strength: float, rng: np.random.Generator) -> pd.Series[Any]:
        known = pd.unique(pd.concat([self._train[column.name], column]).astype(object).dropna())
        levels = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else known
        new = _never_seen([*known, *levels])
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.cat.add_categories([new])
        return column.mask(rng.random(len(column)) < strength / 100, new)


def _within(found: NDArray[np.float64], dtype: Any) -> NDArray[np.float64]:
    """Values that a whole-number type can hold."""
    if not pd.api.types.is_integer_dtype(dtype):
        return found
    limits = np.iinfo(getattr(dtype, "numpy_dtype", dtype))
    high = float(limits.max)
    return np.clip(found, float(limits.min), high if limits.max < EXACT_WHOLE else np.nextafter(high, 0))


def _emptied(column: pd.Series[Any], strength: float, rng: np.random.Generator) -> pd.Series[Any]:
    # As a file with empty cells would be read.
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        column = column.astype(np.float64)
    elif isinstance(column.dtype, np.dtype) and column.dtype.kind == "b":
        column = column.astype(object)
    return column.mask(rng.random(len(column)) < strength / 100)


def _never_seen(known: list[Any]) -> Any:
    """Return a value that is none of the known ones, and of their kind."""
    if known and all(isinstance(value, int | float | np.number) for value in known):
        return max(known) + 1
    new, taken = NEVER_SEEN, set(map(str, known))
    while new in taken:
        new += "_"
    return new
