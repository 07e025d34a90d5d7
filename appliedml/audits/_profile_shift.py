"""How much the test rows of a fold differ from its training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from appliedml.audits._profile_association import Auroc, auroc, out_of_fold, sample_rows
from appliedml.audits._profile_bins import Bins, counts_of
from appliedml.audits._profile_columns import NUMBER, as_numbers, kind_of

SHIFT_TYPES: dict[str, Any] = {
    "column": str,
    "psi": float,
    "psi_by_chance": float,
    "ks": float,
    "total_variation": float,
    "n_train": "int64",
    "n_test": "int64",
}
MAX_ROWS = 2000


def psi(expected: NDArray[np.float64], actual: NDArray[np.float64]) -> float:
    """Return the population stability index of two vectors of counts.

    Parameters
    ----------
    expected, actual : array of shape (n_bins,)
        Half a row is added to every bin, so that an empty one does not make it infinite.

    Returns
    -------
    float
        0 for equal shares; above 0.25 is by convention a marked shift.

    Source
    ------
    Yurdakul and Naranjo (2020), Statistical properties of the population stability index, J. Risk Model Valid. 14(4).

    Examples
    --------
    >>> psi(np.array([50.0, 50.0]), np.array([50.0, 50.0]))
    0.0
    """
    p = (expected + 0.5) / (expected + 0.5).sum()
    q = (actual + 0.5) / (actual + 0.5).sum()
    return float(((q - p) * np.log(q / p)).sum())


def psi_by_chance(n_expected: int, n_actual: int, n_bins: int) -> float:
    """Return the index that equal populations stay below in 999 of 1,000 samples.

    Parameters
    ----------
    n_expected, n_actual : int
        Rows on either side.
    n_bins : int
        Bins that are not empty.

    Returns
    -------
    float

    Notes
    -----
    Holds for rows that are independent of each other. Rows in groups, such as several of one person, vary more between
    samples, so that equal populations exceed it more often.

    Source
    ------
    Yurdakul and Naranjo (2020): PSI / (1/n + 1/m) is asymptotically chi-squared with n_bins - 1 degrees of freedom.
    """
    if n_bins < 2:
        return 0.0
    return float(chi2.ppf(0.999, n_bins - 1) * (1 / n_expected + 1 / n_actual))


def column_shift(train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Compare every column of the training rows with the test rows.

    Parameters
    ----------
    train, test : DataFrame
        The same columns.

    Returns
    -------
    DataFrame
        column, psi, psi_by_chance, ks (Kolmogorov-Smirnov distance, numbers only), total_variation (of the binned
        shares, missing values their own bin), n_train, n_test.
    """
    rows = []
    for position, name in enumerate(train.columns):
        before, after = train.iloc[:, position], test.iloc[:, position]
        bins = Bins.of(before, 10)
        a, b = (counts_of(bins.codes(values), bins.n_bins) for values in (before, after))
        used = (a + b) > 0
        a, b = a[used], b[used]
        distance = float(np.abs(a / a.sum() - b / b.sum()).sum() / 2)
        chance = psi_by_chance(len(before), len(after), len(a))
        ks = ks_distance(as_numbers(before), as_numbers(after)) if kind_of(before) == NUMBER else np.nan
        rows.append((str(name), psi(a, b), chance, ks, distance, len(before), len(after)))
    return pd.DataFrame(rows, columns=list(SHIFT_TYPES)).astype(SHIFT_TYPES)


def ks_distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the largest distance between two empirical distribution functions.

    Parameters
    ----------
    a, b : array of float64
        NaN is passed over.

    Returns
    -------
    float
        Between 0 and 1; NaN where a side has no value.

    Examples
    --------
    >>> ks_distance(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    1.0
    """
    a, b = np.sort(a[~np.isnan(a)]), np.sort(b[~np.isnan(b)])
    if not len(a) or not len(b):
        return np.nan
    both = np.concatenate([a, b])
    below_a = np.searchsorted(a, both, side="right") / len(a)
    below_b = np.searchsorted(b, both, side="right") / len(b)
    return float(np.abs(below_a - below_b).max())


def two_sample_auroc(
    train: pd.DataFrame,
    test: pd.DataFrame,
    train_group: NDArray[Any] | None,
    test_group: NDArray[Any] | None,
    seed: int,
) -> Auroc | None:
    """Return how well a classifier tells test rows from training rows; 0.5 is no difference.

    Parameters
    ----------
    train, test : DataFrame
        At most 2,000 rows of each are used.
    train_group, test_group : array, optional
        Rows of one group are never on both sides of the classifier's own split.
    seed : int

    Returns
    -------
    Auroc or None
        None where there are too few rows or groups.

    Notes
    -----
    The interval takes rows as independent of each other. Where rows come in groups it is too narrow.

    Source
    ------
    Lopez-Paz and Oquab (2017), Revisiting classifier two-sample tests, ICLR.
    """
    a, b = sample_rows(len(train), MAX_ROWS, seed), sample_rows(len(test), MAX_ROWS, seed + 1)
    if min(len(a), len(b)) < 30 or not train.shape[1]:
        return None
    frame = pd.concat([train.iloc[a], test.iloc[b]], ignore_index=True)
    labels = np.repeat([0, 1], [len(a), len(b)]).astype(np.intp)
    group = None
    if train_group is not None and test_group is not None:
        group = np.concatenate([train_group[a], test_group[b]])
    scores = out_of_fold(frame, labels, group, seed)
    if scores is None:
        return None
    seen = ~np.isnan(scores[:, 1])
    return auroc(labels[seen], scores[seen, 1])
