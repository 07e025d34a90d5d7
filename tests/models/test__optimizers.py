import keras
import numpy as np
import pytest

from appliedml.core.params import broken_rules
from appliedml.errors import StageError
from appliedml.models._keras_names import OPTIMIZERS
from appliedml.models._optimizers import (
    OptimizerEntry,
    StepSchedule,
    averaged,
    conflicts,
    exclusions,
    keras_schedule,
    make_optimizer,
    optimizer_entry,
    start_rate,
    update_key,
)
from appliedml.models._rules import settings_problems
from appliedml.models._settings import Settings


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_gets_what_it_was_told(name):
    settings = Settings(optimizer=name, learning_rate=0.25, momentum=0.5, weight_decay=0.01, clip_norm=2.0)
    optimizer = make_optimizer(settings)

    assert type(optimizer).__name__ == OPTIMIZERS[name][0]
    assert float(optimizer.learning_rate) == 0.25
    assert optimizer.weight_decay == 0.01
    assert optimizer.global_clipnorm == 2.0
    if name in ("sgd", "rmsprop"):
        assert optimizer.momentum == 0.5


def test_no_decay_is_no_decay_for_every_optimizer():
    for name in OPTIMIZERS:
        assert not make_optimizer(Settings(optimizer=name)).weight_decay, name
    assert make_optimizer(Settings(optimizer="muon")).adam_weight_decay == 0


@pytest.mark.parametrize(
    "given",
    [
        keras.optimizers.Adam(0.01, beta_1=0.8, weight_decay=0.1),
        keras.optimizers.SGD(0.3, clipnorm=1.0),
        keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 10)),
        keras.optimizers.Lion(),
    ],
)
def test_an_object_and_its_entry_make_the_same_optimizer(given):
    entry = optimizer_entry(given)
    one, other = (make_optimizer(Settings(optimizer=optimizer)) for optimizer in (given, entry))

    assert one is not given
    # Keras numbers the optimizers of a process.
    assert {**one.get_config(), "name": ""} == {**other.get_config(), "name": ""}
    assert optimizer_entry(entry) == entry
    assert start_rate(given, None) == start_rate(entry, None)


@pytest.mark.parametrize(
    "given, own",
    [
        ({"optimizer": {"adam": {"learning_rate": 0.1}}, "learning_rate": 0.2}, "learning_rate"),
        ({"optimizer": keras.optimizers.Adam(), "learning_rate": 1e-3}, "learning_rate"),
        ({"optimizer": {"adamw": {"weight_decay": 0.1}}, "weight_decay": 0.2}, "weight_decay"),
        ({"optimizer": {"sgd": {"global_clipnorm": 1.0}}, "clip_norm": 2.0}, "clip_norm"),
        ({"optimizer": {"adam": {"clipnorm": 1.0}}, "clip_norm": 2.0}, "clipnorm=1.0"),
        ({"optimizer": {"adam": {"clipvalue": 1.0}}, "clip_norm": 2.0}, "clipvalue=1.0"),
        ({"optimizer": keras.optimizers.Adam(clipnorm=1.0), "clip_norm": 2.0}, "clipnorm=1.0"),
        ({"optimizer": {"sgd": {"momentum": 0.5}}, "momentum": 0.7}, "momentum"),
        ({"optimizer": {"sgd": {"learning_rate": {"cosine_decay": {}}}}, "schedule": "cosine"}, "schedule"),
        ({"optimizer": {"sgd": {"learning_rate": {"cosine": {}}}}}, "a number or a schedule"),
    ],
)
def test_what_is_said_twice_is_refused(given, own):
    (sentence,) = conflicts(given)

    assert own in sentence


def test_what_is_said_once_is_not_refused():
    assert conflicts({"optimizer": {"adam": {"beta_1": 0.5}}, "learning_rate": 0.1, "weight_decay": 0.1}) == []
    assert conflicts({}) == []


