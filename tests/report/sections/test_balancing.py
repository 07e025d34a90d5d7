from __future__ import annotations

import pandas as pd

from appliedml.core.artifact import Artifact, Finding, Severity, Status
from appliedml.report.blocks import Figure, Table, Text
from appliedml.report.sections.balancing import Balancing

STAGES = ("before calibration", "after calibration")


def artifact(stages=STAGES, metrics=("roc_auc", "average_precision", "mean_predicted"), note=""):
    named = {"none": "no balancing", "chosen": "smote"}
    values = [
        (variant, label, stage, metric, 0.3, 0.2, 0.4, 100)
        for variant, label in named.items() for stage in stages for metric in metrics
    ]  # fmt: skip
    differences = [
        ("chosen", "none", stage, metric, 0.01, -0.1, 0.1, 0.5, 100) for stage in stages for metric in metrics
    ]
    curve = [
        (variant, stage, number, 0.1 * number, 0.1 * number, 0.0, 1.0, 10)
        for variant in named for stage in stages for number in range(5)
    ]  # fmt: skip
    fits = [(fold, variant, label, 60, 0, note) for fold in (0, 1) for variant, label in named.items()]
    return Artifact(
        "ablation",
        summary={"folds": [0, 1], "n_rows": 100, "prevalence": 0.125, "n_resamples": 999},
        tables={
            "variants": pd.DataFrame(
                values, columns=["variant", "label", "stage", "metric", "value", "low", "high", "n"]
            ),
            "differences": pd.DataFrame(
                differences,
                columns=["variant", "reference", "stage", "metric", "difference", "low", "high", "p", "n"],
            ),
            "reliability": pd.DataFrame(
                curve, columns=["variant", "stage", "bin", "mean_predicted", "observed", "low", "high", "n"]
            ),
            "fits": pd.DataFrame(fits, columns=["fold", "variant", "label", "n_fitted", "n_synthetic", "note"]),
        },
        findings=(Finding(Severity.INFO, "Balancing made no clear difference", "AUROC +0.010."),),
    )


def blocks(made, kind):
    return [block for block in Balancing().blocks({"ablation": made}) if isinstance(block, kind)]


def test_ranking_risks_and_both_reliability_curves_are_drawn():
    titles = [figure.title for figure in blocks(artifact(), Figure)]

    assert titles == [
        "Average precision by balancing", "Mean predicted risk by balancing",
        "Predicted and observed risk before calibration", "Predicted and observed risk after calibration",
    ]  # fmt: skip


def test_the_observed_share_stands_beside_the_predicted_ones():
    chart = blocks(artifact(), Figure)[1]

    assert "smote, before calibration: 0.300" in chart.alt
    assert "The observed share is 0.125." in chart.alt


def test_without_calibration_there_is_one_curve():
    assert len(blocks(artifact(stages=STAGES[:1]), Figure)) == 3


def test_findings_are_told_in_the_text():
    (text,) = blocks(artifact(), Text)
    assert "in folds 0, 1, and judged on the same 100 test rows" in text.text
    assert "Balancing made no clear difference: AUROC +0.010." in text.text


def test_unequal_numbers_of_rows_come_with_a_warning_about_training_steps():
    made = artifact()
    (equal,) = blocks(made, Text)
    made.tables["fits"].loc[0, "n_fitted"] = 110
    (unequal,) = blocks(made, Text)

    assert "gains from the extra steps alone" in unequal.text
    assert "extra steps" not in equal.text


def test_tables_name_measures_and_balancing_in_words():
    tables = {table.caption: table for table in blocks(artifact(), Table)}

    differences = tables["Paired differences"].data
    assert differences["p_text"].iloc[0] == "0.500"
    assert differences.loc[0, ["measure", "label", "against"]].tolist() == ["AUROC", "smote", "no balancing"]
    assert tables["What was fitted"].collapsed


def test_a_variant_that_was_not_fitted_opens_its_table():
    tables = {table.caption: table for table in blocks(artifact(note="takes no weights"), Table)}
    assert not tables["What was fitted"].collapsed


def test_more_than_two_classes_have_neither_risks_nor_curves():
    made = artifact(metrics=("roc_auc",))
    made = Artifact(
        "ablation",
        summary={**made.summary, "prevalence": None},
        tables={**made.tables, "reliability": made.tables["reliability"].iloc[:0]},
    )

    assert blocks(made, Figure) == []


def test_an_audit_that_did_not_apply_has_nothing_to_show():
    made = Artifact("ablation", Status.NOT_APPLICABLE, reason="no balancing")
    assert Balancing().blocks({"ablation": made}) == []
