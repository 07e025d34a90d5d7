from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._leakage_features import feature_separation, identifiers, pure_levels

RNG = np.random.default_rng(0)


def test_a_copy_of_the_target_separates_and_noise_does_not():
    y = RNG.integers(0, 2, 400)
    frame = pd.DataFrame({"copy": np.where(y == 1, "closed", "open"), "noise": RNG.normal(size=400)})

    table = feature_separation(frame[:300], y[:300], frame[300:], y[300:], 2).set_index("column")["auroc"]

    assert table["copy"] == 1
    assert table["noise"] < 0.65


def test_a_feature_that_is_unique_in_every_row_does_not_look_good_by_memory():
    y = RNG.integers(0, 2, 400)
    frame = pd.DataFrame({"name": [f"n{i}" for i in range(400)]})

    assert feature_separation(frame[:300], y[:300], frame[300:], y[300:], 2).loc[0, "auroc"] == pytest.approx(
        0.5, abs=0.1
    )


def test_more_than_two_classes_are_judged_one_against_the_rest():
    y = np.tile([0, 1, 2], 100)
    frame = pd.DataFrame({"code": y * 10.0})
    assert feature_separation(frame[:200], y[:200], frame[200:], y[200:], 3).loc[0, "auroc"] == 1


def rare_outcome(n=2000):
    return (np.arange(n) % 20 == 0).astype(int)


def test_a_value_that_decides_a_rare_class_is_named():
    y = rare_outcome()
    seen = (y == 1) & (np.cumsum(y) <= 60)
    frame = pd.DataFrame({"investigated": np.where(seen, "yes", "no"), "noise": RNG.integers(0, 5, 2000)})

    (row,) = pure_levels(frame, y, ("no fraud", "fraud")).to_dict("records")

    assert row == {"column": "investigated", "level": "yes", "class": "fraud", "rows": 60, "share": 1.0}


def test_missing_values_may_decide_the_outcome_too():
    y = rare_outcome()
    frame = pd.DataFrame({"paid": np.where(y == 1, np.nan, RNG.normal(size=2000))})

    (row,) = pure_levels(frame, y, ("no", "yes")).to_dict("records")

    assert (row["level"], row["class"]) == ("(missing)", "yes")


def test_values_of_the_common_class_are_not_suspicious():
    assert pure_levels(pd.DataFrame({"a": ["x"] * 2000}), np.zeros(2000, dtype=int), ("no", "yes")).empty


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (np.arange(60) + 500, True),
        (RNG.choice(10**9, 300, replace=False), True),
        (RNG.choice(10**9, 60, replace=False), False),
        (np.arange(60) + 0.5, False),
        (np.repeat(np.arange(30), 2), False),
        ([f"C-{i}" for i in range(60)], True),
        ([f"a review of the product number {i}" for i in range(60)], False),
        (np.arange(40), False),
        (pd.date_range("2025-01-01", periods=60), False),
    ],
)
def test_identifiers_are_told_from_measurements(values, named):
    assert identifiers(pd.DataFrame({"column": values}))["column"].tolist() == (["column"] if named else [])
