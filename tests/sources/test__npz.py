"""Arrays of pictures in a .npz file, read one at a time where the file allows it."""

import pickle
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from appliedml.core.images import Decoder, Images
from appliedml.errors import DataError
from appliedml.sources import _npz
from appliedml.sources._npz import NpzDecoder, Part, known_parts, members, read_parts

PARTS = (Part("train", "x_train", "y_train"), Part("val", "x_val", "y_val"), Part("test", "x_test", "y_test"))


def arrays(n=6, shape=(5, 4), seed=0, **changes):
    rng = np.random.default_rng(seed)
    found = {}
    for part, count in (("train", n), ("test", 3)):
        found[f"x_{part}"] = rng.integers(0, 256, (count, *shape), dtype=np.uint8)
        found[f"y_{part}"] = np.arange(count) % 2
    return {**found, **changes}


@pytest.fixture
def write(tmp_path):
    """Save arrays and return the path."""

    def save(compressed=False, **content):
        (np.savez_compressed if compressed else np.savez)(tmp_path / "a.npz", **content)
        return tmp_path / "a.npz"

    return save


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 3), (5, 4, 1)])
def test_pictures_come_back_as_they_were_saved(write, compressed, shape):
    content = arrays(shape=shape)

    images, table, notes = read_parts("T", write(compressed, **content), PARTS, None)

    both = np.concatenate([content["x_train"], content["x_test"]]).reshape(9, 5, 4, -1)
    np.testing.assert_array_equal(images.pixels(), both)
    assert table["label"].tolist() == [0, 1, 0, 1, 0, 1, 0, 1, 0]
    assert table["split"].tolist() == ["train"] * 6 + ["test"] * 3
    assert table["image"].tolist()[5:7] == ["train/5", "test/0"]
    assert bool(notes) is compressed


def test_stored_arrays_are_not_loaded(write):
    images, _, _ = read_parts("T", write(**arrays()), PARTS, None)

    assert images.decoder.loaded == {}
    assert isinstance(images.decoder, Decoder)
    assert len(pickle.dumps(images.decoder)) < 2_000


def test_compressed_arrays_are_loaded_and_that_is_said(write):
    images, _, notes = read_parts("T", write(True, **arrays()), PARTS, None)

    assert set(images.decoder.loaded) == {"x_train", "x_test"}
    assert notes[0] == "x_train is compressed: its 6 pictures were loaded into memory."


def test_a_large_compressed_array_is_refused_with_what_to_do(write, monkeypatch):
    monkeypatch.setattr(_npz, "MOST_UNPACKED_BYTES", 100)

    with pytest.raises(DataError, match=r"Write the file again with numpy\.savez"):
        read_parts("T", write(True, **arrays()), PARTS, None)


@pytest.mark.parametrize(
    ("bomb", "sentence"),
    [
        ({"y_train": np.zeros(40_000_000, dtype=np.uint8)}, "6 pictures, but y_train has 40000000 labels"),
        ({"x_train": np.zeros((40_000_000, 1, 1), dtype=np.uint8)}, "is compressed and takes 7.5 GiB of memory"),
        ({"y_train": np.zeros(6, dtype="<U5000000")}, "y_train must hold whole numbers. It holds <U5000000"),
    ],
)
def test_nothing_is_unpacked_that_could_not_be_used(write, bomb, sentence):
    """Small files that unpack to tens of megabytes are refused by their heads."""
    content = arrays(**bomb)
    if "x_train" in bomb:
        content = {name: values[:, :1, :1] if name == "x_test" else values for name, values in content.items()}
    path = write(True, **content)
    del content
    assert path.stat().st_size < 200_000

    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=sentence):
            known_parts("T", path, PARTS)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * 2**20


def test_the_array_that_is_loaded_is_the_one_whose_head_was_judged(write):
    """NumPy itself would take an entry called y_train before y_train.npy."""
    path = write(True, **arrays())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("y_train", b"something else")

    assert read_parts("T", path, PARTS, None)[1]["label"].tolist() == [0, 1, 0, 1, 0, 1, 0, 1, 0]


