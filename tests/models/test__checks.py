import numpy as np
import pandas as pd
import pytest

from appliedml.core.images import Images
from appliedml.core.texts import Texts
from appliedml.errors import DataError, StageError
from appliedml.models._checks import checked_inputs, row_weights, scorer_of
from appliedml.models._image_inputs import ImageEncoder
from appliedml.models.keras_classifier import KerasClassifier

PIXELS = np.zeros((3, 4, 4, 1), dtype=np.uint8)


def test_pixels_are_taken_as_pictures_and_pictures_as_they_are():
    classifier = KerasClassifier(builder="cnn")
    assert isinstance(checked_inputs(classifier, PIXELS, reset=True), Images)
    assert classifier.n_features_in_ == 4
    images = Images.of(PIXELS)
    assert checked_inputs(classifier, images, reset=False) is images


@pytest.mark.parametrize("given", [["a", "b"], pd.Series(["a", "b"]), np.array(["a", "b"]), Texts(["a", "b"])])
def test_a_sequence_of_text_is_taken_as_texts(given):
    assert list(checked_inputs(KerasClassifier(builder="text_cnn"), given, reset=True)) == ["a", "b"]


@pytest.mark.parametrize(
    ("builder", "given", "words"),
    [
        ("mlp", Images.of(PIXELS), "'mlp' reads tables. Put image_features"),
        ("mlp", Texts(["a"]), "text_embeddings"),
        ("cnn", pd.DataFrame({"a": [1]}), "'cnn' reads pictures.*It was given a DataFrame of shape"),
        ("text_cnn", "one text", "'text_cnn' reads texts.*It was given a str"),
        ("text_cnn", pd.DataFrame({"a": ["x"]}), "reads texts"),
        ("cnn", Images.of(PIXELS[:0]), "0 sample"),
    ],
)
def test_rows_of_another_kind_are_refused_in_a_sentence(builder, given, words):
    with pytest.raises(DataError, match=words):
        checked_inputs(KerasClassifier(builder=builder), given, reset=True)


def test_weights_are_checked_against_the_number_of_rows():
    assert row_weights(None, 3).tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(ValueError, match=r"expected \(3,\)"):
        row_weights([1.0, 2.0], 3)


def test_a_scorer_takes_rows_and_arrays_that_are_encoded_already():
    encoder = ImageEncoder.learn(PIXELS)
    score = scorer_of(encoder, lambda arrays: arrays["pixels"].reshape(len(arrays["pixels"]), -1).mean(axis=1))
    assert score(Images.of(PIXELS)).tolist() == score(encoder.encode(PIXELS)).tolist() == [0.0, 0.0, 0.0]


def test_a_parameter_for_tables_is_refused_where_there_is_none():
    with pytest.raises(StageError, match="embed_numbers_up_to=5 is for tables"):
        checked_inputs(KerasClassifier(builder="cnn", embed_numbers_up_to=5), PIXELS, reset=True)


def test_what_can_be_read_once_is_refused():
    with pytest.raises(DataError, match="X is a generator, which can be read once"):
        KerasClassifier().fit(row for row in [(np.zeros((2, 3)), [0, 1])])
