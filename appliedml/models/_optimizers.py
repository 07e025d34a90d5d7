"""Optimizers and their learning rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.core import registry
from appliedml.errors import StageError
from appliedml.models._named import OPTIMIZER, SCHEDULE, Named, NotInFile
from appliedml.models._precision import inner, scaled

DEFAULT_RATE = 1e-3
DEFAULT_MOMENTUM = 0.9
# Where the parameter ``momentum`` of the classifier goes to.
_WITH_MOMENTUM = ("sgd", "rmsprop")


def given_in(optimizer: Any) -> tuple[str, dict[str, Any]]:
    """Return the name of an optimizer and the parameters that were given with it.

    Parameters
    ----------
    optimizer : str, mapping or keras.optimizers.Optimizer

    Returns
    -------
    name : str
        Empty for a class of the user.
    parameters : dict
        Of an object, its whole configuration; a learning rate is a number or the entry of a schedule.
    """
    if isinstance(optimizer, NotInFile):
        return "", {}
    if not OPTIMIZER.holds(optimizer):
        return registry.split_entry(optimizer)
    config = {key: value for key, value in optimizer.get_config().items() if key != "name"}
    config["learning_rate"] = _rate_entry(optimizer)
    by_class = {known: name for name, (known, _) in OPTIMIZER.known.items()}
    ours = type(optimizer).__module__.startswith("keras.")
    return (by_class.get(type(optimizer).__name__, "") if ours else ""), config


def _rate_entry(optimizer: Any) -> Any:
    schedule = optimizer._learning_rate
    if SCHEDULE.holds(schedule):
        return SCHEDULE.entry(schedule)
    # Keras keeps a rate as float32, and 0.01 comes back as 0.009999999776.
    return float(str(np.float32(np.asarray(schedule))))


def exclusions(optimizer: Any) -> list[str] | None:
    """Return the names of variables that an optimizer was told to leave out of weight decay.

    Parameters
    ----------
    optimizer : object

    Returns
    -------
    list of str or None
        None where ``exclude_from_weight_decay`` was not called; no ``get_config`` tells.
    """
    if not OPTIMIZER.holds(optimizer) or not hasattr(optimizer, "_exclude_from_weight_decay"):
        return None
    pattern = optimizer._exclude_from_weight_decay_pattern
    return [pattern.pattern] if pattern else []


class OptimizerEntry(Named):
    """An optimizer by name, by name with its parameters, or an object that can be copied for each training."""

    def __init__(self) -> None:
        super().__init__(OPTIMIZER)

    def accepts(self, value: Any) -> bool:
        """Whether the value keeps the rule."""
        return super().accepts(value) and not _unfit(value)

    def hint(self, value: Any) -> str:
        """What is wrong with the value, and what to give."""
        return f" {_unfit(value)}" if super().accepts(value) else super().hint(value)


def _unfit(optimizer: Any) -> str:
    """Return why an object cannot be copied for each training, or ""."""
    if not OPTIMIZER.holds(optimizer):
        return ""
    if hasattr(optimizer, "inner_optimizer"):
        return 'Give the optimizer inside it: precision="mixed_float16" scales the loss by itself.'
    rate = optimizer._learning_rate
    if callable(rate) and SCHEDULE.holds(rate):
        try:
            SCHEDULE.entry(rate)
        except StageError:
            return (
                f"Its learning rate is of the class {type(rate).__name__}. Give one of the schedules of Keras "
                f"({', '.join(SCHEDULE.names)}), or set the rate in a callback."
            )
    elif callable(rate):
        return (
            "Its learning rate is a function. Give a number, a schedule of keras.optimizers.schedules, or a callback "
            "such as keras.callbacks.LearningRateScheduler."
        )
    if "learning_rate" not in optimizer.get_config():
        return "Its get_config tells no learning_rate. Call super().get_config() there and add to it."
    if getattr(optimizer, "_exclude_from_weight_decay", None):
        return "It leaves variables of another model out of weight decay. Name them: var_names instead of var_list."
    return ""


def optimizer_entry(optimizer: Any) -> Any:
    """Return the form of an optimizer in a plan.

    Parameters
    ----------
    optimizer : str, mapping or keras.optimizers.Optimizer

    Returns
    -------
    str or dict

    Raises
    ------
    StageError
        If a plan cannot hold it.
    """
    if _unfit(optimizer) or exclusions(optimizer) is not None:
        raise StageError(
            f"KerasClassifier: a plan file cannot hold this {type(optimizer).__name__}. "
            f"{_unfit(optimizer) or 'It was told to exclude_from_weight_decay. Use the pipeline without a plan.'}"
        )
    entry = OPTIMIZER.entry(optimizer)
    if OPTIMIZER.holds(optimizer):
        ((name, config),) = entry.items()
        return {name: {**config, "learning_rate": given_in(optimizer)[1]["learning_rate"]}}
    return entry


def conflicts(given: Mapping[str, Any]) -> list[str]:
    """Return a sentence for everything that is said both in ``optimizer`` and beside it.

    Parameters
    ----------
    given : mapping
        Parameters of a ``KerasClassifier``; those left out are at their default.

    Returns
    -------
    list of str
    """
    optimizer = given.get("optimizer", "adam")
    inside = given_in(optimizer)[1]
    rate = inside.get("learning_rate")
    beside = {
        "learning_rate": (given.get("learning_rate") is not None, ("learning_rate",)),
        "weight_decay": (bool(given.get("weight_decay")), ("weight_decay",)),
        # Keras clips in one of three ways.
        "clip_norm": (given.get("clip_norm") is not None, ("global_clipnorm", "clipnorm", "clipvalue")),
        "momentum": (given.get("momentum", DEFAULT_MOMENTUM) != DEFAULT_MOMENTUM, ("momentum",)),
    }
    whole = OPTIMIZER.holds(optimizer)
    found = []
    for own, (is_given, keys) in beside.items():
        said = sorted((key for key in keys if key in inside), key=lambda key: inside[key] is None)
        if is_given and (said or whole):
            key = (*said, *keys)[0]
            found.append(
                f"KerasClassifier: {own} is given beside the optimizer ({given[own]!r}) and inside it "
                f"({key}={inside.get(key)!r}). Give it in one place only."
            )
    name = given_in(optimizer)[0]
    if beside["momentum"][0] and not whole and name not in _WITH_MOMENTUM:
        found.append(
            f"KerasClassifier: momentum={given['momentum']!r} is for {' and '.join(_WITH_MOMENTUM)}; the optimizer is "
            f"{name}. Leave it {DEFAULT_MOMENTUM}."
        )
    if isinstance(rate, int | float) and not rate > 0:
        found.append(f"KerasClassifier: learning_rate of the optimizer must be over 0. It is {rate!r}.")
    if isinstance(rate, Mapping):
        wrong = SCHEDULE.problem(rate)
        if wrong:
            found.append(f"KerasClassifier: learning_rate of the optimizer must be a number or a schedule. {wrong}")
        if given.get("schedule") is not None:
            found.append("KerasClassifier: schedule is given, and the optimizer has a schedule too. Give one of them.")
    return found


def start_rate(optimizer: Any, learning_rate: float | None) -> float:
    """Return the learning rate of the first step.

    Parameters
    ----------
    optimizer : str, mapping or keras.optimizers.Optimizer
    learning_rate : float or None
        The one given beside it.

    Returns
    -------
    float
    """
    rate = given_in(optimizer)[1].get("learning_rate", DEFAULT_RATE if learning_rate is None else learning_rate)
    return float(SCHEDULE.make(rate)(0)) if isinstance(rate, Mapping) else float(rate)


def keras_schedule(optimizer: Any) -> Any | None:
    """Return the schedule of Keras that an optimizer was given as its learning rate.

    Parameters
    ----------
    optimizer : str, mapping or keras.optimizers.Optimizer

    Returns
    -------
    keras.optimizers.schedules.LearningRateSchedule or None
    """
    rate = given_in(optimizer)[1].get("learning_rate")
    return SCHEDULE.make(rate) if isinstance(rate, Mapping) else None


class StepSchedule:
    """Rates of a schedule of Keras, which counts steps from the start of the training.

    Parameters
    ----------
    schedule : keras.optimizers.schedules.LearningRateSchedule
    factor : float
        All rates are multiplied with it.
    first_step : int
        Steps taken before.
    """

    watches = False

    def __init__(self, schedule: Any, factor: float, first_step: int) -> None:
        import tensorflow as tf

        self.first_step = first_step
        self.factor = factor
        self._rates = tf.function(
            lambda steps: tf.map_fn(
                lambda step: tf.cast(schedule(step), tf.float32), steps, fn_output_signature=tf.float32
            ),
            autograph=False,
        )

    def rates(self, epoch: int, n_steps: int) -> NDArray[np.float32]:
        """Return the rates of the steps of an epoch.

        Parameters
        ----------
        epoch, n_steps : int

        Returns
        -------
        array of shape (n_steps,), float32
        """
        import tensorflow as tf

        start = self.first_step + epoch * n_steps
        found = self._rates(tf.range(start, start + n_steps)).numpy()
        return np.asarray(self.factor * found, dtype=np.float32)

    def saw(self, value: float) -> None:
        """Take note of the monitored value of an epoch, which decides nothing here.

        Parameters
        ----------
        value : float
        """


def update_key(settings: Any) -> list[Any]:
    """Return what decides the update of a step, except for its rate, as a JSON value.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    list
    """
    name, inside = given_in(settings.optimizer)
    inside.pop("learning_rate", None)
    momentum = settings.momentum if name in _WITH_MOMENTUM else 0.0
    # A class of the user is known by itself; what its configuration says of the rate is an argument.
    own = name or id(type(settings.optimizer))
    inside["exclude_from_weight_decay"] = exclusions(settings.optimizer)
    return [own, inside, momentum, settings.weight_decay, settings.clip_norm, settings.precision]


def make_optimizer(settings: Any) -> Any:
    """Return a fresh Keras optimizer.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    keras.optimizers.Optimizer
        With loss scaling, where the precision needs it.

    Raises
    ------
    ParameterError
        If Keras refuses a parameter.

    Notes
    -----
    Weight decay is decoupled from the gradient (Loshchilov, Hutter 2019) for every optimizer and leaves biases,
    normalisation and embeddings of missing levels alone; an object that was told ``exclude_from_weight_decay`` leaves
    alone what it was told. ``clip_norm`` bounds the norm of all gradients together.
    """
    name, inside = given_in(settings.optimizer)
    rate = start_rate(settings.optimizer, settings.learning_rate)
    if OPTIMIZER.holds(settings.optimizer):
        optimizer = OPTIMIZER.make(settings.optimizer, learning_rate=rate)
    else:
        # AdamW insists on a number; the others take None for "no decay".
        decay = settings.weight_decay if name == "adamw" else settings.weight_decay or None
        defaults: dict[str, Any] = {"weight_decay": decay}
        if not {"clipnorm", "clipvalue"} & set(inside):
            defaults["global_clipnorm"] = settings.clip_norm
        if name in _WITH_MOMENTUM:
            defaults["momentum"] = settings.momentum
        if name == "muon":
            # Its part for vectors and embeddings has a decay of its own.
            defaults["adam_weight_decay"] = inside.get("weight_decay", settings.weight_decay)
        optimizer = OPTIMIZER.make(settings.optimizer, defaults, learning_rate=rate)
    told = exclusions(settings.optimizer)
    if told is not None or optimizer.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"] if told is None else told)
    return scaled(optimizer, settings.precision)


@contextmanager
def averaged(optimizer: Any, variables: list[Any]) -> Iterator[None]:
    """Put the moving averages of the weights in their place, where the optimizer keeps such averages.

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Built; ``use_ema`` says whether there are averages.
    variables : list of keras.Variable
        Those it trains.

    Yields
    ------
    None
        Training goes on with the weights as they were.
    """
    own = inner(optimizer)
    if not own.use_ema:
        yield
        return
    kept = [np.array(variable.numpy(), copy=True) for variable in variables]
    for variable, average in zip(variables, own._model_variables_moving_average, strict=True):
        variable.assign(average)
    try:
        yield
    finally:
        for variable, value in zip(variables, kept, strict=True):
            variable.assign(value)
