"""Verdicts on identity gaps: how large, over which sentences and folds, and whether chance could have made them.

A fitted model treats every word in some way of its own: a word it met in seven training texts carries the luck of
seven labels. That is real for this model, but says nothing of the next. A *disparity* is therefore claimed only where

1. **size**: in every fold's model the gap lies beyond the tolerance, to the same side, and the interval of its mean
   over sentences does too; and
2. **not chance**, by one of two tests, each corrected over everything judged (Holm): the gap stays away from zero
   when training is repeated, as estimated from how the folds' models differ; or, in every fold's training texts, the
   term goes with the class more, or less, than chance allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliedml.audits._fairness_verdict import Verdict

Floats = NDArray[np.float64]
# Terms in fewer training units cannot go with a class beyond chance, whatever their labels: they are not tested.
MIN_MENTIONS = 5
# Items share models and sentences, so their variances tell less than as many independent ones would.
MAX_PRIOR = 3.0
# Two folds with the same training rows say nothing about training anew.
MAX_OVERLAP = 0.98


@dataclass(frozen=True, eq=False)
class Judged:
    """Gaps of some items, one class.

    Parameters
    ----------
    gap, low, high : array of shape (n_items,)
        Mean over folds, with the interval of each item by itself, over training anew and over sentences.
    wide_low, wide_high : array
        The same interval, simultaneous over all items.
    models_low, models_high : array
        Interval of the gap of the models that were trained: over sentences, and wide enough for every fold's model.
        It says how large a gap is once another test has shown that it is not chance: it does not cover training anew.
    fold_low, fold_high : array
        Smallest and largest gap of a fold's model.
    p_folds, p_labels : array
        Corrected p values of the two tests; NaN where a test is not possible.
    verdict : list of Verdict
    noticed : array of bool
        Beyond the tolerance in every fold, though not proven.
    """

    gap: Floats
    low: Floats
    high: Floats
    wide_low: Floats
    wide_high: Floats
    models_low: Floats
    models_high: Floats
    fold_low: Floats
    fold_high: Floats
    p_folds: Floats
    p_labels: Floats
    verdict: list[Verdict]
    noticed: NDArray[np.bool_]


def mean_overlap(sketches: Sequence[NDArray[np.uint64]], sizes: Sequence[int]) -> float:
    """Return which share of its training rows a fold has in common with another, on average.

    Parameters
    ----------
    sketches : sequence of array of uint64
        Smallest hashes of each fold's training rows, ascending.
    sizes : sequence of int
        Training rows of each fold.

    Returns
    -------
    float
        Between 0 and 0.98; 0.75 for five folds.

    Source
    ------
    Cohen and Kaplan (2007), Summarizing data using bottom-k sketches, PODC.

    Examples
    --------
    >>> rows = np.arange(100, dtype=np.uint64)
    >>> round(mean_overlap([rows[:80], rows[20:]], [80, 80]), 2)
    0.75
    """
    found = []
    for a in range(len(sketches)):
        for b in range(a):
            k = min(len(sketches[a]), len(sketches[b]))
            union = np.union1d(sketches[a], sketches[b])[:k] if k < max(sizes) else np.union1d(sketches[a], sketches[b])
            both = np.isin(union, sketches[a]) & np.isin(union, sketches[b])
            jaccard = float(both.mean()) if len(union) else 0.0
            shared = jaccard * (sizes[a] + sizes[b]) / (1 + jaccard)
            found.append(shared / np.sqrt(sizes[a] * sizes[b]))
    return float(np.clip(np.mean(found), 0.0, MAX_OVERLAP)) if found else 0.0


def label_p_values(n: Floats, hits: Floats, total: int, total_hits: float) -> tuple[Floats, Floats]:
    """Test whether units with a term are of a class more, or less, often than all units: Fisher's exact test.

    Parameters
    ----------
    n, hits : array of shape (n_keys,)
        Units with the term, and those of the class among them (a fraction where units are groups of texts; it is
        rounded towards no difference).
    total : int
    total_hits : float

    Returns
    -------
    p, direction : array of shape (n_keys,)
        Two-sided p, NaN where the term is in fewer than five units; +1 for more often, -1 for less.

    Source
    ------
    Fisher (1922), On the interpretation of chi squared from contingency tables, J. R. Statist. Soc. 85.

    Examples
    --------
    >>> p, direction = label_p_values(np.array([40.0, 40.0]), np.array([4.0, 20.0]), 1000, 500)
    >>> p.round(3).tolist(), direction.tolist()
    ([0.0, 1.0], [-1.0, 0.0])
    """
    from scipy.stats import hypergeom

    expected = n * total_hits / max(total, 1)
    more = hits > expected
    whole = np.where(more, np.floor(hits + 1e-9), np.ceil(hits - 1e-9))
    whole = np.where(more, np.maximum(whole, 0), np.minimum(whole, n))
    of_class = round(total_hits)
    above = hypergeom.sf(whole - 1, total, of_class, n)
    below = hypergeom.cdf(whole, total, of_class, n)
    p = np.minimum(1.0, 2 * np.minimum(above, below))
    return np.where(n >= MIN_MENTIONS, p, np.nan), np.sign(hits - expected)


def holm(p: Floats) -> Floats:
    """Correct p values for their number; NaN stay NaN and do not count.

    Parameters
    ----------
    p : array

    Returns
    -------
    array

    Source
    ------
    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6.

    Examples
    --------
    >>> holm(np.array([0.01, np.nan, 0.04])).round(3).tolist()
    [0.02, nan, 0.04]
    """
    out = np.full(p.shape, np.nan)
    where = np.flatnonzero(~np.isnan(p))
    order = where[np.argsort(p[where], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    out[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * factors))
    return out


def steadied(variance: Floats, df: int) -> tuple[Floats, float]:
    """Steady many variances of few values each by each other (empirical Bayes).

    Parameters
    ----------
    variance : array of shape (n_items,)
        Zeros (an item on which all models agree to the last digit) take no part in learning.
    df : int
        Degrees of freedom of each.

    Returns
    -------
    variance, df
        As if a prior with some degrees of freedom more had been seen; at most three times as many.

    Source
    ------
    Smyth (2004), Linear models and empirical Bayes methods for assessing differential expression, Statistical
    Applications in Genetics and Molecular Biology 3, section 6.2.

    Examples
    --------
    >>> found, df = steadied(np.array([1.0, 1.2, 0.9, 1.1]), 4)
    >>> found.round(2).tolist(), df
    ([1.19, 1.24, 1.17, 1.22], 16.0)
    """
    from scipy.special import digamma, polygamma

    used = variance[variance > 1e-16]
    if len(used) < 3:
        return variance, float(df)
    logs = np.log(used) - digamma(df / 2) + np.log(df / 2)
    spread = float(logs.var(ddof=1) - polygamma(1, df / 2))
    prior = MAX_PRIOR * df
    if spread > 0:
        # Solve trigamma(prior / 2) = spread; it falls from infinity to 0.
        low, high = 1e-6, MAX_PRIOR * df
        if polygamma(1, high / 2) < spread:
            for _ in range(60):
                middle = (low + high) / 2
                low, high = (middle, high) if polygamma(1, middle / 2) > spread else (low, middle)
            prior = (low + high) / 2
    centre = float(np.exp(logs.mean() + digamma(prior / 2) - np.log(prior / 2)))
    return (prior * centre + df * variance) / (prior + df), prior + df


def judge(
    by_fold: Floats,
    over_sentences: Floats,
    overlap: float,
    p_labels: Floats,
    *,
    tolerance: float,
    confidence: float,
    alpha: float,
) -> Judged:
    """Judge the gaps of many items.

    Parameters
    ----------
    by_fold : array of shape (n_folds, n_items)
        Gap of each item in each fold's model; NaN where a fold has none.
    over_sentences : array of shape (n_items,)
        Variance of the item's mean gap over sentences.
    overlap : float
        Share of training rows that two folds have in common.
    p_labels : array of shape (n_items,)
        Corrected p values of the association with the class in training texts; NaN or 1 where there is none.
    tolerance : float
    confidence : float
        Of each interval by itself.
    alpha : float
        Error level of each of the two tests, over all items.

    Returns
    -------
    Judged

    Notes
    -----
    Models of different folds share training rows, so their spread understates how much training anew would change.
    With K models and a share ``r`` of rows in common, the variance of their mean is s^2 (1 / K + r / (1 - r)); for K
    folds of equal size this is the delete-a-group jackknife. The t distribution has K - 1 degrees of freedom, and more
    where many items steady each other's variances.

    Source
    ------
    Nadeau and Bengio (2003), Inference for the generalization error, Machine Learning 52; Kott (2001), The
    delete-a-group jackknife, Journal of Official Statistics 17.
    """
    from scipy.stats import norm, t

    n_folds = (~np.isnan(by_fold)).sum(axis=0)
    defined = [column[~np.isnan(column)] for column in by_fold.T]
    gap, fold_low, fold_high = (
        np.array([function(column) if len(column) else np.nan for column in defined], dtype=float)
        for function in (np.mean, np.min, np.max)
    )
    error, df = np.full(len(gap), np.inf), np.ones(len(gap))
    for k in range(2, int(n_folds.max(initial=0)) + 1):
        same = n_folds == k
        if same.any():
            spread = np.array([defined[item].var(ddof=1) for item in np.flatnonzero(same)])
            variance, df[same] = steadied(spread, k - 1)
            error[same] = np.sqrt(variance * (1 / k + overlap / (1 - overlap)) + over_sentences[same])
    # No model tells these apart at all: what other items vary by is no sign that these do.
    unknown = (fold_low == 0) & (fold_high == 0) & (over_sentences == 0) & (n_folds >= 2)
    error[unknown] = 0.0
    n_items = max(1, int((n_folds > 0).sum()))
    ratio = np.divide(np.abs(gap), error, out=np.zeros(len(gap)), where=error > 0)
    ratio = np.where((error == 0) & (gap != 0), np.inf, ratio)
    tested = (n_folds >= 2) & np.isfinite(error)
    p_folds = holm(np.where(tested, 2 * t.sf(ratio, df), np.nan))
    reach = np.where(tested, t.ppf((1 + confidence) / 2, df) * error, np.nan)
    wide = np.where(tested, t.ppf(1 - (1 - confidence) / 2 / n_items, df) * error, np.nan)
    # The models as they are, other sentences: this alone says how large the gap is.
    sentences = norm.ppf((1 + confidence) / 2) * np.sqrt(over_sentences)
    sided = np.where(gap > 0, fold_low, -fold_high)
    large = (sided > tolerance) & (np.abs(gap) - sentences > tolerance)
    proven = (np.nan_to_num(p_folds, nan=1.0) <= alpha) | (np.nan_to_num(p_labels, nan=1.0) <= alpha)
    within = np.abs(gap) + reach <= tolerance
    verdict = [
        Verdict.DISPARITY if large[i] and proven[i] else Verdict.WITHIN if within[i] else Verdict.INSUFFICIENT
        for i in range(len(gap))
    ]
    return Judged(
        gap, gap - reach, gap + reach, gap - wide, gap + wide, np.minimum(fold_low, gap - sentences),
        np.maximum(fold_high, gap + sentences), fold_low, fold_high, p_folds, p_labels, verdict, large & ~proven,
    )  # fmt: skip
