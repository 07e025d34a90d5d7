from __future__ import annotations

import math

import pytest

from appliedml.core.artifact import score_rows
from appliedml.report.discovery import ReportRun
from appliedml.report.metadata import _inputs, data_name, model_card_metadata, pooled_score, task_of


def test_the_metadata_hold_pooled_scores_as_the_hub_wants_them(demo, tmp_path):
    found = model_card_metadata(ReportRun(demo.demo_run(tmp_path)))

    (entry,) = found["model-index"]
    (result,) = entry["results"]
    assert (entry["name"], result["task"]["type"], result["dataset"]["name"]) == (
        "claims",
        "tabular-classification",
        "claims.csv",
    )
    assert [(metric["type"], metric["value"]) for metric in result["metrics"]] == [
        ("roc_auc", 0.838),
        ("average_precision", 0.231),
        ("brier", 0.0491),
    ]
    assert found["appliedml"]["gates"] == "fail"
    assert found["facts"]["Rows used"] == "15,419"


def test_without_scores_or_policy_the_metadata_say_so(demo, tmp_path):
    from appliedml.core.artifact import Artifact

    found = model_card_metadata(ReportRun(demo.demo_run(tmp_path, Artifact("x"), classes=[str(k) for k in range(9)])))

    assert found["model-index"][0]["results"] == []
    assert found["appliedml"]["gates"] == "no policy"
    assert found["facts"]["Classes"] == "9"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ({"table": "/home/me/claims.csv"}, "claims.csv"),
        ({"table": {"path": "data/a.parquet", "delimiter": ";"}}, "a.parquet"),
        ({"simulate_transactions": {"rows": 5}}, "simulate_transactions"),
        ({"text_table": "reviews.csv"}, "reviews.csv"),
        ("samples given in Python", "n"),
        (None, "n"),
    ],
)
def test_the_data_have_a_short_name_without_folders(source, name):
    assert data_name({"name": "n", "data": {"source": source}}) == name


@pytest.mark.parametrize(
    ("data", "task", "facts"),
    [
        ({"inputs": "table", "n_features": 12}, "tabular-classification", ("Features", "12")),
        (
            {"inputs": "images", "n_features": 64, "height": 64, "width": 48, "channels": 1},
            "image-classification",
            ("Pictures", "64 x 48 pixels, grey"),
        ),
        ({"inputs": "texts", "n_features": 1}, "text-classification", ("Inputs", "one text a row")),
        ({"n_features": 3}, "tabular-classification", ("Features", "3")),
    ],
)
def test_the_task_and_the_facts_follow_the_kind_of_inputs(data, task, facts):
    assert task_of(data.get("inputs")) == task
    assert _inputs(data) == facts


def test_only_pooled_finite_scores_count():
    scores = score_rows(
        [("f1", 0, "all", 0.5, 0, 1, 9), ("f1", -1, "sex=F", 0.4, 0, 1, 9), ("mcc", -1, "all", math.nan, 0, 1, 9)]
    )

    assert pooled_score(scores, "f1") is None
    assert pooled_score(scores, "f1", "sex=F") == (0.4, 0.0, 1.0, 9)
    assert pooled_score(scores, "mcc") is None
