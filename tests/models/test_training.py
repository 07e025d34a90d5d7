import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from appliedml.core.seeds import derive_seed
from appliedml.errors import DataError, StageError
from appliedml.models import _programs
from appliedml.models._inputs import InputSpec
from appliedml.models._programs import forget_programs
from appliedml.models._settings import Network, Rows, Settings
from appliedml.models.builders._builder import Phase
from appliedml.models.builders.autoencoder import Autoencoder
from appliedml.models.builders.mlp import Mlp
from appliedml.models.training import choose_mode, epoch_mixes, epoch_order, train

DECAYING = {"nadam": {"learning_rate": {"exponential_decay": {"initial_learning_rate": 0.02, "decay_steps": 4}}}}
DECAYING["nadam"]["learning_rate"]["exponential_decay"]["decay_rate"] = 0.5
SPEC = InputSpec(("a", "b", "c"), ("k",), (4,))


def rows_of(n_rows=128, seed=0, n_classes=2):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_rows, 3)).astype(np.float32)
    codes = rng.integers(0, 4, size=(n_rows, 1)).astype(np.int32)
    score = x[:, 0] + (codes[:, 0] == 2) + rng.normal(size=n_rows) * 0.3
    y = np.digitize(score, np.quantile(score, np.arange(1, n_classes) / n_classes)).astype(np.int32)
    return Rows({"numbers": x, "codes": codes}, y, rng.uniform(0.5, 1.5, n_rows).astype(np.float32))


@pytest.mark.parametrize(
    "settings, builder",
    [
        ({"optimizer": "adam", "clip_norm": 0.5, "label_smoothing": 0.1}, {"l2": 1e-3}),
        ({"optimizer": "adamw", "weight_decay": 0.1, "schedule": "cosine", "loss": "focal"}, {"batch_norm": True}),
        ({"optimizer": "sgd", "schedule": {"cyclical": {"cycle_epochs": 2}}}, {"residual": True}),
        ({"optimizer": "rmsprop"}, {"dropout": 0.3, "input_dropout": 0.1}),
        ({"optimizer": {"lion": {"beta_1": 0.8}}, "loss": "categorical_hinge", "metrics": ["auc"]}, {}),
        ({"optimizer": "schedule_free_adamw", "loss": {"huber": {"delta": 0.5}}}, {"batch_norm": True}),
        ({"optimizer": {"muon": {"weight_decay": 0.1}}, "loss": "sparse_categorical_crossentropy"}, {"dropout": 0.2}),
        ({"optimizer": {"adam": {"use_ema": True, "ema_momentum": 0.7}}, "loss": "binary_focal_crossentropy"}, {}),
        ({"optimizer": DECAYING, "learning_rate": None, "loss": "kl_divergence", "metrics": ["precision"]}, {}),
    ],
)
def test_compiled_and_plain_training_follow_the_same_loss_curve(settings, builder):
    """Same starting weights, row order, rates and dropout masks: losses agree to 1e-4 of their size.

    128 rows are whole batches, so that batch normalisation sees the same rows in both.
    """
    network = Network(Mlp(hidden=[8, 8], **builder), SPEC, 1)
    rows, validation = rows_of(), rows_of(64, seed=1)
    common = {"epochs": 3, "batch_size": 32, "learning_rate": 0.01, **settings}
    compiled = train(network, Settings(**common, trainer="compiled"), rows, validation, seed=5)
    plain = train(network, Settings(**common, trainer="keras"), rows, validation, seed=5)

    assert (compiled.mode, plain.mode) == ("epoch_graph", "keras")
    assert list(compiled.history) == list(plain.history)
    for column in set(compiled.history) - {"val_roc_auc", "val_average_precision"}:
        assert compiled.history[column].to_numpy() == pytest.approx(plain.history[column].to_numpy(), rel=1e-4)


def test_a_last_batch_that_is_not_full_counts_as_in_keras():
    network = Network(Mlp(hidden=[4]), SPEC, 3)
    rows = rows_of(100, n_classes=3)
    common = {"epochs": 2, "batch_size": 32, "learning_rate": 0.01, "metrics": ["accuracy", "f1_score"]}
    common["loss"] = "categorical_focal_crossentropy"
    compiled = train(network, Settings(**common), rows, None, seed=5)
    plain = train(network, Settings(**common, trainer="keras"), rows, None, seed=5)

    for column in ("loss", "accuracy", "f1_score"):
        assert compiled.history[column].to_numpy() == pytest.approx(plain.history[column].to_numpy(), rel=1e-4)


