"""Patches of images as players, against enumeration and hand-made composites."""

import numpy as np
import pytest

from appliedml.errors import StageError
from appliedml.explain.exact import exact_shapley
from appliedml.explain.patches import PatchMasker
from appliedml.explain.shapley import Budget, sampled_shapley, shapley_values


def some_images(n=3, shape=(9, 9), seed=0):
    return np.random.default_rng(seed).normal(size=(n, *shape)).astype("float32")


def patch_means(images, grid):
    rows, columns = grid
    n, height, width = images.shape[:3]
    return images.reshape(n, rows, height // rows, columns, width // columns, -1).mean(axis=(2, 4, 5)).reshape(n, -1)


def game(images):
    """Products of neighbouring patches beside single patches: the order in which patches appear matters."""
    means = patch_means(images, (3, 3)).astype("float64")
    return np.tanh(means[:, 0] * means[:, 1] * 4) + means[:, 4] * means[:, 8] * 9 + means @ np.arange(9)


def enumerated(images, background, grid):
    """Shapley values by their definition, over every order's coalition, without the package."""
    from itertools import combinations
    from math import factorial

    players = grid[0] * grid[1]
    height, width = images.shape[1] // grid[0], images.shape[2] // grid[1]

    def worth(image, coalition):
        shown = np.stack(background).copy()
        for player in coalition:
            top, left = player // grid[1] * height, player % grid[1] * width
            shown[:, top : top + height, left : left + width] = image[top : top + height, left : left + width]
        return game(shown).mean()

    values = np.zeros((len(images), players))
    for number, image in enumerate(images):
        worths = {
            coalition: worth(image, coalition)
            for size in range(players + 1)
            for coalition in combinations(range(players), size)
        }
        for coalition, its in worths.items():
            for player in set(range(players)) - set(coalition):
                size = len(coalition)
                weight = factorial(size) * factorial(players - size - 1) / factorial(players)
                values[number, player] += weight * (worths[tuple(sorted((*coalition, player)))] - its)
    return values


def test_exact_values_of_patches_are_those_of_the_definition():
    images, background = some_images(2), some_images(2, seed=1)

    found = exact_shapley(PatchMasker(images, background, grid=(3, 3)), game)

    np.testing.assert_allclose(found.values[:, :, 0], enumerated(images, background, (3, 3)), atol=1e-6)
    assert found.additivity_residual < 1e-6


@pytest.mark.parametrize("background", [0.5, "mean", "images"])
def test_sampled_values_come_within_their_standard_errors_of_exact_values_and_add_up(background):
    images = some_images(4)
    masker = PatchMasker(images, some_images(6, seed=2) if background == "images" else background, grid=(3, 3))
    exact = exact_shapley(masker, game)

    found = sampled_shapley(masker, game, budget=Budget(0.02, max_permutations=2000), seed=3)

    off = (found.values - exact.values) / np.maximum(found.standard_errors, 1e-12)
    assert found.additivity_residual < 1e-6
    assert found.distance_to(exact.values) < 0.06
    # Some 36 values with at least a few dozen draws each: a wrong mask is off by hundreds of standard errors.
    assert np.abs(off).max() < 6
    np.testing.assert_allclose(found.base_values, exact.base_values, atol=1e-6)


def test_automatic_choice_samples_nine_patches_and_enumerates_four():
    images = some_images(1)

    assert shapley_values(PatchMasker(images, 0.0, (3, 3)), game).method == "sampled"
    assert shapley_values(PatchMasker(images, 0.0, (2, 2)), game).method == "exact"


@pytest.mark.parametrize(("shape", "grid"), [((7, 5), (3, 2)), ((6, 6, 3), (2, 3)), ((4, 4, 1), (4, 4))])
def test_composites_show_the_image_where_present_and_the_background_elsewhere(shape, grid):
    images, background = some_images(3, shape), some_images(4, shape, seed=1)
    masker = PatchMasker(images, background, grid)
    rng = np.random.default_rng(2)
    rows, draws = np.array([2, 0]), rng.integers(0, 4, 5)
    present = rng.random((2, 5, grid[0] * grid[1])) < 0.5

    found = masker.masked(rows, present, draws)

    assert found.shape == (10, *shape)
    assert found.dtype == np.float32
    for i, row in enumerate(rows):
        for j, draw in enumerate(draws):
            for down in range(shape[0]):
                for across in range(shape[1]):
                    player = down * grid[0] // shape[0] * grid[1] + across * grid[1] // shape[1]
                    source = images[row] if present[i, j, player] else background[draw]
                    np.testing.assert_array_equal(found[i * 5 + j, down, across], source[down, across])


def test_one_coalition_shared_by_all_images_is_laid_over_each():
    images = some_images(2, (4, 4))
    shown = np.array([[[True, False, False, True]]])

    found = PatchMasker(images, 0.0, (2, 2)).masked(np.arange(2), shown, np.array([0]))

    np.testing.assert_array_equal(found[:, :2, :2], images[:, :2, :2])
    np.testing.assert_array_equal(found[:, 2:, 2:], images[:, 2:, 2:])
    assert not found[:, :2, 2:].any()
    assert not found[:, 2:, :2].any()


def test_the_mean_is_one_colour_for_all_images_with_each_channel_by_itself():
    images = np.zeros((2, 4, 4, 3), dtype="float32")
    images[0, ..., 0], images[1, ..., 2] = 1.0, 0.5
    hidden = np.zeros((1, 1, 4), dtype=bool)

    found = PatchMasker(images, "mean", (2, 2)).masked(np.arange(2), hidden, np.array([0]))

    np.testing.assert_allclose(found, np.broadcast_to(np.float32([0.5, 0.0, 0.25]), (2, 4, 4, 3)))


def test_whole_numbers_stay_whole_numbers():
    images = np.array([[[0, 255], [254, 255]]], dtype="uint8")

    found = PatchMasker(images, "mean", (1, 1)).masked(np.array([0]), np.zeros((1, 1, 1), dtype=bool), np.array([0]))

    assert found.dtype == np.uint8
    assert np.unique(found).tolist() == [191]


def test_images_are_not_changed_by_what_is_made_of_them():
    images = some_images(1, (4, 4))
    before = images.copy()

    PatchMasker(images, 0.0, (2, 2)).masked(np.array([0]), np.ones((1, 1, 4), dtype=bool), np.array([0]))[:] = 7

    np.testing.assert_array_equal(images, before)


def test_pixel_maps_add_up_to_the_values_of_their_patches():
    masker = PatchMasker(some_images(1, (7, 5, 3)), 0.0, (3, 2))
    values = np.random.default_rng(0).normal(size=(2, 6))

    maps = masker.on_pixels(values)

    assert maps.shape == (2, 7, 5)
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), values.sum(axis=1))
    assert np.unique(maps[0]).size == 6


