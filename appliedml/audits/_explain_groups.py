"""Whether the model uses different reasons for different people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from appliedml.audits._explain_pool import Pool, interval

GROUP_COLUMNS = (
    "sensitive", "level", "feature", "n", "small", "value", "low", "high",
    "difference", "difference_low", "difference_high", "differs",
)  # fmt: skip


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
        levels and sensitive features (bootstrap max-t): one of them misses in 5 % of all audits.
    """
    places = [pooled.names.index(name) for name in features]
    sizes = pooled.sizes[:, places]
    parts, differences = [], []
    for name in pooled.sensitive:
        levels = pooled.sensitive[name].astype(str)
        bands = list(pooled.bands.get(str(name), ()))
        for level in sorted(
            levels.unique(), key=lambda text: (bands.index(text) if text in bands else len(bands), text)
        ):
            inside = (levels == level).to_numpy()
            n = int(inside.sum())
            small = min(n, len(inside) - n) < min_rows
            own = pooled.means(sizes, inside)
            value, low, high = interval(own)
            part = pd.DataFrame({"sensitive": name, "level": level, "feature": list(features), "n": n, "small": small})
            parts.append(part.assign(value=value, low=low, high=high))
            rest = pooled.means(sizes, ~inside) if not inside.all() else np.full(own.shape, np.nan)
            differences.append(np.full(own.shape, np.nan) if small else own - rest)
    if not parts:
        return pd.DataFrame({name: [] for name in GROUP_COLUMNS})
    table = pd.concat(parts, ignore_index=True)
    found = np.concatenate(differences, axis=1)
    table["difference"], table["difference_low"], table["difference_high"] = _together(found)
    table["differs"] = (table["difference_low"] > 0) | (table["difference_high"] < 0)
    return table[list(GROUP_COLUMNS)]


def _together(found: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Differences with intervals that hold for all of them at once."""
    value, resamples = found[0], found[1:]
    known = np.isfinite(value)
    low, high = np.full(len(value), np.nan), np.full(len(value), np.nan)
    if known.any():
        spread = np.nanstd(resamples[:, known], axis=0)
        away = np.abs(resamples[:, known] - value[known]) / np.where(spread > 0, spread, np.inf)
        bound = np.nanquantile(np.nanmax(away, axis=1), 0.95)
        low[known], high[known] = value[known] - bound * spread, value[known] + bound * spread
    return value, low, high
