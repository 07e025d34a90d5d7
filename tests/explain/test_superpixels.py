"""Superpixels: connected, of a fixed number, along the edges of an image."""

import numpy as np
import pytest
from scipy import ndimage

from appliedml.errors import StageError
from appliedml.explain.superpixels import grid_regions, superpixels


def a_scene(shape=(30, 24), channels=3, seed=0):
    rng = np.random.default_rng(seed)
    image = rng.normal(60, 6, (*shape, channels))
    image[7:19, 4:15] += 120
    return np.clip(image, 0, 255)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("grid", [(4, 4), (3, 5)])
def test_there_are_as_many_regions_as_patches_and_each_is_connected(grid, channels):
    found = superpixels(a_scene(channels=channels), grid)

    assert np.array_equal(np.unique(found), np.arange(grid[0] * grid[1]))
    assert {ndimage.label(found == region)[1] for region in range(grid[0] * grid[1])} == {1}


def test_regions_follow_edges_that_the_grid_cuts_through():
    image = a_scene(channels=1)
    bright = image[..., 0] > 120

    def mixed(regions):
        share = np.bincount(regions.reshape(-1), bright.reshape(-1)) / np.bincount(regions.reshape(-1))
        return (np.minimum(share, 1 - share) * np.bincount(regions.reshape(-1))).sum()

    assert mixed(superpixels(image, (4, 4))) < 0.1 * mixed(grid_regions(image.shape[:2], (4, 4)))


def test_one_colour_gives_the_patches_of_the_grid_and_the_same_image_the_same_regions():
    assert np.array_equal(superpixels(np.zeros((9, 6)), (3, 3)), grid_regions((9, 6), (3, 3)))
    assert np.array_equal(superpixels(a_scene(), (4, 4)), superpixels(a_scene().copy(), (4, 4)))


def test_a_very_compact_cut_is_the_grid():
    image = a_scene((32, 32), 1)

    assert np.mean(superpixels(image, (4, 4), compactness=1e3) == grid_regions((32, 32), (4, 4))) > 0.95


def test_what_cannot_be_is_refused():
    with pytest.raises(StageError, match="1 to 4 rows"):
        superpixels(np.zeros((4, 4)), (5, 2))
    with pytest.raises(StageError, match="compactness"):
        superpixels(np.zeros((4, 4)), (2, 2), compactness=0)
