"""The grammar of text ranges: "31 to 35", "more than 69000", "under 6 months"."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Years in one of each; a year is 365.25 days.
YEARS = {
    "year": 1.0,
    "month": 1 / 12,
    "week": 7 / 365.25,
    "day": 1 / 365.25,
    "hour": 1 / 365.25 / 24,
    "minute": 1 / 365.25 / 1440,
}
SHORT = {"yr": "year", "y": "year", "mo": "month", "wk": "week", "d": "day", "hr": "hour", "h": "hour", "min": "minute"}

_NUMBER = r"(-?)[$€£]?((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)"
_UNIT = r"(?:\s*(%|[a-z]+))?"
_ABOVE = r"(?:more than|greater than|older than|longer than|over|above|at least|from|>=?|≥)"
_BELOW = r"(?:less than|fewer than|younger than|shorter than|under|below|up to|at most|<=?|≤)"
_MORE = r"(?:(?:or|and) (?:more|over|above|older|longer)|plus)"
_LESS = r"(?:(?:or|and) (?:less|fewer|under|below|younger|shorter))"
_FORMS = (
    ("range", re.compile(rf"(?:from\s*)?{_NUMBER}{_UNIT}\s*(?:to|-|\u2013|\u2014)\s*{_NUMBER}{_UNIT}")),
    ("range", re.compile(rf"between\s*{_NUMBER}{_UNIT}\s*and\s*{_NUMBER}{_UNIT}")),
    ("above", re.compile(rf"{_ABOVE}\s*{_NUMBER}{_UNIT}")),
    ("above", re.compile(rf"{_NUMBER}{_UNIT}\s*{_MORE}")),
    ("above", re.compile(rf"{_NUMBER}\s*\+{_UNIT}")),
    ("below", re.compile(rf"{_BELOW}\s*{_NUMBER}{_UNIT}")),
    ("below", re.compile(rf"{_NUMBER}{_UNIT}\s*{_LESS}")),
    ("single", re.compile(rf"{_NUMBER}{_UNIT}")),
)
_KEYWORDS = frozenset({"to", "and", "or", "plus", "from", "between"})


@dataclass(frozen=True)
class Reading:
    """One level, understood.

    Parameters
    ----------
    form : {"range", "above", "below", "single"}
    low, high : float
        Ends of a range; else both are the number.
    unit : str
        Singular, or "" where the level names none.
    """

    form: str
    low: float
    high: float
    unit: str

    def value(self, unit: str, beyond: float) -> float | None:
        """Return the number of the level in the unit of its column; None if the units do not fit.

        Parameters
        ----------
        unit : str
        beyond : float
            Factor for open ranges.

        Returns
        -------
        float or None
        """
        ends = self.ends(unit)
        if ends is None:
            return None
        low, high = ends
        if self.form == "above":
            return further(high, beyond)
        if self.form == "below":
            return low / 2 if low > 0 else -further(-low, beyond)
        return (low + high) / 2

    def ends(self, unit: str) -> tuple[float, float] | None:
        """Return both ends in a unit; None if the units do not fit.

        Parameters
        ----------
        unit : str

        Returns
        -------
        tuple of two floats, or None
        """
        if self.unit in ("", unit):
            return self.low, self.high
        if self.unit in YEARS and unit in YEARS:
            factor = YEARS[self.unit] / YEARS[unit]
            return self.low * factor, self.high * factor
        return None


def further(bound: float, beyond: float) -> float:
    """Return a number above a bound: ``bound * beyond``, and for bounds below 1 a step of ``beyond - 1``."""
    return bound + (beyond - 1) * max(abs(bound), 1.0)


def normal(text: str) -> str:
    """Return the text in lower case with single spaces."""
    return " ".join(text.lower().split())


def parse(text: str) -> Reading | None:
    """Return what a level says, or None if the grammar does not know it.

    Parameters
    ----------
    text : str

    Returns
    -------
    Reading or None

    Examples
    --------
    >>> parse("31 to 35")
    Reading(form='range', low=31.0, high=35.0, unit='')
    >>> parse("under 6 months")
    Reading(form='below', low=6.0, high=6.0, unit='month')
    >>> parse("Sedan - Liability") is None
    True
    """
    for form, pattern in _FORMS:
        match = pattern.fullmatch(normal(text))
        if match is None:
            continue
        found = match.groups()
        units = {_unit(word) for word in found[2::3] if word}
        if len(units) > 1 or units & _KEYWORDS:
            continue
        ends = [float((sign + digits).replace(",", "")) for sign, digits in zip(found[0::3], found[1::3], strict=True)]
        if ends[0] > ends[-1]:
            continue
        return Reading(form, ends[0], ends[-1], next(iter(units), ""))
    return None


def common_unit(readings: list[Reading]) -> str | None:
    """Return the unit of a column: the longest of time units, or the only one; None if units do not fit together.

    Parameters
    ----------
    readings : list of Reading

    Returns
    -------
    str or None
        "" if no level names a unit.
    """
    units = sorted({reading.unit for reading in readings if reading.unit})
    if not units:
        return ""
    if all(unit in YEARS for unit in units):
        return max(units, key=lambda unit: YEARS[unit])
    return units[0] if len(units) == 1 else None


def _unit(word: str) -> str:
    single = word[:-1] if len(word) > 2 and word.endswith("s") and not word.endswith("ss") else word
    return SHORT.get(single, single)
