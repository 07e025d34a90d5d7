"""A page with every block, and one browser for all tests; skipped with a reason where there is no Chromium."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

CHROMIUM = Path(os.environ.get("APPLIEDML_CHROMIUM", "/usr/bin/chromium"))
DEMO = Path(__file__).parents[1] / "report" / "_demo.py"
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


@pytest.fixture(scope="session")
def browser():
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is not installed (dependency group 'browser')")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there; install chromium or set APPLIEDML_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """Folder with demo.html (a run's report with further evidence) and hostile.html."""
    from appliedml.report.html import render_html

    spec = importlib.util.spec_from_file_location("browser_demo", DEMO)
    assert spec is not None and spec.loader is not None
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    folder = tmp_path_factory.mktemp("pages")
    folder.joinpath("demo.html").write_text(render_html(demo.demo_document()), encoding="utf-8")
    folder.joinpath("hostile.html").write_text(render_html(demo.hostile_document()), encoding="utf-8")
    return folder
