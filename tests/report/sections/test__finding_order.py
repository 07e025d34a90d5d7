"""The order of findings, on what the audits themselves write: a title changed there must be changed in the rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._baselines_tables import baseline_findings
from appliedml.audits._identity_findings import coverage_finding, error_findings, gap_findings
from appliedml.audits.fairness import Fairness
from appliedml.core.artifact import Finding, Severity
from appliedml.report.discovery import readers
from appliedml.report.sections._finding_order import SUBJECTS, ordered, subject

REST = len(SUBJECTS)
RANKS = {what: rank for rank, (what, _) in enumerate(SUBJECTS)}
WORSE, BEATEN = RANKS["some people are treated worse"], RANKS["not shown to beat a reference model"]


@pytest.fixture(scope="module")
def fairness():
    """Findings of an audit where one sex is found less often, people of unknown sex hardly ever, and regions alike."""
    rng = np.random.default_rng(0)
    n = 6000
    sex = rng.choice(["F", "M", "unknown"], n, p=[0.4, 0.4, 0.2]).astype(object)
    truth = rng.integers(0, 2, n)
    keep = 0.9 - 0.5 * (sex == "F") - 0.8 * (sex == "unknown")
    called = np.where(rng.random(n) < keep, truth, 0)
    table = pd.DataFrame({"row_id": np.arange(n), "y_true": truth, "y_pred": called, "threshold": 0.5})
    table["p_1"] = np.where(called == 1, 0.5, 0) + 0.49 * rng.random(n)
    table["sensitive.sex"] = sex
    table["sensitive.few"] = np.where(np.arange(n) < 40, "a", "b").astype(object)
    evidence = {"table": table, "classes": ("no", "yes"), "levels": {}, "seed": 0}
    return Fairness(n_resamples=200, tolerance=0.1).conclude([evidence]).findings


def test_only_what_shows_that_somebody_is_treated_worse_is_a_disparity(fairness):
    ranks = {finding.title: subject("fairness", finding) for finding in fairness}

    worse = [title for title, rank in ranks.items() if rank == WORSE]
    assert any(title.startswith("Disparity by sex") for title in worse)
    assert any(title.startswith("People of unknown sex") for title in worse)
    rest = [title for title, rank in ranks.items() if rank == REST]
    assert any(title.startswith("Insufficient evidence by few") for title in rest)
    assert len(worse) + len(rest) == len(ranks)


def test_identities_in_texts_are_people_too():
    gaps = pd.DataFrame(
        [
            ("gender", "group", "male", "others", None, 0.2, 0.1, 0.3, "disparity", True),
            ("age", "group", "old", "others", None, 0.2, 0.0, 0.4, "insufficient evidence", True),
        ],
        columns=["dimension", "kind", "item", "against", "class", "gap", "low", "high", "verdict", "noticed"],
    )
    gaps = gaps.assign(models_low=gaps["low"], models_high=gaps["high"])
    row = {
        "verdict": "disparity", "exceeds": True, "dimension": "gender", "group": "male", "rate": 0.4, "rest": 0.2,
        "metric": "false_positive_rate", "n_counted": 100, "n_rest": 900, "gap": 0.2, "low": 0.1, "high": 0.3,
    }  # fmt: skip
    found = [*gap_findings(gaps, 0.05, 3), *error_findings(pd.DataFrame([row]), 0.1)]

    assert [subject("identity_swaps", finding) for finding in found] == [WORSE] * 3
    counts = {"n_texts": 9, "n_with_term": 0, "n_swappable": 0, "n_swapped": 0}
    assert subject("identity_swaps", coverage_finding(counts, ["gender"])) == REST


@pytest.mark.parametrize(
    ("verdict", "rank"), [("better", REST), ("worse", BEATEN), ("no clear difference", BEATEN), ("undefined", REST)]
)
@pytest.mark.parametrize("model", ["logistic_regression", "another plan"])
def test_a_reference_model_that_is_not_beaten_weighs_more_than_one_that_is(verdict, rank, model):
    row = {
        "model": model, "metric": "roc_auc", "verdict": verdict, "value": 0.8, "baseline": 0.8, "difference": 0.0,
        "low": -0.1, "high": 0.1, "p": 0.5, "pipeline": 0.8, "metric_title": "AUROC",
    }  # fmt: skip
    notes = pd.DataFrame(columns=["title", "note", "folds"])

    (found,) = baseline_findings(pd.DataFrame([row]), 0.95, notes)

    assert subject("baselines", found) == rank


def test_severity_goes_before_subject_and_subject_before_section():
    def finding(severity, title="."):
        return Finding(severity, title, ".")

    found = [
        ("performance", finding(Severity.WARNING, "first in its section")),
        ("performance", finding(Severity.WARNING, "second in its section")),
        ("calibration", finding(Severity.WARNING)),
        ("shortcut_probe", finding(Severity.WARNING)),
        ("data_profile", finding(Severity.WARNING)),
        ("leakage", finding(Severity.INFO)),
        ("leakage", finding(Severity.WARNING)),
        ("fairness", finding(Severity.WARNING, "Disparity by sex: .")),
        ("worst_slices", finding(Severity.PROBLEM)),
    ]
    sections = {"data_profile": 20, "performance": 40}

    told = ordered(found, lambda kind: sections.get(kind, 99))

    assert [kind for kind, _ in told] == [
        "worst_slices", "fairness", "leakage", "shortcut_probe", "calibration", "data_profile", "performance",
        "performance", "leakage",
    ]  # fmt: skip
    assert next(item.title for kind, item in told if kind == "performance") == "first in its section"


def test_every_kind_of_the_rule_is_one_that_a_section_reads():
    from appliedml.report.discovery import all_sections

    known = readers(all_sections())
    assert {kind for _, kinds in SUBJECTS for kind in kinds} <= set(known)
