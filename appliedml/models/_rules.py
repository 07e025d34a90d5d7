"""Declared rules of the parameters of ``KerasClassifier``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliedml.core import registry
from appliedml.core.params import AnyOf, Choice, Integer, Null, Real, Rule
from appliedml.errors import StageError
from appliedml.models._schedules import SCHEDULE_RULE
from appliedml.models._settings import MONITORS, OPTIMIZERS, TRAINERS


class BuilderEntry(Rule):
    """A name, or one name with its parameters; what they may be is the builder's own affair."""

    def accepts(self, value: Any) -> bool:
        """Whether the value keeps the rule."""
        try:
            registry.split_entry(value)
        except StageError:
            return False
        return True

    def describe(self) -> str:
        """The rule in words."""
        return "the name of a builder, or one name with its parameters as in {mlp: {hidden: [64, 32]}}"


class ClassWeights(Rule):
    """A mapping from classes, or their texts, to weights."""

    def accepts(self, value: Any) -> bool:
        """Whether the value keeps the rule."""
        return isinstance(value, Mapping) and bool(value) and all(Real(0).accepts(item) for item in value.values())

    def describe(self) -> str:
        """The rule in words."""
        return "a mapping from classes to weights of at least 0"


RULES: dict[str, Rule] = {
    "builder": BuilderEntry(),
    "embed_numbers_up_to": Integer(0),
    "epochs": Integer(1),
    "batch_size": Integer(1),
    "optimizer": Choice(*OPTIMIZERS),
    "learning_rate": Real(0, open_low=True),
    "momentum": Real(0, 1, open_high=True),
    "weight_decay": Real(0),
    "clip_norm": AnyOf(Null(), Real(0, open_low=True)),
    "schedule": SCHEDULE_RULE,
    "loss": Choice("crossentropy", "focal"),
    "gamma": Real(0),
    "label_smoothing": Real(0, 1, open_high=True),
    "class_weight": AnyOf(Null(), Choice("balanced"), ClassWeights()),
    "patience_epochs": AnyOf(Null(), Integer(1)),
    "monitor": Choice(*MONITORS),
    "validation_fraction": Real(0, 1, open_low=True, open_high=True),
    "n_members": Integer(1, 100),
    "trainer": Choice(*TRAINERS),
    "random_state": AnyOf(Null(), Integer(0, 2**32 - 1)),
    "verbose": Integer(0),
}
