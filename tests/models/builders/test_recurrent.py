import numpy as np
import pytest

from appliedml.errors import ParameterError
from appliedml.models._text_inputs import TextSpec
from appliedml.models.builders.recurrent import Recurrent

SPEC = TextSpec(length=6, capacity=64)
X = {"tokens": np.array([[2, 3, 4, 0, 0, 0], [2, 0, 3, 0, 4, 0], [0] * 6], dtype=np.int32)}


@pytest.mark.parametrize(
    ("parameters", "width"),
    [
        ({}, 6),
        ({"cell": "lstm", "pooling": "last", "units": [4, 3], "word_dropout": 0.1}, 6),
        ({"bidirectional": False, "pooling": "last", "dropout": 0.0, "channel_dropout": 0.0}, 3),
        ({"pooling": "max_mean"}, 12),
    ],
)
def test_every_option_gives_logits(parameters, width):
    model = Recurrent(**{"units": [3], "embedding_width": 4, **parameters}).build(SPEC, 3, seed=1)

    assert model(X).shape == (3, 3)
    assert model.get_layer("logits").kernel.shape == (width, 3)


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
def test_padding_anywhere_does_not_matter(pooling):
    model = Recurrent(units=[3], embedding_width=4, pooling=pooling).build(SPEC, 1, seed=1)
    out = np.array(model(X))[:, 0]

    assert out[0] == pytest.approx(out[1], abs=1e-6)
    assert out[0] != pytest.approx(out[2], abs=1e-6)


def test_equal_seeds_give_equal_weights():
    one, same, other = (Recurrent(units=[3]).build(SPEC, 1, seed) for seed in (1, 1, 2))

    assert all((a == b).all() for a, b in zip(one.get_weights(), same.get_weights(), strict=True))
    assert any((a != b).any() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


def test_broken_parameters_are_named():
    with pytest.raises(ParameterError, match="cell must be one of 'lstm', 'gru'"):
        Recurrent(cell="rnn").build(SPEC, 1, 1)
