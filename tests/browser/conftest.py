"""One browser for all tests, pages to open in it, and real reports of three domains.

Skipped with a reason where there is no Chromium or no Playwright; ``make test-browser`` installs both. Screenshots are
kept in ``build/screenshots`` (git ignores ``build/``): wanted ones by name, and of every page of a test that fails.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CHROMIUM = Path(os.environ.get("APPLIEDML_CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb"]
SCREENSHOTS = ROOT / "build" / "screenshots"
DOMAINS = ("fraud", "medical_imaging", "sentiment")
SECONDS_TO_RUN = 280


def load(path: Path) -> ModuleType:
    """Load a helper that is no package of ours."""
    name = f"browser_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is not installed (make test-browser installs it)")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there (make test-browser installs it), or set APPLIEDML_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield found
        found.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Iterator[None]:
    outcome: Any = yield
    if outcome.get_result().when == "call":
        item.failed = outcome.get_result().failed


@pytest.fixture
def open_page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Open a page offline; ``page.requests`` is what it asked for, ``page.complaints`` what the browser said of it."""
    contexts = []

    def opened(path: Path, fragment: str = "", **options: Any) -> Any:
        context = browser.new_context(offline=True, **{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.requests, page.complaints = [], []
        page.on("request", lambda made: page.requests.append(made.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (page.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.goto(path.as_uri() + fragment)
        return page

    yield opened
    for number, context in enumerate(contexts):
        if getattr(request.node, "failed", False):
            name = re.sub(r"\W+", "_", request.node.name)[:80]
            for page in context.pages:
                SCREENSHOTS.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=SCREENSHOTS / f"failed_{name}_{number}.png")
        context.close()


@pytest.fixture(scope="session")
def keep() -> Callable[..., Path]:
    """Keep a screenshot as an artefact of the tests."""

    def kept(page: Any, name: str, **options: Any) -> Path:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        page.screenshot(path=path, **options)
        return path

    return kept


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[Any]]:
    """Return what axe-core finds wrong with a page (opened with ``bypass_csp=True``), every folded part open."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or not found.submodule_search_locations:
        pytest.skip("axe-playwright-python is not installed (make test-browser installs it)")
    script = Path(found.submodule_search_locations[0], "axe.min.js").read_text(encoding="utf-8")

    def violations(page: Any, *rules: str) -> list[Any]:
        page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
        page.evaluate(script + ";0")
        options = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
        said = page.evaluate("options => axe.run(document, {...options, resultTypes: ['violations']})", options)
        checked = {item["id"] for item in [*said["passes"], *said["violations"]]}
        assert "color-contrast" in checked
        return [(item["id"], [node["html"][:200] for node in item["nodes"][:3]]) for item in said["violations"]]

    return violations


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of pages.

    demo.html has every kind of block, hostile.html hostile text wherever a stranger may choose it, gates.html a
    verdict.
    """
    from appliedml.report import blocks
    from appliedml.report.html import render_html
    from appliedml.report.sections.verdict import Verdict

    demo = load(ROOT / "tests" / "report" / "_demo.py")
    folder = tmp_path_factory.mktemp("pages")
    folder.joinpath("demo.html").write_text(render_html(demo.demo_document()), encoding="utf-8")
    folder.joinpath("hostile.html").write_text(render_html(demo.hostile_document()), encoding="utf-8")
    verdict = blocks.Section("verdict", "Verdict", tuple(Verdict().blocks(demo.demo_run(folder / "run"))))
    folder.joinpath("gates.html").write_text(render_html(blocks.Document("Gates", "", (verdict,))), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def domain_runs(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folder in which small runs of the three domains are being made, once for all workers of pytest-xdist.

    While working on the page, make them once with ``_tiny_runs.py FOLDER`` and set ``APPLIEDML_DOMAIN_RUNS=FOLDER``.
    """
    if "APPLIEDML_DOMAIN_RUNS" in os.environ:
        yield Path(os.environ["APPLIEDML_DOMAIN_RUNS"])
        return
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "domain_runs"
    made = []
    try:
        folder.mkdir()
    except FileExistsError:  # another worker makes them
        pass
    else:
        for domains in (("fraud",), ("medical_imaging", "sentiment")):
            with folder.joinpath(f"{domains[0]}.log").open("w", encoding="utf-8") as log:
                command = [sys.executable, str(HERE / "_tiny_runs.py"), str(folder), *domains]
                made.append(subprocess.Popen(command, stdout=log, stderr=log))
    yield folder
    for process in made:
        process.wait(SECONDS_TO_RUN)  # another worker may still wait for them


@pytest.fixture(scope="session", autouse=True)
def _early(request: pytest.FixtureRequest) -> None:
    """Begin the runs with the first test here, if any test wants them: other pages are looked at meanwhile."""
    wanted = any("domain_run" in getattr(item, "fixturenames", ()) for item in request.session.items)
    if wanted and CHROMIUM.exists() and importlib.util.find_spec("playwright"):
        request.getfixturevalue("domain_runs")


@pytest.fixture(params=DOMAINS)
def domain_run(request: pytest.FixtureRequest, domain_runs: Path) -> Path:
    """Folder of a real run, its report in it."""
    domain = request.param
    ends = time.monotonic() + SECONDS_TO_RUN
    while time.monotonic() < ends:
        if (said := domain_runs / f"{domain}.txt").exists():
            return Path(said.read_text(encoding="utf-8"))
        if (said := domain_runs / f"{domain}.failed.txt").exists():
            pytest.fail(f"The small run of {domain} failed:\n{said.read_text(encoding='utf-8')}")
        time.sleep(0.2)
    pytest.fail(f"The small run of {domain} did not end within {SECONDS_TO_RUN} s.")
