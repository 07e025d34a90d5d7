import keras
import numpy as np
import pytest

from appliedml.core.images import Images
from appliedml.errors import ParameterError
from appliedml.models._image_inputs import ImageSpec
from appliedml.models.builders.cnn import Cnn
from appliedml.models.keras_classifier import KerasClassifier

RNG = np.random.default_rng(0)
PIXELS = {"pixels": RNG.integers(0, 256, (5, 9, 11, 3)).astype(np.uint8)}
SPEC = ImageSpec(9, 11, 3)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"pooling": "average", "global_pooling": "max", "batch_norm": False, "activation": "gelu"},
        {"pooling": "stride", "convolutions": 2, "hidden": [7], "dropout": 0.2, "global_pooling": "none"},
        {
            "filters": [4] * 6,
            "kernel": 5,
            "normalise": "picture",
            "augment": {"rotation": 5, "noise": 0.1, "cutout": 0.2},
        },
    ],
)
def test_every_option_gives_logits_of_pictures_of_any_size(parameters):
    model = Cnn(**parameters).build(SPEC, 4, seed=1)

    assert model(PIXELS).shape == (5, 4)
    assert model(PIXELS, training=True).shape == (5, 4)


def test_stages_are_as_asked_for():
    model = Cnn([3, 5], kernel=2, convolutions=2, pooling="stride", hidden=[6]).build(SPEC, 1, 1)

    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    assert shapes["convolution_0_0"] == (9, 11, 3)
    assert shapes["convolution_0_1"] == (5, 6, 3)
    assert shapes["convolution_1_1"] == (3, 3, 5)
    assert shapes["features"] == (5,)
    assert shapes["dense_0"] == (6,)
    assert model.get_layer("convolution_1_0").kernel.shape == (2, 2, 3, 5)


def test_equal_seeds_give_equal_weights_and_layers_differ():
    settings = {"filters": [4, 4, 4], "augment": {"noise": 0.1}}
    one, same, other = (Cnn(**settings).build(ImageSpec(8, 8, 4), 1, seed) for seed in (1, 1, 2))

    assert all((a.numpy() == b.numpy()).all() for a, b in zip(one.variables, same.variables, strict=True))
    assert (one.get_layer("convolution_0_0").kernel.numpy() != other.get_layer("convolution_0_0").kernel.numpy()).any()
    first, second = (one.get_layer(f"convolution_{stage}_0").kernel.numpy() for stage in (0, 1))
    assert (first != second).any()


def test_random_state_of_augmentation_is_a_variable_of_the_model():
    """The trainer puts it back to its start for every fit of a compiled program."""
    model = Cnn([2], augment={"rotation": 5}).build(SPEC, 1, 1)

    assert any("seed_generator_state" in variable.name for variable in model.variables)


def test_gelu_is_the_form_that_exports():
    layer = Cnn([2], activation="gelu").build(SPEC, 1, 1).get_layer("activation_0_0")

    x = np.linspace(-3, 3, 7, dtype=np.float32)
    assert np.asarray(layer(x)) == pytest.approx(np.asarray(keras.activations.gelu(x, approximate=True)))


def test_broken_parameters_are_named():
    with pytest.raises(ParameterError, match=r"(?s)augment must be.*filters must be"):
        Cnn([], augment={"spin": 3}).build(SPEC, 1, 1)


def test_it_learns_with_augmentation_and_mixup_and_the_same_seed_gives_the_same_bytes():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 160)
    pixels = rng.integers(0, 90, (160, 8, 8, 1)).astype(np.uint8)
    # Bright at the top or at the bottom: a network that flipped pictures by itself could not tell.
    pixels[y == 1, :4] += 120
    pixels[y == 0, 4:] += 120
    builder = {
        "cnn": {"filters": [4, 8], "augment": {"shift": 0.1, "contrast": 0.2}, "mixup": 0.2, "global_pooling": "none"}
    }
    images = Images.of(pixels)

    one, two = (
        KerasClassifier(builder=builder, epochs=12, batch_size=32, learning_rate=0.01, random_state=3).fit(
            images[:120], y[:120]
        )
        for _ in range(2)
    )

    assert (one.predict(images[120:]) == y[120:]).mean() > 0.95
    assert one.predict_proba(images).tobytes() == two.predict_proba(images).tobytes()
