import numpy as np
import pytest

from appliedml.models._inputs import InputSpec
from appliedml.models.builders.deep_cross import DeepCross

SPEC = InputSpec(("a", "b"), ("k",), (4,))
X = {"numbers": np.ones((3, 2), dtype=np.float32), "codes": np.array([[0], [1], [3]], dtype=np.int32)}


@pytest.mark.parametrize("parameters", [{}, {"rank": 2, "hidden": []}, {"dropout": 0.1, "batch_norm": True, "l2": 0.1}])
def test_every_option_gives_logits(parameters):
    assert DeepCross(**parameters).build(SPEC, 1, seed=1)(X).shape == (3, 1)


def test_the_cross_part_alone_learns_a_product():
    """A product of two columns is what one cross layer can express and a linear model cannot."""
    from appliedml.models.keras_classifier import KerasClassifier

    X = np.random.default_rng(0).normal(size=(600, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    common = {"epochs": 30, "batch_size": 64, "learning_rate": 0.05, "random_state": 1}
    crossed = KerasClassifier({"deep_cross": {"cross_layers": 1, "hidden": []}}, **common).fit(X, y)
    linear = KerasClassifier({"mlp": {"hidden": []}}, **common).fit(X, y)

    assert crossed.score(X, y) > 0.95
    assert linear.score(X, y) < 0.65


def test_a_low_rank_has_fewer_weights():
    full, thin = (DeepCross(rank=rank, hidden=[]).build(SPEC, 1, 1).count_params() for rank in (None, 1))

    assert thin < full
