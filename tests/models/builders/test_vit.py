import numpy as np
import pytest

from appliedml.core.images import Images
from appliedml.errors import ParameterError
from appliedml.models._image_inputs import ImageSpec
from appliedml.models.builders.vit import Vit
from appliedml.models.keras_classifier import KerasClassifier

RNG = np.random.default_rng(0)
PIXELS = {"pixels": RNG.integers(0, 256, (5, 9, 12, 1)).astype(np.uint8)}
SPEC = ImageSpec(9, 12, 1)


@pytest.mark.parametrize(
    "parameters",
    [
        {"depth": 2},
        {"patch": 3, "gather": "class_token", "dropout": 0.1, "mlp_ratio": 0.5},
        {"patch": 5, "width": 6, "heads": 3, "depth": 1, "normalise": "picture", "augment": {"zoom": 0.1}},
    ],
)
def test_every_option_gives_logits(parameters):
    model = Vit(**parameters).build(SPEC, 3, seed=1)

    assert model(PIXELS).shape == (5, 3)
    assert model(PIXELS, training=True).shape == (5, 3)


def test_patches_cover_the_picture():
    model = Vit(patch=4, width=8, depth=1).build(SPEC, 1, 1)

    assert model.get_layer("patch_row").output.shape[1:] == (9, 8)


def test_equal_seeds_give_equal_weights_and_blocks_differ():
    one, same, other = (Vit(4, width=8, depth=2).build(SPEC, 1, seed) for seed in (1, 1, 2))

    assert all((a.numpy() == b.numpy()).all() for a, b in zip(one.variables, same.variables, strict=True))
    first, second = (one.get_layer(f"attention_{number}").maps[0].numpy() for number in (0, 1))
    assert (first != second).any()
    assert (one.get_layer("patches").kernel.numpy() != other.get_layer("patches").kernel.numpy()).any()


def test_width_must_be_divisible():
    with pytest.raises(ParameterError, match="width must be a multiple of heads.*Use width=12"):
        Vit(width=10, heads=4).build(SPEC, 1, 1)
    with pytest.raises(ParameterError, match="patch must be"):
        Vit(patch=0).build(SPEC, 1, 1)


def test_place_matters_to_it():
    """Bright at the top or at the bottom, in equal parts: without positions the two would be one."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 160)
    pixels = rng.integers(0, 90, (160, 8, 8, 1)).astype(np.uint8)
    pixels[y == 1, :4] += 120
    pixels[y == 0, 4:] += 120
    images = Images.of(pixels)
    builder = {"vit": {"patch": 4, "width": 16, "depth": 1, "heads": 2}}

    model = KerasClassifier(builder=builder, epochs=12, batch_size=32, learning_rate=0.005, random_state=3)
    model.fit(images[:120], y[:120])

    assert (model.predict(images[120:]) == y[120:]).mean() > 0.95
