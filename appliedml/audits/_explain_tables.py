"""Tables of the explanation: importance, dependence, single rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._explain_pool import Pool, interval

N_BINS = 8
N_LEVELS = 8
# Whole numbers with no more values than this (years, counts) are shown value by value.
MAX_WHOLE_VALUES = 10
# A bin that holds fewer rows would show single people.
MIN_BIN_ROWS = 5
DEPENDENCE_FEATURES = 6

GLOBAL_COLUMNS = ("output", "rank", "feature", "value", "low", "high", "share", "mean", "n")
DEPENDENCE_COLUMNS = ("feature", "output", "kind", "order", "label", "x", "value", "low", "high", "n")
LOCAL_COLUMNS = (
    "row_id",
    "fold",
    "output",
    "rank",
    "feature",
    "feature_value",
    "value",
    "standard_error",
    "base_value",
)
ALL_OUTPUTS = "all classes"


def global_table(pooled: Pool) -> pd.DataFrame:
    """Mean absolute values with intervals, the largest first.

    Parameters
    ----------
    pooled : Pool

    Returns
    -------
    DataFrame
        output (class; with more than two classes also "all classes", their mean, first), rank, feature, value (mean
        absolute Shapley value), low, high, share (of the sum over features), mean (with sign), n.
    """
    views: list[tuple[str, NDArray[np.float64], NDArray[np.float64]]] = []
    if len(pooled.outputs) > 1:
        views.append((ALL_OUTPUTS, pooled.sizes, np.full(len(pooled.names), np.nan)))
    for at, name in enumerate(pooled.outputs):
        views.append((name, np.abs(pooled.values[:, :, at]), pooled.values[:, :, at].mean(axis=0)))
    parts = []
    for output, sizes, signed in views:
        value, low, high = interval(pooled.means(sizes))
        part = pd.DataFrame({"output": output, "feature": pooled.names, "value": value, "low": low, "high": high})
        part["share"] = value / value.sum() if value.sum() else 0.0
        part["mean"], part["n"] = signed, len(sizes)
        part = part.sort_values("value", ascending=False, kind="stable")
        part["rank"] = np.arange(1, len(part) + 1)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)[list(GLOBAL_COLUMNS)]


def dependence_table(pooled: Pool, features: Sequence[str]) -> pd.DataFrame:
    """Mean Shapley value by bins of a feature's own values.

    Parameters
    ----------
    pooled : Pool
    features : sequence of str
        The most important first; those without values of their own are passed over.

    Returns
    -------
    DataFrame
        feature, output, kind ("number" or "category"), order, label, x (mean of the bin, or its only value; NaN for
        categories), value, low, high, n. Whole numbers with ten values or fewer are categories in ascending order. Bins
        of fewer than five rows are left out.
    """
    rows: list[tuple[Any, ...]] = []
    shown = [name for name in features if name in pooled.features][:DEPENDENCE_FEATURES]
    for name in shown:
        kind, bins = _bins(pooled.features[name])
        place = pooled.names.index(name)
        for order, (label, x, inside) in enumerate(bins):
            n = int(inside.sum())
            if n < MIN_BIN_ROWS:
                continue
            value, low, high = interval(pooled.means(pooled.values[:, place], inside))
            rows += [
                (name, output, kind, order, label, x, value[at], low[at], high[at], n)
                for at, output in enumerate(pooled.outputs)
            ]
    kinds = dict.fromkeys(DEPENDENCE_COLUMNS[:5], str) | dict.fromkeys(DEPENDENCE_COLUMNS[5:], float)
    return pd.DataFrame(rows, columns=list(DEPENDENCE_COLUMNS)).astype(kinds | {"order": "int64", "n": "int64"})


def _bins(column: pd.Series[Any]) -> tuple[str, list[tuple[str, float, NDArray[np.bool_]]]]:
    missing = column.isna().to_numpy()
    found: list[tuple[str, float, NDArray[np.bool_]]] = []
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        kind, found = _number_bins(column.to_numpy(dtype=float, na_value=np.nan), missing)
    else:
        texts = column.astype(object).map(str).to_numpy(dtype=object)
        levels = pd.Series(texts[~missing]).value_counts(sort=True)
        common = sorted(levels.index, key=lambda level: (-levels[level], level))[:N_LEVELS]
        found = [(str(level), float("nan"), (texts == level) & ~missing) for level in common]
        other = ~np.isin(texts.astype(str), [str(level) for level in common]) & ~missing
        found += [("all others", float("nan"), other)] if other.any() else []
        kind = "category"
    return kind, found + ([("missing", float("nan"), missing)] if missing.any() else [])


def _number_bins(
    numbers: NDArray[np.float64], missing: NDArray[np.bool_]
) -> tuple[str, list[tuple[str, float, NDArray[np.bool_]]]]:
    distinct = np.unique(numbers[~missing])
    if 0 < len(distinct) <= MAX_WHOLE_VALUES and (distinct == np.round(distinct)).all():
        return "category", [(_exact(value), float("nan"), (numbers == value) & ~missing) for value in distinct]
    cuts = np.linspace(0, 1, N_BINS + 1)[1:-1]
    edges = np.unique(np.quantile(numbers[~missing], cuts)) if len(distinct) else np.empty(0)
    place = np.digitize(numbers, edges)
    bins = [(place == number) & ~missing for number in range(len(edges) + 1)]
    bins = [inside for inside in bins if inside.any()]
    # The mean of equal values can miss them by rounding.
    single = [len(np.unique(numbers[inside])) == 1 for inside in bins]
    x = [float(numbers[inside][0] if one else numbers[inside].mean()) for inside, one in zip(bins, single, strict=True)]
    return "number", list(zip(_bin_labels(x, single), x, bins, strict=True))


def _bin_labels(x: Sequence[float], single: Sequence[bool]) -> list[str]:
    """Only values as they are; means with as many decimals as tell the bins apart."""
    span = max(x, default=0.0) - min(x, default=0.0)
    fewest = max(0, 2 - int(np.floor(np.log10(span)))) if np.isfinite(span) and span > 0 else 3
    labels: list[str] = []
    for decimals in range(fewest, fewest + 12):
        labels = [_exact(value) if one else f"{value:.{decimals}f}" for value, one in zip(x, single, strict=True)]
        if len(set(labels)) == len(labels):
            break
    return labels


def _exact(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.12g}"


def local_table(evidence: Sequence[dict[str, Any]], n_rows: int, top: int) -> pd.DataFrame:
    """Single explained rows, from the lowest to the highest score.

    Parameters
    ----------
    evidence : sequence of dict
        With ``row_id``: the plan asked for row-level examples.
    n_rows : int
    top : int
        Features a row.

    Returns
    -------
    DataFrame
        row_id, fold, output, rank, feature, feature_value (text), value, standard_error, base_value, and score.
    """
    scores = np.concatenate([item["scores"].max(axis=1) for item in evidence])
    owner = np.concatenate([np.full(len(item["scores"]), at) for at, item in enumerate(evidence)])
    place = np.concatenate([np.arange(len(item["scores"])) for item in evidence])
    order = np.argsort(scores, kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, min(n_rows, len(order))).round().astype(int)]
    parts = []
    for item, row in ((evidence[owner[at]], place[at]) for at in dict.fromkeys(chosen.tolist())):
        output = int(item["scores"][row].argmax())
        values = item["values"][row, :, output]
        ranked = np.argsort(-np.abs(values), kind="stable")[:top]
        names = [item["names"][at] for at in ranked]
        own = item["features"].iloc[row]
        part = pd.DataFrame({"row_id": str(item["row_id"][row]), "fold": item["fold"], "feature": names})
        part["output"] = str(item["classes"][item["outputs"][output]])
        part["rank"] = np.arange(1, len(names) + 1)
        part["feature_value"] = [_text(own[name]) if name in own.index else "" for name in names]
        part["value"] = values[ranked]
        part["standard_error"] = item["standard_errors"][row, ranked, output]
        part["base_value"] = item["base_values"][output]
        part["score"] = item["scores"][row, output]
        parts.append(part)
    return pd.concat(parts, ignore_index=True)[[*LOCAL_COLUMNS, "score"]]


def _text(value: Any) -> str:
    if pd.isna(value):
        return "missing"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
