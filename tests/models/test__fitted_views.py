import numpy as np

from appliedml.models._fitted_views import FittedViews
from appliedml.models.keras_classifier import KerasClassifier

X = np.random.default_rng(0).normal(size=(40, 3))
FITTED = KerasClassifier(builder={"mlp": {"hidden": [4]}}, epochs=2, n_members=2, random_state=0).fit(X, X[:, 0] > 0)


def test_the_fast_scorer_takes_rows_and_encoded_arrays():
    score = FITTED.compiled_scorer()
    assert isinstance(FITTED, FittedViews)
    np.testing.assert_array_equal(score(X), FITTED.predict_proba(X))
    np.testing.assert_array_equal(score(FITTED.encoder_.encode(X)), score(X))


def test_a_member_as_a_keras_model_gives_its_own_probabilities():
    members = [np.asarray(FITTED.to_keras(member)(FITTED.encoder_.encode(X)))[:, 0] for member in range(2)]
    np.testing.assert_allclose(np.mean(members, axis=0), FITTED.predict_proba(X)[:, 1], atol=1e-6)
