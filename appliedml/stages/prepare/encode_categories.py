"""Turn categories into numbers, or into a fixed list of categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import OneHotEncoder, TargetEncoder
from sklearn.utils.multiclass import type_of_target

from appliedml.core.params import AnyOf, Choice, Integer, ListOf, Null, Real, Rule, Text
from appliedml.errors import StageError
from appliedml.stages.prepare._columns import (
    MISSING,
    Levels,
    chosen,
    in_place,
    is_boolean,
    is_categorical,
    numbers,
    read_levels,
)
from appliedml.stages.prepare._table_stage import TableStage, assemble

UNKNOWN = "unknown"
INFREQUENT = "infrequent"
TARGET_FOLDS = 5
MAX_ONE_HOT = 1000


class EncodeCategories(TableStage):
    """Encode categorical columns with the levels of the training rows.

    A missing value is the level "missing". A level that training did not know never fails: it is treated as
    "infrequent" where such a group exists, and else as the method says.

    Parameters
    ----------
    method : {"one_hot", "ordinal", "target", "category"}
        - "one_hot": a column ``<column>=<level>`` for every level, int8, 0 or 1. Unknown: all 0.
        - "ordinal": codes 0, 1, ... in the order of the levels (as an ordered category says, by number, or by text).
          Unknown: -1.
        - "target": mean of the labels for the level, shrunk towards the overall mean; with more than two classes a
          column ``<column>: <class>`` for each. Training rows get values from cross-fitting, so that no row sees its
          own label. Unknown: the overall mean.
        - "category": pandas category dtype whose categories are the training levels, "unknown" and "missing", the same
          for every table: what embedding layers need. Unknown: "unknown".
    columns : list of str, optional
        Columns to encode, of any dtype. Default: all categorical columns.
    min_frequency : int or float, optional
        Levels in fewer training rows (int), or in a smaller share of them (float below 1), become "infrequent".
    max_categories : int, optional
        Keep at most so many levels, "infrequent" included; the most frequent ones stay.
    random_state : int, optional
        Seed of the cross-fitting folds of "target"; the other methods are not random.

    Attributes
    ----------
    levels_ : dict of str to list of str
        Levels that stay, in order, by column.
    feature_sources_ : dict of str to str
    notes_ : list of str

    Raises
    ------
    StageError
        If a named column is absent, "one_hot" would make more than 1,000 columns of one without ``max_categories``, or
        "target" has no labels or a class with a single row.

    Notes
    -----
    Boolean columns become int8, 0 or 1 (float64 where a value is missing), under all methods but "category", so that
    what follows sees numbers only.

    ``fit_transform(X, y)`` differs from ``fit(X, y).transform(X)`` under "target", as in scikit-learn: the first is for
    training rows (pipelines call it), the second for new rows.

    Source
    ------
    scikit-learn ``OneHotEncoder``, ``TargetEncoder``; Micci-Barreca (2001), A preprocessing scheme for high-cardinality
    categorical attributes, SIGKDD Explorations 3.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"sex": ["F", "M", None]})
    >>> EncodeCategories().fit_transform(table)
       sex=F  sex=M  sex=missing
    0      1      0            0
    1      0      1            0
    2      0      0            1
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "method": Choice("one_hot", "ordinal", "target", "category"),
        "columns": AnyOf(ListOf(Text()), Null()),
        "min_frequency": AnyOf(Integer(1), Real(0, 1, open_low=True, open_high=True), Null()),
        "max_categories": AnyOf(Integer(2), Null()),
        "random_state": AnyOf(Integer(0, 2**32 - 1), Null()),
    }

    def __init__(
        self,
        method: str = "one_hot",
        columns: Sequence[str] | None = None,
        min_frequency: float | None = None,
        max_categories: int | None = None,
        random_state: int | None = None,
    ) -> None:
        self.method = method
        self.columns = columns
        self.min_frequency = min_frequency
        self.max_categories = max_categories
        self.random_state = random_state

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit and encode training rows; under "target" with cross-fitted values.

        Parameters
        ----------
        X : DataFrame or array of shape (n_samples, n_features)
        y : array of shape (n_samples,), optional
            Labels, needed by "target".
        **fit_params
            None are known; scikit-learn's signature.

        Returns
        -------
        DataFrame or array of shape (n_samples, n_features_out)

        Raises
        ------
        StageError
            As in the class.
        """
        self.fit(X, y, **fit_params)
        table = self._read_new(X)
        if self.method != "target" or not self.levels_:
            return self._hand_back(self._apply(table), X)
        encoder = self._target_encoder(np.asarray(y))
        return self._hand_back(self._assembled(table, encoder.fit_transform(self._codes(table), np.asarray(y))), X)

    def _learn(self, table: pd.DataFrame, y: Any) -> None:
        automatic = [column for column in table.columns if is_categorical(table[column])]
        wanted = chosen(type(self).__name__, table, self.columns, automatic)
        self._booleans = [
            c for c in table.columns if self.method != "category" and c not in wanted and is_boolean(table[c])
        ]
        self.levels_: dict[str, list[str]] = {}
        self._grouped: dict[str, bool] = {}
        for column in wanted:
            self.levels_[column], self._grouped[column] = self._kept(column, read_levels(table[column]))
        parts = {column: [f"{column}={text}" for text in self._texts(column)] for column in wanted}
        if self.method == "one_hot":
            self.encoder_ = OneHotEncoder(
                categories=[np.arange(len(parts[c])) for c in wanted],
                handle_unknown="ignore",
                sparse_output=False,
                dtype=np.int8,
            )
            if wanted:
                self._refuse_many(parts)
                self.encoder_.fit(np.zeros((1, len(wanted)), dtype=np.intp))
        elif self.method == "target" and wanted:
            self.encoder_ = self._target_encoder(y).fit(self._codes(table), np.asarray(y))
            many = self.encoder_.target_type_ == "multiclass"
            classes = [str(label) for label in self.encoder_.classes_] if many else []
            parts = {column: [f"{column}: {label}" for label in classes] if many else [column] for column in wanted}
        else:
            parts = {column: [column] for column in wanted}
        self.feature_sources_, self._names = in_place(table.columns, parts)

    def _kept(self, column: str, levels: Levels) -> tuple[list[str], bool]:
        """Return the levels that stay, and whether the others form a group."""
        counts = levels.counts()
        n_missing = int((levels.codes < 0).sum())
        found = dict(zip(levels.texts, counts.tolist(), strict=True))
        if n_missing:
            found[MISSING] = found.get(MISSING, 0) + n_missing
        limit = self.min_frequency or 0
        if isinstance(limit, float):
            limit *= len(levels.codes)
        kept = [text for text, n in found.items() if n >= limit]
        if self.max_categories is not None:
            room = self.max_categories - (1 if len(kept) < len(found) or len(kept) > self.max_categories else 0)
            # Ties go to the level that comes first, so that the choice does not depend on the rows' order.
            first = set(sorted(kept, key=lambda text: -found[text])[:room])
            kept = [text for text in kept if text in first]
        n_rare = len(found) - len(kept)
        if n_rare:
            rows = sum(found.values()) - sum(found[text] for text in kept)
            self.notes_.append(f"{column}: {n_rare} of {len(found)} levels ({rows} training rows) are infrequent.")
        return kept, n_rare > 0

    def _refuse_many(self, parts: dict[str, list[str]]) -> None:
        for column, names in parts.items():
            if self.max_categories is None and len(names) > MAX_ONE_HOT:
                raise StageError(
                    f"{type(self).__name__} with method='one_hot' would make {len(names):,} columns of {column!r}; the "
                    f"limit is {MAX_ONE_HOT:,}. Set max_categories or min_frequency, use method='target' or "
                    "'category', or drop the column if it names the row."
                )

    def _texts(self, column: str) -> list[str]:
        """Return the levels with the groups that the method needs; codes are positions in it."""
        extra = [INFREQUENT] if self._grouped[column] else []
        if self.method == "category":
            extra += [UNKNOWN, MISSING]
        return list(dict.fromkeys([*self.levels_[column], *extra]))

    def _codes(self, table: pd.DataFrame) -> NDArray[np.intp]:
        """Return the levels as codes, shape (n_samples, n_encoded); unknown is -1 unless it has a level."""
        codes = np.empty((len(table), len(self.levels_)), dtype=np.intp)
        for i, column in enumerate(self.levels_):
            position = {text: code for code, text in enumerate(self._texts(column))}
            other = INFREQUENT if self._grouped[column] else UNKNOWN if self.method == "category" else None
            unknown = -1 if other is None else position[other]
            levels = read_levels(table[column])
            codes[:, i] = levels.recode(position, unknown, missing=position.get(MISSING, unknown))
        return codes

    def _target_encoder(self, y: Any) -> TargetEncoder:
        name = type(self).__name__
        if y is None:
            raise StageError(f"{name} with method='target' needs labels. Give y to fit, or use another method.")
        labels = np.asarray(y)
        if type_of_target(labels) not in ("binary", "multiclass"):
            return TargetEncoder(cv=KFold(min(TARGET_FOLDS, len(labels)), shuffle=True, random_state=self.random_state))
        classes, counts = np.unique(labels, return_counts=True)
        if len(classes) < 2 or counts.min() < 2:
            shown = {str(label): int(n) for label, n in zip(classes, counts, strict=True)}
            raise StageError(
                f"{name} with method='target' needs at least two classes with two training rows each, for "
                f"cross-fitting. Rows by class: {shown}. Use fewer folds, merge rare classes, or use another method."
            )
        folds = min(TARGET_FOLDS, int(counts.min()))
        return TargetEncoder(cv=StratifiedKFold(folds, shuffle=True, random_state=self.random_state))

    def _apply(self, table: pd.DataFrame) -> pd.DataFrame:
        codes = self._codes(table)
        if not self.levels_ or self.method in ("ordinal", "category"):
            return self._assembled(table, codes)
        if not len(table):
            # scikit-learn's encoders refuse tables without rows.
            return self._assembled(table, np.zeros((0, sum(map(len, self._names.values())))))
        return self._assembled(table, self.encoder_.transform(codes))

    def _assembled(self, table: pd.DataFrame, encoded: NDArray[Any]) -> pd.DataFrame:
        out: dict[str, Any] = {}
        start = 0
        for column in table.columns:
            if column in self._booleans:
                out[column] = _boolean_numbers(table[column])
            for name in self._names.get(column, []):
                out[name] = encoded[:, start]
                if self.method == "category":
                    out[name] = pd.Categorical.from_codes(encoded[:, start], categories=self._texts(column))
                start += 1
            if column not in self._names and column not in self._booleans:
                out[column] = table[column]
        return assemble(out, table.index)


def _boolean_numbers(values: pd.Series[Any]) -> NDArray[Any]:
    found = numbers(values)
    return found if np.isnan(found).any() else found.astype(np.int8)
