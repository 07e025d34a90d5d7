from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image, PngImagePlugin
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from appliedml.audits._leakage_rows import BY_FILE, TIME_ORDER, row_checks
from appliedml.compose.pipeline import Pipeline
from appliedml.core.fold import Fold
from appliedml.core.images import Images
from appliedml.core.samples import Samples
from appliedml.core.schema import Schema
from appliedml.core.texts import Texts
from appliedml.sources.image_folder import ImageFolder

OVERLAP = "test rows that are also training rows"
GROUPS = "test rows whose group is also in training"
TIME = TIME_ORDER
REPEATED = "test rows whose features occur in training"
LABELLED = "test rows whose features and label occur in training"
VALIDATION = "validation rows that a stage was fitted on"
FITTED = "test rows that a stage was fitted on"
LEDGER = "stages whose row counts do not add up"
TWINS = "test pictures that are in training under another group"
SPELLED = "test rows whose group is in training in another spelling"


def make_fold(samples, train_rows, test_rows):
    numbers = samples.replace(X=samples.X[["speed"]])
    train, test = numbers.take(np.asarray(train_rows)), numbers.take(np.asarray(test_rows))
    pipeline = Pipeline([StandardScaler(), LogisticRegression()], validation=0.2, random_state=0).fit(train)
    probabilities = pipeline.predict_proba(test)
    ledger = pipeline.ledger_.assign(fold=0, n_test_rows_seen=0, n_validation_rows_seen=0)
    codes = pipeline.codes(probabilities)
    return Fold(0, 1, ("no", "yes"), train, test, pipeline, probabilities, codes, pipeline.threshold_, ledger, 0)


def found(fold):
    return row_checks(fold).set_index("check")


@pytest.fixture
def fold(claims):
    return make_fold(claims, np.arange(200), np.arange(200, 300))


def test_a_clean_fold_has_no_problem(fold):
    table = found(fold)

    assert table["verdict"].to_dict() == {
        OVERLAP: "ok", GROUPS: "not measured", TIME: "not measured", REPEATED: "ok", LABELLED: "ok", VALIDATION: "ok",
        FITTED: "ok", LEDGER: "ok",
    }  # fmt: skip
    assert table.loc[VALIDATION, "of"] == 40
    assert table.loc[FITTED, "of"] == 100


def test_a_row_on_both_sides_is_a_problem(claims):
    table = found(make_fold(claims, np.arange(200), np.arange(197, 300)))

    assert (table.loc[OVERLAP, "n"], table.loc[OVERLAP, "verdict"]) == (3, "problem")
    assert table.loc[FITTED, "verdict"] == "problem"


def test_a_group_on_both_sides_is_a_problem(grouped_claims):
    order = np.argsort(grouped_claims.group, kind="stable")
    straddling = found(make_fold(grouped_claims, order[::2], order[1::2]))
    cut = int(np.searchsorted(grouped_claims.group[order], 60))
    whole = found(make_fold(grouped_claims, order[:cut], order[cut:]))

    assert straddling.loc[GROUPS, "verdict"] == "problem"
    assert (whole.loc[GROUPS, "n"], whole.loc[GROUPS, "verdict"]) == (0, "ok")


def test_a_group_that_returns_later_in_time_is_a_warning(grouped_claims):
    order = np.argsort(grouped_claims.time.to_numpy(), kind="stable")
    days = grouped_claims.time.to_numpy()[order]
    cut = int(np.searchsorted(days, days[200]))

    table = found(make_fold(grouped_claims, order[:cut], order[cut:]))

    assert (table.loc[TIME, "n"], table.loc[TIME, "verdict"]) == (0, "ok")
    assert table.loc[GROUPS, "verdict"] == "warning"


def test_training_rows_that_are_not_earlier_are_a_warning(grouped_claims):
    table = found(make_fold(grouped_claims, np.arange(200), np.arange(200, 300)))

    assert table.loc[TIME, "verdict"] == "warning"
    assert table.loc[TIME, "share"] > 0.9


