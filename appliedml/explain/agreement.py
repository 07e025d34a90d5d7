"""Agreement of explanations where they should agree, and change where they should change."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata

N_RESAMPLES = 1000


def rank_correlations(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spearman's correlation of the absolute values of two explanations, row by row.

    Parameters
    ----------
    first, second : array of shape (n_rows, n_players)

    Returns
    -------
    array of shape (n_rows,)
        NaN where all players of a row have the same absolute value.

    Examples
    --------
    >>> rank_correlations(np.array([[3.0, -2.0, 1.0]]), np.array([[0.1, 0.2, -0.3]])).round(6).tolist()
    [-1.0]
    """
    a = rankdata(np.abs(first), axis=1)
    b = rankdata(np.abs(second), axis=1)
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    size = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    found: NDArray[np.float64] = np.divide((a * b).sum(axis=1), size, where=size > 0, out=np.full(len(a), np.nan))
    return found


def randomisation_check(
    fitted: NDArray[np.float64], randomised: NDArray[np.float64], seed: int = 0
) -> tuple[float, float, float, int]:
    """Mean rank correlation between the explanations of a fitted model and of one that learned nothing.

    Parameters
    ----------
    fitted, randomised : array of shape (n_rows, n_players)
        Explanations of the same rows.
    seed : int
        Of the bootstrap over rows.

    Returns
    -------
    (float, float, float, int)
        Value, low and high of a 95 % interval, and the rows it rests on (those without a ranking are left out). Near 1,
        the explanation does not depend on what the model has learned.

    Source
    ------
    Adebayo et al. (2018), Sanity checks for saliency maps.
    """
    return randomisation_interval(rank_correlations(fitted, randomised), seed)


def randomisation_interval(correlations: NDArray[np.float64], seed: int = 0) -> tuple[float, float, float, int]:
    """Mean of row-wise correlations with a 95 % bootstrap interval over rows.

    Parameters
    ----------
    correlations : array of shape (n_rows,)
        NaN for rows without a ranking.
    seed : int

    Returns
    -------
    (float, float, float, int)
        Value, low, high, and the rows with a ranking; NaN where there are none.
    """
    found = correlations[np.isfinite(correlations)]
    if not len(found):
        return float("nan"), float("nan"), float("nan"), 0
    rng = np.random.default_rng(seed)
    means = found[rng.integers(0, len(found), size=(N_RESAMPLES, len(found)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(found.mean()), float(low), float(high), len(found)


def ranking_agreement(importances: Sequence[NDArray[np.float64]], folds: Sequence[int]) -> pd.DataFrame:
    """Agreement of the global importance between folds.

    Parameters
    ----------
    importances : sequence of array of shape (n_players,)
        Mean absolute values of each fold.
    folds : sequence of int
        Fold numbers.

    Returns
    -------
    DataFrame
        One row a pair of folds: fold_a, fold_b, spearman, kendall (between -1 and 1; NaN where a fold has no ranking).

    Examples
    --------
    >>> ranking_agreement([np.array([3.0, 2.0, 1.0]), np.array([9.0, 5.0, 1.0])], [0, 1])["kendall"].tolist()
    [1.0]
    """
    rows = []
    for a, b in combinations(range(len(importances)), 2):
        spearman = float(rank_correlations(importances[a][None], importances[b][None])[0])
        kendall = float("nan") if np.isnan(spearman) else float(kendalltau(importances[a], importances[b]).statistic)
        rows.append((folds[a], folds[b], spearman, kendall))
    table = pd.DataFrame(rows, columns=["fold_a", "fold_b", "spearman", "kendall"])
    return table.astype({"fold_a": "int64", "fold_b": "int64", "spearman": float, "kendall": float})
