"""How well one thing can be guessed from another, on rows that were not used to learn the guess."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, rankdata
from sklearn.model_selection import StratifiedKFold

from appliedml.audits._profile_bins import Bins, crossed, encoded
from appliedml.core.group_folds import group_folds
from appliedml.core.schema import UNKNOWN

MIN_LEVEL_ROWS = 20
N_SPLITS = 3
ALL_FEATURES = "(all features)"
PROXY_TYPES: dict[str, Any] = {
    "sensitive": str,
    "column": str,
    "auroc": float,
    "level": str,
    "level_auroc": float,
    "low": float,
    "high": float,
    "association": float,
    "n": "int64",
}


class Auroc(NamedTuple):
    """An area under the ROC curve with its 95 % interval."""

    value: float
    low: float
    high: float


def auroc(labels: NDArray[Any], scores: NDArray[np.float64]) -> Auroc:
    """Return AUROC with DeLong's 95 % interval.

    Parameters
    ----------
    labels : array of bool or 0 / 1, shape (n_samples,)
    scores : array of shape (n_samples,)

    Returns
    -------
    Auroc
        NaN where one class is absent.

    Source
    ------
    DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44:837; ranks as in Sun and Xu (2014).

    Examples
    --------
    >>> auroc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])).value
    0.75
    """
    positive = np.asarray(labels, dtype=bool)
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return Auroc(np.nan, np.nan, np.nan)
    ranks = rankdata(scores)
    above = (ranks[positive] - rankdata(scores[positive])) / n_negative
    below = 1 - (ranks[~positive] - rankdata(scores[~positive])) / n_positive
    value = float(above.mean())
    if min(n_positive, n_negative) < 2:
        return Auroc(value, np.nan, np.nan)
    half = float(norm.ppf(0.975) * np.sqrt(above.var(ddof=1) / n_positive + below.var(ddof=1) / n_negative))
    return Auroc(value, max(0.0, value - half), min(1.0, value + half))


def rates(
    codes: NDArray[np.intp],
    labels: NDArray[np.intp],
    n_bins: int,
    n_labels: int,
) -> NDArray[np.float64]:
    """Return the smoothed share of every label in every bin, learned on these rows.

    Parameters
    ----------
    codes, labels : array of int, shape (n_samples,)
    n_bins, n_labels : int

    Returns
    -------
    array of float64, shape (n_bins, n_labels)
        Bins with few rows are drawn towards the overall shares, as if ten rows more had been seen there.
    """
    table = crossed(codes, labels, n_bins, n_labels)
    overall = table.sum(axis=0) / max(table.sum(), 1.0)
    found: NDArray[np.float64] = (table + 10 * overall) / (table.sum(axis=1, keepdims=True) + 10)
    return found


def cramers_v(table: NDArray[np.float64]) -> float:
    """Return Cramer's V with the correction for small samples: 0 no association, 1 one follows from the other.

    Parameters
    ----------
    table : array of shape (n_rows, n_columns)
        Counts.

    Returns
    -------
    float

    Source
    ------
    Bergsma (2013), Journal of the Korean Statistical Society 42:323.

    Examples
    --------
    >>> round(cramers_v(np.array([[50.0, 0.0], [0.0, 50.0]])), 2)
    1.0
    """
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    n, (r, k) = table.sum(), table.shape
    if min(r, k) < 2 or n < 2:
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi = float((((table - expected) ** 2) / expected).sum() / n)
    phi = max(0.0, phi - (k - 1) * (r - 1) / (n - 1))
    smaller = min(k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(phi / smaller)) if smaller > 0 else 0.0


def splits(labels: NDArray[np.intp], group: NDArray[Any] | None, seed: int) -> Iterator[tuple[Any, Any]]:
    """Return stratified folds; rows of one group stay together.

    Parameters
    ----------
    labels : array of int, shape (n_samples,)
    group : array of shape (n_samples,), optional
    seed : int

    Returns
    -------
    iterator of (train positions, test positions)
        Empty where a label has too few rows or there are too few groups.
    """
    if np.bincount(labels).min() < N_SPLITS:
        return iter(())
    if group is None:
        return StratifiedKFold(N_SPLITS, shuffle=True, random_state=seed).split(labels, labels)  # type: ignore[no-any-return]
    codes = pd.factorize(np.asarray(group, dtype=object), use_na_sentinel=False)[0]
    if len(np.unique(codes)) < N_SPLITS:
        return iter(())
    folds = group_folds(labels, codes, N_SPLITS, seed)
    return ((np.flatnonzero(folds != k), np.flatnonzero(folds == k)) for k in range(N_SPLITS))


def out_of_fold(
    frame: pd.DataFrame, labels: NDArray[np.intp], group: NDArray[Any] | None, seed: int
) -> NDArray[np.float64] | None:
    """Return how likely each label is, by a small gradient boosting model fitted on other rows.

    Parameters
    ----------
    frame : DataFrame of n_samples rows
    labels : array of int, shape (n_samples,)
        0 .. n_labels - 1.
    group : array of shape (n_samples,), optional
    seed : int

    Returns
    -------
    array of float64, shape (n_samples, n_labels), or None
        None where the rows cannot be split.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    matrix, categorical = encoded(frame)
    scores = np.full((len(labels), int(labels.max()) + 1), np.nan)
    # A few thousand rows gain nothing from threads, and threads that wait for busy cores cost seconds.
    with threadpool_limits(1, user_api="openmp"):
        for train, test in splits(labels, group, seed):
            if len(np.unique(labels[train])) < 2:
                continue
            model = HistGradientBoostingClassifier(
                max_iter=40,
                learning_rate=0.2,
                max_leaf_nodes=15,
                early_stopping=False,
                random_state=seed,
            )
            # Gradient boosting cannot bin a column without any value among the rows it is fitted on.
            known = np.isfinite(matrix[train]).any(axis=0)
            if not known.any():
                continue
            model.set_params(categorical_features=categorical[known] if categorical[known].any() else None)
            model.fit(matrix[train][:, known], labels[train])
            part = np.zeros((len(test), scores.shape[1]))
            part[:, model.classes_] = model.predict_proba(matrix[test][:, known])
            scores[test] = part
    return None if np.isnan(scores).all() else scores


