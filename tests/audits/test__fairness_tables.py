from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.audits import _fairness_tables as tables
from appliedml.audits._fairness_features import Pooled, find_features
from appliedml.audits._fairness_judge import Minimums, count, judge

MINIMUMS = Minimums(100, 30, 30)


@pytest.fixture(scope="module")
def judged():
    """One feature of three groups: two alike, one in which nobody is selected."""
    rng = np.random.default_rng(0)
    group = rng.choice(["a", "b", "none"], 3000)
    true = rng.integers(0, 2, 3000)
    pred = np.where(group == "none", 0, rng.random(3000) < 0.2 + 0.5 * true).astype(np.int64)
    pooled = Pooled(("no", "yes"), true, pred, None, None, None, "", pd.DataFrame({"g": group}), {})
    metrics = ["selection_rate", "true_positive_rate", "positive_predictive_value"]
    counted = count(find_features(pooled, [])[0], pooled, metrics, MINIMUMS, False)
    return judge(counted, pooled, confidence=0.95, corrected=0.95, tolerance=0.1, n_resamples=500, seed=0)


def test_empty_tables_keep_their_columns():
    assert tuple(tables.gap_table([]).columns) == tables.GAP_COLUMNS
    assert tuple(tables.pair_table([]).columns) == tables.PAIR_COLUMNS
    assert tuple(tables.too_small_table([], MINIMUMS).columns) == tables.TOO_SMALL_COLUMNS
    assert tuple(tables.impact_table([], {}).columns) == tables.IMPACT_COLUMNS


def test_tables_have_the_documented_columns(judged):
    assert tuple(tables.gap_table([judged]).columns) == tables.GAP_COLUMNS
    assert tuple(tables.impact_table([judged], {}).columns) == tables.IMPACT_COLUMNS


def test_a_group_in_which_nobody_is_selected_has_ratio_zero_and_no_predictive_value(judged):
    impact = tables.impact_table([judged], {}).set_index("level")
    by_group = tables.by_group([judged]).set_index("level")
    small = tables.too_small_table([judged.counted], MINIMUMS)

    assert impact.loc["none", ["ratio", "low"]].tolist() == [0, 0]
    assert 0 < impact.loc["none", "high"] < 0.05
    assert impact.loc["none", "reading"] == "below 0.80"
    assert np.isnan(by_group.loc["none", "positive_predictive_value"])
    assert small[["level", "metric", "counted", "found"]].to_numpy().tolist() == [
        ["none", "positive_predictive_value", "selected", 0]
    ]


def test_a_reference_nobody_of_whom_is_selected_gives_way_to_the_highest(judged):
    assert "none" not in set(tables.impact_table([judged], {"g": "none"})["reference"])


def test_pairs_are_all_compared_groups(judged):
    pairs = tables.pair_table([judged])

    assert pairs["metric"].value_counts().to_dict() == {
        "selection_rate": 3,
        "true_positive_rate": 3,
        "positive_predictive_value": 1,
    }
    assert ((pairs["low"] <= pairs["difference"]) & (pairs["difference"] <= pairs["high"])).all()


def test_undefined_rates_are_left_out_of_the_scores(judged):
    scores = tables.scores([judged])

    assert scores["value"].notna().all()
    assert not ((scores["subset"] == "g=none") & (scores["metric"] == "positive_predictive_value")).any()
