"""The section on explanations, from real artifacts."""

import numpy as np
import pandas as pd
import pytest

from appliedml.core.artifact import Artifact, Status
from appliedml.report.blocks import Callout, Figure, KeyValues, Subheading, Table, Text
from appliedml.report.sections.explanations import Explanations


def artifact(local=False, groups=True, outputs=("yes",), randomised=True, **changed):
    summary = {
        "explainer": "sampled", "why": "12 features are too many.", "notes": ["A note."], "output": "probability",
        "classes": list(outputs), "n_rows": 40, "n_folds": 2, "n_background": 30, "relative_error": 0.041,
        "worst_row_error": 0.072, "randomisation_limit": 0.5,
        "distance": 0.05, "expected_distance": 0.045, "distance_reference": "exact values", "distance_rows": 4,
        "additivity_residual": 2.2e-16,
        "fold_agreement": 0.8, "min_group_rows": 30,
        "randomisation_skipped": "" if randomised else "it would be costly",
    } | changed  # fmt: skip
    every = ("all classes", *outputs) if len(outputs) > 1 else outputs
    overall = pd.DataFrame(
        [
            (o, k + 1, f, v, v - 0.01, v + 0.01, v, 0.0, 40)
            for o in every
            for k, (f, v) in enumerate([("a", 0.6), ("b", 0.4)])
        ],
        columns=["output", "rank", "feature", "value", "low", "high", "share", "mean", "n"],
    )
    by_group = pd.DataFrame(
        [("sex", "f", f, 35, False, 0.5, 0.4, 0.6, 0.1, 0.05, 0.15, True) for f in "ab"]
        + [("sex", "m", f, 5, True, 0.5, 0.4, 0.6, np.nan, np.nan, np.nan, False) for f in "ab"],
        columns=["sensitive", "level", "feature", "n", "small", "value", "low", "high", "difference", "difference_low",
                 "difference_high", "differs"],
    )  # fmt: skip
    dependence = pd.DataFrame(
        [("a", o, "number", k, f"{k}", float(k), k - 1.0, k - 1.1, k - 0.9, 9) for o in outputs for k in range(3)]
        + [("b", o, "category", k, f"level {k}", np.nan, 0.1 * k, 0, 0.2, 9) for o in outputs for k in range(2)],
        columns=["feature", "output", "kind", "order", "label", "x", "value", "low", "high", "n"],
    )
    curves = pd.DataFrame(
        [
            (c, o, s, 1 - s, 0.8 - s, 1.1 - s)
            for c in ("deletion", "insertion")
            for o in ("explained", "random")
            for s in (0, 1)
        ],
        columns=["curve", "order", "share", "value", "low", "high"],
    )
    tables = {
        "global": overall, "by_group": by_group if groups else by_group.iloc[:0], "dependence": dependence,
        "curves": curves,
        "advantages": pd.DataFrame({"curve": ["deletion", "insertion"]}).assign(value=0.3, low=0.2, high=0.4, n=40),
        "randomisation": pd.DataFrame({"how": ["shuffled labels"] * randomised}).assign(value=0.1, low=0, high=1, n=9),
        "agreement": pd.DataFrame({"fold_a": [0], "fold_b": [1], "spearman": [0.8], "kendall": [0.7]}),
        "errors": pd.DataFrame(
            {"fold": [0, 1], "explainer": "sampled", "n_rows": 20, "base_value": 0.3, "additivity_residual": 2.2e-16,
             "mean_standard_error": 0.003, "relative_error": 0.041, "mean_permutations": 40.4, "n_evaluations": 9000}
        ),
    }  # fmt: skip
    if local:
        tables["local"] = pd.DataFrame(
            {"row_id": "17", "fold": 0, "output": "yes", "rank": [1, 2], "feature": ["a", "b"],
             "feature_value": ["3", "x"], "value": [0.4, -0.1], "standard_error": 0.01, "base_value": 0.3, "score": 0.6}
        )  # fmt: skip
    return Artifact("explain_shap", summary=summary, tables=tables)


def blocks(**changed):
    return Explanations().blocks({"explain_shap": artifact(**changed)})


