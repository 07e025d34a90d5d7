from __future__ import annotations

import math
import re

import pytest

from appliedml.core.artifact import score_rows
from appliedml.report.discovery import ReportRun
from appliedml.report.metadata import (
    _inputs,
    data_name,
    hub_identifier,
    hub_licence,
    model_card_metadata,
    pooled_score,
    task_of,
)


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
        ("brier_score", 0.0491),
    ]
    assert found["metrics"] == ["roc_auc", "average_precision", "brier_score"]
    assert (found["library_name"], found["pipeline_tag"]) == ("keras", "tabular-classification")
    assert "license" not in found
    assert found["appliedml"]["gates"] == "fail"
    assert found["facts"]["Rows used"] == "15,419"


@pytest.mark.parametrize(
    ("stated", "licence"),
    [
        ("MIT", "mit"),
        ("mit licence", "mit"),
        ("Apache 2.0", "apache-2.0"),
        ("CC BY-SA 4.0, with attribution", "cc-by-sa-4.0"),
        ("Apache-2.0.", "apache-2.0"),
        ("Mitigated use only", "other"),
        ({"answer": "GPL 3.0", "by": "A. Owner"}, "gpl-3.0"),
        ({"answer": ""}, None),
        ("  ", None),
    ],
)
def test_a_stated_licence_becomes_the_hubs_name_of_it(stated, licence):
    assert hub_licence(stated) == licence


@pytest.mark.parametrize("name", ["claims.csv", "a b/c:d", "\"'<b>", "\u202eexe", "x" * 500, "...", ""])
def test_the_identifier_of_the_data_is_one_that_the_hub_takes(name):
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,96}", hub_identifier(name))


def test_the_hubs_own_reader_takes_the_card(demo, tmp_path):
    hub = pytest.importorskip("huggingface_hub")
    from appliedml.report.build import build_document
    from appliedml.report.markdown import render_markdown

    run = demo.demo_run(tmp_path, context={"licence": "MIT"})
    card = hub.ModelCard(render_markdown(build_document(run)))

    assert (card.data.license, card.data.library_name, card.data.model_name) == ("mit", "keras", "claims")
    first = card.data.eval_results[0]
    assert (first.metric_type, first.metric_value) == ("roc_auc", 0.838)
    assert first.dataset_type == "claims.csv"


def test_a_model_without_keras_is_not_called_one(demo, tmp_path):
    run = demo.demo_run(tmp_path, model={"model": "logistic_regression"})

    assert model_card_metadata(ReportRun(run))["library_name"] == "sklearn"


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
