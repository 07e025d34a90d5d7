"""The audit on real pipelines over small simulated films."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from appliedml.audits.explain_images import PERSONAL_DATA, ExplainImages
from appliedml.core.artifact import Severity, Status
from appliedml.errors import ParameterError, StageError
from appliedml.store.run import read_artifact, write_artifact


def conclude(folds, **parameters):
    audit = ExplainImages(**({"max_images": 24, "grid": 5, "exact_images": 0} | parameters))
    return audit.conclude([pickle.loads(pickle.dumps(audit.examine(fold))) for fold in folds])


@pytest.fixture(scope="module")
def folds(make_film_folds):
    return make_film_folds()


@pytest.fixture(scope="module")
def artifact(folds):
    return conclude(folds, exact_images=2)


@pytest.fixture(scope="module")
def shortcut(make_film_folds, make_films):
    return conclude(make_film_folds(make_films(marker=1.0)))


def test_the_average_map_is_brightest_where_the_lesions_are(artifact):
    maps = artifact.tables["maps"]

    assert list(dict.fromkeys(maps["view"])) == ["all images", "class=0", "class=1"]
    overall = maps[maps["view"] == "all images"]
    top = overall.loc[overall["value"].idxmax()]
    assert (top["row"], top["column"]) in {(2, 3), (3, 3)}
    assert overall["share"].sum() == pytest.approx(1)
    assert (overall["low"] <= overall["value"]).all()
    assert (overall["value"] <= overall["high"]).all()
    assert maps.groupby("view")["n"].first().tolist() == [24, 12, 12]
    assert maps["small"].all()


def test_a_model_that_finds_lesions_looks_inside_their_masks(artifact):
    masks = artifact.tables["masks"].set_index("measure")

    share = masks.loc["share of positive attribution inside the mask"]
    assert share["difference_low"] > 0.2
    assert share["expected"] == pytest.approx(16 / 256)
    assert share["value"] < share["highest"]
    assert share[["n", "n_left_out"]].tolist() == [12, 12]
    titles = [item.title for item in artifact.findings]
    assert any(title.startswith("More attribution lies inside the known regions") for title in titles)
    # Films have markers that tell nothing: bright pixels too, and no lesion touches their cell.
    assert [item["cell"] for item in artifact.summary["strongest_outside"]] == ["row 1, column 5"]
    scores = artifact.scores.set_index("metric")
    assert scores.loc["image_explanation_mask_share", "value"] == share["value"]
    assert scores.loc["image_explanation_mask_share_gain", "low"] == share["difference_low"]


def test_a_model_that_reads_a_marker_is_caught_looking_at_its_corner_and_not_at_the_lesions(shortcut):
    parts = shortcut.tables["parts"].set_index("part")

    assert parts.loc["upper right corner", "share"] > 0.8
    assert parts.loc["upper right corner", "higher"]
    assert not parts.loc["lower left corner", "higher"]
    warnings = {item.title for item in shortcut.findings if item.severity is Severity.WARNING}
    assert "The model looks at the upper right corner of the images" in warnings
    assert "It is not shown that the model looks at the known regions" in warnings
    assert shortcut.summary["strongest_outside"][0]["cell"] == "row 1, column 5"
    assert shortcut.summary["corner_cells"] == 1
    assert shortcut.status is Status.WARNING


def test_values_add_up_and_print_their_error_and_their_distance_to_exact_values(artifact):
    summary = artifact.summary

    assert summary["additivity_residual"] < 1e-12
    assert 0 < summary["relative_error"] < 0.1
    assert summary["distance_grid"] == "3 x 4"
    assert summary["distance"] < 3 * summary["expected_distance"]
    assert artifact.tables["errors"]["n_images"].tolist() == [12, 12]
    assert (artifact.tables["advantages"]["low"] > 0).all()
    assert artifact.tables["agreement"]["overlap"].item() > 0.6


def test_no_pixel_and_no_row_leaves_unless_the_plan_releases_it(artifact, folds, tmp_path):
    released = conclude(folds, release_images=3)

    assert dict(artifact.arrays) == {}
    assert "released" not in artifact.tables
    assert not [name for name, table in artifact.tables.items() if "row_id" in table.columns]
    table, arrays = released.tables["released"], released.arrays
    assert PERSONAL_DATA in released.summary["notes"]
    assert table["score"].is_monotonic_increasing
    assert arrays["released_pixels"].shape == (3, 16, 16, 1)
    sums = arrays["released_values"].sum(axis=1) + table["base_value"].to_numpy()
    assert sums == pytest.approx(table["score"].to_numpy())
    fold = folds[int(table["fold"].iloc[0])]
    row = list(fold.test.row_id).index(table["row_id"].iloc[0])
    assert np.array_equal(arrays["released_pixels"][0], fold.test.X.pixels(np.array([row]))[0])
    write_artifact(tmp_path / "a", released)
    again = read_artifact(tmp_path / "a")
    pd.testing.assert_frame_equal(again.tables["released"], table)
    assert np.array_equal(again.arrays["released_pixels"], arrays["released_pixels"])


def test_the_same_seed_gives_the_same_tables_and_another_seed_others(folds):
    first, second, other = (conclude(folds, max_images=8, random_state=seed) for seed in (1, 1, 2))

    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, second.tables[name])
    assert not first.tables["maps"]["value"].equals(other.tables["maps"]["value"])


@pytest.mark.parametrize(
    ("parameters", "n_hidden"),
    [
        ({"players": "superpixels"}, 1),
        ({"hidden": "blur"}, 1),
        ({"hidden": "grey", "output": "log_odds"}, 1),
        ({"hidden": "training", "background_images": 5, "n_permutations": 12}, 5),
    ],
    ids=["superpixels", "blur", "grey, log-odds", "training images"],
)
def test_other_players_stand_ins_and_scales_find_the_lesions_too(folds, parameters, n_hidden):
    found = conclude(folds, max_images=10, **parameters)

    assert found.tables["masks"]["difference_low"].iloc[0] > 0.2
    assert found.tables["errors"]["n_hidden"].tolist() == [n_hidden] * 2
    assert found.summary["additivity_residual"] < 1e-9
    assert len(found.tables["maps"][found.tables["maps"]["view"] == "all images"]) == 25


def test_a_stand_in_that_scores_like_no_film_is_a_warning_and_training_films_are_none(folds):
    # Films are dark: to one of the two models a grey one is brighter than any of them.
    grey = conclude(folds, max_images=10, grid=4, hidden="grey", n_permutations=8)
    known = conclude(folds, max_images=10, grid=4, hidden="training", background_images=3, n_permutations=8)
    title = "The stand-in of hidden regions does not look like a picture to the network"

    assert grey.tables["stand_ins"][["n", "n_outside", "n_test"]].iloc[0].tolist() == [5, 5, 60]
    assert grey.tables["stand_ins"]["hidden"].to_numpy() == pytest.approx(grey.tables["errors"]["base_value"])
    assert title in [item.title for item in grey.findings if item.severity is Severity.WARNING]
    assert known.tables["stand_ins"]["n_outside"].tolist() == [0, 0]
    assert title not in [item.title for item in known.findings]


def test_groups_are_compared_and_small_ones_only_shown(folds, artifact):
    large = conclude(folds, max_images=80, grid=4, min_group_images=20, n_permutations=8).tables["by_group"]

    assert artifact.tables["by_group"]["small"].all()
    assert artifact.tables["by_group"]["difference"].isna().all()
    assert not large["small"].any()
    assert set(large["level"]) == {"f", "m"}
    assert large[["row", "column"]].drop_duplicates().shape == (16, 2)
    assert large["difference"].abs().sum() > 0


def test_more_than_two_classes_are_explained_together(make_film_folds, make_films):
    found = conclude(make_film_folds(make_films(n_classes=3, channels=3)), max_images=18, release_images=1)

    assert set(found.tables["maps"]["output"]) == {"all classes"}
    assert found.summary["classes"] == ["0", "1", "2"]
    assert found.tables["masks"]["difference_low"].iloc[0] > 0.1
    assert found.arrays["released_pixels"].shape == (1, 16, 16, 3)


def test_without_masks_there_is_no_row_about_them(make_film_folds, make_films):
    found = conclude(make_film_folds(make_films(masks=False)), max_images=6, max_folds=1, n_permutations=8)

    assert not len(found.tables["masks"])
    assert found.summary["fold_agreement"] is None
    assert found.tables["errors"]["fold"].tolist() == [0]


def test_what_cannot_be_made_says_why(artifact, folds):
    asked = conclude(folds, max_images=4, activation_maximisation=True, n_permutations=8)

    assert "offers no randomised weights" in artifact.summary["randomisation_skipped"]
    assert "flat_pixels" in artifact.summary["preview_skipped"]
    assert artifact.summary["painted_skipped"] == "not asked for"
    assert "flat_pixels" in asked.summary["painted_skipped"]


def test_what_are_no_images_is_not_applicable(folds):
    fold = folds[0]
    table = fold.test.replace(X=pd.DataFrame({"a": np.zeros(len(fold.test))}))
    audit = ExplainImages()
    found = audit.conclude([audit.examine(replace(fold, test=table))])
    fine = ExplainImages(grid=16)
    small = replace(fold, test=fold.test.replace(X=type(fold.test.X).of(np.zeros((len(fold.test), 8, 8)))))

    assert found.status is Status.NOT_APPLICABLE
    assert "DataFrame, not images" in found.reason
    assert "finer than images of 8 x 8" in fine.conclude([fine.examine(small)]).reason


def test_parameters_out_of_range_or_not_fitting_each_other_are_refused(folds):
    with pytest.raises(ParameterError, match="grid"):
        ExplainImages(grid=1).examine(folds[0])
    with pytest.raises(StageError, match="at least 18"):
        ExplainImages(hidden="training", n_permutations=10).examine(folds[0])
    assert ExplainImages.problems_in({"hidden": "training", "n_permutations": 10}, "audits[0]")[0].where == "audits[0]"
    assert ExplainImages.problems_in({"hidden": "mean", "n_permutations": 10}, "a") == []


@pytest.mark.filterwarnings("default")
def test_a_network_is_randomised_previewed_by_gradients_and_painted(make_film_folds, make_films):
    from appliedml.models.keras_classifier import KerasClassifier

    folds = make_film_folds(
        make_films(60), steps=lambda: [KerasClassifier(builder={"cnn": {}}, epochs=2, random_state=0)]
    )

    found = conclude(folds, max_images=4, grid=4, n_permutations=8, activation_maximisation=True, max_folds=1)

    assert found.tables["randomisation"]["n"].item() == 4
    assert found.tables["preview"]["value"].item() > 0
    assert found.summary["preview_residual"] < 0.05
    assert "gradients (quick preview)" in set(found.tables["maps"]["view"])
    assert found.tables["painted"]["class"].tolist() == ["0", "1"]
    assert found.arrays["painted_pixels"].shape == (2, 16, 16, 1)
    assert found.summary["additivity_residual"] < 1e-6