def test_association_not_cause_stands_first_and_the_error_is_printed():
    found = blocks()

    assert isinstance(found[0], Callout)
    assert found[0].title == "Association, not cause"
    facts = dict(next(block for block in found if isinstance(block, KeyValues)).items)
    assert facts["Relative error of sampling"] == (
        "4.1 % (expected, from standard errors); of the worst row 7.2 % of the size of its fold's values"
    )
    assert facts["Measured distance to exact values"] == "5.0 % on 4 rows; their standard errors lead to expect 4.5 %"
    assert facts["Additivity residual, largest"] == "2.2e-16"
    assert any(isinstance(block, Text) and block.text == "A note." for block in found)


@pytest.mark.parametrize(
    ("changed", "text"),
    [({"explainer": "exact"}, "none: every coalition was scored"), ({"relative_error": None}, "not known")],
)
def test_an_error_that_is_0_or_unknown_is_said(changed, text):
    facts = dict(next(block for block in blocks(**changed) if isinstance(block, KeyValues)).items)

    assert text in facts["Relative error of sampling"]


def test_every_part_is_there_with_a_chart_and_the_table_behind_it():
    found = blocks()

    assert [block.text for block in found if isinstance(block, Subheading)] == [
        "What the model relies on",
        "Different reasons for different people?",
        "How the score depends on a feature",
        "How far the explanation can be trusted",
    ]
    figures = [block for block in found if isinstance(block, Figure)]
    assert [figure.title.split(":")[0] for figure in figures] == [
        "Mean absolute Shapley value for yes", "Reasons by sex", "Dependence on a", "Dependence on b", "Deletion",
        "Insertion",
    ]  # fmt: skip
    assert all(figure.chart is not None and len(figure.data) for figure in figures)
    assert "a with 0.6 (0.59 to 0.61)" in figures[0].alt


def test_a_small_group_is_shown_and_said_to_be_small():
    table = next(b for b in blocks() if isinstance(b, Table) and b.caption == "All features by sex").data

    assert table.set_index("level").loc["m", "small"].tolist() == ["small group"] * 2
    assert table.set_index("level")["differs"].tolist() == ["differs", "differs", "not compared", "not compared"]


def test_single_rows_are_shown_only_where_released_and_called_personal_data():
    private, released = blocks(), blocks(local=True)

    assert not any(isinstance(block, Callout) and block.title == "Personal data" for block in private)
    assert any(isinstance(block, Callout) and block.title == "Personal data" for block in released)
    assert released[-1].title == "Row 17 (fold 0), probability of class yes: 0.600; base value: 0.300"
    assert released[-1].data["label"].tolist() == ["a = 3", "b = x"]


def test_several_classes_and_no_groups_and_no_randomisation_are_said():
    found = blocks(outputs=("cat", "dog"), groups=False, randomised=False)

    assert any(isinstance(block, Table) and block.caption == "Importance by class" for block in found)
    assert not any(isinstance(block, Subheading) and "people" in block.text for block in found)
    assert any(isinstance(block, Text) and "not made. it would be costly" in block.text for block in found)


def test_an_artifact_without_tables_leaves_no_blocks():
    empty = Artifact("explain_shap", Status.NOT_APPLICABLE, reason="No table.")

    assert Explanations().blocks({"explain_shap": empty}) == []


def test_tiny_groups_are_left_out_and_counted_also_in_runs_that_hold_them():
    made = artifact(groups_left_out={"sex": 1})
    widow = made.tables["by_group"].tail(2).assign(level="x", n=1)
    made.tables["by_group"] = pd.concat([made.tables["by_group"], widow], ignore_index=True)

    found = Explanations().blocks({"explain_shap": made})

    (figure,) = [b for b in found if isinstance(b, Figure) and b.title == "Reasons by sex"]
    assert set(figure.data["level"]) == {"f", "m"}
    (text,) = [b.text for b in found if isinstance(b, Text) and "left out" in b.text and "explained rows" in b.text]
    assert "2 groups of sex with fewer than 5 explained rows are left out." in text


@pytest.mark.parametrize(("high", "verdict"), [(0.4, "shown"), (0.6, "not shown")])
def test_the_randomisation_test_has_a_verdict_and_states_its_limit(high, verdict):
    made = artifact()
    made.tables["randomisation"] = made.tables["randomisation"].assign(high=high)

    found = Explanations().blocks({"explain_shap": made})

    (table,) = [b for b in found if isinstance(b, Table) and b.caption == "Model-randomisation test"]
    assert table.data["verdict"].tolist() == [verdict]
    assert "whole interval lies below 0.5" in table.note
