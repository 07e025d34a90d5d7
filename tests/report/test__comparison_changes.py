from appliedml.execution.compare_runs import compare_runs
from appliedml.report._comparison_changes import changes, gates, not_compared
from appliedml.report.blocks import Table, Text


def tables(blocks):
    return {block.caption: block.data for block in blocks if isinstance(block, Table)}


def texts(blocks):
    return " ".join(block.text for block in blocks if isinstance(block, Text))


def test_changes_stand_by_area_and_what_is_equal_is_said(two_runs, tmp_path):
    a, b = two_runs.made_run(tmp_path / "a"), two_runs.made_run(tmp_path / "b", fingerprint="other")
    b.info["versions"] = {"python": "3.12"}
    b.info["folds"][0]["threshold"] = 0.4
    found = changes(compare_runs(a, b, n_resamples=20).to_artifact())
    assert tables(found)["Data"].to_numpy().tolist() == [["fingerprint", "data", "other"]]
    assert tables(found)["Versions of packages"].to_numpy().tolist() == [["python", "3.11", "3.12"]]
    assert tables(found)["Decision thresholds"]["b"].tolist() == [0.4, 0.5]
    assert texts(found).startswith("Equal in both runs: plan, defaults")


def test_findings_are_new_gone_or_kept(two_runs, tmp_path):
    a = two_runs.made_run(tmp_path / "a")
    b = two_runs.made_run(tmp_path / "b", findings=(two_runs.WARNING,))
    found = gates(compare_runs(a, b, n_resamples=20).to_artifact())
    assert texts(found) == "Findings of the audits: 1 new, 0 gone, 0 kept."
    assert list(tables(found)) == ["New in B"]


def test_what_cannot_be_compared_has_its_reason(two_runs, tmp_path):
    a, b = (two_runs.made_run(tmp_path / name, levels=("f",)) for name in "ab")
    found = tables(not_compared(compare_runs(a, b, n_resamples=20).to_artifact()))
    assert "Fairness" in set(found["Not compared"]["what"])
    assert found["Measured in both runs, but not paired"]["metric"].tolist() == ["robustness.accuracy"]
