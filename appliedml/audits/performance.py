"""``Performance``: how good the out-of-fold predictions are, each measure with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from appliedml.audits._scores_findings import performance_findings
from appliedml.audits._scores_pool import (
    Pooled,
    audit_seed,
    measured,
    per_fold,
    pool,
    score_evidence,
    status_of,
)
from appliedml.core.artifact import ALL_FOLDS, ALL_ROWS, Artifact, score_rows
from appliedml.core.fold import Fold
from appliedml.core.params import AnyOf, Choice, Integer, ListOf, Null, Real, Record, Rule
from appliedml.core.stage import Configured
from appliedml.metrics.classification import METRICS, Metric, confusion, metrics_for
from appliedml.metrics.curves import precision_recall_points, roc_points, score_histogram
from appliedml.metrics.intervals import Interval
from appliedml.metrics.thresholds import net_benefit, spread_thresholds, threshold_table

_COST = Real(0)
N_DECISION_POINTS = 60


class Performance(Configured):
    """Measure the out-of-fold predictions: pooled over the folds with intervals, and fold by fold.

    Parameters
    ----------
    metrics : list of str, optional
        Names from ``appliedml.metrics.classification.METRICS``; all that apply by default.
    confidence : float
        Of each interval by itself.
    n_resamples : int
        Bootstrap resamples: of rows, or of whole groups where the schema names a group.
    costs : mapping, optional
        ``{"false_negative": 20, "false_positive": 1}``: adds the cost per row.
    fixed_precision : float
        Of "recall at a fixed precision".
    random_state : int, optional
        Default: derived from the run's seed.

    Notes
    -----
    Pooled measures put the scores of all folds into one ranking, as they would be used; folds whose scores are on
    different scales lower them. The spread over folds is shown, and never as an interval: folds share training rows.

    Source
    ------
    Collins et al. (2024), TRIPOD+AI statement, BMJ 385:e078378; Vickers and Elkin (2006), Decision curve analysis.

    Examples
    --------
    >>> Performance(costs={"false_negative": 20, "false_positive": 1}).get_params()["n_resamples"]
    1000
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "metrics": AnyOf(ListOf(Choice(*METRICS), 1), Null()),
        "confidence": Real(0.5, 1, open_high=True),
        "n_resamples": Integer(100, 100_000),
        "costs": AnyOf(Record({"false_negative": _COST, "false_positive": _COST}), Null()),
        "fixed_precision": Real(0, 1, open_low=True),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        metrics: Sequence[str] | None = None,
        confidence: float = 0.95,
        n_resamples: int = 1000,
        costs: Mapping[str, float] | None = None,
        fixed_precision: float = 0.5,
        random_state: int | None = None,
    ) -> None:
        self.metrics = metrics
        self.confidence = confidence
        self.n_resamples = n_resamples
        self.costs = costs
        self.fixed_precision = fixed_precision
        self.random_state = random_state

    def examine(self, fold: Fold) -> dict[str, Any]:
        """Return one fold's predictions.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict
        """
        self.check_parameters()
        return score_evidence(fold)

    def conclude(self, evidence: list[dict[str, Any]]) -> Artifact:
        """Measure all folds together and each by itself.

        Parameters
        ----------
        evidence : list of dict
            One item a fold, in fold order.

        Returns
        -------
        Artifact
            Tables ``metrics``, ``by_fold``, ``by_class``, ``confusion``, ``roc``, ``precision_recall``, ``histogram``,
            and with two classes ``thresholds`` and ``decision_curve``.
        """
        self.check_parameters()
        pooled = pool(evidence)
        seed = audit_seed(self.random_state, evidence, "performance")
        chosen = metrics_for(len(pooled.classes), costs=self.costs, precision=self.fixed_precision, names=self.metrics)
        found = measured(pooled, chosen, confidence=self.confidence, n_resamples=self.n_resamples, seed=seed)
        by_fold = per_fold(pooled, chosen)
        findings = performance_findings(pooled, found, by_fold, self.confidence)
        thresholds = {int(k): float(pooled.threshold[pooled.of_fold(k)][0]) for k in pooled.folds}
        tables = {
            "metrics": _metric_table(found, chosen),
            "by_fold": _with_counts(by_fold, pooled, thresholds),
            "by_class": _by_class(pooled),
            "confusion": _confusion_table(pooled),
            **_curves(pooled),
        }
        if pooled.binary:
            tables["thresholds"] = _threshold_rows(pooled, thresholds)
            tables["decision_curve"] = net_benefit(pooled.y, pooled.p[:, 1], _decision_thresholds(pooled))
        summary = {
            "classes": list(pooled.classes),
            "binary": pooled.binary,
            "n": pooled.n,
            "n_folds": len(pooled.folds),
            "prevalence": float((pooled.y == 1).mean()) if pooled.binary else None,
            "confidence": self.confidence,
            "n_resamples": self.n_resamples,
            "resampled": pooled.resampled,
            "n_groups": pooled.n_groups,
            "neighbours_as_one": pooled.neighbours_as_one,
            "costs": None if self.costs is None else dict(self.costs),
            "thresholds": [thresholds[k] for k in pooled.folds] if pooled.binary else None,
            "left_out": [name for name in self.metrics or () if name not in chosen],
        }
        return Artifact(
            kind="performance",
            status=status_of(findings),
            summary=summary,
            tables=tables,
            scores=_scores(found, by_fold),
            findings=tuple(findings),
        )


