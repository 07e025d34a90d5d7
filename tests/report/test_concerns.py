from __future__ import annotations

import pytest

from appliedml.report.concerns import in_question, inputs_of, known_fields
from appliedml.report.ledger import load_standards

ALL = list(load_standards())


def beside(context, inputs=None):
    return {name for name, reason in in_question(context, inputs).items() if reason}


def test_without_a_word_on_the_field_every_standard_concerns_a_run_of_images():
    assert list(in_question({}, "images")) == ALL
    assert beside({}, "images") == set()


@pytest.mark.parametrize("inputs", ["texts", "table"])
def test_the_standard_for_images_concerns_no_other_inputs(inputs):
    assert beside({}, inputs) == {"claim_2024"}
    assert beside({"standards": ["claim_2024"], "field": "health care"}, inputs) == {"claim_2024"}
    assert "medical images; this run's inputs are" in in_question({}, inputs)["claim_2024"]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("health care", {"nyc_ll144"}),
        (" Employment ", {"claim_2024", "tripod_ai"}),
        ("other", {"claim_2024", "tripod_ai", "nyc_ll144"}),
        ("helth care", set()),
        (["other"], set()),
    ],
)
def test_the_field_that_a_person_states_leaves_out_standards_of_others(field, expected):
    """A slip of the pen leaves out none."""
    assert beside({"field": field}, "images") == expected


def test_a_standard_that_is_named_is_gone_through_in_any_field():
    context = {"field": "other", "standards": ["tripod_ai", "iso_1", "nyc_ll144"]}

    assert in_question(context, "table") == {"tripod_ai": "", "nyc_ll144": ""}


def test_the_fields_are_those_of_the_standards_and_the_rest():
    assert known_fields() == ("employment", "health care", "other")


def test_a_run_that_does_not_name_its_inputs_has_none(demo, tmp_path):
    run = demo.demo_run(tmp_path)
    run.info["data"].pop("inputs", None)
    assert inputs_of(run) is None
    run.info["data"]["inputs"] = "texts"
    assert inputs_of(run) == "texts"
