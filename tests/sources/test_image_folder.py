"""A folder of pictures: a table or a folder a class, bad files refused or skipped, nothing decoded too early."""

import io
import pickle
import struct
import zlib

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from appliedml.core.registry import build, entry_of
from appliedml.core.schema import Schema
from appliedml.errors import DataError, ParameterError
from appliedml.sources._image_checks import BadFileError
from appliedml.sources._image_decoders import PictureDecoder
from appliedml.sources.image_folder import ImageFolder

SCHEMA = Schema("ill", sensitive=["sex"], group="patient")
BAD = {
    "gone.png": ("missing", "does not exist"),
    "empty.png": ("empty", "is empty"),
    "text.png": ("not an image", "is none of"),
    "half.jpg": ("truncated", "ends before its end marker"),
    "wide.png": ("wrong size", r"is 10 x 90 pixels \(height x width\), not 10 x 10"),
    "huge.png": ("too large", "unpacks to 400 x 300 pixels, more than max_pixels=10000"),
}


@pytest.fixture
def folder(tmp_path):
    """Eight sound pictures and a table of them; picture i has grey value 10 i."""
    rng = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    names = [f"images/{i}.png" for i in range(8)]
    for i, name in enumerate(names):
        Image.new("L", (10, 10), 10 * i).save(tmp_path / name)
    Image.new("L", (90, 10)).save(tmp_path / "images" / "wide.png")
    Image.new("L", (400, 300)).save(tmp_path / "images" / "huge.png")
    (tmp_path / "images" / "empty.png").touch()
    (tmp_path / "images" / "text.png").write_text("no picture")
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (10, 10), dtype=np.uint8)).save(buffer, "JPEG")
    (tmp_path / "images" / "half.jpg").write_bytes(buffer.getvalue()[:-40])
    write(tmp_path, names)
    return tmp_path


def write(folder, names):
    table = pd.DataFrame({"image": names, "patient": range(len(names))})
    table["ill"], table["sex"] = table["patient"] % 2, np.where(table["patient"] % 4 < 2, "F", "M")
    table.to_csv(folder / "metadata.csv", index=False)


def test_a_table_and_its_pictures_become_samples(folder):
    samples = ImageFolder(str(folder)).read(SCHEMA)

    assert samples.X.shape == (8, 10, 10, 1)
    assert samples.X.pixels()[:, 0, 0, 0].tolist() == [0, 10, 20, 30, 40, 50, 60, 70]
    assert samples.row_id[0] == "images/0.png"
    assert samples.y.tolist() == [0, 1] * 4
    assert samples.read_report["n_skipped"] == 0


def test_pixels_are_decoded_only_when_they_are_asked_for(folder, monkeypatch):
    monkeypatch.setattr(PictureDecoder, "decode", lambda *a, **k: pytest.fail("decoded"))

    samples = ImageFolder(str(folder)).read(SCHEMA)
    taken = samples[[1, 5]]

    assert len(taken.X.fingerprint()) == 64
    with pytest.raises(pytest.fail.Exception):
        taken.X.pixels()


@pytest.mark.parametrize("name", BAD)
def test_every_kind_of_bad_file_is_refused_by_name_and_reason(folder, name):
    write(folder, [*[f"images/{i}.png" for i in range(8)], f"images/{name}"])
    limits = {"expected_size": 10} if name == "wide.png" else {}

    with pytest.raises(DataError, match=f"1 of 9 files(.|\n)*{name} {BAD[name][1]}"):
        ImageFolder(str(folder), max_pixels=10_000, **limits).read(SCHEMA)


