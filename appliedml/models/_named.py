"""Objects of Keras by name, by name with parameters, or as they are: the forms of ``optimizer``, ``loss``, ``metrics``.

A plan holds names and numbers only, so an object is written into it as its name with its configuration.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from appliedml.core import registry
from appliedml.core.params import Real, Rule, rule_sentence
from appliedml.errors import ParameterError, StageError
from appliedml.models._keras_names import (
    LOSS_ALIASES,
    LOSSES,
    METRIC_ALIASES,
    METRICS,
    OPTIMIZERS,
    SCHEDULES,
    SHARED_BY_OPTIMIZERS,
)
from appliedml.models._keras_values import LOSS_VALUES, METRIC_VALUES, OPTIMIZER_VALUES, SCHEDULE_VALUES

_MISSING = object()


@dataclass(frozen=True)
class NotInFile:
    """What stands in a loaded classifier for an object that its file could not hold: good for all but training.

    Parameters
    ----------
    parameter : str
        Of the classifier.
    name : str
        Of what was there.
    """

    parameter: str
    name: str

    @property
    def remedy(self) -> str:
        """What to do; begins with a space."""
        return (
            f" The file of the classifier could not hold {self.name}. Give it again: set_params({self.parameter}=...)."
        )


@dataclass(frozen=True)
class Kind:
    """One kind of object of Keras.

    Parameters
    ----------
    what : str
        "optimizer".
    module : str
        Where its classes are: "keras.optimizers".
    base : str
        Their base class.
    known : mapping of str to (str, str)
        Name to class and parameters.
    shared : str
        Parameters of all.
    extra : tuple of str
        Names that are no classes of Keras.
    values : mapping of str to Rule
        What each parameter may be.
    aliases : mapping of str to str
        Further names, each with the name that it stands for. Where there are any, names of classes are names too.
    """

    what: str
    module: str
    base: str
    known: Mapping[str, tuple[str, str]]
    shared: str = ""
    extra: tuple[str, ...] = ()
    values: Mapping[str, Rule] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(sorted({*self.known, *self.extra}))

    def parameters(self, name: str) -> tuple[str, ...]:
        """Return the parameters of a name."""
        return () if name in self.extra else tuple(f"{self.known[name][1]} {self.shared}".split())

    def split(self, entry: Any) -> tuple[str, dict[str, Any]]:
        """Return the name of an entry, an alias resolved, and its parameters.

        Raises
        ------
        StageError
            If the entry is neither a name nor one name with its parameters.
        """
        name, given = registry.split_entry(entry)
        classes = {known: own for own, (known, _) in self.known.items()} if self.aliases else {}
        return self.aliases.get(name, classes.get(name, name)), given

    def holds(self, value: Any) -> bool:
        """Whether a value is such an object; where Keras is not imported, nothing is."""
        keras = sys.modules.get("keras")
        return keras is not None and isinstance(value, getattr(self._room(), self.base))

    def problem(self, entry: Any) -> str | None:
        """Return what is wrong with an entry, in words, or None."""
        if self.holds(entry):
            return None
        if isinstance(entry, type):
            return self._of_class(entry)
        try:
            name, given = self.split(entry)
        except StageError:
            return f"It is neither a name nor one name with its parameters, nor {self.module}.{self.base}."
        if name not in self.names:
            return f"{name!r} is not known.{_close(name, self.names)}"
        allowed = self.parameters(name)
        for key in given:
            if key not in allowed:
                return f"{name} has no parameter {key!r}.{_close(key, allowed)}"
            if not self.values[key].accepts(given[key]):
                return rule_sentence(name, key, self.values[key], given[key])
        return None

    def _of_class(self, made_by: type) -> str:
        own = made_by.__name__
        name = next((name for name, (known, _) in self.known.items() if known == own), None)
        named = f", or its name {name!r}" if name and getattr(self._room(), own, None) is made_by else ""
        return f"{own} is a class. Give an instance: {own}(){named}."

    def make(self, entry: Any, defaults: Mapping[str, Any] | None = None, **changes: Any) -> Any:
        """Return a fresh object.

        Parameters
        ----------
        entry : str, mapping or object
            An object is cloned through its configuration.
        defaults : mapping, optional
            Parameters that the entry may overwrite.
        **changes
            Parameters that overwrite the entry's.

        Returns
        -------
        object

        Raises
        ------
        ParameterError
            If Keras refuses a parameter.
        """
        if self.holds(entry):
            try:
                return type(entry).from_config({**self.config(entry), **changes})
            except (TypeError, ValueError, KeyError, NotImplementedError) as error:
                raise ParameterError(
                    f"KerasClassifier: the {self.what} {type(entry).__name__} cannot be copied, and each training "
                    f"needs a copy: {type(error).__name__}: {' '.join(str(error).split())}. Give it a get_config that "
                    "tells every parameter of its __init__."
                ) from error
        name, given = self.split(entry)
        # Keras wants 0.0 where a plan says 0.
        given = {key: float(value) if isinstance(self.values[key], Real) else value for key, value in given.items()}
        try:
            return getattr(self._room(), self.known[name][0])(**{**(defaults or {}), **given, **changes})
        except (TypeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise ParameterError(f"KerasClassifier: Keras refuses the {self.what} {entry!r}: {reason}") from error

    def lost(self, value: Any, **changes: Any) -> str | None:
        """Return what the copy of an object of a class of one's own would lose, in words, or None.

        Parameters
        ----------
        value : object
        **changes
            For :meth:`make`.
        """
        if not self.holds(value) or is_of_keras(value):
            return None
        try:
            copied = plain_facts(self.make(value, **changes))
        except ParameterError as error:
            return str(error)
        names = [name for name, item in plain_facts(value).items() if copied.get(name, _MISSING) != item]
        if not names:
            return None
        return (
            f"KerasClassifier: get_config of the {self.what} {type(value).__name__} does not tell {', '.join(names)}. "
            "Each training gets a copy, which would lose it. Add it to get_config."
        )

    @staticmethod
    def config(value: Any) -> dict[str, Any]:
        """Return the configuration of an object, with what Keras 3.15 forgets to say (``delta`` of Huber)."""
        return {**getattr(value, "_fn_kwargs", {}), **value.get_config()}

    def entry(self, value: Any) -> Any:
        """Return the form of an object in a plan: its name with its whole configuration.

        Raises
        ------
        StageError
            If the object is not of a class of Keras that has a name here.
        """
        if not self.holds(value):
            return value
        by_class = {known: name for name, (known, _) in self.known.items()}
        own = type(value)
        name = by_class.get(own.__name__)
        if name is None or getattr(self._room(), own.__name__, None) is not own:
            raise StageError(
                f"KerasClassifier: a plan file cannot hold the {self.what} {own.__name__}: only "
                f"{', '.join(self.names)}. Use the pipeline without a plan."
            )
        allowed = self.parameters(name)
        config = {key: item for key, item in self.config(value).items() if key in allowed and item is not None}
        return {name: config} if config else name

    def token(self, value: Any) -> Any:
        """Return what two equal objects share and two others do not, as a JSON value, for the key of a program.

        A class of one's own that says its configuration is known by it; anything else is known by itself.
        """
        if not callable(value) and not self.holds(value):
            return value
        own = type(value)
        if self.holds(value):
            ours = is_of_keras(value)
            if ours or "get_config" in vars(own):
                # Keras numbers the objects of a process in their names.
                config = {key: item for key, item in self.config(value).items() if key != "name"}
                facts = "" if ours else repr(sorted(plain_facts(value).items()))
                return [own.__module__, own.__qualname__, 0 if ours else id(own), config, facts]
        return [own.__module__, own.__qualname__, id(value)]

    def _room(self) -> Any:
        import keras

        found: Any = keras
        for part in self.module.split(".")[1:]:
            found = getattr(found, part)
        return found


OPTIMIZER = Kind(
    "optimizer", "keras.optimizers", "Optimizer", OPTIMIZERS, SHARED_BY_OPTIMIZERS, values=OPTIMIZER_VALUES
)
SCHEDULE = Kind("schedule", "keras.optimizers.schedules", "LearningRateSchedule", SCHEDULES, values=SCHEDULE_VALUES)
LOSS = Kind(
    "loss", "keras.losses", "Loss", LOSSES, extra=("crossentropy", "focal"), values=LOSS_VALUES, aliases=LOSS_ALIASES
)
METRIC = Kind("metric", "keras.metrics", "Metric", METRICS, values=METRIC_VALUES, aliases=METRIC_ALIASES)


def is_of_keras(value: Any) -> bool:
    """Return whether an object is of a class of Keras itself.

    Parameters
    ----------
    value : object

    Returns
    -------
    bool
    """
    return type(value).__module__.startswith("keras.")


def plain_facts(value: Any) -> dict[str, Any]:
    """Return the attributes of an object that are plain values, without those that Keras keeps for itself.

    Parameters
    ----------
    value : object

    Returns
    -------
    dict
    """
    import keras

    bases = keras.losses.Loss(), keras.metrics.Metric(), keras.optimizers.SGD()
    # Keras numbers the objects of a process in their names.
    kept = {"name", "built", *(name for base in bases for name in vars(base) if name.startswith("_"))}
    return {name: item for name, item in vars(value).items() if name not in kept and _is_plain(item)}


class Named(Rule):
    """An object of Keras by name, by name with its parameters, or as it is.

    Parameters
    ----------
    kind : Kind
    functions : bool
        Whether any function will do too.
    """

    def __init__(self, kind: Kind, functions: bool = False) -> None:
        self.kind = kind
        self.functions = functions

    def accepts(self, value: Any) -> bool:
        """Whether the value keeps the rule."""
        if self.kind.holds(value):
            return True
        if self.functions and callable(value) and not isinstance(value, type):
            return True
        return self.kind.problem(value) is None

    def describe(self) -> str:
        """The rule in words."""
        function = ", or a function of (y_true, y_pred)" if self.functions else ""
        return (
            f"one of {', '.join(repr(name) for name in self.kind.names)}, one of them with its parameters as in "
            f"{{name: {{parameter: value}}}}, or in Python {self.kind.module}.{self.kind.base}{function}"
        )

    def hint(self, value: Any) -> str:
        """What is wrong with the value, and what is close to it."""
        if isinstance(value, NotInFile):
            return value.remedy
        found = self.kind.problem(value)
        return f" {found}" if found else ""


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    return value is None or isinstance(value, bool | int | float | str)


def _close(word: str, known: tuple[str, ...]) -> str:
    # Names here are in small letters; "SGD" is close to "sgd".
    close = get_close_matches(str(word).lower(), known, n=1)
    return f" Did you mean {close[0]!r}?" if close else f" Known: {', '.join(known) or 'none'}."
