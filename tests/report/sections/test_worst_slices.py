from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.audits.worst_slices import TYPES
from appliedml.core.artifact import Artifact, Finding, Severity
from appliedml.report.blocks import Callout, Document, Figure, Section, Table, Text
from appliedml.report.html import render_html
from appliedml.report.markdown import render_markdown
from appliedml.report.sections.worst_slices import WorstSlices

SUMMARY = {
    "n_rows": 900, "n_used": 800, "n_search": 390, "n_confirm": 410, "halves_by": "groups", "n_features": 7,
    "n_looked_at": 432, "n_tested": 1, "n_confirmed": 1, "measures": ["log_loss"], "against": "expected",
    "classes": ["no", "yes"], "min_rows": 50, "margin": 0.1, "confidence": 0.95, "confidence_each": 0.99, "seed": 11,
}  # fmt: skip
ROW = {
    "measure": "log_loss", "slice": "town=a & sex=F", "features": 2, "n_search": 60, "n": 70, "share": 0.17,
    "n_units": 66, "n_positive": 30, "share_positive": 0.43, "share_positive_rest": 0.31, "value": 1.2, "low": 0.9,
    "high": 1.5, "rest": 0.5, "expected": 0.6, "ratio": 2.0, "ratio_low": 1.5, "ratio_high": 2.5, "beyond_low": 1.4,
    "verdict": "confirmed",
}  # fmt: skip
NAMED = Finding(Severity.WARNING, "The model errs more where town=a & sex=F (log loss)", "It is 1.200.")


def blocks(rows=(ROW,), findings=(NAMED,), **summary):
    table = pd.DataFrame(list(rows), columns=list(TYPES)).astype(TYPES)
    artifact = Artifact("worst_slices", summary=SUMMARY | summary, tables={"slices": table}, findings=tuple(findings))
    return WorstSlices().blocks({"worst_slices": artifact})


def test_a_confirmed_slice_stands_first_with_how_it_was_looked_for():
    made = blocks()

    assert [type(block) for block in made] == [Callout, Text, Figure, Table]
    assert made[0].tone == "warning"
    assert made[0].title.startswith("1 slice in")
    assert "432 slices of 7 features" in made[0].text
    assert "800 of 900, drawn at random with seed 11" in made[1].text
    assert "at random by groups" in made[1].text


def test_none_found_is_an_answer_with_its_limits():
    made = blocks(rows=(), findings=(), n_confirmed=0, n_tested=0)

    assert [type(block) for block in made] == [Callout, Text]
    assert made[0].tone == "good"
    assert "three features, were not looked at" in made[0].text


def test_shares_of_few_people_are_not_shown():
    few = blocks([ROW | {"n_positive": 3}])[-1]

    assert np.isnan(few.data["share_positive"].iloc[0])
    assert blocks()[-1].data["share_positive"].iloc[0] == 0.43


def test_slices_that_could_not_be_judged_have_no_chart():
    nothing = dict.fromkeys(("value", "low", "high", "rest", "expected", "ratio", "ratio_low", "ratio_high"), np.nan)

    made = blocks([ROW | nothing | {"verdict": "too few rows", "share_positive": np.nan}], findings=())

    assert [type(block) for block in made] == [Callout, Text, Table]


def test_the_comparison_is_named_as_it_was_made():
    assert "all other rows" in blocks(against="rest")[1].text
    assert "what is expected there" in blocks()[2].title


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_hostile_slices_show_as_text(render):
    hostile = "<script>alert(1)</script>=\"\u202e'&" + "x" * 10_000

    page = render(Document("t", "s", (Section("worst_slices", "W", tuple(blocks([ROW | {"slice": hostile}]))),)))

    assert "<script>alert(1)" not in page


def test_an_artifact_without_slices_shows_nothing():
    assert WorstSlices().blocks({"worst_slices": Artifact("worst_slices")}) == []
