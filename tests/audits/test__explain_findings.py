"""Findings of an explanation."""

import pandas as pd
import pytest

from appliedml.audits._explain_findings import findings, randomisation_verdict
from appliedml.core.artifact import Severity

GOOD = {
    "target_error": 0.05, "relative_error": 0.04, "additivity_residual": 1e-12, "explainer": "sampled",
    "fold_agreement": 0.9, "distance": 0.05, "expected_distance": 0.04, "distance_rows": 10,
    "distance_reference": "a longer run",
}  # fmt: skip


def tables(reached=True, worst=0.081, randomised=0.1, advantage=0.2, group=None):
    columns = ["sensitive", "level", "feature", "value", "difference", "difference_low", "difference_high", "differs"]
    return {
        "global": pd.DataFrame(
            {"output": "yes", "rank": [1, 2], "feature": ["amount", "sex"], "value": [0.3, 0.1], "share": [0.75, 0.25]}
        ),
        "errors": pd.DataFrame({"fold": [0, 1], "reached_target": [True, reached], "worst_row_error": [0.03, worst]}),
        "randomisation": pd.DataFrame(
            {
                "how": ["shuffled labels"],
                "value": randomised,
                "low": randomised - 0.05,
                "high": randomised + 0.05,
                "n": 50,
            }
        ),
        "advantages": pd.DataFrame(
            {"curve": ["deletion"], "value": [advantage], "low": [advantage - 0.1], "high": [advantage + 0.1], "n": [9]}
        ),
        "by_group": pd.DataFrame([] if group is None else [group], columns=columns),
    }


def test_a_good_explanation_has_no_findings():
    assert list(findings(tables(), GOOD, {"town": "town"})) == []


@pytest.mark.parametrize(
    ("changed", "summary", "title"),
    [
        ({"reached": False}, {}, "error is above the one asked for"),
        ({}, {"distance": 0.195, "expected_distance": 0.026}, "further from a better one"),
        ({}, {"additivity_residual": 0.05}, "do not add up"),
        ({}, {"fold_agreement": 0.3}, "Folds disagree"),
        ({"randomised": 0.9}, {}, "hardly depends on what the model learned"),
        ({"advantage": -0.3}, {}, "no better than a random order"),
    ],
)
def test_each_reason_for_distrust_is_one_warning(changed, summary, title):
    (found,) = findings(tables(**changed), GOOD | summary, {})

    assert found.severity is Severity.WARNING
    assert title in found.title


def test_one_fold_has_no_agreement_to_warn_of():
    assert list(findings(tables(), GOOD | {"fold_agreement": None}, {})) == []


def test_a_sensitive_column_that_the_model_reads_is_named_with_its_share():
    (found,) = findings(tables(), GOOD, {"gender": "sex"})

    assert found.severity is Severity.INFO
    assert found.title == "The model uses gender itself"
    assert "25.0%" in found.text


def test_a_large_difference_between_groups_is_told_and_a_small_one_is_not():
    large = ("town", "far", "amount", 0.4, 0.15, 0.1, 0.2, True)
    small = ("town", "far", "amount", 0.31, 0.02, 0.01, 0.03, True)

    (found,) = findings(tables(group=large), GOOD, {})

    assert found.title == "The model's reasons differ by town"
    assert "0.4 for far and 0.25 for all others" in found.text
    assert list(findings(tables(group=small), GOOD, {})) == []


def test_an_error_above_the_target_is_that_of_the_worst_row_of_the_worst_fold():
    (found,) = findings(tables(reached=False), GOOD | {"relative_error": 0.026}, {})

    assert "At most 5% was asked for every explained row" in found.text
    assert "in fold 1, has an expected error of 8.1%; over all rows it is 2.60%" in found.text


@pytest.mark.parametrize("worst", [0.049, 0.05, 0.050001])
def test_an_error_that_reads_as_within_the_target_is_no_finding(worst):
    assert list(findings(tables(reached=False, worst=worst), GOOD, {})) == []


@pytest.mark.parametrize(
    "summary",
    [
        {"distance": None, "expected_distance": None},
        {"distance": 0.2, "expected_distance": None},
        {"distance": 0.07, "expected_distance": 0.04},
        {"distance": 1e-15, "expected_distance": 0.0},
    ],
)
def test_a_distance_as_expected_or_unknown_is_no_finding(summary):
    assert list(findings(tables(), GOOD | summary, {})) == []


def test_the_verdict_of_the_randomisation_test_needs_the_whole_interval_below_the_limit():
    assert [randomisation_verdict(high) for high in (0.49, 0.5, float("nan"))] == [
        "depends on what was learnt", "not shown", "not shown",
    ]  # fmt: skip
