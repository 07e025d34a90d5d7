"""The report in a real browser: offline, locked down, with a keyboard, in the dark, on a phone and on paper."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

NAMES = ("demo.html", "hostile.html")


@contextmanager
def opened(browser, path: Path, **options):
    """Open a page offline and keep what it asks for and complains about."""
    context = browser.new_context(offline=True, **{"viewport": {"width": 1280, "height": 900}, **options})
    page = context.new_page()
    page.requests, page.complaints = [], []
    page.on("request", lambda request: page.requests.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (page.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.goto(path.as_uri())
    yield page
    context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["script on", "script off"])
@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_offline_asks_for_nothing_and_breaks_no_policy(browser, pages, name, scripts):
    with opened(browser, pages / name, java_script_enabled=scripts) as page:
        assert page.requests == [(pages / name).as_uri()]
        assert page.complaints == []
        assert page.locator("h1").is_visible()
        assert page.locator("svg").count() > 2


def test_the_style_sheet_is_allowed_by_its_hash(browser, pages):
    with opened(browser, pages / "demo.html") as page:
        assert page.evaluate("document.styleSheets[0].cssRules.length") > 50
        assert page.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse") == "collapse"


def test_a_script_that_slips_in_does_not_run(browser, pages, tmp_path):
    text = (pages / "demo.html").read_text(encoding="utf-8")
    dirty = tmp_path / "dirty.html"
    dirty.write_text(text.replace("</main>", "<script>document.title='owned'</script></main>"), encoding="utf-8")

    with opened(browser, dirty) as page:
        assert page.title() != "owned"
        assert any("Content Security Policy" in complaint for complaint in page.complaints)


def test_the_keyboard_reaches_the_skip_link_the_contents_and_the_folded_tables(browser, pages):
    with opened(browser, pages / "demo.html") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.goto((pages / "demo.html").as_uri())
        order = []
        for _ in range(40):
            page.keyboard.press("Tab")
            order.append(page.evaluate("document.activeElement.tagName"))
            if order[-1] == "SUMMARY":
                break
        assert order[:2] == ["A", "A"]
        assert "DIV" in order
        assert order[-1] == "SUMMARY"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.parentElement.open")


def test_focus_can_be_seen(browser, pages):
    with opened(browser, pages / "demo.html") as page:
        for _ in range(3):
            page.keyboard.press("Tab")
        assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2


@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_tables_and_charts_is_wider_than_a_phone(browser, pages, name):
    with opened(browser, pages / name, viewport={"width": 360, "height": 740}) as page:
        too_wide = page.evaluate(
            """[...document.querySelectorAll('body *')]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll, pre, .skip'))
            .map(e => e.tagName + '.' + e.className)"""
        )
        assert too_wide == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_charts_follow_the_dark_page(browser, pages):
    ink = "getComputedStyle(document.querySelector('.chart svg text')).fill"
    line = "getComputedStyle(document.querySelector('.chart [stroke=\"#0a5f9e\"]')).stroke"
    found = {}
    for scheme in ("light", "dark"):
        with opened(browser, pages / "demo.html", color_scheme=scheme) as page:
            found[scheme] = [page.evaluate(ink), page.evaluate(line)]
    assert found["light"][1] == "rgb(10, 95, 158)"
    assert found["dark"][1] == "rgb(108, 178, 234)"
    assert found["light"][0] != found["dark"][0]


def test_on_paper_folded_tables_are_open_and_the_page_is_light(browser, pages):
    with opened(browser, pages / "demo.html", color_scheme="dark") as page:
        fold = "document.querySelector('details.fold:not(.data)')"
        assert page.evaluate(f"{fold}.querySelector('table').checkVisibility({{contentVisibilityAuto: true}})") is False
        page.emulate_media(media="print")
        assert page.evaluate(f"{fold}.querySelector('table').getBoundingClientRect().height") > 100
        assert page.evaluate("getComputedStyle(document.querySelector('.data')).display") == "none"
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 40, 48)"
        pdf = page.pdf(prefer_css_page_size=True)
        assert pdf.startswith(b"%PDF")
        assert b"/MediaBox [0 0 595" in pdf or b"/MediaBox [0 0 594" in pdf


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(browser, pages, name, scheme):
    path = os.environ.get("APPLIEDML_AXE")
    if not path or not Path(path).exists():
        pytest.skip("set APPLIEDML_AXE to the path of axe-core's axe.min.js")
    with opened(browser, pages / name, color_scheme=scheme, bypass_csp=True) as page:
        page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
        page.evaluate(Path(path).read_text(encoding="utf-8") + ";0")
        found = page.evaluate("axe.run()")
        assert "color-contrast" in {item["id"] for item in found["passes"]}
        assert [(item["id"], item["nodes"][0]["html"][:200]) for item in found["violations"]] == []
