"""The search for slices on one half of the rows: every level, and pairs of the features that look worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from appliedml.audits._slices_columns import Column
from appliedml.audits._slices_errors import Errors, lower_bounds

MAX_PAIRED = 30
# Two slices that share more of their rows than this are told once.
MAX_OVERLAP = 0.5
# A pair of features must be this much worse than the worse of its two parts: else the simpler slice says it.
WORTH_A_SECOND = 1.5
PER_MEASURE = 200
# So many are put to the test even if nothing is conspicuous: a reader sees what came closest.
FEWEST = 3
LOWEST = -0.5


@dataclass(frozen=True)
class Slice:
    """Rows with one level of one feature, or of two.

    Parameters
    ----------
    parts : tuple of (int, int)
        Positions of column and level.
    bound : float
        How much more wrong than expected it is at least, on the rows of the search.
    """

    parts: tuple[tuple[int, int], ...]
    bound: float

    def rows(self, columns: Sequence[Column]) -> NDArray[np.bool_]:
        """Return which rows are in it."""
        masks = [columns[column].codes == level for column, level in self.parts]
        return np.asarray(np.logical_and.reduce(masks))

    def said(self, columns: Sequence[Column]) -> str:
        """Return it in words."""
        return " & ".join(f"{columns[column].name}={columns[column].labels[level]}" for column, level in self.parts)


@dataclass(frozen=True)
class Found:
    """Slices worth a second look, worst first, and how many were looked at."""

    slices: tuple[Slice, ...]
    n_looked_at: int


def search(
    errors: Errors,
    measure: str,
    columns: Sequence[Column],
    *,
    always: int,
    min_rows: int,
    margin: float,
    max_slices: int,
    pairs: bool,
) -> Found:
    """Look at every level and every pair of levels.

    Parameters
    ----------
    errors : Errors
    measure : str
    columns : sequence of Column
        Coded on the same rows.
    always : int
        The first so many columns are paired in any case.
    min_rows : int
    margin : float
    max_slices : int
    pairs : bool
        Whether two features at a time are looked at too.

    Returns
    -------
    Found
        Slices that are more wrong than expected, beyond the margin and two standard errors; where there are fewer
        than three, those that come closest.
    """
    single = [
        lower_bounds(errors, measure, _cells(column.codes, len(column.labels)), len(column.labels), min_rows, margin)
        for column in columns
    ]
    n_looked_at = sum(int(np.isfinite(bounds).sum()) for bounds in single)
    found = [
        Slice(((place, int(level)),), float(bounds[level]))
        for place, bounds in enumerate(single)
        for level in np.flatnonzero(bounds > LOWEST)
    ]
    worst = sorted(range(always, len(columns)), key=lambda place: -float(single[place].max(initial=-np.inf)))
    chosen = sorted([*range(min(always, len(columns))), *worst][:MAX_PAIRED])
    for a, b in combinations(chosen, 2) if pairs else ():
        left, right = columns[a], columns[b]
        width = len(right.labels)
        n_cells = len(left.labels) * width
        joint = np.where((left.codes >= 0) & (right.codes >= 0), left.codes * width + right.codes, n_cells)
        bounds = lower_bounds(errors, measure, joint, n_cells, min_rows, margin)
        n_looked_at += int(np.isfinite(bounds).sum())
        parts = np.maximum(single[a][:, None], single[b][None, :]).ravel()
        found.extend(
            Slice(((a, int(cell) // width), (b, int(cell) % width)), float(bounds[cell]))
            for cell in np.flatnonzero(bounds > np.maximum(parts * np.where(parts > 0, WORTH_A_SECOND, 1), LOWEST))
        )
    found.sort(key=lambda item: (-item.bound, item.parts))
    return Found(_apart(found[:PER_MEASURE], columns, max_slices), n_looked_at)


def _cells(codes: NDArray[np.int64], n_levels: int) -> NDArray[np.int64]:
    return np.where(codes >= 0, codes, n_levels)


def _apart(found: Sequence[Slice], columns: Sequence[Column], most: int) -> tuple[Slice, ...]:
    kept: list[tuple[Slice, NDArray[np.bool_]]] = []
    for item in found:
        if item.bound <= 0 and len(kept) >= FEWEST:
            break
        rows = item.rows(columns)
        if all((rows & other).sum() <= MAX_OVERLAP * min(rows.sum(), other.sum()) for _, other in kept):
            kept.append((item, rows))
        if len(kept) == most:
            break
    return tuple(item for item, _ in kept)
