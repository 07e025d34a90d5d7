import numpy as np
import pytest

from appliedml.core.params import broken_rules
from appliedml.models._image_inputs import ImageSpec
from appliedml.models.builders._augment import AUGMENT_RULES, AUGMENTATIONS, active, augmentation_layers, read_pixels

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (12, 9, 7, 3)).astype(np.float32)
ON = {name: True if name.startswith("flip") else 30 if name == "rotation" else 0.3 for name in AUGMENTATIONS}


def changed(augment, seed=1, pictures=PICTURES, training=True):
    x = pictures
    for layer in augmentation_layers(augment, seed):
        x = layer(x, training=training)
    return np.asarray(x)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_each_augmentation_changes_pictures_in_training_only(name):
    one = {name: ON[name]}

    assert (changed(one) != PICTURES).any()
    assert (changed(one, training=False) == PICTURES).all()
    assert changed(one).min() >= 0
    assert changed(one).max() <= 255


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_equal_seeds_give_equal_bytes_and_the_next_call_differs(name):
    layers = [augmentation_layers({name: ON[name]}, seed)[0] for seed in (1, 1, 2)]
    first, same, other = (np.asarray(layer(PICTURES, training=True)) for layer in layers)

    assert first.tobytes() == same.tobytes()
    assert (first != other).any()
    assert (np.asarray(layers[0](PICTURES, training=True)) != first).any()


@pytest.mark.parametrize(
    "augment", [None, {}, {"flip_left_right": False, "rotation": 0, "noise": 0.0, "fill": "nearest"}]
)
def test_nothing_is_on_that_is_not_named(augment):
    assert augmentation_layers(augment, 1) == []


def test_flips_are_made_only_where_they_are_named():
    """A left-right flip by chance would exchange the sides of a chest film."""
    rest = {name: value for name, value in ON.items() if name not in ("flip_left_right", "flip_up_down")}
    slope = np.broadcast_to(np.linspace(0, 255, 16, dtype=np.float32)[None, None, :, None], (200, 16, 16, 1))

    out = changed({**rest, "noise": 0}, pictures=slope)

    assert (out[:, :, 8:].mean(axis=(1, 2, 3)) > out[:, :, :8].mean(axis=(1, 2, 3))).mean() > 0.97


def test_a_named_flip_mirrors_every_second_picture_exactly():
    many = np.repeat(PICTURES[:1], 400, axis=0)
    out = changed({"flip_left_right": True}, pictures=many)
    mirrored = (out == many[:, :, ::-1]).all(axis=(1, 2, 3))
    same = (out == many).all(axis=(1, 2, 3))

    assert (mirrored | same).all()
    assert 0.4 < mirrored.mean() < 0.6


def test_layers_are_one_warp_one_tone_and_cutout_in_this_order():
    assert [layer.name for layer in augmentation_layers(ON, 1)] == ["augment_warp", "augment_tone", "augment_cutout"]


def test_active_keeps_the_order_of_application():
    assert list(active({"cutout": 0.1, "flip_up_down": True, "crop": 0.2, "zoom": 0})) == [
        "flip_up_down",
        "crop",
        "cutout",
    ]


@pytest.mark.parametrize(
    "augment", [{"rotate": 3}, {"rotation": 181}, {"zoom": 1.0}, {"flip_left_right": 1}, {"fill": "wrap"}, "all", []]
)
def test_wrong_settings_are_refused(augment):
    assert broken_rules("Cnn", AUGMENT_RULES, {"augment": augment, "mixup": 0.2})


def test_right_settings_are_accepted():
    assert broken_rules("Cnn", AUGMENT_RULES, {"augment": {**ON, "fill": "constant"}, "mixup": 0}) == []
    assert broken_rules("Cnn", AUGMENT_RULES, {"augment": None, "mixup": 0.4}) == []


def test_pixels_arrive_as_bytes_and_leave_as_floats():
    import keras

    inputs, x = read_pixels(ImageSpec(9, 7, 3), {"rotation": 5}, 1)
    model = keras.Model(inputs, x)

    out = model({"pixels": PICTURES.astype(np.uint8)})
    assert model.input["pixels"].dtype == "uint8"
    assert (np.asarray(out) == PICTURES).all()
    assert model.get_layer("pixels_float").output.dtype == "float32"
