import numpy as np
import pytest

from appliedml.models import _programs
from appliedml.models._inputs import InputSpec
from appliedml.models._programs import Program, bucket, cached, forget_programs, program_for
from appliedml.models._settings import Network, Rows, Settings
from appliedml.models.builders.mlp import Mlp

SETTINGS = Settings(batch_size=16, learning_rate=0.01)
NETWORK = Network(Mlp(hidden=[4]), InputSpec(("a", "b")), 1)


def controls(n_steps, share=1.0):
    """Learning rate and share of each row in a mix of two, a step each."""
    return np.tile(np.array([0.01, share], dtype=np.float32), (n_steps, 1))


def rows_of(n_rows, seed=0):
    x = np.random.default_rng(seed).normal(size=(n_rows, 2)).astype(np.float32)
    return Rows({"numbers": x}, (x[:, 0] > 0).astype(np.int32), np.ones(n_rows, dtype=np.float32))


def one_epoch(program, rows, seed=3):
    data = program.start(seed, rows)
    n_steps = -(-len(rows) // program.batch_size)
    loss = program.train(data, np.arange(len(rows)), controls(n_steps))
    return loss, program.weights()


@pytest.mark.parametrize("n_rows", [1, 63, 64, 1_000, 40_001, 1_000_000])
def test_a_bucket_has_room_and_wastes_little(n_rows):
    assert n_rows <= bucket(n_rows) <= max(64, n_rows * 9 / 8 + 1)


def test_folds_of_other_sizes_share_one_trace():
    forget_programs()
    first = program_for(NETWORK, SETTINGS, "epoch_graph")
    one_epoch(first, rows_of(100))
    second = program_for(NETWORK, SETTINGS, "epoch_graph")
    one_epoch(second, rows_of(97))

    assert second is first
    assert first._epoch.experimental_get_tracing_count() == 1


def test_a_fit_leaves_nothing_behind_for_the_next():
    program = program_for(NETWORK, SETTINGS, "epoch_graph")
    loss, weights = one_epoch(program, rows_of(100))
    one_epoch(program, rows_of(90, seed=5), seed=4)
    again, same = one_epoch(program, rows_of(100))

    assert again == loss
    assert all((a == b).all() for a, b in zip(weights, same, strict=True))


def test_padding_does_not_change_the_result():
    """97 rows in room for 128: the last batch holds one row and 15 of no weight."""
    program = program_for(NETWORK, SETTINGS, "epoch_graph")
    rows = rows_of(97)
    loss, _ = one_epoch(program, rows)
    garbage = rows_of(1000, seed=9)
    data = program.start(3, rows)
    x = np.concatenate([rows.x["numbers"], 100 + garbage.x["numbers"][: bucket(97) - 97]])
    same = program.train(({"numbers": x}, *data[1:]), np.arange(97), controls(7))

    assert same == loss


@pytest.mark.parametrize("mode", ["epoch_xla", "step_graph"])
def test_every_mode_takes_the_same_steps(mode):
    loss, weights = one_epoch(program_for(NETWORK, SETTINGS, "epoch_graph"), rows_of(50))
    other_loss, other_weights = one_epoch(Program(NETWORK, SETTINGS, mode), rows_of(50))

    assert other_loss == pytest.approx(loss, rel=1e-5)
    for one, other in zip(weights, other_weights, strict=True):
        assert other == pytest.approx(one, rel=1e-3, abs=1e-5)


def test_rows_without_weight_do_not_move_the_network():
    program = program_for(NETWORK, SETTINGS, "epoch_graph")
    rows = rows_of(32)
    none = Rows(rows.x, rows.y, np.zeros(32, dtype=np.float32))
    start = [array.copy() for array in (program.start(3, none), program.weights())[1]]
    _, weights = one_epoch(program, none)

    assert all((a == b).all() for a, b in zip(start, weights, strict=True))


def test_the_cache_is_bounded_and_keeps_what_was_used_last(monkeypatch):
    forget_programs()
    monkeypatch.setattr(_programs, "MAX_PROGRAMS", 2)
    made = []

    def make(name):
        return cached(name, lambda: made.append(name) or name)

    for name in ("a", "b", "a", "c", "a", "b"):
        make(name)

    assert made == ["a", "b", "c", "b"]
    forget_programs()


def test_the_seed_of_a_fit_decides_its_dropout_masks():
    network = Network(Mlp(hidden=[8], dropout=0.5), NETWORK.spec, 1)
    program = program_for(network, SETTINGS, "epoch_graph")
    data = program.start(3, rows_of(16))
    counters = []
    for seed in (3, 4):
        program.start(seed, rows_of(16))
        counters.append(int(program.model.get_layer("dropout_0").counter.numpy()))
    program.train(data, np.arange(16), controls(1))

    assert counters[0] != counters[1]
    assert int(program.model.get_layer("dropout_0").counter.numpy()) == counters[1] + 1
