from __future__ import annotations

import numpy as np
import pandas as pd

from appliedml.audits._fairness_features import Pooled, find_features
from appliedml.audits._fairness_judge import Minimums, count, judge
from appliedml.metrics.groups import rates_for


def test_what_is_needed_depends_on_what_a_rate_counts():
    rates = rates_for(["no", "yes"])
    minimums = Minimums(rows=100, positives=30, negatives=20)

    assert [minimums.needed(rates[name]) for name in ("accuracy", "true_positive_rate", "false_positive_rate")] == [
        100,
        30,
        20,
    ]
    assert minimums.needed(rates["positive_predictive_value"]) == 30


def test_the_reason_of_a_disparity_has_the_interval_of_the_table_and_names_who_proves_it():
    """The largest gap is that of a small group; the lower bound is proven by two large ones."""
    group = np.repeat(["F", "M", "S", "X"], [6000, 6000, 150, 10])
    chance = pd.Series(group).map({"S": 0.24, "F": 0.05, "M": 0.20, "X": 1.0})
    pred = (np.random.default_rng(1).random(len(group)) < chance).astype(np.int64)
    pooled = Pooled(("no", "yes"), pred, pred, None, None, None, "", pd.DataFrame({"g": group}), {})
    counted = count(find_features(pooled, [])[0], pooled, ["selection_rate"], Minimums(100, 30, 30), False)

    item = judge(counted, pooled, confidence=0.95, corrected=0.95, tolerance=0.05, n_resamples=500, seed=0)

    (row,) = item.rows
    assert (row["lowest_group"], row["highest_group"]) == ("F", "S")
    assert row["note"].startswith("Among the 3 of 4 groups judged: the largest gap is ")
    assert f"it is {row['low']:.3f} to {row['high']:.3f} with 95 % confidence (corrected)" in row["note"]
    assert "The lower bound rests on F (" in row["note"]
    assert " and M (" in row["note"]
