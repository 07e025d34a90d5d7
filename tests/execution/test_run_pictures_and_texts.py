"""Whole runs on pictures and on texts, small: every audit of theirs, and the report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import appliedml as aml
from appliedml.core.artifact import Status

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def picture_run(tmp_path_factory):
    plan = aml.Plan(
        name="films",
        data=aml.SimulateRadiographs(n_patients=60, size=32),
        pipeline=aml.Pipeline(
            [
                aml.KerasClassifier(
                    builder={"cnn": {"filters": [8], "augment": {"rotation": 5}}}, epochs=2, batch_size=32
                )
            ],
            validation=0.2,
            calibration="platt",
        ),
        split=aml.GroupKFold(folds=2),
        audits=[
            aml.DataProfile(),
            aml.Leakage(),
            aml.Performance(n_resamples=100),
            aml.Baselines(n_resamples=100),
            aml.Calibration(),
            aml.TrainingCurves(),
            aml.AugmentationExamples(),
            aml.Fairness(),
            aml.ExplainImages(max_images=4, grid=3, release_images=1, n_permutations=8),
            aml.ShortcutProbe(n_resamples=100),
            aml.ImageRobustness(perturbations=["noise", "fgsm"], max_rows=20, n_resamples=100),
        ],
    )
    return plan.run(out=tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="module")
def text_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    words = np.array(["tea", "box", "shop", "day", "cup", "came", "they", "with", "<b>", "muslim", "woman", "old"])
    labels = RNG.integers(0, 2, 160)
    texts = [" ".join([*RNG.choice(words, 9), "great" if label else "awful"]) for label in labels]
    table = pd.DataFrame({"text": texts, "product": RNG.integers(0, 50, 160), "label": np.where(labels, "good", "bad")})
    table.loc[3, "text"] = "<script>alert('x')</script> great"
    table.to_csv(folder / "reviews.csv", index=False)
    plan = aml.Plan(
        name="opinions",
        data=aml.TextTable(str(folder / "reviews.csv")),
        schema=aml.Schema("label", group="product", positive="good"),
        clean=[aml.DropEmptyTexts(), aml.CleanText(html="keep"), aml.GroupNearDuplicates()],
        pipeline=aml.Pipeline(
            [aml.KerasClassifier(builder={"text_cnn": {"embedding_width": 8, "filters": 8}}, epochs=4, batch_size=16)],
            validation=0.2,
        ),
        split=aml.GroupKFold(folds=2),
        audits=[
            aml.DataProfile(),
            aml.Leakage(),
            aml.Performance(n_resamples=100),
            aml.Baselines(n_resamples=100),
            aml.IdentitySwaps(),
            aml.ExplainTexts(max_texts=8, release_texts=4, min_word_texts=2),
            aml.TextRobustness(max_rows=20),
        ],
    )
    return plan.run(out=folder / "out")


def test_every_audit_of_pictures_says_something(picture_run):
    states = {kind: picture_run[kind].status for kind in picture_run.kinds}
    assert {kind for kind, status in states.items() if status in (Status.NOT_APPLICABLE, Status.SKIPPED)} == set()
    assert len(picture_run.predictions) == picture_run.info["data"]["n_rows_used"]


def test_the_report_of_pictures_shows_its_sections_and_pictures(picture_run):
    page = aml.write_report(picture_run).read_text(encoding="utf-8")
    assert "data:image/png;base64," in page
    for title in ("Shortcuts", "Robustness", "Augmentation"):
        assert f"{title}</h2>" in page or f">{title}<" in page


def test_every_audit_of_texts_says_something(text_run):
    states = {kind: text_run[kind].status for kind in text_run.kinds}
    assert {kind for kind, status in states.items() if status in (Status.NOT_APPLICABLE, Status.SKIPPED)} == set()


def test_the_report_of_texts_shows_markup_as_text(text_run):
    page = aml.write_report(text_run).read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "Word explanations" in page
    assert "<mark class=" in page


def test_a_sampler_of_distances_is_refused_with_what_to_do_instead():
    from appliedml.errors import StageError

    films = aml.SimulateRadiographs(n_patients=30, size=32).read(None, None)
    pipeline = aml.Pipeline([aml.Smote(), aml.KerasClassifier(builder="cnn", epochs=1)], random_state=0)
    with pytest.raises(StageError, match="Put image_features before it"):
        pipeline.fit(films)


def test_pictures_are_oversampled_by_position():
    films = aml.SimulateRadiographs(n_patients=30, size=32).read(None, None)
    pipeline = aml.Pipeline(
        [aml.RandomOver(), aml.KerasClassifier(builder={"cnn": {"filters": [4]}}, epochs=1)], random_state=0
    ).fit(films)
    counts = np.bincount(np.asarray(films.y).astype(int))
    assert pipeline.ledger_.loc[0, "rows_out"] == 2 * counts.max()


class Kept:
    """An engine that keeps what the folds left behind."""

    def map(self, run_one, shared, jobs):
        self.results = [run_one(shared, job) for job in jobs]
        return iter(self.results)


def tiny_medmnist(folder):
    arrays = {}
    for part, n in (("train", 60), ("val", 12), ("test", 24)):
        labels = np.arange(n) % 2
        pictures = RNG.integers(0, 90, (n, 28, 28)).astype(np.uint8)
        pictures[labels == 1, 8:20, 8:20] += 90
        arrays |= {f"{part}_images": pictures, f"{part}_labels": labels[:, None].astype(np.uint8)}
    np.savez(folder / "tinymnist.npz", **arrays)
    return aml.Medmnist(str(folder / "tinymnist.npz"), classes=["normal", "finding"])


@pytest.mark.parametrize("tested", ["test", "val"])
def test_the_validation_rows_of_a_medmnist_file_are_exactly_its_own(tmp_path, tested):
    """The share of the plan has no part in it; rows are drawn only where the file's own are tested."""
    plan = aml.Plan(
        name="own_rows",
        data=tiny_medmnist(tmp_path),
        split=aml.Predefined(test=tested),
        pipeline=aml.Pipeline(
            [aml.FlattenImages(size=4), aml.RandomOver(), LogisticRegression()],
            validation=0.25,
            calibration="platt",
            threshold="f1",
        ),
    )
    engine = Kept()
    run = plan.run(out=tmp_path / "out", engine=engine)
    (result,) = engine.results
    held = {str(name).split("/")[0] for name in result.validation_row_ids}
    page = aml.write_report(run).read_text(encoding="utf-8")

    assert held == ({"val"} if tested == "test" else {"train"})
    assert len(result.validation_row_ids) == (12 if tested == "test" else 16)
    assert (result.ledger["n_fitted"] == (60 if tested == "test" else 44)).all()
    assert (result.ledger[["n_test_rows_seen", "n_validation_rows_seen"]] == 0).all(axis=None)
    assert ("Validation rows are those that the data mark for it" in page) == (tested == "test")


