import numpy as np
import pytest

from appliedml.errors import ParameterError
from appliedml.models._text_inputs import TextSpec
from appliedml.models.builders.text_cnn import TextCnn

SPEC = TextSpec(length=6, capacity=64, bag_capacity=64)
X = {
    "tokens": np.array([[2, 3, 4, 0, 0, 0], [0] * 6], dtype=np.int32),
    "bag": np.zeros((2, 12), dtype=np.int32),
    "bag_weights": np.zeros((2, 12), dtype=np.float32),
}


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"pooling": "max_mean", "hidden": 5, "word_dropout": 0.1},
        {"kernel_sizes": [1], "dropout": 0.0, "bag_l2": 0.1},
    ],
)
def test_every_option_gives_logits(parameters):
    model = TextCnn(embedding_width=4, filters=3, **parameters).build(SPEC, 3, seed=1)

    assert model(X).shape == (2, 3)
    assert np.isfinite(np.array(model(X, training=True))).all()


def test_convolutions_are_as_asked_for():
    layers = {layer.name: layer for layer in TextCnn(kernel_sizes=[2, 5], filters=7, hidden=9).build(SPEC, 1, 1).layers}

    assert [layers[f"convolution_{number}"].kernel_size for number in (0, 1)] == [(2,), (5,)]
    assert layers["responses"].output.shape == (None, 14)
    assert layers["hidden"].units == 9
    assert "bag_of_words" in layers


def test_an_empty_text_scores_the_bias():
    model = TextCnn(embedding_width=4, filters=3).build(SPEC, 1, seed=1)
    model.get_layer("logits").bias.assign([0.7])

    assert float(model(X)[1, 0]) == pytest.approx(0.7)


def test_equal_seeds_give_equal_weights_and_convolutions_differ():
    one, same, other = (TextCnn(kernel_sizes=[2, 2], embedding_width=4).build(SPEC, 1, seed) for seed in (1, 1, 2))

    assert all((a == b).all() for a, b in zip(one.get_weights(), same.get_weights(), strict=True))
    assert any((a != b).any() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))
    kernels = [one.get_layer(f"convolution_{number}").kernel.numpy() for number in (0, 1)]
    assert (kernels[0] != kernels[1]).any()


def test_broken_parameters_are_named():
    with pytest.raises(ParameterError, match="kernel_sizes must be"):
        TextCnn(kernel_sizes=[]).build(SPEC, 1, 1)
