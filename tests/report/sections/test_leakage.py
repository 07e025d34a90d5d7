from __future__ import annotations

import inspect

import pandas as pd
import pytest

from appliedml.audits import _leakage_rows
from appliedml.core.artifact import Artifact, Finding, Severity, Status
from appliedml.report.blocks import Bullets, Callout, Table, Text
from appliedml.report.sections.leakage import GROUPS_APART, UNKNOWN_GROUPS, Leakage

CHECKS = ["check", "fold", "n", "of", "share", "verdict", "text"]


def artifact(checks, status=Status.OK, features=(), levels=(), identifiers=(), findings=()):
    return Artifact(
        "leakage",
        status,
        summary={"n_folds": 2, "suspicious_auc": 0.95, "nearly_equal_auc": 0.99},
        tables={
            "checks": pd.DataFrame(checks, columns=CHECKS),
            "features": pd.DataFrame(features, columns=["column", "auroc", "auroc_max", "folds", "verdict"]),
            "levels": pd.DataFrame(levels, columns=["column", "level", "class", "rows", "share"]),
            "identifiers": pd.DataFrame(identifiers, columns=["column", "rows", "distinct", "share"]),
        },
        findings=findings,
    )


class Run(dict):
    """What the section reads of a run: its artifacts by kind, and its schema."""

    def __init__(self, made, group=None):
        super().__init__(leakage=made)
        self.info = {"schema": {"target": "y", **({"group": group} if group else {})}}


OVERLAP = [("overlap", 0, 0, 50, 0.0, "ok", "fine"), ("overlap", 1, 3, 50, 0.06, "problem", "bad")]
UNMEASURED = [("groups", fold, 0, 50, 0.0, "not measured", "no group") for fold in (0, 1)]


def tables(made):
    return {block.caption: block for block in Leakage().blocks(Run(made)) if isinstance(block, Table)}


def test_the_worst_fold_decides_a_check_and_counts_are_summed():
    data = tables(artifact(OVERLAP + UNMEASURED))["Rows that should not be there"].data.set_index("check")

    assert data.loc["Overlap", ["verdict", "found", "text"]].tolist() == ["problem", "3 of 100", "bad"]
    assert data.loc["Groups", ["verdict", "found"]].tolist() == ["not measured", "-"]


@pytest.mark.parametrize(
    ("status", "tone", "title"),
    [
        (Status.OK, "good", "No leakage found"),
        (Status.WARNING, "warning", "Something may leak"),
        (Status.PROBLEM, "bad", "Leakage found"),
    ],
)
def test_the_verdict_stands_first_with_its_reason(status, tone, title):
    findings = () if status is Status.OK else (Finding(Severity.PROBLEM, "Overlap", "3 of 50."),)

    first = Leakage().blocks(Run(artifact(OVERLAP, status, findings=findings)))[0]

    assert isinstance(first, Callout)
    assert (first.tone, first.title) == (tone, title)
    assert first.text == (
        "Every check that applies was made in 2 folds." if status is Status.OK else "Overlap: 3 of 50."
    )


def test_suspicious_features_values_and_identifiers_have_their_tables():
    made = artifact(
        OVERLAP,
        features=[("settled", 1.0, 1.0, 2, "problem"), ("age", 0.6, 0.61, 2, "ok")],
        levels=[("flag", "yes", "fraud", 60, 1.0)],
        identifiers=[("policy", 100, 100, 1.0)],
    )

    found = tables(made)

    (features,) = [table for caption, table in found.items() if caption.startswith("Features that separate")]
    assert not features.collapsed
    assert found["Values that decide the outcome"].data["class"].tolist() == ["fraud"]
    assert "Features that look like identifiers" in found


def test_the_table_says_that_the_mean_over_the_folds_decides():
    found = tables(artifact(OVERLAP, features=[("age", 0.9, 0.95, 2, "ok")]))

    (features,) = [table for caption, table in found.items() if caption.startswith("Features that separate")]
    assert (
        "The mean over the folds decides, before it is rounded: from 0.95 on a feature is suspicious" in features.note
    )
    assert "The largest of a single fold decides nothing" in features.note


def test_an_audit_that_did_not_apply_has_nothing_to_show():
    assert Leakage().blocks(Run(Artifact("leakage", Status.SKIPPED, reason="no rows"))) == []


def test_a_test_that_is_not_on_later_rows_is_no_leak_but_a_warning_of_its_own():
    later = Finding(Severity.WARNING, "Not tested on later rows", "90 of 100.")

    one, two, *_ = Leakage().blocks(Run(artifact(OVERLAP, Status.WARNING, findings=(later,))))

    assert (one.tone, one.title) == ("good", "No leakage found")
    assert (two.tone, two.title, two.text) == ("warning", "Not tested on later rows", "90 of 100.")


def test_information_is_listed_and_never_called_a_leak():
    told = Finding(Severity.INFO, "Identifier-like column policy is dropped", "In every fold.")

    first, second, *_ = Leakage().blocks(Run(artifact(OVERLAP, findings=(told,))))

    assert "policy" not in first.text
    assert second == Bullets(("Identifier-like column policy is dropped: In every fold.",))


def test_dropped_columns_have_a_table_and_mixtures_a_sentence():
    made = artifact(OVERLAP)
    dropped = pd.DataFrame([("policy", "0, 1", True)], columns=["column", "folds", "every_fold"])
    made = Artifact(
        "leakage", summary={**made.summary, "mixtures": ["pca0", "pca1"]}, tables={**made.tables, "dropped": dropped}
    )

    assert "Columns that the pipeline drops before the model" in tables(made)
    (text,) = [block.text for block in Leakage().blocks(Run(made)) if isinstance(block, Text)]
    assert text.startswith("The model sees 2 columns that are mixtures")


def test_tables_say_whether_the_pipeline_drops_a_column():
    made = artifact(OVERLAP, identifiers=[("policy", 100, 100, 1.0)])
    made.tables["identifiers"]["dropped"] = "yes"

    columns = tables(made)["Features that look like identifiers"].columns

    assert columns[-1].label == "Dropped by the pipeline"


@pytest.mark.parametrize(
    ("n", "unknown", "group", "verdict", "said"),
    [
        (0, 0, "patient_id", "ok", "disjoint: patient_id. No row of a group is on the other side."),
        (0, 2, "patient_id", "ok", "disjoint: patient_id. No row of a group is on the other side, as far as the group"),
        (3, 0, "patient_id", "problem", "not disjoint by patient_id: 3 test rows have theirs in training too."),
        (0, 0, None, "ok", "disjoint: groups that cleaning made."),
        (0, 0, None, "not measured", "the single row. The schema names no group"),
    ],
)
def test_the_level_at_which_parts_are_disjoint_names_the_column(n, unknown, group, verdict, said):
    rows = [("test rows whose group is also in training", fold, n * fold, 50, 0.0, verdict, "x") for fold in (0, 1)]
    rows.append(("rows without a group", 0, unknown, 100, 0.0, "warning", "x"))

    found = Leakage().blocks(Run(artifact(rows), group))

    assert any(said in block.text for block in found if isinstance(block, Text))


def test_the_names_of_the_checks_are_those_of_the_audit():
    source = inspect.getsource(_leakage_rows)

    assert all(f'"{name}"' in source for name in (GROUPS_APART, UNKNOWN_GROUPS))
