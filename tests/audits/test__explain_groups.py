"""Different reasons for different people."""

import numpy as np
import pandas as pd

from appliedml.audits._explain_groups import GROUP_COLUMNS, group_table, left_out
from appliedml.audits._explain_pool import pool


def pooled(values, sensitive, seed=0, bands=None):
    n = len(values)
    evidence = {
        "fold": 0, "names": tuple(f"x{k}" for k in range(values.shape[1])), "values": values[:, :, None],
        "classes": ("no", "yes"), "outputs": (1,), "unit": np.arange(n), "features": pd.DataFrame(index=range(n)),
        "sensitive": sensitive, "bands": bands or {},
    }  # fmt: skip
    return pool([evidence], seed)


def test_the_difference_is_from_everyone_else_and_mirrored_for_two_levels():
    values = np.vstack([np.full((50, 1), 3.0), np.full((60, 1), 1.0)]) + np.linspace(0, 0.1, 110)[:, None]
    sex = pd.DataFrame({"sex": ["f"] * 50 + ["m"] * 60})

    found = group_table(pooled(values, sex), ["x0"], min_rows=30).set_index("level")

    assert found["difference"].sum() == 0
    assert 1.9 < found.loc["f", "difference_low"] < found.loc["f", "difference"] < 2.0
    assert found["differs"].all()
    assert found["n"].to_dict() == {"f": 50, "m": 60}


def test_alike_groups_are_called_different_in_few_audits_however_many_are_compared():
    rng = np.random.default_rng(0)
    wrong = 0
    for trial in range(40):
        sensitive = pd.DataFrame({"sex": rng.choice(["f", "m"], 200), "town": rng.choice(["a", "b", "c"], 200)})
        found = group_table(pooled(rng.gamma(2, size=(200, 6)), sensitive, trial), [f"x{k}" for k in range(6)], 20)
        wrong += bool(found["differs"].any())

    assert wrong <= 6


def test_a_small_group_and_the_rest_of_nearly_all_are_flagged_and_not_compared():
    sex = pd.DataFrame({"sex": ["f"] * 5 + ["m"] * 95})

    found = group_table(pooled(np.ones((100, 1)), sex), ["x0"], min_rows=30)

    assert found["small"].all()
    assert found["difference"].isna().all()
    assert not found["differs"].any()


def test_bands_keep_their_order_and_unknown_comes_last():
    levels = pd.DataFrame({"age": ["unknown", "40 and over", "under 40"] * 10})

    found = group_table(pooled(np.ones((30, 1)), levels, bands={"age": ["under 40", "40 and over"]}), ["x0"], 2)

    assert found["level"].tolist() == ["under 40", "40 and over", "unknown"]


def test_without_sensitive_features_the_table_is_empty_with_its_columns():
    found = group_table(pooled(np.ones((3, 1)), pd.DataFrame(index=range(3))), ["x0"], 2)

    assert found.empty
    assert tuple(found.columns) == GROUP_COLUMNS


def test_groups_of_fewer_than_five_rows_are_left_out_and_counted():
    marital = pd.DataFrame({"marital": ["Widow"] + ["Divorced"] * 4 + ["Single"] * 5 + ["Married"] * 40, "sex": "f"})
    found = pooled(np.ones((50, 1)), marital)

    table = group_table(found, ["x0"], min_rows=30)

    assert table.loc[table["sensitive"] == "marital", "level"].tolist() == ["Married", "Single"]
    assert left_out(found) == {"marital": 2}


def test_only_tiny_groups_leave_an_empty_table():
    assert group_table(pooled(np.ones((3, 1)), pd.DataFrame({"sex": list("fmx")})), ["x0"], 2).empty
