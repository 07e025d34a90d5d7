import numpy as np
import pytest

from appliedml.errors import RunError
from appliedml.execution.compare_runs import compare_runs
from appliedml.execution.plan import Plan


@pytest.fixture(scope="module")
def made(two_runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return two_runs.made_run(folder / "a"), two_runs.made_run(folder / "b", noise=2.0, against=2.0)


def test_a_run_does_not_differ_from_itself(made):
    found = compare_runs(made[0], made[0], worse_by=["0"], n_resamples=100)
    assert found.same_rows
    assert found.summary["same_predictions"]
    assert len(found.changes) == 0
    assert (found.scores["difference"] == 0).all()
    assert (found.scores[["low", "high"]] == 0).all(axis=None)
    assert (found.gaps[["difference", "low", "high"]] == 0).all(axis=None)
    assert set(found.scores["better"]) == {"not shown", "neither"}
    assert found.exit_code(strict=True) == 0
    assert found.verdict == "no difference shown"


def test_a_worse_run_is_worse_beyond_tolerance_and_the_other_way_round_better(made):
    found = compare_runs(*made, n_resamples=200)
    assert found.verdict == "worse beyond tolerance"
    assert found.exit_code() == 1
    assert found.tables["judged"].set_index("metric").loc["roc_auc", "reading"] == "worse beyond tolerance"
    back = compare_runs(*made[::-1], n_resamples=200)
    assert back.verdict == "better"
    assert back.exit_code() == 0


def test_a_wide_tolerance_forgives_and_one_between_cannot_be_ruled_out(made):
    found = compare_runs(*made, worse_by=["5"], n_resamples=200)
    assert (found.verdict, found.exit_code(strict=True)) == ("worse", 0)
    harm = found.tables["judged"].set_index("metric").loc["roc_auc", "harm"]
    between = compare_runs(*made, worse_by=["5", f"roc_auc={harm}"], n_resamples=200)
    assert (between.exit_code(), between.exit_code(strict=True)) == (0, 3)


def test_the_same_runs_give_the_same_figures(made):
    first, second = (compare_runs(*made, n_resamples=50) for _ in range(2))
    assert first.summary == second.summary
    assert all(first.tables[name].equals(second.tables[name]) for name in first.tables)


def test_three_classes_are_compared_class_by_class(two_runs, tmp_path):
    classes = ("cat", "dog.a", "<b>owl")
    a = two_runs.made_run(tmp_path / "a", classes=classes)
    b = two_runs.made_run(tmp_path / "b", classes=classes, noise=2.0)
    found = compare_runs(a, b, n_resamples=100)
    assert {"roc_auc", "scaled_brier", "balanced_accuracy"} <= set(found.scores["metric"])
    assert {"gap.accuracy", "gap.true_positive_rate.dog.a", "gap.equalised_odds.<b>owl"} <= set(found.gaps["metric"])
    assert found.verdict == "worse beyond tolerance"
    asked = compare_runs(a, b, worse_by=["gap.true_positive_rate=0.3"], n_resamples=50).tables["judged"]
    assert asked["metric"].str.startswith("gap.true_positive_rate.").sum() == 3


def test_rows_apart_are_resampled_apart(two_runs, tmp_path):
    a = two_runs.made_run(tmp_path / "a", grouped=True)
    b = two_runs.made_run(tmp_path / "b", grouped=True, ids=[f"x{i}" for i in range(600)])
    with pytest.raises(RunError, match="not on the same rows"):
        compare_runs(a, b)
    found = compare_runs(a, b, other_rows=True, n_resamples=200)
    assert not found.summary["paired"]
    row = found.scores.set_index("metric").loc["roc_auc"]
    assert row["low"] < 0 == row["difference"] < row["high"]
    assert found.tables["flips"].empty


def test_what_both_measured_but_nobody_can_pair_stands_apart(made):
    found = compare_runs(*made, n_resamples=50)
    assert found.tables["unpaired"]["metric"].tolist() == ["robustness.accuracy"]
    assert "gates" not in made[0]
    assert "Gates" in set(found.tables["not_compared"]["what"])


def test_costs_are_compared_only_if_both_plans_weigh_errors_alike(two_runs, tmp_path):
    cost = {"threshold": {"cost": {"false_negative": 5}}}
    a, b = (two_runs.made_run(tmp_path / name, plan=cost) for name in "ab")
    found = compare_runs(a, b, n_resamples=20)
    assert found.summary["costs"] == {"false_negative": 5.0, "false_positive": 1.0}
    assert "cost" in set(found.scores["metric"])
    other = two_runs.made_run(tmp_path / "c")
    found = compare_runs(a, other, worse_by=["cost=0.1"], n_resamples=20)
    assert "cost" in set(found.tables["not_compared"]["what"])
    assert found.exit_code(strict=True) == 3


def test_extreme_runs_are_compared_without_a_warning(two_runs, tmp_path):
    """One level, all rows decided alike, equal scores: figures may be undefined, nothing breaks."""
    a = two_runs.made_run(tmp_path / "a", n=40, levels=("f",))
    b = two_runs.made_run(tmp_path / "b", n=40, levels=("f",))
    flat = b.predictions.assign(p_0=0.5, p_1=0.5, y_pred="0")
    b.__dict__["predictions"] = flat
    found = compare_runs(a, b, n_resamples=20)
    assert found.gaps.empty
    assert "calibration_slope" in set(found.tables["not_compared"]["what"])
    assert np.isfinite(found.scores.set_index("metric").loc["roc_auc", "low"])


def test_real_runs_of_plans_are_compared(tmp_path, claims_table, claims_schema):
    from appliedml.core.samples import make_samples

    samples = make_samples(claims_table(), claims_schema)
    runs = []
    for strength in (1.0, 1e-6):
        stages = ["impute_missing", "encode_categories", {"logistic_regression": {"C": strength, "max_iter": 500}}]
        data = {"version": 1, "name": "claims", "seed": 3, "pipeline": stages, "split": {"kfold": {"folds": 3}}}
        data["audits"] = [{"performance": {"n_resamples": 100}}, {"fairness": {"n_resamples": 200}}]
        runs.append(Plan.from_dict(data).run(samples, out=tmp_path))
    found = compare_runs(*runs, n_resamples=200)
    assert found.changes["what"].tolist() == ["pipeline.logistic_regression.C"]
    row = found.scores.set_index("metric").loc["log_loss"]
    assert row["low"] > 0
    assert row["better"] == "a"
    assert row["a"] == pytest.approx(runs[0].score("log_loss")[0])
    own = runs[1]["fairness"].tables["gaps"].set_index(["feature", "metric"])["gap"]
    theirs = found.gaps.set_index(["feature", "metric"])["b"]
    assert theirs["sex", "gap.selection_rate"] == pytest.approx(own["sex", "selection_rate"])
    assert "age_band" in set(found.groups["feature"])
    assert "b - a" in found._repr_html_()
