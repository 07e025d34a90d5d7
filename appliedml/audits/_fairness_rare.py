"""Where the tolerance is wider than the rates: no gap among them could exceed it, so that keeping it says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from appliedml.audits._fairness_judge import Judged
from appliedml.audits._fairness_verdict import base_of, figure, room_of
from appliedml.core.artifact import Finding, Severity

TITLE = "The tolerance is wider than some rates"


def rare_findings(judged: Sequence[Judged], tolerance: float) -> list[Finding]:
    """Say which verdicts "within tolerance" are no reassurance, and where the ratio is to be read instead.

    Parameters
    ----------
    judged : sequence of Judged
    tolerance : float

    Returns
    -------
    list of Finding
        One of all features, or none.
    """
    rows = [row for item in judged for row in item.rows if row["coarse"]]
    # Equalised odds repeats two criteria that are listed by themselves.
    rows = [row for row in rows if base_of(row["metric"]) != "equalised_odds"]
    if not rows:
        return []
    by_criterion: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_criterion.setdefault(row["criterion"], []).append(row)
    told = "; ".join(_told(criterion, found) for criterion, found in by_criterion.items())
    text = (
        f"Where every rate is below {tolerance:g}, a gap of {tolerance:g} cannot arise, and 'within tolerance' is no "
        f"reassurance. Look at the ratio of the rates, or judge with a smaller tolerance. {told}."
    )
    return [Finding(Severity.INFO, TITLE, text)]


def _told(criterion: str, rows: Sequence[dict[str, Any]]) -> str:
    largest = figure(max(room_of(row) for row in rows))
    name = f"{criterion[:1].upper()}{criterion[1:]}"
    if base_of(rows[0]["metric"]) == "accuracy":
        return f"{name}: at most {largest} of the decisions are wrong"
    told = [row for row in rows if not np.isnan(row["ratio"])]
    if not told:
        return f"{name}: the rate is at most {largest}"
    least = min(told, key=lambda row: float(row["ratio"]))
    ratio = f"{figure(least['ratio'])} ({figure(least['ratio_low'])} to {figure(least['ratio_high'])})"
    return f"{name}: the rate is at most {largest}; the smallest ratio is {ratio}, by {least['feature']}"
