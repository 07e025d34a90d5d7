import keras
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, roc_auc_score

from appliedml.errors import ParameterError
from appliedml.models._metrics import EpochMetrics, direction, metric_name, metric_problems, reported

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 2, 200).astype(np.int32)
LOGITS = (Y + RNG.normal(size=200) - 0.5).astype(np.float32)[:, None]
WEIGHT = RNG.uniform(0.5, 1.5, 200).astype(np.float32)


def test_values_are_those_of_the_field_with_weights():
    metrics = EpochMetrics(["accuracy", "precision", "f1_score", {"auc": {"num_thresholds": 2_000}}], 1)
    found = metrics.measure(Y, LOGITS, WEIGHT)
    guess = LOGITS[:, 0] > 0

    assert found["val_accuracy"] == pytest.approx(accuracy_score(Y, guess, sample_weight=WEIGHT), abs=1e-5)
    assert found["val_precision"] == pytest.approx(precision_score(Y, guess, sample_weight=WEIGHT), abs=1e-5)
    assert found["val_f1_score"] == pytest.approx(f1_score(Y, guess, sample_weight=WEIGHT), abs=1e-5)
    assert found["val_auc"] == pytest.approx(roc_auc_score(Y, LOGITS[:, 0], sample_weight=WEIGHT), abs=1e-3)
    # Nothing is left of these rows.
    assert metrics.measure(Y[:1] * 0 + 1, LOGITS[:1] * 0 + 5, WEIGHT[:1])["val_accuracy"] == 1.0


def test_several_classes_are_measured_on_probabilities_of_all():
    y = RNG.integers(0, 3, 60).astype(np.int32)
    logits = RNG.normal(size=(60, 3)).astype(np.float32)
    found = EpochMetrics(["accuracy", "f1_score", "sparse_categorical_accuracy"], 3).measure(y, logits, np.ones(60))

    assert found["val_accuracy"] == pytest.approx(accuracy_score(y, logits.argmax(axis=1)))
    assert found["val_sparse_categorical_accuracy"] == found["val_accuracy"]
    assert found["val_f1_score"] == pytest.approx(f1_score(y, logits.argmax(axis=1), average="macro"))


class Vague(keras.metrics.Mean):
    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(y_pred)


class Unweighted(keras.metrics.Mean):
    def update_state(self, y_true, y_pred):
        super().update_state(y_pred)


def test_metrics_that_cannot_be_used_are_refused():
    with pytest.raises(ParameterError, match="must take sample_weight"):
        EpochMetrics([Unweighted(name="own")], 1)
    with pytest.raises(ParameterError, match="gives 3 numbers"):
        EpochMetrics([{"f1_score": {"average": None}}], 3).measure(Y, np.zeros((200, 3)), WEIGHT)


def test_names_do_not_count_the_metrics_of_the_process():
    assert metric_name(keras.metrics.AUC()) == metric_name(keras.metrics.AUC()) == "auc"
    assert metric_name(keras.metrics.AUC(name="area")) == "area"


@pytest.mark.parametrize(
    "metrics, monitor, sentence",
    [
        (["auc", "auc"], "val_loss", "named 'auc' already"),
        ([{"auc": {"name": "loss"}}], "val_loss", "reserved"),
        (["auc"], "val_precision", "monitor must be one of"),
        ([Vague(name="own")], "val_own", "monitor_mode"),
    ],
)
def test_names_that_clash_and_monitors_that_are_not_there_are_named(metrics, monitor, sentence):
    (problem,) = metric_problems(metrics, monitor, "auto")

    assert sentence in problem
    assert metric_problems([Vague(name="own")], "val_own", "max") == []


@pytest.mark.parametrize(
    "metrics, monitor, mode, sign",
    [
        (["recall"], "recall", "auto", 1),
        (["false_positives"], "val_false_positives", "auto", -1),
        ([{"auc": {"name": "area"}}], "val_area", "auto", 1),
        ([Vague(name="own")], "val_own", "auto", 0),
        ([Vague(name="own")], "val_own", "min", -1),
        (None, "val_average_precision", "auto", 1),
        (["mse"], "val_mse", "auto", -1),
        (["AUC"], "val_AUC", "auto", 1),
    ],
)
def test_it_is_known_which_way_is_better(metrics, monitor, mode, sign):
    assert direction(metrics, monitor, mode) == sign


def test_every_metric_of_the_list_has_a_direction():
    from appliedml.models._keras_names import METRICS

    assert all(direction([name], f"val_{name}") for name in METRICS)


def test_values_of_validation_rows_are_reported_where_there_are_some():
    assert reported(["auc"], validated=False) == ["loss", "auc", "learning_rate"]
    assert {"val_loss", "val_auc", "val_roc_auc"} <= set(reported(["auc"], validated=True))
