"""A tiny file in MedMNIST's format, from reading to its own split."""

import numpy as np
import pytest

from appliedml.core.schema import Schema
from appliedml.errors import DataError
from appliedml.sources.medmnist import Medmnist
from appliedml.splits.predefined import Predefined


def write(folder, compressed=True, **changes):
    """Pictures whose grey is their label times 100, as MedMNIST saves them: labels in a column, parts by name."""
    content = {}
    for part, n in (("train", 20), ("val", 6), ("test", 8)):
        labels = (np.arange(n) % 2).astype(np.uint8)
        content[f"{part}_images"] = np.repeat(labels * 100, 28 * 28).reshape(n, 28, 28)
        content[f"{part}_labels"] = labels[:, None]
    (np.savez_compressed if compressed else np.savez)(folder / "tinymnist.npz", **{**content, **changes})
    return folder / "tinymnist.npz"


@pytest.mark.parametrize("compressed", [False, True])
def test_a_tiny_file_is_read_and_split_as_its_authors_did(tmp_path, compressed):
    samples = Medmnist(str(write(tmp_path, compressed)), classes=["normal", "pneumonia"]).read()

    assert samples.X.shape == (34, 28, 28, 1)
    assert samples.schema == Schema("label", positive="pneumonia")
    np.testing.assert_array_equal(samples.X.pixels()[:, 0, 0, 0] == 100, samples.y == "pneumonia")
    ((train, test),) = Predefined().split(samples)
    assert set(samples.meta["split"].iloc[test]) == {"test"}
    assert set(samples.meta["split"].iloc[train]) == {"train", "val"}
    assert (len(train), len(test)) == (26, 8)
    assert set(samples.meta["split"].iloc[Predefined().validation_rows(samples)]) == {"val"}


def test_what_was_loaded_is_in_the_report(tmp_path):
    assert Medmnist(str(write(tmp_path, False))).read().read_report["notes"] == []
    report = Medmnist(str(write(tmp_path, True))).read().read_report
    assert report["notes"][0] == "train_images is compressed: its 20 pictures were loaded into memory."
    assert report["n_read"] == 34


def test_colour_is_kept(tmp_path):
    colour = {
        f"{part}_images": np.full((n, 28, 28, 3), 9, np.uint8) for part, n in (("train", 20), ("val", 6), ("test", 8))
    }

    assert Medmnist(str(write(tmp_path, **colour))).read().X.shape == (34, 28, 28, 3)


def test_several_labels_a_picture_are_refused(tmp_path):
    path = write(tmp_path, train_labels=np.zeros((20, 14), dtype=np.uint8))

    with pytest.raises(DataError, match=r"train_labels has 14 labels a picture.*multi-label"):
        Medmnist(str(path)).read()


def test_another_file_is_told_what_is_missing(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=np.zeros((2, 4, 4), np.uint8), y_train=[0, 1])

    with pytest.raises(
        DataError, match=r"lacks the arrays train_images, .* It holds x_train, y_train.*keras_npz reads"
    ):
        Medmnist(str(tmp_path / "a.npz")).read()
