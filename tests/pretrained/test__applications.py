"""The table of ``keras.applications`` networks."""

from __future__ import annotations

import numpy as np
import pytest

from appliedml.pretrained._applications import APPLICATIONS, scaled


def test_every_constructor_exists():
    import keras

    assert [name for name, one in APPLICATIONS.items() if not hasattr(keras.applications, one.constructor)] == []


@pytest.mark.parametrize(
    ("scaling", "module"), [("tf", "mobilenet_v2"), ("torch", "densenet"), ("caffe", "resnet"), ("inside", "")]
)
def test_pictures_are_scaled_as_keras_itself_scales_them(scaling, module):
    import keras

    pixels = np.random.default_rng(0).uniform(0, 255, (2, 3, 3, 3)).astype(np.float32)
    found = np.asarray(scaled(pixels, scaling))

    wanted = getattr(keras.applications, module).preprocess_input(pixels.copy()) if module else pixels
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-3)
