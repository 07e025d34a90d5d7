"""A real run whose names, labels, texts, files, gates and answers are hostile: it shows as text wherever it is shown.

The page in a browser: ``tests/browser/test_hostile_run.py``.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from markdown_it import MarkdownIt

from appliedml.cli import app, guarded
from appliedml.store.run import Run

TAGS_OF_CHARTS = {"svg", "g", "path", "text", "line", "rect", "circle", "polygon", "tspan", "defs", "clippath", "title"}
# An anchor of the page, a picture in it, or a file beside it whose name is written in percent signs.
HARMLESS = re.compile(r"#|data:image/png;base64,|\./[\w%./~-]*$")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def load(name):
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"report{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


hostile = load("_hostile_run")


class Tags(HTMLParser):
    """Everything live in a page: its elements, and what their attributes would load, follow or run."""

    def __init__(self, text):
        super().__init__()
        self.found, self.live, self.text = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.add(tag)
        for name, value in attributes:
            followed = name in ("href", "src", "action", "data", "srcset", "xlink:href", "formaction")
            if name.startswith("on") or (followed and not HARMLESS.match(value or "")):
                self.live.append((tag, name, value))

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def run(folder):
    return hostile.hostile_run(folder)


def command(capfd, *arguments):
    """What a command printed, and its exit code."""
    import typer

    capfd.readouterr()
    called = typer.main.get_command(app)
    code = guarded(lambda: called.main([str(part) for part in arguments], standalone_mode=False), verbose=False)
    said = capfd.readouterr()
    return said.out + said.err, code


def is_a_page_of_text(text):
    page = Tags(text)
    assert page.live == []
    assert not page.found & {"iframe", "object", "embed", "form", "base", "link", "foreignobject", "image", "use"}
    assert text.count("<script>") <= 1  # the page's own
    assert text.count("<!--") == 0
    assert not CONTROLS.search(text)
    shown = "".join(page.text)
    assert "<script>alert(1)</script>" in shown
    assert "{{ 7 * 7 }}" in shown
    return shown


def is_a_card_of_text(text):
    assert not CONTROLS.search(text)
    # As a strict viewer and as a lenient one would show it, with the header and without.
    for part in (text, text.split("\n---\n", 1)[-1]):
        tokens = [token for block in MarkdownIt("commonmark").enable("table").parse(part) for token in walk(block)]
        kinds = {token.type for token in tokens}
        assert not kinds & {"html_block", "html_inline", "link_open", "image"}, kinds
    for head, *rows in tables(text.split("\n---\n", 1)[-1]):
        assert {len(columns(row)) for row in rows} == {len(columns(head))}, head[:200]


def walk(token):
    yield token
    for child in token.children or ():
        yield from walk(child)


def tables(text):
    """Blocks of lines that begin with a bar, outside fenced code."""
    fence, block = "", []
    for line in [*text.split("\n"), ""]:
        if found := re.match("`{3,}", line):
            fence = "" if fence == found[0] else fence or found[0]
        if not fence and line.startswith("|"):
            block.append(line)
        elif block:
            yield block
            block = []


def columns(line):
    return re.split(r"(?<!\\)\|", line.strip("|"))


def test_the_run_is_a_whole_one(run):
    assert {"data_profile", "performance", "fairness", "explain_shap", "gates"} <= set(run.kinds)
    assert run.name == hostile.ALL
    assert (run.path.parent.name, run.path.is_dir()) == ("runs", True)
    assert re.fullmatch(r"[0-9A-Za-z_]+", run.path.name)


def test_the_page_shows_it_as_text(run):
    shown = is_a_page_of_text((run.path / "report.html").read_text(encoding="utf-8"))
    for piece in ("javascript:alert(4)", "⟨U+202E⟩", "⟨U+001B⟩", "⟨U+2028⟩", "../../x", "more characters"):
        assert piece in shown, piece


def test_the_model_card_shows_it_as_text_and_its_tables_hold(run):
    text = (run.path / "report.md").read_text(encoding="utf-8")
    is_a_card_of_text(text)
    header = yaml.safe_load(text.split("\n---\n", 1)[0].removeprefix("---\n"))
    assert header["model-index"][0]["name"] == hostile.ALL


def test_the_json_is_json_and_keeps_every_character(run):
    text = (run.path / "report.json").read_text(encoding="utf-8")
    assert json.loads(text)["title"] == hostile.ALL


def test_the_terminal_obeys_nothing_of_it_and_junit_is_well_formed(run, folder, capfd):
    said, code = command(capfd, "gate", run.path, "--junit", folder / "gates.xml")
    assert code == 1
    assert "<script>alert(1)</script>" in said
    assert not CONTROLS.search(said)
    assert len(said.splitlines()) == 4 + 1  # a line a gate, whatever their names hold, and where the XML is

    # JUnit XML is well-formed, and keeps what XML can hold.
    cases = ElementTree.parse(folder / "gates.xml").getroot().findall("testcase")
    names = [case.get("name") for case in cases]
    assert len(names) == 4
    assert names[0] == f"gate 0 {hostile.TEXTS[0]}"
    assert "\x1b" not in "".join(names)


def test_an_error_about_it_is_text_too(folder, capfd):
    said, code = command(capfd, "report", folder / "no \x1b[31m run \u202e")
    assert code == 2
    assert not CONTROLS.search(said)


def test_a_sign_off_by_it_shows_as_text(run, tmp_path, capfd):
    copy = tmp_path / "signed"
    shutil.copytree(run.path, copy)
    who = f"{hostile.TEXTS[0]} {hostile.TEXTS[8].splitlines()[0]}"
    arguments = ("sign", copy, "--as", who, "--decision", "approve", "--note", who, "--role", who)
    said, code = command(capfd, *arguments, "--data", tmp_path / "none.parquet", "--despite-differences")
    assert (code, CONTROLS.search(said)) == (0, None), said
    assert hostile.TEXTS[0] in is_a_page_of_text((copy / "report.html").read_text(encoding="utf-8"))
    is_a_card_of_text((copy / "report.md").read_text(encoding="utf-8"))
    said, code = command(capfd, "sign", copy, "--as", hostile.TEXTS[5], "--decision", "approve", "--note", "fine")
    assert (code in (0, 2), CONTROLS.search(said)) == (True, None), said  # refused or taken, nothing of it is obeyed
    is_a_page_of_text((copy / "report.html").read_text(encoding="utf-8"))


def test_verify_prints_it_as_text(run, capfd):
    said, _ = command(capfd, "verify", run.path)
    assert not CONTROLS.search(said)


def test_the_index_shows_it_as_text(run, tmp_path, capfd):
    shutil.copytree(run.path, tmp_path / "runs" / "<img src=x onerror=alert(1)>" / run.path.name)
    said, code = command(capfd, "index", tmp_path / "runs")
    assert (code, CONTROLS.search(said)) == (0, None), said
    is_a_page_of_text((tmp_path / "runs" / "index.html").read_text(encoding="utf-8"))


def test_a_comparison_shows_it_as_text(run, folder, tmp_path, capfd):
    other = hostile.hostile_run(folder, seed=1)
    said, code = command(capfd, "compare", run.path, other.path, "--out", tmp_path / "compared")
    assert code in (0, 1), said
    assert not CONTROLS.search(said)
    is_a_page_of_text((tmp_path / "compared" / "comparison.html").read_text(encoding="utf-8"))
    is_a_card_of_text((tmp_path / "compared" / "comparison.md").read_text(encoding="utf-8"))
    json.loads((tmp_path / "compared" / "comparison.json").read_text(encoding="utf-8"))


def test_rebuilding_gives_the_same_bytes(run, tmp_path, capfd):
    copy = tmp_path / run.path.name
    shutil.copytree(run.path, copy)
    command(capfd, "report", copy)
    for file in ("report.html", "report.md", "report.json"):
        assert (copy / file).read_bytes() == (run.path / file).read_bytes(), file


def test_a_notebook_shows_it_as_text(run):
    from appliedml.report.notebook import show_run

    text = show_run(Run(run.path))._repr_html_()
    assert Tags(text).live == []
    assert "<script" not in text
