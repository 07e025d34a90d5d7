from __future__ import annotations

import json
import re
import sys
import types

import pandas as pd
import pytest

from appliedml.core.artifact import Artifact, Status
from appliedml.errors import RunError
from appliedml.report import blocks
from appliedml.report.notebook import Card, show_artifact, show_run, show_section, show_table


def test_a_card_holds_the_reports_blocks_without_script(demo, tmp_path):
    run = demo.demo_run(tmp_path)

    for card in (show_run(run), show_section(run, "provenance"), show_artifact(run["demo_audit"])):
        html = card._repr_html_()
        assert html.startswith('<div class="aml"><style>')
        assert html.endswith("</div>")
        assert not re.search(r"<script|\son\w+=|https?:", html)
    assert "Fail: the policy is not met" in show_run(run)._repr_html_()


def test_the_style_of_a_card_stays_inside_it(demo):
    css = re.search(r"<style>(.*?)</style>", show_table(demo.groups(), "T")._repr_html_(), flags=re.DOTALL)[1]

    selectors = re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", css))
    assert selectors
    for selector in selectors:
        assert all(part.strip().startswith(".aml") for part in selector.split(","))


def test_hostile_text_in_a_card_is_text(demo):
    data = pd.DataFrame({demo.MARKUP: list(demo.HOSTILE)})

    html = show_table(data, demo.MARKUP)._repr_html_()

    assert "<script>" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_an_artifact_that_was_skipped_shows_why():
    assert "no text column" in show_artifact(Artifact("shap", Status.SKIPPED, reason="no text column"))._repr_html_()


def test_what_cannot_be_shown_is_said(demo, tmp_path):
    run = demo.demo_run(tmp_path)

    with pytest.raises(RunError, match="Did you mean 'verdict'"):
        show_section(run, "verdct")
    with pytest.raises(RunError, match="Section 'leakage' is empty"):
        show_section(run, "leakage")


def test_a_card_says_what_it_is_where_html_is_not_shown():
    assert repr(Card("Run claims", ())) == "Card('Run claims', 0 blocks)"


def test_charts_are_live_where_the_notebook_draws_them_and_pictures_elsewhere(demo):
    import altair as alt

    figures = demo.demo_figures()
    card = Card("Fairness", (blocks.Text("Before."), figures[0], figures[3], blocks.Text("After.")))
    bundles = [piece._repr_mimebundle_() for piece in card.pieces()]

    live = [[kind for kind in bundle if "vegalite" in kind] for bundle in bundles]
    assert [len(kinds) for kinds in live] == [0, 1, 1, 0]
    spec = bundles[2][live[2][0]]
    assert spec["title"] == "Mean size of Shapley values"
    assert spec["config"]["mark"]["tooltip"] == {"content": "encoding"}
    alt.Chart.from_dict(spec)  # against Vega-Lite's own schema
    for bundle in bundles:
        assert bundle["text/html"].startswith('<div class="aml"><style>')
    assert "<svg" in bundles[1]["text/html"]
    # Numbered and named through all parts, as in the card in one piece.
    assert [re.findall(r"Figure \d+", bundle["text/html"])[:1] for bundle in bundles[1:3]] == [
        ["Figure 1"],
        ["Figure 2"],
    ]
    whole, parts = (
        re.findall(r' id="[^"]+"', text) for text in (card._repr_html_(), "".join(b["text/html"] for b in bundles))
    )
    assert whole == parts


def test_a_notebook_shows_a_card_part_by_part(demo, monkeypatch):
    shown = []
    stand_in = types.ModuleType("IPython.display")
    stand_in.display = shown.append
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", stand_in)

    Card("T", (demo.demo_figures()[3],))._ipython_display_()

    assert [piece.spec is None for piece in shown] == [True, False]


def test_hostile_text_in_a_live_chart_hides_nothing(demo):
    (section, _) = demo.hostile_document().sections
    specs = [piece.spec for piece in Card(demo.MARKUP, section.blocks).pieces() if piece.spec is not None]
    assert len(specs) == 3
    assert not re.search(r"[\x00-\x08\x1b\u202e]", json.dumps(specs, ensure_ascii=False))
    assert "href" not in json.dumps(specs)
