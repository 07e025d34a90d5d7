import numpy as np

from appliedml.models._image_inputs import ImageSpec
from appliedml.models._representation import representation
from appliedml.models._settings import Network
from appliedml.models.builders.cnn import Cnn
from appliedml.models.keras_classifier import KerasClassifier

PIXELS = np.random.default_rng(0).integers(0, 256, (10, 8, 8, 1)).astype(np.uint8)


def test_the_last_layer_makes_the_logits_of_it():
    network = Network(Cnn(filters=[4, 6], batch_norm=False), ImageSpec(8, 8, 1), 1)
    model = network.build(3)
    weights = [variable.numpy() for variable in model.variables]
    found = representation(network, weights, {"pixels": PIXELS})
    kernel, bias = (variable.numpy() for variable in model.layers[-1].variables)
    assert found.shape == (10, 6)
    np.testing.assert_allclose(found @ kernel + bias, model({"pixels": PIXELS}), atol=1e-5)


def test_frozen_features_are_averaged_over_places():
    features = np.random.default_rng(1).normal(size=(5, 3, 2, 7)).astype(np.float32)
    found = representation(None, [], {"features": features})
    np.testing.assert_allclose(found, features.mean(axis=(1, 2)), atol=1e-6)


def test_a_fitted_classifier_offers_it():
    x = np.random.default_rng(0).normal(size=(30, 3))
    classifier = KerasClassifier(builder={"mlp": {"hidden": [8, 5]}}, epochs=1, random_state=0).fit(x, x[:, 0] > 0)
    assert classifier.representation(x).shape == (30, 5)
