"""Declared parameter rules, and the one sentence said when a rule is broken.

A class lists its rules in ``parameter_rules``; the same rules check a YAML plan before anything runs and a Python
object when it is used. Every value is a JSON value: plans are data.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from appliedml.errors import ParameterError


class Rule(ABC):
    """What a parameter may be."""

    @abstractmethod
    def accepts(self, value: Any) -> bool:
        """Whether the value keeps the rule."""

    @abstractmethod
    def describe(self) -> str:
        """The rule in words, to follow "must be"."""

    def hint(self, value: Any) -> str:
        """What may have been meant by a value that breaks the rule; begins with a space, or is empty."""
        return ""


@dataclass(frozen=True)
class Integer(Rule):
    """A whole number within bounds, both included. Booleans are refused."""

    low: int | None = None
    high: int | None = None

    def accepts(self, value: Any) -> bool:
        """Whether the value is an integer between the bounds."""
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def describe(self) -> str:
        """The rule in words."""
        return "a whole number" + _bounds(self.low, self.high, True, True)


@dataclass(frozen=True)
class Real(Rule):
    """A finite number within bounds; ``open_low`` / ``open_high`` exclude the bound itself."""

    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False

    def accepts(self, value: Any) -> bool:
        """Whether the value is a finite number between the bounds."""
        if isinstance(value, bool | str | bytes) or not hasattr(value, "__float__"):
            return False
        number = float(value)
        if not math.isfinite(number):
            return False
        above = self.low is None or (number > self.low if self.open_low else number >= self.low)
        below = self.high is None or (number < self.high if self.open_high else number <= self.high)
        return above and below

    def describe(self) -> str:
        """The rule in words."""
        return "a number" + _bounds(self.low, self.high, not self.open_low, not self.open_high)


@dataclass(frozen=True)
class Boolean(Rule):
    """True or false."""

    def accepts(self, value: Any) -> bool:
        """Whether the value is a boolean."""
        return isinstance(value, bool)

    def describe(self) -> str:
        """The rule in words."""
        return "true or false"


@dataclass(frozen=True)
class Text(Rule):
    """A non-empty text."""

    def accepts(self, value: Any) -> bool:
        """Whether the value is a text with something in it."""
        return isinstance(value, str) and bool(value)

    def describe(self) -> str:
        """The rule in words."""
        return "a text"


@dataclass(frozen=True)
class Scalar(Rule):
    """A text, number or boolean: one cell of a table."""

    def accepts(self, value: Any) -> bool:
        """Whether the value is one JSON scalar other than null."""
        return isinstance(value, str | int | float | bool)

    def describe(self) -> str:
        """The rule in words."""
        return "a text, a number or a boolean"


class Choice(Rule):
    """One of some texts."""

    def __init__(self, *options: str) -> None:
        self.options = options

    def accepts(self, value: Any) -> bool:
        """Whether the value is one of the options."""
        return isinstance(value, str) and value in self.options

    def describe(self) -> str:
        """The rule in words."""
        return "one of " + ", ".join(repr(option) for option in self.options)

    def hint(self, value: Any) -> str:
        """The option that is spelled most like the value."""
        close = get_close_matches(value, self.options, n=1) if isinstance(value, str) else []
        return f" Did you mean {close[0]!r}?" if close else ""


@dataclass(frozen=True)
class Null(Rule):
    """Nothing: ``None`` in Python, ``null`` in YAML."""

    def accepts(self, value: Any) -> bool:
        """Whether the value is None."""
        return value is None

    def describe(self) -> str:
        """The rule in words."""
        return "null"


@dataclass(frozen=True)
class ListOf(Rule):
    """A list whose items all keep one rule."""

    item: Rule
    min_items: int = 0

    def hint(self, value: Any) -> str:
        """What the first wrong item may have meant."""
        items = value if isinstance(value, list | tuple) else []
        return next((self.item.hint(item) for item in items if not self.item.accepts(item)), "")

    def accepts(self, value: Any) -> bool:
        """Whether the value is a list or tuple of accepted items."""
        return isinstance(value, list | tuple) and len(value) >= self.min_items and all(map(self.item.accepts, value))

    def describe(self) -> str:
        """The rule in words."""
        least = f" with at least {self.min_items} item{'s' if self.min_items != 1 else ''}" if self.min_items else ""
        return f"a list{least}, each item {self.item.describe()}"


@dataclass(frozen=True)
class MapOf(Rule):
    """A mapping from texts to values that keep one rule."""

    value: Rule

    def accepts(self, value: Any) -> bool:
        """Whether the value is a mapping with text keys and accepted values."""
        return isinstance(value, Mapping) and all(
            isinstance(k, str) and self.value.accepts(v) for k, v in value.items()
        )

    def describe(self) -> str:
        """The rule in words."""
        return f"a mapping from names to values, each value {self.value.describe()}"


@dataclass(frozen=True)
class Record(Rule):
    """A mapping with named fields, each with its own rule; fields in ``optional`` may be left out."""

    fields: Mapping[str, Rule]
    optional: tuple[str, ...] = ()

    def accepts(self, value: Any) -> bool:
        """Whether the value has exactly the declared fields, each accepted."""
        if not isinstance(value, Mapping) or not set(value) <= set(self.fields):
            return False
        return set(self.fields) - set(self.optional) <= set(value) and all(
            self.fields[name].accepts(item) for name, item in value.items()
        )

    def describe(self) -> str:
        """The rule in words."""
        return "a mapping with " + ", ".join(
            f"{name} ({rule.describe()}{', optional' if name in self.optional else ''})"
            for name, rule in self.fields.items()
        )


class AnyOf(Rule):
    """One of several rules."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = rules

    def accepts(self, value: Any) -> bool:
        """Whether any of the rules accepts the value."""
        return any(rule.accepts(value) for rule in self.rules)

    def describe(self) -> str:
        """The rule in words."""
        return ", or ".join(rule.describe() for rule in self.rules)

    def hint(self, value: Any) -> str:
        """What one of the rules has to say about the value."""
        return next((hint for rule in self.rules if (hint := rule.hint(value))), "")


