"""Finding files."""

import pytest

from appliedml.errors import DataError
from appliedml.sources._files import find_file, read_bytes


def test_an_absolute_path_does_not_depend_on_the_folder(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("x")

    assert find_file("Table", str(file), tmp_path / "elsewhere") == file


def test_the_plans_folder_wins_over_the_working_directory(tmp_path, monkeypatch):
    for folder in ("plan", "here"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.csv").write_text(folder)
    monkeypatch.chdir(tmp_path / "here")

    assert find_file("Table", "a.csv", tmp_path / "plan").read_text() == "plan"
    assert find_file("Table", "a.csv").read_text() == "here"


def test_an_empty_folder_is_said_to_be_empty(tmp_path):
    with pytest.raises(DataError, match="holds no files"):
        find_file("Table", "a.csv", tmp_path)


def test_an_unreadable_file_is_one_sentence(tmp_path, monkeypatch):
    file = tmp_path / "a.csv"
    file.write_text("x")

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(file), "read_bytes", refuse)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        read_bytes("Table", file)
