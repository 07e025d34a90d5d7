import inspect

import keras
import pytest

from appliedml.models._keras_names import LOSSES, METRICS, OPTIMIZERS, SCHEDULES, SHARED_BY_OPTIMIZERS

# Chosen by the trainer, or of other kinds of outputs.
NOT_OFFERED = {"name", "reduction", "dtype", "axis"}
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
