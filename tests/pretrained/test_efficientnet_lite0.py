"""EfficientNet-Lite0 knows what it knew where it was trained."""

from __future__ import annotations

import numpy as np
import pytest

from appliedml.errors import DataError, MissingExtraError
from appliedml.pretrained import efficientnet_lite0, weights


@pytest.fixture(scope="module")
def installed():
    """The files of the weights, or skip: a test downloads nothing."""
    try:
        return weights.find("efficientnet_lite0")
    except MissingExtraError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def network(installed):
    return efficientnet_lite0.load(top=True)


def centre(picture):
    """The middle square of a picture at 224 x 224 pixels."""
    from PIL import Image

    image = Image.fromarray(picture)
    side = min(image.size)
    left, upper = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, upper, left + side, upper + side)).resize((224, 224), Image.Resampling.BICUBIC)
    return np.asarray(square, dtype=np.float32)


def test_the_ported_network_has_the_published_number_of_parameters(network):
    assert network.count_params() == 4_694_024


@pytest.mark.parametrize(("name", "label"), [("chelsea", 285), ("coffee", 967), ("rocket", 657)])
def test_example_pictures_are_recognised(network, name, label):
    """285 is an Egyptian cat, 967 an espresso, 657 a missile."""
    skimage = pytest.importorskip("skimage.data")

    logits = network(centre(getattr(skimage, name)())[None], training=False).numpy()[0]

    assert int(logits.argmax()) == label


def test_weights_of_another_network_are_refused(network):
    with pytest.raises(DataError, match=r"tensor '_conv_stem.weight' is missing"):
        efficientnet_lite0.assign(network, {})


def test_blocks_are_layers_and_random_weights_keep_the_signal():
    model = efficientnet_lite0.build((32, 32), seed=3)
    pictures = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)).astype(np.float32)

    out = model(pictures, training=False).numpy()

    assert set(efficientnet_lite0.block_names()) <= {layer.name for layer in model.layers}
    assert out.shape == (4, 1, 1, 1280)
    assert out.std(axis=0).mean() > 0.01
