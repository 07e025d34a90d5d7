import numpy as np
import pandas as pd
import pytest

from appliedml.audits._scores_findings import performance_findings
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
