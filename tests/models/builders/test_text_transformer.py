import numpy as np
import pytest

from appliedml.errors import ParameterError
from appliedml.models._text_inputs import TextSpec
from appliedml.models.builders.text_transformer import TextTransformer

SPEC = TextSpec(length=6, capacity=64)
SMALL = {"width": 8, "heads": 2, "feed_forward": 5}


def tokens(*rows):
    return {"tokens": np.array(rows, dtype=np.int32)}


@pytest.mark.parametrize(
    "parameters",
    [{}, {"depth": 2, "positions": "sinusoidal", "pooling": "mean"}, {"positions": "none", "dropout": 0.0}],
)
def test_every_option_gives_logits(parameters):
    model = TextTransformer(**SMALL, **parameters).build(SPEC, 3, seed=1)
    x = tokens([2, 3, 0, 0, 0, 0], [0] * 6)

    assert model(x).shape == (2, 3)
    assert np.isfinite(np.array(model(x, training=True))).all()


def test_without_positions_order_and_padding_do_not_matter():
    model = TextTransformer(**SMALL, positions="none").build(SPEC, 1, seed=1)
    out = np.array(model(tokens([2, 3, 4, 0, 0, 0], [0, 4, 0, 2, 3, 0], [2, 3, 5, 0, 0, 0])))[:, 0]

    assert out[0] == pytest.approx(out[1], abs=1e-5)
    assert out[0] != pytest.approx(out[2], abs=1e-5)


def test_with_positions_order_matters():
    model = TextTransformer(**SMALL, positions="sinusoidal").build(SPEC, 1, seed=1)
    out = np.array(model(tokens([2, 3, 0, 0, 0, 0], [3, 2, 0, 0, 0, 0])))[:, 0]

    assert out[0] != pytest.approx(out[1], abs=1e-5)


def test_equal_seeds_give_equal_weights():
    one, same, other = (TextTransformer(**SMALL).build(SPEC, 1, seed) for seed in (1, 1, 2))

    assert all((a == b).all() for a, b in zip(one.get_weights(), same.get_weights(), strict=True))
    assert any((a != b).any() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


def test_heads_must_share_the_width_out():
    with pytest.raises(ParameterError, match="10 is not a multiple of 4"):
        TextTransformer(width=10).build(SPEC, 1, 1)
