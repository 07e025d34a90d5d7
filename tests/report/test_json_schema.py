from __future__ import annotations

import copy
import json
import typing

import jsonschema
import pytest

from appliedml.report import blocks
from appliedml.report.json_form import FORMAT_NAME, FORMAT_VERSION, render_json
from appliedml.report.json_schema import report_schema


@pytest.fixture(scope="module")
def validator():
    return jsonschema.Draft202012Validator(report_schema())


@pytest.fixture(scope="module")
def report(demo):
    return json.loads(render_json(demo.demo_document()))


def found(validator, data):
    return [(list(error.absolute_path), error.message[:200]) for error in validator.iter_errors(data)]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(report_schema())


def test_the_schema_is_of_this_format():
    properties = report_schema()["properties"]

    assert properties["format"]["const"] == FORMAT_NAME
    assert properties["format_version"]["const"] == FORMAT_VERSION


def test_every_type_of_block_is_in_the_schema_and_no_other():
    schema = report_schema()

    types = {kind.__name__ for kind in typing.get_args(blocks.Block)}
    assert {entry["$ref"].removeprefix("#/$defs/") for entry in schema["$defs"]["Block"]["oneOf"]} == types
    assert all(schema["$defs"][name]["properties"]["type"] == {"const": name} for name in types)
    assert all(schema["$defs"][name]["additionalProperties"] is False for name in types)


def test_a_document_with_every_block_is_valid(validator, report):
    assert found(validator, report) == []


def test_a_hostile_document_is_valid(validator, demo):
    assert found(validator, json.loads(render_json(demo.hostile_document()))) == []


def test_the_report_of_a_run_is_valid(validator, demo, tmp_path):
    from appliedml.report.build import build_document

    document = build_document(demo.demo_run(tmp_path))

    assert found(validator, json.loads(render_json(document))) == []


def test_a_threshold_explorer_is_valid_and_its_counts_are_asked_for(validator, explorer_data):
    import pandas as pd

    explorer = blocks.Explorer(blocks.Table("T", pd.DataFrame({"threshold": [0.5]})), explorer_data.to_json())
    document = blocks.Document("D", "S", (blocks.Section("s", "S", (explorer,)),))
    data = json.loads(render_json(document))

    assert found(validator, data) == []
    del data["sections"][0]["blocks"][0]["counts"]["thresholds"]
    assert not validator.is_valid(data)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.update(format_version=2),
        lambda data: data.update(more=1),
        lambda data: data.pop("title"),
        lambda data: data["sections"][0].pop("name"),
        lambda data: data["sections"][0]["blocks"][0].update(tone="loud"),
        lambda data: data["sections"][0]["blocks"][0].update(type="Banner"),
        lambda data: data["sections"][0]["blocks"][0].update(more=1),
        lambda data: data["sections"][0]["blocks"][2]["items"][0].append("a fourth"),
        lambda data: data["sections"][0]["blocks"][3]["rows"][0].__setitem__(0, {"a": 1}),
        lambda data: data["sections"][0]["blocks"][3]["columns"][0].pop("label"),
        lambda data: data["metadata"].update(facts={"Rows": 3}),
    ],
)
def test_what_is_no_report_is_refused(validator, report, spoil):
    data = copy.deepcopy(report)

    spoil(data)

    assert not validator.is_valid(data)
