"""Count tables: how many rows of every group fall into every cell of reference class x predicted class.

A million rows become a few hundred counts, and all rates, gaps and ratios are sums and quotients of them. Where rows
come in clusters (customers, patients) the table lists the distinct count vectors of the clusters, and how many
clusters have each: clusters with equal counts are interchangeable, so nothing is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from appliedml.errors import DataError
from appliedml.metrics._group_checks import check_lengths, check_some_rows, column, whole_numbers

Counted = Literal["rows", "positives", "negatives", "selected"]


@dataclass(frozen=True)
class Rate:
    """A quotient of two sums over the cells of the reference x prediction table.

    Parameters
    ----------
    name : str
        The metric's name.
    numerator, denominator : array of bool, shape (n_classes, n_classes)
        Cells [reference class, predicted class] that count.
    counted : str
        What the denominator counts: "rows", "positives", "negatives" or "selected".
    """

    name: str
    numerator: NDArray[np.bool_]
    denominator: NDArray[np.bool_]
    counted: Counted


def rates_for(classes: Sequence[str]) -> dict[str, Rate]:
    """Return the rates of a task by name.

    Parameters
    ----------
    classes : sequence of str
        Class names in code order. With two, ``classes[1]`` is the class of interest. With more, every class is set
        against the others, and its name follows the rate's name after a dot.

    Returns
    -------
    dict of str to Rate

    Raises
    ------
    DataError
        If there are fewer than two classes, or two of one name.

    Examples
    --------
    >>> list(rates_for(["no", "yes"]))[:3]
    ['accuracy', 'prevalence', 'selection_rate']
    >>> list(rates_for(["cat", "dog", "owl"]))[1:3]
    ['prevalence.cat', 'selection_rate.cat']
    """
    n_classes = len(classes)
    if n_classes < 2:
        raise DataError(f"Rates by group need at least 2 classes. There are {n_classes}.")
    if isinstance(classes, str) or len(set(classes)) < n_classes:
        raise DataError(f"Rates by group need a list of classes, each named once. It is {classes!r}. Name each class.")
    every = np.ones((n_classes, n_classes), dtype=bool)
    found = {"accuracy": Rate("accuracy", np.eye(n_classes, dtype=bool), every, "rows")}
    for code, label in [(1, "")] if n_classes == 2 else [(k, f".{name}") for k, name in enumerate(classes)]:
        true = np.zeros_like(every)
        true[code] = True
        chosen = true.T
        definitions: list[tuple[str, NDArray[np.bool_], NDArray[np.bool_], Counted]] = [
            ("prevalence", true, every, "rows"),
            ("selection_rate", chosen, every, "rows"),
            ("true_positive_rate", true & chosen, true, "positives"),
            ("false_positive_rate", ~true & chosen, ~true, "negatives"),
            ("specificity", ~true & ~chosen, ~true, "negatives"),
            ("positive_predictive_value", true & chosen, chosen, "selected"),
            ("negative_predictive_value", ~true & ~chosen, ~chosen, "rows"),
        ]
        found |= {name + label: Rate(name + label, top, bottom, of) for name, top, bottom, of in definitions}
    return found


@dataclass(frozen=True, eq=False)
class GroupTable:
    """Counts of group x reference class x predicted class, by unit of resampling.

    Parameters
    ----------
    groups : tuple of str
    classes : tuple of str
    patterns : sparse array of shape (n_patterns, n_groups * n_classes**2)
        Distinct count vectors. Where every row is a unit of its own: one pattern a cell, with a single 1.
    multiplicity : array of int, shape (n_patterns,)
        How many units have each pattern.
    clustered : bool
        Whether units are clusters of rows.
    """

    groups: tuple[str, ...]
    classes: tuple[str, ...]
    patterns: Any
    multiplicity: NDArray[np.int64]
    clustered: bool

    @property
    def n_units(self) -> int:
        """Number of rows, or of clusters where rows come in clusters."""
        return int(self.multiplicity.sum())

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n_groups, n_classes, n_classes)."""
        return (len(self.groups), len(self.classes), len(self.classes))

    @property
    def counts(self) -> NDArray[np.int64]:
        """Rows by group, reference class and predicted class, shape (n_groups, n_classes, n_classes)."""
        totals = np.rint(self.patterns.T @ self.multiplicity.astype(float))
        return np.asarray(totals, dtype=np.int64).reshape(self.shape)

    def units_in(self, cells: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Count the units with at least one row in some cells, for every group.

        Parameters
        ----------
        cells : array of bool, shape (n_classes, n_classes)

        Returns
        -------
        array of int, shape (n_groups,)
            Rows, or clusters where rows come in clusters: the size of sample that the data really holds.
        """
        # Here and not at the top: a report imports this file, needs no SciPy, and would wait for it.
        from scipy import sparse

        n_groups, n_cells = len(self.groups), cells.size
        group_of = np.repeat(np.arange(n_groups), n_cells)
        wanted = sparse.csr_array(
            (np.tile(cells.ravel(), n_groups).astype(float), (np.arange(len(group_of)), group_of)),
            shape=(len(group_of), n_groups),
        )
        touched = (self.patterns @ wanted) > 0
        return np.asarray(touched.T @ self.multiplicity, dtype=np.int64)


def group_table(
    group: ArrayLike,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    groups: Sequence[str] | None = None,
    classes: Sequence[str] = ("0", "1"),
) -> GroupTable:
    """Count rows by group, reference class and predicted class.

    Parameters
    ----------
    group : array of shape (n_samples,)
        One label per row; or, with ``groups``, its position in ``groups``, and -1 for a row of no group.
    y_true, y_pred : array of int, shape (n_samples,)
        Class codes 0 .. n_classes - 1.
    cluster : array of shape (n_samples,), optional
        What rows belong to (customer, patient); such rows are resampled together. A row whose cluster is missing
        stands alone.
    groups : sequence of str, optional
        Names of the groups; by default the sorted labels.
    classes : sequence of str
        Class names in code order.

    Returns
    -------
    GroupTable

    Raises
    ------
    DataError
        If there is no row of a group, the arrays differ in length, or a code is missing, no whole number or out of
        range.

    Examples
    --------
    >>> table = group_table(["a", "a", "b"], [1, 1, 0], [1, 0, 0])
    >>> table.groups, table.counts[0].tolist()
    (('a', 'b'), [[0, 0], [1, 1]])
    """
    # Here and not at the top: a report imports this file, needs no SciPy, and would wait for it.
    from scipy import sparse

    names, code = group_codes("group_table", group, groups)
    true, pred = (
        class_codes("group_table", values, len(classes), name)
        for values, name in ((y_true, "y_true"), (y_pred, "y_pred"))
    )
    owner = None if cluster is None else column("group_table", "cluster", cluster)
    check_lengths("group_table", group=code, y_true=true, y_pred=pred, cluster=owner)
    check_some_rows("group_table", code)
    n_classes = len(classes)
    n_cells = len(names) * n_classes * n_classes
    inside = code >= 0
    cell = ((code * n_classes + true) * n_classes + pred)[inside]
    if owner is None:
        patterns, multiplicity = sparse.eye_array(n_cells, format="csr"), np.bincount(cell, minlength=n_cells)
    else:
        patterns, multiplicity = _cluster_patterns(cluster_codes(owner)[inside], cell, n_cells)
    return GroupTable(tuple(names), tuple(classes), patterns, multiplicity.astype(np.int64), owner is not None)


def _cluster_patterns(cluster: NDArray[np.int64], cell: NDArray[np.int64], n_cells: int) -> tuple[Any, NDArray[Any]]:
    """Distinct count vectors of the clusters, and how many clusters have each."""
    from scipy import sparse

    keys, counts = np.unique(cluster * n_cells + cell, return_counts=True)
    owner, column = np.divmod(keys, n_cells)
    starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    # A random linear hash in wrapping 64-bit arithmetic: equal vectors always meet; two unequal ones of a million
    # meet with a probability of about one in ten million.
    salt = np.random.default_rng(20).integers(0, 2**64, n_cells, dtype=np.uint64)
    hashed = np.add.reduceat(salt[column] * counts.astype(np.uint64), starts)
    _, first, multiplicity = np.unique(hashed, return_index=True, return_counts=True)
    every = sparse.csr_array((counts.astype(float), column, np.append(starts, len(keys))), shape=(len(starts), n_cells))
    return every[first], multiplicity


def group_codes(who: str, group: ArrayLike, groups: Sequence[str] | None) -> tuple[list[str], NDArray[np.int64]]:
    """Return group names and the position of every row's group.

    Parameters
    ----------
    who : str
        The function that asks.
    group : array of shape (n_samples,)
        Labels, or positions in ``groups``.
    groups : sequence of str, optional

    Returns
    -------
    names : list of str
    codes : array of int, shape (n_samples,)
        -1 for a row of no group.

    Raises
    ------
    DataError
        If a position is missing, no whole number or out of range.

    Examples
    --------
    >>> group_codes("group_table", ["b", "a"], None)
    (['a', 'b'], array([1, 0]))
    """
    if groups is None:
        labels = pd.Series(column(who, "group", np.asarray(group, dtype=object))).astype(object)
        codes, found = pd.factorize(labels.where(labels.isna(), labels.map(str)), sort=True)
        return [str(name) for name in found], codes.astype(np.int64)
    what = f"positions -1 .. {len(groups) - 1} in groups"
    remedy = "Give positions and -1 for a row of no group; or leave groups out, and give labels."
    codes = whole_numbers(who, "group", group, what, remedy)
    if len(codes) and (codes.max() >= len(groups) or codes.min() < -1):
        raise DataError(f"{who}: group must hold {what}. It holds {codes.min()} .. {codes.max()}. {remedy}")
    return list(groups), codes


def class_codes(who: str, values: ArrayLike, n_classes: int, name: str) -> NDArray[np.int64]:
    """Return class codes, checked.

    Parameters
    ----------
    who : str
        The function that asks.
    values : array of shape (n_samples,)
    n_classes : int
    name : str
        For the error message.

    Returns
    -------
    array of int, shape (n_samples,)

    Raises
    ------
    DataError
        If a code is missing, no whole number or out of range.

    Examples
    --------
    >>> class_codes("group_table", [0, 1, 1], 2, "y_true")
    array([0, 1, 1])
    """
    what = f"class codes 0 .. {n_classes - 1}"
    remedy = "Give the position of each row's class."
    if name == "y_pred":
        remedy += " Probabilities become codes by a threshold, as in (p >= 0.5).astype(int), or by argmax(axis=1)."
    codes = whole_numbers(who, name, values, what, remedy)
    if len(codes) and (codes.min() < 0 or codes.max() >= n_classes):
        raise DataError(f"{who}: {name} must hold {what}. It holds {codes.min()} .. {codes.max()}. {remedy}")
    return codes


def cluster_codes(cluster: ArrayLike) -> NDArray[np.int64]:
    """Return a number for every row's cluster; rows whose cluster is missing stand alone.

    Parameters
    ----------
    cluster : array of shape (n_samples,)

    Returns
    -------
    array of int, shape (n_samples,)

    Examples
    --------
    >>> cluster_codes(["x", None, "x", None])
    array([0, 1, 0, 2])
    """
    codes, found = pd.factorize(pd.Series(np.asarray(cluster)))
    alone = codes < 0
    numbers: NDArray[np.int64] = codes.astype(np.int64)
    numbers[alone] = len(found) + np.arange(int(alone.sum()))
    return numbers
