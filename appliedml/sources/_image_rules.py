"""Parameter rules that several image sources share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from appliedml.core.params import AnyOf, Integer, Null, Rule

# Pillow itself warns of a decompression bomb above this many pixels.
MOST_PIXELS = 89_478_485


@dataclass(frozen=True)
class Pair(Rule):
    """A list of exactly two items that keep one rule.

    Parameters
    ----------
    item : Rule
    ascending : bool
        The second must be larger than the first.
    """

    item: Rule
    ascending: bool = False

    def accepts(self, value: Any) -> bool:
        """Whether the value is a list or tuple of two accepted items."""
        if not isinstance(value, list | tuple) or len(value) != 2 or not all(map(self.item.accepts, value)):
            return False
        return not self.ascending or value[0] < value[1]

    def describe(self) -> str:
        """The rule in words."""
        return f"a list of two{', ascending' if self.ascending else ''}, each {self.item.describe()}"


_SIDE = Integer(4, 8192)
SIZE_RULE: Rule = AnyOf(_SIDE, Pair(_SIDE), Null())
"""Height and width in pixels, or one number for both."""


def as_size(value: int | Sequence[int] | None) -> tuple[int, int] | None:
    """Return height and width of a parameter that keeps ``SIZE_RULE``.

    Parameters
    ----------
    value : int, pair of int, or None

    Returns
    -------
    (int, int) or None

    Examples
    --------
    >>> as_size(64), as_size([48, 64]), as_size(None)
    ((64, 64), (48, 64), None)
    """
    if value is None:
        return None
    if isinstance(value, Sequence):
        return int(value[0]), int(value[1])
    return int(value), int(value)
