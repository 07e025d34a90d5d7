"""Errors on real texts: those that mention an identity against those that mention none of its dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._fairness_verdict import Verdict, reach_verdict
from appliedml.core.seeds import derive_seed
from appliedml.metrics.groups import bootstrap_rates, group_table, rates_for

ANY = "any"
RATES = ("false_positive_rate", "false_negative_rate")
COLUMNS = (
    "dimension", "group", "metric", "n", "n_counted", "n_rest", "rate", "rate_low", "rate_high", "rest", "gap", "low",
    "high", "verdict", "exceeds", "small",
)  # fmt: skip
N_RESAMPLES = 1000


def error_table(
    table: pd.DataFrame,
    mentions: NDArray[np.bool_],
    keys: Sequence[tuple[str, str]],
    classes: Sequence[str],
    *,
    tolerance: float,
    min_texts: int,
    confidence: float,
    alpha: float,
    seed: int,
) -> pd.DataFrame:
    """Compare error rates of texts that mention a group with those of texts that mention none of its dimension.

    Parameters
    ----------
    table : DataFrame
        Out-of-fold rows: row_id, y_true, y_pred, and group where rows come in groups.
    mentions : array of bool, shape (n_rows, n_groups)
    keys : sequence of (dimension, group)
    classes : sequence of str
    tolerance : float
        Largest acceptable difference of two rates.
    min_texts : int
        Texts (groups of texts, where there are groups) in the denominator of each of the two rates, to be judged.
    confidence : float
        Of a rate's own interval.
    alpha : float
        Error level of all gaps together (Bonferroni).
    seed : int

    Returns
    -------
    DataFrame
        One row a group (and "any" of the dimension), rate and class.
    """
    from scipy.stats import norm

    cluster = table["group"].to_numpy() if "group" in table else None
    if cluster is None and table["row_id"].duplicated().any():
        cluster = table["row_id"].to_numpy()
    true, pred = table["y_true"].to_numpy(), table["y_pred"].to_numpy()
    known = rates_for(classes)
    names = [name for name in known if name.partition(".")[0] in ("false_positive_rate", "true_positive_rate")]
    rows: list[dict[str, Any]] = []
    for dimension, group, codes in _compared(mentions, keys):
        counts = group_table(codes, true, pred, cluster=cluster, groups=["with", "without"], classes=classes)
        units = np.stack([counts.units_in(known[name].denominator) for name in names])
        texts = np.stack([counts.counts[:, known[name].denominator].sum(axis=1) for name in names])
        draws = bootstrap_rates(counts, names, n_resamples=N_RESAMPLES, seed=derive_seed(seed, dimension, group))
        low, high = draws.interval(confidence)
        for at, name in enumerate(names):
            base, _, label = name.partition(".")
            flipped = base == "true_positive_rate"
            ends = (low[at, 0], draws.estimate[at, 0], high[at, 0])
            ends = tuple(1 - end for end in reversed(ends)) if flipped else ends
            difference = draws.draws[at, 0] - draws.draws[at, 1]
            sign = -1.0 if flipped else 1.0
            rows.append({
                "dimension": dimension, "group": group,
                "metric": ("false_negative_rate" if flipped else base) + (f".{label}" if label else ""),
                "n": int((codes == 0).sum()), "n_counted": int(texts[at, 0]), "n_rest": int(texts[at, 1]),
                "rate": ends[1], "rate_low": ends[0], "rate_high": ends[2],
                "rest": 1 - draws.estimate[at, 1] if flipped else draws.estimate[at, 1],
                "gap": sign * (draws.estimate[at, 0] - draws.estimate[at, 1]),
                "small": bool((units[at] < min_texts).any()),
                "middle": sign * float(np.nanmean(difference)) if not np.isnan(difference).all() else np.nan,
                "error": float(np.nanstd(difference)) if not np.isnan(difference).all() else np.nan,
            })  # fmt: skip
    n_judged = max(1, sum(not row["small"] for row in rows))
    reach = float(norm.ppf(1 - alpha / 2 / n_judged))
    for row in rows:
        middle, error = row.pop("middle"), row.pop("error")
        if row["small"]:
            row |= {"low": np.nan, "high": np.nan, "verdict": Verdict.INSUFFICIENT.value, "exceeds": False}
            continue
        low_end, high_end = min(middle - reach * error, row["gap"]), max(middle + reach * error, row["gap"])
        reached = reach_verdict(
            np.array([abs(row["gap"])]),
            np.array([max(0.0, low_end, -high_end)]),
            np.array([max(abs(low_end), abs(high_end))]),
            tolerance,
            1 - alpha,
        )
        row |= {"low": low_end, "high": high_end, "verdict": reached.verdict.value, "exceeds": reached.exceeds}
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _compared(mentions: NDArray[np.bool_], keys: Sequence[tuple[str, str]]) -> list[tuple[str, str, NDArray[np.int64]]]:
    """Codes 0 (mentions it), 1 (mentions none of the dimension), -1 (another group of the dimension)."""
    found = []
    for dimension in dict.fromkeys(name for name, _ in keys):
        columns = [at for at, key in enumerate(keys) if key[0] == dimension]
        some = mentions[:, columns].any(axis=1)
        if not some.any() or some.all():
            continue
        found.append((dimension, ANY, np.where(some, 0, 1).astype(np.int64)))
        for at in columns:
            if mentions[:, at].any():
                codes = np.where(mentions[:, at], 0, np.where(some, -1, 1))
                found.append((dimension, keys[at][1], codes.astype(np.int64)))
    return found
