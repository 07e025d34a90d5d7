"""Drop columns that name the row instead of describing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from appliedml.core.params import Integer, ListOf, Real, Rule, Text
from appliedml.errors import StageError
from appliedml.stages.prepare._columns import chosen, is_categorical, is_number
from appliedml.stages.prepare._table_stage import TableStage

# n whole numbers drawn from a range of 4 n are all distinct by chance with probability exp(-n / 8): 0.2 % for 50 rows.
DENSE = 4
CODE_DIGITS = 8


class DropIdentifierColumns(TableStage):
    """Drop columns that look like identifiers: a model would learn rows by heart, or the order in which they came.

    Parameters
    ----------
    min_distinct_share : float
        Share of distinct values among the non-missing ones from which a text column is an identifier, above 0.5 and at
        most 1.
    min_rows : int
        With fewer training rows nothing is dropped: in few rows all values of an honest column may differ.
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
    Text is an identifier (or free text, of no use as a category) if ``min_distinct_share`` of its values differ. Whole
    numbers are one if all of them differ and they count up or down with the rows, or fill a range of at most 4 numbers
    a row (a running number of which some rows are elsewhere), or all have the same 8 or more digits (a code). Other
    numbers, booleans and dates never are. The labels are not looked at.

    Examples
    --------
    >>> table = pd.DataFrame({"policy": range(1, 101), "amount": [5.5, 7.25] * 50, "kind": ["a", "b"] * 50})
    >>> DropIdentifierColumns().fit(table).dropped_columns_
    ['policy']
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "min_distinct_share": Real(0.5, 1, open_low=True),
        "min_rows": Integer(2),
        "keep": ListOf(Text()),
    }

    def __init__(self, min_distinct_share: float = 0.95, min_rows: int = 50, keep: Sequence[str] = ()) -> None:
        self.min_distinct_share = min_distinct_share
        self.min_rows = min_rows
        self.keep = keep

    def _learn(self, table: pd.DataFrame, y: Any) -> None:
        keep = set(chosen(type(self).__name__, table, self.keep, ()))
        self.dropped_columns_: list[str] = []
        for column in table.columns:
            reason = "" if column in keep else self._reason(table[column])
            if reason:
                self.dropped_columns_.append(column)
                self.notes_.append(f"{column}: dropped as an identifier, {reason}.")
        if len(self.dropped_columns_) == table.shape[1]:
            raise StageError(
                f"DropIdentifierColumns would drop all {table.shape[1]} columns: each looks like an identifier. "
                "Give columns that describe the rows, or name one in keep."
            )
        self.feature_sources_ = {c: c for c in table.columns if c not in self.dropped_columns_}

    def _apply(self, table: pd.DataFrame) -> pd.DataFrame:
        return table[list(self.feature_sources_)]

    def _reason(self, values: pd.Series[Any]) -> str:
        known = values.dropna()
        n = len(known)
        if n < self.min_rows:
            return ""
        if is_categorical(values):
            n_distinct = known.nunique()
            many = n_distinct >= self.min_distinct_share * n
            return f"{n_distinct:,} of {n:,} texts are distinct" if many else ""
        if not is_number(values):
            return ""
        numbers = known.to_numpy(dtype=float)
        whole = np.isfinite(numbers).all() and (numbers == np.floor(numbers)).all()
        if not whole or known.nunique() < n:
            return ""
        steps = np.diff(numbers)
        if (steps > 0).all() or (steps < 0).all():
            return f"{n:,} distinct whole numbers that count {'up' if steps[0] > 0 else 'down'} with the rows"
        if np.ptp(numbers) + 1 <= DENSE * n:
            return f"{n:,} distinct whole numbers from {numbers.min():.0f} to {numbers.max():.0f}, a running number"
        digits = np.floor(np.log10(np.maximum(np.abs(numbers), 1))) + 1
        if digits.min() == digits.max() >= CODE_DIGITS:
            return f"{n:,} distinct whole numbers of {digits[0]:.0f} digits, a code"
        return ""
