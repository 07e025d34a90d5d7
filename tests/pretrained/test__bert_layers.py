import keras
import numpy as np
import pytest

from appliedml.pretrained._bert_layers import ExactGelu, MaskedPooling, PieceAttention, PieceMask, encoder_layer

X = np.random.default_rng(0).normal(size=(2, 5, 8)).astype(np.float32)
MASK = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], dtype=np.float32)


def test_what_stands_after_the_last_piece_changes_nothing():
    layer = PieceAttention(2, seed=1)
    first = np.asarray(layer([X, MASK]))[0, :3]
    changed = X.copy()
    changed[0, 3:] = 99.0
    np.testing.assert_array_equal(np.asarray(layer([changed, MASK]))[0, :3], first)


@pytest.mark.parametrize(
    ("pooling", "expected"), [("mean", X[0, :3].mean(axis=0)), ("max", X[0, :3].max(axis=0)), ("cls", X[0, 0])]
)
def test_pooling_looks_at_pieces_only(pooling, expected):
    found = np.asarray(MaskedPooling(pooling)([X, MASK]))
    np.testing.assert_allclose(found[0], expected, rtol=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_a_text_without_pieces_pools_to_zeros(pooling):
    assert not np.asarray(MaskedPooling(pooling)([X, 0 * MASK])).any()


def test_gelu_is_the_exact_one():
    x = np.linspace(-4, 4, 9).astype(np.float32)
    np.testing.assert_allclose(ExactGelu()(x), keras.activations.gelu(x, approximate=False), atol=1e-6)


def test_the_mask_is_zero_at_padding():
    assert np.asarray(PieceMask()(np.array([[5, 3, 0]], dtype=np.int32))).tolist() == [[1.0, 1.0, 0.0]]


# Keras 3.15 copies its variables in a way that NumPy 2 calls outdated.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_an_encoder_layer_can_be_saved_and_read_again(tmp_path):
    given = keras.Input((None, 8)), keras.Input((None,))
    model = keras.Model(given, encoder_layer(*given, n_heads=2, inner=12, name="layer_1", seed=3))
    before = np.asarray(model([X, MASK]))
    model.save(tmp_path / "layer.keras")
    again = keras.saving.load_model(tmp_path / "layer.keras")
    np.testing.assert_array_equal(np.asarray(again([X, MASK])), before)
