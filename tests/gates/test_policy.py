from __future__ import annotations

from datetime import date

import pytest

from appliedml.errors import PlanError
from appliedml.gates._policy_problems import problems_in
from appliedml.gates.policy import Gate, Waiver, load_policy, policy_from, read_policy

GOOD = """
version: 1
gates:
  - {name: discrimination, metric: roc_auc, at_least: 0.75}
  - {metric: gap.true_positive_rate, subset: Sex, at_most: 0.10}
  - {metric: average_precision, at_least: 0.2, on: value}
waivers:
  - {gate: discrimination, owner: A. Person, reason: first release, until: 2027-01-31}
"""


def said(data):
    return {problem.where: problem.what for problem in problems_in(data)}


def gate(**keys):
    return {"version": 1, "gates": [keys]}


def test_a_policy_file_becomes_frozen_gates_and_waivers(tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text(GOOD, encoding="utf-8")

    policy = read_policy(file)

    assert policy.gates == (
        Gate("discrimination", "roc_auc", "all", at_least=0.75),
        Gate("gap.true_positive_rate Sex", "gap.true_positive_rate", "Sex", at_most=0.10),
        Gate("average_precision", "average_precision", at_least=0.2, on="value"),
    )
    assert policy.waivers == (Waiver("discrimination", "A. Person", "first release", date(2027, 1, 31)),)
    assert policy.source == str(file)


def test_the_json_form_gives_the_same_policy_back(tmp_path):
    (tmp_path / "policy.yaml").write_text(GOOD, encoding="utf-8")
    policy = load_policy("policy.yaml", folder=tmp_path)

    assert load_policy(policy.to_dict()) == policy


def test_all_problems_are_reported_together():
    data = {
        "version": 2,
        "gates": [
            {"metric": "roc_acu", "at_least": 0.7},
            {"metric": "brier"},
            {"metric": "recall", "atleast": 0.3, "at_most": 0.9},
            "roc_auc",
        ],
        "waivers": [{"gate": "recal", "owner": "", "reason": "r", "until": "soon"}],
        "gate": [],
    }

    with pytest.raises(PlanError) as caught:
        policy_from(data)

    text = str(caught.value)
    for part in (
        "Did you mean 'roc_auc'?",
        "gates[1]",
        "has no bound",
        "no key 'atleast'. Did you mean 'at_least'?",
        "version",
        "gates[3]",
        "there is no gate 'recal'. Did you mean 'recall'?",
        "waivers[0].owner",
        "must be a day such as 2027-01-31",
        "no key 'gate'. Did you mean 'gates'?",
    ):
        assert part in text
    assert len(caught.value.problems) == 9


def test_an_unknown_metric_far_from_any_other_lists_the_known_ones():
    assert "average_precision, balanced_accuracy" in said(gate(metric="zzz", at_least=1))["gates[0].metric"]


def test_a_misspelt_gap_is_corrected_with_its_prefix():
    assert "'gap.recall'" in said(gate(metric="gap.recal", at_most=0.1))["gates[0].metric"]


@pytest.mark.parametrize("key", ["metric", "name", "subset"])
def test_a_boolean_where_a_name_is_expected_is_explained(key):
    found = said(gate(**{"metric": "roc_auc", "at_least": 0.5} | {key: False}))

    assert "YAML reads yes, no, on and off as booleans" in found[f"gates[0].{key}"]


@pytest.mark.parametrize(("value", "words"), [(True, "finite number"), (float("nan"), "finite"), ("1e-3", "0.001")])
def test_a_bound_that_is_no_number_is_refused(value, words):
    assert words in said(gate(metric="roc_auc", at_least=value))["gates[0].at_least"]


def test_bounds_that_nothing_can_keep_are_refused():
    assert "nothing passes" in said(gate(metric="roc_auc", at_least=0.9, at_most=0.8))["gates[0]"]


def test_two_gates_of_one_name_are_refused_also_when_the_name_is_implied():
    data = {"version": 1, "gates": [{"metric": "f1", "at_least": 0.1}, {"metric": "f1", "at_most": 0.9}]}

    assert "'f1' is used 2 times" in said(data)["gates"]


def test_a_gap_over_all_rows_is_refused_and_defaults_to_every_sensitive_feature():
    assert "compares groups" in said(gate(metric="gap.recall", subset="all", at_most=0.1))["gates[0].subset"]
    assert policy_from(gate(metric="gap.recall", at_most=0.1)).gates[0].subset == "*"


@pytest.mark.parametrize("until", ["2027-02-31", "tomorrow", 20270131, True, None])
def test_a_malformed_day_is_refused(until):
    data = gate(metric="f1", at_least=0.1)
    data["waivers"] = [{"gate": "f1", "owner": "a", "reason": "b", "until": until}]

    assert "must be a day" in said(data)["waivers[0].until"]


@pytest.mark.parametrize("data", [None, [], "gates"])
def test_a_policy_that_is_no_mapping_is_refused(data):
    assert "must be a mapping" in said(data)["policy"]


def test_an_empty_list_of_gates_is_refused():
    assert "at least one gate" in said({"version": 1, "gates": []})["gates"]


def test_a_key_given_twice_in_a_file_is_refused(tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\ngates: [{metric: f1, at_least: 0.9, at_least: 0.1}]\n", encoding="utf-8")

    with pytest.raises(PlanError, match="'at_least' is given more than once"):
        read_policy(file)


@pytest.mark.parametrize("text", ["gates: [", "a: !!python/object:os.system x"])
def test_a_file_that_is_not_plain_yaml_is_one_sentence(tmp_path, text):
    file = tmp_path / "policy.yaml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(PlanError, match="is not valid YAML"):
        read_policy(file)


def test_a_missing_or_binary_file_is_one_sentence(tmp_path):
    with pytest.raises(PlanError, match="does not exist"):
        read_policy(tmp_path / "none.yaml")
    file = tmp_path / "binary.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlanError, match="cannot be read"):
        read_policy(file)


@pytest.mark.parametrize("worse_by", [0.02, {"roc_auc": 0.02, "gap.equalised_odds": 0.0}])
def test_tolerances_of_comparisons_are_kept(worse_by):
    policy = policy_from({**gate(metric="f1", at_least=0.1), "worse_by": worse_by})

    assert policy.worse_by == worse_by
    assert policy_from(policy.to_dict()) == policy
    assert "worse_by" not in policy_from(gate(metric="f1", at_least=0.1)).to_dict()


@pytest.mark.parametrize(
    ("worse_by", "where", "words"),
    [
        (-0.1, "worse_by", "must be at least 0"),
        ("0.1", "worse_by", "write 0.1"),
        ([0.1], "worse_by", "For single measures write a mapping"),
        ({"roc_acu": 0.1}, "worse_by.roc_acu", "Did you mean 'roc_auc'?"),
        ({"equalised_odds": 0.1}, "worse_by.equalised_odds", "is not a metric"),
        ({"roc_auc": True}, "worse_by.roc_auc", "must be a finite number"),
        ({"roc_auc": -1}, "worse_by.roc_auc", "must be at least 0"),
    ],
)
def test_a_wrong_tolerance_is_named(worse_by, where, words):
    found = said({**gate(metric="f1", at_least=0.1), "worse_by": worse_by})

    assert list(found) == [where]
    assert words in found[where]
