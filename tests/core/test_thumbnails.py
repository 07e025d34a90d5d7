import numpy as np
import pytest

from appliedml.core.images import Images
from appliedml.core.thumbnails import thumbnails

RNG = np.random.default_rng(0)


def test_whole_areas_are_averaged():
    pixels = RNG.integers(0, 256, (70, 8, 6, 3)).astype(np.uint8)

    small = thumbnails(Images.of(pixels), 4, 3)

    assert small.shape == (70, 4, 3, 3)
    assert small == pytest.approx(pixels.reshape(70, 4, 2, 3, 2, 3).mean(axis=(2, 4)), rel=1e-5)


def test_parts_of_pixels_count_as_parts():
    row = np.array([[[0, 90, 240]]], dtype=np.uint8)

    assert thumbnails(Images.of(row), 1, 2).ravel().tolist() == pytest.approx([30.0, 190.0])


def test_small_sides_stay_and_the_mean_is_kept():
    pixels = RNG.integers(0, 256, (3, 5, 40)).astype(np.uint8)

    small = thumbnails(Images.of(pixels), 16, 16)

    assert small.shape == (3, 5, 16, 1)
    assert small.mean(axis=(1, 2, 3)) == pytest.approx(pixels.mean(axis=(1, 2)), rel=1e-4)
