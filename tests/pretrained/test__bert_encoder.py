import runpy
from pathlib import Path

import numpy as np
import pytest

from appliedml.errors import DataError
from appliedml.pretrained.memo import shared_memo
from appliedml.pretrained.minilm import load_encoder

pytest.importorskip("tokenizers")
pytest.importorskip("safetensors")
TINY = runpy.run_path(str(Path(__file__).parents[1] / "_tiny_bert.py"))
TEXTS = ["good food", "", "a very bad dog !", "not good dogs the the the the food", "good food"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return load_encoder(folder=TINY["make"](tmp_path_factory.mktemp("bert")))


def test_every_layer_gives_what_bert_written_in_numpy_gives(encoder):
    stored = TINY["tensors"](0, 14)
    found = encoder.vectors(TEXTS, layers=[0, 1, 3], poolings=["mean", "max", "cls"], length=16)
    assert found.shape == (5, 9, 16)
    for row, codes in enumerate(encoder.tokeniser(TEXTS, 16)):
        outputs = TINY["reference"](stored, codes)
        expected = [
            way for layer in (0, 1, 3) for way in (outputs[layer].mean(0), outputs[layer].max(0), outputs[layer][0])
        ]
        np.testing.assert_allclose(found[row], expected, atol=2e-5)


def test_the_vectors_of_a_text_are_the_same_bytes_whatever_stands_beside_it(encoder):
    together = encoder.vectors(TEXTS, layers=[3], length=16)
    shared_memo().clear()
    alone = np.concatenate([encoder.vectors([text], layers=[3], length=16) for text in TEXTS])
    np.testing.assert_array_equal(alone, together)


def test_outputs_of_pieces_are_zero_after_the_last_one(encoder):
    codes = encoder.tokeniser(TEXTS, 12)
    found = encoder.pieces_of(codes, 2, 12)
    assert (found.shape, found.dtype) == ((5, 12, 16), np.float16)
    expected = TINY["reference"](TINY["tensors"](0, 14), codes[2])[2]
    np.testing.assert_allclose(found[2, : len(codes[2])], expected, atol=5e-3)
    assert not found[2, len(codes[2]) :].any()


def test_a_text_is_computed_once(encoder):
    shared_memo().clear()
    encoder.vectors(TEXTS, layers=[1], length=16)
    encoder.vectors(TEXTS[:3], layers=[1], length=16)
    (counts,) = shared_memo()._counts.values()
    assert (counts.asked, counts.computed) == (8, 4)


def test_no_texts_give_no_rows(encoder):
    assert encoder.vectors([], layers=[1]).shape == (0, 1, 16)


def test_a_layer_that_is_not_there_is_refused(encoder):
    with pytest.raises(DataError, match="has the layers 0 to 3"):
        encoder.vectors(["a"], layers=[4])
