"""What the performance figures say, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from appliedml.audits._scores_pool import Pooled, group_findings, with_interval
from appliedml.core.artifact import Finding, Severity
from appliedml.metrics.intervals import Interval

FEW_EVENTS = 100
TOO_GOOD = 0.995


def performance_findings(
    pooled: Pooled, found: Mapping[str, Interval], by_fold: pd.DataFrame, confidence: float
) -> list[Finding]:
    """Return the findings of the performance audit, the headline first."""
    out = _discrimination(found, confidence)
    out += _accuracy(pooled, found)
    if pooled.binary:
        out += _calls(pooled)
        out += _events(pooled)
    out += _folds(by_fold)
    out += group_findings(pooled)
    lost = [name for name, item in found.items() if np.isnan(item.value)]
    if lost:
        names = ", ".join(lost)
        out.append(Finding(Severity.WARNING, "Some measures are undefined", f"Undefined on these rows: {names}."))
    return out


def _discrimination(found: Mapping[str, Interval], confidence: float) -> list[Finding]:
    area = found.get("roc_auc")
    if area is None or np.isnan(area.value):
        return []
    figures = f"AUROC {with_interval(area.value, area.low, area.high)}, {confidence:.0%} interval"
    if area.low <= 0.5:
        text = f"{figures}. The interval holds 0.5, the value of scores that say nothing."
        return [Finding(Severity.PROBLEM, "No evidence that the scores separate the classes", text)]
    out = [Finding(Severity.INFO, "How well the scores separate the classes", f"{figures}.")]
    if area.value >= TOO_GOOD:
        text = f"{figures}. This is more often a leak than a success: look for a feature that tells the answer."
        out.append(Finding(Severity.WARNING, "Almost perfect scores", text))
    return out


def _accuracy(pooled: Pooled, found: Mapping[str, Interval]) -> list[Finding]:
    accuracy = found.get("accuracy")
    if accuracy is None:
        return []
    largest = int(np.bincount(pooled.y).argmax())
    share = float((pooled.y == largest).mean())
    if accuracy.value > share:
        return []
    text = (
        f"Accuracy is {accuracy.value:.3f}; always answering {pooled.classes[largest]!r} would reach {share:.3f}. "
        "Judge this model by other measures than accuracy."
    )
    return [Finding(Severity.INFO, "Accuracy does not beat a constant answer", text)]


def _calls(pooled: Pooled) -> list[Finding]:
    name = pooled.classes[1]
    called = pooled.predicted == 1
    n_called, n_positive = int(called.sum()), int((pooled.y == 1).sum())
    if not n_called:
        text = f"At the thresholds in use no test row is called {name!r}: all {n_positive:,} are missed."
        return [Finding(Severity.PROBLEM, "The model never calls a row positive", text)]
    if n_called == pooled.n:
        text = f"At the thresholds in use every test row is called {name!r}."
        return [Finding(Severity.PROBLEM, "The model calls every row positive", text)]
    right = int((called & (pooled.y == 1)).sum())
    text = (
        f"Of 1,000 rows {1000 * n_called / pooled.n:.0f} are called {name!r}, of which "
        f"{1000 * right / pooled.n:.0f} rightly; {right:,} of {n_positive:,} rows that are {name!r} are found."
    )
    return [Finding(Severity.INFO, "What the decision threshold does", text)]


def _events(pooled: Pooled) -> list[Finding]:
    n_positive = int((pooled.y == 1).sum())
    rarer = min(n_positive, pooled.n - n_positive)
    if rarer >= FEW_EVENTS:
        return []
    text = f"The rarer class has {rarer} test rows in all. At least {FEW_EVENTS} are advised to judge performance."
    return [Finding(Severity.WARNING, "Few rows of the rarer class", text)]


def _folds(by_fold: pd.DataFrame) -> list[Finding]:
    if "roc_auc" not in by_fold or len(by_fold) < 2:
        return []
    areas = by_fold["roc_auc"].dropna()
    if len(areas) < 2:
        return []
    text = (
        f"AUROC lies between {areas.min():.3f} and {areas.max():.3f} over {len(areas)} folds. "
        "This spread is no confidence interval: folds share training rows."
    )
    severity = Severity.WARNING if areas.min() < 0.5 else Severity.INFO
    return [Finding(severity, "How much the folds differ", text)]
