import errno
import os
from pathlib import Path

import pandas as pd
import pytest

from appliedml.errors import RunError
from appliedml.store.writer import file_stem, write_json, write_table, write_text, write_whole


def test_a_failed_write_leaves_nothing_under_the_final_name(tmp_path):
    def fail(path):
        path.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(RunError, match="the disk is full"):
        write_whole(tmp_path / "a.txt", fail)
    assert list(tmp_path.iterdir()) == []


def test_a_real_full_disk_is_one_sentence():
    with pytest.raises(RunError, match="disk is full|may not be written|cannot be written"):
        write_whole(Path("/dev/full"), lambda temporary: Path("/dev/full").write_text("x" * 100_000))


def test_a_file_where_a_folder_is_needed_is_named(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(RunError, match="a file stands where a folder is needed"):
        write_text(tmp_path / "out" / "a.txt", "text")


def test_mixed_objects_are_written_as_text(tmp_path):
    write_table(tmp_path / "t.parquet", pd.DataFrame({"a": pd.Series([1, "x", None, pd.NaT], dtype=object)}))
    values = pd.read_parquet(tmp_path / "t.parquet")["a"]
    assert values.tolist()[:2] == ["1", "x"]
    assert values.isna().tolist() == [False, False, True, True]


def test_json_is_sorted_and_never_holds_nan(tmp_path):
    write_json(tmp_path / "a.json", {"b": float("inf"), "a": 1})
    assert (tmp_path / "a.json").read_text() == '{\n  "a": 1,\n  "b": null\n}\n'


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "<x>", "", "é", "x" * 500])
def test_file_names_are_harmless(name):
    stem = file_stem(name)
    assert stem
    assert "/" not in stem and "." not in stem
    assert len(stem) <= 60
