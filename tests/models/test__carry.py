import copy
import pickle

import keras
import pytest
from sklearn.base import clone

from appliedml.errors import ParameterError
from appliedml.models._carry import Carried
from appliedml.models.keras_classifier import KerasClassifier


class Scaled(keras.losses.Loss):
    """Its configuration does not tell its factor."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, y_true, y_pred):
        return self.factor * keras.ops.mean((y_true - y_pred) ** 2, axis=-1)


class Boosted(keras.optimizers.SGD):
    def __init__(self, boost=1.0, **kwargs):
        super().__init__(**kwargs)
        self.boost = boost


def with_objects():
    optimizer = keras.optimizers.AdamW(0.02, weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_names=["kernel"])
    metrics = ["auc", keras.metrics.Precision(thresholds=0.7, name="p")]
    return KerasClassifier(optimizer=optimizer, loss=keras.losses.Huber(0.5), metrics=metrics)


@pytest.mark.parametrize("through", [clone, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_objects_come_through_clones_and_pickles_as_they_were(through):
    """Keras' own copies forget delta and what was left out of weight decay."""
    found = through(with_objects())

    assert float(found.loss(keras.ops.ones((1, 1)), keras.ops.zeros((1, 1)))) == 0.375
    assert found.optimizer._exclude_from_weight_decay_pattern.pattern == "kernel"
    assert float(found.optimizer.learning_rate) == pytest.approx(0.02)
    assert (found.metrics[0], found.metrics[1].thresholds, found.metrics[1].name) == ("auc", [0.7], "p")
    assert through(KerasClassifier(loss=Scaled(3.0))).loss.factor == 3.0


def test_clones_share_objects_and_not_entries():
    given = KerasClassifier(loss=Scaled(3.0), optimizer={"sgd": {"momentum": 0.5}})
    found = clone(given)

    assert found.loss is given.loss
    assert found.optimizer == given.optimizer
    assert found.optimizer is not given.optimizer


def test_what_a_pickle_would_lose_is_refused():
    with pytest.raises(ParameterError, match="does not tell boost"):
        pickle.dumps(Carried(Boosted(2.0, learning_rate=0.1)))
    assert pickle.loads(pickle.dumps(Carried(Boosted(learning_rate=0.1)))).boost == 1.0
