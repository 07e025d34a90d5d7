import json
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from appliedml.errors import DataError
from appliedml.models import _text_feature_inputs
from appliedml.models._encoder import encoder_class
from appliedml.models._text_feature_inputs import FrozenPart, LazyPieces, TextFeatureEncoder
from appliedml.pretrained.minilm import load_encoder

pytest.importorskip("tokenizers")
pytest.importorskip("safetensors")
TINY = runpy.run_path(str(Path(__file__).parents[1] / "_tiny_bert.py"))
TEXTS = ["good food", "bad food", "good dog", "", "the very bad dog"]


@pytest.fixture(scope="module")
def part(tmp_path_factory):
    folder = TINY["make"](tmp_path_factory.mktemp("bert"))
    return FrozenPart("all-minilm-l6-v2", folder, 12, "both", (1, 3), ("mean",), pieces_layer=2)


@pytest.fixture(scope="module")
def encoder(part):
    return TextFeatureEncoder.learn(TEXTS, part, max_ngrams=50, bag_length=4)


def test_every_array_has_the_shape_the_network_is_built_for(encoder):
    spec, arrays = encoder.spec, encoder.encode(TEXTS)
    assert {name: (array.shape, str(array.dtype)) for name, array in arrays.items()} == {
        "features": ((5, spec.n_features), "float32"),
        "pieces": ((5, spec.length, spec.width), "float16"),
        "lengths": ((5, 1), "int32"),
        "bag": ((5, spec.bag_width), "int32"),
        "bag_weights": ((5, spec.bag_width), "float32"),
    }
    assert (spec.n_features, spec.length, spec.width, spec.bag_width) == (32, 12, 16, 8)
    assert arrays["bag"].max() < spec.bag_capacity
    assert arrays["lengths"].ravel().tolist() == [4, 4, 4, 2, 6]


def test_it_goes_through_json_byte_for_byte(encoder):
    again = encoder_class("text_features").from_json(json.loads(json.dumps(encoder.to_json())))
    assert again.spec == encoder.spec
    for name, array in encoder.encode(TEXTS).items():
        np.testing.assert_array_equal(again.encode(TEXTS)[name], array)


def test_parts_that_are_not_read_are_left_out(part):
    frozen = TextFeatureEncoder.learn(TEXTS, replace(part, pieces_layer=None))
    assert list(frozen.encode(TEXTS)) == ["features"]
    words = TextFeatureEncoder.learn(
        TEXTS, FrozenPart("all-minilm-l6-v2", None, 12, "both", (), ("mean",)), max_ngrams=9
    )
    assert list(words.encode(TEXTS)) == ["bag", "bag_weights"]
    assert words.spec.shape_key()[:4] == ["text_features", 0, 0, 0]


def test_words_are_learned_on_training_rows_only(encoder):
    assert encoder.encode(["unheard words"])["bag"].tolist() == [[0] * 8]


def test_many_pieces_stay_lazy_and_give_the_same_rows(encoder, monkeypatch):
    kept = encoder.encode(TEXTS)["pieces"]
    monkeypatch.setattr(_text_feature_inputs, "IN_MEMORY_BYTES", 10)
    lazy = encoder.encode(TEXTS)["pieces"]
    assert isinstance(lazy, LazyPieces)
    np.testing.assert_array_equal(lazy[1:3], kept[1:3])
    np.testing.assert_array_equal(lazy[np.array([4, 0])], kept[[4, 0]])
    np.testing.assert_array_equal(lazy[np.array([True, False, False, True, False])], kept[[0, 3]])


def test_other_weights_than_in_training_are_refused(tmp_path, part):
    here = replace(part, weights=TINY["make"](tmp_path))
    encoder = TextFeatureEncoder.learn(TEXTS, here)
    TINY["make"](tmp_path, seed=1)
    with pytest.raises(DataError, match="Give it the same weights"):
        encoder.encode(TEXTS)


def test_the_record_says_what_is_read(encoder, part):
    facts = encoder.describe()
    assert facts["pretrained"]["weights_sha256"] == load_encoder(folder=part.weights).digest
    assert facts["words"]["n_ngrams"] == len(encoder.words_encoder.bag.keys)
    json.dumps(facts)
