"""Rows of inputs, whatever they are: tables (DataFrame), arrays, and lazily read images or texts.

An input is anything with a length whose rows can be taken by position. Tables are pandas DataFrames as they are, so
that every scikit-learn transformer works on them.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@runtime_checkable
class Inputs(Protocol):
    """What lazily read inputs (images, long texts) must offer; DataFrames and arrays are handled as they are."""

    def __len__(self) -> int:
        """Number of rows."""
        ...

    def take(self, rows: NDArray[np.intp]) -> Any:
        """Return the rows at these positions, in this order."""
        ...

    def fingerprint(self) -> str:
        """Hash of the content, as hex."""
        ...


def take_rows(inputs: Any, rows: NDArray[np.intp]) -> Any:
    """Return rows of any kind of inputs by position.

    Parameters
    ----------
    inputs : DataFrame, Series, array or Inputs
    rows : array of int, shape (n_rows,)

    Returns
    -------
    object
        The same kind of inputs. A DataFrame gets a fresh index 0..n_rows-1.

    Examples
    --------
    >>> take_rows(np.array([10, 20, 30]), np.array([2, 0])).tolist()
    [30, 10]
    """
    if isinstance(inputs, pd.DataFrame | pd.Series):
        return inputs.iloc[rows].reset_index(drop=True)
    if isinstance(inputs, np.ndarray):
        return inputs[rows]
    if isinstance(inputs, Inputs):
        return inputs.take(rows)
    return np.asarray(inputs)[rows]


def n_features(inputs: Any) -> int:
    """Return the size of the second axis, or 1 where there is none.

    Parameters
    ----------
    inputs : object

    Returns
    -------
    int

    Examples
    --------
    >>> n_features(np.zeros((3, 4)))
    4
    """
    shape: Any = getattr(inputs, "shape", (0,))
    return int(shape[1]) if len(tuple(shape)) > 1 else 1
