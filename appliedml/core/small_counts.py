"""Counts that would point at a person: how they are shown, in every table alike."""

from __future__ import annotations

MIN_CELL = 5
"""Counts of 1 to 4 are shown as "<5", so that a table by group does not point at a person."""

FEW = f"<{MIN_CELL}"


def count_text(count: int) -> str:
    """Return a count as text; 1 to 4 is "<5".

    Parameters
    ----------
    count : int
        Or a whole number of another type.

    Returns
    -------
    str

    Examples
    --------
    >>> count_text(0), count_text(3), count_text(1200)
    ('0', '<5', '1,200')
    """
    return FEW if 0 < count < MIN_CELL else f"{int(count):,}"
