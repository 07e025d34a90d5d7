from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

from appliedml.audits import _input_measures
from appliedml.audits.data_profile import DataProfile
from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Status
from appliedml.core.fold import Fold
from appliedml.core.images import Images
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.errors import ParameterError
from appliedml.store.run import read_artifact, write_artifact


def make_folds(samples, parts):
    """Folds around a classifier that learns nothing: the profile reads rows only."""
    folds = []
    for number, (train_rows, test_rows) in enumerate(parts):
        train, test = samples.take(np.asarray(train_rows)), samples.take(np.asarray(test_rows))
        pipeline = Pipeline([DummyClassifier(strategy="prior")]).fit(Samples(np.zeros((len(train), 1)), train.y))
        probabilities = pipeline.predict_proba(np.zeros((len(test), 1)))
        codes = pipeline.codes(probabilities)
        folds.append(
            Fold(
                number,
                len(parts),
                ("no", "yes"),
                train,
                test,
                pipeline,
                probabilities,
                codes,
                0.5,
                pd.DataFrame(),
                number,
            )
        )
    return folds


def two_folds(samples):
    rows = np.arange(len(samples))
    return make_folds(samples, [(rows[rows % 2 == 1], rows[rows % 2 == 0]), (rows[rows % 2 == 0], rows[rows % 2 == 1])])


def profile(folds, **parameters):
    audit = DataProfile(**parameters)
    return audit.conclude([audit.examine(fold) for fold in folds])


def test_every_row_is_counted_once_also_where_it_is_never_tested(claims):
    rows = np.arange(300)
    ordered = make_folds(claims, [(rows[:100], rows[100:200]), (rows[:200], rows[200:])])
    repeated = [*two_folds(claims), *two_folds(claims)]

    assert profile(ordered, shift=False).summary["n_rows"] == 300
    assert profile(repeated, shift=False).summary["n_rows"] == 300


def test_the_profile_of_the_pooled_rows_does_not_depend_on_the_folds(claims):
    rows = np.arange(300)
    other = make_folds(claims, [(rows[:200], rows[200:])])

    a, b = profile(two_folds(claims), shift=False, random_state=3), profile(other, shift=False, random_state=3)

    for name in ("columns", "categories", "missing", "groups", "characteristics", "proxies"):
        pd.testing.assert_frame_equal(a.tables[name], b.tables[name])


def test_the_same_seed_gives_the_same_tables_and_the_artifact_can_be_stored(claims, tmp_path):
    a, b = profile(two_folds(claims), random_state=1), profile(two_folds(claims), random_state=1)
    write_artifact(tmp_path / "a", a)

    back = read_artifact(tmp_path / "a")

    for name, table in a.tables.items():
        pd.testing.assert_frame_equal(table, b.tables[name])
        pd.testing.assert_frame_equal(table, back.tables[name], check_dtype=False)
    json.dumps(dict(a.summary))


def test_a_proxy_of_a_sensitive_feature_is_found(claims):
    table = claims.X.assign(height=np.where(claims.sensitive["sex"] == "m", 180.0, 165.0) + claims.X["speed"] * 5)

    artifact = profile(two_folds(claims.replace(X=table)), shift=False)

    assert artifact.status is Status.WARNING
    assert any(finding.title.startswith("sex can be guessed from the features") for finding in artifact.findings)


def test_a_later_shift_is_found_in_the_folds_where_it_is(claims):
    rows = np.arange(300)
    shifted = claims.replace(X=claims.X.assign(speed=claims.X["speed"] + 3 * (rows >= 200)))

    artifact = profile(make_folds(shifted, [(rows[:100], rows[100:200]), (rows[:200], rows[200:])]))

    speed = artifact.tables["shift"].query("column == 'speed'").set_index("fold")["psi"]
    assert speed[1] > 1 > speed[0]
    assert artifact.tables["shift_overall"].set_index("fold").loc[1, "low"] > 0.9
    assert "Test rows differ from training rows" in [finding.title for finding in artifact.findings]


@pytest.mark.parametrize("several", [True, False])
def test_a_shift_of_rows_that_belong_together_is_told_with_that(grouped_claims, several):
    rows = np.arange(300)
    shifted = grouped_claims.replace(X=grouped_claims.X.assign(speed=grouped_claims.X["speed"] + 3 * (rows >= 200)))
    if not several:
        meta = shifted.meta.assign(group=[f"c{row}" for row in rows])
        shifted = Samples(shifted.X, shifted.y, meta, shifted.schema)

    artifact = profile(make_folds(shifted, [(rows[:200], rows[200:])]))

    (found,) = [item for item in artifact.findings if item.title == "Test rows differ from training rows"]
    assert ("Several rows belong together (column customer)" in found.text) == several


def test_shift_is_not_compared_when_it_is_switched_off(claims):
    artifact = profile(two_folds(claims), shift=False)

    assert artifact.tables["shift"].empty
    assert not artifact.summary["shift_compared"]


def test_duplicates_are_counted_within_and_across(claims):
    table = claims.X.copy()
    table.iloc[1] = table.iloc[0]
    table.iloc[2] = table.iloc[0]

    duplicates = profile(two_folds(claims.replace(X=table)), shift=False).tables["duplicates"]

    assert duplicates["n_duplicates"].tolist() == [2, 2, 1]


