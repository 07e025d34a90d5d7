from __future__ import annotations

import re

import pandas as pd
import pytest

from appliedml.core.artifact import Artifact, Status
from appliedml.errors import RunError
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
