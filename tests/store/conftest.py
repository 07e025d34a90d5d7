"""Fixtures of the store's tests: a small run that is listed and sealed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def small() -> ModuleType:
    """The helpers of ``_small_run.py``."""
    path = Path(__file__).with_name("_small_run.py")
    spec = importlib.util.spec_from_file_location("small_run", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["small_run"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(small, tmp_path) -> Path:
    """Folder of a small run."""
    return small.small_run(tmp_path / "run")
