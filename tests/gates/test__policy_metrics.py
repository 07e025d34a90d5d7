from __future__ import annotations

import re

import pytest

from appliedml.gates._policy_metrics import FAMILIES, METRICS, metric_problems, subset_problems

GROUPS = [
    ("gap.recall", "sexx"),
    ("recall", "sexx=F"),
    ("ratio.selection_rate", "sex & age"),
    ("shortcut.score", "a=b"),
]


def said(metric):
    return " ".join(problem.what for problem in metric_problems(metric, {"metric": metric}, "gates[0]"))


@pytest.mark.parametrize(
    ("metric", "suggested"),
    [
        ("robustness.largest_loss.recal", "robustness.largest_loss.recall"),
        ("largest_loss.f1", "robustness.largest_loss.f1"),
        ("robustness.acuracy", "robustness.accuracy"),
        ("robustnes.accuracy", "robustness.accuracy"),
        ("flip_rate", "robustness.flip_rate"),
        ("mask_share", "image_explanation_mask_share"),
        ("gap.recal", "gap.recall"),
        ("roc_acu", "roc_auc"),
    ],
)
def test_what_is_suggested_would_be_taken(metric, suggested):
    assert said(metric).endswith(f"Did you mean {suggested!r}?")
    assert said(suggested) == ""


def test_an_end_like_no_metric_is_answered_with_the_ends_there_are():
    text = said("robustness.largest_loss.zzz")
    assert f"Known after 'robustness.largest_loss.': {', '.join(METRICS)}." in text


def test_ends_that_go_on_are_listed_too():
    assert said("robustness.zzz").endswith(", failure_rate, flip_rate, largest_loss.<metric>.")


def test_the_list_of_what_is_known_leaves_no_metric_out():
    text = said("zzzzzz")
    each = re.search("each also as (.*?)\\. Of audits", text)[1].split(", ")
    named = set(re.split("[ ,;]+", text.removesuffix(".")))
    assert each == [
        "gap.<metric>", "ratio.<metric>", "difference.<metric>", "robustness.largest_loss.<metric>",
        "robustness.<metric>",
    ]  # fmt: skip
    assert set(METRICS) <= named
    expected = {start + end for start, ends in FAMILIES.items() for end in set(ends).difference(METRICS)}
    assert expected | {"gap.equalised_odds", "gap.identity_score", "identity_shift"} <= named
    assert all(said(name) == "" for name in expected)


@pytest.mark.parametrize(("metric", "subset"), GROUPS)
def test_an_attribute_that_the_run_does_not_have_is_named_with_those_it_has(metric, subset):
    (problem,) = subset_problems([("roc_auc", "all"), (metric, subset)], ["sex", "age_band"], [])
    assert problem.where == "gates[1].subset"
    assert "the run has no attribute " in problem.what
    assert problem.what.endswith("Known: sex, age_band.")


@pytest.mark.parametrize(
    ("metric", "subset"),
    [
        ("gap.recall", "sex"),
        ("gap.recall", "*"),
        ("recall", "sex=F"),
        ("recall.owl", "sex=F"),
        ("gap.recall", "sex & age_band"),
        ("roc_auc", "all"),
        ("difference.roc_auc", "baseline=prior"),
        ("robustness.accuracy", "perturbation=noise&severity=1"),
        ("gap.identity_score", "gender"),
        ("gap.recall", "made_by_an_audit"),
        ("shortcut.score", "sex=F"),
    ],
)
def test_other_subsets_are_left_to_what_was_measured(metric, subset):
    assert subset_problems([(metric, subset)], ["sex", "age_band"], ["made_by_an_audit", "all"]) == []


def test_a_run_without_attributes_says_so():
    (problem,) = subset_problems([("gap.recall", "sex")], [], [])
    assert problem.what == "the run has no attribute 'sex'. Known: none."
