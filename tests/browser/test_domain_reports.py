"""The reports of three domains, from real (small) runs, as a reviewer opens them: offline, by keyboard, on paper."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

LARGEST = 2_000_000  # bytes
A4 = (0, 0, 595, 842)  # points
PAPER = {"width": 673, "height": 971}  # what A4 leaves between the page's own margins, at 96 dots an inch
REBUILD = """
import sys
from appliedml.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(sorted(name for name in ("tensorflow", "keras", "shap") if name in sys.modules))
"""
# Whatever sticks out of the sheet, and every cell whose text is wider than the cell.
CUT = """
() => {
  const sheet = document.documentElement.clientWidth + 1, out = [];
  for (const table of document.querySelectorAll('main table')) {
    const box = table.getBoundingClientRect();
    if (!box.height) continue;
    const room = table.parentElement.getBoundingClientRect();
    const name = table.caption?.textContent ?? table.className;
    if (box.right > Math.min(room.right + 1, sheet)) out.push(`${name}: ${Math.round(box.right - room.right)} px out`);
    for (const cell of table.querySelectorAll('th, td'))
      if (cell.scrollWidth > cell.clientWidth + 1) out.push(`${name}: cut cell ${cell.textContent.slice(0, 60)}`);
  }
  for (const item of document.querySelectorAll('main svg, main pre, main img, main p, main dl'))
    if (item.getBoundingClientRect().right > sheet) out.push(`${item.tagName} ${item.textContent.slice(0, 60)}`);
  return out.slice(0, 10);
}
"""


def report(run):
    return run / "report.html"


@pytest.mark.parametrize("scripts", [True, False], ids=["script on", "script off"])
def test_a_report_opens_offline_asks_for_nothing_and_breaks_no_policy(open_page, keep, domain_run, scripts):
    page = open_page(report(domain_run), java_script_enabled=scripts)
    page.wait_for_timeout(200)  # a request or complaint that comes late is one, too
    assert page.requests == [report(domain_run).as_uri()]
    assert page.complaints == []
    for heading in ("Verdict", "Performance", "Provenance"):
        assert page.get_by_role("heading", name=re.compile(rf"^\d+ {heading}$")).is_visible()
    keep(page, f"{domain_run.parent.name}_{'script' if scripts else 'no_script'}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_a_report_with_every_fold_open(open_page, axe, domain_run, scheme):
    page = open_page(report(domain_run), color_scheme=scheme, bypass_csp=True)
    # What a colour scheme can change is contrast.
    assert axe(page, *(["color-contrast"] if scheme == "dark" else [])) == []


def test_no_table_is_cut_on_a4_and_every_sheet_is_a4(open_page, keep, domain_run):
    page = open_page(report(domain_run), viewport=PAPER, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("document.querySelectorAll('main table').length") > 10
    assert page.evaluate(CUT) == []
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 40, 48)"
    keep(page, f"{domain_run.parent.name}_print")
    pdf = page.pdf(prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox \[([^\]]*)\]", pdf)
    assert len(sizes) > 5
    assert {tuple(round(float(part)) for part in size.split()) for size in sizes} == {A4}


def test_a_phone_scrolls_a_report_only_down(open_page, keep, domain_run):
    page = open_page(report(domain_run), viewport={"width": 360, "height": 740})
    page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    keep(page, f"{domain_run.parent.name}_phone")


def test_the_keyboard_walks_from_the_skip_link_through_the_contents_and_the_focus_is_seen(open_page, domain_run):
    page = open_page(report(domain_run))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"

    links = page.locator("nav a")
    links.first.focus()
    seen = []
    for _ in range(links.count()):
        seen.append(page.evaluate("document.activeElement.textContent"))
        width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
        assert width >= 2, seen[-1]
        assert page.evaluate("document.activeElement.matches(':focus-visible')")
        page.keyboard.press("Tab")
    assert seen == links.all_text_contents()

    link = page.locator("nav > ol > li > a", has_text="Provenance")
    link.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == link.get_attribute("href")
    # At once: over fifty screens a smooth movement is a long blur, and one that can be interrupted half-way.
    top = page.evaluate("document.querySelector(location.hash).getBoundingClientRect().top / innerHeight")
    assert 0 <= top < 0.5


def test_a_fold_opens_and_closes_by_keyboard(open_page, domain_run):
    page = open_page(report(domain_run))
    fold = page.locator("main details.fold").first
    before = fold.evaluate("fold => fold.open")
    fold.locator("summary").first.focus()
    for now in (not before, before):
        page.keyboard.press("Enter")
        assert fold.evaluate("fold => fold.open") is now


def test_a_dark_page_is_dark_and_its_charts_follow(open_page, keep, domain_run):
    page = open_page(report(domain_run), color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 27, 31)"
    inks = page.evaluate(
        "[...document.querySelectorAll('.chart svg text')].map(text => getComputedStyle(text).fill).filter(Boolean)"
    )
    # Ink of the light page on the dark one could not be read. White is ink on a dark cell in both.
    assert inks
    assert "rgb(29, 40, 48)" not in inks
    keep(page, f"{domain_run.parent.name}_dark")


def test_whoever_asks_for_less_motion_gets_none(open_page, domain_run):
    page = open_page(report(domain_run), reduced_motion="reduce")
    moving = page.evaluate(
        """[...document.querySelectorAll('body *')].filter(item => {
          const style = getComputedStyle(item);
          return parseFloat(style.transitionDuration) > 0 || style.animationName !== 'none';
        }).length"""
    )
    assert moving == 0


def test_rebuilt_without_tensorflow_a_report_has_the_same_bytes_and_is_small(domain_run, tmp_path):
    copy = tmp_path / domain_run.name
    shutil.copytree(domain_run, copy)
    for file in ("report.html", "report.md", "report.json"):
        (copy / file).unlink()
    command = [sys.executable, "-c", REBUILD, "report", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for file in ("report.html", "report.md", "report.json"):
        assert (copy / file).read_bytes() == (domain_run / file).read_bytes(), file
    assert report(copy).stat().st_size < LARGEST
