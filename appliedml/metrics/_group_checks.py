"""What the functions over groups ask of what they are given, and what they say where it is something else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from appliedml.core.params import Integer, Real, Rule, broken_rules
from appliedml.errors import DataError, ParameterError


class Confidence(Rule):
    """A probability that intervals hold."""

    def accepts(self, value: Any) -> bool:
        """Whether the value lies between 0 and 1."""
        return Real(0, 1, open_low=True, open_high=True).accepts(value)

    def describe(self) -> str:
        """The rule in words."""
        return "a probability above 0 and below 1"

    def hint(self, value: Any) -> str:
        """What a percentage is as a probability."""
        return f" Write {float(value) / 100:g}." if Real(1, 100, open_high=True).accepts(value) and value > 1 else ""


_RULES: dict[str, Rule] = {"confidence": Confidence(), "n_resamples": Integer(1), "seed": Integer(0)}


def check_settings(who: str, **given: Any) -> None:
    """Refuse settings out of range, all at once.

    Parameters
    ----------
    who : str
        The function.
    **given
        confidence, n_resamples or seed.

    Raises
    ------
    ParameterError
        If there are any.

    Examples
    --------
    >>> check_settings("group_roc_auc", confidence=0.9)
    """
    broken = broken_rules(who, _RULES, given)
    if broken:
        raise ParameterError("\n".join(broken))


def check_places(who: str, what: str, place: Any, names: tuple[str, ...]) -> None:
    """Refuse what is no position in some names.

    Parameters
    ----------
    who : str
    what : str
        "rate" or "group".
    place : int
    names : tuple of str

    Raises
    ------
    DataError
        If it is none.

    Examples
    --------
    >>> check_places("largest_gap", "rate", 0, ("accuracy",))
    """
    if not Integer(0, len(names) - 1).accepts(place):
        remedy = f"{place!r} is at {names.index(place)}." if place in names else f"They are {', '.join(names)}."
        raise DataError(f"{who}: the {what} must be a position from 0 to {len(names) - 1}. It is {place!r}. {remedy}")


def column(who: str, name: str, values: ArrayLike) -> NDArray[Any]:
    """Return an array with one value a row.

    Parameters
    ----------
    who, name : str
        The function and its parameter.
    values : array of shape (n_samples,)

    Returns
    -------
    array of shape (n_samples,)

    Raises
    ------
    DataError
        If it has another shape.

    Examples
    --------
    >>> column("group_table", "y_true", [0, 1]).tolist()
    [0, 1]
    """
    try:
        found = np.asarray(values)
    except ValueError as error:
        raise DataError(f"{who}: {name} must hold one value a row. Its rows are of different lengths.") from error
    if found.ndim != 1:
        what = "Give one of its columns." if found.ndim == 2 else "Give a list or an array of one dimension."
        raise DataError(f"{who}: {name} must hold one value a row, shape (n,). Its shape is {found.shape}. {what}")
    return found


def check_lengths(who: str, **columns: NDArray[Any] | None) -> None:
    """Refuse columns of different lengths.

    Parameters
    ----------
    who : str
    **columns : array or None

    Raises
    ------
    DataError
        If lengths differ.
    """
    lengths = {name: len(values) for name, values in columns.items() if values is not None}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise DataError(
            f"{who}: needs arrays of one length, a value for each row. There are {shown}. Give all for the same rows."
        )


def check_some_rows(who: str, code: NDArray[np.int64]) -> None:
    """Refuse rows none of which is of a group.

    Parameters
    ----------
    who : str
    code : array of int, shape (n_samples,)
        Position of each row's group; -1 for a row of no group.

    Raises
    ------
    DataError
        If there are no rows, or all are of no group.

    Examples
    --------
    >>> check_some_rows("group_table", np.array([-1, 0]))
    """
    if not (code >= 0).any():
        given = f"None of {len(code)} rows has a group" if len(code) else "There are none"
        raise DataError(f"{who}: needs rows of a group. {given}. Give at least one row of a group.")


def whole_numbers(who: str, name: str, values: ArrayLike, what: str, remedy: str) -> NDArray[np.int64]:
    """Return codes as whole numbers; a value that is none is refused, and not cut down to one.

    Parameters
    ----------
    who, name : str
    values : array of shape (n_samples,)
    what : str
        What the values must be: "class codes 0 .. 1".
    remedy : str
        What to give in place of other values.

    Returns
    -------
    array of int, shape (n_samples,)

    Raises
    ------
    DataError
        If a value is missing or no whole number.

    Examples
    --------
    >>> whole_numbers("group_table", "y_true", [0.0, 1.0], "class codes 0 .. 1", "").tolist()
    [0, 1]
    """
    found = column(who, name, values)
    if found.dtype.kind in "iub":
        return found.astype(np.int64)
    numbers = np.full(len(found), np.nan) if found.dtype.kind in "USMmcV" else _numbers(found)
    strange = ~np.isfinite(numbers)
    strange[~strange] = numbers[~strange] != np.rint(numbers[~strange])
    if strange.any():
        raise DataError(f"{who}: {name} must hold {what}. It holds {_shown(found[strange][0])}. {remedy}")
    return numbers.astype(np.int64)


def scores_of(who: str, values: ArrayLike, *, probabilities: bool) -> NDArray[np.float64]:
    """Return scores, none of them missing.

    Parameters
    ----------
    who : str
    values : array of shape (n_samples,)
    probabilities : bool
        Whether they must lie between 0 and 1.

    Returns
    -------
    array of shape (n_samples,)

    Raises
    ------
    DataError
        If one is missing, or out of range.

    Examples
    --------
    >>> scores_of("group_roc_auc", [0.5, 2], probabilities=False).tolist()
    [0.5, 2.0]
    """
    found = column(who, "score", values)
    text = found.dtype.kind in "USMmcV"
    scores = np.full(len(found), np.nan) if text else _numbers(found)
    missing = np.isnan(scores)
    if missing.any():
        first = int(np.flatnonzero(missing)[0])
        raise DataError(
            f"{who}: score must hold a number for every row. Row {first} has {_shown(found[first])}, and "
            f"{int(missing.sum())} of {len(scores)} rows have none. Leave these rows out, or score them."
        )
    if probabilities and len(scores) and (scores.min() < 0 or scores.max() > 1):
        raise DataError(
            f"{who}: score must hold probabilities from 0 to 1. It holds {scores.min():g} .. {scores.max():g}. Give "
            "the probability of class 1 (predict_proba), not a score on another scale."
        )
    return scores


def _numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    if values.dtype.kind in "fiub":
        return values.astype(np.float64, copy=False)
    found = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce")
    numbers: NDArray[np.float64] = found.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    # Text that looks like a number is still text.
    numbers[[isinstance(value, str | bytes) for value in values]] = np.nan
    return numbers


def _shown(value: Any) -> str:
    return repr(value.item() if isinstance(value, np.generic) else value)
