import keras
import pytest

from appliedml.core.registry import build, entry_of
from appliedml.errors import StageError
from appliedml.models._entries import file_parameters, plan_parameters, shown
from appliedml.models.keras_classifier import KerasClassifier


def own_loss(y_true, y_pred):
    return y_true - y_pred


OBJECTS = KerasClassifier(
    optimizer=keras.optimizers.Adam(0.01, beta_1=0.8),
    loss=keras.losses.Huber(0.5),
    metrics=[keras.metrics.AUC(curve="PR"), "precision"],
)


def test_objects_come_back_from_a_plan_as_entries_that_say_the_same():
    entry = entry_of(OBJECTS)
    again = build("stages", entry)

    assert entry_of(again) == entry
    assert entry["keras_classifier"]["loss"] == {"huber": {"delta": 0.5}}
    assert entry["keras_classifier"]["optimizer"]["adam"]["learning_rate"] == 0.01
    # Keras would number it: auc_1 in another process.
    assert entry["keras_classifier"]["metrics"][0]["auc"]["name"] == "auc"


def test_plain_parameters_are_as_they_were():
    assert entry_of(KerasClassifier(epochs=3)) == {"keras_classifier": {"epochs": 3}}
    assert plan_parameters(KerasClassifier())["optimizer"] == "adam"


def test_a_plan_holds_no_function():
    with pytest.raises(StageError, match="cannot hold the loss own_loss"):
        entry_of(KerasClassifier(loss=own_loss))


def test_a_file_holds_what_it_can():
    given = file_parameters(KerasClassifier(loss=own_loss, callbacks=[keras.callbacks.CSVLogger("x")], epochs=3))

    assert (given["loss"], given["callbacks"], given["epochs"]) == ("crossentropy", None, 3)
    assert file_parameters(OBJECTS)["loss"] == {"huber": {"delta": 0.5}}


def test_everything_can_be_shown():
    assert shown("loss", own_loss) == "own_loss"
    assert shown("metrics", ["auc", keras.metrics.Precision(name="p")])[0] == "auc"
    assert shown("optimizer", {"lion": {}}) == {"lion": {}}
