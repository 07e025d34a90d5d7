"""Which decisions flipped between two runs, and how far their scores agree: counts, never rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.execution._compared_rows import Matched

N_BANDS = 10
_FLIPS = ["of", "level", "n", "same", "flipped", "mended", "broken"]


def flips(matched: Matched) -> pd.DataFrame:
    """Count decisions that flipped, by true class and by group.

    Parameters
    ----------
    matched : Matched

    Returns
    -------
    DataFrame
        of ("all rows", "true class", or a sensitive feature), level, n, same (the decision is), flipped, mended (wrong
        in A, right in B), broken (right in A, wrong in B). Empty where rows are not paired.
    """
    if not matched.paired:
        return pd.DataFrame(columns=_FLIPS)
    y, a, b = matched.b.y, matched.a.predicted, matched.b.predicted
    masks: list[tuple[str, str, NDArray[np.bool_]]] = [("all rows", "all", np.ones(len(y), dtype=bool))]
    masks += [("true class", name, y == code) for code, name in enumerate(matched.classes)]
    for feature, codes in zip(matched.features, matched.b.codes, strict=True):
        if len(feature.parts) == 1:
            masks += [(feature.name, level, codes == place) for place, level in enumerate(feature.levels)]
    rows = []
    for of, level, mask in masks:
        changed = mask & (a != b)
        counts = (mask.sum(), (mask & (a == b)).sum(), changed.sum(), (changed & (b == y)).sum())
        rows.append((of, level, *map(int, counts), int((changed & (a == y)).sum())))
    return pd.DataFrame(rows, columns=_FLIPS)


def moves(matched: Matched) -> pd.DataFrame:
    """Count rows by true class, decision of A and decision of B, where the two decisions differ.

    Parameters
    ----------
    matched : Matched

    Returns
    -------
    DataFrame
        true, a, b, n; most frequent first.
    """
    columns = ["true", "a", "b", "n"]
    if not matched.paired:
        return pd.DataFrame(columns=columns)
    names = np.array(matched.classes, dtype=object)
    changed = matched.a.predicted != matched.b.predicted
    table = pd.DataFrame(
        {"true": names[matched.b.y], "a": names[matched.a.predicted], "b": names[matched.b.predicted]}
    )[changed]
    counts = table.value_counts(sort=False).reset_index(name="n")
    return counts.sort_values(["n", "true", "a", "b"], ascending=[False, True, True, True], ignore_index=True)


def agreement(matched: Matched) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return how far the scores of two runs agree.

    Parameters
    ----------
    matched : Matched

    Returns
    -------
    summary : dict
        pearson, spearman, mean_absolute, largest, n, n_flipped; empty where rows are not paired. With more than two
        classes, of the probability given to each row's true class.
    bands : DataFrame
        band_a, band_b (tenths of the rows by score, 1 the lowest), n, share of all rows.
    """
    columns = ["band_a", "band_b", "n", "share"]
    if not matched.paired:
        return {}, pd.DataFrame(columns=columns)
    rows = np.arange(matched.b.n)
    code = 1 if matched.binary else matched.b.y
    a, b = matched.a.p[rows, code], matched.b.p[rows, code]
    ranks = [pd.Series(side).rank().to_numpy() for side in (a, b)]
    summary = {
        "pearson": _correlation(a, b),
        "spearman": _correlation(*ranks),
        "mean_absolute": float(np.abs(b - a).mean()),
        "largest": float(np.abs(b - a).max()),
        "n": int(matched.b.n),
        "n_flipped": int((matched.a.predicted != matched.b.predicted).sum()),
    }
    # Mid-ranks: tied scores share a band.
    bands = [np.minimum(N_BANDS, 1 + ((rank - 0.5) * N_BANDS // len(rank))).astype(int) for rank in ranks]
    counts = pd.DataFrame({"band_a": bands[0], "band_b": bands[1]}).value_counts(sort=False).reset_index(name="n")
    counts = counts.sort_values(["band_a", "band_b"], ignore_index=True)
    return summary, counts.assign(share=counts["n"] / max(1, matched.b.n))


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    spread = float(a.std() * b.std())
    if len(a) < 2 or spread <= 0:
        return float("nan")
    if np.array_equal(a, b):
        return 1.0
    return float(np.mean((a - a.mean()) * (b - b.mean())) / spread)
