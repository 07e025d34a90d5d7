import pytest

import appliedml as aml
from appliedml.errors import PlanError, RunError


@pytest.fixture
def folders(two_runs, tmp_path):
    return two_runs.made_run(tmp_path / "a").path, two_runs.made_run(tmp_path / "b", noise=2.0).path


def test_runs_or_their_folders_are_compared_and_shown(folders):
    found = aml.compare(*folders, n_resamples=50)
    assert found.verdict == "worse beyond tolerance"
    assert found.exit_code() == 1
    assert repr(found) == "ComparedRuns('a', 'b', 'worse beyond tolerance')"
    assert "beyond tolerance" in found._repr_html_()
    assert aml.compare(aml.Run(folders[0]), folders[0], n_resamples=20).exit_code(strict=True) == 0


def test_the_page_stands_beside_run_b_unless_asked_otherwise(folders, tmp_path):
    found = aml.compare(*folders, n_resamples=20)
    assert found.write() == (tmp_path / "compare_a_vs_b" / "comparison.html").resolve()
    assert found.write(tmp_path / "there") == tmp_path / "there" / "comparison.html"


@pytest.mark.parametrize("worse_by", [5, {"roc_auc": 5, "gap.selection_rate": 5}, ["5"], "5"])
def test_tolerances_are_a_number_a_mapping_or_texts(folders, worse_by):
    judged = aml.compare(*folders, worse_by=worse_by, n_resamples=20).result.tables["judged"]
    assert judged.set_index("metric").loc["roc_auc", "tolerance"] == 5


def test_a_wrong_tolerance_or_folder_is_a_sentence(folders, tmp_path):
    with pytest.raises(RunError, match="Did you mean 'roc_auc'"):
        aml.compare(*folders, worse_by={"roc_au": 1})
    with pytest.raises(RunError, match="does not exist"):
        aml.compare(folders[0], tmp_path / "nowhere")


def test_tolerances_of_a_policy_count_and_those_given_by_name_replace_them(folders, tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_text("version: 1\ngates: [{metric: roc_auc, at_least: 0.5}]\nworse_by: {roc_auc: 0.5, ece: 0.25}\n")

    def tolerances(**given):
        judged = aml.compare(*folders, n_resamples=20, **given).result.tables["judged"]
        return judged.set_index("metric")["tolerance"]

    found = tolerances(policy=path)
    assert (found["roc_auc"], found["ece"], found["scaled_brier"]) == (0.5, 0.25, 0.02)
    found = tolerances(policy=path, worse_by=["3", "roc_auc=4"])
    assert (found["roc_auc"], found["ece"], found["scaled_brier"]) == (4, 0.25, 3)
    assert tolerances(policy={"version": 1, "gates": [{"metric": "f1", "at_least": 0}], "worse_by": 2})["roc_auc"] == 2


def test_a_policy_without_tolerances_is_refused(folders):
    policy = {"version": 1, "gates": [{"metric": "roc_auc", "at_least": 0.5}]}
    with pytest.raises(PlanError, match="worse_by +is missing, and a comparison takes nothing else from a policy"):
        aml.compare(*folders, policy=policy)
