from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OrdinalEncoder

from appliedml.audits.leakage import Leakage, _share
from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.images import Images
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.errors import ParameterError
from appliedml.store.run import read_artifact, write_artifact


def make_folds(samples, parts=None):
    rows = np.arange(len(samples))
    parts = parts or [(rows[rows % 2 == side], rows[rows % 2 != side]) for side in (0, 1)]
    folds = []
    for number, (train_rows, test_rows) in enumerate(parts):
        train, test = samples.take(train_rows), samples.take(test_rows)
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)
        pipeline = Pipeline([encoder, LogisticRegression()], validation=0.2, random_state=0).fit(train)
        probabilities = pipeline.predict_proba(test)
        ledger = pipeline.ledger_.assign(fold=number, n_test_rows_seen=0, n_validation_rows_seen=0)
        codes = pipeline.codes(probabilities)
        folds.append(Fold(number, 2, ("no", "yes"), train, test, pipeline, probabilities, codes, 0.5, ledger, number))
    return folds


def conclude(folds, **parameters):
    audit = Leakage(**parameters)
    return audit.conclude([audit.examine(fold) for fold in folds])


def test_clean_folds_pass_and_the_ledger_shows_no_seconds(claims, tmp_path):
    artifact = conclude(make_folds(claims))

    assert artifact.status is Status.OK
    assert artifact.findings == ()
    assert "seconds" not in artifact.tables["ledger"]
    write_artifact(tmp_path / "a", artifact)
    assert read_artifact(tmp_path / "a").summary["n_problems"] == 0


def test_the_target_among_the_features_is_a_problem(claims):
    artifact = conclude(make_folds(claims.replace(X=claims.X.assign(settled=claims.y * 100.0))))

    assert artifact.status is Status.PROBLEM
    assert artifact.findings[0].title == "A target inside the features: settled"
    assert artifact.tables["features"].loc[0, "column"] == "settled"


def test_a_feature_above_the_given_bound_is_suspicious(claims):
    noisy = np.where(np.random.default_rng(0).random(300) < 0.08, 1 - claims.y, claims.y)
    folds = make_folds(claims.replace(X=claims.X.assign(hint=noisy)))

    assert "hint is suspiciously good" in [f.title for f in conclude(folds, suspicious_auc=0.85).findings]
    assert not any("suspiciously" in f.title for f in conclude(folds).findings)


def test_an_identifier_among_the_features_is_a_warning(claims):
    artifact = conclude(make_folds(claims.replace(X=claims.X.assign(policy=claims.row_id))))

    assert artifact.status is Status.WARNING
    assert [finding.title for finding in artifact.findings] == ["policy looks like an identifier"]
    assert artifact.findings[0].text.endswith("The pipeline does not drop it.")
    assert artifact.tables["dropped"].empty


def drops(fold, *columns):
    fold.pipeline.feature_sources_ = {f"{name}_": name for name in fold.train.X.columns if name not in columns}
    return fold


def test_an_identifier_that_the_pipeline_drops_is_information(claims, tmp_path):
    folds = [drops(fold, "policy") for fold in make_folds(claims.replace(X=claims.X.assign(policy=claims.row_id)))]

    artifact = conclude(folds)

    assert artifact.status is Status.OK
    (finding,) = artifact.findings
    assert finding.severity is Severity.INFO
    assert finding.title == "Identifier-like column policy is dropped by the pipeline before the model"
    write_artifact(tmp_path / "a", artifact)
    assert read_artifact(tmp_path / "a").tables["dropped"].to_numpy().tolist() == [["policy", "0, 1", True]]


def test_an_identifier_dropped_in_one_fold_only_stays_a_warning(claims):
    one, two = make_folds(claims.replace(X=claims.X.assign(policy=claims.row_id)))

    artifact = conclude([drops(one, "policy"), two])

    (finding,) = artifact.findings
    assert finding.severity is Severity.WARNING
    assert finding.text.endswith("The pipeline drops it in some folds only.")


def test_a_copy_of_the_target_that_the_pipeline_drops_is_information(claims):
    made = make_folds(claims.replace(X=claims.X.assign(settled=claims.y * 100.0)))

    artifact = conclude([drops(fold, "settled") for fold in made])

    assert {finding.severity for finding in artifact.findings} == {Severity.INFO}
    assert "settled knows too much and is dropped" in artifact.findings[0].title


def test_rows_with_a_time_that_are_not_split_by_it_are_a_warning_with_the_share(claims):
    timed = Samples(claims.X, claims.y, claims.meta.assign(time=pd.date_range("2024-01-01", periods=300)))
    rows = np.arange(300)

    mixed, ordered = conclude(make_folds(timed)), conclude(make_folds(timed, [(rows[:150], rows[150:])]))

    (finding,) = mixed.findings
    assert finding.severity is Severity.WARNING
    assert finding.title == "Not tested on later rows"
    assert finding.text.startswith("150 of 150 training rows (100%) are not earlier than the first test row in fold 1")
    assert ordered.findings == ()


@pytest.mark.parametrize(
    ("n", "of", "text"),
    [(16_001, 16_002, "all but 1"), (1, 16_002, "under 1%"), (150, 150, "100%"), (0, 9, "0%"), (3, 4, "75%")],
)
def test_a_share_of_rows_is_rounded_neither_to_all_nor_to_none(n, of, text):
    assert _share(n, of) == text


def test_shared_rows_are_a_problem_that_names_the_folds(claims):
    rows = np.arange(300)

    artifact = conclude(make_folds(claims, [(rows[:150], rows[150:]), (rows[100:], rows[:110])]))

    (overlap,) = [f for f in artifact.findings if f.title == "Test rows that are also training rows"]
    assert overlap.severity is Severity.PROBLEM
    assert overlap.text.startswith("10 of 110 in fold 1; folds concerned: 1.")


