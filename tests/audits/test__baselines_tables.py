import numpy as np
import pandas as pd
import pytest

from appliedml.audits._baselines_tables import (
    _in_words,
    _verdict,
    baseline_findings,
    compared_measures,
    deciding_measure,
    difference_table,
    notes_table,
    rows_of,
    score_table,
)
from appliedml.audits._scores_pool import Pooled
from appliedml.core.artifact import Severity
from appliedml.metrics.classification import METRICS
from appliedml.metrics.comparisons import bootstrap_models


def pooled(n_classes=2, n=200):
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, n)
    p = rng.dirichlet(np.ones(n_classes), n) * 0.5
    p[np.arange(n), y] += 0.5
    return Pooled(tuple("abcd"[:n_classes]), y, p.argmax(axis=1), np.zeros(n, int), p, np.full(n, 0.5), None)


def table(made, model="mlp_128"):
    rng = np.random.default_rng(1)
    theirs = {model: rng.dirichlet(np.ones(made.p.shape[1]), made.n)}
    models = {"pipeline": made.p, **theirs}
    labels = {name: p.argmax(axis=1) for name, p in models.items()}
    measures = {name: METRICS[name] for name in compared_measures(made)}
    draws = bootstrap_models(made.y, models, measures, predictions=labels, n_resamples=100)
    return difference_table(made, draws, theirs)


def test_with_several_classes_accuracy_takes_the_place_of_average_precision():
    made = pooled(3)

    found = table(made)

    assert found["metric"].tolist() == ["roc_auc", "accuracy", "brier"]
    accuracy = rows_of(found, "accuracy")[0]
    assert accuracy["pipeline"] == pytest.approx((made.p.argmax(axis=1) == made.y).mean())
    assert deciding_measure(made) == "accuracy"
    assert deciding_measure(pooled()) == "roc_auc"
    assert score_table(found, 200)["subset"].unique().tolist() == ["baseline=mlp_128"]


def test_another_pipeline_is_called_one():
    no_notes = notes_table([], [])
    (good,) = baseline_findings(table(pooled()), 0.95, no_notes)
    worse = table(pooled()).assign(verdict="worse")
    (bad,) = baseline_findings(worse, 0.95, no_notes)

    assert good.title == "The pipeline is better than: pipeline mlp 128"
    assert bad.title == "Another pipeline is better: pipeline mlp 128"
    assert bad.severity is Severity.WARNING


def test_one_measure_decides_and_the_others_are_told():
    found = table(pooled(3))
    found.loc[found["metric"] == "roc_auc", "verdict"] = "worse"

    (said,) = baseline_findings(found, 0.95, notes_table([], []), decides="accuracy")

    assert said.severity is Severity.INFO
    assert said.title == "The pipeline is better on accuracy, but worse on AUROC, than: pipeline mlp 128"
    assert "AUROC" in said.text
    assert "Accuracy" in said.text


def test_a_note_of_several_folds_is_one_row():
    evidence = [{"fold": k, "fitted": {"majority": (None, "too short" if k else "")}} for k in range(3)]

    found = notes_table(["majority"], evidence)

    assert found.to_dict("records") == [
        {"model": "majority", "title": "Always the class shares", "note": "too short", "folds": "1, 2"}
    ]


@pytest.mark.parametrize(
    ("low", "high", "p", "higher", "verdict"),
    [
        (0.01, 0.1, (0.01, 0.02), True, "better"),
        (0.01, 0.1, (0.01, float("nan")), True, "better"),
        (0.0, 0.1, (0.04, 0.04), True, "no clear difference"),
        (0.0001, 0.1, (0.05, 0.04), True, "no clear difference"),
        (0.0001, 0.1, (0.04, 0.06), True, "no clear difference"),
        (-0.1, -0.01, (0.01, 0.01), True, "worse"),
        (-0.1, -0.01, (0.01, float("nan")), False, "better"),
        (float("nan"), float("nan"), (0.01, 0.01), True, "undefined"),
    ],
)
def test_a_difference_needs_both_its_interval_and_its_p_values(low, high, p, higher, verdict):
    assert _verdict(low, high, p, higher) == verdict


def test_a_bound_close_to_zero_is_never_rounded_to_zero():
    row = {
        "metric_title": "AUROC", "pipeline": 0.84, "baseline": 0.83, "difference": 0.01, "low": -0.00012, "high": 0.02,
    }  # fmt: skip

    assert _in_words(row) == "AUROC 0.840 against 0.830, difference +0.010 (-0.00012 to +0.020)"


def test_a_fit_that_did_not_converge_is_a_warning():
    notes = pd.DataFrame(
        [{"model": "logistic_regression", "title": "Logistic regression", "note": "did not converge.", "folds": "0"}]
    )

    found = baseline_findings(table(pooled()), 0.95, notes)

    assert found[-1].title == "A baseline is weaker than it could be: logistic regression"


@pytest.mark.parametrize(
    ("brier", "title"),
    [
        ("worse", "Another pipeline is better on Brier score: pipeline mlp 128"),
        ("no clear difference", "The pipeline is not shown to beat another pipeline: pipeline mlp 128"),
    ],
)
def test_a_reference_that_is_better_on_one_measure_is_told_from_a_tie(brier, title):
    found = table(pooled()).assign(verdict="no clear difference")
    found.loc[found["metric"] == "brier", "verdict"] = brier

    (said,) = baseline_findings(found, 0.95, notes_table([], []))

    assert (said.title, said.severity) == (title, Severity.WARNING)
