import json

import numpy as np
import pandas as pd
import pytest

from appliedml.errors import ParameterError, RunError
from appliedml.models.keras_classifier import KerasClassifier
from appliedml.models.saving import from_bytes, load_classifier, save_classifier, to_bytes


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.normal(size=60), "k": rng.choice(["x", "y"], 60)})


@pytest.fixture(scope="module")
def fitted(table):
    builder = {"mlp": {"hidden": [4], "numeric_embedding": "piecewise", "numeric_bins": 4, "dropout": 0.1}}
    model = KerasClassifier(builder, epochs=2, batch_size=32, n_members=2, random_state=1, class_weight={"no": 2.0})
    return model.fit(table, np.where(table["a"] > 0, "yes", "no"))


def test_a_saved_classifier_comes_back_as_it_was(fitted, table, tmp_path):
    save_classifier(fitted, tmp_path / "model")
    loaded = load_classifier(tmp_path / "model")

    assert (loaded.predict_proba(table) == fitted.predict_proba(table)).all()
    assert loaded.predict(table).tolist() == fitted.predict(table).tolist()
    assert loaded.get_params() == fitted.get_params()
    assert loaded.describe() == fitted.describe()
    pd.testing.assert_frame_equal(loaded.history_, fitted.history_)


def test_the_same_classifier_gives_the_same_bytes(fitted):
    assert to_bytes(fitted) == to_bytes(from_bytes(to_bytes(fitted)))


def test_the_keras_file_is_a_model_that_gives_probabilities(fitted, table, tmp_path):
    import keras

    import appliedml.models.builders._layers  # noqa: F401 - makes our layers known to Keras

    save_classifier(fitted, tmp_path)
    model = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    arrays = fitted.encoder_.encode(table)

    assert model(arrays).numpy() == pytest.approx(fitted.to_keras(0)(arrays).numpy())
    assert (tmp_path / "model_1.keras").is_file()


@pytest.mark.parametrize("labels", [[3, 7], [True, False], ["a", "b"], [1.0, 2.0]])
def test_the_type_of_labels_survives(labels, table):
    y = np.resize(np.array(labels), 60)
    model = KerasClassifier({"mlp": {"hidden": []}}, epochs=1, random_state=1).fit(table[["a"]].to_numpy(), y)

    assert from_bytes(to_bytes(model)).predict(table[["a"]].to_numpy()).dtype == model.classes_.dtype


def test_other_folders_and_bytes_are_refused(tmp_path):
    with pytest.raises(RunError, match=r"classifier\.json is missing"):
        load_classifier(tmp_path)
    with pytest.raises(RunError, match="not a zip archive"):
        from_bytes(b"nothing")


def test_a_newer_format_and_a_lost_file_are_refused(fitted, tmp_path):
    save_classifier(fitted, tmp_path)
    (tmp_path / "model_1.keras").unlink()
    with pytest.raises(RunError, match=r"model_1\.keras is missing"):
        load_classifier(tmp_path)

    facts = json.loads((tmp_path / "classifier.json").read_text())
    (tmp_path / "classifier.json").write_text(json.dumps({**facts, "format_version": 99}))
    with pytest.raises(RunError, match="newer version"):
        load_classifier(tmp_path)


def test_a_loss_that_the_file_could_not_hold_must_be_given_again_to_train(table):
    import keras

    def brier(y_true, y_pred):
        return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)

    X, y = table[["a"]].to_numpy(), (table["a"] > 0).to_numpy()
    optimizer = keras.optimizers.SGD(0.25)
    optimizer.exclude_from_weight_decay(var_names=["kernel"])
    given = {"optimizer": optimizer, "loss": brier, "callbacks": [keras.callbacks.TerminateOnNaN()]}
    model = KerasClassifier({"mlp": {"hidden": []}}, epochs=1, random_state=1, **given).fit(X, y)
    data = to_bytes(model)
    loaded = from_bytes(data)

    assert (loaded.predict_proba(X) == model.predict_proba(X)).all()
    assert loaded.describe()["loss"] == "brier"
    assert loaded.describe()["learning_rate"] == 0.25
    assert to_bytes(loaded) == data
    with pytest.raises(ParameterError, match=r"Give it again: set_params\(callbacks=...\)") as caught:
        loaded.fit(X, y)
    assert len(str(caught.value).splitlines()) == 3
    assert (loaded.set_params(**given).fit(X, y).predict_proba(X) == model.predict_proba(X)).all()