def test_early_stopping_keeps_the_weights_of_the_best_epoch():
    network = Network(Mlp(hidden=[16]), SPEC, 1)
    validation = rows_of(64, seed=1)
    settings = {"batch_size": 32, "learning_rate": 0.05}
    stopped = train(network, Settings(epochs=60, patience_epochs=3, **settings), rows_of(), validation, seed=5)
    best = stopped.best_epoch
    until_best = train(network, Settings(epochs=best + 1, **settings), rows_of(), validation, seed=5)

    assert best == stopped.history["val_loss"].idxmin()
    assert len(stopped.history) == best + 1 + 3 < 60
    for one, other in zip(stopped.weights, until_best.weights, strict=True):
        assert (one == other).all()


def test_the_monitored_value_decides_which_epoch_is_best():
    network = Network(Mlp(hidden=[16]), SPEC, 1)
    settings = Settings(epochs=12, batch_size=32, learning_rate=0.05, patience_epochs=12, monitor="val_roc_auc")
    trained = train(network, settings, rows_of(), rows_of(64, seed=1), seed=5)

    assert trained.best_epoch == trained.history["val_roc_auc"].idxmax()


def test_reduce_on_plateau_lowers_the_rate_in_the_history():
    plateau = {"reduce_on_plateau": {"patience_epochs": 1, "factor": 0.5, "floor": 0.01}}
    settings = Settings(epochs=12, batch_size=32, learning_rate=0.2, schedule=plateau)
    history = train(Network(Mlp(hidden=[16]), SPEC, 1), settings, rows_of(), rows_of(64, seed=1), seed=5).history

    assert history["learning_rate"].iloc[-1] < 0.2
    assert history["learning_rate"].is_monotonic_decreasing


def test_a_ranking_over_one_class_cannot_be_monitored():
    validation = rows_of(20)
    one_class = Rows(validation.x, np.zeros(20, dtype=np.int32), validation.weight)
    settings = Settings(epochs=2, patience_epochs=1, monitor="val_average_precision", batch_size=32)

    with pytest.raises(DataError, match="must hold every class"):
        train(Network(Mlp(hidden=[4]), SPEC, 1), settings, rows_of(), one_class, seed=5)


def test_a_loss_that_explodes_says_what_to_do():
    settings = Settings(epochs=5, optimizer="sgd", learning_rate=1e30, batch_size=32)

    with pytest.raises(DataError, match="learning_rate below"):
        train(Network(Mlp(hidden=[4]), SPEC, 1), settings, rows_of(), None, seed=5)


def test_an_autoencoder_never_trains_on_the_rare_class():
    rows = rows_of()
    rare = rows.y == 1
    rare[np.flatnonzero(rare)[10:]] = False
    rows = Rows(rows.x, rare.astype(np.int32), np.ones(len(rare), dtype=np.float32))
    moved = Rows({**rows.x, "numbers": rows.x["numbers"] + 5 * rare[:, None]}, rows.y, rows.weight)
    network = Network(Autoencoder(hidden=[8], bottleneck=2), SPEC, 1)
    settings = Settings(epochs=2, batch_size=32)

    before, after = (train(network, settings, one, None, seed=5) for one in (rows, moved))

    assert (before.history["loss"] == after.history["loss"]).all()


def test_the_order_of_rows_depends_on_seed_and_epoch_only():
    assert (epoch_order(1, 2, 50) == epoch_order(1, 2, 50)).all()
    assert (epoch_order(1, 2, 50) != epoch_order(1, 3, 50)).any()
    assert (epoch_order(1, 2, 50) != epoch_order(2, 2, 50)).any()


@pytest.mark.parametrize(
    "types, n_parameters, settings, n_rows, mode",
    [
        ({"Dense"}, 4_000, {"epochs": 10}, 50_000, "epoch_xla"),
        ({"Dense"}, 4_000, {"epochs": 10}, 5_000, "epoch_graph"),
        ({"Dense", "Dropout"}, 4_000, {"epochs": 10}, 50_000, "epoch_graph"),
        ({"Conv2D"}, 4_000, {"epochs": 10}, 50_000, "epoch_graph"),
        ({"Conv1D"}, 4_000, {"epochs": 10}, 50_000, "epoch_graph"),
        ({"Dense"}, 50_000_000, {"epochs": 10}, 50_000, "keras"),
        ({"Dense"}, 50_000_000, {"epochs": 10, "trainer": "compiled"}, 50_000, "epoch_xla"),
        ({"Dense"}, 4_000, {"epochs": 10, "trainer": "keras"}, 50_000, "keras"),
    ],
)
def test_the_mode_follows_from_layers_size_and_steps(types, n_parameters, settings, n_rows, mode):
    assert choose_mode(frozenset(types), n_parameters, Settings(**settings), n_rows) == mode


