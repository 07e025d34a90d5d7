from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from appliedml.audits._fairness_features import Pooled, find_features
from appliedml.audits._fairness_judge import Minimums
from appliedml.audits._fairness_scoring import SCORING_COLUMNS, scoring_table


def pooled(n=1200, shift=1.0, seed=0):
    rng = np.random.default_rng(seed)
    sex = np.where(np.arange(n) % 2 == 0, "F", "M").astype(object)
    sex[:40] = "unknown"
    score = 1 / (1 + np.exp(-rng.normal(np.where(sex == "M", shift, 0.0))))
    y = (rng.random(n) < score).astype(np.int64)
    frame = pd.DataFrame({"sex": sex})
    return Pooled(("no", "yes"), y, (score > 0.9).astype(np.int64), score, score * 0, None, "", frame, {})


def table(rows, **reference):
    features = [feature for feature in find_features(rows, []) if not feature.reason]
    return scoring_table(features, rows, Minimums(100, 30, 30), reference, confidence=0.95, n_resamples=300, seed=1)


def test_the_scoring_rate_is_the_share_above_the_median_of_everybody():
    rows = pooled()

    found = table(rows).set_index("level")

    median = np.median(rows.score)
    women = rows.score[rows.sensitive["sex"] == "F"]
    assert list(found.index) == ["F", "M"]
    assert found.loc["F", "scoring_rate"] == np.mean(women > median)
    assert found.loc["F", "n_above"] == int((women > median).sum())
    assert found["median"].unique().tolist() == [median]
    assert list(found.reset_index()[list(SCORING_COLUMNS)]) == list(SCORING_COLUMNS)


def test_ratios_have_intervals_against_the_highest_group():
    found = table(pooled()).set_index("level")

    assert found.loc["F", "reference"] == "M"
    assert found.loc["F", "low"] < found.loc["F", "ratio"] < found.loc["F", "high"] < 1
    assert found.loc["F", "reading"] == "below 0.80"
    assert found.loc["M", "reading"] == "reference"


def test_a_group_too_small_to_judge_is_printed_without_an_interval():
    rows = pooled()
    rows.sensitive.loc[100:120, "sex"] = "X"

    found = table(rows).set_index("level")

    assert found.loc["X", "n"] == 21
    assert np.isnan(found.loc["X", "low"])


def test_with_several_classes_or_no_rows_there_is_none():
    empty = table(replace(pooled(), score=None))

    assert empty.empty
    assert list(empty.columns) == list(SCORING_COLUMNS)


def test_scores_that_are_all_alike_are_above_nothing():
    rows = pooled()

    assert table(replace(rows, score=np.full(len(rows), 0.5))).empty
