"""Compare two runs: what changed in plan, data and versions, and what it did to the scores, paired on the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from appliedml.core.artifact import ALL_FOLDS
from appliedml.core.display import card
from appliedml.errors import RunError
from appliedml.metrics.classification import metrics_for
from appliedml.metrics.comparisons import bootstrap_models
from appliedml.store.run import Run

PAIRED_METRICS = ("roc_auc", "average_precision", "brier", "log_loss", "f1", "mcc", "recall", "precision")


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side.

    Parameters
    ----------
    changes : DataFrame
        what, a, b: every setting, version or fingerprint that differs.
    scores : DataFrame
        metric, a, b, difference (b - a), low, high, p_value, n, better ("a", "b" or "not shown").
    groups : DataFrame
        metric, subset, a, b, difference of scores that both runs measured (gaps, rates of groups); no interval, for
        the two runs' own intervals are in their reports.
    same_rows : bool
        Whether both runs tested exactly the same rows.
    """

    changes: pd.DataFrame
    scores: pd.DataFrame
    groups: pd.DataFrame
    same_rows: bool

    def _repr_html_(self) -> str:
        """Card for notebooks."""
        rows = [("changes", str(len(self.changes))), ("same rows", "yes" if self.same_rows else "no")]
        return card("Comparison", rows, "Differences are b - a.", self.scores.round(4).to_html(index=False))


def compare_runs(
    a: Run, b: Run, other_rows: bool = False, n_resamples: int = 1000, confidence: float = 0.95
) -> Comparison:
    """Compare run b with run a.

    Parameters
    ----------
    a, b : Run
    other_rows : bool
        Compare on the rows that both tested, even if each also tested others.
    n_resamples : int
        Bootstrap resamples of the paired differences.
    confidence : float

    Returns
    -------
    Comparison

    Raises
    ------
    RunError
        If the classes differ, no row is common, or the rows differ and ``other_rows`` is false.
    """
    if a.info["classes"] != b.info["classes"]:
        raise RunError(f"compare: the runs have different classes, {a.info['classes']} and {b.info['classes']}.")
    left, right = _unique(a), _unique(b)
    both = left.index.intersection(right.index)
    same_data = a.info["data"]["fingerprint"] == b.info["data"]["fingerprint"]
    same_rows = len(both) == len(left) == len(right) and same_data
    if not len(both):
        raise RunError("compare: the runs tested no row in common, so nothing can be paired.")
    if not same_rows and not other_rows:
        raise RunError(
            f"compare: the runs are not on the same rows ({len(left)} and {len(right)} tested, {len(both)} ids in "
            f"common, the data is {'equal' if same_data else 'different'}). A difference may then come from the rows. "
            "To compare on the common ids anyway, give --other-rows."
        )
    left, right = left.loc[both], right.loc[both]
    if (left["y_true"] != right["y_true"]).any():
        raise RunError("compare: the same row ids have different labels in the two runs, so these are different rows.")
    scores = _paired(a, left, right, n_resamples, confidence)
    return Comparison(_changes(a, b), scores, _group_changes(a, b), same_rows)


def _unique(run: Run) -> pd.DataFrame:
    return run.predictions.drop_duplicates("row_id").set_index("row_id").sort_index()


def _paired(run: Run, left: pd.DataFrame, right: pd.DataFrame, n_resamples: int, confidence: float) -> pd.DataFrame:
    classes = run.info["classes"]
    codes = {name: code for code, name in enumerate(classes)}
    y = left["y_true"].map(codes).to_numpy()
    probabilities = [part[[f"p_{name}" for name in classes]].to_numpy() for part in (left, right)]
    labels = [part["y_pred"].map(codes).to_numpy() for part in (left, right)]
    rows = run.rows.set_index("row_id").loc[left.index]
    groups = rows["group"].to_numpy() if "group" in rows else None
    metrics = metrics_for(len(classes), names=PAIRED_METRICS)
    sides = {"a": 0, "b": 1}
    drawn = bootstrap_models(
        y,
        {name: probabilities[side] for name, side in sides.items()},
        metrics,
        predictions={name: labels[side] for name, side in sides.items()},
        groups=groups,
        confidence=confidence,
        n_resamples=n_resamples,
    )
    out = []
    for name, metric in metrics.items():
        found = drawn.difference("b", "a", name)
        better = "not shown"
        if np.isfinite(found.low) and (found.low > 0 or found.high < 0):
            better = "b" if (found.low > 0) == metric.higher_is_better else "a"
        out.append((name, found.second, found.first, found.value, found.low, found.high, found.p, len(y), better))
    names = ["metric", "a", "b", "difference", "low", "high", "p_value", "n", "better"]
    return pd.DataFrame(out, columns=names)


def _changes(a: Run, b: Run) -> pd.DataFrame:
    rows = []
    for part in ("plan", "versions", "code", "data", "policy"):
        left, right = _flat(a.info.get(part), part), _flat(b.info.get(part), part)
        rows += [
            (key, str(left.get(key, "absent")), str(right.get(key, "absent")))
            for key in sorted(set(left) | set(right))
            if left.get(key) != right.get(key)
        ]
    return pd.DataFrame(rows, columns=["what", "a", "b"])


def _flat(data: Any, prefix: str) -> dict[str, Any]:
    if isinstance(data, dict) and data:
        return {key: value for name, part in data.items() for key, value in _flat(part, f"{prefix}.{name}").items()}
    if isinstance(data, list) and data:
        return {key: value for i, part in enumerate(data) for key, value in _flat(part, f"{prefix}[{i}]").items()}
    return {prefix: data}


def _group_changes(a: Run, b: Run) -> pd.DataFrame:
    tables = []
    for run in (a, b):
        pooled = run.scores[(run.scores["fold"] == ALL_FOLDS) & (run.scores["subset"] != "all")]
        tables.append(pooled.drop_duplicates(["metric", "subset"]).set_index(["metric", "subset"])["value"])
    table = pd.concat(tables, axis=1, keys=["a", "b"], join="inner").reset_index()
    table["difference"] = table["b"] - table["a"]
    return table
