import keras
import numpy as np
import pytest

from appliedml.models._precision import built_in, inner, scaled
from appliedml.models.keras_classifier import KerasClassifier

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 4))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


def fitted(**parameters):
    builder = {"mlp": {"hidden": [16], "dropout": 0.1}}
    return KerasClassifier(builder, epochs=5, batch_size=50, learning_rate=0.01, random_state=1, **parameters).fit(X, Y)


def test_no_policy_is_left_behind():
    before = keras.config.dtype_policy().name
    with built_in("mixed_bfloat16"):
        assert keras.layers.Dense(1).compute_dtype == "bfloat16"
    with pytest.raises(RuntimeError), built_in("mixed_float16"):
        raise RuntimeError
    assert keras.config.dtype_policy().name == before


def test_only_float16_scales_its_loss():
    plain = keras.optimizers.Adam()

    assert scaled(plain, "mixed_bfloat16") is inner(plain) is plain
    assert inner(scaled(plain, "mixed_float16")) is plain


def test_bfloat16_comes_close_to_float32_whichever_way_it_is_trained(tmp_path):
    """Eight bits of significand: probabilities within 0.05, and float64 with sums of 1 as ever."""
    exact = fitted().predict_proba(X)
    half = fitted(precision="mixed_bfloat16")
    plain = fitted(precision="mixed_bfloat16", trainer="keras")
    chances = half.predict_proba(X)

    assert keras.config.dtype_policy().name == "float32"
    assert chances.dtype == np.float64
    assert 0 < np.abs(chances - exact).max() < 0.05
    assert np.abs(chances - plain.predict_proba(X)).max() < 0.02
    assert {layer.compute_dtype for layer in half.network_.build(0).layers} == {"bfloat16"}
    assert (half.compiled_scorer()(X) == chances).all()
    assert half.to_keras().output.dtype == "float32"
    half.save(tmp_path)
    assert (KerasClassifier.load(tmp_path).predict_proba(X) == chances).all()
    assert half.describe()["precision"] == "mixed_bfloat16"


def test_float16_learns_with_a_scaled_loss():
    exact, half = fitted(), fitted(precision="mixed_float16")

    assert half.history_["loss"].iloc[-1] == pytest.approx(exact.history_["loss"].iloc[-1], abs=0.05)
    assert 0 < np.abs(half.predict_proba(X) - exact.predict_proba(X)).max() < 0.1
