"""What the performance figures say, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from appliedml.audits._scores_pool import Pooled, figure, group_findings, with_interval
from appliedml.core.artifact import Finding, Severity
from appliedml.metrics.intervals import Interval

FEW_EVENTS = 100
TOO_GOOD = 0.995
UNSTABLE_RANGE = 0.2
"""Range over the folds of recall or precision, at each fold's threshold, from which an operating point is unstable."""


def performance_findings(
    pooled: Pooled, found: Mapping[str, Interval], by_fold: pd.DataFrame, confidence: float
) -> list[Finding]:
    """Return the findings of the performance audit, the headline first."""
    out = _discrimination(found, confidence)
    out += _accuracy(pooled, found)
    if pooled.binary:
        out += _calls(pooled)
        out += _events(pooled)
    rates = fold_rates(pooled)
    out += _folds(by_fold, rates)
    out += _operating_point(rates)
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


def fold_rates(pooled: Pooled) -> pd.DataFrame:
    """Return fold, threshold, n_positive, recall and precision of each fold's calls; empty if not two classes."""
    rows = []
    for number in pooled.folds if pooled.binary else ():
        mask = pooled.of_fold(number)
        positive, called = pooled.y[mask] == 1, pooled.predicted[mask] == 1
        right = int((positive & called).sum())
        recall, precision = (right / total if (total := int(part.sum())) else np.nan for part in (positive, called))
        rows.append((number, float(pooled.threshold[mask][0]), int(positive.sum()), recall, precision))
    return pd.DataFrame(rows, columns=["fold", "threshold", "n_positive", "recall", "precision"])


def _spans(tables: Mapping[str, pd.Series[float]]) -> dict[str, tuple[float, float]]:
    """Lowest and highest value over the folds, of measures that at least two folds have."""
    known = {name: values.dropna() for name, values in tables.items()}
    return {name: (float(values.min()), float(values.max())) for name, values in known.items() if len(values) > 1}


def _folds(by_fold: pd.DataFrame, rates: pd.DataFrame) -> list[Finding]:
    measures = {"AUROC": by_fold["roc_auc"]} if "roc_auc" in by_fold else {}
    spans = _spans({**measures, "recall": rates["recall"], "precision": rates["precision"]})
    if not spans:
        return []
    parts = [f"{name} between {figure(low)} and {figure(high)}" for name, (low, high) in spans.items()]
    text = (
        f"Over {len(by_fold)} folds: {'; '.join(parts)}. This spread is no confidence interval: folds share training "
        "rows."
    )
    if rates["threshold"].nunique() > 1:
        text += " Each fold has its own threshold: cross-validation does not fix the one that a user would deploy."
    weak = "AUROC" in spans and spans["AUROC"][0] < 0.5
    return [Finding(Severity.WARNING if weak else Severity.INFO, "How much the folds differ", text)]


def _operating_point(rates: pd.DataFrame) -> list[Finding]:
    spans = _spans({"recall": rates["recall"], "precision": rates["precision"]})
    wide = {name: span for name, span in spans.items() if span[1] - span[0] > UNSTABLE_RANGE}
    if not wide:
        return []
    parts = " and ".join(f"{name} from {figure(low)} to {figure(high)}" for name, (low, high) in wide.items())
    lowest, highest = rates["threshold"].min(), rates["threshold"].max()
    if lowest < highest:
        where = f"thresholds from {figure(lowest)} to {figure(highest)}, each chosen in its fold"
        advice = "Cross-validation does not fix the threshold that a user would deploy: choose one, and test it alone."
    else:
        where = f"the one threshold {figure(lowest)}"
        advice = "The scores of the folds are on different scales, or folds differ in their rows."
    few = int(rates["n_positive"].min())
    text = (
        f"Over {len(rates)} folds {parts}, at {where}. {advice} The smallest fold has {few:,} rows of the class of "
        "interest: with few, part of this is chance."
    )
    return [Finding(Severity.WARNING, "The operating point is unstable over the folds", text)]
