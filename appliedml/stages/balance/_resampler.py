"""The shared half of our samplers: reading rows and labels, checking them, and handing back the same kinds."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.multiclass import type_of_target

from appliedml.core.params import AnyOf, Integer, Null, Real
from appliedml.core.stage import Configured
from appliedml.errors import StageError
from appliedml.stages.balance._blocks import made_in_blocks, n_blocks
from appliedml.stages.prepare._columns import is_boolean, is_categorical, is_number, number_matrix, read_table

RATIO = Real(0, 1, open_low=True)
NEIGHBORS = Integer(1)
NOTHING_ADDED = "Every class has at least {:g} times the rows of the largest: nothing added."
SEED = AnyOf(Integer(0, 2**32 - 1), Null())


@dataclass(frozen=True)
class Rows:
    """Training rows, read.

    Parameters
    ----------
    table : DataFrame of shape (n_samples, n_features)
    codes : array of int, shape (n_samples,)
        Position of the label in ``classes``.
    classes : array of shape (n_classes,)
        Labels, sorted.
    """

    table: pd.DataFrame
    codes: NDArray[np.intp]
    classes: NDArray[Any]

    @cached_property
    def counts(self) -> list[int]:
        """Rows of every class."""
        return [int(n) for n in np.bincount(self.codes, minlength=len(self.classes))]

    def label(self, code: int) -> str:
        """The label of a class as Python would write it."""
        label = self.classes[code]
        return repr(label.item() if isinstance(label, np.generic) else label)

    def missing_rows(self, ratio: float) -> dict[int, int]:
        """Return how many rows each class lacks to reach ``ratio`` times the largest; complete classes are left out.

        Parameters
        ----------
        ratio : float

        Returns
        -------
        dict of int to int
            Class code to rows.
        """
        wanted = round(max(self.counts) * ratio)
        return {code: wanted - n for code, n in enumerate(self.counts) if n < wanted}


class Resampler(Configured):
    """A sampler over tables.

    A subclass writes ``_resample(rows)``, which returns positions of rows (a selection, kept as ``sample_indices_``) or
    a table of new rows with their codes (additions, put behind the given rows).

    Attributes
    ----------
    notes_ : list of str
        What a reader should know, in plain sentences.
    sample_indices_ : array of int
        For selections only: the input row of every output row.
    """

    _estimator_type: ClassVar[str] = "sampler"
    # Whether rows are picked without a look at their values: then pictures and texts can be picked too.
    picks_blindly: ClassVar[bool] = False
    # Whether rows are made that lie between the given ones.
    invents_rows: ClassVar[bool] = False
    notes_: list[str]

    @abstractmethod
    def _resample(self, rows: Rows) -> Any:
        """Return positions (array of int), or new rows (DataFrame, codes)."""

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return resampled training rows. Never use it on validation or test rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
        y : array or Series of shape (n_samples,)
            Labels of two or more classes.

        Returns
        -------
        X : DataFrame or array of shape (n_out, n_features)
            Same kind, columns and dtypes. A DataFrame is numbered afresh.
        y : array or Series of shape (n_out,)

        Raises
        ------
        StageError
            If a parameter breaks its rule, or the rows cannot be resampled so; the message says what to do instead.
        """
        self.check_parameters()
        self.notes_ = []
        rows = self._read(X, y)
        found = self._resample(rows)
        if isinstance(found, tuple):
            new, codes = found
            table = pd.concat([rows.table, new], ignore_index=True) if len(new) else rows.table.reset_index(drop=True)
            labels = np.concatenate([np.asarray(y), rows.classes[codes]]) if len(new) else np.asarray(y)
        else:
            self.sample_indices_ = found
            table = rows.table.iloc[found].reset_index(drop=True)
            labels = np.asarray(y)[found]
        return _as_given(table, X), _labels_as_given(labels, y)

    def _read(self, X: Any, y: Any) -> Rows:
        name = type(self).__name__
        table = read_table(name, X)
        labels = np.asarray(y)
        if labels.shape != (len(table),):
            raise StageError(
                f"{name} needs one label per row. X has {len(table)} rows, y has shape {labels.shape}. "
                "Give y as one column with the same rows."
            )
        return Rows(table, *self._classes(table, labels))

    def _classes(self, table: pd.DataFrame, labels: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[Any]]:
        """Return class codes and the sorted classes."""
        name = type(self).__name__
        n_missing = int(pd.isna(labels).sum())
        if n_missing:
            raise StageError(
                f"{name} needs a label for every row. {n_missing} of {len(table)} are missing. Drop those rows first."
            )
        if type_of_target(labels) not in ("binary", "multiclass"):
            raise StageError(f"{name} needs classes as labels. y holds continuous numbers. Leave the stage out.")
        classes, codes = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            raise StageError(
                f"{name} needs rows of at least two classes. All {len(table)} rows are of class "
                f"{str(classes[0])!r}. Use stratified folds, or more rows."
            )
        return codes, classes

    def _number_matrix(self, rows: Rows, columns: Sequence[str], *, instead: str) -> NDArray[np.float64]:
        """Return columns as numbers, refusing what has no distance: categories, dates, missing and infinite values."""
        name = type(self).__name__
        other = [c for c in columns if not is_number(rows.table[c])]
        if other:
            shown = ", ".join(f"{c!r} ({rows.table[c].dtype})" for c in other[:5])
            more = f" and {len(other) - 5} more" if len(other) > 5 else ""
            raise StageError(f"{name} works on numbers only. These columns are not: {shown}{more}. {instead}")
        matrix = number_matrix(rows.table, columns)
        bad = ~np.isfinite(matrix)
        if bad.any():
            found = ", ".join(f"{columns[i]!r} ({n})" for i, n in enumerate(bad.sum(axis=0).tolist()) if n)
            raise StageError(
                f"{name} needs a finite number in every cell. Missing or infinite values are in: {found}. "
                "Put impute_missing before it."
            )
        return matrix


