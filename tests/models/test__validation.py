from types import SimpleNamespace

import keras
import numpy as np
import pytest
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from appliedml.models._callbacks import Watchers
from appliedml.models._inputs import InputSpec
from appliedml.models._metrics import EpochMetrics
from appliedml.models._programs import program_for
from appliedml.models._settings import Network, Rows, Settings
from appliedml.models._validation import validate
from appliedml.models.builders.mlp import Mlp

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 2, 80).astype(np.int32)
LOGITS = Y + RNG.normal(size=80)
WEIGHT = RNG.uniform(0.5, 1.5, 80)
NETWORK = Network(Mlp(), InputSpec(("a",)), 1)


def values(logits, y=Y, metrics=None):
    losses = np.logaddexp(0, np.where(y == 1, -logits, logits))
    runner = SimpleNamespace(outputs=lambda rows: (losses, logits[:, None]), metrics=EpochMetrics(metrics, 1))
    return validate(NETWORK, runner, Rows({}, y, WEIGHT), 0)


def test_values_are_those_of_scikit_learn_with_weights():
    found = values(LOGITS, metrics=["accuracy"])

    assert found["val_loss"] == pytest.approx(log_loss(Y, 1 / (1 + np.exp(-LOGITS)), sample_weight=WEIGHT))
    assert found["val_roc_auc"] == roc_auc_score(Y, LOGITS, sample_weight=WEIGHT)
    assert found["val_average_precision"] == average_precision_score(Y, LOGITS, sample_weight=WEIGHT)
    assert found["val_accuracy"] == pytest.approx(np.average((LOGITS > 0) == Y, weights=WEIGHT))


def test_a_ranking_of_one_class_or_of_what_is_not_finite_is_not_defined():
    assert np.isnan(values(LOGITS, np.zeros(80, np.int32))["val_roc_auc"])
    assert np.isnan(values(np.where(np.arange(80) == 3, np.inf, LOGITS))["val_roc_auc"])


class Counting(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.losses = []

    def on_test_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])


def test_watched_batches_change_no_value(monkeypatch):
    monkeypatch.setattr("appliedml.models._validation._WATCHED_ROWS", 32)
    watchers = Watchers(lambda: Counting())
    rows = Rows({"numbers": RNG.normal(size=(80, 1)).astype(np.float32)}, Y, WEIGHT.astype(np.float32))
    program = program_for(NETWORK, Settings(metrics=["auc"]), "epoch_graph")
    plain, watched = (validate(NETWORK, program, rows, 0, one) for one in (None, watchers))

    assert plain == pytest.approx(watched, rel=1e-5)
    assert len(watchers.callbacks[0].losses) == 3
    assert watchers.callbacks[0].losses[-1] == pytest.approx(plain["val_loss"], rel=1e-5)
