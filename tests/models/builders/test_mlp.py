import numpy as np
import pytest

from appliedml.errors import ParameterError
from appliedml.models._inputs import InputSpec
from appliedml.models.builders.mlp import Mlp

SPEC = InputSpec(("a", "b"), ("k", "m"), (4, 24))
X = {"numbers": np.ones((3, 2), dtype=np.float32), "codes": np.array([[0, 0], [1, 2], [3, 23]], dtype=np.int32)}


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"hidden": []},
        {"residual": True, "batch_norm": True, "dropout": 0.2, "input_dropout": 0.1},
        {"numeric_embedding": "periodic", "embedding_width": 3, "l1": 0.1, "l2": 0.1, "activation": "gelu"},
    ],
)
def test_every_option_gives_logits(parameters):
    model = Mlp(**parameters).build(SPEC, 3, seed=1)

    assert model(X).shape == (3, 3)


def test_hidden_layers_are_as_asked_for():
    layers = {layer.name: layer for layer in Mlp([7, 5], batch_norm=True, residual=True).build(SPEC, 1, 1).layers}

    assert layers["dense_0"].units == 7
    assert layers["dense_1"].units == 5
    assert {"norm_0", "norm_1", "add_0", "add_1", "shortcut_0"} <= set(layers)


def test_equal_seeds_give_equal_weights_and_layers_differ():
    one, same, other = (Mlp([8, 8]).build(SPEC, 1, seed) for seed in (1, 1, 2))

    assert all((a == b).all() for a, b in zip(one.get_weights(), same.get_weights(), strict=True))
    assert (one.get_layer("dense_1").kernel.numpy() != other.get_layer("dense_1").kernel.numpy()).any()


def test_piecewise_edges_come_from_the_training_rows():
    builder = Mlp(numeric_embedding="piecewise", numeric_bins=2)
    model = builder.build(InputSpec(("a",)), 1, 1)
    builder.adapt(model, {"numbers": np.arange(11, dtype=np.float32)[:, None]})

    assert model.get_layer("piecewise_numbers").edges.numpy().tolist() == [[0, 5, 10]]


def test_broken_parameters_are_named():
    with pytest.raises(ParameterError, match="dropout must be"):
        Mlp(dropout=1.0).build(SPEC, 1, 1)