def test_repeated_features_are_counted_with_and_without_the_label(claims):
    X, y = claims.X.copy(), claims.y.copy()
    X.loc[200:201, "speed"] = X.loc[0, "speed"]
    y[[0, 200, 201]] = [1, 1, 0]

    table = found(make_fold(claims.replace(X=X, y=y), np.arange(200), np.arange(200, 300)))

    assert (table.loc[REPEATED, "n"], table.loc[LABELLED, "n"]) == (2, 1)
    assert table.loc[REPEATED, "verdict"] == "warning"


def test_a_stage_fitted_on_validation_rows_is_a_problem(fold):
    fold.pipeline.fitted_row_ids_["standard_scaler"] = fold.train.row_id

    assert found(fold).loc[VALIDATION, "n"] == 40


def test_a_ledger_that_does_not_add_up_names_the_stage(fold):
    wrong = fold.ledger.copy()
    wrong.loc[1, "rows_in"] = 200

    row = found(replace(fold, ledger=wrong)).loc[LEDGER]

    assert row["verdict"] == "problem"
    assert row["text"] == "Concerned: logistic_regression."


def test_what_the_pipeline_does_not_say_is_not_measured(fold):
    table = found(replace(fold, pipeline=LogisticRegression(), ledger=fold.ledger.drop(columns="rows_in")))

    assert table.loc[[VALIDATION, FITTED, LEDGER], "verdict"].unique().tolist() == ["not measured"]


def test_texts_and_images_are_compared_by_content_and_texts_also_nearly():
    text = "we have bought this tea for many years now and it has never let us down"
    texts = Samples(
        Texts([text, "something else that was written", "and one more of them", text + "!!", text, "new"]), [0, 1] * 3
    )
    images = Samples(Images.of(np.arange(6)[:, None, None] % 3 * np.ones((1, 2, 2))), [0, 1] * 3)

    def checks(samples):
        train, test = samples.take(np.arange(3)), samples.take(np.arange(3, 6))
        fold = Fold(0, 1, ("a", "b"), train, test, None, np.zeros((3, 2)), np.zeros(3), 0.5, pd.DataFrame(), 0)
        return row_checks(fold).set_index("check")

    of_texts, of_images = checks(texts), checks(images)

    assert of_texts.loc["test rows whose features occur in training", "n"] == 1
    assert of_texts.loc["test rows whose features and label occur in training", "n"] == 1
    assert of_texts.loc["test texts that nearly repeat a training text", ["n", "of", "verdict"]].tolist() == [
        2,
        3,
        "warning",
    ]
    assert of_images.loc["test rows whose features occur in training", "n"] == 3
    assert of_images.loc["test rows whose features and label occur in training", "n"] == 0
    assert "test texts that nearly repeat a training text" not in of_images.index


def test_rows_without_a_group_are_counted_and_are_no_group_together(grouped_claims):
    group = np.arange(300).astype(object)
    group[[5, 210, 220]] = None
    its = grouped_claims
    claims = type(its)(its.X, its.y, its.meta.assign(group=group), its.schema)
    table = found(make_fold(claims, np.arange(200), np.arange(200, 300)))

    assert (table.loc["rows without a group", "n"], table.loc["rows without a group", "verdict"]) == (3, "warning")
    assert table.loc[GROUPS, "verdict"] == "ok"


def bare_fold(samples, n_train):
    """A fold of rows around no pipeline: the first rows are for training."""
    train, test = samples[:n_train], samples[n_train:]
    n = len(test)
    return Fold(0, 1, ("a", "b"), train, test, None, np.zeros((n, 2)), np.zeros(n), 0.5, pd.DataFrame(), 0)


