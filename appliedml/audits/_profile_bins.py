"""Cutting a column into a few bins, so that any two columns can be compared: shift, association, leakage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._profile_columns import DATE, NUMBER, YES_NO, as_numbers, kind_of


@dataclass(frozen=True)
class Bins:
    """Bins of one column, learned on one set of rows and applied to any other.

    Parameters
    ----------
    edges : array or None
        Inner edges of a number column.
    levels : Index or None
        The named levels of another column; all others share one bin.
    n_bins : int
        With the bin of missing values, which is the last.

    Examples
    --------
    >>> bins = Bins.of(pd.Series([1.0, 2.0, 3.0, 4.0]), 2)
    >>> bins.codes(pd.Series([0.0, 9.0, None])).tolist()
    [0, 1, 2]
    """

    edges: NDArray[np.float64] | None
    levels: pd.Index[Any] | None
    n_bins: int

    @staticmethod
    def of(values: pd.Series[Any], max_bins: int) -> Bins:
        """Learn bins: equal shares of rows for numbers, the most frequent levels for the rest.

        Parameters
        ----------
        values : Series
        max_bins : int
            At most so many, without the bins for other levels and for missing values.

        Returns
        -------
        Bins
        """
        kind = kind_of(values)
        if kind in (NUMBER, YES_NO, DATE):
            numbers = _numeric(values, kind)
            known = numbers[~np.isnan(numbers)]
            distinct = np.unique(known)
            if len(distinct) <= max_bins:
                edges = (distinct[1:] + distinct[:-1]) / 2
            else:
                edges = np.unique(np.quantile(known, np.linspace(0, 1, max_bins + 1)[1:-1]))
            return Bins(edges, None, len(edges) + 2)
        counts = values.dropna().astype(str).value_counts()
        ordered = sorted(counts.items(), key=lambda item: (-int(item[1]), str(item[0])))
        levels = pd.Index([level for level, _ in ordered[:max_bins]], dtype=object)
        return Bins(None, levels, len(levels) + 2)

    def codes(self, values: pd.Series[Any]) -> NDArray[np.intp]:
        """Return the bin of every row.

        Parameters
        ----------
        values : Series
            The same column of the same or other rows.

        Returns
        -------
        array of int, shape (n_samples,)
        """
        missing = values.isna().to_numpy(dtype=bool)
        if self.edges is not None:
            numbers = _numeric(values, kind_of(values))
            missing = missing | np.isnan(numbers)
            codes = np.searchsorted(self.edges, np.where(missing, 0.0, numbers), side="right")
        else:
            levels = pd.Index([]) if self.levels is None else self.levels
            codes = levels.get_indexer(pd.Index(values.astype(object).where(~missing, "").astype(str), dtype=object))
            codes = np.where(codes < 0, len(levels), codes)
        found: NDArray[np.intp] = np.where(missing, self.n_bins - 1, codes).astype(np.intp)
        return found


def _numeric(values: pd.Series[Any], kind: str) -> NDArray[np.float64]:
    if kind == DATE:
        days: NDArray[np.float64] = values.to_numpy(dtype="datetime64[s]").astype("int64").astype(float)
        days[values.isna().to_numpy(dtype=bool)] = np.nan
        return days
    return as_numbers(values)


def counts_of(codes: NDArray[np.intp], n_bins: int) -> NDArray[np.float64]:
    """Return rows per bin.

    Parameters
    ----------
    codes : array of int
    n_bins : int

    Returns
    -------
    array of float64, shape (n_bins,)
    """
    counts: NDArray[np.float64] = np.bincount(codes, minlength=n_bins).astype(float)
    return counts


def crossed(codes: NDArray[np.intp], labels: NDArray[np.intp], n_bins: int, n_labels: int) -> NDArray[np.float64]:
    """Return rows per bin and label.

    Parameters
    ----------
    codes, labels : array of int, shape (n_samples,)
    n_bins, n_labels : int

    Returns
    -------
    array of float64, shape (n_bins, n_labels)
    """
    flat = np.bincount(codes * n_labels + labels, minlength=n_bins * n_labels).astype(float)
    return flat.reshape(n_bins, n_labels)


def encoded(frame: pd.DataFrame, max_levels: int = 60) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return features as numbers for a tree model, and which of them are categories.

    Parameters
    ----------
    frame : DataFrame
    max_levels : int
        Rarer levels of a category share one code.

    Returns
    -------
    matrix : array of float64, shape (n_samples, n_features)
        Missing values are NaN.
    categorical : array of bool, shape (n_features,)
    """
    matrix = np.empty(frame.shape, dtype=float)
    categorical = np.zeros(frame.shape[1], dtype=bool)
    for position in range(frame.shape[1]):
        values = frame.iloc[:, position]
        kind = kind_of(values)
        if kind in (NUMBER, YES_NO, DATE):
            matrix[:, position] = _numeric(values, kind)
        else:
            bins = Bins.of(values, max_levels)
            codes = bins.codes(values).astype(float)
            codes[codes == bins.n_bins - 1] = np.nan
            matrix[:, position] = codes
            categorical[position] = True
    return matrix, categorical