def test_bad_files_are_skipped_and_counted_by_kind_and_group_when_the_plan_says_so(folder):
    write(folder, [*[f"images/{i}.png" for i in range(8)], *[f"images/{name}" for name in BAD], ""])

    samples = ImageFolder(str(folder), max_pixels=10_000, expected_size=[10, 10], bad_files="skip").read(SCHEMA)

    assert len(samples) == len(samples.X.pixels()) == 8
    report = samples.read_report
    assert (report["n_listed"], report["n_read"], report["n_skipped"]) == (15, 8, 7)
    assert report["kinds"] == {
        "empty": 1,
        "missing": 2,
        "not an image": 1,
        "too large": 1,
        "truncated": 1,
        "wrong size": 1,
    }
    assert {item["file"] for item in report["files"]} == {*(f"images/{name}" for name in BAD), "row 15"}
    assert sum(row["dropped"] for row in report["by_group"]) == 7
    assert samples.row_id.tolist() == [f"images/{i}.png" for i in range(8)]


def test_nothing_but_bad_files_is_refused_even_where_they_may_be_skipped(folder):
    write(folder, ["images/gone.png", "images/empty.png"])

    with pytest.raises(DataError, match="2 of 2 files"):
        ImageFolder(str(folder), bad_files="skip").read(SCHEMA)


def test_many_bad_files_are_counted_not_all_named(folder):
    write(folder, [*[f"images/{i}.png" for i in range(8)], *[f"images/gone{i}.png" for i in range(50)]])

    with pytest.raises(DataError, match=r"50 of 58 files(.|\n)*\.\.\. and 30 more"):
        ImageFolder(str(folder)).read(SCHEMA)


def test_a_name_that_leaves_the_folder_is_refused_whatever_is_done_with_bad_files(folder):
    write(folder, ["images/0.png", "../outside.png"])

    with pytest.raises(DataError, match="must lie inside"):
        ImageFolder(str(folder), file="image", bad_files="skip").read(SCHEMA)


