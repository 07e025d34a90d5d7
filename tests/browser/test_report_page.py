"""A page with every block, and a hostile one: offline, locked down, by keyboard, in the dark, on a phone, on paper."""

from __future__ import annotations

import re

import pytest

NAMES = ("demo.html", "hostile.html")
ON_PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("scripts", [True, False], ids=["script on", "script off"])
@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_offline_asks_for_nothing_and_breaks_no_policy(open_page, pages, name, scripts):
    page = open_page(pages / name, java_script_enabled=scripts)
    assert page.requests == [(pages / name).as_uri()]
    assert page.complaints == []
    assert page.locator("h1").is_visible()
    assert page.locator("svg").count() > 2


def test_the_style_sheet_is_allowed_by_its_hash(open_page, pages):
    page = open_page(pages / "demo.html")
    assert page.evaluate("document.styleSheets[0].cssRules.length") > 50
    assert page.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse") == "collapse"


def test_a_script_that_slips_in_does_not_run(open_page, pages, tmp_path):
    text = (pages / "demo.html").read_text(encoding="utf-8")
    dirty = tmp_path / "dirty.html"
    dirty.write_text(text.replace("</main>", "<script>document.title='owned'</script></main>"), encoding="utf-8")

    page = open_page(dirty)
    assert page.title() != "owned"
    assert any("Content Security Policy" in complaint for complaint in page.complaints)


def test_the_keyboard_reaches_the_skip_link_the_contents_and_the_folded_tables(open_page, pages):
    page = open_page(pages / "demo.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.goto((pages / "demo.html").as_uri())
    order = []
    for _ in range(80):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.tagName"))
        if order[-1] == "SUMMARY":
            break
    assert {"A", "BUTTON"} <= set(order[:4])
    assert "DIV" in order
    assert order[-1] == "SUMMARY"
    was_open = page.evaluate("document.activeElement.parentElement.open")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open") is not was_open


def test_focus_can_be_seen(open_page, pages):
    page = open_page(pages / "demo.html")
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2


@pytest.mark.parametrize("name", NAMES)
def test_nothing_but_tables_and_charts_is_wider_than_a_phone(open_page, pages, name):
    page = open_page(pages / name, viewport={"width": 360, "height": 740})
    too_wide = page.evaluate(
        """[...document.querySelectorAll('body *')]
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll, pre, .skip'))
        .map(e => e.tagName + '.' + e.className)"""
    )
    assert too_wide == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scripts", [True, False], ids=["script on", "script off"])
def test_on_a_phone_no_column_of_the_gates_has_to_be_looked_for(open_page, pages, scripts):
    page = open_page(pages / "gates.html", viewport=ON_PHONE, java_script_enabled=scripts)
    table = page.locator("table.stacked")

    assert table.count() == 1
    for place in range(table.locator("tbody tr").count()):
        cells = table.locator("tbody tr").nth(place).locator("th, td")
        boxes = [cells.nth(k).bounding_box() for k in range(cells.count())]
        assert len(boxes) >= 6
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    if scripts:
        label = "getComputedStyle(document.querySelectorAll('.stacked td')[3], '::before').content"
        assert page.evaluate(label).replace('" "', "") == '"Rule: "'


def test_on_a_screen_and_on_paper_the_gates_stay_a_table_with_its_head(open_page, pages):
    page = open_page(pages / "gates.html")
    shown = "['thead', 'tr', 'td'].map(n => getComputedStyle(document.querySelector('.stacked ' + n)).display)"
    assert page.evaluate(shown) == ["table-header-group", "table-row", "table-cell"]
    page.set_viewport_size(ON_PHONE)
    assert page.evaluate(shown) == ["none", "block", "block"]
    page.emulate_media(media="print")
    assert page.evaluate(shown) == ["table-header-group", "table-row", "table-cell"]


def test_charts_follow_the_dark_page(open_page, pages):
    ink = "getComputedStyle(document.querySelector('.chart svg text')).fill"
    line = "getComputedStyle(document.querySelector('.chart [stroke=\"#0a5f9e\"]')).stroke"
    found = {}
    for scheme in ("light", "dark"):
        page = open_page(pages / "demo.html", color_scheme=scheme)
        found[scheme] = [page.evaluate(ink), page.evaluate(line)]
    assert found["light"][1] == "rgb(10, 95, 158)"
    assert found["dark"][1] == "rgb(108, 178, 234)"
    assert found["light"][0] != found["dark"][0]


def test_on_paper_folded_tables_are_open_and_the_page_is_light(open_page, pages):
    page = open_page(pages / "demo.html", color_scheme="dark")
    fold = "document.querySelector('main details.fold:not(.data)')"
    assert page.evaluate(f"{fold}.querySelector('table').checkVisibility({{contentVisibilityAuto: true}})") is False
    page.emulate_media(media="print")
    assert page.evaluate(f"{fold}.querySelector('table').getBoundingClientRect().height") > 100
    assert page.evaluate("getComputedStyle(document.querySelector('.data')).display") == "none"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 40, 48)"
    sizes = re.findall(rb"/MediaBox \[([^\]]*)\]", page.pdf(prefer_css_page_size=True))
    assert len(sizes) > 3
    assert {tuple(round(float(part)) for part in size.split()) for size in sizes} == {(0, 0, 595, 842)}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(open_page, axe, pages, name, scheme):
    page = open_page(pages / name, color_scheme=scheme, bypass_csp=True)
    assert axe(page) == []


@pytest.mark.parametrize("name", NAMES)
def test_on_a_phone_a_chart_is_whole(open_page, pages, name):
    page = open_page(pages / name, viewport=ON_PHONE)
    boxes = page.evaluate(
        """[...document.querySelectorAll('.chart')].map(box => {
            const chart = box.querySelector('svg').getBoundingClientRect();
            return [box.scrollWidth - box.clientWidth, chart.left, chart.right, chart.height];
        })"""
    )
    assert len(boxes) > 2
    assert all(over <= 1 and left >= 0 and right <= 390 and height > 0 for over, left, right, height in boxes)
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.evaluate("document.querySelector('.chart svg').getBoundingClientRect().width") > 400
