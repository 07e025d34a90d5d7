"""Sizes and channels of decoded pixels."""

import numpy as np

from appliedml.sources._pixels import resized


def test_nothing_is_copied_where_nothing_changes():
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)

    assert resized(pixels, 4, 4, 3) is pixels


def test_shrinking_averages_instead_of_picking():
    stripes = np.tile(np.array([0, 255], dtype=np.uint8), (16, 8))[..., None]

    small = resized(stripes, 4, 4, 1)

    assert small.shape == (4, 4, 1)
    assert np.all(np.abs(small[:, 1:3].astype(int) - 128) < 20)


def test_masks_keep_their_two_values():
    mask = np.zeros((8, 8, 1), dtype=np.uint8)
    mask[2:5, 2:5] = 255

    assert set(np.unique(resized(mask, 20, 20, 1, sharp=True))) == {0, 255}


def test_grey_becomes_rgb_by_repetition_and_rgb_grey_by_luma():
    grey = np.full((4, 4, 1), 90, dtype=np.uint8)
    green = np.zeros((4, 4, 3), dtype=np.uint8)
    green[..., 1] = 255

    np.testing.assert_array_equal(resized(grey, 4, 4, 3), np.full((4, 4, 3), 90))
    assert resized(green, 4, 4, 1)[0, 0, 0] == 150  # 0.587 of 255
