from __future__ import annotations

from types import SimpleNamespace

import pytest

from appliedml.audits._fairness_rare import TITLE, rare_findings
from appliedml.core.artifact import Severity


def row(metric="selection_rate", highest=0.022, coarse=True, **more):
    found = {
        "feature": "age_band", "metric": metric, "criterion": metric.replace("_", " "), "lowest_rate": 0.017,
        "highest_rate": highest, "ratio": 0.786, "ratio_low": 0.411, "ratio_high": 1.5, "coarse": coarse,
    }  # fmt: skip
    return found | more


def said(*rows):
    return rare_findings([SimpleNamespace(rows=list(rows))], 0.10)


def test_rates_below_the_tolerance_are_named_with_their_ratio():
    (finding,) = said(row(), row("false_positive_rate", 0.011, ratio=float("nan")), row("accuracy", lowest_rate=0.986))

    assert (finding.title, finding.severity) == (TITLE, Severity.INFO)
    assert "a gap of 0.1 cannot arise, and 'within tolerance' is no reassurance. Look at the ratio" in finding.text
    assert "Selection rate: the rate is at most 0.022; the smallest ratio is 0.786 (0.411 to 1.500), by age_band" in (
        finding.text
    )
    assert "False positive rate: the rate is at most 0.011;" in finding.text
    assert finding.text.endswith("Accuracy: at most 0.014 of the decisions are wrong.")


@pytest.mark.parametrize("rows", [(), (row(coarse=False),), (row("equalised_odds"),)])
def test_where_no_verdict_is_empty_nothing_is_said(rows):
    assert said(*rows) == []