def test_damage_inside_is_found_at_reading_only_when_every_pixel_is_decoded(folder):
    """Here: a PNG with sound checksums around a broken stream."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    stream = bytearray(zlib.compress(np.random.default_rng(0).bytes(110)))
    stream[2:40] = b"\xff" * 38
    head = struct.pack(">IIBBBBB", 10, 10, 8, 0, 0, 0, 0)
    whole = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", bytes(stream)) + chunk(b"IEND", b"")
    (folder / "images" / "inside.png").write_bytes(whole)
    write(folder, ["images/0.png", "images/1.png", "images/2.png", "images/3.png", "images/inside.png"])

    samples = ImageFolder(str(folder)).read(SCHEMA)
    with pytest.raises(DataError, match=r"inside\.png cannot be decoded .* check='decode' and bad_files='skip'"):
        samples.X.pixels()
    with pytest.raises(DataError, match=r"inside\.png is damaged"):
        ImageFolder(str(folder), check="decode").read(SCHEMA)


def test_pictures_of_different_sizes_need_a_size(folder):
    write(folder, ["images/0.png", "images/1.png", "images/2.png", "images/wide.png"])

    with pytest.raises(DataError, match=r"0\.png is 10 x 10, images/wide\.png is 10 x 90 .* Give size"):
        ImageFolder(str(folder)).read(SCHEMA)
    assert ImageFolder(str(folder), size=[6, 8], channels=3).read(SCHEMA).X.pixels().shape == (4, 6, 8, 3)


def test_colour_is_kept_where_there_is_any(folder):
    Image.new("RGB", (10, 10), (9, 8, 7)).save(folder / "images" / "0.png")

    assert ImageFolder(str(folder)).read(SCHEMA).X.pixels()[0, 0, 0].tolist() == [9, 8, 7]
    assert ImageFolder(str(folder), channels=1).read(SCHEMA).X.channels == 1


def test_a_folder_a_class_needs_no_schema(folder, tmp_path):
    for i in range(8):
        (tmp_path / "byclass" / f"c{i % 2}").mkdir(parents=True, exist_ok=True)
        (folder / "images" / f"{i}.png").rename(tmp_path / "byclass" / f"c{i % 2}" / f"{i}.png")

    source = ImageFolder("byclass", labels="folder")
    samples = source.read(folder=tmp_path)

    assert samples.y.tolist() == ["c0"] * 4 + ["c1"] * 4
    assert samples.schema == Schema("label")
    assert source.column_names(tmp_path) == ["file", "label"]


def test_a_table_needs_a_schema(folder):
    assert ImageFolder(str(folder)).default_schema is None
    with pytest.raises(DataError, match="a schema is needed"):
        ImageFolder(str(folder)).read()
    assert ImageFolder(str(folder)).column_names() == ["image", "patient", "ill", "sex"]


def test_samples_travel_to_a_worker(folder):
    samples = pickle.loads(pickle.dumps(ImageFolder(str(folder)).read(SCHEMA)))

    assert samples.X.pixels().shape == (8, 10, 10, 1)


def test_the_fingerprint_follows_the_files(folder):
    first = ImageFolder(str(folder)).read(SCHEMA).fingerprint()
    assert ImageFolder(str(folder)).read(SCHEMA).fingerprint() == first

    Image.new("L", (10, 10), 11).save(folder / "images" / "1.png")

    assert ImageFolder(str(folder)).read(SCHEMA).fingerprint() != first


def test_a_plan_can_hold_it_in_short_and_in_full():
    source = build("sources", {"image_folder": {"path": "films", "size": [48, 64], "value_range": [0, 4095]}})

    assert entry_of(source) == {"image_folder": {"path": "films", "size": [48, 64], "value_range": [0, 4095]}}
    assert ImageFolder.from_short("films").path == "films"


@pytest.mark.parametrize(
    "parameters",
    [{"size": [1, 2, 3]}, {"channels": 2}, {"value_range": [5, 5]}, {"max_pixels": 10**9}, {"fit": "zoom"}],
)
def test_parameters_keep_their_rules(parameters):
    with pytest.raises(ParameterError):
        ImageFolder("films", **parameters).read(SCHEMA)


def test_the_real_films_are_read(shared_data):
    schema = Schema("pneumonia", ["sex", "view"], group="patient_id")

    samples = ImageFolder(str(shared_data / "chest_xray")).read(schema)

    assert samples.X.shape == (910, 224, 224, 1)
    assert samples.X.pixels(slice(0, 2)).std() > 20


def test_a_look_opens_a_few_files_and_asks_of_all_whether_they_are_there(tmp_path):
    names = [f"{row:03}.png" for row in range(100)]
    for name in names:
        Image.new("L", (10, 10)).save(tmp_path / name)
    write(tmp_path, names)
    opened = []

    class Counted(ImageFolder):
        def _inspect(self, path):
            opened.append(path.name)
            return super()._inspect(path)

    assert Counted(str(tmp_path)).look(SCHEMA) == ["image", "patient", "ill", "sex"]
    assert len(opened) == 20
    assert {opened[0], opened[-1]} == {"000.png", "099.png"}
    (tmp_path / "001.png").unlink()
    with pytest.raises(DataError, match=r"1 of 100 files .*\n  001\.png does not exist"):
        ImageFolder(str(tmp_path)).look(SCHEMA)
    assert ImageFolder(str(tmp_path), bad_files="skip").look(SCHEMA)
    Image.new("L", (10, 12)).save(tmp_path / "099.png")
    with pytest.raises(DataError, match="of different sizes need a size"):
        ImageFolder(str(tmp_path), bad_files="skip").look(SCHEMA)


def test_a_look_goes_on_where_all_files_that_it_opens_are_skipped(tmp_path):
    names = [f"{row:03}.png" for row in range(100)]
    for name in names:
        Image.new("L", (10, 10)).save(tmp_path / name)
    write(tmp_path, names)

    class Unlucky(ImageFolder):
        def _inspect(self, path):
            raise BadFileError("damaged", "is damaged")

    assert Unlucky(str(tmp_path), bad_files="skip").look(SCHEMA) == ["image", "patient", "ill", "sex"]
    with pytest.raises(DataError, match="20 of 100 files"):
        Unlucky(str(tmp_path)).look(SCHEMA)
