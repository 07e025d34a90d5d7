"""Drop columns that say nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pandas as pd

from appliedml.core.params import ListOf, Real, Rule, Text
from appliedml.errors import StageError
from appliedml.stages.prepare._columns import chosen
from appliedml.stages.prepare._table_stage import TableStage


class DropConstantColumns(TableStage):
    """Drop columns that have one value in the training rows, or are empty.

    Parameters
    ----------
    top_share : float
        Smallest share of rows with the most frequent value from which a column goes, above 0.5 and at most 1. Default
        1: only truly constant columns.
    keep : list of str
        Columns that stay in any case.

    Attributes
    ----------
    dropped_columns_ : list of str
    feature_sources_ : dict of str to str
    notes_ : list of str
        Why each column went.

    Raises
    ------
    StageError
        If no column would be left, or ``keep`` names a column that is absent.

    Notes
    -----
    "Missing" counts as a value here: a column that holds one value or nothing says which of the two, and stays.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1, 2, 3], "currency": ["EUR"] * 3, "note": [None] * 3})
    >>> DropConstantColumns().fit(table).dropped_columns_
    ['currency', 'note']
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "top_share": Real(0.5, 1, open_low=True),
        "keep": ListOf(Text()),
    }

    def __init__(self, top_share: float = 1.0, keep: Sequence[str] = ()) -> None:
        self.top_share = top_share
        self.keep = keep

    def _learn(self, table: pd.DataFrame, y: Any) -> None:
        keep = set(chosen(type(self).__name__, table, self.keep, ()))
        self.dropped_columns_: list[str] = []
        for column in table.columns:
            counts = table[column].value_counts(dropna=False)
            if column in keep or counts.iloc[0] < self.top_share * len(table):
                continue
            self.dropped_columns_.append(column)
            value = counts.index[0]
            what = "is empty" if pd.isna(value) else f"is {value!s:.40}"
            self.notes_.append(
                f"{column}: dropped, it {what} in {counts.iloc[0] / len(table):.1%} of the training rows."
            )
        if len(self.dropped_columns_) == table.shape[1]:
            raise StageError(
                f"DropConstantColumns would drop all {table.shape[1]} columns: each is constant in the training rows. "
                "Give columns that vary, or name one in keep."
            )
        self.feature_sources_ = {c: c for c in table.columns if c not in self.dropped_columns_}

    def _apply(self, table: pd.DataFrame) -> pd.DataFrame:
        return table[list(self.feature_sources_)]
