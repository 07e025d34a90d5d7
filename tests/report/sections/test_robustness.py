from __future__ import annotations

import pandas as pd
import pytest

from appliedml.core.artifact import Artifact, Finding, Severity, Status
from appliedml.report.blocks import Callout, Figure, Subheading, Table, Text
from appliedml.report.sections.robustness import Robustness


def curves(names=(("blur", 3), ("flip", 1)), verdict=True):
    rows = []
    for name, n in names:
        for severity in range(n + 1):
            rows += [
                (name, name.title(), severity, f"level {severity}", metric, 0.9 - 0.1 * severity, 0.8 - 0.1 * severity,
                 1 - 0.1 * severity, 50, -0.1 * severity, -0.2, 0.0, "warning" if severity == 3 else "")
                for metric in ("roc_auc", "accuracy")
            ]  # fmt: skip
    columns = ["perturbation", "title", "severity", "severity_title", "metric", "value", "low", "high", "n",
               "difference", "difference_low", "difference_high", "verdict"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return table if verdict else table.drop(columns="verdict")


def behaviours():
    columns = ["test", "title", "kind", "example", "n", "failures", "failure_rate", "low", "high"]
    rows = [
        ("a", "A holds", "negation", "x", 64, 64.0, 1.0, 0.94, 1.0),
        ("b", "B holds", "direction", "y", 64, 0.0, 0.0, 0.0, 0.06),
    ]
    return pd.DataFrame(rows, columns=columns)


def text_artifact(**summary):
    summary = {"tolerance": 0.05, "confidence": 0.95, "max_failure_rate": 0.1, **summary}
    found = (Finding(Severity.WARNING, "Performance falls: blur", "From 0.9 to 0.6."),)
    return Artifact(
        "text_robustness", summary=summary, tables={"curves": curves(), "behaviours": behaviours()}, findings=found
    )


def image_artifact():
    return Artifact("image_robustness", summary={}, tables={"curves": curves((("blur", 3),), verdict=False)})


def blocks(run, kind):
    return [block for block in Robustness().blocks(run) if isinstance(block, kind)]


def test_perturbations_with_several_severities_are_drawn_and_all_are_listed():
    run = {"text_robustness": text_artifact()}
    assert [figure.title for figure in blocks(run, Figure)] == ["AUROC by severity: blur", "Accuracy by severity: blur"]
    assert "Blur 0.600" in blocks(run, Figure)[0].alt
    assert "Flip" not in blocks(run, Figure)[0].alt
    captions = [table.caption for table in blocks(run, Table)]
    assert captions == ["Perturbations by severity", "Perturbations of one severity", "Behaviour tests"]
    assert 0 not in blocks(run, Table)[0].data["difference"].tolist()


def test_the_first_finding_is_the_headline():
    (callout,) = blocks({"text_robustness": text_artifact()}, Callout)
    assert (callout.tone, callout.title) == ("warning", "Performance falls: blur")


def test_failures_are_read_against_the_limit():
    table = blocks({"text_robustness": text_artifact()}, Table)[-1]
    assert table.data["reading"].tolist() == ["warning", "ok"]
    assert "The sentences are English." in table.note


def test_what_was_not_tested_is_said():
    run = {"text_robustness": text_artifact(behaviours_not_judged="No sentiment.", own_lexicon=True)}
    assert any(block.text == "Negation and direction are not tested. No sentiment." for block in blocks(run, Text))
    assert "own lexicon" in blocks(run, Table)[-1].note


def test_images_and_texts_stand_side_by_side_under_headings():
    run = {"image_robustness": image_artifact(), "text_robustness": text_artifact()}
    assert [block.text for block in blocks(run, Subheading)] == ["Images", "Texts", "Behaviour tests"]
    assert len(blocks(run, Figure)) == 4


def test_an_artifact_without_verdicts_or_settings_is_shown_too():
    run = {"image_robustness": image_artifact()}
    (table,) = blocks(run, Table)
    assert "Verdict" not in [column.label for column in table.columns]
    assert (blocks(run, Callout)[0].tone, blocks(run, Callout)[0].title) == (
        "neutral", "No loss was judged against a tolerance",
    )  # fmt: skip


def judged_artifact(*verdicts, findings=(), kind="table_robustness", **summary):
    table = curves((("blur", 1), ("flip", 1), ("fade", 1))[: len(verdicts)])
    table = table[table["metric"] == "roc_auc"].copy()
    table.loc[table["severity"] == 1, "verdict"] = verdicts
    return Artifact(kind, summary=summary, tables={"curves": table}, findings=findings)


WITHIN, OPEN = "within tolerance", "insufficient evidence"


@pytest.mark.parametrize(
    ("verdicts", "tone", "title"),
    [
        ((WITHIN, WITHIN), "good", "No loss beyond the tolerance is shown"),
        ((WITHIN, OPEN), "warning", "Insufficient evidence: a loss beyond the tolerance is not ruled out"),
        ((OPEN, OPEN), "warning", "Insufficient evidence: a loss beyond the tolerance is not ruled out"),
    ],
)
def test_the_headline_is_green_only_where_every_loss_is_ruled_out(verdicts, tone, title):
    (callout,) = blocks({"table_robustness": judged_artifact(*verdicts)}, Callout)

    assert (callout.tone, callout.title) == (tone, title)
    assert ("Insufficient evidence: " in callout.text) == (OPEN in verdicts)


def test_the_worst_finding_is_the_headline_and_what_is_open_stands_below():
    found = (Finding(Severity.WARNING, "Falls a bit", "A."), Finding(Severity.PROBLEM, "Breaks", "B."))
    (callout,) = blocks({"table_robustness": judged_artifact("warning", OPEN, findings=found)}, Callout)

    assert (callout.tone, callout.title) == ("bad", "Breaks")
    assert callout.text == "Breaks. B. Falls a bit. A. Insufficient evidence: flip."


@pytest.mark.parametrize(("tolerance", "tone"), [(0.3, "good"), (0.1, "warning")])
def test_images_have_no_verdicts_and_are_held_to_the_tolerance(tolerance, tone):
    """The interval of every difference goes from -0.2 to 0.0."""
    tables = {"curves": curves((("blur", 3),), verdict=False)}
    run = {"image_robustness": Artifact("image_robustness", summary={"tolerance": tolerance}, tables=tables)}

    assert blocks(run, Callout)[0].tone == tone


def test_a_behaviour_that_stays_open_is_no_good_news():
    cases = behaviours().assign(low=[0.05, 0.0], high=[0.3, 0.06])
    artifact = judged_artifact(WITHIN, kind="text_robustness", max_failure_rate=0.1)
    artifact.tables["behaviours"] = cases
    (callout,) = blocks({"text_robustness": artifact}, Callout)

    assert callout.tone == "warning"
    assert callout.text == "Insufficient evidence: A holds."


def test_an_audit_that_did_not_apply_has_nothing_to_show():
    run = {"text_robustness": Artifact("text_robustness", Status.NOT_APPLICABLE, reason="no texts")}
    assert Robustness().blocks(run) == []


def table_artifact(refused=True):
    refusals = pd.DataFrame(
        [("missing", "Missing values", 1, "5 % of cells", "ValueError", 2)] if refused else [],
        columns=["perturbation", "title", "severity", "severity_title", "error", "folds"],
    )
    columns = pd.DataFrame([("amount", "number")], columns=["column", "treated_as"])
    tables = {"curves": curves(), "columns": columns, "refusals": refusals}
    return Artifact("table_robustness", summary={"most_loss": 0.02, "confidence": 0.95}, tables=tables)


def test_disturbed_tables_show_what_is_judged_what_is_refused_and_which_columns():
    run = {"table_robustness": table_artifact()}
    assert len(blocks(run, Figure)) == 2
    captions = [table.caption for table in blocks(run, Table)]
    assert captions[2:] == ["Refused by the pipeline", "Columns that were disturbed"]
    assert "lies above 0.02" in blocks(run, Table)[0].note
    assert blocks(run, Table)[2].data["error"].tolist() == ["ValueError"]


def test_where_nothing_is_refused_no_table_says_so():
    captions = [table.caption for table in blocks({"table_robustness": table_artifact(refused=False)}, Table)]
    assert "Refused by the pipeline" not in captions
