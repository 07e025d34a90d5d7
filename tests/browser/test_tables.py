"""What the page's script adds to tables, sections and contents: sorting, filtering, copying, folding."""

from __future__ import annotations

import csv
import io
import re

import pytest

ABSENT = "\N{EN DASH}"
# What would be copied, kept where a test can read it.
CLIPBOARD = "window.copied = []; navigator.clipboard.writeText = async (text) => { window.copied.push(text); };"


@pytest.fixture
def page(open_page, pages):
    return open_page(pages / "demo.html")


@pytest.fixture
def gates(page):
    return page.locator("div.table", has=page.locator("caption", has_text="Table 1. Gates"))


@pytest.fixture
def per_fold(page):
    """A folded table of 300 rows, opened."""
    fold = page.locator("details.fold", has=page.locator("summary", has_text="Per fold"))
    fold.evaluate("fold => fold.open = true")
    return fold


def column(table, number):
    cells = table.locator(f"tbody tr:not([hidden]) > :nth-child({number})").all_text_contents()
    return [" ".join(text.split()) for text in cells]


def copied(page):
    """Rows of what was copied last."""
    for _ in range(100):
        text = page.evaluate("window.copied.at(-1)")
        if text:
            return list(csv.reader(io.StringIO(text, newline="")))
        page.wait_for_timeout(50)
    raise AssertionError("nothing was copied")


def head(table, title):
    return table.locator("thead th", has=table.page.get_by_role("button", name=title, exact=True))


def test_a_column_of_numbers_is_sorted_by_value_up_down_and_back(page, gates):
    before = column(gates, 2)
    press = head(gates, "Rows").get_by_role("button")
    numbers = lambda: [int(text.replace(",", "")) for text in column(gates, 2)]  # noqa: E731
    press.click()
    assert numbers() == sorted(numbers())
    assert head(gates, "Rows").get_attribute("aria-sort") == "ascending"
    press.click()
    assert numbers() == sorted(numbers(), reverse=True)
    assert head(gates, "Rows").get_attribute("aria-sort") == "descending"
    press.click()
    assert column(gates, 2) == before
    assert head(gates, "Rows").get_attribute("aria-sort") is None


def test_empty_cells_come_last_either_way_and_rows_stay_whole(page, gates):
    press = head(gates, "True positive rate").get_by_role("button")
    whole = dict(zip(column(gates, 1), column(gates, 4), strict=True))
    for _ in range(2):
        press.click()
        assert column(gates, 4)[-1].startswith(ABSENT)
        assert dict(zip(column(gates, 1), column(gates, 4), strict=True)) == whole
    assert gates.locator("[aria-sort]").count() == 1


def test_a_column_is_sorted_by_keyboard(page, gates):
    press = head(gates, "Group").get_by_role("button")
    press.focus()
    page.keyboard.press("Enter")
    assert column(gates, 1) == sorted(column(gates, 1), key=str.lower)
    page.keyboard.press("Space")
    assert head(gates, "Group").get_attribute("aria-sort") == "descending"


def test_a_long_table_is_filtered_and_says_how_many_rows_are_left(page, per_fold):
    field = per_fold.get_by_label("Filter rows")
    n_rows = len(column(per_fold, 1))
    field.fill("0.83")
    left = column(per_fold, 2)
    assert 0 < len(left) < n_rows
    assert all("0.83" in row for row in left)
    assert per_fold.get_by_role("status").inner_text() == f"{len(left)} of {n_rows} rows"
    field.fill("no such text")
    assert column(per_fold, 1) == []
    field.fill("")
    assert len(column(per_fold, 1)) == n_rows
    assert per_fold.get_by_role("status").inner_text() == ""


