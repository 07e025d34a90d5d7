import numpy as np
import pytest

from appliedml.models._callbacks import Watchers
from appliedml.models._epochs import Training, epoch_mixes, epoch_order
from appliedml.models._inputs import InputSpec
from appliedml.models._programs import program_for
from appliedml.models._settings import Network, Rows, Settings
from appliedml.models.builders._builder import Phase
from appliedml.models.builders.mlp import Mlp

X = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
ROWS = Rows({"numbers": X}, (X[:, 0] > 0).astype(np.int32), np.ones(64, np.float32))
NETWORK = Network(Mlp(hidden=[]), InputSpec(("a", "b")), 1)


def trained(*phases, validation=None, **parameters):
    settings = Settings(batch_size=32, **parameters)
    training = Training(NETWORK, settings, validation, 0, 1, Watchers(settings.callbacks))
    program = program_for(NETWORK, settings, "epoch_graph")
    for number, phase in enumerate(phases):
        data = program.start(7, ROWS, training.weights)
        training.run(phase, program, data, ROWS, last=number == len(phases) - 1)
    return training, program


def test_two_stretches_are_one_training():
    whole, _ = trained(Phase(4), optimizer="sgd", momentum=0.0, learning_rate=0.1)
    parts, _ = trained(Phase(2), Phase(2), optimizer="sgd", momentum=0.0, learning_rate=0.1)

    assert [one["loss"] for one in parts.records] == [one["loss"] for one in whole.records]
    assert all((a == b).all() for a, b in zip(whole.weights, parts.weights, strict=True))
    assert (whole.best_epoch, whole.n_steps_taken) == (3, 8)


def test_training_can_stop_at_a_value_over_training_rows():
    training, _ = trained(
        Phase(50), patience_epochs=1, monitor="precision", metrics=["precision"], learning_rate=1e-12, optimizer="sgd"
    )

    assert len(training.records) == 2
    assert training.best_epoch == 0


def test_orders_and_mixes_depend_on_seed_and_epoch():
    assert (epoch_order(1, 2, 50) == epoch_order(1, 2, 50)).all()
    assert (epoch_order(1, 2, 50) != epoch_order(1, 3, 50)).any()
    assert epoch_mixes(0.0, 1, 0, 2).tolist() == [1.0, 1.0]
    assert 0 <= epoch_mixes(0.4, 1, 0, 100).min() < epoch_mixes(0.4, 1, 0, 100).max() <= 1


def test_a_training_value_that_is_missing_stops_nothing():
    training, _ = trained(Phase(3), patience_epochs=1)

    assert len(training.records) == 3
    assert training.best_epoch == 2
    with pytest.raises(KeyError):
        training.records[0]["val_loss"]
