import keras
import numpy as np
import pytest

from appliedml.models._inputs import InputSpec
from appliedml.models._settings import Network, Rows, Settings
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


def test_the_program_knows_every_setting_that_changes_a_step():
    key = Settings().program_key()
    others = [
        Settings(optimizer={"adam": {"beta_1": 0.5}}),
        Settings(optimizer=keras.optimizers.Adam(beta_1=0.4)),
        Settings(loss="hinge"),
        Settings(loss=keras.losses.Huber(0.5)),
        Settings(loss=keras.losses.Huber(0.6)),
        Settings(loss=lambda y_true, y_pred: y_pred[:, 0]),
        Settings(metrics=["auc"]),
        Settings(metrics=[{"auc": {"name": "area"}}]),
        Settings(precision="mixed_float16"),
    ]
    keys = [key, *(one.program_key() for one in others)]

    assert len({str(one) for one in keys}) == len(keys)
    assert Settings(callbacks=[1], monitor="loss", monitor_mode="min").program_key() == key
    assert (
        Settings(metrics=[keras.metrics.AUC()]).program_key() == Settings(metrics=[keras.metrics.AUC()]).program_key()
    )


def test_the_precision_is_part_of_a_network():
    spec = InputSpec(("a",))
    assert Network(Mlp(), spec, 1).key() != Network(Mlp(), spec, 1, "mixed_bfloat16").key()


def test_training_values_need_no_validation_rows():
    assert not Settings(patience_epochs=3, monitor="loss").needs_validation
    assert Settings(patience_epochs=3, monitor="loss").waits


@pytest.mark.parametrize("schedule, patience, needs", [(None, None, False), ("cosine", None, False), (None, 3, True)])
def test_validation_rows_are_needed_by_early_stopping(schedule, patience, needs):
    assert Settings(schedule=schedule, patience_epochs=patience).needs_validation is needs


def test_validation_rows_are_needed_by_a_schedule_that_watches():
    assert Settings(schedule={"reduce_on_plateau": {"factor": 0.5}}).needs_validation


def test_rows_are_chosen_together():
    rows = Rows({"numbers": np.arange(3.0)[:, None]}, np.array([0, 1, 0]), np.array([1.0, 2.0, 3.0]))
    kept = rows.where(np.array([False, True, True]))

    assert (kept.x["numbers"][:, 0].tolist(), kept.y.tolist(), kept.weight.tolist()) == ([1, 2], [1, 0], [2, 3])