def test_what_is_copied_is_csv_of_the_rows_that_are_shown_in_their_order(page, gates):
    page.evaluate(CLIPBOARD)
    head(gates, "Rows").get_by_role("button").click()
    gates.get_by_role("button", name="Copy as CSV").click()
    rows = copied(page)
    assert rows[0][:4] == ["Group", "Rows", "Share", "True positive rate"]
    assert {len(row) for row in rows} == {len(rows[0])}
    assert [row[0] for row in rows[1:]] == column(gates, 1)
    assert [row[1] for row in rows[1:]] == [text.replace(",", "") for text in column(gates, 2)]
    bounds = [row[rows[0].index("True positive rate, low")] for row in rows[1:]]
    assert bounds[-1] == "0.745"
    assert gates.get_by_role("status").inner_text() == "6 rows copied"


def test_a_filtered_table_copies_what_is_left(page, per_fold):
    page.evaluate(CLIPBOARD)
    per_fold.get_by_label("Filter rows").fill("0.83")
    per_fold.get_by_role("button", name="Copy as CSV").click()
    rows = copied(page)
    assert [row[1] for row in rows[1:]] == column(per_fold, 2)


def test_a_spreadsheet_runs_nothing_that_is_copied(open_page, tmp_path):
    import pandas as pd

    from appliedml.report.blocks import Document, Section, Table
    from appliedml.report.html import render_html

    texts = [
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        '"quoted", with commas',
        "two\nlines",
        "-0.5",
        "\t=1",
        "plain",
    ]
    table = Table("T", pd.DataFrame({"text": texts, "n": range(len(texts))}))
    path = tmp_path / "page.html"
    path.write_text(render_html(Document("D", "s", (Section("a", "A", (table,)),))), encoding="utf-8")
    page = open_page(path)
    page.evaluate(CLIPBOARD)
    page.get_by_role("button", name="Copy as CSV").first.click()
    rows = copied(page)
    found = [row[0] for row in rows[1:]]
    assert len(found) == len(texts)
    for text in found:
        assert text == "-0.5" or not re.match(r"[=+\-@\t\r]", text), text
    assert found[4] == texts[4]


def test_a_section_folds_away_and_a_link_into_it_opens_it(page):
    section = page.locator("main > section").nth(1)
    press = section.locator("h2").get_by_role("button")
    assert press.get_attribute("aria-expanded") == "true"
    press.focus()
    page.keyboard.press("Enter")
    assert press.get_attribute("aria-expanded") == "false"
    assert not section.locator("table").first.is_visible()
    page.locator("nav a", has_text="Discrimination").first.click()
    assert press.get_attribute("aria-expanded") == "true"
    assert section.locator("h3").first.is_visible()


def test_all_sections_fold_and_unfold_and_paper_has_them_anyway(page):
    bodies = page.locator("main > section > .body")
    page.get_by_role("button", name="Fold all", exact=True).click()
    assert not any(body.is_visible() for body in bodies.all())
    page.emulate_media(media="print")
    assert all(body.evaluate("body => body.getBoundingClientRect().height") > 100 for body in bodies.all())
    page.emulate_media(media="screen")
    page.get_by_role("button", name="Unfold all", exact=True).click()
    assert all(body.is_visible() for body in bodies.all())


def test_paper_has_the_rows_that_a_filter_hides(page, per_fold):
    per_fold.get_by_label("Filter rows").fill("no such text")
    page.emulate_media(media="print")
    assert per_fold.locator("tbody tr").first.evaluate("row => row.getBoundingClientRect().height") > 5


def test_the_contents_say_where_the_reader_is(page):
    page.locator("main > section").nth(2).locator("h2").scroll_into_view_if_needed()
    page.locator("main > section").nth(2).locator("h2").evaluate(
        "heading => heading.scrollIntoView({behavior: 'instant'})"
    )
    for _ in range(40):
        marked = page.locator("nav > ol > li > a[aria-current=location]").all_text_contents()
        if marked == ["Fairness & explanations"]:
            break
        page.wait_for_timeout(50)
    assert marked == ["Fairness & explanations"]


def test_without_the_script_no_dead_control_is_shown(open_page, pages):
    page = open_page(pages / "demo.html", java_script_enabled=False)
    assert page.locator("button, input, select, textarea").count() == 0