def test_the_rate_of_the_first_step():
    assert start_rate("sgd", None) == 1e-3
    assert start_rate("sgd", 0.5) == 0.5
    # Keras keeps it as float32.
    assert start_rate(keras.optimizers.Adam(0.01), None) == 0.01


def test_a_schedule_of_keras_goes_on_where_the_steps_before_stopped():
    decay = keras.optimizers.schedules.CosineDecay(0.1, 10)
    schedule = StepSchedule(keras_schedule(keras.optimizers.SGD(decay)), 0.5, 2)
    wanted = [0.5 * float(decay(step)) for step in (5, 6, 7)]

    assert schedule.rates(1, 3).tolist() == pytest.approx(wanted)
    assert keras_schedule("adam") is None


def test_a_rate_is_an_argument_of_a_program_and_a_beta_is_not():
    def key(optimizer):
        return update_key(Settings(optimizer=optimizer))

    assert key(keras.optimizers.Adam(0.1)) == key(keras.optimizers.Adam(0.2))
    assert key(keras.optimizers.Adam(beta_1=0.5)) != key(keras.optimizers.Adam())
    assert key({"adam": {"learning_rate": 0.1}}) == key("adam")


def test_averages_stand_in_for_the_weights_only_for_a_while():
    optimizer = keras.optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    variable = keras.Variable(np.zeros(2))
    optimizer.build([variable])
    for _ in range(2):
        optimizer.apply([keras.ops.ones(2)], [variable])
    with averaged(optimizer, [variable]):
        assert variable.numpy().tolist() == [-1.5, -1.5]
    assert variable.numpy().tolist() == [-2.0, -2.0]
    with averaged(keras.optimizers.SGD(), [variable]):
        assert variable.numpy().tolist() == [-2.0, -2.0]


class Own(keras.optimizers.SGD):
    def __init__(self, boost=1.0, **kwargs):
        super().__init__(**kwargs)
        self.boost = boost


class OwnRate(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1


def leaving_out(**given):
    optimizer = keras.optimizers.SGD(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(**given)
    return optimizer


@pytest.mark.parametrize(
    "given, words",
    [
        (keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()), "Give the optimizer inside it"),
        (keras.optimizers.Adam(lambda: 0.1), "Its learning rate is a function"),
        (keras.optimizers.Adam(OwnRate()), "Its learning rate is of the class OwnRate"),
        (leaving_out(var_list=[keras.Variable(0.0)]), "var_names instead of var_list"),
        ({"adam": {"beta_1": 5}}, "adam: beta_1 must be"),
    ],
)
def test_an_optimizer_that_cannot_be_copied_or_used_is_refused(given, words):
    (sentence,) = broken_rules("KerasClassifier", {"optimizer": OptimizerEntry()}, {"optimizer": given})

    assert words in sentence


def test_what_a_copy_would_lose_is_refused():
    (sentence,) = settings_problems({"optimizer": Own(2.0, learning_rate=0.1)})

    assert "does not tell boost" in sentence
    assert settings_problems({"optimizer": Own(learning_rate=0.1)}) == []


def test_what_was_left_out_of_weight_decay_stays_left_out():
    kernel, bias = keras.Variable(1.0, name="kernel"), keras.Variable(1.0, name="bias")
    left, usual = (Settings(optimizer=one) for one in (leaving_out(var_names=["kernel"]), keras.optimizers.SGD(0.1)))
    optimizer = make_optimizer(left)

    assert [optimizer._use_weight_decay(one) for one in (kernel, bias)] == [False, True]
    assert make_optimizer(Settings(weight_decay=0.5))._use_weight_decay(kernel)
    assert update_key(left) != update_key(Settings(optimizer=keras.optimizers.SGD(0.1, weight_decay=0.5)))
    assert (exclusions(left.optimizer), exclusions(usual.optimizer)) == (["kernel"], None)
    with pytest.raises(StageError, match="exclude_from_weight_decay"):
        optimizer_entry(left.optimizer)
