from __future__ import annotations

import os
import re

import pandas as pd
import pytest

from appliedml.cli import app
from appliedml.core.fingerprint import fingerprint
from appliedml.execution.plan import Plan
from appliedml.report import blocks
from appliedml.report.sections._reproduce import reproduce_blocks

PLAN = {
    "version": 1, "name": "claims", "seed": 7, "data": {"table": {"path": "../data/claims.csv"}},
    "schema": {"target": "fraud", "sensitive": ["sex"]}, "split": {"kfold": {"folds": 2}},
    "pipeline": ["encode_categories", "keras_classifier"],
    "policy": "rules/policy.yaml", "context": "context.yaml",
}  # fmt: skip
POLICY = {"version": 1, "gates": [{"name": "ranking", "metric": "roc_auc", "at_least": 0.7}]}
CONTEXT = {"purpose": "Rank claims.", "stated_by": "A. Owner"}


def of(found, kind):
    return [block for block in found if isinstance(block, kind)]


def without(*names, **more):
    return {key: value for key, value in PLAN.items() if key not in names} | more


@pytest.fixture
def made(demo, tmp_path):
    return lambda plan=PLAN, **info: reproduce_blocks(
        demo.demo_run(tmp_path / "run", plan=plan, **{"policy": POLICY, "context": CONTEXT} | info)
    )


def files(found):
    return of(found, blocks.Table)[0].data.set_index("what")


def saved(found, folder):
    """Save every text that the section says to save, where it says."""
    for code in of(found, blocks.Code):
        name = re.search(r"to be saved as (.+)", code.title)
        if name:
            path = folder / name[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code.text, encoding="utf-8")


def test_who_follows_the_instructions_to_the_letter_has_a_plan_without_problems(made, tmp_path, monkeypatch):
    found = made()
    folder = tmp_path / "anywhere" / "again"
    saved(found, folder)
    data = folder / files(found).loc["Data", "path"]
    data.parent.mkdir()
    pd.DataFrame({"sex": ["F", "M"] * 20, "age": range(40), "fraud": [0, 1] * 20}).to_csv(data, index=False)
    monkeypatch.chdir(folder)
    command, *_ = of(found, blocks.Code)[0].text.splitlines()

    assert command == "appliedml check plan.yaml"
    app(command.split()[1:], standalone_mode=False)
    assert {os.path.relpath(path, folder) for path in folder.rglob("*.yaml")} == {
        "plan.yaml", "rules/policy.yaml", "context.yaml",
    }  # fmt: skip
    assert Plan.from_yaml(folder / "plan.yaml").to_dict()["policy"] == PLAN["policy"]


def test_every_file_has_its_path_and_its_hash(made):
    table = files(made())

    assert table["path"].to_dict() == {
        "Plan": "plan.yaml", "Policy": "rules/policy.yaml", "Context": "context.yaml", "Data": "../data/claims.csv",
    }  # fmt: skip
    assert table["fingerprint"].tolist() == [fingerprint(PLAN), fingerprint(POLICY), fingerprint(CONTEXT), "ab" * 32]


def test_a_path_that_leaves_the_folder_is_explained(made):
    outside = "A path that begins with .. leads out of that folder"

    assert outside in of(made(), blocks.Text)[0].text
    assert outside not in of(made(without(data={"table": {"path": "claims.csv"}})), blocks.Text)[0].text
    assert outside in of(made(without(data={"table": {"path": "..\\claims.csv"}})), blocks.Text)[0].text


def test_a_policy_inside_the_plan_is_no_file_of_its_own(made):
    found = made(without("context", policy=POLICY))

    assert files(found).index.tolist() == ["Plan", "Data"]
    assert len(of(found, blocks.Code)) == 2


def test_the_table_of_a_folder_of_pictures_is_named(made):
    found = made(without(data={"image_folder": {"path": "films", "metadata": "patients.csv"}}))

    assert files(found).loc["Data", "path"] == "films"
    assert files(found).loc["Table about the data", "path"].startswith("patients.csv, or the same path")


def test_data_that_are_no_file_are_said_to_be_none(made):
    simulated = made(without(data={"simulate_transactions": {"n_rows": 500}}))
    bundled = made(without(data="digits"))
    in_python = made(without("data"))

    assert [files(found).index.tolist() for found in (simulated, bundled, in_python)] == [
        ["Plan", "Policy", "Context"]
    ] * 3
    said = [of(found, blocks.Text)[1].text for found in (simulated, bundled, in_python)]
    assert said[0] == said[1]
    assert said[0].startswith("The data need no file")
    assert said[2].startswith("The rows were given in Python")
    assert all("ab" * 32 in text for text in said)