@pytest.fixture
def twins(tmp_path):
    """Ten films of ten patients: the last two have the pixels of the first two, saved again with other texts."""
    pixels = np.random.default_rng(0).integers(0, 255, (10, 12, 12), dtype=np.uint8)
    pixels[8:] = pixels[:2]
    for row, picture in enumerate(pixels):
        text = PngImagePlugin.PngInfo()
        text.add_text("exported", f"study {row}")
        Image.fromarray(picture).save(tmp_path / f"{row}.png", pnginfo=text)
    table = pd.DataFrame({"image": [f"{row}.png" for row in range(10)], "patient": [f"p{row}" for row in range(10)]})
    table["film"], table["ill"] = [f"film{row}" for row in range(10)], np.arange(10) % 2
    table.to_csv(tmp_path / "metadata.csv", index=False)
    return ImageFolder(str(tmp_path)).read(Schema("ill", group="patient", row_id="film"))


def test_the_same_pixels_in_other_files_of_other_patients_are_named(twins):
    table = found(bare_fold(twins, 5))

    assert len(set(twins.X.digests())) == 10
    assert (table.loc[TWINS, "n"], table.loc[TWINS, "of"], table.loc[TWINS, "verdict"]) == (2, 5, "warning")
    assert table.loc[TWINS, "text"].startswith(
        "Row film8 (test) is film0 (training); row film9 (test) is film1 (training). Either one patient"
    )
    assert table.loc[REPEATED, "n"] == 2
    assert table.loc[GROUPS, "verdict"] == "ok"
    assert BY_FILE not in table.index


def test_a_picture_that_one_patient_has_twice_is_left_to_the_check_of_groups(twins):
    one = Samples(twins.X, twins.y, twins.meta.assign(group=np.arange(10) % 8), twins.schema)

    table = found(bare_fold(one, 5))

    assert (table.loc[TWINS, "n"], table.loc[TWINS, "verdict"]) == (0, "ok")
    assert (table.loc[GROUPS, "n"], table.loc[GROUPS, "verdict"]) == (2, "problem")


def test_a_picture_of_two_rows_without_a_group_is_named(twins):
    meta = twins.meta.assign(group=np.array(["a", None, *"cdefghi", None], dtype=object))

    row = found(bare_fold(Samples(twins.X, twins.y, meta, twins.schema), 5)).loc[TWINS]

    assert row["n"] == 2


def test_no_more_than_three_pictures_are_named():
    pixels = Images.of(np.arange(12)[:, None, None] % 6 * np.ones((1, 2, 2)))
    meta = pd.DataFrame({"row_id": np.arange(12), "origin": "observed", "group": np.arange(12)})

    row = found(bare_fold(Samples(pixels, np.arange(12) % 2, meta, Schema("y", group="g")), 6)).loc[TWINS]

    assert row["n"] == 6
    assert row["text"].startswith("Row 6 (test) is 0 (training); row 7 (test) is 1 (training); row 8 (test) is 2 ")
    assert "; and 3 more. " in row["text"]


def test_too_many_pictures_are_compared_by_their_files_and_that_is_said(twins, monkeypatch):
    monkeypatch.setattr("appliedml.core.images.COMPARE_PIXELS", 9)

    table = found(bare_fold(twins, 5))

    assert table.loc[BY_FILE, "verdict"] == "not measured"
    assert table.loc[TWINS, "n"] == 0


def test_groups_in_another_spelling_are_a_warning_where_they_straddle(grouped_claims):
    group = np.array([f"p{row}" for row in range(300)], dtype=object)
    group[[200, 201, 202, 203, 204]] = ["P1", " p1", "p2 ", "p3", None]
    its = grouped_claims
    claims = Samples(its.X, its.y, its.meta.assign(group=group), its.schema)

    straddling = found(make_fold(claims, np.arange(200), np.arange(200, 300)))
    apart = found(make_fold(claims, np.r_[0, 4:200], np.arange(205, 300)))

    assert (straddling.loc[SPELLED, "n"], straddling.loc[SPELLED, "verdict"]) == (3, "warning")
    assert straddling.loc[GROUPS, "n"] == 1
    assert f"in column {its.schema.group}" in straddling.loc[SPELLED, "text"]
    assert SPELLED not in apart.index
