"""The section "Threshold explorer" in every form of the report."""

from __future__ import annotations

import json
import re

import pytest

from appliedml.report import blocks
from appliedml.report.discovery import ReportRun
from appliedml.report.html import render_blocks, render_html
from appliedml.report.json_form import render_json
from appliedml.report.markdown import render_markdown
from appliedml.report.sections.thresholds import Thresholds
from appliedml.store import layout
from appliedml.store.manifest import seal_run
from appliedml.store.run import Run
from appliedml.store.writer import write_table


@pytest.fixture(scope="module")
def found(explorer_run):
    return Thresholds().blocks(ReportRun(explorer_run))


@pytest.fixture(scope="module")
def document(found):
    return blocks.Document("t", "s", (blocks.Section("thresholds", "Threshold explorer", tuple(found)),))


def test_the_text_says_that_the_run_used_a_threshold_a_fold_and_that_picking_is_optimistic(found):
    text = found[0].text

    assert "0.31, 0.2537, 0.42" in text and "their median, 0.31" in text
    assert "optimistic" in text and "it holds no row" in text


def test_the_text_says_that_counts_by_score_are_not_suppressed(found):
    counts = found[-1].data
    small = {n for group in counts["features"][0]["groups"] for n in group["positive"] if 0 < n < 5}
    assert 1 in small
    assert "These counts, which report.json holds too, may be as small as 1: tables show counts of 1 to 4 as <5" in (
        found[0].text
    )


def test_the_page_has_the_table_open_and_the_counts_in_an_attribute(document):
    page = render_html(document)

    assert re.search(r'<div class="explorer" data-explorer="\{[^"]*" hidden></div>\s*<details class="fold" open>', page)
    assert page.count("data-explorer=") == 1


def test_markdown_and_notebook_have_the_table_alone_and_json_the_counts_too(document, found):
    assert "median of the folds" in render_markdown(document) and "selected_units" not in render_markdown(document)
    card = render_blocks(tuple(found), "card")
    assert "median of the folds" in card and "data-explorer" not in card
    block = json.loads(render_json(document))["sections"][0]["blocks"][-1]
    assert block["type"] == "Explorer" and block["counts"]["features"][0]["name"] == "sex" and len(block["rows"]) > 10


def test_more_than_two_classes_get_a_sentence(explorer_runs, tmp_path):
    run = explorer_runs.explorer_run(tmp_path)
    run.info |= {"binary": False, "classes": ["a", "b", "c"]}

    (text,) = Thresholds().blocks(ReportRun(run))
    assert text.text.startswith("With 3 classes")


def test_hostile_names_are_text_everywhere(explorer_runs, demo, tmp_path):
    hostile = tuple(demo.HOSTILE)
    run = explorer_runs.explorer_run(tmp_path, classes=(hostile[4], hostile[0]), sexes=(hostile[1], hostile[7]))
    section = blocks.Section("thresholds", "T", tuple(Thresholds().blocks(ReportRun(run))))
    page = render_html(blocks.Document("t", "s", (section,)))

    assert "<script>alert" not in page and "<img src=x" not in page
    assert len(page) < 250_000


def test_nothing_is_explored_on_changed_evidence(explorer_runs, tmp_path):
    run = explorer_runs.explorer_run(tmp_path / "run")
    seal_run(run.path)
    assert any(isinstance(block, blocks.Explorer) for block in Thresholds().blocks(ReportRun(Run(run.path))))

    write_table(run.path / layout.SCORES, run.scores.assign(value=run.scores["value"] + 0.01))

    (callout,) = Thresholds().blocks(ReportRun(Run(run.path)))
    assert callout.tone == "bad"
    assert callout.text == "The evidence was changed after the run: scores.parquet."
