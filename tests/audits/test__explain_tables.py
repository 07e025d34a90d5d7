"""Importance, dependence and single rows."""

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._explain_pool import pool
from appliedml.audits._explain_tables import dependence_table, global_table, local_table


def evidence(values, features, **more):
    n = len(values)
    values = np.asarray(values, dtype=float)
    values = values[:, :, None] if values.ndim == 2 else values
    return {
        "fold": 0, "names": tuple(f"x{k}" for k in range(values.shape[1])), "values": values,
        "classes": ("no", "yes") if values.shape[2] == 1 else ("a", "b"), "outputs": tuple(range(values.shape[2])),
        "unit": np.arange(n), "features": features, "sensitive": pd.DataFrame(index=range(n)), "bands": {},
    } | more  # fmt: skip


def test_features_are_ranked_by_mean_absolute_value_with_shares():
    values = np.array([[1.0, -4.0], [-1.0, 2.0]])

    found = global_table(pool([evidence(values, pd.DataFrame(index=range(2)))], 0))

    assert found["feature"].tolist() == ["x1", "x0"]
    assert found["value"].tolist() == [3, 1]
    assert found["mean"].tolist() == [-1, 0]
    assert found["share"].tolist() == [0.75, 0.25]


def test_a_model_that_uses_nothing_has_shares_of_0():
    found = global_table(pool([evidence(np.zeros((3, 2)), pd.DataFrame(index=range(3)))], 0))

    assert found["share"].tolist() == [0, 0]


def test_bins_of_few_rows_are_left_out_and_missing_values_have_their_own():
    numbers = np.r_[np.full(8, np.nan), np.arange(92.0)]
    kinds = np.r_[["rare"] * 3, ["often"] * 97]
    features = pd.DataFrame({"x0": numbers, "x1": kinds})
    found = dependence_table(pool([evidence(np.ones((100, 2)), features)], 0), ["x0", "x1", "gone"])

    first = found[found["feature"] == "x0"]
    assert first["label"].tolist()[-1] == "missing"
    assert first["n"].sum() == 100
    assert found[found["feature"] == "x1"]["label"].tolist() == ["often"]
    assert (found["n"] >= 5).all()


def test_a_column_without_any_value_is_one_bin():
    found = dependence_table(pool([evidence(np.ones((6, 1)), pd.DataFrame({"x0": [np.nan] * 6}))], 0), ["x0"])

    assert found["label"].tolist() == ["missing"]


def test_many_levels_are_put_together():
    features = pd.DataFrame({"x0": [f"level {k % 20}" for k in range(400)]})

    found = dependence_table(pool([evidence(np.ones((400, 1)), features)], 0), ["x0"])

    assert len(found) == 9
    assert found["label"].iloc[-1] == "all others"
    assert found["n"].sum() == 400


def test_single_rows_run_from_the_lowest_to_the_highest_score():
    n = 5
    scores = np.array([[0.5], [0.1], [0.9], [0.3], [0.7]])
    item = evidence(
        np.tile([[1.0, -2.0, 0.5]], (n, 1)), pd.DataFrame({"x0": [1.23456] * n, "x1": [None] * n}), scores=scores,
        standard_errors=np.zeros((n, 3, 1)), base_values=np.array([0.5]), row_id=np.arange(10, 15),
        outputs=(1,), classes=("no", "yes"),
    )  # fmt: skip

    found = local_table([item], 3, top=2)

    assert list(dict.fromkeys(found["row_id"])) == ["11", "10", "12"]
    assert found["feature"].tolist() == ["x1", "x0"] * 3
    assert found["feature_value"].tolist() == ["missing", "1.235"] * 3
    assert found["output"].eq("yes").all()
    assert found["score"].iloc[0] == pytest.approx(0.1)


def test_a_year_is_shown_value_by_value_in_order():
    years = pd.DataFrame({"x0": np.repeat([1996.0, 1994.0, 1995.0], 20)})

    found = dependence_table(pool([evidence(np.ones((60, 1)), years)], 0), ["x0"])

    assert found["kind"].eq("category").all()
    assert found["label"].tolist() == ["1994", "1995", "1996"]
    assert found["n"].tolist() == [20] * 3


def test_bins_have_means_in_full_and_labels_that_differ():
    numbers = np.r_[np.full(100, 2000.0), np.linspace(2000.001, 2000.9, 300)]

    found = dependence_table(pool([evidence(np.ones((400, 1)), pd.DataFrame({"x0": numbers}))], 0), ["x0"])

    assert found["kind"].eq("number").all()
    assert found["x"].is_monotonic_increasing
    assert found["x"].is_unique
    assert found["label"].is_unique
    assert (np.average(found["x"], weights=found["n"])) == pytest.approx(numbers.mean(), abs=1e-9)


def test_a_bin_of_one_value_is_labelled_with_it():
    numbers = np.r_[np.full(200, 0.1), np.random.default_rng(0).uniform(1, 90000, 200)]

    found = dependence_table(pool([evidence(np.ones((400, 1)), pd.DataFrame({"x0": numbers}))], 0), ["x0"])

    assert (found["label"].iloc[0], found["x"].iloc[0]) == ("0.1", 0.1)
    assert "." not in found["label"].iloc[-1]
