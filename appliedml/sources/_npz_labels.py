"""Labels in a NumPy ``.npz`` file: one whole number a picture, and the name of each class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.errors import DataError

_SHOWN = 5


def check_labels_head(
    owner: str, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], pictures: str, n_pictures: int
) -> None:
    """Refuse an array that cannot be one label a picture, by its head: nothing is loaded.

    Parameters
    ----------
    owner : str
        The source, for sentences.
    name : str
        Of the array.
    shape : tuple of int
    dtype : numpy.dtype
    pictures : str
        Name of the array of pictures.
    n_pictures : int

    Raises
    ------
    DataError
    """
    if len(shape) == 2 and shape[1] > 1:
        raise DataError(
            f"{owner}: {name} has {shape[1]} labels a picture. One is needed: data sets with several findings a "
            "picture (multi-label) are not supported. Keep one column."
        )
    n_labels = math.prod(shape)
    if n_labels != n_pictures:
        raise DataError(
            f"{owner}: every picture needs one label. {pictures} has {n_pictures} pictures, but {name} has {n_labels} "
            "labels. Write both with the same number of rows."
        )
    if dtype.kind not in "biuf":
        raise _not_whole(owner, name, f"It holds {dtype}")


def whole_labels(owner: str, name: str, labels: NDArray[Any]) -> NDArray[np.int64]:
    """Return labels as whole numbers.

    Parameters
    ----------
    owner, name : str
    labels : array of any shape, of numbers or booleans

    Returns
    -------
    array of int64, shape (n_labels,)

    Raises
    ------
    DataError
        If one is no whole number, or none that fits.
    """
    flat = labels.reshape(-1)
    with np.errstate(invalid="ignore"):  # NaN and infinity are found right below
        whole = flat.astype(np.int64)
    wrong = whole != flat
    if wrong.any():
        raise _not_whole(owner, name, f"It holds {flat[wrong][0]} ({flat.dtype})")
    return whole


def _not_whole(owner: str, name: str, held: str) -> DataError:
    return DataError(f"{owner}: {name} must hold whole numbers. {held}. Write 0 for the first class, 1 for the second.")


def named_classes(owner: str, table: pd.DataFrame, classes: Sequence[str] | None) -> pd.DataFrame:
    """Return the table with labels as names.

    Parameters
    ----------
    owner : str
    table : DataFrame
        With a column ``label`` of whole numbers.
    classes : sequence of str, optional
        Name of class 0, 1, 2 ... Default: the numbers stay.

    Returns
    -------
    DataFrame

    Raises
    ------
    DataError
        If a label has no name.

    Examples
    --------
    >>> named_classes("Medmnist", pd.DataFrame({"label": [1, 0]}), ["normal", "ill"])["label"].tolist()
    ['ill', 'normal']
    """
    if classes is None:
        return table
    labels = table["label"].to_numpy()
    negative = labels < 0
    if negative.any():
        raise DataError(
            f"{owner}: labels count the classes from 0. {int(negative.sum())} of {len(labels)} pictures have the label "
            f"{_listed(labels[negative])}, which often stands for unknown. Leave these pictures out, or number the "
            "labels anew."
        )
    if len(labels) and labels.max() >= len(classes):
        raise DataError(
            f"{owner}: classes must name every label. There are {len(classes)} names, and labels from {labels.min()} "
            f"to {labels.max()}; without a name: {_listed(labels[labels >= len(classes)])}. Give {labels.max() + 1} "
            "names."
        )
    return table.assign(label=np.array([str(name) for name in classes], dtype=object)[labels])


def _listed(labels: NDArray[np.int64]) -> str:
    found = np.unique(labels).tolist()
    return ", ".join(map(str, found[:_SHOWN])) + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")
