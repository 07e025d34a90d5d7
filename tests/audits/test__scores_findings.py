import numpy as np
import pandas as pd
import pytest

from appliedml.audits._scores_findings import fold_rates, performance_findings
from appliedml.audits._scores_pool import Pooled
from appliedml.core.artifact import Severity
from appliedml.metrics.intervals import Interval


def said(area=(0.8, 0.75, 0.85), y=(0, 1) * 150, called=(0, 1) * 150, areas=(0.79, 0.81), accuracy=1.0):
    y, called = np.array(y), np.array(called)
    pooled = Pooled(
        ("no", "yes"), y, called, np.zeros(len(y), dtype=int), np.full((len(y), 2), 0.5), np.full(len(y), 0.5), None
    )
    found = {"roc_auc": Interval(*area, len(y)), "accuracy": Interval(accuracy, accuracy, accuracy, len(y))}
    by_fold = pd.DataFrame({"fold": range(len(areas)), "n": 1, "roc_auc": areas})
    return {item.title: item for item in performance_findings(pooled, found, by_fold, 0.9)}


def test_the_headline_gives_value_interval_and_confidence():
    text = said()["How well the scores separate the classes"].text

    assert text == "AUROC 0.800 (0.750 to 0.850), 90% interval."


def test_what_the_threshold_does_is_counted_per_thousand():
    text = said(called=(0, 0, 0, 1) * 75)["What the decision threshold does"].text

    assert text.startswith("Of 1,000 rows 250 are called 'yes', of which 250 rightly; 75 of 150 rows")


@pytest.mark.parametrize(
    ("arguments", "title", "severity"),
    [
        ({"area": (0.55, 0.5, 0.6)}, "No evidence that the scores separate the classes", Severity.PROBLEM),
        ({"area": (0.999, 0.99, 1.0)}, "Almost perfect scores", Severity.WARNING),
        ({"called": (0,) * 300}, "The model never calls a row positive", Severity.PROBLEM),
        ({"called": (1,) * 300}, "The model calls every row positive", Severity.PROBLEM),
        ({"accuracy": 0.5}, "Accuracy does not beat a constant answer", Severity.INFO),
        ({"y": (0, 0, 0, 1) * 75}, "Few rows of the rarer class", Severity.WARNING),
        ({"areas": (0.45, 0.8)}, "How much the folds differ", Severity.WARNING),
        ({"areas": (0.75, 0.8)}, "How much the folds differ", Severity.INFO),
        ({"area": (np.nan, np.nan, np.nan)}, "Some measures are undefined", Severity.WARNING),
    ],
)
def test_each_fault_is_said_with_its_weight(arguments, title, severity):
    assert said(**arguments)[title].severity is severity


def test_one_fold_has_no_spread():
    assert "How much the folds differ" not in said(areas=(0.8,))


def by_threshold(found=(60, 30), false=(20, 20), thresholds=(0.2, 0.6)):
    """Folds of 100 positive and 100 negative rows, of which so many are called."""
    y = np.tile(np.repeat([1, 0], 100), len(found))
    called = np.concatenate([np.arange(100) < n for pair in zip(found, false, strict=True) for n in pair]).astype(int)
    fold = np.repeat(np.arange(len(found)), 200)
    return Pooled(("no", "yes"), y, called, fold, np.full((len(y), 2), 0.5), np.repeat(np.array(thresholds), 200), None)


def of_folds(**arguments):
    by_fold = pd.DataFrame({"fold": [0, 1], "n": 200, "roc_auc": [0.7, 0.8]})
    return {item.title: item for item in performance_findings(by_threshold(**arguments), {}, by_fold, 0.95)}


def test_an_unstable_operating_point_is_a_warning_with_its_figures():
    finding = of_folds()["The operating point is unstable over the folds"]

    assert finding.severity is Severity.WARNING
    assert "recall from 0.300 to 0.600, at thresholds from 0.200 to 0.600, each chosen in its fold" in finding.text
    assert "precision" not in finding.text
    assert "smallest fold has 100 rows" in finding.text


def test_an_operating_point_that_holds_is_no_finding():
    assert "The operating point is unstable over the folds" not in of_folds(found=(60, 50))


def test_unstable_calls_at_one_threshold_are_not_laid_to_the_threshold():
    text = of_folds(thresholds=(0.5, 0.5))["The operating point is unstable over the folds"].text

    assert "at the one threshold 0.500" in text
    assert "would deploy" not in text


def test_the_spread_names_recall_and_precision_and_that_no_threshold_is_fixed():
    text = of_folds(found=(60, 50))["How much the folds differ"].text

    assert text.startswith("Over 2 folds: AUROC between 0.700 and 0.800; recall between 0.500 and 0.600; precision")
    assert "does not fix the one that a user would deploy" in text
    assert "deploy" not in of_folds(thresholds=(0.5, 0.5))["How much the folds differ"].text


def test_a_fold_without_calls_has_no_precision():
    rates = fold_rates(by_threshold(found=(60, 0), false=(20, 0)))

    assert rates["precision"].isna().tolist() == [False, True]
    assert rates["recall"].tolist() == [0.6, 0.0]
