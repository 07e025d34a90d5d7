import keras
import numpy as np
import pytest

from appliedml.models.builders._recurrent_layers import LastStates, Recurrence

TOKENS = np.array([[2, 3, 0, 4, 0], [5, 6, 7, 8, 9], [0, 0, 0, 0, 0]], dtype=np.int32)
VECTORS = np.random.default_rng(0).normal(size=(3, 5, 4)).astype(np.float32)


@pytest.mark.parametrize(("cell", "layer"), [("gru", keras.layers.GRU), ("lstm", keras.layers.LSTM)])
def test_both_directions_are_those_of_keras(cell, layer):
    ours = Recurrence(cell, 3, bidirectional=True, seed=1)
    states = np.array(ours([VECTORS, TOKENS]))
    for way in range(2):
        theirs = layer(3, return_sequences=True, go_backwards=bool(way))
        theirs.build(VECTORS.shape)
        bias = ours.bias[way] if cell == "lstm" else np.stack([ours.bias[way], ours.recurrent_bias[way]])
        theirs.set_weights([ours.kernel[way], ours.recurrent[way], bias])
        expected = np.array(theirs(VECTORS, mask=TOKENS != 0))
        expected = expected[:, ::-1] if way else expected

        assert states[..., 3 * way : 3 * way + 3][TOKENS != 0] == pytest.approx(expected[TOKENS != 0], abs=1e-6)


def test_padding_is_stepped_over():
    layer = Recurrence("gru", 3, bidirectional=False, seed=1)
    states = np.array(layer([VECTORS, TOKENS]))
    closed_up = np.array(layer([VECTORS[:1, [0, 1, 3]], TOKENS[:1, [0, 1, 3]]]))

    assert (states[0, 2] == states[0, 1]).all()
    assert states[0, -1] == pytest.approx(closed_up[0, -1], abs=1e-6)
    assert not states[2].any()


@pytest.mark.parametrize(("ways", "places"), [(1, [(0, 4)]), (2, [(0, 4), (1, 0)])])
def test_the_last_state_of_each_direction(ways, places):
    states = np.random.default_rng(0).normal(size=(2, 5, 3 * ways)).astype(np.float32)
    last = np.array(LastStates(ways)(states))

    assert (last == np.concatenate([states[:, at, 3 * way : 3 * way + 3] for way, at in places], axis=1)).all()


def test_directions_start_apart_and_the_forget_gate_open():
    layer = Recurrence("lstm", 3, bidirectional=True, seed=1)
    layer.build([(None, 5, 4), (None, 5)])

    assert (layer.kernel[0] != layer.kernel[1]).numpy().any()
    assert layer.bias.numpy().tolist() == [[0] * 3 + [1] * 3 + [0] * 6] * 2