def _metric_table(found: Mapping[str, Interval], metrics: Mapping[str, Metric]) -> pd.DataFrame:
    better = {True: "higher", False: "lower", None: "neither"}
    rows = [
        {
            "metric": name,
            "title": metrics[name].title,
            "value": item.value,
            "low": item.low,
            "high": item.high,
            "n": item.n,
            "better": better[metrics[name].higher_is_better],
            "n_undefined": item.n_undefined,
            "note": f"undefined: {metrics[name].undefined}" if np.isnan(item.value) else "",
        }
        for name, item in found.items()
    ]
    return pd.DataFrame(rows)


def _scores(found: Mapping[str, Interval], by_fold: pd.DataFrame) -> pd.DataFrame:
    nan = float("nan")
    rows = [(name, ALL_FOLDS, ALL_ROWS, item.value, item.low, item.high, item.n) for name, item in found.items()]
    rows += [
        (name, int(row["fold"]), ALL_ROWS, float(row[name]), nan, nan, int(row["n"]))
        for row in by_fold.to_dict("records")
        for name in found
    ]
    return score_rows(rows)


def _with_counts(by_fold: pd.DataFrame, pooled: Pooled, thresholds: Mapping[int, float]) -> pd.DataFrame:
    if not pooled.binary:
        return by_fold
    table = by_fold.copy()
    n_positive = [int(pooled.y[pooled.of_fold(number)].sum()) for number in pooled.folds]
    table.insert(2, "n_positive", n_positive)
    table.insert(3, "threshold", [thresholds[number] for number in pooled.folds])
    return table


def _by_class(pooled: Pooled) -> pd.DataFrame:
    """One row a class, one-vs-rest."""
    rows = []
    for code, name in enumerate(pooled.classes):
        own, called = (pooled.y == code).astype(np.int64), (pooled.predicted == code).astype(np.int64)
        values = {key: METRICS[key](own, called) for key in ("precision", "recall", "f1")}
        ranks = {key: METRICS[key](own, pooled.p[:, code]) for key in ("roc_auc", "average_precision")}
        rows.append({"class": name, "n": int(own.sum()), "n_called": int(called.sum()), **values, **ranks})
    return pd.DataFrame(rows)


def _confusion_table(pooled: Pooled) -> pd.DataFrame:
    """Counts for all folds (-1) and each fold."""
    rows = []
    for number in (ALL_FOLDS, *pooled.folds):
        mask = np.ones(pooled.n, dtype=bool) if number == ALL_FOLDS else pooled.of_fold(number)
        counts = confusion(pooled.y[mask], pooled.predicted[mask], n_classes=len(pooled.classes))
        for true, name in enumerate(pooled.classes):
            total = float(counts[true].sum())
            for predicted, other in enumerate(pooled.classes):
                n = float(counts[true, predicted])
                share = n / total if total else float("nan")
                rows.append({"fold": number, "true": name, "predicted": other, "n": int(n), "share_of_true": share})
    return pd.DataFrame(rows)


def _curves(pooled: Pooled) -> dict[str, pd.DataFrame]:
    """ROC, precision-recall and histogram; thinner where there are many classes, so that a chart can hold all."""
    max_points = 200 if len(pooled.classes) <= 9 else max(20, 1800 // len(pooled.classes))
    roc, pr, histogram = [], [], []
    for name, own, scores in pooled.one_vs_rest():
        roc.append(roc_points(own, scores, max_points).assign(**{"class": name}))
        pr.append(precision_recall_points(own, scores, max_points).assign(**{"class": name}))
        if pooled.binary:
            histogram.append(score_histogram(pooled.y, scores, pooled.classes))
        else:
            names = (f"not {name}", name)
            histogram.append(score_histogram(own, scores, names, n_bins=20).assign(score_of=name))
    if pooled.binary:
        histogram[0]["score_of"] = pooled.classes[1]
    parts = {"roc": roc, "precision_recall": pr, "histogram": histogram}
    return {key: pd.concat(tables, ignore_index=True) for key, tables in parts.items()}


def _threshold_rows(pooled: Pooled, thresholds: Mapping[int, float]) -> pd.DataFrame:
    """About 25 spread thresholds and those in use, marked."""
    in_use = np.unique(list(thresholds.values()))
    # Thresholds chosen fold by fold differ a little; their median stands for them in a table of all rows.
    shown = np.array([np.median(in_use)]) if len(in_use) else in_use
    table = threshold_table(pooled.y, pooled.p[:, 1], spread_thresholds(pooled.p[:, 1], extra=shown))
    table["in_use"] = np.isin(table["threshold"], shown)
    return table


def _decision_thresholds(pooled: Pooled) -> np.ndarray:
    """From half a percent to well above the share of positives: where acting or not is a real question."""
    share = float((pooled.y == 1).mean())
    return np.linspace(0.005, min(0.99, max(0.2, 4 * share)), N_DECISION_POINTS)
