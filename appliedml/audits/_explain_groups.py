"""Whether the model uses different reasons for different people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._explain_pool import Pool, interval

GROUP_COLUMNS = (
    "sensitive", "level", "feature", "n", "small", "value", "low", "high",
    "difference", "difference_low", "difference_high", "differs",
)  # fmt: skip


# The mean of fewer explained rows would show single people.
MIN_SHOWN_ROWS = 5


def left_out(pooled: Pool) -> dict[str, int]:
    """Count the levels of each sensitive feature that are left out because too few of their rows were explained.

    Parameters
    ----------
    pooled : Pool

    Returns
    -------
    dict of str to int
        Features without such levels are absent.
    """
    counts = {
        str(name): int((pooled.sensitive[name].astype(str).value_counts() < MIN_SHOWN_ROWS).sum())
        for name in pooled.sensitive
    }
    return {name: n for name, n in counts.items() if n}


def group_table(pooled: Pool, features: Sequence[str], min_rows: int) -> pd.DataFrame:
    """Mean absolute values by sensitive level, and the difference from everyone else.

    Parameters
    ----------
    pooled : Pool
    features : sequence of str
        The most important features.
    min_rows : int
        Levels with fewer explained rows, in the group or outside it, are flagged as small and not compared.

    Returns
    -------
    DataFrame
        sensitive, level, feature, n, small, value, low, high (percentile bootstrap), difference from all other levels,
        difference_low, difference_high, differs. The intervals of the differences hold together, over all features,
        levels and sensitive features (bootstrap max-t): one of them misses in 5 % of all audits. Levels with fewer than
        five explained rows are left out.
    """
    places = [pooled.names.index(name) for name in features]
    sizes = pooled.sizes[:, places]
    parts, differences, errors = [], [], []
    for name in pooled.sensitive:
        levels = pooled.sensitive[name].astype(str)
        bands = list(pooled.bands.get(str(name), ()))
        for level in sorted(
            levels.unique(), key=lambda text: (bands.index(text) if text in bands else len(bands), text)
        ):
            inside = (levels == level).to_numpy()
            n = int(inside.sum())
            if n < MIN_SHOWN_ROWS:
                continue
            small = min(n, len(inside) - n) < min_rows
            own = pooled.means(sizes, inside)
            value, low, high = interval(own)
            part = pd.DataFrame({"sensitive": name, "level": level, "feature": list(features), "n": n, "small": small})
            parts.append(part.assign(value=value, low=low, high=high))
            if small:
                differences.append(np.full(own.shape, np.nan))
                errors.append(np.full(own.shape, np.nan))
            else:
                differences.append(own - pooled.means(sizes, ~inside))
                errors.append(np.sqrt(_variance(pooled, sizes, inside) + _variance(pooled, sizes, ~inside)))
    if not parts:
        return pd.DataFrame({name: [] for name in GROUP_COLUMNS})
    table = pd.concat(parts, ignore_index=True)
    found = _together(np.concatenate(differences, axis=1), np.concatenate(errors, axis=1))
    table["difference"], table["difference_low"], table["difference_high"] = found
    table["differs"] = (table["difference_low"] > 0) | (table["difference_high"] < 0)
    return table[list(GROUP_COLUMNS)]


def _variance(pooled: Pool, sizes: NDArray[np.float64], rows: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Variance of the mean over some rows, in the sample and every resample, as if rows were independent."""
    n = pooled.weights[:, rows].sum(axis=1, keepdims=True)
    spread = pooled.means(sizes**2, rows) - pooled.means(sizes, rows) ** 2
    return np.asarray(np.maximum(spread, 0) / np.maximum(n - 1, 1))


def _together(
    found: NDArray[np.float64], errors: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Differences with intervals that hold for all of them at once.

    Each resample is divided by its own standard error: values are skewed, and a fixed one would find differences in too
    many audits. Rows of one group move the resamples together, and so widen the intervals.
    """
    value = found[0]
    known = np.isfinite(value)
    low, high = np.full(len(value), np.nan), np.full(len(value), np.nan)
    if known.any():
        moved, scale = np.abs(found[1:, known] - value[known]), errors[1:, known]
        away = np.divide(moved, scale, where=scale > 0, out=np.zeros_like(moved))
        bound = np.nanquantile(np.nanmax(away, axis=1), 0.95)
        low[known], high[known] = value[known] - bound * errors[0, known], value[known] + bound * errors[0, known]
    return value, low, high
