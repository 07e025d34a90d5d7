from __future__ import annotations

import json

import numpy as np
import pandas as pd

from appliedml.report import blocks
from appliedml.report.json_form import render_json, to_json


def test_a_document_becomes_plain_json(demo):
    text = render_json(demo.demo_document())

    data = json.loads(text)
    assert (data["format"], data["format_version"], data["title"]) == ("appliedml-report", 1, "Vehicle claims")
    assert [section["name"] for section in data["sections"]] == ["verdict", "performance", "fairness"]
    assert text == render_json(demo.demo_document())


def test_hostile_text_is_whole(demo):
    data = json.loads(render_json(demo.hostile_document()))

    bullets = next(block for block in data["sections"][0]["blocks"] if block["type"] == "Bullets")
    assert tuple(bullets["items"]) == demo.HOSTILE


def test_tables_have_all_rows_with_raw_values():
    frame = pd.DataFrame(
        {"n": [1, 2], "v": [0.123456, np.inf], "t": ["a", None], "d": pd.to_datetime(["2026-01-01"] * 2)}
    )
    table = blocks.Table("T", frame, (blocks.Column("v", "Value", "number"),))

    block = to_json(blocks.Document("D", "S", (blocks.Section("s", "S", (table,)),)))["sections"][0]["blocks"][0]

    assert block["columns"][1] == {"name": "v", "label": "Value"}
    assert block["rows"] == [[1, 0.123456, "a", "2026-01-01T00:00:00"], [2, None, None, "2026-01-01T00:00:00"]]
    assert type(block["rows"][0][0]) is int


def test_long_tables_are_not_cut():
    table = blocks.Table("T", pd.DataFrame({"n": range(5000)}))

    block = to_json(blocks.Document("D", "S", (blocks.Section("s", "S", (table,)),)))["sections"][0]["blocks"][0]

    assert len(block["rows"]) == 5000


def test_figures_have_words_and_data_but_no_drawing(demo):
    blocks_ = to_json(demo.demo_document())["sections"][1]["blocks"]
    figure = next(block for block in blocks_ if block["type"] == "Figure")

    assert set(figure) == {"type", "title", "alt", "columns", "rows"}
    assert len(figure["rows"]) == 82


def test_half_a_surrogate_pair_can_be_written():
    text = render_json(blocks.Document("a\udc80", "S", ()))

    assert json.loads(text.encode())["title"] == "a\udc80"
