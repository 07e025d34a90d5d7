"""Labels, weights and validation rows of a fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.utils import column_or_1d

from appliedml.errors import DataError
from appliedml.models._settings import Rows


def check_classes(classes: NDArray[Any], codes: NDArray[np.intp], weight: NDArray[np.float64]) -> None:
    """Refuse rows of fewer than two classes that count.

    Parameters
    ----------
    classes : array of shape (n_classes,)
    codes : array of shape (n_rows,)
    weight : array of shape (n_rows,)

    Raises
    ------
    DataError
        If fewer than two classes have a weight above 0.
    """
    counted = np.unique(codes[weight > 0])
    if len(counted) < 2:
        found = f"1 class: {str(classes[counted[0]])!r}" if len(counted) else "0 classes"
        raise DataError(
            "KerasClassifier: training needs rows of at least two classes with a weight above 0. "
            f"These rows have {found}."
        )


def plain_labels(labels: Any) -> Any:
    """Return labels of one of pandas' own types for whole numbers and booleans in NumPy's, which scikit-learn keeps.

    Parameters
    ----------
    labels : array of shape (n_rows,)

    Returns
    -------
    array of shape (n_rows,)
        As it was given where a label is missing, or its type is another.

    Examples
    --------
    >>> plain_labels(pd.Series([3, 4], dtype="Int64"))
    array([3, 4])
    """
    types = set(labels.dtypes) if isinstance(labels, pd.DataFrame) else {getattr(labels, "dtype", None)}
    kinds = {getattr(one, "numpy_dtype", None) for one in types}
    kind = kinds.pop() if len(kinds) == 1 else None
    if getattr(kind, "kind", "") not in ("i", "u", "b") or np.asarray(pd.isna(labels)).any():
        return labels
    return labels.to_numpy(dtype=kind)


def codes_of(labels: Any, classes: NDArray[Any]) -> NDArray[np.int32]:
    """Return the codes of labels of rows that are not trained on.

    Parameters
    ----------
    labels : array of shape (n_rows,)
    classes : array of shape (n_classes,)
        Ascending.

    Returns
    -------
    array of int32, shape (n_rows,)

    Raises
    ------
    DataError
        If a label is not among the classes.

    Examples
    --------
    >>> codes_of(["b", "a"], np.array(["a", "b"])).tolist()
    [1, 0]
    """
    labels = column_or_1d(plain_labels(labels))
    unknown = ~np.isin(labels, classes)
    if unknown.any():
        raise DataError(
            f"KerasClassifier: validation_data holds the class {str(labels[unknown][0])!r}, which no training row has."
        )
    return np.asarray(np.searchsorted(classes, labels), dtype=np.int32)


def set_aside(rows: Rows, fraction: float, seed: int) -> tuple[Rows, Rows]:
    """Split rows into training and validation rows, stratified by class.

    Parameters
    ----------
    rows : Rows
    fraction : float
        Share of validation rows.
    seed : int

    Returns
    -------
    training, validation : Rows

    Raises
    ------
    DataError
        If a class would have no training or no validation row.
    """
    splitter = StratifiedShuffleSplit(1, test_size=fraction, random_state=seed)
    try:
        _, chosen = next(splitter.split(np.zeros((len(rows), 1)), rows.y))
    except ValueError as error:
        raise DataError(
            f"KerasClassifier: validation_fraction={fraction} of {len(rows)} rows leaves a class without training or "
            "validation rows. Give validation_data, a larger share, or patience_epochs=None."
        ) from error
    aside = np.zeros(len(rows), dtype=bool)
    aside[chosen] = True
    return rows.where(~aside), rows.where(aside)


def weighted(rows: Rows, class_weight: str | Mapping[Any, float] | None, classes: NDArray[Any]) -> Rows:
    """Return rows whose weights include those of their classes, scaled to mean 1.

    Parameters
    ----------
    rows : Rows
    class_weight : None, "balanced" or mapping from class, or its text, to weight
    classes : array of shape (n_classes,)

    Returns
    -------
    Rows

    Raises
    ------
    DataError
        If a class is not among the classes, or all weights are 0.
    """
    weight = rows.weight.astype(np.float64)
    weight = weight * class_factors(rows.y, weight, class_weight, classes)[rows.y]
    if weight.sum() <= 0:
        raise DataError("KerasClassifier: the weights of the training rows sum to 0.")
    return Rows(rows.x, rows.y, (weight / weight.mean()).astype(np.float32))


def class_factors(
    codes: NDArray[np.int32],
    weight: NDArray[np.float64],
    class_weight: str | Mapping[Any, float] | None,
    classes: NDArray[Any],
) -> NDArray[np.float64]:
    """Return what the weights of the rows of each class are multiplied with.

    Parameters
    ----------
    codes : array of shape (n_rows,)
    weight : array of shape (n_rows,)
    class_weight : None, "balanced" or mapping from class, or its text, to weight
        Classes that are numbers or booleans are found by their value: 1, 1.0 and True are one.
    classes : array of shape (n_classes,)

    Returns
    -------
    array of shape (n_classes,)

    Raises
    ------
    DataError
        If a class is not among the classes, or is named twice.
    """
    by_class = np.ones(len(classes))
    if isinstance(class_weight, Mapping):
        by_number = classes.dtype.kind in "biuf"
        texts, named = [_text(label, by_number) for label in classes], set()
        for label, value in class_weight.items():
            text = _text(label, by_number)
            if text not in texts:
                raise DataError(
                    f"KerasClassifier: class_weight names the class {str(label)!r}, which no training row has. "
                    f"Classes: {', '.join(map(str, classes))}."
                )
            if text in named:
                raise DataError(f"KerasClassifier: class_weight names the class {str(label)!r} twice. Name it once.")
            named.add(text)
            by_class[texts.index(text)] = value
    elif class_weight == "balanced":
        totals = np.bincount(codes, weights=weight, minlength=len(classes))
        np.divide(totals.sum(), len(classes) * totals, where=totals > 0, out=by_class)
    return by_class


def _text(label: Any, by_number: bool) -> str:
    """Return a class as text; of numbers and booleans one that 1, 1.0, True and their texts share."""
    text = str(label)
    if not by_number:
        return text
    try:
        return str(float({"true": "1", "false": "0"}.get(text.lower(), text)))
    except ValueError:
        return text
