import numpy as np
import pytest


@pytest.fixture(scope="module")
def layers():
    from appliedml.models.builders import _layers

    return _layers


def test_dropout_keeps_its_share_and_the_mean(layers):
    layer = layers.HashDropout(0.3, seed=5)
    dropped = layer(np.ones((500, 100), dtype=np.float32), training=True).numpy()

    assert (dropped == 0).mean() == pytest.approx(0.3, abs=0.01)
    assert dropped.mean() == pytest.approx(1.0, abs=0.02)
    # No row or column is dropped much more often than others.
    assert (dropped == 0).mean(axis=0).std() == pytest.approx(np.sqrt(0.3 * 0.7 / 500), rel=0.3)
    assert (dropped == 0).mean(axis=1).std() == pytest.approx(np.sqrt(0.3 * 0.7 / 100), rel=0.3)


def test_dropout_masks_differ_by_call_and_seed_and_are_independent(layers):
    x = np.ones((200, 200), dtype=np.float32)
    layer = layers.HashDropout(0.5, seed=5)
    first, second = (layer(x, training=True).numpy().ravel() for _ in range(2))
    other = layers.HashDropout(0.5, seed=6)(x, training=True).numpy().ravel()
    again = layers.HashDropout(0.5, seed=5)(x, training=True).numpy().ravel()

    assert (first == again).all()
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.02


def test_dropout_does_nothing_at_prediction(layers):
    x = np.ones((2, 3), dtype=np.float32)

    assert (layers.HashDropout(0.9)(x, training=False).numpy() == x).all()


def test_unknown_levels_start_neutral_and_others_do_not(layers):
    layer = layers.EntityEmbeddings([0, 1], [4, 8], 2, seed=1)
    vectors = layer(np.array([[0, 0], [1, 7]], dtype=np.int32)).numpy()

    assert (vectors[0] == 0).all()
    assert (vectors[1] != 0).all()


def test_columns_do_not_share_rows_of_the_table(layers):
    layer = layers.EntityEmbeddings([1, 0], [8, 4], 1, seed=1)
    layer.build((None, 2))
    layer.table.assign(np.arange(12, dtype=np.float32)[:, None])

    assert layer(np.array([[3, 7]], dtype=np.int32)).numpy().tolist() == [[7, 11]]


def test_piecewise_shares_go_through_the_bins(layers):
    layer = layers.PiecewiseNumbers(2, 2)
    layer.build((None, 1))
    layer.edges.assign([[0.0, 1.0, 3.0]])
    layer.kernel.assign([[[1.0, 0.0], [0.0, 1.0]]])

    assert layer(np.array([[-1.0], [0.5], [2.0], [9.0]])).numpy().tolist() == [[0, 0], [0.5, 0], [1, 0.5], [1, 1]]


def test_an_empty_bin_is_a_step(layers):
    layer = layers.PiecewiseNumbers(1, 1)
    layer.build((None, 1))
    layer.edges.assign([[2.0, 2.0]])
    layer.kernel.assign([[[1.0]]])

    assert layer(np.array([[1.9], [2.0]])).numpy().tolist() == [[0], [1]]


def test_a_cross_layer_multiplies_with_the_first_columns(layers):
    layer = layers.CrossLayer()
    layer.build([(None, 2), (None, 2)])
    layer.kernel.assign([[0.0, 1.0], [1.0, 0.0]])

    assert layer([np.array([[2.0, 3.0]]), np.array([[5.0, 7.0]])]).numpy().tolist() == [[2 * 7 + 5, 3 * 5 + 7]]


def test_a_perfect_reconstruction_has_no_error(layers):
    layer = layers.ReconstructionError(1, [3])
    numbers, codes = np.array([[2.0]], dtype=np.float32), np.array([[1]], dtype=np.int32)
    perfect = np.array([[2.0, -50.0, 50.0, -50.0]], dtype=np.float32)
    guess = np.array([[4.0, 0.0, 0.0, 0.0]], dtype=np.float32)

    assert layer([perfect, numbers, codes]).numpy()[0, 0] == pytest.approx(0.0, abs=1e-6)
    assert layer([guess, numbers, codes]).numpy()[0, 0] == pytest.approx((0.5 * 4 + 1.0) / 2)


def test_every_layer_comes_back_from_its_config(layers):
    made = [
        layers.HashDropout(0.2, seed=1),
        layers.EntityEmbeddings([0], [4], 2, seed=1),
        layers.PiecewiseNumbers(3, 2, seed=1),
        layers.PeriodicNumbers(3, 2, sigma=0.3, seed=1),
        layers.CrossLayer(4, 0.1, seed=1),
        layers.ReconstructionError(1, [3]),
        layers.LogScore(),
    ]

    for layer in made:
        assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()
