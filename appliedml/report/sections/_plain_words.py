"""Settings and shapes as people write them: no brackets, no null, thousands apart."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

NAMES = ("seed", "random_state")
"""Settings whose numbers are names, not amounts: their digits are not set apart."""
NONE = "none"


def in_words(value: Any, key: str = "") -> str:
    """Return a setting as people write it.

    Parameters
    ----------
    value : object
        JSON values.
    key : str
        Name of the setting.

    Returns
    -------
    str

    Examples
    --------
    >>> in_words(23697), in_words(7777, "seed"), in_words([11, 14]), in_words([]), in_words(None), in_words(False)
    ('23,697', '7777', '11, 14', 'none', 'none', 'no')
    >>> in_words({"mlp": {"hidden": [64, 32], "residual": False}})
    'mlp (hidden: 64, 32; residual: no)'
    """
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value) if key in NAMES else f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
    if isinstance(value, Mapping):
        return "; ".join(_pair(str(name), item) for name, item in sorted(value.items())) or NONE
    if isinstance(value, list | tuple):
        return _list(value, key)
    found = _written_list(str(value))
    return str(value) if found is None else _list(found, key)


def _pair(name: str, value: Any) -> str:
    text = in_words(value, name)
    return f"{name} ({text})" if isinstance(value, Mapping) and value else f"{name}: {text}"


def _list(items: Sequence[Any], key: str) -> str:
    texts = [in_words(item, key) for item in items]
    inner = [isinstance(item, Mapping | list | tuple) for item in items]
    return ", ".join(f"({text})" if nested else text for text, nested in zip(texts, inner, strict=True)) or NONE


def _written_list(text: str) -> Sequence[Any] | None:
    """Read a tuple or list that was kept as Python writes it, as runs keep a stage's tuples."""
    if (text[:1], text[-1:]) not in (("(", ")"), ("[", "]")):
        return None
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return found if isinstance(found, list | tuple) else None


def shape_in_words(shape: Any) -> str:
    """Return the shape of a layer's output for one row.

    Parameters
    ----------
    shape : sequence of int or None
        The first side is that of the rows; an image has height, width and channels. A side of None is of any length.

    Returns
    -------
    str

    Examples
    --------
    >>> shape_in_words([None, 64, 64, 1]), shape_in_words([None, 256, 32]), shape_in_words([None, 48])
    ('64 x 64, 1 channel', '256 x 32', '48')
    """
    if not isinstance(shape, list | tuple):
        return "not known"
    sides = ["any" if side is None else f"{side:,}" for side in shape[1:]]
    if len(sides) == 3:
        return f"{sides[0]} x {sides[1]}, {sides[2]} channel{'' if sides[2] == '1' else 's'}"
    return " x ".join(sides) or "1"
