"""The explorer's counts as JSON, and the table without a script."""

from __future__ import annotations

import json

from appliedml.report._explorer_json import static_table
from appliedml.report.explorer import ExplorerData


def test_the_json_holds_counts_and_no_row(explorer_runs, explorer_data):
    found = json.loads(json.dumps(explorer_data.to_json(), allow_nan=False))

    rows = explorer_runs.rows()
    for name, group in zip(("F", "M", "unknown"), found["features"][0]["groups"], strict=True):
        of_group = rows[rows["sensitive.sex"] == name]
        counted = [sum(entry for entry in group[key] if entry > 0) for key in ("positive", "negative")]
        assert counted == [(of_group["y_true"] == 1).sum(), (of_group["y_true"] == 0).sum()]
    crossed = found["features"][2]
    assert crossed["parts"] == [0, 1] and crossed["of"]["0"] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert found["folds"] == ["0.31", "0.2537", "0.42"]


def test_who_is_counted_when_groups_are_judged_is_said_by_the_schemas_column(explorer_runs, tmp_path):
    schema = {"target": "t", "sensitive": ["sex"], "group": "customer_id"}
    run = explorer_runs.explorer_run(tmp_path / "a", schema=schema)
    rows = explorer_runs.explorer_run(tmp_path / "b", schema=schema, clustered=False)

    assert ExplorerData.of(run).to_json()["judged"] == (
        "A group is judged if it has at least 60 customers (told apart by customer_id; all rows of one count once), "
        "of them 20 with a positive (or selected) row and 20 with a negative one"
    )
    assert "at least 60 rows, of them" in ExplorerData.of(rows).to_json()["judged"]


def test_a_group_takes_about_a_kilobyte(explorer_data):
    n_groups = sum(len(grouping.levels) for grouping in explorer_data.features)
    assert len(json.dumps(explorer_data.to_json()["features"], separators=(",", ":"))) < 2200 * n_groups


def test_the_table_has_some_thresholds_with_the_figures_of_the_explorer(explorer_data):
    table, columns = static_table(explorer_data)

    assert 12 <= len(table) <= 20 and table["threshold"].is_monotonic_increasing
    assert {column.name for column in columns} <= set(table.columns)
    assert table["label"].str.contains("median of the folds").sum() == 1
    for row in table.to_dict("records"):
        found = explorer_data.figures(row["threshold"])
        assert row["recall"] == found["overall"]["recall"] and row["cost"] == found["overall"]["cost"]
        own = [found["gaps"][name]["equalised_odds"]["gap"] for name in ("sex", "age_band")]
        assert row["gap_equalised_odds"] == max(own) or any(value != value for value in own)