def test_arrays_in_column_order_are_read_rightly(write):
    content = arrays()
    content["x_train"] = np.asfortranarray(content["x_train"])

    images, _, _ = read_parts("T", write(**content), PARTS, None)

    np.testing.assert_array_equal(images.pixels(slice(0, 6))[..., 0], content["x_train"])


def test_digests_are_those_of_the_same_pictures_in_memory(write):
    content = arrays()
    for compressed in (False, True):
        images, _, _ = read_parts("T", write(compressed, **content), PARTS, None)
        assert images.digests()[:6] == Images.of(content["x_train"]).digests()


def test_size_and_channels_can_be_changed(write):
    images, _, _ = read_parts("T", write(**arrays()), PARTS, (8, 8), 3)

    assert images.pixels(slice(0, 2)).shape == (2, 8, 8, 3)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"y_train": np.zeros((6, 14), dtype=int)}, "14 labels a picture.*multi-label"),
        ({"y_train": np.zeros(5, dtype=int)}, "6 pictures, but y_train has 5 labels"),
        ({"y_train": np.linspace(0, 1, 6)}, "y_train must hold whole numbers"),
        ({"x_train": np.zeros((6, 5, 4), dtype=np.float32)}, "x_train must hold uint8"),
        ({"x_train": np.zeros((6, 5, 4, 28), dtype=np.uint8)}, "Volumes are not read"),
        ({"x_train": np.zeros((6, 20), dtype=np.uint8)}, "must have the shape"),
        ({"x_test": np.zeros((3, 9, 9), dtype=np.uint8)}, "of one shape"),
        ({"x_val": np.zeros((3, 5, 4), dtype=np.uint8)}, "lacks the arrays y_val"),
    ],
)
def test_what_does_not_fit_is_said(write, changes, sentence):
    with pytest.raises(DataError, match=sentence):
        read_parts("T", write(**arrays(**changes)), PARTS, None)


def test_a_column_of_labels_is_as_good_as_a_row(write):
    content = arrays(y_train=np.arange(6).reshape(6, 1) % 2)

    assert read_parts("T", write(**content), PARTS, None)[1]["label"].tolist()[:6] == [0, 1, 0, 1, 0, 1]


def test_objects_are_refused_unread(write, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    path = write(**arrays(y_train=np.array([Trap()] * 6, dtype=object)))

    with pytest.raises(DataError, match="holds Python objects, which can run code"):
        read_parts("T", path, PARTS, None)
    assert not (tmp_path / "sprung").exists()


def test_damaged_files_are_said_to_be_damaged(write, tmp_path):
    whole = write(**arrays()).read_bytes()
    for content in (whole[: len(whole) // 2], b"no archive", b""):
        path = tmp_path / "b.npz"
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"cannot be read as a \.npz file"):
            members("T", path)


def test_an_array_shorter_than_its_head_says_is_refused(tmp_path):
    """A head that claims a billion pictures must not make anybody allocate them."""
    head = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000, 28, 28), }"
    head = head + b" " * (64 - (10 + len(head) + 1) % 64) + b"\n"
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x_train.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + b"\0" * 100)

    with pytest.raises(DataError, match="not as long as its head says"):
        members("T", tmp_path / "a.npz")


def test_a_file_that_changed_is_noticed(write):
    path = write(**arrays())
    images, _, _ = read_parts("T", path, PARTS, None)
    path.write_bytes(path.read_bytes()[:300])

    with pytest.raises(DataError, match="is shorter than it was"):
        images.pixels()
    path.unlink()
    with pytest.raises(DataError, match="cannot be read any more"):
        images.pixels()


def test_a_damaged_compressed_array_is_refused(write):
    path = write(True, **arrays(n=200))
    data = bytearray(path.read_bytes())
    data[data.index(b"x_train.npy") + 300] ^= 0xFF
    path.write_bytes(bytes(data))

    with pytest.raises(DataError, match=r"damaged|cannot be read as a \.npz"):
        read_parts("T", path, PARTS, None)


def test_a_decoder_of_loaded_arrays_needs_no_file():
    decoder = NpzDecoder("/nowhere.npz", {}, {"x": np.full((2, 3, 3), 7, dtype=np.uint8)}, "T")

    assert decoder.decode(("x", 1), 3, 3, 1).tolist() == np.full((3, 3, 1), 7).tolist()
