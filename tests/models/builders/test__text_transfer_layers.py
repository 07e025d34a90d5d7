import numpy as np

from appliedml.models.builders._text_transfer_layers import BagLinear, LengthMask, Standardise


def test_the_mask_shows_as_many_pieces_as_a_text_has():
    found = LengthMask(4)(np.array([[0], [3]], dtype=np.int32))
    assert np.asarray(found).tolist() == [[0, 0, 0, 0], [1, 1, 1, 0]]


def test_columns_are_brought_to_one_scale_and_constant_ones_are_silent():
    rows = np.random.default_rng(0).normal(5, 3, (200, 3)).astype(np.float32)
    rows[:, 2] = 7.0
    layer = Standardise(gain=2.0)
    layer.build((None, 3))
    layer.learn(rows)
    found = np.asarray(layer(rows))
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=0), [2, 2, 0], rtol=1e-4)
    assert np.asarray(layer(rows + 1))[0, 2] == 0
    assert Standardise.from_config(layer.get_config()).gain == 2.0


def test_a_bag_is_a_weighted_sum_of_rows_and_code_0_is_nothing():
    layer = BagLinear(4, 2, gain=10.0)
    layer.build([(None, 3), (None, 3)])
    table = np.arange(8, dtype=np.float32).reshape(4, 2)
    layer.set_weights([table])
    codes = np.array([[1, 3, 0]], dtype=np.int32)
    weights = np.array([[0.5, 0.1, 9.0]], dtype=np.float32)
    np.testing.assert_allclose(layer([codes, weights]), [10 * (0.5 * table[1] + 0.1 * table[3])], rtol=1e-6)
    assert BagLinear.from_config(layer.get_config()).capacity == 4
