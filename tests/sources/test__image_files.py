"""Files are found through the table or the folders, and none outside the folder."""

import pandas as pd
import pytest
from PIL import Image

from appliedml.errors import DataError
from appliedml.sources._image_files import (
    EMPTY,
    LINKED,
    check_inside,
    find_folder,
    find_metadata,
    list_classes,
    list_table,
)


@pytest.fixture
def folder(tmp_path):
    """Three pictures in images/, one of them deeper, and one beside the folder."""
    root = tmp_path / "data"
    for name in ("images/a.png", "images/b.png", "images/deep/c.png", "../outside.png"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4)).save(path.resolve())
    return root.resolve()


def write(folder, **columns):
    path = folder / "metadata.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("names", [["images/a.png", "images/b.png"], ["a.png", "b.png"], ["deep/c.png", "a.png"]])
def test_names_may_start_from_the_folder_or_from_images(folder, names):
    listing = list_table("T", folder, write(folder, kind=["x", "y"], image=names), None, None, None)

    assert [folder.joinpath(file).is_file() for file in listing.files] == [True, True]
    assert all(file.startswith("images/") for file in listing.files)


def test_the_column_is_the_one_whose_values_are_files(folder):
    """A column called "file" whose values are no files does not win."""
    path = write(folder, file=["?", "?"], picture=["a.png", "b.png"], sex=["F", "M"])

    assert list_table("T", folder, path, None, None, None).files == ("images/a.png", "images/b.png")


def test_numbers_keep_their_zeros_and_get_their_suffix(folder):
    Image.new("L", (4, 4)).save(folder / "images" / "0007.png")
    path = write(folder, image_id=["0007"], y=[1])

    assert list_table("T", folder, path, "image_id", "images", ".png").files == ("images/0007.png",)


def test_backslashes_of_windows_are_slashes(folder):
    path = write(folder, image=["images\\a.png"], y=[1])

    assert list_table("T", folder, path, None, None, None).files == ("images/a.png",)


def test_a_column_of_files_that_are_all_missing_is_found_by_its_name(folder):
    path = write(folder, image=["x.png"], sex=["F"])

    assert list_table("T", folder, path, None, None, None).files == ("x.png",)


@pytest.mark.parametrize(
    ("columns", "arguments", "sentence"),
    [
        ({"sex": ["F"]}, (None, None, None), "no column of .* names files .* Columns of text: 'sex'"),
        ({"image": ["a.png"]}, ("imgae", None, None), "'imgae', which .* lacks. Columns close to it: 'image'"),
        ({"image": ["a.png"]}, (None, "pics", None), "images names the folder 'pics'"),
        ({"image": []}, (None, None, None), "but no rows"),
    ],
)
def test_what_does_not_fit_is_said(folder, columns, arguments, sentence):
    with pytest.raises(DataError, match=sentence):
        list_table("T", folder, write(folder, **columns), *arguments)


@pytest.mark.parametrize(
    "name",
    [
        "../outside.png",
        "images/../../outside.png",
        "/etc/passwd",
        "C:\\secret.png",
        "\\\\server\\a.png",
        "..\\outside.png",
    ],
)
def test_a_path_that_leaves_the_folder_is_refused(folder, name):
    path = write(folder, image=["images/a.png", name])

    with pytest.raises(DataError, match=r"must lie inside .* 1 of 2 names lead out of it"):
        list_table("T", folder, path, "image", None, None)


def test_a_link_that_points_out_of_the_folder_is_refused(folder):
    (folder / "images" / "link.png").symlink_to(folder.parent / "outside.png")
    (folder / "away").symlink_to(folder.parent, target_is_directory=True)

    for name in ("images/link.png", "away/outside.png"):
        with pytest.raises(DataError, match="lead out"):
            check_inside("T", folder, [name])


@pytest.mark.parametrize("start", ["../away", "images/../../away", "{away}", "link"])
def test_a_start_outside_the_folder_is_refused(folder, start):
    """Else every name would be judged against a folder that is not the one the plan names."""
    away = folder.parent / "away"
    away.mkdir()
    Image.new("L", (4, 4)).save(away / "a.png")
    (folder / "link").symlink_to(away, target_is_directory=True)
    path = write(folder, image=["a.png"])

    with pytest.raises(DataError, match=r"images must be a folder inside .* leads to .*away\. Give a path"):
        list_table("T", folder, path, "image", start.format(away=away), None)


