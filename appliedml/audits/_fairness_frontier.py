"""What it would cost to close a gap: decisions with a threshold of its own for every group."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._fairness_features import Pooled
from appliedml.audits._fairness_judge import Judged

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
FRONTIER_COLUMNS = (
    "feature",
    "equalised",
    "share_closed",
    "gap",
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "selection_rate",
    "n_selected",
    "n_true_positive",
    "n_false_positive",
)


def frontier(judged: Judged, pooled: Pooled) -> list[dict[str, Any]]:
    """Close the gap of one feature step by step and count what that does to everybody.

    Parameters
    ----------
    judged : Judged
    pooled : Pooled
        Of a binary task.

    Returns
    -------
    list of dict
        One row a rate (true positive rate, selection rate) and step, with the columns of ``FRONTIER_COLUMNS``.

    Notes
    -----
    At step s every compared group's rate moves by the share s of the way to the rate of all compared groups together,
    by the smallest change of its threshold that does it; the other groups keep their decisions. Thresholds are found
    and counted on the same rows, so the figures are optimistic.

    Source
    ------
    Hardt, Price and Srebro (2016), Equality of Opportunity in Supervised Learning, section 4 (derived predictors).
    """
    counted = judged.counted
    if pooled.margin is None or counted.feature.codes is None:
        return []
    rows = []
    for place, rate in enumerate(counted.rates):
        groups = np.flatnonzero(counted.judged[place])
        if rate.name not in ("true_positive_rate", "selection_rate") or len(groups) < 2:
            continue
        eligible = pooled.y_true == 1 if rate.name == "true_positive_rate" else np.ones(len(pooled), dtype=bool)
        members = [counted.feature.codes == group for group in groups]
        margins = [-np.sort(-pooled.margin[member & eligible]) for member in members]
        chosen = [int((pooled.y_pred[member & eligible] == 1).sum()) for member in members]
        target = sum(chosen) / sum(len(values) for values in margins)
        for share in SHARES:
            decision = pooled.y_pred == 1
            reached = []
            for member, values, now in zip(members, margins, chosen, strict=True):
                wanted = round(now + share * (target * len(values) - now))
                if wanted != now:
                    decision[member] = pooled.margin[member] >= _cut(values, now, wanted)
                reached.append(float(decision[member & eligible].mean()))
            rows.append(
                {
                    "feature": counted.feature.name,
                    "equalised": rate.name,
                    "share_closed": share,
                    "gap": max(reached) - min(reached),
                    **_overall(pooled.y_true == 1, decision),
                }
            )
    return rows


def _cut(margins: NDArray[np.float64], now: int, wanted: int) -> float:
    """Margin from which to select, nearest to 0, so that ``wanted`` of the descending margins are selected."""
    if wanted > now:
        return float(margins[wanted - 1])
    return float(np.nextafter(margins[wanted], np.inf))


def _overall(positive: NDArray[np.bool_], selected: NDArray[np.bool_]) -> dict[str, float]:
    n_true = int((positive & selected).sum())
    n_selected, n_positive, n = int(selected.sum()), int(positive.sum()), len(positive)
    n_false = n_selected - n_true
    n_negative = n - n_positive
    recall = n_true / n_positive if n_positive else np.nan
    specificity = 1 - n_false / n_negative if n_negative else np.nan
    return {
        "accuracy": (n_true + n_negative - n_false) / n,
        "balanced_accuracy": (recall + specificity) / 2,
        "precision": n_true / n_selected if n_selected else np.nan,
        "recall": recall,
        "selection_rate": n_selected / n,
        "n_selected": n_selected,
        "n_true_positive": n_true,
        "n_false_positive": n_false,
    }


def frontier_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the frontier as a table, its columns in order also when it is empty.

    Parameters
    ----------
    rows : list of dict

    Returns
    -------
    DataFrame
    """
    return pd.DataFrame(rows, columns=list(FRONTIER_COLUMNS))
