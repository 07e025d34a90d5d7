"""What is changed in a table, and what stays."""

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._table_disturbances import DISTURBANCES, Disturber, role_of, sampled_rows
from appliedml.core.samples import Samples


def table(n=2000, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "amount": rng.gamma(2.0, 50.0, n),
        "change": rng.normal(0, 3, n).astype("float32"),
        "age": rng.integers(18, 80, n).astype("int8"),
        "visits": pd.array(rng.integers(0, 9, n), dtype="Int64"),
        "known": rng.integers(0, 2, n),
        "agreed": rng.random(n) < 0.5,
        "kind": rng.choice(["car", "home"], n),
        "grade": pd.Categorical(rng.choice([1, 2, 3], n)),
        "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 99, n), unit="D"),
    })  # fmt: skip


def test_columns_are_told_apart():
    roles = {name: role_of(column) for name, column in table().items()}
    assert [name for name, role in roles.items() if role == "number"] == ["amount", "change", "age", "visits"]
    assert [name for name, role in roles.items() if role == "flag"] == ["known", "agreed"]
    assert [name for name, role in roles.items() if role == "category"] == ["kind", "grade"]
    assert roles["day"] == "other"
    assert role_of(pd.Series([True, None, False], dtype=object)) == "flag"
    assert role_of(pd.Series(["a", None, 3], dtype=object)) == "category"
    assert role_of(pd.Series([pd.Timestamp("2026-01-01").date()], dtype=object)) == "other"


def test_noise_has_the_spread_it_says_and_keeps_types_whole_numbers_and_the_minimum():
    train, test = table(seed=1), table()
    changed = Disturber(train, test, seed=3).disturbed("noise", 0.5)
    assert changed.dtypes.equals(test.dtypes)
    moved = changed["change"] - test["change"]
    assert moved.std() == pytest.approx(0.5 * train["change"].std(), rel=0.05)
    assert abs(moved.mean()) < 0.1
    assert (changed["amount"] >= train["amount"].min()).all()
    assert changed["age"].between(18, 127).all()
    assert (changed["age"] != test["age"]).mean() > 0.9
    assert changed["visits"].min() == 0
    same = ["known", "agreed", "kind", "grade", "day"]
    pd.testing.assert_frame_equal(changed[same], test[same])


def test_a_value_below_the_training_rows_is_not_lifted_to_their_minimum():
    train, test = pd.DataFrame({"a": [5.0, 6.0, 7.0]}), pd.DataFrame({"a": [1.0] * 50 + [6.0] * 50})
    changed = Disturber(train, test, seed=0).disturbed("noise", 0.5)["a"]
    assert changed[:50].min() == 1.0
    assert changed[50:].min() == 5.0


def test_missing_numbers_stay_missing_and_a_stronger_degree_moves_further_the_same_way():
    test = table()
    test.loc[:99, "amount"] = np.nan
    test.loc[:99, "visits"] = pd.NA
    disturber = Disturber(test, test, seed=0)
    weak, strong = (disturber.disturbed("noise", strength) for strength in (0.1, 0.5))
    assert weak["amount"].isna().sum() == weak["visits"].isna().sum() == 100
    np.testing.assert_allclose(strong["change"] - test["change"], 5 * (weak["change"] - test["change"]), atol=1e-5)


def test_a_share_of_all_cells_goes_missing_and_more_of_the_same_with_the_degree():
    test = table()
    disturber = Disturber(test, test, seed=0)
    few, many = (disturber.disturbed("missing", percent).isna() for percent in (5, 20))
    assert few.mean().between(0.03, 0.07).all()
    assert many.mean().between(0.17, 0.23).all()
    assert not (few & ~many).to_numpy().any()
    # Columns go missing by themselves, not whole rows.
    assert few.all(axis=1).sum() == 0


def test_categories_become_a_value_that_is_in_no_row():
    test = table()
    test["kind"] = np.where(test["kind"] == "car", "never seen", test["kind"])
    changed = Disturber(test, test, seed=0).disturbed("unknown_categories", 10)
    assert set(changed["kind"]) == {"never seen", "never seen_", "home"}
    assert set(changed["grade"]) == {1, 2, 3, 4}
    for name in ("kind", "grade"):
        assert (changed[name].astype(object) != test[name].astype(object)).mean() == pytest.approx(0.1, abs=0.02)
    rest = [name for name in test if name not in ("kind", "grade")]
    pd.testing.assert_frame_equal(changed[rest], test[rest])


def test_a_disturbance_without_a_column_to_change_does_not_apply():
    words = Disturber(table()[["kind", "day"]], table()[["kind", "day"]], 0)
    assert [name for name in DISTURBANCES if words.applies(name)] == ["missing", "unknown_categories"]


def test_the_seed_decides_and_the_rows_given_are_left_alone():
    test = table()
    before = test.copy()
    first, again, other = (Disturber(test, test, seed).disturbed("missing", 10) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.isna().equals(other.isna())
    pd.testing.assert_frame_equal(test, before)


def test_whole_groups_are_drawn_up_to_the_most_rows():
    meta = pd.DataFrame({"row_id": np.arange(100), "origin": "observed", "group": np.arange(100) // 10})
    samples = Samples(pd.DataFrame({"a": np.zeros(100)}), np.arange(100) % 2, meta)
    rows = sampled_rows(samples, 45, 0)
    assert np.bincount(rows // 10, minlength=10).tolist().count(10) == 4
    assert len(rows) == 40
    assert not np.array_equal(rows, sampled_rows(samples, 45, 1))
    assert len(sampled_rows(samples, 5, 0)) == 5
    assert len(sampled_rows(samples, 100, 0)) == 100
