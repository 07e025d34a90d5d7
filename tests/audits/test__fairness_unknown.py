from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._fairness_features import Pooled, find_features
from appliedml.audits._fairness_judge import Minimums, count, judge
from appliedml.audits._fairness_unknown import UNKNOWN_COLUMNS, candidates, compare_unknown


def judged_with(n_unknown, chance, judge_unknown=False):
    """Two groups of which 0.2 are selected, and people of unknown level with a chance of their own."""
    rng = np.random.default_rng(0)
    group = np.array(["a"] * 2000 + ["b"] * 2000 + ["unknown"] * n_unknown)
    pred = (rng.random(len(group)) < np.where(group == "unknown", chance, 0.2)).astype(np.int64)
    true = rng.integers(0, 2, len(group))
    pooled = Pooled(("no", "yes"), true, pred, None, None, None, "", pd.DataFrame({"g": group}), {})
    counted = count(find_features(pooled, [])[0], pooled, ["selection_rate"], Minimums(100, 30, 30), judge_unknown)
    return judge(counted, pooled, confidence=0.95, corrected=0.95, tolerance=0.1, n_resamples=500, seed=0)


@pytest.mark.parametrize(("chance", "sign"), [(0.5, 1), (0.02, -1)])
def test_the_difference_is_that_of_the_unknown_from_the_judged_with_its_interval(chance, sign):
    (row,) = compare_unknown([judged_with(400, chance)], 0.95, 0.1).to_dict("records")

    assert row["level"] == "unknown"
    assert row["against"] in ("a", "b")
    assert row["n"] == 400
    assert row["low"] <= row["difference"] <= row["high"]
    assert row["low"] * sign > 0
    assert row["difference"] == pytest.approx(row["rate"] - row["against_rate"])
    assert row["outside"] == pytest.approx(max(row["rate"] - row["highest_rate"], row["lowest_rate"] - row["rate"]))
    assert row["differs"]


def test_a_rate_far_outside_the_range_is_told_even_where_chance_is_not_ruled_out():
    item = judged_with(110, 0.28)

    strict, wide = (compare_unknown([item], 0.9999999, tolerance).iloc[0] for tolerance in (0.01, 0.5))

    assert strict["low"] < 0 < strict["high"]
    assert strict["outside"] > 0.01
    assert (strict["differs"], wide["differs"]) == (True, False)


def test_the_few_and_the_compared_are_no_candidates():
    few, compared, plenty = judged_with(60, 0.9), judged_with(400, 0.9, judge_unknown=True), judged_with(400, 0.9)

    assert [candidates(item.counted).sum() for item in (few, compared, plenty)] == [0, 0, 1]
    empty = compare_unknown([few, compared], 0.95, 0.1)
    assert empty.empty
    assert tuple(empty.columns) == UNKNOWN_COLUMNS


def test_people_who_are_treated_alike_are_listed_and_not_warned_of():
    row = compare_unknown([judged_with(2000, 0.2)], 0.95, 0.1).iloc[0]

    assert row["low"] < 0 < row["high"]
    assert not row["differs"]
