import keras
import numpy as np
import pytest

from appliedml.models.builders._text_layers import (
    BAG_SCALE,
    BagOfWords,
    ChannelDropout,
    PoolWords,
    WordAttention,
    WordDropout,
    WordPositions,
    WordVectors,
)

TOKENS = np.array([[2, 3, 0, 4], [5, 0, 0, 0], [0, 0, 0, 0]], dtype=np.int32)


def test_padding_is_the_zero_vector_and_stays_so():
    vectors = np.array(WordVectors(6, 3, seed=1)(TOKENS))

    assert (vectors[TOKENS == 0] == 0).all()
    assert (np.abs(vectors[TOKENS != 0]).max(axis=-1) > 0).all()


def test_pooling_does_not_see_padding():
    vectors = np.full((3, 4, 2), -1.0, dtype=np.float32)
    vectors[TOKENS == 0] = 99.0
    vectors[0, 1] = [-3.0, 5.0]
    pooled = np.array(PoolWords(["max", "mean"])([vectors, TOKENS]))

    assert pooled == pytest.approx(np.array([[-1, 5, -5 / 3, 1], [-1, -1, -1, -1], [0, 0, 0, 0]]))


def test_attention_does_not_look_at_padding():
    layer = WordAttention(2, seed=1)
    vectors = np.random.default_rng(0).normal(size=(3, 4, 6)).astype(np.float32)
    before = np.array(layer([vectors, TOKENS]))
    vectors[TOKENS == 0] = 7.0
    after = np.array(layer([vectors, TOKENS]))

    assert after[TOKENS != 0] == pytest.approx(before[TOKENS != 0], abs=1e-6)
    assert np.isfinite(after).all()


def test_attention_is_that_of_keras():
    ours, theirs = WordAttention(2, seed=1), keras.layers.MultiHeadAttention(2, 3)
    vectors = np.random.default_rng(0).normal(size=(2, 4, 6)).astype(np.float32)
    out = np.array(ours([vectors, np.ones((2, 4), dtype=np.int32)]))
    theirs(vectors, vectors)
    kernel = ours.kernel.numpy().reshape(6, 3, 2, 3)
    zeros = np.zeros((2, 3))
    theirs.set_weights(
        [
            kernel[:, 0],
            zeros,
            kernel[:, 1],
            zeros,
            kernel[:, 2],
            zeros,
            ours.out_kernel.numpy().reshape(2, 3, 6),
            np.zeros(6),
        ]
    )

    assert out == pytest.approx(np.array(theirs(vectors, vectors)), abs=1e-5)


def test_queries_keys_and_values_start_apart():
    layer = WordAttention(2, seed=1)
    layer.build([(None, 4, 6), (None, 4)])
    query, key, value = np.split(layer.kernel.numpy(), 3, axis=1)

    assert (query != key).any()
    assert (key != value).any()


@pytest.mark.parametrize("kind", ["learned", "sinusoidal"])
def test_places_differ_whatever_the_word(kind):
    places = np.array(WordPositions(kind, seed=1)(np.zeros((1, 5, 7), dtype=np.float32)))[0]

    assert places.shape == (5, 7)
    assert len(np.unique(places.round(6), axis=0)) == 5


def test_channels_are_dropped_whole_and_in_training_only():
    layer = ChannelDropout(0.5, seed=3)
    ones = np.ones((8, 5, 16), dtype=np.float32)
    dropped = np.array(layer(ones, training=True))

    assert (dropped == dropped[:, :1]).all()
    assert set(np.unique(dropped)) == {0.0, 2.0}
    assert 0.3 < (dropped > 0).mean() < 0.7
    assert (np.array(layer(ones)) == ones).all()


def test_words_are_dropped_in_training_only():
    layer = WordDropout(0.3, seed=3)
    tokens = np.full((40, 50), 7, dtype=np.int32)
    dropped = np.array(layer(tokens, training=True))

    assert set(np.unique(dropped)) == {0, 7}
    assert (dropped == 0).mean() == pytest.approx(0.3, abs=0.05)
    assert dropped.dtype == np.int32
    assert (np.array(layer(tokens)) == tokens).all()


def test_the_bag_is_a_linear_model():
    layer = BagOfWords(4, 2, l2=0.1)
    codes, weights = np.array([[1, 3, 0]], dtype=np.int32), np.array([[0.5, 0.25, 0.0]], dtype=np.float32)
    layer.build([(None, 3), (None, 3)])
    table = np.arange(8, dtype=np.float32).reshape(4, 2)
    layer.table.assign(table)

    assert np.array(layer([codes, weights])) == pytest.approx(BAG_SCALE * (0.5 * table[1] + 0.25 * table[3])[None])
    assert float(layer.losses[0]) == pytest.approx(0.1 * (table**2).sum())
