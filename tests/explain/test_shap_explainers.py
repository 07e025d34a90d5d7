"""shap's explainers on our players, and the guard around DeepExplainer."""

import numpy as np
import pandas as pd
import pytest

from appliedml.errors import StageError
from appliedml.explain.exact import exact_shapley
from appliedml.explain.players import Players
from appliedml.explain.shap_explainers import shap_network_values, shap_values, tensorflow_guard
from appliedml.explain.table import TableMasker

RNG = np.random.default_rng(0)


def mixed_masker():
    def table(n):
        return pd.DataFrame({"a": RNG.normal(size=n), "kind": RNG.choice(["x", "y"], n), "b": RNG.normal(size=n)})

    return TableMasker(table(3), table(6))


def score(frame):
    return frame["a"] * frame["b"] + 2.0 * (frame["kind"] == "x") * frame["a"]


@pytest.mark.parametrize("method", ["permutation", "partition", "kernel"])
def test_model_agnostic_explainers_take_mixed_tables_and_add_up(method):
    masker = mixed_masker()

    found = shap_values(masker, score, method=method, max_evals=200)

    assert found.method == method
    assert found.additivity_residual < 1e-8
    assert np.isnan(found.standard_errors).all()
    if method != "partition":  # which gives Owen values
        np.testing.assert_allclose(found.values, exact_shapley(masker, score).values, atol=1e-8)


def test_numpys_global_random_state_is_left_alone():
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)

    shap_values(mixed_masker(), score, method="permutation", max_evals=20)

    assert np.random.random() == expected


def test_several_outputs_and_one_player_work():
    masker = TableMasker(RNG.normal(size=(2, 4)), RNG.normal(size=(3, 4)), Players(("all",), ((0, 1, 2, 3),)))

    found = shap_values(masker, lambda x: x[:, :2], method="kernel")

    assert found.values.shape == (2, 1, 2)
    assert found.additivity_residual < 1e-12


@pytest.mark.parametrize(("method", "message"), [("deep", "shap_network_values"), ("lime", "must be one of")])
def test_other_names_are_refused(method, message):
    with pytest.raises(StageError, match=message):
        shap_values(mixed_masker(), score, method=method)


@pytest.fixture(scope="module")
def network():
    keras = pytest.importorskip("keras")
    layers = [keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
    keras.utils.set_random_seed(0)
    return keras.Sequential(layers)


@pytest.mark.parametrize("method", ["deep", "gradient"])
def test_gradient_based_explainers_sum_columns_by_player_and_say_what_they_explain(network, method):
    x = RNG.normal(size=(6, 4)).astype("float32")
    players = Players(("p", "q"), ((0, 1), (2, 3)))

    found = shap_network_values(network, x[:2], x[2:], method=method, players=players)

    assert found.values.shape == (2, 2, 1)
    assert found.additivity_residual < (1e-5 if method == "deep" else 0.2)
    assert "before calibration" in found.notes[0]


def test_a_failing_deep_explainer_is_a_sentence_and_tensorflow_still_trains():
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="gelu"), keras.layers.Dense(1)])
    x = RNG.normal(size=(8, 3)).astype("float32")

    with pytest.raises(StageError, match="cannot explain this network"):
        shap_network_values(model, x[:2], x[2:], method="deep")

    model.compile("sgd", "mse")
    model.fit(x, x[:, :1], verbose=0)


def test_the_guard_restores_what_was_there():
    execute = pytest.importorskip("tensorflow.python.eager.execute")
    before = execute.record_gradient

    with pytest.raises(RuntimeError), tensorflow_guard():
        execute.record_gradient = None
        raise RuntimeError

    assert execute.record_gradient is before


def test_text_inputs_and_other_models_are_refused(network):
    with pytest.raises(StageError, match="numeric inputs"):
        shap_network_values(network, np.array([["a"]]), np.array([["b"]]), method="deep")
    with pytest.raises(StageError, match="one numeric input"):
        shap_network_values(object(), np.zeros((1, 2)), np.zeros((1, 2)), method="gradient")
