from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._fairness_features import Pooled, find_features
from appliedml.audits._fairness_judge import Minimums, count, judge
from appliedml.audits._fairness_ranking import RANKING_TYPES, ranking_findings, ranking_table
from appliedml.core.artifact import Severity

MINIMUMS = Minimums(100, 30, 30)


def ranked(levels, knows, n=3000, scored=True, crossed=(), n_tiny=0):
    """The score knows the class less well in some groups."""
    rng = np.random.default_rng(0)
    group = rng.choice(levels, n).astype(object)
    group[:n_tiny] = "tiny"
    true = rng.integers(0, 2, n)
    true[:n_tiny] = 1
    score = 1 / (1 + np.exp(-(true * np.array([knows.get(name, 2.5) for name in group]) + rng.normal(size=n))))
    sensitive = pd.DataFrame({"age": group, "sex": rng.choice(["F", "M"], n)})
    pred = (score > 0.5).astype(np.int64)
    pooled = Pooled(("no", "yes"), true, pred, score if scored else None, None, None, "", sensitive, {})
    features = find_features(pooled, list(crossed))
    counted = [count(feature, pooled, ["accuracy"], MINIMUMS, False) for feature in features]
    settings = {"confidence": 0.95, "corrected": 0.95, "tolerance": 0.1, "n_resamples": 100, "seed": 0}
    return ranking_table([judge(item, pooled, **settings) for item in counted], pooled, 0.95)


def test_a_group_that_the_score_ranks_worse_is_named_with_both_areas():
    table = ranked(["old", "young", "unknown"], {"old": 0.8}, crossed=[("age", "sex")])

    assert table[["feature", "level"]].to_numpy().tolist() == [
        ["age", "old"], ["age", "young"], ["sex", "F"], ["sex", "M"],
    ]  # fmt: skip
    assert table.set_index("level")["worse"].to_dict() == {"old": True, "young": False, "F": False, "M": False}
    old, young = table.iloc[0], table.iloc[1]
    assert old["rest_roc_auc"] == young["roc_auc"]
    assert old["difference"] == pytest.approx(old["roc_auc"] - young["roc_auc"])
    assert old["low"] < old["difference"] < old["high"] < 0
    (finding,) = ranking_findings(table, 0.95)
    assert (finding.severity, finding.title) == (Severity.WARNING, "Ranks worse in old, by age")
    assert f"AUROC of {old['roc_auc']:.3f}, among everybody else with {old['rest_roc_auc']:.3f}" in finding.text
    assert "An association, not a cause" in finding.text


def test_equal_ranking_is_not_called_worse_in_most_samples():
    table = ranked(["a", "b", "c"], {})

    assert not table["worse"].any()
    assert ((table["low"] < 0) & (table["high"] > 0)).all()
    assert ranking_findings(table, 0.95) == []


def test_a_group_too_small_for_an_interval_has_no_finding():
    table = ranked(["a", "b"], {}, n_tiny=3)
    tiny = table.set_index("level").loc["tiny"]

    assert tiny["n"] == 3
    assert np.isnan(tiny["low"])
    assert not tiny["worse"]


def test_without_one_score_the_table_is_empty_and_keeps_its_columns():
    table = ranked(["a", "b"], {}, scored=False)

    assert table.empty
    assert list(table.columns) == list(RANKING_TYPES)
