import inspect

import keras
import pytest

from appliedml.models._keras_values import Rate
from appliedml.models._named import LOSS, METRIC, OPTIMIZER, SCHEDULE


@pytest.mark.parametrize("kind", [OPTIMIZER, SCHEDULE, LOSS, METRIC], ids=lambda kind: kind.what)
def test_every_parameter_has_a_rule_that_the_default_of_keras_keeps(kind):
    module = keras
    for part in kind.module.split(".")[1:]:
        module = getattr(module, part)
    for name in kind.known:
        defaults = inspect.signature(getattr(module, kind.known[name][0])).parameters
        for key in kind.parameters(name):
            default = defaults[key].default
            # Keras makes the names itself.
            if default is not inspect.Parameter.empty and (key, default) != ("name", None):
                assert kind.values[key].accepts(default), (name, key, default)


@pytest.mark.parametrize(
    "kind, entry, words",
    [
        (OPTIMIZER, {"adam": {"beta_1": "a"}}, "adam: beta_1 must be a number at least 0 and below 1"),
        (OPTIMIZER, {"adam": {"beta_1": 5}}, "It is 5 (int)"),
        # YAML reads 1e-7 as a text.
        (OPTIMIZER, {"adam": {"epsilon": "1e-7"}}, "It is '1e-7' (str)"),
        (OPTIMIZER, {"adam": {"learning_rate": "fast"}}, "a number over 0, or a schedule"),
        (OPTIMIZER, {"sgd": {"nesterov": "yes"}}, "true or false"),
        (SCHEDULE, {"cosine_decay": {"initial_learning_rate": 0.1, "decay_steps": 0}}, "decay_steps must be"),
        (LOSS, {"huber": {"delta": -1}}, "a number above 0"),
        (METRIC, {"auc": {"curve": "RoC"}}, "Did you mean 'ROC'"),
    ],
)
def test_wrong_values_are_named_before_keras_meets_them(kind, entry, words):
    assert words in kind.problem(entry)


def test_a_rate_is_a_number_or_a_schedule():
    assert Rate().accepts(1) and Rate().accepts({"cosine_decay": {}})
    assert not Rate().accepts(0) and not Rate().accepts("0.1")


def test_whole_numbers_are_numbers():
    assert OPTIMIZER.make({"sgd": {"momentum": 0}}, learning_rate=0.1).momentum == 0.0
