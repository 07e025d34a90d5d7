import pickle
import runpy
from pathlib import Path

import numpy as np
import pytest

from appliedml.core.texts import Texts
from appliedml.errors import ParameterError, StageError
from appliedml.models.builders._builder import Phase
from appliedml.models.builders.text_transfer import TextTransfer
from appliedml.models.keras_classifier import KerasClassifier

pytest.importorskip("tokenizers")
pytest.importorskip("safetensors")
TINY = runpy.run_path(str(Path(__file__).parents[2] / "_tiny_bert.py"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return TINY["make"](tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def reviews():
    """Texts that are "great" where they say "good" and "other" where they say "bad", among words that say nothing."""
    rng = np.random.default_rng(0)
    filler = ["the", "a", "food", "dog", "very", "not"]
    labels = rng.choice(["great", "other"], 96)
    rows = [
        " ".join([*rng.choice(filler, 3), {"great": "good", "other": "bad"}[label], rng.choice(filler)])
        for label in labels
    ]
    return Texts(rows), labels


def classifier(folder, epochs=8, **parameters):
    entry = {"text_transfer": {"weights": folder, "layers": [1, 3], "length": 12, **parameters}}
    return KerasClassifier(builder=entry, epochs=epochs, batch_size=16, learning_rate=1e-2, random_state=3)


@pytest.mark.parametrize(
    "parameters", [{"bag": False, "hidden": [8], "dropout": 0.1}, {"layers": []}], ids=["frozen", "bag"]
)
def test_each_part_alone_learns(folder, reviews, parameters):
    texts, y = reviews
    model = classifier(folder, **parameters).fit(texts, y)
    assert (model.predict(texts) == y).mean() > 0.9


def test_training_the_last_layer_lowers_the_loss_that_the_head_alone_has_reached(folder, reviews):
    settings = {"layers": [], "bag": False, "fine_tune_layers": 1, "fine_tune_rate": 0.1, "encoder_dropout": 0.0}
    model = classifier(folder, **settings).fit(*reviews)
    loss = model.history_["loss"]
    assert len(loss) == 8
    assert loss.iloc[-1] < 0.9 * loss.iloc[1]
    kernel = next(layer for layer in model.layers_ if layer["name"] == "layer_3_expand")
    assert kernel["parameters"] == 16 * 32 + 32


def test_all_parts_together_are_saved_and_read_again(folder, reviews, tmp_path):
    texts, y = reviews
    model = classifier(folder, epochs=2, fine_tune_layers=1, hidden=[8], head_epochs=1).fit(texts, y)
    before = model.predict_proba(texts)
    model.save(tmp_path)
    np.testing.assert_array_equal(KerasClassifier.load(tmp_path).predict_proba(texts), before)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(texts), before)
    again = classifier(folder, epochs=2, fine_tune_layers=1, hidden=[8], head_epochs=1).fit(texts, y)
    np.testing.assert_array_equal(again.predict_proba(texts), before)
    assert model.describe()["builder"]["text_transfer"]["fine_tune_layers"] == 1


def test_the_last_layers_start_as_they_were_trained_and_wait_for_the_head(folder, reviews):
    texts, _ = reviews
    builder = TextTransfer(weights=folder, length=12, layers=[3], fine_tune_layers=1, pooling=["mean"], bag=False)
    encoder = builder.learn_inputs(texts)
    x = encoder.encode(texts)
    model = builder.build(encoder.spec, 1, seed=0)
    builder.set_phase(model, 0)
    assert {weight.path.split("/")[0] for weight in model.trainable_weights} == {"head"}
    builder.set_phase(fresh := builder.build(encoder.spec, 1, seed=0), 1)
    assert len(fresh.trainable_weights) == 12 + 2  # those of the layer and of the head
    import keras

    pooled = keras.Model(model.input, model.get_layer("tuned_scaled").input)(x)
    np.testing.assert_allclose(pooled, x["features"], atol=2e-2)
    builder.adapt(model, x)
    scaled = np.asarray(keras.Model(model.input, model.get_layer("tuned_scaled").output)(x))
    np.testing.assert_allclose(np.linalg.norm(scaled, axis=1).mean(), 10, rtol=0.1)


def test_epochs_of_the_head_come_first():
    assert TextTransfer().phases(5) == (Phase(5),)
    tuned = TextTransfer(fine_tune_layers=1, head_epochs=3, fine_tune_rate=0.1)
    assert tuned.phases(5) == (Phase(3), Phase(2, 0.1))
    assert TextTransfer(fine_tune_layers=1, head_epochs=0).phases(5) == (Phase(5, 0.02),)


def test_what_cannot_work_is_told(folder, reviews, tmp_path, monkeypatch):
    texts, _ = reviews
    with pytest.raises(StageError, match="reads nothing"):
        TextTransfer(layers=[], bag=False).learn_inputs(texts)
    with pytest.raises(StageError, match="the encoder has 3 layers"):
        TextTransfer(weights=folder).learn_inputs(texts)
    with pytest.raises(StageError, match="the encoder has 3 layers"):
        TextTransfer(weights=folder, layers=[], fine_tune_layers=4).learn_inputs(texts)
    with pytest.raises(ParameterError, match="length must be"):
        TextTransfer(length=4).learn_inputs(texts)
    monkeypatch.setenv("APPLIEDML_HOME", str(tmp_path))
    (problem,) = TextTransfer.problems_in({}, "pipeline[0].builder")
    assert "appliedml weights install all-minilm-l6-v2" in problem.what
    assert TextTransfer.problems_in({"layers": []}, "x") == TextTransfer.problems_in({"weights": folder}, "x") == []


def test_a_bag_alone_needs_no_weights(reviews, tmp_path, monkeypatch):
    monkeypatch.setenv("APPLIEDML_HOME", str(tmp_path))
    encoder = TextTransfer(layers=[]).learn_inputs(reviews[0])
    assert list(encoder.encode(["good"])) == ["bag", "bag_weights"]
