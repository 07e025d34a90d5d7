"""Regions that differ from image to image."""

import numpy as np
import pytest

from appliedml.errors import StageError
from appliedml.explain.regions import RegionMasker, on_pixels, sums_by_region
from appliedml.explain.superpixels import grid_regions

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (3, 8, 8, 3)).astype(np.uint8)
HIDDEN = RNG.integers(0, 256, (2, 8, 8, 3)).astype(np.uint8)


def test_the_patches_of_a_grid_come_from_the_image_or_the_background():
    regions = np.broadcast_to(grid_regions((8, 8), (2, 3)), (3, 8, 8))
    masker = RegionMasker(IMAGES, regions, HIDDEN)
    rows, draws = np.array([2, 0]), np.array([0, 1, 1, 0])

    for present in (RNG.random((2, 4, 6)) < 0.5, RNG.random((1, 4, 6)) < 0.5):
        found = masker.masked(rows, present, draws).reshape(2, 4, 8, 8, 3)
        assert found.dtype == np.uint8
        for place, row in enumerate(rows):
            for draw, other in enumerate(draws):
                shown = present[place if len(present) > 1 else 0, draw][regions[row]][..., None]
                assert np.array_equal(found[place, draw], np.where(shown, IMAGES[row], HIDDEN[other]))


def test_every_image_hides_its_own_regions():
    regions = np.stack([np.tile([0, 0, 1, 1], (2, 1)), np.repeat([[0], [1]], 4, axis=1)])
    masker = RegionMasker(np.ones((2, 2, 4)), regions, np.zeros((1, 2, 4)))

    found = masker.masked(np.array([0, 1]), np.array([[[True, False]]]), np.array([0]))

    assert found[0].tolist() == [[1, 1, 0, 0], [1, 1, 0, 0]]
    assert found[1].tolist() == [[1, 1, 1, 1], [0, 0, 0, 0]]
    assert masker.names == ("region 1", "region 2")


def test_rows_within_a_budget_fit_into_it():
    masker = RegionMasker(IMAGES, np.zeros((3, 8, 8), dtype=int), HIDDEN)

    assert masker.rows_within(1) == 2**20 // (8 * 8 * 3 * 2)
    assert masker.rows_within(1e-9) == 1


def test_maps_add_up_to_their_regions_and_back():
    regions = np.stack([grid_regions((6, 6), (2, 2)), np.triu(np.ones((6, 6), dtype=int)) + 2 * (np.eye(6) == 0)])
    regions[1] = np.unique(regions[1], return_inverse=True)[1].reshape(6, 6)
    values = RNG.normal(size=(2, int(regions.max()) + 1, 2))[:, :4]
    values[1, int(regions[1].max()) + 1 :] = 0

    maps = on_pixels(values[:1], regions[:1])

    assert maps.shape == (1, 6, 6, 2)
    assert maps.sum(axis=(1, 2))[0] == pytest.approx(values[0].sum(axis=0))
    assert sums_by_region(maps, regions[:1], 4)[0] == pytest.approx(values[0])


def test_what_does_not_fit_is_refused():
    whole = np.zeros((3, 8, 8), dtype=int)
    with pytest.raises(StageError, match="regions be whole"):
        RegionMasker(IMAGES, whole.astype(float), HIDDEN)
    with pytest.raises(StageError, match="background"):
        RegionMasker(IMAGES, whole, HIDDEN.astype(float))
    lacking = whole.copy()
    lacking[0, 0, 0] = 1
    with pytest.raises(StageError, match="lacks some"):
        RegionMasker(IMAGES, lacking, HIDDEN)
