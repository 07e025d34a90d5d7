import numpy as np

from appliedml.models._inputs import InputSpec
from appliedml.models.builders._columns import read_columns, set_edges
from appliedml.models.builders.mlp import Mlp


def test_inputs_are_those_of_the_spec():
    spec = InputSpec(("a", "b"), ("k", "m"), (4, 40))
    inputs, columns = read_columns(Mlp(), spec, seed=1)

    assert set(inputs) == {"numbers", "codes"}
    assert columns.shape == (None, 2 + 2 + 16)


def test_categories_alone_and_numbers_alone_are_enough():
    only_codes, _ = read_columns(Mlp(embedding_width=3), InputSpec((), ("k",), (4,)), seed=1)
    only_numbers, columns = read_columns(Mlp(), InputSpec(("a",)), seed=1)

    assert set(only_codes) == {"codes"}
    assert set(only_numbers) == {"numbers"}
    assert columns.shape == (None, 1)


def test_embeddings_of_numbers_stand_beside_them():
    builder = Mlp(numeric_embedding="periodic", numeric_bins=3, numeric_width=5)

    assert read_columns(builder, InputSpec(("a", "b")), seed=1)[1].shape == (None, 2 + 2 * 5)


def test_a_number_with_few_values_gets_an_edge_each():
    model = Mlp(numeric_embedding="piecewise", numeric_bins=4).build(InputSpec(("a",)), 1, 1)
    set_edges(model, {"numbers": np.array([[1.0], [7.0], [1.0], [3.0]], dtype=np.float32)}, 4)

    assert model.get_layer("piecewise_numbers").edges.numpy().tolist() == [[1, 3, 7, 7, 7]]
