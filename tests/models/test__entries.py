import json

import keras
import pytest

from appliedml.core.registry import build, entry_of
from appliedml.errors import StageError
from appliedml.models._entries import file_parameters, from_file_form, plan_parameters, shown
from appliedml.models._named import NotInFile
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
    logger = keras.callbacks.CSVLogger("x")
    given, apart = file_parameters(KerasClassifier(loss=own_loss, callbacks=[logger], epochs=3))

    assert (given["loss"], given["callbacks"], given["epochs"]) == ("crossentropy", None, 3)
    assert apart == {"loss": [{"not_held": "own_loss"}], "callbacks": [{"not_held": "CSVLogger"}]}
    assert file_parameters(OBJECTS)[0]["loss"] == {"huber": {"delta": 0.5}}
    assert file_parameters(OBJECTS)[1] == {}


def test_everything_can_be_shown():
    assert shown("loss", own_loss) == "own_loss"
    assert shown("metrics", ["auc", keras.metrics.Precision(name="p")])[0] == "auc"
    assert shown("optimizer", {"lion": {}}) == {"lion": {}}


@keras.saving.register_keras_serializable("tests")
def known_loss(y_true, y_pred):
    return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)


@keras.saving.register_keras_serializable("tests")
class Known(keras.losses.Loss):
    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def through_a_file(name, value):
    _, apart = file_parameters(KerasClassifier(**{name: value}))
    return from_file_form(name, json.loads(json.dumps(apart[name])))


def test_what_is_registered_with_keras_is_kept_by_its_name():
    assert through_a_file("loss", known_loss) is known_loss
    found = through_a_file("loss", Known(3.0))
    assert (type(found), found.factor) == (Known, 3.0)


def test_what_is_not_registered_leaves_its_name():
    precision = keras.metrics.Precision(name="p")
    assert through_a_file("loss", own_loss) == NotInFile("loss", "own_loss")
    assert through_a_file("callbacks", [keras.callbacks.CSVLogger("x")]) == [NotInFile("callbacks", "CSVLogger")]
    assert from_file_form("loss", [{"registered": "tests>Gone", "config": {}}]) == NotInFile("loss", "tests>Gone")
    kept, lost = through_a_file("metrics", [precision, type("Mine", (keras.metrics.Mean,), {})()])
    assert (kept["precision"]["name"], lost) == ("p", NotInFile("metrics", "Mine"))
    # Still so in the file of the loaded classifier, and in no plan.
    assert through_a_file("loss", NotInFile("loss", "own_loss")) == NotInFile("loss", "own_loss")
    with pytest.raises(StageError, match="could not hold own_loss"):
        plan_parameters(KerasClassifier(loss=NotInFile("loss", "own_loss")))
    assert shown("metrics", [NotInFile("metrics", "Mine")]) == ["Mine"]