def test_no_row_and_no_small_count_is_in_the_tables(claims):
    meta = claims.meta.copy()
    meta.loc[:2, "sensitive.sex"] = "very rare"
    samples = Samples(claims.X.assign(name=[f"Person {i}" for i in range(300)]), claims.y, meta, claims.schema)

    artifact = profile(two_folds(samples), shift=False)

    text = " ".join(table.to_csv() for table in artifact.tables.values())
    assert "Person 1" not in text
    rare = artifact.tables["groups"].query("level == 'very rare'").iloc[0]
    assert rare["rows"] == "<5"
    assert np.isnan(rare["share"])


def test_inputs_that_are_no_table_still_get_classes_and_groups(claims):
    images = Samples(np.zeros((300, 4, 4, 1)), claims.y, claims.meta, claims.schema)

    artifact = profile(two_folds(images))

    assert artifact.tables["columns"].empty
    assert len(artifact.tables["groups"]) == 5
    assert artifact.tables["duplicates"]["n_duplicates"].iloc[0] == 299


def test_groups_are_kept_apart_when_guessing(grouped_claims):
    """A feature that only names the customer tells the sex of known customers, but not of new ones."""
    customer = grouped_claims.group
    meta = grouped_claims.meta.assign(
        **{"sensitive.sex": np.where(np.random.default_rng(0).random(100)[customer] < 0.5, "f", "m")}
    )
    samples = Samples(
        pd.DataFrame({"customer_code": customer.astype(float)}), grouped_claims.y, meta, grouped_claims.schema
    )

    table = profile(two_folds(samples), shift=False).tables["proxies"].query("sensitive == 'sex'")

    assert table["auroc"].max() < 0.65


@pytest.mark.parametrize("parameters", [{"max_categories": 0}, {"shift": 1}, {"random_state": -1}])
def test_a_wrong_parameter_is_refused(claims, parameters):
    with pytest.raises(ParameterError, match="DataProfile"):
        profile(two_folds(claims), **parameters)


def text_samples(claims, texts):
    return Samples(Texts(texts), claims.y, claims.meta, claims.schema)


def test_texts_are_profiled_by_what_can_be_measured_of_them(claims, tmp_path):
    texts = [None if i == 7 else "so " * (4 + 6 * int(label) + i % 3) + "good!" for i, label in enumerate(claims.y)]

    artifact = profile(two_folds(text_samples(claims, texts)))

    measures = artifact.tables["measures"]
    words = measures[measures["measure"] == "words"].set_index(["by", "level"])
    assert words.loc[("class", "yes"), "median"] > words.loc[("class", "no"), "median"] + 5
    assert words.loc[("overall", "all"), "missing"] == "<5"
    assert {"test rows of fold 0", "test rows of fold 1"} == set(measures.loc[measures["by"] == "part", "level"])
    assert ("sex", "f") in words.index
    assert set(artifact.tables["characteristics"]["column"]) == set(measures["measure"])
    assert artifact.tables["columns"].empty
    assert artifact.tables["proxies"].empty
    assert set(artifact.tables["shift"]["column"]) == set(measures["measure"])
    assert artifact.tables["duplicates"]["n_duplicates"].iloc[0] > 200
    assert (artifact.summary["inputs"], artifact.summary["n_measured"]) == ("texts", 299)
    assert not any("so so" in table.to_csv() for table in artifact.tables.values())
    write_artifact(tmp_path / "a", artifact)
    pd.testing.assert_frame_equal(read_artifact(tmp_path / "a").tables["measures"], measures, check_dtype=False)


def test_images_are_profiled_by_brightness_and_size_and_compared_by_content(claims):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 60, (300, 6, 6)) + 100 * np.asarray(claims.y)[:, None, None]
    pixels[1] = pixels[0]

    artifact = profile(two_folds(Samples(Images.of(pixels), claims.y, claims.meta, claims.schema)))

    bright = artifact.tables["measures"].query("measure == 'brightness'").set_index(["by", "level"])["median"]
    assert bright["class", "yes"] > bright["class", "no"] + 90
    assert artifact.summary["picture_size"] == [6, 6, 1]
    assert artifact.tables["duplicates"]["n_duplicates"].tolist() == [1, 1, 1]


def test_darker_test_pictures_are_a_shift_also_where_only_a_sample_is_measured(claims, monkeypatch):
    monkeypatch.setattr(_input_measures, "MAX_IMAGES", 120)
    pixels = np.random.default_rng(0).integers(0, 60, (300, 6, 6)) + 90 * (np.arange(300) < 200)[:, None, None]
    rows = np.arange(300)
    samples = Samples(Images.of(pixels), claims.y, claims.meta, claims.schema)

    artifact = profile(make_folds(samples, [(rows[:200], rows[200:])]))

    brightness = artifact.tables["shift"].set_index("column").loc["brightness"]
    assert (brightness["n_train"], brightness["n_test"], brightness["ks"]) == (120, 100, 1)
    assert "Test rows can be told from training rows" in [finding.title for finding in artifact.findings]
