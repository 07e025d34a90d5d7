import numpy as np
import pandas as pd
import pytest

from appliedml.core.images import Images
from appliedml.errors import DataError
from appliedml.models import _image_inputs
from appliedml.models._image_inputs import ImageEncoder, ImageSpec

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 4, 5, 1)).astype(np.uint8)


def test_pictures_become_pixels_and_the_encoder_goes_through_json():
    encoder = ImageEncoder.learn(Images.of(PIXELS))
    again = ImageEncoder.from_json(encoder.to_json())
    assert again.spec == ImageSpec(4, 5, 1)
    assert again.encode(PIXELS)["pixels"].tolist() == PIXELS.tolist()
    assert again.describe() == {"input": {"height": 4, "width": 5, "channels": 1}}


def test_many_pictures_stay_lazy(monkeypatch):
    monkeypatch.setattr(_image_inputs, "IN_MEMORY_BYTES", 10)
    found = ImageEncoder.learn(Images.of(PIXELS)).encode(Images.of(PIXELS))["pixels"]
    assert not isinstance(found, np.ndarray)
    assert found[2:4].tolist() == PIXELS[2:4].tolist()


def test_another_size_or_kind_is_refused_in_a_sentence():
    encoder = ImageEncoder.learn(PIXELS)
    with pytest.raises(DataError, match=r"trained on pictures of \(4, 5, 1\)"):
        encoder.encode(PIXELS[:, :3])
    with pytest.raises(DataError, match="builder reads pictures"):
        encoder.encode(pd.DataFrame({"a": [1]}))
