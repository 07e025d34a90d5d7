"""Columns by kind, and category levels as text: what the stages that read tables share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_array

from appliedml.core.images import Images
from appliedml.core.texts import Texts
from appliedml.errors import StageError

MISSING = "missing"


def read_table(owner: str, X: Any) -> pd.DataFrame:
    """Return inputs as a DataFrame whose column names are unique texts.

    Parameters
    ----------
    owner : str
        Class that asks, for the error.
    X : DataFrame or array of shape (n_samples, n_features)
        Columns of an array are named ``x0``, ``x1`` ..., as scikit-learn names them.

    Returns
    -------
    DataFrame
        The same object where it already fits.

    Raises
    ------
    StageError
        If two columns have the same name, or the inputs are pictures or texts.
    ValueError
        From scikit-learn, if an array has no rows, no columns, or more than two dimensions.
    """
    if isinstance(X, Images | Texts):
        pictures = isinstance(X, Images)
        kind = "pictures" if pictures else "texts"
        before = "image_features or flatten_images" if pictures else "text_embeddings"
        raise StageError(
            f"{owner} reads tables, and {kind} are none. It was given {len(X)} {kind}. Put {before} before it, or "
            f"leave it out: networks for {kind} need no such stage."
        )
    if not isinstance(X, pd.DataFrame):
        array = check_array(X, dtype=None, ensure_all_finite=False, estimator=owner)
        return pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])]).infer_objects()
    if not all(isinstance(name, str) for name in X.columns):
        X = X.set_axis([str(name) for name in X.columns], axis=1)
    if not X.columns.is_unique:
        twice = list(dict.fromkeys(X.columns[X.columns.duplicated()]))
        raise StageError(f"{owner} needs unique column names. These occur more than once: {twice}. Rename them.")
    return X


def is_boolean(values: pd.Series[Any]) -> bool:
    """Whether a column holds booleans: by dtype, or True, False and missing values in an object column."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return False
    if pd.api.types.is_object_dtype(values.dtype):
        return bool(pd.api.types.infer_dtype(values, skipna=True) == "boolean")
    return bool(pd.api.types.is_bool_dtype(values.dtype))


def is_number(values: pd.Series[Any]) -> bool:
    """Whether a column holds numbers other than booleans."""
    return bool(pd.api.types.is_numeric_dtype(values.dtype)) and not pd.api.types.is_bool_dtype(values.dtype)


def is_date(values: pd.Series[Any]) -> bool:
    """Whether a column holds points in time."""
    return bool(pd.api.types.is_datetime64_any_dtype(values.dtype))


def is_categorical(values: pd.Series[Any]) -> bool:
    """Whether a column is of category, text or object dtype, and not of booleans."""
    kind = values.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return True
    return bool(pd.api.types.is_object_dtype(kind) or pd.api.types.is_string_dtype(kind)) and not is_boolean(values)


def chosen(
    owner: str,
    table: pd.DataFrame,
    columns: Sequence[str] | None,
    automatic: Iterable[str],
    *,
    allowed: Collection[str] | None = None,
    kind: str = "",
) -> list[str]:
    """Return the columns to work on: those named by the user, or else the automatic ones, in table order.

    Parameters
    ----------
    owner : str
        Class that asks, for the error.
    table : DataFrame
    columns : sequence of str or None
        What the user named.
    automatic : iterable of str
        Used when the user named nothing.
    allowed : collection of str, optional
        Columns of the right kind; others may not be named. None allows all.
    kind : str
        The right kind in words.

    Returns
    -------
    list of str

    Raises
    ------
    StageError
        If a named column is absent or of the wrong kind.
    """
    if columns is None:
        return list(automatic)
    for name in columns:
        if name not in table.columns:
            close = get_close_matches(name, list(table.columns), n=1)
            hint = f" Did you mean {close[0]!r}?" if close else f" Columns: {list(table.columns)}."
            raise StageError(f"{owner}: column {name!r} in columns is not in the table.{hint}")
        if allowed is not None and name not in allowed:
            raise StageError(
                f"{owner} works on {kind}. Column {name!r} in columns holds {table[name].dtype} values. "
                "Leave it out, or convert it first."
            )
    wanted = set(columns)
    return [name for name in table.columns if name in wanted]


def numbers(values: pd.Series[Any]) -> NDArray[np.float64]:
    """Return a numeric or boolean column as float64 of shape (n_samples,), missing as NaN.

    Raises
    ------
    StageError
        If a value is not a number.
    """
    try:
        found: NDArray[np.float64] = values.to_numpy(dtype=np.float64, na_value=np.nan)
        return found
    except (TypeError, ValueError) as error:
        raise StageError(
            f"Column {values.name!r} must hold numbers, as it did in training. It holds {values.dtype} values: "
            f"{error}. Convert it before this stage."
        ) from error


def number_matrix(table: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.float64]:
    """Return numeric columns as float64 of shape (n_samples, n_columns), missing as NaN."""
    matrix = np.empty((len(table), len(columns)), dtype=np.float64)
    for position, name in enumerate(columns):
        matrix[:, position] = numbers(table[name])
    return matrix


