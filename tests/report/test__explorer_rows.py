"""Rows of a run for the threshold explorer, and the groups that were judged."""

from __future__ import annotations

import numpy as np

from appliedml.report import _explorer_rows as reading
from appliedml.report._explorer_rows import cost_ratio, read_rows


def test_rows_stand_in_the_order_of_the_predictions_with_their_groups(explorer_runs, explorer_run):
    table, found = explorer_runs.rows(), read_rows(explorer_run)

    assert np.array_equal(found.score, table["p_1"])
    assert np.array_equal(found.selected, table["y_pred"] == 1)
    assert np.array_equal(found.group, table["group"])
    assert found.fold_thresholds == explorer_runs.THRESHOLDS
    sex = found.groupings[0]
    assert [sex.levels[code] for code in sex.codes] == table["sensitive.sex"].tolist()
    assert sex.compared.tolist() == [True, True, False]


def test_an_intersection_knows_its_parts(explorer_run):
    found = {grouping.name: grouping for grouping in read_rows(explorer_run).groupings}

    assert found["sex & age_band"].parts == ("sex", "age_band")
    assert found["age_band"].levels == ("under 30", "30 to 49", "50 and over")


def test_groups_that_are_not_those_judged_are_left_out_with_the_reason(explorer_runs, tmp_path):
    run = explorer_runs.explorer_run(tmp_path)
    run.rows["sensitive.sex"] = run.rows["sensitive.sex"].to_numpy()[::-1]
    run.rows.loc[run.rows.index[:9], "sensitive.sex"] = "X"

    found = read_rows(run)

    assert [grouping.name for grouping in found.groupings] == ["age_band"]
    assert "sex: the run's rows do not give the groups that were judged" in found.left_out


def test_the_page_does_not_grow_with_hundreds_of_groups(explorer_run, monkeypatch):
    monkeypatch.setattr(reading, "MAX_GROUPS", 6)

    found = read_rows(explorer_run)

    assert [grouping.name for grouping in found.groupings] == ["sex", "age_band"]
    assert found.left_out == ("sex & age_band: its 9 groups would make the page too heavy",)


def test_nobody_says_what_an_error_costs(explorer_runs, tmp_path):
    run = explorer_runs.explorer_run(tmp_path, plan={"threshold": "f1"})
    assert cost_ratio(run) == (4.0, "performance")
    run.info["plan"] = {"threshold": {"cost": {"false_negative": 3, "false_positive": 0}}}
    assert cost_ratio(run) == (4.0, "performance")
