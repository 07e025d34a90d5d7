from __future__ import annotations

import numpy as np
import pandas as pd

from appliedml.audits._profile_groups import class_rows, group_characteristics, members, missing_table


def test_levels_beyond_the_cap_are_pooled():
    found = {name: int(mask.sum()) for name, mask in members(pd.Series(list("aaabbcd")), 2)}
    assert found == {"a": 3, "b": 2, "other levels": 2}


def test_bands_ascend_and_unknown_is_last():
    levels = pd.Series(["unknown", "40 and over", "under 5", "10 to 39", "5 to 9"])
    assert [name for name, _ in members(levels, 9)] == ["under 5", "5 to 9", "10 to 39", "40 and over", "unknown"]


def test_missing_shares_are_given_overall_by_class_and_by_group():
    frame = pd.DataFrame({"x": [np.nan] * 6 + [1.0] * 14, "full": range(20)})
    labels = pd.Series(["no"] * 10 + ["yes"] * 10)
    groups = pd.DataFrame({"sex": ["f"] * 18 + ["m"] * 2})

    table = missing_table(frame, labels, groups, 12).set_index(["by", "level"])

    assert table["column"].unique().tolist() == ["x"]
    assert table.loc[("overall", "all"), "missing_share"] == 0.3
    assert table.loc[("class", "no"), "n_missing"] == "6"
    assert (table.loc[("sex", "m"), "rows"], table.loc[("sex", "m"), "n_missing"]) == ("<5", "<5")
    assert np.isnan(table.loc[("sex", "m"), "missing_share"])


def test_small_class_counts_are_hidden():
    rows = class_rows(0, "test", "overall", "all", np.array([0] * 10 + [1] * 3), ("no", "yes"))

    assert [row[5] for row in rows] == ["10", "<5"]
    assert np.isnan(rows[1][6])


def test_a_tiny_group_shows_no_counts_at_all():
    rows = class_rows(0, "test", "sex", "x", np.array([0, 0, 0, 0]), ("no", "yes"))
    assert [row[5] for row in rows] == ["<5", "<5"]


def test_characteristics_show_quantiles_and_shares_but_nothing_of_tiny_groups():
    frame = pd.DataFrame({"n": np.arange(22.0), "c": ["a"] * 11 + ["b"] * 11})
    sensitive = pd.DataFrame({"sex": ["f"] * 20 + ["m"] * 2})

    table = group_characteristics(frame, sensitive, 12).set_index(["level", "column", "category"])

    assert table.loc[("f", "n", ""), "median"] == 9.5
    assert table.loc[("f", "c", "a"), "share"] == 0.55
    assert table.loc[("m", "n", ""), "shown"] == "<5 rows"
    assert np.isnan(table.loc[("m", "c", "b"), "share"])