def refuse_infinite(owner: str, matrix: NDArray[np.float64], columns: Sequence[str]) -> None:
    """Raise StageError if a value is infinite.

    Parameters
    ----------
    owner : str
        Class that asks, for the error.
    matrix : array of shape (n_samples, n_columns)
    columns : sequence of str
        Names of the columns.

    Raises
    ------
    StageError
    """
    n_infinite = np.isinf(matrix).sum(axis=0)
    if n_infinite.any():
        found = ", ".join(f"{columns[i]!r} ({n_infinite[i]})" for i in np.flatnonzero(n_infinite).tolist())
        raise StageError(
            f"{owner} needs finite numbers. Infinite values (infinity) are in: {found}. "
            "Set them to missing with a clean stage, or mend the source."
        )


@dataclass(frozen=True)
class Levels:
    """A categorical column as codes into its levels.

    Parameters
    ----------
    codes : array of int, shape (n_samples,)
        Position in ``texts``; -1 where the value is missing.
    texts : tuple of str
        Levels in their natural order: as the categories say, by number, or else by text.
    """

    codes: NDArray[np.intp]
    texts: tuple[str, ...]

    def counts(self) -> NDArray[np.intp]:
        """Return the rows of every level, shape (n_levels,)."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.texts))

    def recode(self, position: dict[str, int], unknown: int, missing: int) -> NDArray[np.intp]:
        """Return the codes in another list of levels.

        Parameters
        ----------
        position : dict of str to int
            New code of every known level.
        unknown, missing : int
            New code of levels that are not known, and of missing values.

        Returns
        -------
        array of int, shape (n_samples,)
        """
        # The last entry answers code -1.
        table = np.array([*(position.get(text, unknown) for text in self.texts), missing], dtype=np.intp)
        return table[self.codes]


def read_levels(values: pd.Series[Any]) -> Levels:
    """Return a column of any kind as codes and text levels; only levels that occur are listed.

    Parameters
    ----------
    values : Series of shape (n_samples,)

    Returns
    -------
    Levels

    Raises
    ------
    StageError
        If a cell holds a list, a dict or the like.

    Examples
    --------
    >>> read_levels(pd.Series(["b", None, "a", "b"])).texts
    ('a', 'b')
    >>> read_levels(pd.Series([10.0, 2.0, float("nan")])).texts
    ('2', '10')
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        raw = values.cat.codes.to_numpy(dtype=np.intp)
        occurs = np.bincount(raw[raw >= 0], minlength=len(values.cat.categories)) > 0
        uniques = [level_text(value) for value in values.cat.categories[occurs]]
        raw = np.append(np.cumsum(occurs) - 1, -1)[raw]
        order = list(range(len(uniques)))
    else:
        raw, found = _factorized(values)
        uniques = [level_text(value) for value in found]
        keys = found if is_number(values) or is_date(values) or is_boolean(values) else uniques
        order = sorted(range(len(uniques)), key=lambda i: keys[i])
    # 1 and "1" in an object column are one level.
    texts = tuple(dict.fromkeys(uniques[i] for i in order))
    position = {text: i for i, text in enumerate(texts)}
    table = np.array([*(position[text] for text in uniques), -1], dtype=np.intp)
    return Levels(table[raw], texts)


def _factorized(values: pd.Series[Any]) -> tuple[NDArray[np.intp], Any]:
    try:
        codes, found = pd.factorize(values, use_na_sentinel=True)
    except TypeError as error:
        raise StageError(
            f"Column {values.name!r} must hold one text or number a cell. It holds something else: {error}. "
            "Convert it to text, or drop it."
        ) from error
    return codes, found


def level_text(value: Any) -> str:
    """Return a level as text; whole floats lose their ".0", so that a column reads the same with missing values."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def unique_name(wanted: str, taken: Collection[str]) -> str:
    """Return the name, with a number behind it where it is taken."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted} ({number})", number + 1
    return name


def in_place(
    columns: Iterable[str], parts: dict[str, list[str]], reserved: Collection[str] = ()
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the output columns, each in the place of its source.

    Parameters
    ----------
    columns : iterable of str
        Input columns in order.
    parts : dict of str to list of str
        Wanted output names of the input columns that change; the others stay as they are.
    reserved : collection of str
        Further names that may not be used.

    Returns
    -------
    sources : dict of str to str
        Output column to input column, in output order.
    names : dict of str to list of str
        Final output names of the input columns in ``parts``: unique, so a few may differ from what was wanted.
    """
    kept = [name for name in columns if name not in parts]
    taken = {*kept, *reserved}
    sources: dict[str, str] = {}
    names: dict[str, list[str]] = {}
    for column in columns:
        if column not in parts:
            sources[column] = column
            continue
        names[column] = []
        for wanted in parts[column]:
            name = unique_name(wanted, taken)
            taken.add(name)
            names[column].append(name)
            sources[name] = column
    return sources, names