class NeighborSampler(Resampler):
    """A sampler that makes rows between a row and its neighbours, up to ``ratio``; built on imbalanced-learn."""

    neighbors: int
    ratio: float
    random_state: int | None
    invents_rows: ClassVar[bool] = True
    hint: ClassVar[str] = "Use smote_nc, or put encode_categories (and dates_to_parts) before it."

    def _others(self, rows: Rows, strategy: dict[int, int]) -> int:
        """Number of rows among which the neighbours of a row are looked for."""
        return len(rows.codes)

    @abstractmethod
    def _sampler(self, strategy: dict[int, int]) -> Any:
        """Return the imbalanced-learn sampler for these class sizes."""

    def _resample(self, rows: Rows) -> Any:
        wanted = rows.missing_rows(self.ratio)
        matrix = self._number_matrix(rows, list(rows.table.columns), instead=self.hint)
        require_rows(type(self).__name__, self.neighbors, rows, wanted)
        if not wanted:
            self.notes_.append(NOTHING_ADDED.format(self.ratio))
            return rows.table.iloc[:0], np.empty(0, dtype=np.intp)
        strategy = {code: rows.counts[code] + n for code, n in wanted.items()}
        made, codes = self._made(rows, matrix, strategy)
        return cast_like(made, rows.table), codes

    def _made(
        self, rows: Rows, matrix: NDArray[np.float64], strategy: dict[int, int]
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Return the new rows and their codes: imbalanced-learn puts them behind the given rows."""
        blocks = n_blocks(max(rows.counts[code] for code in strategy) * self._others(rows, strategy))
        if blocks > 1:
            self.notes_.append(
                f"Neighbours were looked for in {blocks} random parts of the {len(matrix)} rows: all pairs are too "
                "many."
            )

            def make(wanted: dict[int, int], seed: int) -> Any:
                return self._sampler(wanted).set_params(random_state=seed)

            return made_in_blocks(make, matrix, rows.codes, strategy, blocks, self.random_state, self.neighbors + 1)
        resampled, codes = self._sampler(strategy).fit_resample(matrix, rows.codes)
        return resampled[len(matrix) :], codes[len(matrix) :]


def require_rows(owner: str, neighbors: int, rows: Rows, wanted: dict[int, int]) -> None:
    """Raise StageError if a class to add to has too few rows for its neighbours.

    Parameters
    ----------
    owner : str
        Class that asks, for the error.
    neighbors : int
    rows : Rows
    wanted : dict of int to int
        Class code to rows to add.

    Raises
    ------
    StageError
    """
    for code in wanted:
        n = rows.counts[code]
        if n <= neighbors:
            fewer = f"Use neighbors={n - 1} or fewer, fewer folds, or random_over." if n > 1 else "Use random_over."
            raise StageError(
                f"{owner} needs at least {neighbors + 1} training rows of every class it adds to, to use "
                f"neighbors={neighbors}. There {'is 1 row' if n == 1 else f'are {n} rows'} of class "
                f"{rows.label(code)}. {fewer}"
            )


def cast_like(made: NDArray[np.float64], table: pd.DataFrame) -> pd.DataFrame:
    """Return new rows with the dtypes of the table; whole-number columns are rounded to the nearest.

    Parameters
    ----------
    made : array of shape (n_new, n_features)
    table : DataFrame with n_features columns

    Returns
    -------
    DataFrame of shape (n_new, n_features)
    """
    columns = {}
    for i, column in enumerate(table.columns):
        kind = table[column].dtype
        # A fraction in a column of whole numbers would tell a model which rows are synthetic.
        values = np.rint(made[:, i]) if pd.api.types.is_integer_dtype(kind) else made[:, i]
        columns[column] = pd.Series(values).astype(kind)
    return pd.DataFrame(columns, columns=table.columns)


def categorical_columns(table: pd.DataFrame) -> list[str]:
    """Return the columns of category, text, object or boolean dtype."""
    return [c for c in table.columns if is_categorical(table[c]) or is_boolean(table[c])]


def _as_given(table: pd.DataFrame, X: Any) -> Any:
    if isinstance(X, pd.DataFrame):
        return table.set_axis(X.columns, axis=1)
    given = np.asarray(X).dtype
    array = table.to_numpy()
    return array.astype(given) if array.dtype != given else array


def _labels_as_given(labels: NDArray[Any], y: Any) -> Any:
    if isinstance(y, pd.Series):
        return pd.Series(labels, name=y.name).astype(y.dtype)
    return labels
