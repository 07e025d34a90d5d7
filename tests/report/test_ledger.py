from __future__ import annotations

import re

import pandas as pd
import pytest

from appliedml.core.artifact import Artifact, Status
from appliedml.core.registry import names
from appliedml.errors import RunError
from appliedml.report.ledger import (
    FOLDER,
    Item,
    found_evidence,
    load_question_groups,
    load_questions,
    load_standards,
    read_standard,
)

WRITTEN_BY_RUNS = {"flow", "gates", "run", "pipeline", "initial_weights", "impact_ratios", "sign_offs"}
STANDARDS = load_standards()


def test_the_standards_of_the_report_are_there():
    assert set(STANDARDS) == {
        "tripod_ai", "claim_2024", "sr_26_2", "eu_ai_act_annex_iv", "nyc_ll144", "model_card", "datasheet",
    }  # fmt: skip


@pytest.mark.parametrize("name", STANDARDS)
def test_items_are_numbered_once_and_ask_for_one_thing(name):
    items = STANDARDS[name].items

    assert len({item.id for item in items}) == len(items) >= 10
    for item in items:
        assert item.text
        assert bool(item.evidence) != bool(item.question), item


@pytest.mark.parametrize("name", STANDARDS)
def test_what_a_standard_concerns_is_said_in_words_and_in_kinds_of_inputs(name):
    standard = STANDARDS[name]

    assert bool(standard.concerns) == bool(standard.inputs or standard.fields)
    assert set(standard.inputs) <= {"images", "texts", "table"}


@pytest.mark.parametrize("name", STANDARDS)
def test_evidence_is_of_kinds_that_runs_have(name):
    kinds = {kind for item in STANDARDS[name].items for kind in item.evidence}

    assert kinds <= set(names("audits")) | WRITTEN_BY_RUNS


def test_every_question_is_asked_and_every_asked_question_is_worded():
    asked = {item.question for standard in STANDARDS.values() for item in standard.items if item.question}

    assert asked == set(load_questions())
    assert all(text.endswith("?") for text in load_questions().values())


def test_all_27_items_of_tripod_are_there():
    numbers = {int(re.match(r"\d+", item.id)[0]) for item in STANDARDS["tripod_ai"].items}

    assert numbers == set(range(1, 28))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.name)
def test_no_file_promises_that_a_standard_is_met(path):
    assert "compliant" not in path.read_text(encoding="utf-8").lower()


@pytest.mark.parametrize(
    "text",
    [
        "items: [{id: 1}]",
        "title: T\nsource: S",
        "[1]",
        "a: [",
        "title: T\nsource: S\nitems: [x]",
        "title: T\nsource: S\nitems: [{id: a, text: b, need_all: true}]",
        "title: T\nsource: S\nitems: []\nconcerns: {what: x, input: [images]}",
        "title: T\nsource: S\nitems: []\nconcerns: {inputs: [images]}",
    ],
)
def test_a_damaged_file_is_named(tmp_path, text):
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(RunError, match=r"bad\.yaml"):
        read_standard(path)


class Run(dict):
    """Artifacts by kind, and a schema."""

    def __init__(self, *sensitive, **artifacts):
        super().__init__(artifacts)
        self.info = {"schema": {"target": "y", "sensitive": list(sensitive)}} if sensitive else {}


def fairness(*together, status="judged"):
    rows = [("Sex", False, "judged"), *((name, True, status) for name in together)]
    features = pd.DataFrame(rows, columns=["feature", "intersection", "status"])
    return Artifact("fairness", tables={"features": features, "impact_ratio": pd.DataFrame({"level": ["F", "M"]})})


def item(standard, number):
    (found,) = [item for item in STANDARDS[standard].items if item.id == number]
    return found


@pytest.mark.parametrize(
    ("sensitive", "artifact", "reason"),
    [
        (["Sex"], fairness(), "names no sensitive feature of 'race' or 'ethnic'"),
        ([], fairness(), "'sex' or 'gender'; nor of 'race' or 'ethnic'"),
        (["Sex", "Ethnicity"], fairness(), "judged no such features together"),
        (["Sex", "Ethnicity"], fairness("Sex & Ethnicity", status="not applicable"), "no such features together"),
        (["Sex", "Ethnicity", "age"], fairness("Sex & age"), "judged no such features together"),
        (["Sex", "Ethnicity"], Artifact("fairness", Status.SKIPPED, reason="None."), "No evidence of the kind"),
    ],
)
def test_sex_and_race_together_are_not_evidenced_by_an_audit_of_anything_else(sensitive, artifact, reason):
    kind, why = found_evidence(item("nyc_ll144", "intersection"), Run(*sensitive, fairness=artifact))

    assert kind == ""
    assert reason in why


def test_sex_and_race_together_are_evidenced_where_they_were_judged_together():
    run = Run("GENDER", {"origin": {"column": "Ethnic group"}}, fairness=fairness("GENDER & origin"))

    assert found_evidence(item("nyc_ll144", "intersection"), run) == ("impact_ratios", "")
    assert found_evidence(item("nyc_ll144", "rate-sex"), run) == ("impact_ratios", "")


def test_a_fairness_audit_without_impact_ratios_is_no_evidence_of_them():
    bare = Artifact("fairness", tables={"features": fairness().tables["features"]})

    assert found_evidence(item("nyc_ll144", "rate-sex"), Run("Sex", fairness=bare))[0] == ""


def test_heterogeneity_needs_a_feature_that_says_the_place():
    judged = {"fairness": fairness()}

    assert found_evidence(item("tripod_ai", "23b"), Run("Sex", **judged))[0] == ""
    assert found_evidence(item("tripod_ai", "23b"), Run("Sex", "hospital", **judged)) == ("fairness", "")


def test_questions_come_in_groups():
    groups = load_question_groups()

    assert [key for group in groups.values() for key in group] == list(load_questions())
    assert "Purpose and use" in groups


def test_an_item_about_groups_is_not_evidenced_without_a_sensitive_feature():
    profiled = {"flow": Artifact("flow"), "data_profile": Artifact("data_profile")}

    assert found_evidence(item("tripod_ai", "7"), Run(**profiled)) == ("", "The schema names no sensitive feature.")
    assert found_evidence(item("tripod_ai", "7"), Run("town", **profiled)) == ("flow", "")


def test_characteristics_by_part_need_the_profile_and_the_parts():
    profile, parts = Artifact("data_profile"), Artifact("flow")
    wanted = item("claim_2024", "36")

    assert found_evidence(wanted, Run("sex", data_profile=profile)) == (
        "", "No evidence of the kind 'flow' in this run.",
    )  # fmt: skip
    assert found_evidence(wanted, Run("sex", data_profile=profile, flow=parts)) == ("data_profile", "")


def test_an_item_that_needs_all_its_evidence_names_what_is_absent():
    both = Item("a", "A", ("performance", "fairness"), needs_all=True)

    assert found_evidence(both, Run(performance=Artifact("performance"))) == (
        "", "No evidence of the kind 'fairness' in this run.",
    )  # fmt: skip
    assert found_evidence(both, Run(performance=Artifact("performance"), fairness=fairness())) == ("performance", "")