class TwoStretches(Mlp):
    """Trains the last layer first, then everything at a tenth of the rate."""

    def phases(self, epochs):
        return Phase(2), Phase(epochs - 2, 0.1)

    def set_phase(self, model, number):
        for layer in model.layers[:-1]:
            layer.trainable = number == 1


def test_a_training_in_stretches_trains_what_each_says_and_goes_on_with_its_weights():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)).astype(np.float32)
    rows = Rows({"numbers": x}, (x[:, 0] > 0).astype(np.int32), np.ones(200, dtype=np.float32))
    network = Network(TwoStretches(hidden=[8]), InputSpec(("a", "b", "c")), 1)
    first = train(network, Settings(epochs=3, batch_size=32), rows, None, 1)
    only = Network(TwoStretches(hidden=[8]), InputSpec(("a", "b", "c")), 1).build(derive_seed(1, "weights"))
    assert first.history["learning_rate"].round(6).tolist() == [0.001, 0.001, 0.0001]
    assert first.history["loss"].is_monotonic_decreasing
    plain = train(network, Settings(epochs=3, batch_size=32, trainer="keras"), rows, None, 1)
    for one, other in zip(first.weights, plain.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(first.history["loss"], plain.history["loss"], rtol=1e-3)
    network.builder.phases = lambda epochs: (Phase(2),)
    half = train(network, Settings(epochs=3, batch_size=32), rows, None, 1)
    start = [variable.numpy() for variable in only.variables]
    changed = [not np.array_equal(a, b) for a, b in zip(start, half.weights, strict=True)]
    # The weights are those of the end of the second stretch, in which every layer trains.
    assert all(not np.array_equal(a, b) for a, b in zip(start, first.weights, strict=True))
    assert changed == [False] * (len(changed) - 2) + [True] * 2


class Mixing(Mlp):
    mixup = 0.4


def test_mixed_rows_train_to_softer_scores_and_only_compiled():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3)).astype(np.float32)
    rows = Rows({"numbers": x}, (x[:, 0] > 0).astype(np.int32), np.ones(300, dtype=np.float32))
    spec = InputSpec(("a", "b", "c"))
    settings = Settings(epochs=15, batch_size=32, learning_rate=0.01)
    plain = train(Network(Mlp(hidden=[8]), spec, 1), settings, rows, rows, 1)
    mixed = train(Network(Mixing(hidden=[8]), spec, 1), settings, rows, rows, 1)
    assert mixed.history["loss"].iloc[-1] > plain.history["loss"].iloc[-1] + 0.05
    assert mixed.history["val_roc_auc"].iloc[-1] > 0.98
    with pytest.raises(StageError, match="cannot mix rows"):
        train(Network(Mixing(hidden=[8]), spec, 1), replace(settings, trainer="keras"), rows, None, 1)
    assert len(set(epoch_mixes(0.4, 1, 0, 5).tolist())) == 5


@pytest.mark.parametrize("batch_size", [1_000_000, 10**9])
def test_a_batch_larger_than_the_data_is_one_batch_of_all_rows(batch_size):
    """Filled up to its size, a batch of a thousand million rows would need gigabytes for 200."""
    network, rows = Network(Mlp(hidden=[8], dropout=0.2), SPEC, 1), rows_of(200)
    common = {"epochs": 3, "batch_size": batch_size, "learning_rate": 0.01}
    tracemalloc.start()
    compiled = train(network, Settings(**common, trainer="compiled"), rows, None, seed=5)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    of_all_rows = train(network, Settings(**common | {"batch_size": 256}), rows, None, seed=5)
    plain = train(replace(network, builder=Mlp(hidden=[8])), Settings(**common, trainer="keras"), rows, None, seed=5)
    still = train(replace(network, builder=Mlp(hidden=[8])), Settings(**common), rows, None, seed=5)

    assert most < 50e6
    assert (compiled.history["loss"] == of_all_rows.history["loss"]).all()
    assert still.history["loss"].to_numpy() == pytest.approx(plain.history["loss"].to_numpy(), rel=1e-4)
    for one, other in zip(still.weights, plain.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_folds_of_nearly_equal_size_share_a_program_whose_batch_is_larger():
    network, settings = Network(Mlp(hidden=[6]), SPEC, 1), Settings(epochs=1, batch_size=1_000)
    forget_programs()
    for n_rows in (197, 200, 203):
        train(network, settings, rows_of(n_rows), None, seed=5)

    (program,) = _programs._cache.values()
    assert program.batch_size == 256
    # As large as before, where the rows fill several batches.
    train(network, settings, rows_of(1_100), None, seed=5)
    assert next(reversed(_programs._cache.values())).batch_size == 1_000
