from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._fairness_features import Pooled, find_features
from appliedml.audits._fairness_findings import unknown_findings, unsure_findings
from appliedml.audits._fairness_judge import Minimums, count, judge
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


def judged_by(cluster, intersections=()):
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"region": np.repeat(["north", "south"], [300, 60]), "sex": np.tile(["f", "m"], 180)})
    true = rng.integers(0, 2, 360)
    score = np.clip(0.3 * true + 0.7 * rng.random(360), 0, 1)
    pred = (score > 0.5).astype(np.int64)
    pooled = Pooled(("no", "yes"), true, pred, score, None, cluster, "", table, {})
    settings = {"confidence": 0.95, "corrected": 0.95, "tolerance": 0.1, "n_resamples": 100, "seed": 0}
    features = find_features(pooled, intersections)
    return [judge(count(one, pooled, [], Minimums(2, 2, 2), False), pooled, **settings) for one in features]


def test_a_group_of_one_customer_has_figures_without_an_interval_and_that_is_said():
    one_customer = np.r_[np.arange(300) // 3, np.full(60, 1000)]

    found = unsure_findings(judged_by(one_customer, [["region", "sex"]]))

    assert [finding.severity for finding in found] == ["info", "info"]
    assert found[0].title == "Too few to say how sure a figure by region is"
    assert found[0].text.startswith("AUROC of south. Observed minus predicted of south: too few groups of rows of a")
    assert found[1].text.startswith("For region & sex some groups are too small")
    assert unsure_findings(judged_by(None)) == unsure_findings(judged_by(np.arange(360) // 3)) == []
