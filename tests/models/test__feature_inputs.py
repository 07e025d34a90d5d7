"""Encoders over a frozen network."""

from __future__ import annotations

import json

import numpy as np
import pytest

from appliedml.core.images import Images
from appliedml.errors import DataError
from appliedml.models import _feature_inputs
from appliedml.models._feature_inputs import FeatureEncoder, LazyFeatures, PixelEncoder
from appliedml.pretrained.frozen import FrozenPart

PART = FrozenPart("efficientnet_lite0", "random", (32, 32), ("block6d", "head"), cut="head")


@pytest.fixture(scope="module")
def images():
    return Images.of(np.random.default_rng(0).integers(0, 255, (6, 24, 24, 1)).astype(np.uint8))


def test_features_are_the_frozen_outputs_of_pictures_or_of_an_array_of_them(images):
    encoder = FeatureEncoder.learn(images, PART)

    found = encoder.encode(images)

    assert encoder.spec.shapes == (("features", (192,)), ("maps", (1, 1, 320)))
    assert {name: rows.shape for name, rows in found.items()} == {"features": (6, 192), "maps": (6, 1, 1, 320)}
    assert np.array_equal(encoder.encode(images.pixels())["features"], found["features"])


def test_features_beyond_the_bound_are_lazy_and_the_same(images, monkeypatch):
    encoder = FeatureEncoder.learn(images, PART)
    found = encoder.encode(images)
    monkeypatch.setattr(_feature_inputs, "IN_MEMORY_BYTES", 1_000)

    lazy = encoder.encode(images)

    assert isinstance(lazy["maps"], LazyFeatures)
    assert (lazy["maps"].shape, len(lazy["maps"]), lazy["maps"].dtype) == ((6, 1, 1, 320), 6, np.float32)
    assert np.array_equal(lazy["maps"][1:3], found["maps"][1:3])
    assert np.array_equal(lazy["features"][np.array([4, 0])], found["features"][[4, 0]])


@pytest.mark.parametrize("kind", ["features", "pixels"])
def test_encoders_go_through_json_and_say_where_weights_came_from(images, kind):
    encoder = FeatureEncoder.learn(images, PART) if kind == "features" else PixelEncoder(24, 24, 1, PART.pinned())

    again = type(encoder).from_json(json.loads(json.dumps(encoder.to_json())))

    assert again.to_json() == encoder.to_json()
    assert again.describe()["input"] == {"height": 24, "width": 24, "channels": 1}
    assert again.describe()["backbone"]["weights"]["source"].startswith("random")
    for name, rows in encoder.encode(images).items():
        assert np.array_equal(again.encode(images)[name], rows)


def test_pictures_of_another_size_are_refused(images):
    with pytest.raises(DataError, match=r"was trained on pictures of \(24, 24, 1\)"):
        FeatureEncoder.learn(images, PART).encode(np.zeros((2, 8, 8, 1), dtype=np.uint8))


def test_the_shape_key_holds_every_shape(images):
    assert FeatureEncoder.learn(images, PART).spec.shape_key() == [
        "frozen",
        [["features", [192]], ["maps", [1, 1, 320]]],
    ]
