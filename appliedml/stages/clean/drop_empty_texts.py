"""Drop rows that have no text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from appliedml.core.near_duplicates import WORD
from appliedml.core.params import Integer, Rule
from appliedml.core.samples import Samples
from appliedml.errors import DataError
from appliedml.stages.clean._text_cleaning import TextCleanStage


class DropEmptyTexts(TextCleanStage):
    """Drop rows whose text is missing, empty or too short to say anything.

    Parameters
    ----------
    min_characters : int
        Fewest characters that are no spaces.
    min_words : int
        Fewest words. 0 keeps texts without any, such as a lone emoji or "!!!".

    Attributes
    ----------
    changed_rows_ : array of bool, shape (n input rows,)
        Rows that were dropped.
    notes_ : list of str
        How many were missing, empty, or too short.

    Raises
    ------
    StageError
        From ``clean``: if the inputs are no texts.
    DataError
        From ``clean``: if no row is left.

    Examples
    --------
    >>> from appliedml.core.texts import Texts
    >>> list(DropEmptyTexts().clean(Samples(Texts(["good", None, "  "]), [1, 0, 0])).X)
    ['good']
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {"min_characters": Integer(1), "min_words": Integer(0)}

    def __init__(self, min_characters: int = 1, min_words: int = 0) -> None:
        self.min_characters = min_characters
        self.min_words = min_words

    def clean(self, samples: Samples) -> Samples:
        """Return the rows that have a text.

        Parameters
        ----------
        samples : Samples
            Inputs must be Texts.

        Returns
        -------
        Samples
        """
        texts = self._begin_texts(samples)
        missing = texts.missing
        sizes = np.array([sum(map(len, text.split())) for text in texts], dtype=np.intp)
        empty = ~missing & (sizes == 0)
        short = ~missing & ~empty & (sizes < self.min_characters)
        wordless = np.zeros(len(texts), dtype=bool)
        if self.min_words:
            left = ~(missing | empty | short)
            # A few words decide: no need to look at the rest of a long text.
            wordless[left] = [not _has_words(texts[int(row)], self.min_words) for row in np.flatnonzero(left)]
        gone = missing | empty | short | wordless
        if len(samples) and gone.all():
            raise DataError(self._nothing_left(texts.column, len(samples), bool((missing | empty).all())))
        self._record(missing, f"{texts.column}: {{n}} without a text dropped.")
        self._record(empty, f"{texts.column}: {{n}} with an empty text dropped.")
        self._record(short, f"{texts.column}: {{n}} of fewer than {self.min_characters} characters dropped.")
        self._record(wordless, f"{texts.column}: {{n}} of fewer than {self.min_words} words dropped.")
        return samples[~gone]

    def _nothing_left(self, column: str, n: int, blank: bool) -> str:
        which, are = (f"all {n:,} texts", "are") if n > 1 else ("the only text", "is")
        said = f"DropEmptyTexts would drop every row: {which} of column {column!r} {are} empty or"
        if blank:
            return f"{said} blank. Name another column as text."
        asked = [f"min_characters={self.min_characters}"] if self.min_characters > 1 else []
        asked += [f"min_words={self.min_words}"] if self.min_words else []
        return f"{said} too short for {' and '.join(asked)}. Ask for less, or name another column as text."


def _has_words(text: str, at_least: int) -> bool:
    return any(number == at_least for number, _ in enumerate(WORD.finditer(text), 1))