def _bounds(low: float | None, high: float | None, low_in: bool, high_in: bool) -> str:
    if low is not None and high is not None:
        if low_in and high_in:
            return f" between {low} and {high}"
        return f" {'at least' if low_in else 'above'} {low} and {'at most' if high_in else 'below'} {high}"
    if low is not None:
        return f" {'of at least' if low_in else 'above'} {low}"
    if high is not None:
        return f" {'of at most' if high_in else 'below'} {high}"
    return ""


def rule_sentence(owner: str, name: str, rule: Rule, value: Any) -> str:
    """THE sentence for a broken rule.

    Parameters
    ----------
    owner : str
        Class that owns the parameter.
    name : str
        The parameter.
    rule : Rule
    value : object
        What was given.

    Returns
    -------
    str

    Examples
    --------
    >>> rule_sentence("Smote", "neighbors", Integer(1), 0)
    'Smote: neighbors must be a whole number of at least 1. It is 0 (int).'
    """
    shown = repr(value)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return f"{owner}: {name} must be {rule.describe()}. It is {shown} ({type(value).__name__}).{rule.hint(value)}"


def broken_rules(owner: str, rules: Mapping[str, Rule], values: Mapping[str, Any]) -> list[str]:
    """Every broken rule as a sentence, in the order of the parameters.

    Parameters
    ----------
    owner : str
        Class that owns the parameters.
    rules : mapping of str to Rule
    values : mapping of str to object
        Parameters that have no rule are passed over.

    Returns
    -------
    list of str

    Examples
    --------
    >>> broken_rules("Smote", {"neighbors": Integer(1)}, {"neighbors": 5})
    []
    """
    return [
        rule_sentence(owner, name, rules[name], value)
        for name, value in values.items()
        if name in rules and not rules[name].accepts(value)
    ]


def check_parameters(obj: Any) -> None:
    """Raise one error that names every broken rule of an object.

    Parameters
    ----------
    obj : object
        Has ``get_params(deep=False)`` and a mapping ``parameter_rules``.

    Raises
    ------
    ParameterError
        If any parameter breaks its rule.
    """
    sentences = broken_rules(type(obj).__name__, getattr(obj, "parameter_rules", {}), obj.get_params(deep=False))
    if sentences:
        raise ParameterError("\n".join(sentences))
