"""Assign whole groups to folds so that every fold has about the same classes, fast for many groups."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

# How near two folds must be to count as equally good: numpy.isclose's own figures, which scikit-learn goes by.
_RELATIVE, _ABSOLUTE = 1e-5, 1e-8


def group_folds(y: Any, groups: Any, n_folds: int, seed: int) -> NDArray[np.intp]:
    """Return the fold of every row: groups stay whole, classes are spread evenly.

    Groups are taken in order of how unequal their class counts are (equal ones shuffled), and each goes to the fold
    that leaves the shares of the classes most alike over the folds; of equally good folds to the one with the fewest
    rows. The folds are those of scikit-learn's ``StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)``, in
    a small part of its time: all folds are tried in one calculation, and only what a choice changes is written.

    Parameters
    ----------
    y : array of shape (n_samples,)
        Classes, of any type that sorts.
    groups : array of shape (n_samples,)
        Groups, of any type that sorts.
    n_folds : int
        At least 2. A fold stays empty where there are fewer groups: the caller refuses that in its own words.
    seed : int

    Returns
    -------
    array of int, shape (n_samples,)
        Fold of each row, from 0.

    Raises
    ------
    ValueError
        If ``y`` and ``groups`` differ in length.

    Source
    ------
    scikit-learn, StratifiedGroupKFold: its criterion, order of groups and rules for ties.

    Examples
    --------
    >>> folds = group_folds([0, 1, 0, 1, 0, 1], ["a", "a", "b", "b", "c", "c"], n_folds=3, seed=0)
    >>> (folds[::2] == folds[1::2]).all(), sorted(folds[::2].tolist())
    (np.True_, [0, 1, 2])
    """
    classes, group_of_row = (np.unique(np.asarray(one), return_inverse=True)[1] for one in (y, groups))
    if len(classes) != len(group_of_row):
        raise ValueError(f"group_folds: a group for every row is needed. Rows: {len(classes)}, {len(group_of_row)}.")
    if not len(classes):
        return np.empty(0, dtype=np.intp)
    n_groups, n_classes = group_of_row.max() + 1, classes.max() + 1
    cells = np.bincount(group_of_row * n_classes + classes, minlength=n_groups * n_classes)
    counts = cells.reshape(n_groups, n_classes).astype(np.float64)
    shuffled = np.arange(n_groups)
    check_random_state(seed).shuffle(shuffled)
    # Stable: groups that are equally unequal keep their shuffled order.
    order = shuffled[np.argsort(-np.std(counts[shuffled], axis=1), kind="stable")]
    fold_of_group = np.empty(n_groups, dtype=np.intp)
    fold_of_group[order] = _assign(counts[order], n_folds)
    return fold_of_group[group_of_row]


def _assign(counts: NDArray[np.float64], n_folds: int) -> list[int]:
    """Return the fold of each group, given the class counts of the groups in the order in which they choose.

    Every sum is made in numpy's order for ``std`` and ``mean``, for a difference in the last bit decides between
    folds that are equally good.
    """
    n_classes = counts.shape[1]
    totals = counts.sum(axis=0)
    in_fold, tried = np.zeros((n_folds, n_classes)), np.empty((n_folds, n_classes))
    sizes = [0.0] * n_folds
    # shares[i, j]: the share of each class in fold j, if the group at hand went to fold i; changed[i] is shares[i, i].
    shares = np.zeros((n_folds, n_folds, n_classes))
    changed = np.einsum("iij->ij", shares)
    away = np.empty_like(shares)
    centre, spread, worth = np.empty((n_folds, 1, n_classes)), np.empty((n_folds, n_classes)), np.empty(n_folds)
    chosen = []
    for group, size in zip(counts, counts.sum(axis=1).tolist(), strict=True):
        np.add(in_fold, group, out=tried)
        np.divide(tried, totals, out=changed)
        np.add.reduce(shares, axis=1, keepdims=True, out=centre)
        np.divide(centre, n_folds, out=centre)
        np.subtract(shares, centre, out=away)
        np.multiply(away, away, out=away)
        np.add.reduce(away, axis=1, out=spread)
        np.divide(spread, n_folds, out=spread)
        np.sqrt(spread, out=spread)
        np.add.reduce(spread, axis=1, out=worth)
        np.divide(worth, n_classes, out=worth)
        best = _best(worth.tolist(), sizes)
        chosen.append(best)
        in_fold[best] = tried[best]
        sizes[best] += size
        shares[:, best] = changed[best]
        np.divide(in_fold, totals, out=changed)
    return chosen


def _best(worth: list[float], sizes: list[float]) -> int:
    """Return the fold with the least worth; of near ties the smaller one, compared one after the other."""
    best, least = 0, worth[0]
    for fold in range(1, len(worth)):
        value = worth[fold]
        near = abs(value - least) <= _ABSOLUTE + _RELATIVE * abs(least)
        if value < least or (near and sizes[fold] < sizes[best]):
            best, least = fold, value
    return best
