import pytest

from appliedml.core.params import broken_rules
from appliedml.models._rules import RULES, settings_problems


@pytest.mark.parametrize(
    "name, value",
    [
        ("builder", "mlp"),
        ("builder", {"mlp": {"hidden": [3]}}),
        ("class_weight", {0: 1.0, 1: 5}),
        ("class_weight", "balanced"),
        ("clip_norm", None),
        ("schedule", {"cosine": {"warmup_epochs": 1}}),
    ],
)
def test_good_values_are_accepted(name, value):
    assert broken_rules("KerasClassifier", RULES, {name: value}) == []


@pytest.mark.parametrize(
    "name, value",
    [
        ("builder", {"mlp": {}, "cnn": {}}),
        ("builder", 3),
        ("class_weight", {"a": -1}),
        ("class_weight", {}),
        ("learning_rate", 0),
        ("optimizer", "ADAM"),
        ("validation_fraction", 1.0),
        ("schedule", {"cosine": {"speed": 1}}),
    ],
)
def test_bad_values_are_named(name, value):
    (sentence,) = broken_rules("KerasClassifier", RULES, {name: value})

    assert sentence.startswith(f"KerasClassifier: {name} must be")


@pytest.mark.parametrize(
    "given, words",
    [
        ({"momentum": 0.5}, "momentum=0.5 is for sgd and rmsprop; the optimizer is adam"),
        ({"momentum": 0.5, "optimizer": {"nadam": {}}}, "the optimizer is nadam"),
        ({"gamma": 3.0}, "gamma=3.0 is for the loss focal"),
        ({"optimizer": {"adam": {"learning_rate": -0.01}}}, "must be over 0. It is -0.01"),
    ],
)
def test_what_would_have_no_effect_or_the_wrong_one_is_refused(given, words):
    assert [words in sentence for sentence in settings_problems(given)] == [True]


def test_momentum_and_gamma_are_taken_where_they_have_a_meaning():
    assert settings_problems({"momentum": 0.5, "optimizer": "sgd"}) == []
    assert settings_problems({"gamma": 3.0, "loss": "focal"}) == []
