"""Declared rules of the parameters of ``KerasClassifier``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliedml.core import registry
from appliedml.core.params import AnyOf, Choice, Integer, ListOf, Null, Real, Rule, Text
from appliedml.errors import ParameterError, StageError
from appliedml.models._callbacks import CallbackList
from appliedml.models._entries import shown
from appliedml.models._losses import OWN_LOSSES, reduction_problem
from appliedml.models._metrics import MODES, metric_problems
from appliedml.models._named import LOSS, METRIC, OPTIMIZER, Named
from appliedml.models._optimizers import OptimizerEntry, conflicts
from appliedml.models._precision import PRECISIONS
from appliedml.models._schedules import SCHEDULE_RULE
from appliedml.models._settings import TRAINERS


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
    "optimizer": OptimizerEntry(),
    "learning_rate": AnyOf(Null(), Real(0, open_low=True)),
    "momentum": Real(0, 1, open_high=True),
    "weight_decay": Real(0),
    "clip_norm": AnyOf(Null(), Real(0, open_low=True)),
    "schedule": SCHEDULE_RULE,
    "loss": Named(LOSS, functions=True),
    "gamma": Real(0),
    "label_smoothing": Real(0, 1, open_high=True),
    "class_weight": AnyOf(Null(), Choice("balanced"), ClassWeights()),
    "patience_epochs": AnyOf(Null(), Integer(1)),
    "monitor": Text(),
    "monitor_mode": Choice(*MODES),
    "metrics": AnyOf(Null(), ListOf(Named(METRIC))),
    "callbacks": CallbackList(),
    "precision": Choice(*PRECISIONS),
    "validation_fraction": Real(0, 1, open_low=True, open_high=True),
    "n_members": Integer(1, 100),
    "trainer": Choice(*TRAINERS),
    "random_state": AnyOf(Null(), Integer(0, 2**32 - 1)),
    "verbose": Integer(0),
}


DEFAULT_GAMMA = 2.0


def settings_problems(given: Mapping[str, Any]) -> list[str]:
    """Return a sentence for every two parameters that do not go together.

    Parameters
    ----------
    given : mapping
        Parameters of a ``KerasClassifier``, each of which keeps its rule; those left out are at their default.

    Returns
    -------
    list of str
    """
    problems = conflicts(given)
    loss = given.get("loss", "crossentropy")
    lost = [OPTIMIZER.lost(given.get("optimizer")), *map(METRIC.lost, given.get("metrics") or [])]
    problems += [sentence for sentence in (*lost, reduction_problem(loss)) if sentence]
    own = isinstance(loss, str) and loss in OWN_LOSSES
    if given.get("label_smoothing") and not own:
        problems.append(
            f"KerasClassifier: label_smoothing={given['label_smoothing']} is for {' and '.join(OWN_LOSSES)}. "
            "Give it inside the loss, as in {categorical_crossentropy: {label_smoothing: 0.1}}."
        )
    if given.get("gamma", DEFAULT_GAMMA) != DEFAULT_GAMMA and not (isinstance(loss, str) and loss == "focal"):
        problems.append(
            f"KerasClassifier: gamma={given['gamma']} is for the loss focal. Leave it {DEFAULT_GAMMA}, or give it "
            "inside the loss, as in {binary_focal_crossentropy: {gamma: 3}}."
        )
    return problems + metric_problems(
        given.get("metrics"), given.get("monitor", "val_loss"), given.get("monitor_mode", "auto")
    )


def check_settings(estimator: Any, builder: Any) -> None:
    """Raise one error that names every two parameters that do not go together.

    Parameters
    ----------
    estimator : KerasClassifier
    builder : Builder

    Raises
    ------
    ParameterError
        If there are any.
    """
    problems = settings_problems(estimator.get_params(deep=False))
    plain = isinstance(estimator.loss, str) and estimator.loss == "crossentropy"
    if not builder.trains_on_labels and (not plain or estimator.label_smoothing or estimator.metrics):
        problems.append(
            f"KerasClassifier: the builder {type(builder).__name__} is not trained on labels, so "
            f"loss={shown('loss', estimator.loss)!r}, label_smoothing={estimator.label_smoothing} and metrics have no "
            'meaning for it. Leave loss="crossentropy", label_smoothing=0 and metrics=None.'
        )
    if problems:
        raise ParameterError("\n".join(problems))
