"""What both folders of pictures share is tested through them; here, what a third would get."""

import pytest
from PIL import Image

from appliedml.core.schema import Schema
from appliedml.errors import DataError
from appliedml.sources._image_checks import BadFileError, Seen
from appliedml.sources._image_decoders import PictureDecoder
from appliedml.sources._picture_folder import PictureFolder


class Halves(PictureFolder):
    """Calls the upper half of the names bad."""

    def __init__(self, path, labels="folder", bad_files="skip", size=4):
        self.path, self.labels, self.bad_files, self.size = path, labels, bad_files, size
        self.expected_size = None

    def _inspect(self, path):
        if path.stem > "5":
            raise BadFileError("odd", "is odd")
        return Seen(8, 8, True, {"stem": path.stem})

    def _decoder(self, root):
        return PictureDecoder(root)

    def _with_facts(self, table, seen):
        return table.assign(stem=[None if one is None else one.facts["stem"] for one in seen])


@pytest.fixture
def folder(tmp_path):
    """Ten pictures in two classes."""
    for i in range(10):
        (tmp_path / f"c{i % 2}").mkdir(exist_ok=True)
        Image.new("L", (8, 8), i).save(tmp_path / f"c{i % 2}" / f"{i}.png")
    return tmp_path


def test_facts_from_the_files_become_columns_and_are_dropped_with_their_rows(folder):
    samples = Halves(str(folder)).read(Schema("label", sensitive=["stem"]))

    assert samples.sensitive["stem"].tolist() == ["0", "2", "4", "1", "3", "5"]
    assert samples.read_report["kinds"] == {"odd": 4}
    assert {row["level"]: row["dropped"] for row in samples.read_report["by_group"]}["unknown"] == 4
    assert samples.X.shape == (6, 4, 4, 1)


def test_folders_without_pictures_are_bad_files(folder):
    """A class must not vanish without a word."""
    (folder / "c2").mkdir()
    (folder / "c3").symlink_to(folder / "c1", target_is_directory=True)

    for call in ("read", "look"):
        with pytest.raises(DataError) as caught:
            getattr(Halves(str(folder), bad_files="refuse"), call)(Schema("label"))
        lines = str(caught.value).splitlines()
        assert "4 of 10 files and 2 folders of classes in" in lines[0]
        assert lines[1:3] == [
            "  c2 holds no file.",
            "  c3 is a link to a folder, which is not followed; copy the folder instead.",
        ]
    report = Halves(str(folder)).read(Schema("label")).read_report
    assert (report["n_listed"], report["n_read"], report["n_skipped"]) == (10, 6, 4)
    assert report["notes"][1] == (
        "Left out, for want of pictures: 2 folders of classes (1 empty folder, 1 linked folder)."
    )
    assert [entry["file"] for entry in report["files"]][-2:] == ["c2", "c3"]


def test_the_base_itself_looks_at_nothing():
    for call in (lambda s: s._inspect(None), lambda s: s._decoder("")):
        with pytest.raises(NotImplementedError):
            call(PictureFolder())