def test_a_medmnist_file_runs_with_its_own_split(tmp_path):
    plan = aml.Plan(
        name="own_split",
        data=tiny_medmnist(tmp_path),
        split=aml.Predefined(),
        pipeline=aml.Pipeline(
            [aml.KerasClassifier(builder={"cnn": {"filters": [8], "batch_norm": False}}, epochs=15, learning_rate=0.01)]
        ),
        audits=[aml.Performance(n_resamples=100)],
    )
    run = plan.run(out=tmp_path / "out")
    assert len(run.predictions) == 24
    fold = run.info["folds"][0]
    assert (fold["n_train"], fold["n_validation"]) == (60, 12)
    assert run.score("roc_auc")[0] > 0.9


def test_an_archive_in_keras_form_takes_the_place_of_the_digits(tmp_path):
    labels = np.arange(60) % 3
    pictures = (labels[:, None, None] * 80 + RNG.integers(0, 30, (60, 12, 12))).astype(np.uint8)
    np.savez(
        tmp_path / "mnist.npz", x_train=pictures[:40], y_train=labels[:40], x_test=pictures[40:], y_test=labels[40:]
    )
    plan = aml.Plan(
        name="digits",
        data=aml.Digits(),
        split=aml.KFold(folds=2),
        pipeline=aml.Pipeline([aml.KerasClassifier(builder={"cnn": {"filters": [4]}}, epochs=1)]),
        audits=[aml.Performance(n_resamples=100), aml.Baselines(models=["majority"], n_resamples=100)],
    ).with_data(tmp_path / "mnist.npz")
    assert len(plan.run(out=tmp_path / "out").predictions) == 20  # the file's own test pictures
