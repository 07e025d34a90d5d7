from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from appliedml.audits.identity_swaps import IdentitySwaps as Audit
from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Artifact, Finding, Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.report.blocks import Callout, Document, Figure, Section, Table, Text
from appliedml.report.html import render_html
from appliedml.report.markdown import render_markdown
from appliedml.report.sections.identity_swaps import IdentitySwaps

MARKUP = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def artifacts():
    """A biased model's artifact, without and with released texts."""
    rng = np.random.default_rng(0)
    n = 400
    y = rng.integers(0, 2, n)
    who = rng.choice(["she", "he", ""], n)
    y[who == "she"] = (rng.random((who == "she").sum()) < 0.05).astype(int)
    texts = [f"{w} found it {('awful', 'great')[k]} {MARKUP}" for w, k in zip(who, y, strict=True)]
    samples, part = Samples(Texts(texts), y), np.arange(n) % 3
    made = []
    for release in (0, 3):
        audit, evidence = Audit(dimensions=["gender", "religion"], release_texts=release), []
        for k in range(3):
            pipeline = Pipeline([CountVectorizer(), LogisticRegression(C=0.1)], random_state=1).fit(samples[part != k])
            p = pipeline.predict_proba(samples[part == k])
            fold = Fold(
                k, 3, ("bad", "good"), samples[part != k], samples[part == k], pipeline, p, pipeline.codes(p),
                pipeline.threshold_, pd.DataFrame(), k,
            )  # fmt: skip
            evidence.append(audit.examine(fold))
        made.append(audit.conclude(evidence))
    return made


def blocks(artifact, kind):
    return [block for block in IdentitySwaps().blocks({"identity_swaps": artifact}) if isinstance(block, kind)]


def test_a_disparity_is_told_first(artifacts):
    callout = blocks(artifacts[0], Callout)[0]
    assert callout.tone == "bad"
    assert callout.title == "The score depends on the identity named in a text: gender"
    assert callout.text.startswith(artifacts[0].findings[0].text)


def retold(artifact, *findings):
    return Artifact("identity_swaps", summary=artifact.summary, tables=artifact.tables, findings=findings)


def test_the_callout_takes_its_title_from_the_worst_finding_and_its_text_tells_that_first(artifacts):
    warning = Finding(Severity.WARNING, "Gaps without proof", "Maybe.")
    problem = Finding(Severity.PROBLEM, "Errors differ", "By far.")
    (callout,) = blocks(retold(artifacts[0], warning, problem, warning, warning), Callout)
    assert (callout.tone, callout.title) == ("bad", "Errors differ")
    assert callout.text.startswith("By far. Gaps without proof. Maybe.")
    assert callout.text.endswith("1 more such finding is in the tables below.")
    (callout,) = blocks(retold(artifacts[0], warning), Callout)
    assert (callout.tone, callout.title, callout.text) == ("warning", "Gaps without proof", "Maybe.")
    (callout,) = blocks(retold(artifacts[0], Finding(Severity.INFO, "Own sentences", "Some.")), Callout)
    assert callout.tone == "good"


def test_no_table_is_wider_than_seven_columns_or_shows_the_test_of_training_anew(artifacts):
    for table in blocks(artifacts[1], Table):
        assert len(table.columns) <= 7, table.caption
        assert "p_folds" not in [column.name for column in table.columns]
    assert "p_folds" in artifacts[1].tables["terms"]


def test_terms_that_the_model_never_saw_are_called_unknown(artifacts):
    dimensions = artifacts[0].tables["dimensions"].assign(unknown=[False, True], remark=["", "never met"])
    tables = {**artifacts[0].tables, "dimensions": dimensions}
    made = Artifact("identity_swaps", summary=artifacts[0].summary, tables=tables)
    first = blocks(made, Table)[0]
    assert first.columns[-1].name == "remark"
    assert len(first.columns) <= 7
    assert blocks(made, Callout)[0].text == "religion: never met."


def test_dimensions_groups_terms_own_sentences_and_errors_have_tables(artifacts):
    captions = [table.caption for table in blocks(artifacts[0], Table)]
    assert captions[:3] == [
        "Verdict by dimension of identity", "Groups, on templates", "The 20 terms that change the score most",
    ]  # fmt: skip
    assert "Own sentences, swapped by matched terms" in captions
    assert "Errors in texts that mention an identity" in captions
    assert "Own sentences whose score changes most" not in captions


def test_the_chart_names_its_largest_change(artifacts):
    (figure,) = blocks(artifacts[0], Figure)
    assert "gender: female" in figure.alt or "gender: male" in figure.alt


def test_released_texts_come_with_the_notice_and_show_markup_as_text(artifacts):
    made = IdentitySwaps().blocks({"identity_swaps": artifacts[1]})
    assert any(isinstance(block, Callout) and "personal data" in block.text for block in made)
    document = Document("t", "s", (Section("identity_swaps", "Identity in texts", tuple(made)),), {})
    html = render_html(document)
    assert MARKUP not in html
    assert "alert(1)" in html
    assert "awful" in render_markdown(document)


def test_without_own_sentences_this_is_said(artifacts):
    tables = {**artifacts[0].tables, "own": artifacts[0].tables["own"].iloc[:0]}
    made = Artifact("identity_swaps", summary=artifacts[0].summary, tables=tables)
    assert any("only templates were judged" in block.text for block in blocks(made, Text))


def test_an_audit_that_did_not_apply_has_nothing_to_show():
    made = Artifact("identity_swaps", Status.NOT_APPLICABLE, reason="no texts")
    assert IdentitySwaps().blocks({"identity_swaps": made}) == []
