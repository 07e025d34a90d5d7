"""Text ranges such as "31 to 35" to ordered numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from appliedml.core.params import AnyOf, Choice, ListOf, MapOf, Null, Real, Rule, Text
from appliedml.errors import StageError
from appliedml.stages.prepare._columns import chosen, is_categorical, read_levels
from appliedml.stages.prepare._range_grammar import Reading, common_unit, further, normal, parse
from appliedml.stages.prepare._table_stage import TableStage, assemble

HIGHEST = "highest"
WORDS: dict[str, float | str] = {"none": 0, "zero": 0, "new": 0, "no change": HIGHEST, "never": HIGHEST}
MAX_LEVELS = 200


class RangesToNumbers(TableStage):
    """Read text ranges as numbers that keep their order.

    - A range ("31 to 35", "5-10", "between 1 and 3") becomes its middle: 33, 7.5, 2.
    - Open above ("more than 7", "over 65", "at least 3", "10 or more", "65+", ">5") becomes the bound times ``beyond``:
      8.75, 81.25, ...
    - Open below ("less than 20000", "under 18", "up to 5", "5 or less", "<5") becomes half the bound: 10000, 9, ...
    - A single number ("3", "3 years", "1 vehicle") becomes that number.
    - A word ("none", "new", "no change") becomes what ``words`` says.

    Case and repeated spaces do not matter. A number may have a sign, a decimal point, commas between thousands and a
    currency sign. A unit is one word behind a number, or ``%``; plural and singular are the same. Times in different
    units are brought to the longest one in the column: beside "2 to 3 years", "under 6 months" is 0.25. Bounds between
    -1 and 1 move by ``beyond - 1``, and "less than" a bound of 0 or below moves downwards likewise.

    Parameters
    ----------
    columns : list of str, optional
        Columns to read. Default: every categorical column with at most 200 training levels of which ``min_share`` are
        understood, all units fit together, and at least one is a range, is open or has a unit. (Text that is numbers
        only is left to ``repair_types``: it may be a code.)
    min_share : float
        Least share of the distinct training levels that must be understood, between 0 and 1.
    words : dict of str to float or "highest", optional
        Further words, or other numbers for the known ones: none, zero and new are 0; "no change" and "never" are
        "highest", which lies beyond every training level, for what never happened happened longest ago. Where the
        column is an amount, say ``{"no change": 0}``.
    beyond : float
        Factor for ranges that are open above, over 1.

    Attributes
    ----------
    readings_ : dict of str to dict of str to float or None
        The number of every training level, by column; None where it was not understood.
    units_ : dict of str to str
        The unit of every column, "" for none.
    feature_sources_ : dict of str to str
    notes_ : list of str

    Raises
    ------
    StageError
        If a column named in ``columns`` is absent, not categorical, or not understood.

    Notes
    -----
    Levels that are not understood become missing: impute afterwards. Columns read become float64 under the same name.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"age": ["16 to 17", "over 65", "31 to 35"], "policy": ["Sedan - Liability"] * 3})
    >>> RangesToNumbers().fit_transform(table)
         age             policy
    0  16.50  Sedan - Liability
    1  81.25  Sedan - Liability
    2  33.00  Sedan - Liability
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "columns": AnyOf(ListOf(Text()), Null()),
        "min_share": Real(0, 1, open_low=True),
        "words": AnyOf(MapOf(AnyOf(Real(), Choice(HIGHEST))), Null()),
        "beyond": Real(1, open_low=True),
    }

    def __init__(
        self,
        columns: Sequence[str] | None = None,
        min_share: float = 0.8,
        words: Mapping[str, float | str] | None = None,
        beyond: float = 1.25,
    ) -> None:
        self.columns = columns
        self.min_share = min_share
        self.words = words
        self.beyond = beyond

    def _learn(self, table: pd.DataFrame, y: Any) -> None:
        self._words = WORDS | {normal(word): value for word, value in (self.words or {}).items()}
        able = [column for column in table.columns if is_categorical(table[column])]
        wanted = chosen(
            type(self).__name__, table, self.columns, able, allowed=able, kind="category, text and object columns"
        )
        self.readings_: dict[str, dict[str, float | None]] = {}
        self.units_: dict[str, str] = {}
        self._highest: dict[str, float] = {}
        for column in wanted:
            self._learn_column(column, list(read_levels(table[column]).texts))
        self.feature_sources_ = {column: column for column in table.columns}

    def _learn_column(self, column: str, texts: list[str]) -> None:
        named = self.columns is not None
        if not texts or (len(texts) > MAX_LEVELS and not named):
            return
        readings = [found for found in (self._parse(text) for text in texts) if found is not None]
        unit = common_unit(readings)
        understood = [text for text in texts if normal(text) in self._words or parse(text) is not None]
        telling = any(reading.form != "single" or reading.unit for reading in readings)
        if unit is None or len(understood) < self.min_share * len(texts) or not (telling or named):
            if named:
                raise StageError(self._refusal(column, texts, understood, readings))
            return
        self.units_[column] = unit
        self._highest[column] = further(max((self._top(r, unit) for r in readings), default=0.0), self.beyond)
        self.readings_[column] = {text: self._number(column, text) for text in texts}
        lost = [text for text, number in self.readings_[column].items() if number is None]
        if lost:
            self.notes_.append(f"{column}: levels not understood as numbers, set to missing: {lost}.")

    def _parse(self, text: str) -> Reading | None:
        return None if normal(text) in self._words else parse(text)

    def _top(self, reading: Reading, unit: str) -> float:
        low_high = reading.ends(unit) or (0.0, 0.0)
        return further(low_high[1], self.beyond) if reading.form == "above" else low_high[1]

    def _number(self, column: str, text: str) -> float | None:
        word = self._words.get(normal(text))
        if word is not None:
            return self._highest[column] if word == HIGHEST else float(word)
        reading = parse(text)
        return None if reading is None else reading.value(self.units_[column], self.beyond)

    def _refusal(self, column: str, texts: list[str], understood: list[str], readings: list[Reading]) -> str:
        if len(understood) >= self.min_share * len(texts):
            units = sorted({reading.unit for reading in readings if reading.unit})
            why = f"its levels have units that do not fit together: {units}"
        else:
            strange = [text for text in texts if text not in understood][:5]
            why = (
                f"{len(understood)} of its {len(texts)} levels are understood, and min_share={self.min_share}. "
                f"Not understood: {strange}"
            )
        return (
            f"RangesToNumbers cannot read column {column!r} as numbers: {why}. "
            "Add words, lower min_share, or leave the column out."
        )

    def _apply(self, table: pd.DataFrame) -> pd.DataFrame:
        out: dict[str, Any] = {column: table[column] for column in table.columns}
        for column in self.readings_:
            levels = read_levels(table[column])
            found = [self._number(column, text) for text in levels.texts]
            lookup = np.array([*(np.nan if number is None else number for number in found), np.nan])
            out[column] = lookup[levels.codes]
        return assemble(out, table.index)
