from appliedml.core.artifact import score_rows
from appliedml.execution._compared_changes import changes_between, findings_between, gates_between, leaves
from appliedml.gates.judge import judge, to_artifact
from appliedml.gates.policy import policy_from
from appliedml.store import layout
from appliedml.store.run import Run
from appliedml.store.writer import write_artifact


def test_a_step_put_in_between_moves_no_other_path():
    before = dict(leaves({"pipeline": ["scale", {"smote": {"ratio": 0.1}}, "scale"]}))
    after = dict(leaves({"pipeline": ["impute", "scale", {"smote": {"ratio": 0.1}}, "scale"]}))
    assert {key for key in {**before, **after} if before.get(key) != after.get(key)} == {
        "pipeline (order)",
        "pipeline.impute",
    }
    assert "pipeline.scale (2)" in before


def test_lists_of_numbers_stay_whole_and_named_entries_are_called_by_name():
    found = dict(leaves({"hidden": [64, 32], "gates": [{"name": "auc", "at_least": 0.8, "on": "value"}], "none": []}))
    assert found["hidden"] == "[64, 32]"
    assert found["gates.auc.at_least"] == "0.8"
    assert found["none"] == "[]"


def test_changes_name_their_area_and_fill_in_defaults(two_runs, tmp_path):
    a = two_runs.made_run(tmp_path / "a")
    plan = {"pipeline": [{"logistic_regression": {"C": 1.0, "tol": 0.5}}]}
    b = two_runs.made_run(tmp_path / "b", plan=plan, fingerprint="other")
    b.info["versions"]["numpy"] = "2"
    b.info["code"]["git_commit"] = "def"
    b.info["seed"] = 8
    b.info["model"] = {"start": {"weights": "net", "sha256": "12"}}
    found = {(row.area, row.what): (row.a, row.b) for row in changes_between(a, b).itertuples()}
    assert found["plan", "pipeline.logistic_regression.tol"] == ("0.1 (default)", "0.5")
    assert found["data", "fingerprint"] == ("data", "other")
    assert found["versions", "numpy"] == ("absent", "2")
    assert found["code", "git_commit"] == ("abc", "def")
    assert found["seed", "seed"] == ("7", "8")
    assert found["weights", "start.weights"] == ("absent", "net")
    assert len(found) == 7
    assert changes_between(a, a).empty


def test_findings_are_kept_though_their_figures_change(two_runs, tmp_path):
    a = two_runs.made_run(tmp_path / "a", findings=(two_runs.WARNING,))
    b = two_runs.made_run(tmp_path / "b", findings=(two_runs.SAME_WARNING,))
    c = two_runs.made_run(tmp_path / "c")
    assert findings_between(a, b)[["state", "title"]].to_numpy().tolist() == [["kept", "4 columns look odd"]]
    assert findings_between(a, c)["state"].tolist() == ["gone"]
    assert findings_between(c, a)["state"].tolist() == ["new"]


def test_gates_are_set_side_by_side(two_runs, tmp_path):
    a, b = (two_runs.made_run(tmp_path / name) for name in "ab")
    policy = policy_from({"version": 1, "gates": [{"name": "auc", "metric": "roc_auc", "at_least": 0.7}]})
    scores = score_rows([("roc_auc", -1, "all", 0.8, 0.75, 0.9, 10)])
    write_artifact(b.path / layout.ARTIFACTS / "gates", to_artifact(judge(scores, policy)))
    found = gates_between(a, Run(b.path))
    assert found.loc[0, ["gate", "verdict_a", "verdict_b"]].tolist() == ["auc", "absent", "pass"]
