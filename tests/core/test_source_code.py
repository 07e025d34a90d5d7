import pytest

from appliedml.core.source_code import source_sha256


@pytest.fixture
def package(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.py").write_text("x = 1\n")
    (tmp_path / "rules.yaml").write_text("a: 1\n")
    return tmp_path


def test_content_and_place_of_a_source_file_count(package):
    before = source_sha256(package)
    (package / "a" / "x.py").write_text("x = 2\n")
    changed = source_sha256(package)
    (package / "a" / "x.py").write_text("x = 1\n")
    assert source_sha256(package) == before
    (package / "a" / "x.py").rename(package / "a" / "y.py")
    assert len({before, changed, source_sha256(package)}) == 3


def test_what_cannot_change_a_run_does_not_count(package):
    before = source_sha256(package)
    (package / "README.md").write_text("words")
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "x.py").write_text("left over")
    assert source_sha256(package) == before
