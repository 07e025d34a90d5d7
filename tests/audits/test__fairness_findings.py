from __future__ import annotations

import pandas as pd
import pytest

from appliedml.audits._fairness_findings import unknown_findings
from appliedml.audits._fairness_unknown import UNKNOWN_COLUMNS


def unknown(*rows):
    """One row a tuple: feature, metric, rate, low, high, differs."""
    found = [
        (name, "&" in name, "unknown", metric, 289, rate, 0.061, 0.095, "60 and over", 0.061, rate - 0.061, low, high,
         rate - 0.095, differs)
        for name, metric, rate, low, high, differs in rows
    ]  # fmt: skip
    return pd.DataFrame(found, columns=list(UNKNOWN_COLUMNS))


def test_a_worse_treatment_of_unknown_people_is_told_with_its_figures():
    (finding,) = unknown_findings(unknown(("age_band", "false_positive_rate", 0.208, 0.05, 0.24, True)), 0.95)

    assert finding.severity == "warning"
    assert finding.title == "People of unknown age_band are treated differently"
    for words in (
        "False positive rate of unknown 0.208 (of 289 rows)",
        "0.061 to 0.095",
        "0.050 to 0.240 above that of 60 and over (0.061) with 95 % confidence (corrected)",
        "judge_unknown",
    ):
        assert words in finding.text


@pytest.mark.parametrize(
    ("low", "high", "words"), [(-0.3, -0.1, "0.100 to 0.300 below"), (-0.02, 0.3, "chance is not ruled out")]
)
def test_the_direction_and_the_doubt_are_said(low, high, words):
    (finding,) = unknown_findings(unknown(("sex", "selection_rate", 0.3, low, high, True)), 0.95)

    assert words in finding.text


def test_intersections_share_one_finding_and_what_does_not_differ_has_none():
    found = unknown_findings(
        unknown(
            *((f"sex & {name}", "accuracy", 0.5, 0.1, 0.2, True) for name in "abcd"),
            ("region", "accuracy", 0.1, -0.1, 0.1, False),
        ),
        0.95,
    )

    assert [finding.title for finding in found] == ["People of unknown level at intersections are treated differently"]
    assert "by sex & a 0.500" in found[0].text
    assert "And 1 more." in found[0].text
    assert unknown_findings(unknown(), 0.95) == []
