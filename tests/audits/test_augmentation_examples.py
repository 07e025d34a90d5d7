import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

from appliedml.audits.augmentation_examples import AugmentationExamples
from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Status
from appliedml.core.fold import Fold
from appliedml.core.images import Images
from appliedml.core.samples import Samples
from appliedml.models.keras_classifier import KerasClassifier
from appliedml.store.run import read_artifact, write_artifact

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (24, 20, 16, 3)).astype(np.uint8)
Y = np.arange(24) % 2
AUGMENT = {"flip_left_right": True, "rotation": 10, "brightness": 0.3, "cutout": 0.4, "fill": "nearest"}


def fold_with(model, X=None):
    samples = Samples(Images.of(PIXELS) if X is None else X, Y)
    pipeline = Pipeline([model], random_state=1).fit(samples)
    p = pipeline.predict_proba(samples)
    return Fold(
        number=0, n_folds=2, classes=("a", "b"), train=samples, test=samples, pipeline=pipeline, probabilities=p,
        predictions=p.argmax(axis=1), threshold=0.5, ledger=pd.DataFrame(), seed=7,
    )  # fmt: skip


@pytest.fixture(scope="module")
def fold():
    builder = {"cnn": {"filters": [2], "augment": AUGMENT, "mixup": 0.3}}
    return fold_with(KerasClassifier(builder=builder, epochs=1))


def made(fold, **parameters):
    audit = AugmentationExamples(**parameters)
    return audit.conclude([audit.examine(fold), audit.examine(dataclasses.replace(fold, number=1))])


def test_each_augmentation_is_shown_alone_and_together(fold):
    artifact = made(fold, n_examples=3)

    counts = artifact.tables["pictures"].groupby("augmentation", sort=False).size().to_dict()
    assert counts == {
        "original": 1, "flip_left_right": 3, "rotation": 3, "brightness": 3, "cutout": 3, "all": 3, "mixup": 3,
    }  # fmt: skip
    assert artifact.summary["settings"] == {
        "flip_left_right": 1.0, "rotation": 10.0, "brightness": 0.3, "cutout": 0.4, "mixup": 0.3,
    }  # fmt: skip
    assert artifact.summary["fill"] == "nearest"
    assert artifact.arrays["pictures"].shape == (19, 20, 16, 3)
    assert [finding.title for finding in artifact.findings] == ["Left and right are exchanged in training"]


def test_alone_means_that_nothing_else_is_changed(fold):
    artifact = made(fold, n_examples=8)
    table, pictures = artifact.tables["pictures"], artifact.arrays["pictures"].astype(int)
    card = pictures[0]

    flips = pictures[table.index[table["augmentation"] == "flip_left_right"]]
    brighter = pictures[table.index[table["augmentation"] == "brightness"]]

    assert all((one == card).all() or (one == card[:, ::-1]).all() for one in flips)
    inside = (brighter > 0) & (brighter < 255)
    moved = np.where(inside, brighter - card, np.nan)
    assert (np.nanmax(moved, axis=(1, 2, 3)) - np.nanmin(moved, axis=(1, 2, 3)) <= 1).all()


def test_no_training_picture_is_shown_unless_it_is_released(fold):
    hidden, released = made(fold), made(fold, release_images=True, n_images=3)

    own = {picture.tobytes() for picture in PIXELS}
    assert not any(picture.tobytes() in own for picture in hidden.arrays["pictures"])
    assert hidden.summary["notes"] == []
    assert all(picture.tobytes() in own for picture in released.arrays["pictures"][:3])
    assert released.summary["n_pictures"] == 3
    assert "personal data" in released.summary["notes"][0]


def test_the_test_card_tells_left_from_right_and_up_from_down(fold):
    card = made(fold).arrays["pictures"][0].astype(int)

    assert (card != card[:, ::-1]).any()
    assert (card != card[::-1]).any()
    assert card[3, 3].tolist() == [255, 255, 255]


def test_the_same_seed_gives_the_same_pictures_and_they_survive_the_disk(fold, tmp_path):
    one, two, other = made(fold), made(fold), made(fold, random_state=3)

    write_artifact(tmp_path / "examples", one)
    again = read_artifact(tmp_path / "examples")
    assert (one.arrays["pictures"] == two.arrays["pictures"]).all()
    assert (one.arrays["pictures"] == again.arrays["pictures"]).all()
    assert (one.arrays["pictures"] != other.arrays["pictures"]).any()


def test_large_pictures_are_shrunk(fold):
    large = Samples(Images.of(np.zeros((24, 300, 200, 3), dtype=np.uint8)), Y)

    artifact = made(dataclasses.replace(fold, train=large))

    assert artifact.arrays["pictures"].shape[1:] == (128, 85, 3)


def test_where_nothing_is_augmented_the_reason_is_said(fold):
    plain = fold_with(DummyClassifier(), X=Images.of(PIXELS))
    table = dataclasses.replace(fold, train=Samples(pd.DataFrame({"a": np.arange(24.0)}), Y))

    assert made(plain).status is Status.NOT_APPLICABLE
    assert made(plain).reason == "no augmentation is switched on in the model"
    assert made(table).reason == "the inputs are not pictures"
