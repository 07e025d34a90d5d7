from __future__ import annotations

import base64
import hashlib
import html as html_library
import itertools
import re
import subprocess
import sys
from html.parser import HTMLParser

import pandas as pd
import pytest

from appliedml.report import blocks
from appliedml.report.html import (
    MAX_TABLE_ROWS,
    SCRIPTS,
    content_policy,
    render_html,
    script,
    scripts_for,
    style_sheet,
    template_text,
)

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """Collects what the tests ask about a page, and whether its tags are balanced."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.text.append(data)

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] or "" for _, attrs in self.tags if attribute in attrs]

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    def all_text(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def page(demo_html):
    return Page(demo_html)


@pytest.fixture(scope="module")
def hostile(hostile_html):
    return Page(hostile_html)


@pytest.mark.parametrize("which", ["page", "hostile"])
def test_tags_are_balanced_and_ids_unique_and_links_lead_somewhere(which, request):
    found = request.getfixturevalue(which)
    ids = found.values("id")

    assert found.open == []
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in found.values("href")} <= set(ids)
    for attribute in ("aria-labelledby", "aria-describedby"):
        assert set(" ".join(found.values(attribute)).split()) <= set(ids)


@pytest.mark.parametrize("which", ["page", "hostile"])
def test_nothing_of_others_can_run_and_nothing_is_fetched(which, request):
    found = request.getfixturevalue(which)

    names = {tag for tag, _ in found.tags}
    assert found.named("script") == [{}]
    assert not names & {"image", "link", "iframe", "object", "embed", "base", "form", "use", "a:href"}
    attributes = {name for _, attrs in found.tags for name in attrs}
    assert not attributes & {"srcset", "xlink:href", "style", "action", "data", "poster", "background", "ping"}
    assert not [name for name in attributes if name.startswith(("on", "xmlns"))]
    assert all(link.startswith("#") for link in found.values("href"))
    # Pictures are inside the page, and nothing but PNG files is.
    sources = [attrs["src"] or "" for attrs in found.named("img")]
    assert sources == found.values("src")
    assert all(re.fullmatch(r"data:image/png;base64,iVBORw0KGgo[A-Za-z0-9+/]+=*", source) for source in sources)


def test_pictures_have_a_text_alternative_their_size_and_a_number(page, demo_html):
    shown = page.named("img")

    assert [item["alt"] for item in shown] == ["A ramp from dark to light.", "A black square."]
    assert {(item["width"], item["height"]) for item in shown} == {("224", "224")}
    assert base64.b64decode(shown[0]["src"].partition(",")[2])[1:4] == b"PNG"
    assert re.search(r"Figure \d+\. Where the model looks", page.all_text())
    assert "<span>ramp</span>" in demo_html
    assert "Simulated pictures." in page.all_text()


def test_the_page_names_no_address_outside_itself(demo_html):
    text = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", demo_html)

    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", text)


@pytest.mark.parametrize(("which", "names"), [("demo_html", SCRIPTS), ("hostile_html", ("tables.js",))])
def test_the_page_has_one_script_and_the_policy_allows_it_by_its_hash_alone(which, names, request):
    text = request.getfixturevalue(which)
    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()

    assert scripts == [script(names)]
    assert text.count("<script") == 1
    assert f"script-src 'sha256-{digest}';" in content_policy(style_sheet(), script(names))
    assert text.endswith("</script>\n</body>\n</html>\n")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_writes_no_markup_fetches_nothing_and_cannot_end_its_element_early(name):
    code = template_text(name)

    assert code.isascii()
    assert '"use strict";' in code
    assert not re.search(r"</|<!--|https?:|//[a-z]", code)
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        'setAttribute("on',
    ):
        assert word not in code
    for word in ("fetch(", "XMLHttpRequest", "WebSocket", "sendBeacon", "import(", "Storage", "cookie", "new Date"):
        assert word not in code


def test_the_explorers_script_is_only_where_an_explorer_stands(demo):
    with_one = blocks.Document("x", "", (blocks.Section("a", "A", (blocks.Text("t"), demo.explorer())),))
    without = blocks.Document("x", "", (blocks.Section("a", "A", (blocks.Text("t"),)),))

    for document, names in ((with_one, SCRIPTS), (without, ("tables.js",))):
        text = render_html(document)
        (found,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(found.encode()).digest()).decode()
        assert found == script(names)
        assert (template_text("explorer.js") in found) is (names == SCRIPTS)
        assert f"script-src &#39;sha256-{digest}&#39;;" in text
        assert scripts_for(document) == names


def test_a_page_without_a_script_lets_none_run():
    assert "script-src 'none';" in content_policy("")


def test_the_policy_forbids_all_but_the_one_style_sheet_and_script(demo_html):
    styles = re.findall(r"<style>(.*?)</style>", demo_html, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    metas = [attrs for attrs in Page(demo_html).named("meta") if attrs.get("http-equiv") == "Content-Security-Policy"]

    assert len(styles) == 1
    assert styles[0] == style_sheet()
    assert [attrs["content"] for attrs in metas] == [content_policy(styles[0], script())]
    assert f"style-src 'sha256-{digest}'" in metas[0]["content"]
    assert "default-src 'none'" in metas[0]["content"]
    assert "unsafe" not in metas[0]["content"]
    assert "img-src data:;" in metas[0]["content"]
    assert demo_html.index("Content-Security-Policy") < demo_html.index("<style>")


def test_hostile_text_shows_as_text(hostile, demo):
    shown = hostile.all_text()

    for text in demo.HOSTILE[:6]:
        for part in text.replace("\u202e", "\0").replace("\u2066", "\0").replace("\u200f", "\0").split("\0"):
            assert " ".join(part.split()) in shown
    assert "⟨U+202E⟩exe.txt⟨U+2066⟩" in shown
    assert "nul⟨U+0000⟩bell⟨U+0007⟩esc⟨U+001B⟩" in shown
    assert "{{ 7 * 7 }}" in shown
    assert "(9,405 more characters)" in shown


def test_no_character_that_hides_text_is_in_the_page(hostile_html):
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", hostile_html)


def test_headings_are_in_order_and_landmarks_are_there(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert [len(page.named(tag)) for tag in ("header", "nav", "main", "footer")] == [1, 1, 1, 1]
    assert page.named("html") == [{"lang": "en"}]
    assert page.named("a")[0] == {"class": "skip", "href": "#main"}


def test_the_contents_lead_to_every_section_and_subheading(page, demo):
    links = page.values("href")

    for section in demo.demo_document().sections:
        assert f"#section-{section.name}" in links
    assert "#performance-discrimination" in links
    assert "#performance-discrimination-2" in links


def test_every_figure_has_a_name_a_text_alternative_and_its_table(demo_html, demo):
    figures = re.findall(r"<figure>(.*?)</figure>", demo_html, flags=re.DOTALL)

    assert len(figures) == len(demo.demo_figures())
    for figure in figures:
        ident = re.search(r'<figcaption id="(figure-\d+)">', figure)[1]
        assert f'<svg role="img" aria-labelledby="{ident}" aria-describedby="{ident}-alt"' in figure
        assert re.search(rf'<p class="small" id="{ident}-alt">[^<]+</p>', figure)
        assert '<details class="fold data">' in figure
        assert "<caption" in figure


def test_tables_have_captions_scopes_and_a_region_to_scroll(demo_html):
    tables = re.findall(r"<table>(.*?)</table>", demo_html, flags=re.DOTALL)
    regions = re.findall(
        r'<div class="scroll" role="region" aria-labelledby="([^"]+)" tabindex="0">\n<table>', demo_html
    )

    assert len(tables) == len(regions)
    for table, region in zip(tables, regions, strict=True):
        assert f'<caption id="{region}">' in table
        assert "<th>" not in table
        assert table.count('scope="col"') >= 1


def test_numbers_are_aligned_and_values_carry_their_interval(demo_html):
    assert '<td class="n">0.710 <span class="detail">0.640 to 0.770</span></td>' in demo_html
    assert '<th scope="row">sex=F</th>' in demo_html
    assert '<td class="n">27.0 %</td>' in demo_html


def test_status_is_always_a_word(demo_html):
    for tone, word in (("bad", "Problem"), ("good", "In order"), ("warning", "Attention"), ("neutral", "Note")):
        assert (
            f'<div class="callout {tone}" role="note">\n<p class="callout-title"><span class="word">{word}</span>'
            in demo_html
        )
    assert '<span class="badge warning">insufficient evidence</span>' in demo_html


def test_a_link_leads_to_a_section_only_if_it_is_there(demo_html):
    assert '<td><a href="#section-fairness">sex=F</a></td>' in demo_html
    assert "<td>unknown</td>" in demo_html
    assert "section-nowhere" not in demo_html
    assert "Evidence: Fairness &amp; explanations</a>" in demo_html


def test_folded_tables_say_how_long_they_are_and_long_ones_what_is_left_out(demo_html):
    assert '<summary>Table 2. Per fold <span class="detail">300 rows</span></summary>' in demo_html
    assert f"{MAX_TABLE_ROWS} of 300 rows are shown; report.json in the run&#39;s folder has them all." in demo_html


def test_a_chart_that_cannot_be_drawn_says_so():
    figure = blocks.Figure("T", "Alt.", None, pd.DataFrame({"a": [1]}))

    page = render_html(blocks.Document("D", "S", (blocks.Section("s", "S", (figure,)),)))

    assert "Nothing to draw: no row has a value." in page
    assert "<svg" not in page


def test_the_same_document_gives_the_same_bytes_in_another_process(demo, demo_html, tmp_path):
    out = tmp_path / "out.html"
    environment = {"PYTHONHASHSEED": "1234", "PATH": "", "TZ": "Asia/Tokyo"}

    subprocess.run([sys.executable, demo.__file__, "demo", str(out)], check=True, env=environment, timeout=120)

    assert out.read_text(encoding="utf-8") == demo_html
    assert render_html(demo.demo_document()) == demo_html


def test_the_page_is_small(demo_html, hostile_html):
    assert len(demo_html.encode()) < 200_000
    assert len(hostile_html.encode()) < 300_000


def test_quotes_in_a_title_do_not_leave_their_attribute(demo):
    page = render_html(blocks.Document("T", "S", (blocks.Section("s", "S", (blocks.Code("c", '" onload="x'),)),)))

    assert html_library.escape('" onload="x', quote=True).replace("&quot;", "&#34;") in page
    assert Page(page).named("pre")[0]["aria-label"] == '" onload="x'