def test_a_linked_folder_called_images_is_refused_too(tmp_path):
    (tmp_path / "away").mkdir()
    Image.new("L", (4, 4)).save(tmp_path / "away" / "a.png")
    root = tmp_path / "data"
    root.mkdir()
    (root / "images").symlink_to(tmp_path / "away", target_is_directory=True)

    with pytest.raises(DataError, match=r"images must be a folder inside .*'images' leads to .*away"):
        list_table("T", root.resolve(), write(root, image=["a.png"]), None, None, None)


def test_links_within_the_folder_and_a_linked_folder_are_fine(folder, tmp_path):
    (folder / "images" / "again.png").symlink_to(folder / "images" / "a.png")
    (tmp_path / "linked").symlink_to(folder, target_is_directory=True)

    check_inside("T", folder, ["images/again.png", "images/../images/a.png"])
    assert find_folder("T", "linked", tmp_path) == folder


def test_one_folder_a_class(tmp_path):
    for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/.hidden", "dog/Thumbs.db"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    listing = list_classes("T", tmp_path.resolve())

    assert listing.files == ("cat/1.png", "cat/2.png", "dog/1.png")
    assert listing.table["label"].tolist() == ["cat", "cat", "dog"]
    assert "split" not in listing.table


def test_folders_of_classes_that_give_no_row_are_named(tmp_path):
    for name in ("cat/1.png", "bird/.hidden", "__MACOSX/cat/._1.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "cow" / "brown").mkdir(parents=True)
    (tmp_path / "dog").symlink_to(tmp_path / "cat", target_is_directory=True)

    listing = list_classes("T", tmp_path.resolve())

    assert listing.files == ("cat/1.png",)
    assert [(name, kind) for name, kind, _ in listing.folders] == [
        ("bird", EMPTY),
        ("cow/brown", EMPTY),
        ("dog", LINKED),
    ]


def test_a_folder_of_links_alone_says_that_they_are_not_followed(tmp_path):
    (tmp_path / "away").mkdir()
    root = tmp_path / "data"
    root.mkdir()
    (root / "dog").symlink_to(tmp_path / "away", target_is_directory=True)

    with pytest.raises(DataError, match="holds no files, and links to folders are not followed: 'dog'"):
        list_classes("T", root)


def test_folders_called_train_and_test_are_parts(tmp_path):
    for name in ("train/cat/1.png", "Validation/cat/1.png", "test/dog/1.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"x")

    table = list_classes("T", tmp_path.resolve()).table

    assert dict(zip(table["split"], table["label"], strict=True)) == {"train": "cat", "val": "cat", "test": "dog"}


def test_files_outside_every_class_are_refused(tmp_path):
    with pytest.raises(DataError, match="It holds no files"):
        list_classes("T", tmp_path)
    (tmp_path / "loose.png").write_bytes(b"x")
    with pytest.raises(DataError, match=r"Outside of one: 'loose\.png'"):
        list_classes("T", tmp_path)


def test_the_table_is_looked_for_beside_the_plan_and_in_the_folder(folder, tmp_path):
    with pytest.raises(DataError, match=r"holds no metadata\.csv or metadata\.parquet"):
        find_metadata("T", folder, None, None)
    inside = write(folder, image=["a.png"])
    assert find_metadata("T", folder, None, None) == inside
    beside = tmp_path / "labels.csv"
    beside.write_text("image\na.png\n")
    assert find_metadata("T", folder, "labels.csv", tmp_path) == beside
    assert find_metadata("T", folder, str(beside), None) == beside
    assert find_metadata("T", folder, "metadata.csv", tmp_path) == inside
    with pytest.raises(DataError, match=r"labls\.csv is neither beside the plan nor in"):
        find_metadata("T", folder, "labls.csv", tmp_path)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    (tmp_path / "a.csv").write_text("x")

    with pytest.raises(DataError, match="does not exist"):
        find_folder("T", "nowhere", tmp_path)
    with pytest.raises(DataError, match="is a file"):
        find_folder("T", str(tmp_path / "a.csv"), None)


def test_nothing_outside_is_even_opened(folder, monkeypatch):
    """Names are judged before any file is read."""
    path = write(folder, image=["images/a.png", "../outside.png"])
    monkeypatch.setattr(Image, "open", lambda *a, **k: pytest.fail("opened"))

    with pytest.raises(DataError, match="lead out"):
        list_table("T", folder, path, None, None, None)
    assert (folder.parent / "outside.png").exists()
