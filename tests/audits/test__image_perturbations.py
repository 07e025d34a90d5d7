import numpy as np
import pytest

from appliedml.audits._image_perturbations import PERTURBATIONS, attack_directions, moved

PIXELS = np.random.default_rng(0).integers(40, 200, (4, 20, 24, 1)).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", PERTURBATIONS)
def test_a_stronger_disturbance_is_further_from_the_picture(name, channels):
    pixels = np.repeat(PIXELS, channels, axis=3)
    kind = PERTURBATIONS[name]
    distances = []
    for strength in kind.strengths:
        found = kind.change(pixels, strength, np.random.default_rng(1))
        assert found.dtype == np.uint8
        assert found.shape == pixels.shape
        again = kind.change(pixels, strength, np.random.default_rng(1))
        assert np.array_equal(found, again)
        distances.append(np.abs(found.astype(float) - pixels).mean())
    assert distances == sorted(distances)
    assert distances[0] > 0


def test_the_attack_moves_each_pixel_by_the_strength_against_the_label():
    import keras

    inputs = keras.Input((20, 24, 1))
    total = keras.layers.Rescaling(1 / 255)(keras.layers.GlobalAveragePooling2D()(inputs))
    model = keras.Model(inputs, keras.layers.Concatenate()([keras.layers.Rescaling(-1.0, 1.0)(total), total]))
    codes = np.array([0, 1, 0, 1])
    directions = attack_directions(model, PIXELS, codes)
    steps = moved(PIXELS, directions, 2.0).astype(int) - PIXELS
    assert [np.unique(part).tolist() for part in steps] == [[2], [-2], [2], [-2]]
