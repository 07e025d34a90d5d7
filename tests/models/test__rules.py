import pytest

from appliedml.core.params import broken_rules
from appliedml.models._rules import RULES


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
