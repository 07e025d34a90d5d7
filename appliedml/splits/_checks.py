"""What every split asks of the rows, said in one way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.samples import Samples, as_samples
from appliedml.errors import DataError

Positions = tuple[NDArray[np.intp], NDArray[np.intp]]


def labelled(owner: str, X: Any, y: Any) -> Samples:
    """Return samples that have labels of at least two classes.

    Parameters
    ----------
    owner : str
        The split, for the sentence.
    X : Samples, DataFrame or array
    y : array of shape (n_samples,), optional

    Returns
    -------
    Samples

    Raises
    ------
    DataError
        If there are no labels, or only one class.
    """
    samples = as_samples(X, y)
    if samples.y is None:
        raise DataError(f"{owner}: labels are needed to keep every class in every fold. Give y.")
    if len(np.unique(samples.y)) < 2:
        raise DataError(f"{owner}: two classes are needed. All {len(samples)} rows are of class {samples.y[0]!r}.")
    return samples


def check_class_sizes(owner: str, samples: Samples, folds: int) -> None:
    """Refuse a class with fewer rows than folds.

    Parameters
    ----------
    owner : str
    samples : Samples
    folds : int

    Raises
    ------
    DataError
        If a class is smaller than the number of folds.
    """
    levels, counts = np.unique(np.asarray(samples.y), return_counts=True)
    if counts.min() < folds:
        rare = str(levels[counts.argmin()])
        raise DataError(
            f"{owner}: every fold needs a row of every class. Class {rare!r} has {counts.min()} rows "
            f"for {folds} folds. Use {max(2, counts.min())} folds or fewer, or collect more rows of that class."
            if counts.min() >= 2
            else f"{owner}: every fold needs a row of every class. Class {rare!r} has 1 row for {folds} folds. "
            "Collect more rows of that class, or drop it."
        )


def refuse_groups(owner: str, samples: Samples, groups: Any) -> None:
    """Refuse rows that come in groups: they would straddle folds.

    Parameters
    ----------
    owner : str
    samples : Samples
    groups : array, optional

    Raises
    ------
    DataError
        If the rows have groups.
    """
    if samples.group is not None or groups is not None:
        raise DataError(
            f"{owner}: rows of one group would straddle folds, and the scores would be too good. "
            "The schema names a group: use group_kfold."
        )


def group_codes(owner: str, samples: Samples, groups: Any) -> NDArray[np.intp]:
    """Return one code per row for its group; a missing group is a group of its own.

    Parameters
    ----------
    owner : str
    samples : Samples
    groups : array of shape (n_samples,), optional
        Overrides the samples' own.

    Returns
    -------
    array of int, shape (n_samples,)

    Raises
    ------
    DataError
        If there are no groups.
    """
    found = groups if groups is not None else samples.group
    if found is None:
        raise DataError(f"{owner}: a group for every row is needed. Name the group column in the schema, or use kfold.")
    values = pd.Series(np.asarray(found, dtype=object))
    codes = pd.factorize(values)[0].astype(np.intp)
    missing = np.flatnonzero(codes < 0)
    codes[missing] = codes.max() + 1 + np.arange(len(missing))
    out: NDArray[np.intp] = codes
    return out


def times(owner: str, samples: Samples) -> NDArray[Any]:
    """Return the time of every row.

    Parameters
    ----------
    owner : str
    samples : Samples

    Returns
    -------
    array of shape (n_samples,)

    Raises
    ------
    DataError
        If there is no time, or it is missing in some rows.
    """
    if samples.time is None:
        raise DataError(f"{owner}: a time for every row is needed. Name the time column in the schema, or use kfold.")
    missing = int(samples.time.isna().sum())
    if missing:
        raise DataError(f"{owner}: a time for every row is needed. {missing} rows have none. Drop or fill them first.")
    values: NDArray[Any] = samples.time.to_numpy()
    return values
