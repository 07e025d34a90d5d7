"""Fill missing values, and keep the fact that they were missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer

from appliedml.core.params import AnyOf, Boolean, Choice, ListOf, Null, Real, Rule, Text
from appliedml.stages.prepare._columns import (
    MISSING,
    chosen,
    in_place,
    is_boolean,
    is_categorical,
    is_number,
    level_text,
    number_matrix,
    numbers,
    read_levels,
    refuse_infinite,
)
from appliedml.stages.prepare._table_stage import TableStage, assemble


class ImputeMissing(TableStage):
    """Fill missing values with what the training rows say, and mark where numbers were missing.

    Parameters
    ----------
    numeric : {"median", "mean", "constant"}
        Fill for numbers: a statistic of the training rows, or ``fill_number``. For imputation from neighbours use
        scikit-learn's ``knn_imputer`` (its cost grows with the square of the rows).
    categorical : {"constant", "most_frequent"}
        Fill for categories: the level ``fill_text``, or the training rows' most frequent level.
    fill_number : float
        Fill for numbers with ``numeric="constant"``, and for numeric columns without a training value.
    fill_text : str
        Level for categories with ``categorical="constant"``, and for categories without a training value.
    indicators : bool
        Add a column ``<column> is missing`` (int8, 0 or 1) for every column that had missing values in training and
        whose fill does not show it: numbers, booleans, and categories with ``categorical="most_frequent"``.
    columns : list of str, optional
        Columns to fill. Default: all. Points in time are left alone; ``dates_to_parts`` turns them into numbers.

    Attributes
    ----------
    fills_ : dict of str to float, bool or str
        The fill of every column.
    all_missing_ : list of str
        Columns without a single training value. They become a constant, at transform too, for the model has not
        learnt what their values mean.
    feature_sources_ : dict of str to str
    notes_ : list of str

    Raises
    ------
    StageError
        If a number is infinite or a named column is absent.

    Notes
    -----
    Booleans are filled with their most frequent value. Numbers without missing values keep their dtype; filled ones
    are float64. Values missing at transform only are filled too, without an indicator.

    Source
    ------
    scikit-learn ``SimpleImputer``. Indicators: Van Ness et al. (2023), The Missing Indicator Method, KDD.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"age": [20.0, None, 40.0], "sex": ["F", None, "M"]})
    >>> ImputeMissing().fit_transform(table)
        age  age is missing      sex
    0  20.0               0        F
    1  30.0               1  missing
    2  40.0               0        M
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "numeric": Choice("median", "mean", "constant"),
        "categorical": Choice("constant", "most_frequent"),
        "fill_number": Real(),
        "fill_text": Text(),
        "indicators": Boolean(),
        "columns": AnyOf(ListOf(Text()), Null()),
    }

    def __init__(
        self,
        numeric: str = "median",
        categorical: str = "constant",
        fill_number: float = 0,
        fill_text: str = MISSING,
        indicators: bool = True,
        columns: Sequence[str] | None = None,
    ) -> None:
        self.numeric = numeric
        self.categorical = categorical
        self.fill_number = fill_number
        self.fill_text = fill_text
        self.indicators = indicators
        self.columns = columns

    def _learn(self, table: pd.DataFrame, y: Any) -> None:
        able = [c for c in table if is_number(table[c]) or is_boolean(table[c]) or is_categorical(table[c])]
        wanted = chosen(
            type(self).__name__, table, self.columns, able, allowed=able, kind="numbers, booleans and categories"
        )
        self._kinds = {c: _kind(table[c]) for c in wanted}
        n_missing = {c: int(table[c].isna().sum()) for c in wanted}
        self.all_missing_ = [c for c in wanted if n_missing[c] == len(table)]
        self.fills_: dict[str, Any] = self._number_fills(table, [c for c in wanted if self._kinds[c] == "number"])
        for column in wanted:
            if self._kinds[column] != "number":
                self.fills_[column] = self._level_fill(table[column])
        self.fills_ = {c: self.fills_[c] for c in wanted}
        self._note(n_missing, len(table))
        shown = [c for c in wanted if self._shows_missing(c, n_missing[c])]
        self.feature_sources_, names = in_place(table.columns, {c: [c, f"{c} is missing"] for c in shown})
        self._indicators = {c: names[c][1] for c in shown}

    def _number_fills(self, table: pd.DataFrame, columns: list[str]) -> dict[str, Any]:
        matrix = number_matrix(table, columns)
        refuse_infinite(type(self).__name__, matrix, columns)
        found: dict[str, Any] = dict.fromkeys(columns, float(self.fill_number))
        seen = [c for c in columns if c not in self.all_missing_]
        if seen and self.numeric != "constant":
            imputer = SimpleImputer(strategy=self.numeric).fit(matrix[:, [columns.index(c) for c in seen]])
            found |= {c: float(value) for c, value in zip(seen, imputer.statistics_, strict=True)}
        return found

    def _level_fill(self, values: pd.Series[Any]) -> Any:
        boolean = is_boolean(values)
        if values.isna().all():
            return bool(self.fill_number) if boolean else self.fill_text
        if boolean:
            return bool(numbers(values.dropna()).mean() > 0.5)
        if self.categorical == "constant":
            return self.fill_text
        levels = read_levels(values)
        return levels.texts[int(np.argmax(levels.counts()))]

    def _shows_missing(self, column: str, n_missing: int) -> bool:
        hidden = self._kinds[column] != "level" or self.categorical == "most_frequent"
        # Where everything is missing the indicator would be a constant.
        return self.indicators and n_missing > 0 and hidden and column not in self.all_missing_

    def _note(self, n_missing: dict[str, int], n_rows: int) -> None:
        for column, n in n_missing.items():
            fill = self.fills_[column]
            if column in self.all_missing_:
                self.notes_.append(f"{column}: no training row has a value; the column is set to {fill!r}.")
            elif n:
                self.notes_.append(f"{column}: {n} of {n_rows} training values missing, filled with {fill!r}.")

    def _apply(self, table: pd.DataFrame) -> pd.DataFrame:
        numeric = [c for c in self.fills_ if self._kinds[c] == "number" and is_number(table[c])]
        refuse_infinite(type(self).__name__, number_matrix(table, numeric), numeric)
        out: dict[str, Any] = {}
        for column in table.columns:
            values = table[column]
            if column not in self.fills_:
                out[column] = values
                continue
            missing = values.isna().to_numpy()
            out[column] = self._filled(column, values, missing)
            if column in self._indicators:
                out[self._indicators[column]] = missing.astype(np.int8)
        return assemble(out, table.index)

    def _filled(self, column: str, values: pd.Series[Any], missing: Any) -> Any:
        fill, kind = self.fills_[column], self._kinds[column]
        if column in self.all_missing_:
            if kind == "level":
                return pd.Series(fill, index=values.index, dtype="str")
            return np.full(len(values), fill, dtype=np.float64 if kind == "number" else np.bool_)
        if kind == "number":
            # A nullable dtype may hold no missing value in one table and some in the next.
            if not missing.any() and isinstance(values.dtype, np.dtype):
                return values
            found = numbers(values)
            return np.where(missing, fill, found)
        if kind == "boolean":
            return values.astype(object).where(~missing, fill).astype(bool)
        return _fill_levels(values, missing, fill)


def _kind(values: pd.Series[Any]) -> str:
    if is_boolean(values):
        return "boolean"
    return "number" if is_number(values) else "level"


def _fill_levels(values: pd.Series[Any], missing: Any, fill: str) -> Any:
    if isinstance(values.dtype, pd.CategoricalDtype):
        # The most frequent level was learnt as text; find the category it came from.
        own = {level_text(category): category for category in values.cat.categories}
        level = own.get(fill, fill)
        if level not in values.cat.categories:
            values = values.cat.add_categories([level])
        return values.fillna(level)
    if not missing.any():
        return values
    return values.where(~missing, fill)
