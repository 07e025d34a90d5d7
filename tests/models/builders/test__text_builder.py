import numpy as np
import pytest

from appliedml.core import registry
from appliedml.core.texts import Texts
from appliedml.errors import DataError, ParameterError
from appliedml.models.keras_classifier import KerasClassifier

GOOD = ["good food", "a good dog likes it", "good good", "what a nice good day"]
BAD = ["bad food", "a bad dog hates it", "bad bad", "what a poor bad day"]
TEXTS = Texts((GOOD + BAD) * 8)
LABELS = np.array(["good"] * 4 + ["other"] * 4, dtype=object)[np.tile(np.arange(8), 8)]

SMALL = {
    "text_cnn": {"embedding_width": 8, "filters": 4, "kernel_sizes": [1, 2]},
    "recurrent": {"embedding_width": 8, "units": [4]},
    "text_transformer": {"width": 8, "heads": 2, "feed_forward": 8},
}


def fitted(name, **parameters):
    entry = {name: {**SMALL[name], "length": 6, "min_count": 1, **parameters}}
    settings = {"epochs": 6, "batch_size": 16, "learning_rate": 0.03, "random_state": 5}
    return KerasClassifier(builder=entry, **settings).fit(TEXTS, LABELS)


@pytest.mark.parametrize("name", sorted(SMALL))
def test_every_builder_learns_saves_and_explains(name, tmp_path):
    model = fitted(name, bag=True)
    chances = model.predict_proba(TEXTS)
    arrays = model.encoder_.encode(TEXTS)
    score = model.compiled_scorer()
    masked = model.encoder_.mask(arrays, 0, np.array([[False, False], [True, True]]))
    model.save(tmp_path / name)

    assert (model.predict(TEXTS) == LABELS).all()
    assert chances.dtype == np.float64
    assert (score(arrays) == chances).all()
    # A text all of whose words are hidden is an empty text.
    assert score(masked) == pytest.approx(np.vstack([chances[:1], model.predict_proba([""])]), abs=1e-6)
    assert (KerasClassifier.load(tmp_path / name).predict_proba(TEXTS) == chances).all()


def test_equal_seeds_give_equal_bytes_with_all_random_layers():
    one, two = (fitted("text_cnn", word_dropout=0.2, dropout=0.5, channel_dropout=0.3) for _ in range(2))

    assert (one.predict_proba(TEXTS) == two.predict_proba(TEXTS)).all()


def test_the_vocabulary_is_that_of_the_training_rows():
    builder = registry.build("builders", {"text_cnn": {"min_count": 1, "bag": False}})
    encoder = builder.learn_inputs(["only these words"])

    assert encoder.vocabulary == ["only", "these", "words"]
    assert encoder.encode(["other words"])["tokens"][0, :2].tolist() == [1, 4]


@pytest.mark.parametrize("bag", [True, False])
def test_the_bag_is_an_input_only_where_it_is_asked_for(bag):
    builder = registry.build("builders", {"recurrent": {"min_count": 1, "bag": bag}})
    spec = builder.learn_inputs(["a b", "b a"]).spec
    model = builder.build(spec, 3, seed=1)

    assert set(model.input) == ({"tokens", "bag", "bag_weights"} if bag else {"tokens"})
    assert model.output.shape == (None, 3)


def test_broken_parameters_and_other_inputs_are_named():
    with pytest.raises(ParameterError, match="max_words must be"):
        registry.find("builders", "text_cnn")(max_words=0).learn_inputs(["a"])
    with pytest.raises(DataError, match="reads texts"):
        KerasClassifier(builder="text_cnn").fit(np.ones((4, 2)), [0, 1, 0, 1])
