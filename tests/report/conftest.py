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
