import inspect

import keras
import pytest

from appliedml.models._keras_names import (
    LOSS_ALIASES,
    LOSSES,
    METRIC_ALIASES,
    METRICS,
    OPTIMIZERS,
    SCHEDULES,
    SHARED_BY_OPTIMIZERS,
)

# Chosen by the trainer, or of other kinds of outputs.
NOT_OFFERED = {"name", "reduction", "dtype", "axis"}
# Without the mean percentage error ("mape"), which is infinite where a label is 0.
ALIASES_OF_KERAS = {alias for short in ("bce", "kld", "mae", "mse", "msle") for alias in (short, short.upper())}
LEFT_OUT = {
    "optimizers": {"LossScaleOptimizer", "MultiOptimizer", "Optimizer"},
    "optimizers.schedules": {"LearningRateSchedule"},
    # Not one value a row, not for classes, or infinite where a label is 0.
    "losses": {"CTC", "Circle", "Dice", "Loss", "MeanAbsolutePercentageError", "Tversky"},
}


@pytest.mark.parametrize(
    "room, base, known, shared",
    [
        ("optimizers", "Optimizer", OPTIMIZERS, SHARED_BY_OPTIMIZERS),
        ("optimizers.schedules", "LearningRateSchedule", SCHEDULES, ""),
        ("losses", "Loss", LOSSES, ""),
        ("metrics", "Metric", METRICS, ""),
    ],
)
def test_names_and_parameters_are_those_of_keras(room, base, known, shared):
    module = keras
    for part in room.split("."):
        module = getattr(module, part)
    for name, (class_name, parameters) in known.items():
        signature = inspect.signature(getattr(module, class_name)).parameters
        there = {key for key, one in signature.items() if one.kind is not one.VAR_KEYWORD}
        left_out = NOT_OFFERED - {"name"} if room == "metrics" else NOT_OFFERED
        assert set(f"{parameters} {shared}".split()) == there - left_out, name
    if room in LEFT_OUT:
        own = getattr(module, base)
        classes = {name for name, one in vars(module).items() if inspect.isclass(one) and issubclass(one, own)}
        assert {class_name for class_name, _ in known.values()} == classes - LEFT_OUT[room]


@pytest.mark.parametrize(
    "module, known, aliases",
    [(keras.losses, LOSSES, LOSS_ALIASES), (keras.metrics, METRICS, METRIC_ALIASES)],
)
def test_aliases_are_those_of_keras_and_mean_what_they_mean_there(module, known, aliases):
    for alias, name in aliases.items():
        if alias == "acc":
            # Keras turns it into the accuracy of the task when a model is compiled, as it does "accuracy".
            assert name == "accuracy"
            continue
        found = module.get(alias)
        assert (found.__name__ if inspect.isfunction(found) else type(found).__name__) in (name, known[name][0]), alias
    offered = {alias for alias in ALIASES_OF_KERAS if _there(module, alias)}
    assert offered == set(aliases) - {"acc"}


def _there(module, alias):
    try:
        return callable(module.get(alias))
    except ValueError:
        return False