def test_a_memory_budget_becomes_a_number_of_composites():
    masker = PatchMasker(np.zeros((1, 32, 32), dtype="float32"))

    assert masker.rows_within(1) == 2**20 // (32 * 32 * 5)
    assert masker.rows_within(1e-9) == 1


@pytest.mark.parametrize(
    ("images", "background", "grid", "message"),
    [
        (np.zeros((2, 4)), 0.0, (2, 2), "must be numbers of shape"),
        (np.zeros((0, 4, 4)), 0.0, (2, 2), "must be numbers of shape"),
        (np.array([[["a"]]]), 0.0, (1, 1), "must be numbers of shape"),
        (np.zeros((1, 4, 4)), 0.0, (5, 2), "1 to 4 rows"),
        (np.zeros((1, 4, 4)), 0.0, (2, 0), "1 to 4 columns"),
        (np.zeros((1, 4, 4)), "median", (2, 2), "'mean' or an array"),
        (np.zeros((1, 4, 4)), np.zeros((3, 4, 5)), (2, 2), "shape \\(n_background, 4, 4\\)"),
        (np.zeros((1, 4, 4)), np.zeros((0, 4, 4)), (2, 2), "shape \\(n_background, 4, 4\\)"),
        (np.zeros((1, 4, 4)), None, (2, 2), "background images must be numbers"),
        (np.zeros((1, 4, 4)), np.nan, (2, 2), "not finite"),
        (np.zeros((1, 4, 4), dtype="uint8"), 300, (2, 2), "does not fit"),
    ],
)
def test_what_is_no_image_or_does_not_fit_is_refused(images, background, grid, message):
    with pytest.raises(StageError, match=message):
        PatchMasker(images, background, grid)


def test_values_for_another_grid_are_refused():
    with pytest.raises(StageError, match="there are 4 patches"):
        PatchMasker(np.zeros((1, 4, 4)), 0.0, (2, 2)).on_pixels(np.zeros(9))
