"""How well the score ranks inside each group, set against everybody else: what no choice of threshold can even out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._fairness_features import Pooled
from appliedml.audits._fairness_judge import Judged
from appliedml.audits._fairness_verdict import figure, sure
from appliedml.core.artifact import Finding, Severity
from appliedml.metrics.groups import group_roc_auc

RANKING_TYPES: dict[str, Any] = {
    "feature": str, "level": str, "n": "int64", "n_positive": "int64", "n_negative": "int64", "roc_auc": float,
    "rest_roc_auc": float, "difference": float, "low": float, "high": float, "worse": bool,
}  # fmt: skip


def ranking_table(judged: Sequence[Judged], pooled: Pooled, confidence: float) -> pd.DataFrame:
    """Set the AUROC of every known group against that of all other known groups of its feature.

    Parameters
    ----------
    judged : sequence of Judged
        Intersections are left out.
    pooled : Pooled
    confidence : float
        Of all intervals together (Bonferroni).

    Returns
    -------
    DataFrame
        See :class:`appliedml.audits.fairness.Fairness`; empty with more than two classes. Intervals are missing where
        a group or its rest is too small for one.

    Source
    ------
    Zou and Donner (2008), Construction of confidence limits about effect measures, Statistics in Medicine 27
    (difference of two independent figures from the interval of each).
    """
    single = [item for item in judged if len(item.counted.feature.parts) == 1]
    tests = [(item, group) for item in single for group in _compared(item)]
    if pooled.score is None or not tests:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in RANKING_TYPES.items()})
    # Two groups are each other's rest: that is one comparison.
    n_tests = sum(len(groups) if len(groups) > 2 else 1 for groups in map(_compared, single) if groups)
    score = pooled.score
    rows = [_row(item, group, pooled, score, 1 - (1 - confidence) / max(1, n_tests)) for item, group in tests]
    return pd.DataFrame(rows).astype(RANKING_TYPES)


def _compared(item: Judged) -> list[int]:
    """Return the known groups of a feature that has two or more."""
    known = [group for group in range(len(item.counted.feature.levels)) if not item.counted.unknown[group]]
    return known if len(known) > 1 else []


def _row(item: Judged, group: int, pooled: Pooled, score: NDArray[np.float64], confidence: float) -> dict[str, Any]:
    codes = np.asarray(item.counted.feature.codes)
    known = (codes >= 0) & ~item.counted.unknown[codes]
    inside = np.where(codes == group, 0, np.where(known, 1, -1))
    found = group_roc_auc(
        inside, pooled.y_true, score, cluster=pooled.cluster, groups=["group", "rest"], confidence=confidence
    )
    (own, rest), (own_low, rest_low), (own_high, rest_high) = found.value, found.low, found.high
    difference = own - rest
    low = difference - np.hypot(own - own_low, rest_high - rest)
    high = difference + np.hypot(own_high - own, rest - rest_low)
    counts = item.counted.table.counts[group]
    return {
        "feature": item.counted.feature.name,
        "level": item.counted.feature.levels[group],
        "n": int(counts.sum()),
        "n_positive": int(counts[1].sum()),
        "n_negative": int(counts[0].sum()),
        "roc_auc": own,
        "rest_roc_auc": rest,
        "difference": difference,
        "low": float(np.clip(low, -1, 1)),
        "high": float(np.clip(high, -1, 1)),
        "worse": bool(high < 0),
    }


def ranking_findings(table: pd.DataFrame, confidence: float) -> list[Finding]:
    """Name the groups inside which the score ranks worse than in the rest.

    Parameters
    ----------
    table : DataFrame
        Of :func:`ranking_table`.
    confidence : float

    Returns
    -------
    list of Finding
        One a group; an association, since one group may be harder to judge than another for any model.
    """
    found = []
    for row in table[table["worse"]].to_dict("records"):
        text = (
            f"Inside {row['level']} (by {row['feature']}) the score tells the classes apart with an AUROC of "
            f"{figure(row['roc_auc'])}, among everybody else with {figure(row['rest_roc_auc'])}: it is "
            f"{figure(-row['high'])} to {figure(-row['low'])} lower {sure(confidence)}. No choice of threshold evens "
            "this out. An association, not a cause: the rows of one group may be harder to judge for any model."
        )
        found.append(Finding(Severity.WARNING, f"Ranks worse in {row['level']}, by {row['feature']}", text))
    return found
