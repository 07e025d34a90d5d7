import keras
import numpy as np
import pytest

from appliedml.models.builders import _image_layers as own

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (8, 12, 10, 3)).astype(np.float32)
PATCHES = RNG.normal(size=(4, 6, 8)).astype(np.float32)


def dot(row, column, size=31):
    """One bright spot."""
    out = np.zeros((1, size, size, 1), dtype=np.float32)
    out[0, row, column] = 255
    return out


def place(picture):
    return np.unravel_index(np.asarray(picture)[0, :, :, 0].argmax(), picture.shape[1:3])


class Fixed(own.RandomWarp):
    """The same warp with numbers given instead of drawn."""

    def uniform(self, shape, low, high):
        return np.tile(np.array(self.given, dtype=np.float32)[:, None], (1, shape[1]))


def warped(picture, given, **settings):
    layer = Fixed(**settings, fill="constant")
    order = ("flip_x", "flip_y", "angle", "zoom", "shift_x", "shift_y", "cut", "at_x", "at_y")
    layer.given = [
        given.get(name, 1.0 if name.startswith("flip") else -1.0 if name == "cut" else 0.0) for name in order
    ]
    return layer.change(picture)


@pytest.mark.parametrize(
    ("given", "settings", "expected"),
    [
        ({}, {"rotation": 90}, (15, 25)),
        ({"flip_x": -1}, {"flip_left_right": True}, (15, 5)),
        ({"flip_y": -1}, {"flip_up_down": True}, (15, 25)),
        ({"shift_x": 1}, {"shift": 5 / 31}, (15, 20)),
        ({"shift_y": 1}, {"shift": 5 / 31}, (10, 25)),
        ({"zoom": 0.5}, {"zoom": 0.8}, (15, 29)),
        ({"zoom": -1}, {"zoom": 0.5}, (15, 20)),
    ],
)
def test_a_warp_moves_a_spot_where_it_should(given, settings, expected):
    assert place(warped(dot(15, 25), given, **settings)) == expected


def test_a_rotation_by_90_degrees_is_exact():
    out = np.asarray(warped(dot(15, 25), {"angle": 1}, rotation=90))

    assert place(out) == (5, 15)
    assert out.max() == pytest.approx(255, abs=0.1)


def test_a_crop_looks_at_a_part_that_lies_inside():
    """Half the side, at its rightmost: the spot at 23 of 31 comes to the middle."""
    out = warped(dot(15, 23), {"cut": 1, "at_x": 1}, crop=0.5)

    row, column = place(out)
    assert row == 15
    assert abs(column - 15) <= 1


def test_a_crop_never_shows_what_lies_outside():
    white = np.full((200, 16, 16, 1), 255, dtype=np.float32)

    out = np.asarray(own.RandomWarp(crop=0.6, fill="constant", seed=1)(white, training=True))

    # The outermost half pixel is interpolated with what lies beyond the edge.
    assert out[:, 1:-1, 1:-1].min() == pytest.approx(255, abs=1e-3)


def test_contrast_keeps_the_mean_and_brightness_moves_it():
    grey = np.repeat(np.clip(PICTURES, 100, 150)[:1], 300, axis=0)
    contrast = np.asarray(own.RandomTone(contrast=0.5, seed=1)(grey, training=True))
    bright = np.asarray(own.RandomTone(brightness=0.1, seed=1)(grey, training=True))

    assert contrast.mean(axis=(1, 2, 3)) == pytest.approx(grey.mean(axis=(1, 2, 3)), abs=0.01)
    ratio = contrast.std(axis=(1, 2, 3)) / grey[0].std()
    assert 0.5 <= ratio.min() < 0.6
    assert 1.4 < ratio.max() <= 1.501
    moved = (bright - grey)[:, 0, 0, 0]
    assert -25.6 < moved.min() < -23
    assert 23 < moved.max() < 25.6
    assert bright.std(axis=(1, 2, 3)) == pytest.approx(grey.std(axis=(1, 2, 3)), rel=1e-3)


def test_noise_has_a_standard_deviation_up_to_its_share_of_the_range():
    grey = np.full((200, 16, 16, 1), 128, dtype=np.float32)

    spread = np.asarray(own.RandomTone(noise=0.1, seed=1)(grey, training=True)).std(axis=(1, 2, 3))

    assert spread.max() < 0.115 * 255
    assert spread.mean() == pytest.approx(0.05 * 255, rel=0.15)


