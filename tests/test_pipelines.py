"""The scripts in pipelines/ and their YAML twins."""

import importlib.util

import pytest

from appliedml.execution.plan import Plan
from appliedml.execution.plan_problems import column_problems
from appliedml.gates.policy import load_policy


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


def test_every_plan_in_the_folder_is_free_of_problems(root):
    plans = [path for path in sorted((root / "pipelines").glob("*.yaml")) if "\npipeline:" in path.read_text()]
    assert len(plans) >= 6
    for path in plans:
        plan = Plan.from_yaml(path)
        if plan.policy is not None:
            assert load_policy(plan.policy, plan.folder).gates


def test_the_vehicle_claims_plan_fits_the_real_table(root, shared_data):
    assert column_problems(Plan.from_yaml(root / "pipelines" / "vehicle_claims.yaml")) == []


def test_the_fraud_plan_names_what_it_will_run(root):
    plan = Plan.from_yaml(root / "pipelines" / "fraud.yaml")
    assert plan.pipeline.names()[-2:] == ["smote", "keras_classifier"]
    assert {type(audit).__name__ for audit in plan.audits} >= {"Performance", "Fairness", "ExplainShap", "Leakage"}


def test_the_chest_plan_fits_the_real_folder(root, shared_data):
    assert column_problems(Plan.from_yaml(root / "pipelines" / "chest_xray.yaml")) == []
