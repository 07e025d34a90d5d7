"""The figures behind the threshold explorer, against the audits and against the rows themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from appliedml.errors import DataError
from appliedml.metrics.classification import METRICS, cost
from appliedml.report.explorer import ExplorerData


def same(one, two):
    return (math.isnan(one) and math.isnan(two)) or one == pytest.approx(two, abs=1e-12)


def test_the_runs_own_decisions_give_the_gaps_of_the_fairness_audit(explorer_run, explorer_data):
    found = explorer_data.figures(None)["gaps"]
    levels = {grouping.name: grouping.levels for grouping in explorer_data.features}

    table = explorer_run["fairness"].tables["gaps"]
    assert len(table) == 18
    for row in table.itertuples():
        one = found[row.feature][row.metric]
        assert same(one["gap"], row.gap) and same(one["ratio"], row.ratio), (row.feature, row.metric)
        assert (one["n_groups"], one["n_too_small"]) == (row.n_groups, row.n_too_small)
        if one["lowest"] >= 0:
            assert levels[row.feature][one["lowest"]] == row.lowest_group
            assert levels[row.feature][one["highest"]] == row.highest_group


def test_the_runs_own_decisions_give_the_groups_and_impact_ratios_of_the_fairness_audit(explorer_run, explorer_data):
    found = explorer_data.figures(None)["groups"]

    for row in explorer_run["fairness"].tables["by_group"].to_dict("records"):
        one = found[row["feature"]][row["level"]]
        assert (one["n"], one["n_positive"], one["n_selected"]) == (row["n"], row["n_positive"], row["n_selected"])
        for name in ("selection_rate", "true_positive_rate", "false_positive_rate", "specificity", "accuracy"):
            assert same(one[name], row[name])
    for row in explorer_run["fairness"].tables["impact_ratio"].to_dict("records"):
        one = found[row["feature"]][row["level"]]
        assert same(one["impact_ratio"], row["ratio"])
        assert one["reference"] == (row["level"] == row["reference"])


def test_any_threshold_gives_the_measures_of_the_rows(explorer_runs, explorer_data):
    rows = explorer_runs.rows()
    truth, score = rows["y_true"].to_numpy(), rows["p_1"].to_numpy()

    for place in range(0, len(explorer_data.thresholds), 9):
        threshold = float(explorer_data.thresholds[place])
        called = (score >= threshold).astype(int)
        found = explorer_data.figures(threshold, 5)["overall"]
        for name in (
            "precision",
            "recall",
            "specificity",
            "f1",
            "accuracy",
            "balanced_accuracy",
            "mcc",
            "selection_rate",
        ):
            assert same(found[name], METRICS[name](truth, called)), (threshold, name)
        assert same(found["cost"] / len(rows), cost(5, 1)(truth, called))
        assert same(found["cost_per_1000"], 1000 * found["cost"] / len(rows))
        assert same(found["alerts_per_1000"], 1000 * called.mean())


def test_a_score_that_equals_the_threshold_is_selected(explorer_runs, explorer_data):
    score = explorer_runs.rows()["p_1"].to_numpy()
    ties = [value for value in explorer_data.thresholds if (score == value).any()]

    assert len(ties) > 20
    for threshold in ties[::5]:
        found = explorer_data.figures(float(threshold))["overall"]
        assert found["true_positive"] + found["false_positive"] == (score >= threshold).sum()


def test_thresholds_by_group_select_by_each_rows_own(explorer_runs, explorer_data):
    rows = explorer_runs.rows()
    own = {"F": 0.2, "M": 0.4, "unknown": 0.31}
    called = rows["p_1"].to_numpy() >= rows["sensitive.sex"].map(own).to_numpy()

    found = explorer_data.figures(own, by="sex")

    assert found["overall"]["true_positive"] == (called & (rows["y_true"] == 1)).sum()
    for feature in ("sex", "age_band"):
        for level, one in found["groups"][feature].items():
            assert one["n_selected"] == called[rows[f"sensitive.{feature}"] == level].sum(), (feature, level)
    crossed = rows["sensitive.sex"] + " & " + rows["sensitive.age_band"]
    for level, one in found["groups"]["sex & age_band"].items():
        assert one["n_selected"] == called[crossed == level].sum()


def test_equal_thresholds_by_group_are_one_threshold(explorer_data):
    each = explorer_data.figures(dict.fromkeys(("F", "M", "unknown"), 0.31), by="sex")
    one = explorer_data.figures(0.31)

    assert each["overall"] == one["overall"]
    for feature in ("sex", "age_band", "sex & age_band"):
        for metric, gap in one["gaps"][feature].items():
            assert each["gaps"][feature][metric] == pytest.approx(gap, nan_ok=True)
    assert {
        gate["verdict"] for gate, is_gap in zip(each["gates"], explorer_data.gates, strict=True) if is_gap.kind == "gap"
    } == {"inconclusive"}


def test_a_feature_that_was_not_crossed_is_not_guessed(explorer_runs, tmp_path):
    run = explorer_runs.explorer_run(tmp_path, fairness={"intersections": []})
    data = ExplorerData.of(run)

    found = data.figures({"F": 0.2, "M": 0.4, "unknown": 0.3}, by="sex")

    assert found["gaps"]["age_band"] is None and found["groups"]["age_band"] is None
    assert found["gaps"]["sex"] is not None
    star = [gate for gate, item in zip(found["gates"], data.gates, strict=True) if item.subset == "age_band"]
    assert [item["verdict"] for item in star] == ["inconclusive"] and math.isnan(star[0]["value"])


def test_gates_at_a_threshold_stand_on_their_intervals(explorer_data):
    everybody, nobody = explorer_data.figures(0.0), explorer_data.figures(1.0)
    place = [gate.metric for gate in explorer_data.gates].index("recall")

    assert everybody["gates"][place]["verdict"] == "pass"
    assert nobody["gates"][place]["verdict"] == "fail"
    assert explorer_data.gates[place].waived
    for found in (explorer_data.figures(float(value)) for value in explorer_data.thresholds[::17]):
        for gate in found["gates"]:
            if not math.isnan(gate["low"]):
                assert gate["low"] <= gate["value"] + 1e-6 and gate["value"] <= gate["high"] + 1e-6


def test_a_waived_failure_does_not_fail_the_policy_and_what_is_lost_keeps_it_open(explorer_data):
    by_metric = {gate.metric: gate.kind for gate in explorer_data.gates}

    assert by_metric["roc_auc"] == "kept" and by_metric["robustness.recall"] == "lost"
    assert by_metric["ratio.selection_rate"] == "ratio" and by_metric["true_positive_rate"] == "group"
    assert explorer_data.figures(1.0)["verdict"] == "fail"
    loose = explorer_data.figures(0.35)
    verdicts = dict(
        zip([gate.name for gate in explorer_data.gates], [gate["verdict"] for gate in loose["gates"]], strict=True)
    )
    failed = [name for name, verdict in verdicts.items() if verdict == "fail"]
    assert loose["verdict"] == ("inconclusive" if set(failed) <= {"recall"} else "fail")


def test_the_cost_ratio_is_the_plans_and_can_be_another(explorer_data):
    assert (explorer_data.ratio, explorer_data.ratio_source) == (5.0, "threshold")
    assert explorer_data.figures(0.3)["overall"]["cost"] == explorer_data.figures(0.3, 5)["overall"]["cost"]
    found = explorer_data.figures(0.3, 0)["overall"]
    assert found["cost"] == found["false_positive"]


def test_wrong_questions_are_answered_in_words(explorer_data):
    with pytest.raises(DataError, match="is not a sensitive feature. There are: sex, age_band"):
        explorer_data.figures({"F": 0.1}, by="sex & age_band")
    with pytest.raises(DataError, match="'M' of sex has no threshold"):
        explorer_data.figures({"F": 0.1}, by="sex")
    with pytest.raises(DataError, match="need the feature"):
        explorer_data.figures({"F": 0.1})
    with pytest.raises(DataError, match="between 0 and 1"):
        explorer_data.figures(math.nan)
    for ratio in (-3, math.nan, math.inf):
        with pytest.raises(DataError, match=f"cost_ratio must be a number of 0 or more.* It is {float(ratio)}"):
            explorer_data.figures(0.3, ratio)


def test_equal_runs_give_equal_counts_and_intervals(explorer_run, explorer_data):
    again = ExplorerData.of(explorer_run).to_json()

    assert again == explorer_data.to_json()


def test_a_run_without_groups_or_policy_is_explored_all_the_same(explorer_runs, tmp_path):
    run = explorer_runs.explorer_run(tmp_path, clustered=False)
    for kind in ("fairness", "gates"):
        for file in sorted((run.path / "artifacts" / kind).rglob("*"), reverse=True):
            file.unlink() if file.is_file() else file.rmdir()
        (run.path / "artifacts" / kind).rmdir()
    run.forget()

    data = ExplorerData.of(run)

    assert data.features == () and data.gates == () and not data.clustered
    assert data.figures(0.3)["overall"]["recall"] > 0.5


def test_more_than_two_classes_and_broken_scores_have_nothing_to_explore(explorer_runs, tmp_path):
    run = explorer_runs.explorer_run(tmp_path)
    run.predictions.loc[3, "p_yes"] = np.nan
    assert ExplorerData.of(run) is None
    run.forget()
    run.info["binary"] = False
    assert ExplorerData.of(run) is None
