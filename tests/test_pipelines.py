"""The scripts in pipelines/ and their YAML twins."""

import importlib.util
from pathlib import Path

import pytest

from appliedml.errors import PlanError
from appliedml.execution.plan import Plan
from appliedml.execution.plan_problems import column_problems
from appliedml.gates.policy import load_policy
from appliedml.pretrained.weights import verify

PIPELINES = Path(__file__).parents[1] / "pipelines"


def load(path):
    spec = importlib.util.spec_from_file_location(f"pipeline_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PLAN


@pytest.mark.parametrize("name", ["fraud", "medical_imaging", "sentiment"])
def test_the_script_and_its_yaml_twin_are_equal_plans(root, name):
    script, twin = load(root / "pipelines" / f"{name}.py"), Plan.from_yaml(root / "pipelines" / f"{name}.yaml")
    assert script == twin
    assert script.folder == twin.folder


PLANS = [path for path in sorted(PIPELINES.glob("*.yaml")) if "\npipeline:" in path.read_text()]
NEEDED = {"chest_xray": "efficientnet_lite0", "sentiment_transfer": "all-minilm-l6-v2"}


def test_all_plans_are_looked_at():
    assert len(PLANS) >= 7
    assert set(NEEDED) <= {path.stem for path in PLANS}


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_plan_in_the_folder_is_free_of_problems(path):
    needs_weights(path.stem)
    plan = Plan.from_yaml(path)
    if plan.policy is not None:
        assert load_policy(plan.policy, plan.folder).gates


@pytest.mark.parametrize(("name", "weights"), NEEDED.items())
def test_a_plan_without_its_weights_says_what_to_run(name, weights, monkeypatch, tmp_path):
    monkeypatch.setenv("APPLIEDML_HOME", str(tmp_path))
    with pytest.raises(PlanError, match=f"appliedml weights install {weights}"):
        Plan.from_yaml(PIPELINES / f"{name}.yaml")


def needs_weights(name):
    if name in NEEDED and verify(NEEDED[name]).state != "installed":
        pytest.skip(f"needs weights: appliedml weights install {NEEDED[name]}")


def test_the_vehicle_claims_plan_fits_the_real_table(root, shared_data):
    assert column_problems(Plan.from_yaml(root / "pipelines" / "vehicle_claims.yaml")) == []


def test_the_fraud_plan_names_what_it_will_run(root):
    plan = Plan.from_yaml(root / "pipelines" / "fraud.yaml")
    assert plan.pipeline.names()[-2:] == ["smote", "keras_classifier"]
    assert {type(audit).__name__ for audit in plan.audits} >= {"Performance", "Fairness", "ExplainShap", "Leakage"}


def test_the_chest_plan_fits_the_real_folder(root, shared_data):
    needs_weights("chest_xray")
    assert column_problems(Plan.from_yaml(root / "pipelines" / "chest_xray.yaml")) == []