def test_inputs_that_are_no_table_get_the_row_checks_only(claims):
    rows = np.arange(300)
    (fold,) = make_folds(claims, [(rows[:150], rows[150:])])
    images = [
        part.replace(X=np.random.default_rng(i).random((150, 2, 2))) for i, part in enumerate((fold.train, fold.test))
    ]

    artifact = conclude([replace(fold, train=images[0], test=images[1])])

    assert artifact.tables["features"].empty
    assert len(artifact.tables["checks"]) == 8
    assert artifact.status is Status.OK


@pytest.mark.parametrize("value", [0.5, 1.2, "high"])
def test_a_wrong_bound_is_refused(claims, value):
    with pytest.raises(ParameterError, match="suspicious_auc"):
        Leakage(suspicious_auc=value).examine(make_folds(claims)[0])


def input_folds(X, y):
    """Folds of texts or images around a classifier that reads none of them."""
    samples = Samples(X, np.asarray(y).astype(int))
    rows, folds = np.arange(len(y)), []
    for number in (0, 1):
        train, test = samples.take(rows[rows % 2 == number]), samples.take(rows[rows % 2 != number])
        pipeline = Pipeline([DummyClassifier()], validation=0.2, random_state=0)
        pipeline.fit(train.replace(X=np.zeros((len(train), 1))))
        probabilities = pipeline.predict_proba(np.zeros((len(test), 1)))
        ledger = pipeline.ledger_.assign(fold=number, n_test_rows_seen=0, n_validation_rows_seen=0)
        folds.append(
            Fold(
                number, 2, ("no", "yes"), train, test, pipeline, probabilities, np.zeros(len(test)), 0.5, ledger, number
            )
        )
    return folds


LABELS = np.random.default_rng(0).random(600) < 0.25


def test_texts_without_traces_pass():
    rng = np.random.default_rng(1)
    texts = [" ".join(f"w{number}" for number in rng.integers(500, size=rng.integers(8, 20))) for _ in LABELS]

    artifact = conclude(input_folds(Texts(texts), LABELS))

    assert artifact.status is Status.OK
    assert artifact.findings == ()
    assert set(artifact.tables["features"]["column"]) >= {"words", "characters"}
    assert len(artifact.tables["checks"]) == 2 * 9
    assert artifact.summary["inputs"] == "texts"


def test_copied_texts_and_a_word_that_comes_with_the_label_are_warnings():
    rng = np.random.default_rng(1)
    texts = [
        " ".join(f"w{number:03}" for number in rng.integers(500, size=12)) + (" [fail]" if label else " [pass]")
        for label in LABELS
    ]
    for row in range(0, 80, 8):
        if LABELS[row] == LABELS[row + 1]:
            texts[row + 1] = texts[row].upper().replace("[", "<")

    artifact = conclude(input_folds(Texts(texts), LABELS))

    titles = [finding.title for finding in artifact.findings]
    assert titles == ["Test texts that nearly repeat a training text", "The word 'fail' decides the outcome"]
    assert artifact.status is Status.WARNING


def test_pictures_whose_brightness_tells_the_class_are_a_warning_not_a_target_among_the_features():
    pixels = np.random.default_rng(0).integers(0, 50, (600, 4, 4)) + 100 * LABELS[:, None, None]

    artifact = conclude(input_folds(Images.of(pixels), LABELS))

    bright = next(finding for finding in artifact.findings if "brightness" in finding.title)
    assert bright.title == "The class of images can nearly be told by brightness alone"
    assert bright.severity is Severity.WARNING
    assert artifact.status is Status.WARNING


def test_the_same_picture_on_both_sides_is_found_by_its_content():
    pixels = np.random.default_rng(0).integers(0, 255, (600, 4, 4))
    pixels[1] = pixels[0]

    checks = conclude(input_folds(Images.of(pixels), LABELS)).tables["checks"]

    assert checks.loc[checks["check"] == "test rows whose features occur in training", "n"].tolist() == [1, 1]


def test_one_picture_under_two_patients_ends_no_leakage_found(make_films):
    films = make_films(n_rows=300)
    pixels = films.X.pixels()
    pixels[299] = pixels[0]
    rows, folds = np.arange(300), []
    samples = films.replace(X=Images.of(pixels))
    for train, test in ((rows[:150], rows[150:]), (rows[150:], rows[:150])):
        parts = samples.take(train), samples.take(test)
        p, codes = np.full((150, 2), 0.5), np.zeros(150)
        folds.append(Fold(len(folds), 2, ("no", "yes"), *parts, None, p, codes, 0.5, pd.DataFrame(), 0))

    artifact = conclude(folds)

    twin = next(item for item in artifact.findings if "under another group" in item.title)
    assert twin.title == "Test pictures that are in training under another group"
    assert twin.text.startswith("1 of 150 in fold 0; folds concerned: 0, 1. Row film299 (test) is film0 (training).")
    assert (twin.severity, artifact.status) == (Severity.WARNING, Status.WARNING)


def test_pictures_that_were_compared_by_their_files_only_are_told_in_one_finding(make_films, monkeypatch):
    monkeypatch.setattr("appliedml.core.images.COMPARE_PIXELS", 100)
    films = make_films(n_rows=600)
    # Drawn one at a time, as pictures in files are: the digests of such a decoder are not those of pixels.
    monkeypatch.setattr("appliedml.core.images.ArrayDecoder.digests_pixels", False)

    findings = conclude(input_folds(films.X, LABELS)).findings

    told = [item for item in findings if item.title == "Pictures compared by their files, not by their pixels"]
    assert [item.severity for item in told] == [Severity.INFO]
    assert told[0].text.startswith("There are more than 20,000 pictures")
