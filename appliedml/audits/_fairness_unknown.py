"""People of unknown level who are not compared: whether they are treated differently all the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._fairness_judge import Counted, Judged
from appliedml.metrics.groups import pairwise_gaps

UNKNOWN_COLUMNS = (
    "feature",
    "intersection",
    "level",
    "metric",
    "n",
    "rate",
    "lowest_rate",
    "highest_rate",
    "against",
    "against_rate",
    "difference",
    "low",
    "high",
    "outside",
    "differs",
)


def candidates(counted: Counted) -> NDArray[np.bool_]:
    """Say which unknown groups are large enough to be judged, and are not, where there is a judged group.

    Parameters
    ----------
    counted : Counted

    Returns
    -------
    array of bool, shape (n_rates, n_groups)
    """
    comparable = np.asarray(counted.compared & counted.judged.any(axis=1))
    return np.asarray(counted.enough & comparable[:, None] & counted.unknown & ~counted.judged)


def compare_unknown(judged: Sequence[Judged], confidence: float, tolerance: float) -> pd.DataFrame:
    """Set every unknown group that is large enough against the judged groups.

    Parameters
    ----------
    judged : sequence of Judged
    confidence : float
        Of all these comparisons of one feature together.
    tolerance : float

    Returns
    -------
    DataFrame
        One row an unknown group and rate: rows behind the rate, the range of the judged groups, the judged group from
        which it differs most clearly with the interval of the difference (unknown minus judged), how far the rate lies
        outside the range, and whether that calls for a warning.
    """
    rows = [row for item in judged for row in _compare(item, confidence, tolerance)]
    return pd.DataFrame(rows, columns=list(UNKNOWN_COLUMNS))


def _compare(item: Judged, confidence: float, tolerance: float) -> list[dict[str, Any]]:
    counted, levels = item.counted, item.counted.feature.levels
    asked = candidates(counted)
    rows: list[dict[str, Any]] = []
    if not asked.any():
        return rows
    wanted = np.asarray(asked.any(axis=1))
    gaps = pairwise_gaps(item.draws, asked | (counted.judged & wanted[:, None]), confidence)
    estimate = item.draws.estimate
    for place, group in np.argwhere(asked):
        rate, name = float(estimate[place, group]), counted.rates[place].name
        judged_rates = estimate[place, counted.judged[place]]
        lowest, highest = float(judged_rates.min()), float(judged_rates.max())
        pairs = gaps.pairs(int(place))
        mine = [i for i in range(len(pairs.a)) if group in (pairs.a[i], pairs.b[i])]
        mine = [i for i in mine if counted.judged[place, pairs.a[i] + pairs.b[i] - group]]
        pair = max(mine, key=lambda i: (float(pairs.at_least[i]), abs(float(pairs.value[i]))))
        other = int(pairs.a[pair] + pairs.b[pair] - group)
        low, high = float(pairs.low[pair]), float(pairs.high[pair])
        if pairs.b[pair] == group:
            low, high = -high, -low
        outside = max(0.0, rate - highest, lowest - rate)
        rows.append(
            {
                "feature": counted.feature.name,
                "intersection": len(counted.feature.parts) > 1,
                "level": levels[group],
                "metric": name,
                "n": int(np.sum(counted.table.counts[group], where=counted.rates[place].denominator)),
                "rate": rate,
                "lowest_rate": lowest,
                "highest_rate": highest,
                "against": levels[other],
                "against_rate": float(estimate[place, other]),
                "difference": rate - float(estimate[place, other]),
                "low": low,
                "high": high,
                "outside": outside,
                "differs": bool(outside > tolerance or low > 0 or high < 0),
            }
        )
    return rows
