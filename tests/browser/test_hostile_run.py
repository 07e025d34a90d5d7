"""A real run whose names, labels, texts and answers are hostile, in a browser: it runs nothing and asks for nothing."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

HELPER = Path(__file__).parents[1] / "report" / "_hostile_run.py"


@pytest.fixture(scope="module")
def hostile_report(browser, tmp_path_factory):
    if "APPLIEDML_HOSTILE_RUN" in os.environ:
        return Path(os.environ["APPLIEDML_HOSTILE_RUN"]) / "report.html"
    spec = importlib.util.spec_from_file_location("browser_hostile_run", HELPER)
    helper = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = helper
    spec.loader.exec_module(helper)
    return helper.hostile_run(tmp_path_factory.mktemp("hostile_run")).path / "report.html"


@pytest.mark.parametrize("scripts", [True, False], ids=["script on", "script off"])
def test_it_runs_nothing_and_asks_for_nothing(open_page, keep, hostile_report, scripts):
    page = open_page(hostile_report, java_script_enabled=scripts)
    page.wait_for_timeout(300)  # what an onerror would do, it does late
    assert page.requests == [hostile_report.as_uri()]
    assert page.complaints == []
    assert page.locator("main script, main img:not([src^='data:image/png']), iframe, object, form").count() == 0
    assert page.locator("a:not([href^='#'])").count() == 0
    assert "<script>alert(1)</script>" in page.locator("h1").inner_text()
    keep(page, f"hostile_{'script' if scripts else 'no_script'}")


def test_nothing_happens_when_all_of_it_is_used(open_page, hostile_report):
    page = open_page(hostile_report)
    page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
    for button in page.locator("main .sort").all()[:40]:
        button.evaluate("item => item.click()")
    for field in page.locator("main input[type=search]").all()[:10]:
        field.fill("<script>alert(1)</script>")
    for link in page.locator("nav a").all():
        link.evaluate("item => item.click()")
    page.wait_for_timeout(300)
    assert page.complaints == []
    assert page.requests == [hostile_report.as_uri()]


@pytest.mark.parametrize(
    "fragment", ["#<img src=x onerror=alert(1)>", "#%3Cscript%3E?t=<b>", "#%E0%A4%A", "#__proto__", "#main?=&&=1&a=%"]
)
def test_a_hostile_address_does_nothing(open_page, hostile_report, fragment):
    page = open_page(hostile_report, fragment)
    page.wait_for_timeout(200)
    assert page.complaints == []
    assert page.locator("h1").is_visible()


def test_axe_finds_nothing(open_page, axe, hostile_report):
    assert axe(open_page(hostile_report, bypass_csp=True)) == []


def test_a_phone_scrolls_it_only_down(open_page, hostile_report):
    page = open_page(hostile_report, viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
