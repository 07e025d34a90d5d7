"""The shared half of our transform stages: reading tables at fit and at transform, and handing back the same kind."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from appliedml.core.stage import Configured
from appliedml.errors import StageError
from appliedml.stages.prepare._columns import read_table


class TableStage(TransformerMixin, Configured):
    """A transform stage over tables.

    A subclass writes ``_learn(table, y)``, which sets ``feature_sources_``, and ``_apply(table)``, which returns a
    DataFrame with exactly those columns. Parameters are checked, columns are found by name, and an array comes back for
    an array.

    Attributes
    ----------
    feature_sources_ : dict of str to str
        Output column to the input column it was made from, in output order.
    notes_ : list of str
        What a reader should know about the training rows, in plain sentences.
    n_features_in_ : int
    feature_names_in_ : array of str, shape (n_features_in_,)
        Only where the inputs had column names.
    """

    feature_sources_: dict[str, str]
    notes_: list[str]

    @abstractmethod
    def _learn(self, table: pd.DataFrame, y: Any) -> None:
        """Learn from the training rows and set ``feature_sources_``."""

    @abstractmethod
    def _apply(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the output table; the input must not change."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from training rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
        y : array of shape (n_samples,), optional
            Labels; most stages do not look at them.

        Returns
        -------
        self

        Raises
        ------
        StageError
            If a parameter breaks its rule or the columns cannot be used as asked.
        """
        self.check_parameters()
        table = self._read_training(X)
        self.notes_ = []
        self._learn(table, y)
        return self

    def transform(self, X: Any) -> Any:
        """Apply what was learnt.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
            A DataFrame is read by column name: order does not matter and columns unknown to ``fit`` are left out. An
            array is read by position.

        Returns
        -------
        DataFrame or array of shape (n_samples, n_features_out)
            A DataFrame for a DataFrame.

        Raises
        ------
        StageError
            If a column is missing.
        """
        check_is_fitted(self, "feature_sources_")
        return self._hand_back(self._apply(self._read_new(X)), X)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the output columns.

        Parameters
        ----------
        input_features : array of str, optional
            If given, must be the columns seen in ``fit``.

        Returns
        -------
        array of str, shape (n_features_out,)

        Raises
        ------
        StageError
            If ``input_features`` are others.
        """
        check_is_fitted(self, "feature_sources_")
        if input_features is not None and list(map(str, input_features)) != self._columns:
            # scikit-learn's own tests read the first words.
            raise StageError(
                f"input_features is not equal to feature_names_in_: {type(self).__name__} was fitted on "
                f"{self._columns}."
            )
        return np.array(list(self.feature_sources_), dtype=object)

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that missing values and text are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _read_training(self, X: Any) -> pd.DataFrame:
        name = type(self).__name__
        table = read_table(name, X)
        if table.empty:
            raise StageError(f"{name} needs at least one row and one column to fit. The table has shape {table.shape}.")
        validate_data(self, X=table if isinstance(X, pd.DataFrame) else np.empty(table.shape), skip_check_array=True)
        self._columns = list(table.columns)
        return table

    def _read_new(self, X: Any) -> pd.DataFrame:
        name = type(self).__name__
        table = read_table(name, X)
        if isinstance(X, pd.DataFrame) and hasattr(self, "feature_names_in_"):
            absent = [column for column in self._columns if column not in table.columns]
            if absent:
                raise StageError(
                    f"{name} was fitted on columns that the table does not have: {absent}. "
                    "Give the same columns as in training."
                )
            return table if list(table.columns) == self._columns else table[self._columns]
        if table.shape[1] != len(self._columns):
            # scikit-learn's own tests read the first sentence.
            raise StageError(
                f"X has {table.shape[1]} features, but {name} is expecting {len(self._columns)} features as input. "
                f"It was fitted on {self._columns}."
            )
        return table if list(table.columns) == self._columns else table.set_axis(self._columns, axis=1)

    @staticmethod
    def _hand_back(table: pd.DataFrame, X: Any) -> Any:
        return table if isinstance(X, pd.DataFrame) else table.to_numpy()


def assemble(columns: dict[str, Any], index: pd.Index) -> pd.DataFrame:
    """Return a DataFrame of ready columns.

    Parameters
    ----------
    columns : dict of str to array or Series of shape (n_samples,)
        In output order. A Series must have the index below.
    index : Index of n_samples entries

    Returns
    -------
    DataFrame
    """
    return pd.DataFrame(columns, index=index)
