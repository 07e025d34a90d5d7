"""What is hidden behind what, and what is kept of a fold."""

from dataclasses import replace

import numpy as np
import pytest

from appliedml.audits._explain_images_fold import (
    budget_of,
    cell_names,
    evidence_of,
    explain_fold,
    pixel_scorer,
    stand_ins,
)
from appliedml.audits.explain_images import ExplainImages


@pytest.fixture(scope="module")
def fold(make_film_folds):
    return make_film_folds()[0]


def test_stand_ins_come_from_training_images_and_never_from_the_explained_ones_unless_blurred(fold):
    pixels = fold.test.X.pixels(np.arange(3))

    colour, shared = stand_ins(fold, ExplainImages(hidden="mean"), pixels, 0)
    grey, _ = stand_ins(fold, ExplainImages(hidden="grey"), pixels, 0)
    known, _ = stand_ins(fold, ExplainImages(hidden="training", background_images=4), pixels, 0)
    soft, own = stand_ins(fold, ExplainImages(hidden="blur", grid=4), pixels, 0)

    assert (shared, own) == (False, True)
    assert colour.shape == grey.shape == (1, 16, 16, 1)
    assert len(np.unique(colour)) == 1
    assert colour[0, 0, 0, 0] == pytest.approx(fold.train.X.pixels().mean(), abs=3)
    assert set(np.unique(grey)) == {128}
    everything = {picture.tobytes() for picture in fold.train.X.pixels()}
    assert known.shape == (4, 16, 16, 1)
    assert {picture.tobytes() for picture in known} <= everything
    assert soft.std() < 0.6 * pixels.std()
    assert soft.mean() == pytest.approx(pixels.mean(), rel=0.1)


def test_a_small_budget_begins_small():
    assert budget_of(ExplainImages(n_permutations=6)).min_permutations == 6
    assert budget_of(ExplainImages(n_permutations=6)).max_permutations == 6
    assert budget_of(ExplainImages()).min_permutations == 32
    assert budget_of(ExplainImages(n_permutations=100)).min_permutations == 32


def test_the_scorer_is_the_pipeline_on_pixels(fold):
    pixels = fold.test.X.pixels(np.arange(4))

    assert pixel_scorer(fold.pipeline)(pixels) == pytest.approx(fold.probabilities[:4])


def test_superpixels_are_added_up_in_the_cells_of_the_grid(fold):
    explained = explain_fold(fold, ExplainImages(players="superpixels", grid=4, n_permutations=8), 4, 1)

    cells = explained.in_cells(explained.values.values)

    assert cells.shape == (4, 16, 1)
    assert cells.sum(axis=1) == pytest.approx(explained.values.values.sum(axis=1))
    assert any(not np.array_equal(regions, explained.cells) for regions in explained.game.regions)
    assert explained.decided.tolist() == [0] * 4


def test_evidence_holds_pixels_only_where_the_plan_releases_images(fold):
    options = ExplainImages(grid=4, n_permutations=8, exact_images=0, preview_gradients=False)
    explained = explain_fold(fold, options, 4, 1)

    private = evidence_of(fold, explained, options)
    released = evidence_of(fold, explained, ExplainImages(**(options.get_params() | {"release_images": 1})))
    later = evidence_of(replace(fold, number=1), explained, options)

    assert "released" not in private
    shapes = [value.shape for value in private.values() if isinstance(value, np.ndarray)]
    assert not [shape for shape in shapes if len(shape) == 4]
    assert released["released"]["pixels"].shape == (4, 16, 16, 1)
    assert released["released"]["masks"].dtype == bool
    assert (private["randomised"] is None, later["randomised"]) == (False, None)
    assert private["preview"] is None
    assert private["names"] == cell_names(4)
    assert private["unit"].tolist() == fold.test.take(explained.rows).group.tolist()
