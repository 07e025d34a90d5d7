"""Gradients to the pixels, on functions whose integrals are known."""

import numpy as np
import pytest

from appliedml.explain.pixel_gradients import integrated_gradients, maximise_class

SHAPE = (6, 6, 1)


def network(pixels):
    """Probability of class 1 that rises with a bright upper left quarter and falls with a bright lower right one."""
    import tensorflow as tf

    pixels = tf.convert_to_tensor(pixels, tf.float32) / 255.0
    score = 4 * (tf.reduce_mean(pixels[:, :3, :3], axis=(1, 2, 3)) - tf.reduce_mean(pixels[:, 3:, 3:], axis=(1, 2, 3)))
    chance = tf.sigmoid(score)
    return tf.stack([1 - chance, chance], axis=1)


def test_integrated_gradients_add_up_to_the_score_and_stay_where_the_function_looks():
    images = np.random.default_rng(0).integers(0, 256, (3, *SHAPE)).astype(np.uint8)
    hidden = np.full((3, *SHAPE), 100, dtype=np.uint8)

    maps, residuals = integrated_gradients(network, images, hidden, np.array([1, 0, 1]), n_steps=64)

    assert np.abs(residuals).max() < 1e-4
    chances = network(np.concatenate([images, hidden])).numpy()
    assert maps[0].sum() == pytest.approx(chances[0, 1] - chances[3, 1], abs=1e-4)
    assert maps[1].sum() == pytest.approx(chances[1, 0] - chances[4, 0], abs=1e-4)
    assert np.abs(maps[:, :3, 3:]).max() == 0
    darker = images[0, :3, :3, 0] < 100
    assert (maps[0, :3, :3][darker] < 0).all()


def test_the_painted_image_raises_its_class_and_the_same_seed_paints_the_same():
    pixels, reached, before = maximise_class(network, SHAPE, 1, n_steps=24, seed=2)
    again, _, _ = maximise_class(network, SHAPE, 1, n_steps=24, seed=2)
    other, of_other, _ = maximise_class(network, SHAPE, 0, n_steps=24, seed=2)

    assert pixels.dtype == np.uint8
    assert pixels.shape == SHAPE
    assert before == pytest.approx(0.5)
    assert reached > 0.8
    assert reached == pytest.approx(float(network(pixels[None])[0, 1]), abs=1e-6)
    assert np.array_equal(pixels, again)
    assert of_other > 0.8
    assert pixels[:2, :2].mean() > other[:2, :2].mean() + 50