def test_cutout_blots_out_one_rectangle_of_at_most_its_share():
    out = np.asarray(own.RandomCutout(0.5, seed=1)(np.repeat(PICTURES[:1], 200, axis=0), training=True))

    gone = (out != PICTURES[0]).any(axis=3)
    assert gone.any(axis=1).sum(axis=1).max() <= 6
    assert gone.any(axis=2).sum(axis=1).max() <= 7
    # A rectangle: as many pixels as its rows times its columns, and all of one colour.
    sizes = gone.any(axis=1).sum(axis=1) * gone.any(axis=2).sum(axis=1)
    assert (gone.sum(axis=(1, 2)) == sizes).all()
    assert (sizes > 0).mean() > 0.8
    at = sizes.argmax()
    assert np.ptp(out[at][gone[at]], axis=0).max() == 0


def test_scales():
    pixel = own.PixelScale()
    assert np.asarray(pixel(np.array([[[[0.0], [127.5], [255.0]]]]))).ravel().tolist() == [-1, 0, 1]

    picture = np.asarray(own.PictureScale()(PICTURES))
    assert picture.mean(axis=(1, 2, 3)) == pytest.approx(np.zeros(8), abs=1e-5)
    assert picture.std(axis=(1, 2, 3)) == pytest.approx(np.ones(8), abs=1e-5)
    even = np.asarray(own.PictureScale()(np.full((1, 4, 4, 1), 77.0)))
    assert (even == 0).all()


def test_attention_starts_its_maps_differently_and_shares_no_seed():
    layer = own.SelfAttention(2, seed=3)
    layer(PATCHES)

    query, key, value, output = (weight.numpy() for weight in layer.maps)
    assert (query != key).any()
    assert (key != value).any()
    assert (value != output).any()


def test_attention_is_softmax_of_products():
    layer = own.SelfAttention(2, seed=3)
    out = np.asarray(layer(PATCHES))
    query, key, value, output = (weight.numpy() for weight in layer.maps)

    seen = np.empty_like(PATCHES)
    for head in (slice(0, 4), slice(4, 8)):
        scores = (PATCHES @ query)[..., head] @ (PATCHES @ key)[..., head].transpose(0, 2, 1) / 2
        weight = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
        seen[..., head] = weight @ (PATCHES @ value)[..., head]
    assert out == pytest.approx(seen @ output, abs=1e-5)


def test_a_class_token_comes_first():
    layer = own.PatchPositions(class_token=True, seed=1)
    out = np.asarray(layer(PATCHES))

    assert out.shape == (4, 7, 8)
    assert out[:, 1:] - layer.positions.numpy()[:, 1:] == pytest.approx(PATCHES, abs=1e-6)
    assert (np.asarray(own.FirstPatch()(out)) == out[:, 0]).all()


@pytest.mark.parametrize(
    ("layer", "inputs"),
    [
        (own.PixelsToFloat(), PICTURES),
        (own.PixelScale(), PICTURES),
        (own.PictureScale(), PICTURES),
        (own.RandomWarp(flip_up_down=True, rotation=10, zoom=0.1, fill="nearest", seed=3), PICTURES),
        (own.RandomTone(0.1, 0.2, 0.05, seed=3), PICTURES),
        (own.RandomCutout(0.2, seed=3), PICTURES),
        (own.PatchPositions(True, seed=3), PATCHES),
        (own.SelfAttention(2, seed=3), PATCHES),
        (own.FirstPatch(), PATCHES),
        (keras.layers.Activation(own.gelu_tanh), PATCHES),
    ],
    ids=lambda value: type(value).__name__,
)
def test_layers_survive_their_configuration_and_know_their_shape(layer, inputs):
    config = keras.saving.serialize_keras_object(layer)
    again = keras.saving.deserialize_keras_object(config)

    assert again.get_config() == layer.get_config()
    out = layer(inputs)
    assert layer.compute_output_shape(inputs.shape) == out.shape
    training = {"training": True} if isinstance(layer, own._RandomLayer) else {}
    fresh = keras.saving.deserialize_keras_object(config)
    assert np.asarray(again(inputs, **training)).tobytes() == np.asarray(fresh(inputs, **training)).tobytes()
