from __future__ import annotations

import pytest

from appliedml.report.ledger import Item, load_standards
from appliedml.report.sections._item_conditions import augments, why_not_applicable, why_not_evidence


class Run:
    """A run that nobody has signed."""

    sign_offs = ()

    def __init__(self, *steps):
        self.info = {"pipeline": [{"name": name, "parameters": parameters} for name, parameters in steps]}


def network(**builder):
    return ("keras_classifier", {"builder": {"cnn": builder}, "callbacks": [None]})


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (("augment_texts", {}), True),
        (network(augment={"rotation": 10, "fill": "nearest"}), True),
        (network(mixup=0.2), True),
        (network(augment={"rotation": 0, "flip_left_right": False, "fill": "nearest"}), False),
        (network(augment=None, mixup=0.0), False),
        (("smote", {"neighbors": 5}), False),
    ],
)
def test_augmentation_is_a_step_of_its_own_or_a_setting_that_is_switched_on(step, expected):
    assert augments(Run(("scale_numbers", {"columns": None}), step).info) is expected


def test_an_item_about_augmentation_applies_only_where_there_is_some():
    (item,) = [item for item in load_standards()["claim_2024"].items if item.id == "9b"]

    assert why_not_applicable(item, Run(("smote", {}))).startswith("The pipeline has no step")
    assert why_not_applicable(item, Run(network(mixup=0.2))) == ""
    assert why_not_applicable(Item("1", "Pipeline", ("pipeline",)), Run(("smote", {}))) == ""


@pytest.mark.parametrize(("builder", "known"), [("cnn", True), ("somebody_elses", False)])
def test_initial_weights_are_evidenced_only_where_the_report_knows_them(builder, known):
    (item,) = [item for item in load_standards()["claim_2024"].items if item.id == "24"]
    run = Run()
    run.info["model"] = {"model": "keras_classifier", "builder": {builder: {}}}

    assert (why_not_evidence(item, run) == "") is known
    assert why_not_evidence(item, Run()).startswith("The report does not know")


def test_only_items_about_signatures_ask_for_one():
    signed = Item("1", "Signed", ("sign_offs",))

    assert why_not_evidence(signed, Run()).startswith("Nobody has signed this run off.")
    assert why_not_evidence(Item("2", "Made", ("run",)), Run()) == ""
