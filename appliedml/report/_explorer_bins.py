"""The thresholds that the explorer offers, and how many rows score at or above each: exact, for every group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from appliedml.report._explorer_rows import Grouping, RunRows

MAX_THRESHOLDS = 200
MAX_FOLD_THRESHOLDS = 40
# Shares of rows, and of rows of the class of interest, that a threshold selects: close together where few are.
_SHARES = np.concatenate([np.geomspace(5e-4, 0.1, 34), np.linspace(0.12, 0.98, 24)])
_RECALLS = np.linspace(0.02, 0.98, 33)


def offered_thresholds(rows: RunRows, fixed: Sequence[float] = ()) -> tuple[NDArray[np.float64], tuple[str, ...], int]:
    """Return the thresholds that can be chosen.

    Parameters
    ----------
    rows : RunRows
    fixed : sequence of float
        Thresholds that must be among them, besides those of the folds.

    Returns
    -------
    thresholds : array of shape (n_thresholds,)
        Ascending, each once: 0 to 1 in hundredths, those of the folds and their median, and quantiles of the scores.
    labels : tuple of str
        Four significant digits, or as many as tell them apart.
    start : int
        Position of the median of the folds' thresholds.
    """
    own = sorted(set(rows.fold_thresholds))
    median = float(np.median(rows.fold_thresholds))
    if len(own) > MAX_FOLD_THRESHOLDS:
        own = [own[place] for place in np.linspace(0, len(own) - 1, MAX_FOLD_THRESHOLDS).astype(int)]
    chosen: dict[str, float] = {}
    for value in dict.fromkeys([median, *own, *fixed]):
        digits = 4
        while chosen.setdefault(f"{value:.{digits}g}", value) != value:
            digits += 1
    for value in np.round(np.linspace(0, 1, 101), 2):
        chosen.setdefault(f"{value:.4g}", float(value))
    scores = np.quantile(rows.score, 1 - _SHARES, method="higher")
    if rows.positive.any():
        own_scores = rows.score[rows.positive]
        scores = np.concatenate([np.quantile(own_scores, 1 - _RECALLS, method="higher"), scores])
    for label in (f"{value:.4g}" for value in scores):
        if len(chosen) >= MAX_THRESHOLDS:
            break
        if 0 < float(label) < 1:
            chosen.setdefault(label, float(label))
    pairs = sorted((value, label) for label, value in chosen.items())
    thresholds = np.array([value for value, _ in pairs])
    return thresholds, tuple(label for _, label in pairs), int(np.flatnonzero(thresholds == median)[0])


@dataclass(frozen=True, eq=False)
class GroupCounts:
    """Counts of the groups of a feature at every threshold; ``all`` rows are a feature of one group.

    Parameters
    ----------
    positive, negative : array of int, shape (n_thresholds, n_groups)
        Rows that are truly (not) of the class of interest, with a score at or above the threshold.
    selected_units : array of int, shape (n_thresholds, n_groups)
        Units of resampling (rows, or groups of rows) with at least one row at or above the threshold.
    units : array of int, shape (3, n_groups)
        All units, those with a positive row, those with a negative row.
    run : array of int, shape (3, n_groups)
        Positives, negatives and units selected by the run's own decisions.
    """

    positive: NDArray[np.int64]
    negative: NDArray[np.int64]
    selected_units: NDArray[np.int64]
    units: NDArray[np.int64]
    run: NDArray[np.int64]


def bin_of(thresholds: NDArray[np.float64], score: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the position of the last threshold that each score reaches; scores start at the first threshold, 0."""
    # A row is selected where its score is at least the threshold, ties included.
    return np.asarray(np.searchsorted(thresholds, score, side="right") - 1, dtype=np.int64)


def count_groups(
    codes: ArrayLike,
    n_groups: int,
    bins: NDArray[np.int64],
    n_thresholds: int,
    rows: RunRows,
    cluster: NDArray[np.int64] | None,
) -> GroupCounts:
    """Count the rows and units of every group at every threshold.

    Parameters
    ----------
    codes : array of int, shape (n_rows,)
        Group of each row.
    n_groups : int
    bins : array of int, shape (n_rows,)
        Of :func:`bin_of`.
    n_thresholds : int
    rows : RunRows
    cluster : array of int, shape (n_rows,), or None

    Returns
    -------
    GroupCounts
    """
    group = np.asarray(codes, dtype=np.int64)
    by_class = [
        _at_least(np.bincount(bins[mask] * n_groups + group[mask], minlength=n_thresholds * n_groups), n_groups)
        for mask in (rows.positive, ~rows.positive)
    ]
    decided = [np.bincount(group[rows.selected & mask], minlength=n_groups) for mask in (rows.positive, ~rows.positive)]
    every = np.ones(len(group), dtype=bool)
    masks = (every, rows.positive, ~rows.positive, rows.selected)
    if cluster is None:
        units = [np.bincount(group[mask], minlength=n_groups) for mask in masks]
        selected = by_class[0] + by_class[1]
    else:
        # A unit is selected as long as its highest score is: one bin for each unit in a group.
        unit = cluster * n_groups + group
        units = [np.bincount(np.unique(unit[mask]) % n_groups, minlength=n_groups) for mask in masks]
        names, place = np.unique(unit, return_inverse=True)
        highest = np.zeros(len(names), dtype=np.int64)
        np.maximum.at(highest, place, bins)
        cells = highest * n_groups + names % n_groups
        selected = _at_least(np.bincount(cells, minlength=n_thresholds * n_groups), n_groups)
    return GroupCounts(by_class[0], by_class[1], selected, np.array(units[:3]), np.array([*decided, units[3]]))


def _at_least(binned: NDArray[np.int64], n_groups: int) -> NDArray[np.int64]:
    return np.cumsum(binned.reshape(-1, n_groups)[::-1], axis=0)[::-1].astype(np.int64)


def packed(at_least: NDArray[np.int64]) -> list[int]:
    """Return cumulative counts as counts of bins, runs of k zeros written as -k.

    Parameters
    ----------
    at_least : array of int, shape (n_thresholds,)
        Descending.

    Returns
    -------
    list of int

    Examples
    --------
    >>> packed(np.array([9, 4, 4, 4, 1]))
    [5, -2, 3, 1]
    """
    found: list[int] = []
    for count in (at_least - np.append(at_least[1:], 0)).tolist():
        if count == 0 and found and found[-1] < 0:
            found[-1] -= 1
        else:
            found.append(count if count else -1)
    return found


def cluster_numbers(cluster: NDArray[Any] | None) -> NDArray[np.int64] | None:
    """Return a number for every row's cluster, rows of a missing one standing alone; None where all rows do."""
    if cluster is None:
        return None
    codes, found = pd.factorize(cluster)
    alone = codes < 0
    numbers: NDArray[np.int64] = codes.astype(np.int64)
    numbers[alone] = len(found) + np.arange(int(alone.sum()))
    return numbers


def all_rows(rows: RunRows) -> Grouping:
    """Return all rows as the only group of a feature."""
    n = len(rows.score)
    one = np.ones(1, dtype=bool)
    return Grouping("", (), ("all",), one, ~one, np.zeros(n, dtype=np.int64))
