"""Counts that are not shown must not follow from a total: where one would, another count is left out with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from appliedml.core.small_counts import FEW, MIN_CELL

NOT_SHOWN = "not shown"
SMALL = (
    f"Counts of 1 to {MIN_CELL - 1} are shown as {FEW}. Where such a count would follow from a total and the other "
    f"counts, it and another one are {NOT_SHOWN}."
)


def hidden(cells: pd.Series[Any]) -> pd.Series[bool]:
    """Return which cells hold no count to work with.

    Parameters
    ----------
    cells : Series of str

    Returns
    -------
    Series of bool

    Examples
    --------
    >>> hidden(pd.Series(["12", "<5", "<5 rows", "not shown"])).tolist()
    [False, True, True, True]
    """
    return pd.Series([_is_hidden(str(cell)) for cell in cells], index=cells.index, dtype=bool)


def _is_hidden(text: str) -> bool:
    return text.startswith(FEW) or text == NOT_SHOWN


def without_differences(
    cells: pd.Series[Any], parts: pd.DataFrame, totals: Mapping[tuple[Any, ...], int] | None = None
) -> pd.Series[Any]:
    """Leave out further counts where a hidden one would follow from the total of its part.

    Parameters
    ----------
    cells : Series of str
        Counts as text, or shares of one total as text; hidden ones start with "<5".
    parts : DataFrame
        With the index of the cells: rows that are equal here add up to a total that a reader may know.
    totals : mapping of tuple to int, optional
        Total by part. Several hidden counts that are all 1, or all 4, follow from it too.

    Returns
    -------
    Series of str
        With "not shown" for a hidden count that would follow, and for the smallest other count of its part: the two
        look alike, so that neither is known.

    Examples
    --------
    >>> by = pd.DataFrame({"column": ["age", "age", "age"]})
    >>> without_differences(pd.Series(["200", "81", "<5"]), by).tolist()
    ['200', 'not shown', 'not shown']
    """
    # Lists, not tables: there may be thousands of parts with a few cells each.
    written = cells.astype(str)
    found, of = written.tolist(), parts.groupby(list(parts.columns), sort=False, dropna=False).ngroup().tolist()
    keys = list(zip(*(parts[name] for name in parts.columns), strict=True))
    members: dict[int, list[int]] = {}
    for place, part in enumerate(of):
        members.setdefault(part, []).append(place)
    for places in members.values():
        away = [place for place in places if _is_hidden(found[place])]
        counted = {place: _amount(found[place]) for place in places if not _is_hidden(found[place])} if away else {}
        if len(away) == 1 and counted:
            above = {place: amount for place, amount in counted.items() if amount > 0} or counted
            for place in (*away, min(above, key=above.__getitem__)):
                found[place] = NOT_SHOWN
        elif len(away) > 1 and all(found[place] != NOT_SHOWN for place in away):
            total = (totals or {}).get(keys[places[0]])
            # So many counts of 1 to 4 have one sum only where all are 1, or all are 4.
            if total is not None and not len(away) < total - sum(counted.values()) < (MIN_CELL - 1) * len(away):
                for place in away:
                    found[place] = NOT_SHOWN
    return pd.Series(found, index=cells.index, dtype=written.dtype, name=cells.name)


def left_out(
    table: pd.DataFrame,
    count: str,
    parts: Sequence[Sequence[str]],
    shares: Sequence[str] = (),
    totals: Mapping[tuple[Any, ...], int] | None = None,
) -> pd.DataFrame:
    """Return a table whose hidden counts do not follow from totals, and shares only of counts that are shown.

    Parameters
    ----------
    table : DataFrame
    count : str
        Column of counts as text.
    parts : sequence of sequence of str
        Columns that say which counts add up to a total; several ways to add up are several sequences.
    shares : sequence of str
        Columns from which the count could be worked out.
    totals : mapping of tuple to int, optional
        Of the first way to add up.

    Returns
    -------
    DataFrame
    """
    cells = table[count]
    if not hidden(cells).any():
        return table
    # What is left out in one way to add up may make a count follow in another; a few rounds settle it.
    for _ in range(4):
        before = cells
        for place, names in enumerate(parts):
            cells = without_differences(cells, table[list(names)], totals if place == 0 else None)
        if cells.equals(before):
            break
    known = ~hidden(cells)
    return table.assign(**{count: cells}, **{name: table[name].where(known) for name in shares})


def _amount(text: str) -> float:
    return float(text.replace(",", "").removesuffix("%").strip())
