"""Reading single cells: numbers, truth values and dates as people write them."""

from __future__ import annotations

import math
import re
from typing import Any

TRUE = frozenset({"true", "yes", "y", "t", "1", "on"})
FALSE = frozenset({"false", "no", "n", "f", "0", "off"})
_SIGNS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'"})
_NUMBER = {
    # Whole part without or with separators of thousands, always in threes; then decimals and exponent.
    ".": re.compile(r"(?=[+-]?\.?\d)[+-]?(?:\d+|\d{1,3}(?:([, '])\d{3})(?:\1\d{3})*)?(?:\.\d*)?(?:[eE][+-]?\d+)?"),
    ",": re.compile(r"(?=[+-]?,?\d)[+-]?(?:\d+|\d{1,3}(?:([. '])\d{3})(?:\1\d{3})*)?(?:,\d*)?(?:[eE][+-]?\d+)?"),
}


def read_number(text: str, decimal: str = ".") -> float | None:
    """Return a number as people write it, or None.

    Parameters
    ----------
    text : str
        May have a currency sign, separators of thousands in threes, a percent sign (which divides by 100), a sign, or
        brackets that mean "negative".
    decimal : {".", ","}

    Returns
    -------
    float or None

    Examples
    --------
    >>> read_number("$1,234.00"), read_number("12 %"), read_number("(5)"), read_number("1.234,5", decimal=",")
    (1234.0, 0.12, -5.0, 1234.5)
    >>> read_number("1,23") is None
    True
    """
    plain = text.translate(_SIGNS).strip()
    negative = plain.startswith("(") and plain.endswith(")")
    plain = plain[1:-1] if negative else plain
    percent = plain.endswith("%")
    plain = re.sub(r"[$€£¥₹]", "", plain.removesuffix("%"), count=1).strip()
    plain = re.sub(r"^([+-])\s+", r"\1", plain)
    if not _NUMBER[decimal].fullmatch(plain):
        return None
    thousands = ", '" if decimal == "." else ". '"
    digits = re.sub(f"[{thousands}]", "", plain).replace(",", ".")
    number = float(digits)
    if not math.isfinite(number):
        return None
    number = number / 100 if percent else number
    return -number if negative else number


def read_truth(text: str) -> float | None:
    """Return 1.0 or 0.0 for a truth value in words, or None.

    Parameters
    ----------
    text : str

    Returns
    -------
    float or None

    Examples
    --------
    >>> read_truth("Yes"), read_truth("off"), read_truth("maybe")
    (1.0, 0.0, None)
    """
    plain = text.strip().lower()
    if plain in TRUE:
        return 1.0
    return 0.0 if plain in FALSE else None


def read_cell(value: Any, kind: str, decimal: str) -> float | None:
    """Return one cell as a number or a truth value, or None.

    Parameters
    ----------
    value : object
        A text or a number; not missing.
    kind : {"number", "boolean"}
    decimal : {".", ","}

    Returns
    -------
    float or None
    """
    if isinstance(value, str):
        return read_number(value, decimal) if kind == "number" else read_truth(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if kind == "number" or number in (0.0, 1.0) else None