def sample_rows(n: int, cap: int, seed: int) -> NDArray[np.intp]:
    """Return at most ``cap`` positions of ``n``, ascending, drawn at random.

    Parameters
    ----------
    n, cap, seed : int

    Returns
    -------
    array of int
    """
    if n <= cap:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, cap, replace=False))


def proxies(
    frame: pd.DataFrame,
    sensitive: pd.DataFrame,
    group: NDArray[Any] | None,
    own_columns: dict[str, str],
    seed: int,
) -> pd.DataFrame:
    """Return how well each feature, and all together, guess each sensitive feature.

    Parameters
    ----------
    frame : DataFrame of n_samples rows
        The features.
    sensitive : DataFrame of n_samples rows
        Levels as text. Unknown levels and those with fewer than 20 rows are left out.
    group : array of shape (n_samples,), optional
        Rows that must not be on both sides of a guess.
    own_columns : mapping of str to str
        Sensitive feature -> the column it is read from, which is no proxy of itself.
    seed : int

    Returns
    -------
    DataFrame
        sensitive, column ("(all features)" for all together), auroc (mean over levels, one against the rest), level
        (the one guessed best) with level_auroc, low and high (95 %), association (Cramer's V; NaN for all features), n.
    """
    rows: list[tuple[Any, ...]] = []
    for name in sensitive.columns:
        levels = sensitive[name].astype(str)
        counts = levels[levels != UNKNOWN].value_counts()
        kept = sorted(str(level) for level, n in counts.items() if n >= MIN_LEVEL_ROWS)
        if len(kept) < 2:
            continue
        mask = levels.isin(kept).to_numpy(dtype=bool)
        labels = np.searchsorted(np.array(kept, dtype=object), levels[mask].to_numpy(dtype=object)).astype(np.intp)
        part = frame.loc[mask].drop(columns=own_columns.get(str(name), ""), errors="ignore")
        groups = None if group is None else group[mask]
        parts = list(splits(labels, groups, seed))
        if not parts or part.empty:
            continue
        found = out_of_fold(part, labels, groups, seed)
        if found is not None:
            rows.append((str(name), ALL_FEATURES, *_summary(labels, found, kept), np.nan, len(labels)))
        for position, column in enumerate(part.columns):
            values = part.iloc[:, position]
            bins = Bins.of(values, 20)
            codes = bins.codes(values)
            guess = np.full((len(labels), len(kept)), np.nan)
            for train, test in parts:
                guess[test] = rates(codes[train], labels[train], bins.n_bins, len(kept))[codes[test]]
            value = cramers_v(crossed(codes, labels, bins.n_bins, len(kept)))
            rows.append((str(name), str(column), *_summary(labels, guess, kept), value, len(labels)))
    return pd.DataFrame(rows, columns=list(PROXY_TYPES)).astype(PROXY_TYPES)


def _summary(
    labels: NDArray[np.intp], scores: NDArray[np.float64], levels: list[str]
) -> tuple[float, str, float, float, float]:
    seen = ~np.isnan(scores).any(axis=1)
    found = [auroc(labels[seen] == code, scores[seen, code]) for code in range(len(levels))]
    values = np.array([item.value for item in found])
    if np.isnan(values).all():
        return np.nan, "", np.nan, np.nan, np.nan
    best = int(np.nanargmax(values))
    return float(np.nanmean(values)), levels[best], *found[best]
