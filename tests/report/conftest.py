"""Fixtures of the report's tests: the demo document and run of ``_demo.py``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

DEMO = Path(__file__).with_name("_demo.py")


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("report_demo", DEMO)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["report_demo"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def demo() -> ModuleType:
    return _load()


@pytest.fixture(scope="session")
def demo_html(demo):
    from appliedml.report.html import render_html

    return render_html(demo.demo_document())


@pytest.fixture(scope="session")
def hostile_html(demo):
    from appliedml.report.html import render_html

    return render_html(demo.hostile_document())


def _load_file(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"report_{name}", DEMO.with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def explorer_runs():
    """Module that writes run folders for the threshold explorer."""
    return _load_file("_explorer_run")


@pytest.fixture(scope="session")
def explorer_run(explorer_runs, tmp_path_factory):
    """A run with two classes, customers, groups of unknown level and a policy with every kind of gate."""
    return explorer_runs.explorer_run(tmp_path_factory.mktemp("explorer") / "run")


@pytest.fixture(scope="session")
def explorer_data(explorer_run):
    from appliedml.report.explorer import ExplorerData

    return ExplorerData.of(explorer_run)
