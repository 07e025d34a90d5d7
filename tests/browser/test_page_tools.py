"""Copying where the clipboard is closed, intervals as columns of their own, hostile cells, links into folded tables."""

from __future__ import annotations

import csv
import io

import pytest

COPIED = (
    "(() => { window.copied = []; Object.defineProperty(navigator, 'clipboard', {configurable: true, value: %s}); })()"
)
TAKES = "{writeText: (text) => { window.copied.push(text); return Promise.resolve(); }}"


@pytest.fixture
def page(open_page, pages):
    opened = open_page(pages / "demo.html")
    yield opened
    assert opened.complaints == []


def test_a_table_is_copied_as_csv_with_its_intervals_apart(page):
    page.evaluate(COPIED % TAKES)
    page.get_by_role("button", name="Copy as CSV").first.click()

    rows = list(csv.reader(io.StringIO(page.evaluate("window.copied[0]"))))
    assert rows[0][2:6] == ["Share", "True positive rate", "True positive rate, low", "True positive rate, high"]
    assert rows[2][:6] == ["sex=M", "11209", "72.0 %", "0.780", "0.745", "0.812"]
    assert rows[6][:6] == ["unknown", "73", "0.5 %", "", "", ""]
    assert len({len(row) for row in rows}) == 1
    assert page.locator(".tools .status").first.text_content() == "6 rows copied"


@pytest.mark.parametrize("works", [True, False], ids=["old way", "by hand"])
def test_where_a_page_may_not_use_the_clipboard_the_text_can_still_be_copied(page, works):
    page.evaluate(COPIED % "undefined")
    page.evaluate(
        f"document.execCommand = () => {{ window.taken = getSelection().toString(); return {str(works).lower()}; }}"
    )
    press = page.get_by_role("button", name="Copy as CSV").first
    press.click()
    by_hand = page.get_by_label("Table as CSV")

    assert by_hand.count() == (0 if works else 1)
    assert page.locator(".tools .status").first.text_content() == (
        "6 rows copied" if works else "Press Ctrl+C or Command+C to copy"
    )
    if works:
        assert press.evaluate("(element) => element === document.activeElement")
    else:
        assert by_hand.input_value().startswith("Group,Rows,Share,True positive rate,")
        assert by_hand.evaluate("(area) => area === document.activeElement && area.selectionEnd > 400")


def test_a_table_is_opened_and_filtered_by_keyboard_alone(page):
    fold = page.locator("details.fold", has=page.locator("summary", has_text="Per fold"))
    field = fold.get_by_label("Filter rows")
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    for _ in range(8):
        page.keyboard.press("Tab")
        if field.evaluate("(field) => field === document.activeElement"):
            break
    rows = fold.locator("tbody tr:not([hidden])")
    n_rows = rows.count()
    page.keyboard.type("0.83")

    left = rows.all_text_contents()
    assert 0 < len(left) < n_rows and all("0.83" in row for row in left)
    assert fold.get_by_role("status").inner_text() == f"{len(left)} of {n_rows} rows"
    for _ in "0.83":
        page.keyboard.press("Backspace")
    assert (rows.count(), fold.get_by_role("status").inner_text()) == (n_rows, "")


def test_a_link_to_the_page_opens_what_it_leads_to(open_page, pages):
    page = open_page(pages / "demo.html", "#table-2")

    assert page.locator("#table-2").evaluate("(caption) => caption.closest('details').open")


def test_hostile_cells_are_copied_as_they_are_shown(open_page, pages):
    page = open_page(pages / "hostile.html")
    page.evaluate(COPIED % TAKES)
    page.get_by_role("button", name="Copy as CSV").first.click()

    rows = list(csv.reader(io.StringIO(page.evaluate("window.copied[0]"))))
    assert rows[1][0] == "<script>alert(1)</script><img src=x onerror=alert(2)>"
    assert len({len(row) for row in rows}) == 1
    assert page.complaints == []
