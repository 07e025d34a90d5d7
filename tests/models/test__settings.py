import numpy as np
import pytest

from appliedml.models._inputs import InputSpec
from appliedml.models._settings import OPTIMIZERS, Network, Rows, Settings, make_optimizer
from appliedml.models.builders.mlp import Mlp


def test_a_learning_rate_is_no_part_of_the_program_and_a_clip_norm_is():
    key = Settings().program_key()

    assert Settings(learning_rate=0.5, epochs=3, schedule="cosine").program_key() == key
    assert Settings(clip_norm=1.0).program_key() != key
    assert Settings(gamma=3.0).program_key() == key
    assert Settings(loss="focal", gamma=3.0).program_key() != Settings(loss="focal").program_key()


def test_networks_of_other_columns_with_equal_shapes_share_a_key():
    one, other = (Network(Mlp(), InputSpec((name,), ("k",), (8,)), 1) for name in "ab")

    assert one.key() == other.key()
    assert Network(Mlp(hidden=[8]), InputSpec(("a",), ("k",), (8,)), 1).key() != one.key()
    assert Network(Mlp(), InputSpec(("a",), ("k",), (12,)), 1).key() != one.key()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_gets_what_it_was_told(name):
    optimizer = make_optimizer(Settings(optimizer=name, momentum=0.5, weight_decay=0.01, clip_norm=2.0))

    assert type(optimizer).__name__.lower() == name
    assert optimizer.weight_decay == 0.01
    assert optimizer.global_clipnorm == 2.0
    if name in ("sgd", "rmsprop"):
        assert optimizer.momentum == 0.5


@pytest.mark.parametrize("schedule, patience, needs", [(None, None, False), ("cosine", None, False), (None, 3, True)])
def test_validation_rows_are_needed_by_early_stopping(schedule, patience, needs):
    assert Settings(schedule=schedule, patience_epochs=patience).needs_validation is needs


def test_validation_rows_are_needed_by_a_schedule_that_watches():
    assert Settings(schedule={"reduce_on_plateau": {"factor": 0.5}}).needs_validation


def test_rows_are_chosen_together():
    rows = Rows({"numbers": np.arange(3.0)[:, None]}, np.array([0, 1, 0]), np.array([1.0, 2.0, 3.0]))
    kept = rows.where(np.array([False, True, True]))

    assert (kept.x["numbers"][:, 0].tolist(), kept.y.tolist(), kept.weight.tolist()) == ([1, 2], [1, 0], [2, 3])
