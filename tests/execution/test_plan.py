import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from appliedml.compose.pipeline import Pipeline
from appliedml.core.registry import build
from appliedml.core.schema import Schema
from appliedml.errors import PlanError
from appliedml.execution.plan import Plan

TEXT = """
version: 1
name: demo
seed: 7
data: {table: claims.csv}
schema: {target: fraud, sensitive: [sex, {age_band: {column: age, edges: [40]}}], group: customer}
clean: [drop_duplicates]
split: {group_kfold: {folds: 4}}
pipeline: [standard_scaler, {smote: {neighbors: 3}}, {logistic_regression: {C: 0.5}}]
validation: 0.2
calibration: platt
threshold: {cost: {false_negative: 20, false_positive: 1}}
audits: [performance, fairness]
"""


@pytest.fixture
def plan_file(tmp_path):
    path = tmp_path / "demo.yaml"
    path.write_text(TEXT)
    return path


def test_the_python_form_and_the_yaml_form_are_equal_objects(plan_file):
    python = Plan(
        name="demo",
        seed=7,
        data=build("sources", {"table": {"path": "claims.csv"}}),
        schema=Schema("fraud", ["sex", {"age_band": {"column": "age", "edges": [40]}}], group="customer"),
        clean=[build("stages", "drop_duplicates")],
        split=build("splits", {"group_kfold": {"folds": 4}}),
        pipeline=Pipeline(
            [StandardScaler(), build("stages", {"smote": {"neighbors": 3}}), LogisticRegression(C=0.5)],
            validation=0.2,
            calibration="platt",
            threshold={"cost": {"false_negative": 20, "false_positive": 1}},
        ),
        audits=[build("audits", "performance"), build("audits", "fairness")],
    )
    assert Plan.from_yaml(plan_file) == python
    assert hash(Plan.from_yaml(plan_file)) == hash(python)


def test_a_plan_comes_back_from_its_yaml(plan_file, tmp_path):
    plan = Plan.from_yaml(plan_file)
    again = tmp_path / "again.yaml"
    again.write_text(plan.to_yaml())
    assert Plan.from_yaml(again) == plan
    assert plan != Plan.from_dict({**plan.to_dict(), "seed": 8})


def test_all_problems_are_reported_together(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(
        TEXT.replace("smote", "smoet")
        .replace("folds: 4", "folds: 1")
        .replace("seed: 7", "sede: 7")
        .replace("0.2", "no")
    )
    with pytest.raises(PlanError) as caught:
        Plan.from_yaml(path)
    message = str(caught.value)
    assert "4 problems in" in message
    assert "'smoet' is not a stage. Did you mean 'smote'?" in message
    assert "Did you mean 'seed'?" in message
    assert "GroupKFold: folds must be" in message
    assert "validation must be" in message


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: "- 1\n- 2", "must hold keys"),
        (lambda t: "a: [1", "is not YAML"),
        (lambda t: t.replace("name: demo", ""), "'name' is missing"),
        (lambda t: t.replace("version: 1", "version: 99"), "version must be"),
        (lambda t: t.replace("{group_kfold: {folds: 4}}", "kfold"), "would straddle folds. Use group_kfold"),
        (lambda t: t.replace(", group: customer", ""), "group_kfold needs a group column"),
        (lambda t: t.replace("{group_kfold: {folds: 4}}", "time_kfold"), "needs a time column"),
        (lambda t: t.replace("validation: 0.2", ""), "need rows set aside"),
        (lambda t: t.replace("clean: [drop_duplicates]", "clean: [smote]"), "has the verb fit_resample"),
        (lambda t: t.replace("clean: [drop_duplicates]", "clean: drop_duplicates"), "must be a list of stages"),
        (lambda t: t.replace("audits: [performance, fairness]", "audits: [fairness, fairness]"), "listed twice"),
        (lambda t: t.replace("standard_scaler, ", "{logistic_regression: {C: 1}}, "), "must be the last step"),
        (lambda t: t + "policy: absent.yaml", "the file 'absent.yaml' does not exist"),
        (lambda t: t.replace("standard_scaler", "os.system"), "is not a stage"),
        (lambda t: t.replace("standard_scaler", "!!python/object/apply:os.system ['true']"), "is not YAML"),
    ],
)
def test_a_wrong_plan_is_refused_with_a_sentence(tmp_path, change, sentence):
    path = tmp_path / "p.yaml"
    path.write_text(change(TEXT))
    with pytest.raises(PlanError, match=sentence):
        Plan.from_yaml(path)


def test_a_missing_plan_names_those_beside_it(plan_file):
    with pytest.raises(PlanError, match=r"does not exist. Plans there: demo.yaml"):
        Plan.from_yaml(plan_file.with_name("dmo.yaml"))


def test_another_table_keeps_the_other_settings_of_the_source(plan_file, tmp_path):
    plan = Plan.from_yaml(plan_file).with_data(tmp_path / "mine.csv")
    assert plan.data.path == str(tmp_path / "mine.csv")
    assert plan.schema == Plan.from_yaml(plan_file).schema


def test_the_split_can_be_changed_by_name(plan_file):
    text = plan_file.read_text().replace("group: customer", "group: customer, time: day")
    plan_file.write_text(text)
    plan = Plan.from_yaml(plan_file).with_split("time_kfold")
    assert plan.split.folds == 4
    assert plan.pipeline.validation_from == "latest"
    with pytest.raises(PlanError, match="Did you mean 'time_kfold'"):
        plan.with_split("time_kfolds")


def test_the_card_shows_the_plan_as_text(plan_file):
    assert "group_kfold" in Plan.from_yaml(plan_file)._repr_html_()
