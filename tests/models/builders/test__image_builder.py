import numpy as np
import pytest

from appliedml.core.images import Images
from appliedml.errors import DataError
from appliedml.models._image_inputs import ImageEncoder, ImageSpec
from appliedml.models._lazy import LazyPixels
from appliedml.models.builders.cnn import Cnn

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 200, (30, 6, 6, 3)).astype(np.uint8)


@pytest.mark.parametrize("pixels", [PIXELS, LazyPixels(Images.of(PIXELS))], ids=["memory", "lazy"])
def test_mean_and_spread_come_from_the_training_pictures(pixels):
    builder = Cnn([2], normalise="training")
    model = builder.build(ImageSpec(6, 6, 3), 1, 1)

    builder.adapt(model, {"pixels": pixels})

    layer = model.get_layer("pixels_scaled")
    assert layer.mean.numpy() == pytest.approx(PIXELS.mean(axis=(0, 1, 2)), rel=1e-5)
    assert 1 / layer.factor.numpy() == pytest.approx(PIXELS.std(axis=(0, 1, 2)), rel=1e-5)


def test_otherwise_training_pictures_change_no_scale():
    builder = Cnn([2])
    model = builder.build(ImageSpec(6, 6, 3), 1, 1)
    builder.adapt(model, {"pixels": PIXELS})

    assert model.get_layer("pixels_scaled").mean.numpy().tolist() == [127.5] * 3


def test_pictures_and_nothing_else_are_read():
    encoder = Cnn().learn_inputs(Images.of(PIXELS))

    assert isinstance(encoder, ImageEncoder)
    assert encoder.spec == ImageSpec(6, 6, 3)
    with pytest.raises(DataError, match="reads pictures"):
        Cnn().learn_inputs(np.zeros((3, 2)))
