import json

import numpy as np

from appliedml.models.keras_classifier import KerasClassifier


def test_a_fitted_classifier_is_described_as_json_and_can_be_randomised():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3)).astype("float32")
    y = (X[:, 0] > 0).astype(int)
    model = KerasClassifier(builder={"mlp": {"hidden": [8]}}, epochs=3, batch_size=64, random_state=0).fit(X, y)

    found = model.describe()

    assert json.loads(json.dumps(found)) == found
    assert found["n_parameters"] == sum(layer["parameters"] for layer in found["layers"])
    fresh, again, other = (model.randomised_scorer(seed)(X) for seed in (1, 1, 2))
    assert fresh.shape == model.predict_proba(X).shape
    np.testing.assert_array_equal(fresh, again)
    assert not np.allclose(fresh, other)
    assert not np.allclose(fresh, model.compiled_scorer()(X))
