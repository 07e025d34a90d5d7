"""Find texts in another language or script, without a language model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from appliedml.core.near_duplicates import WORD
from appliedml.core.params import Choice, Integer, Real, Rule
from appliedml.core.samples import Samples
from appliedml.stages.clean._stop_words import STOP_WORDS
from appliedml.stages.clean._text_cleaning import TextCleanStage

# The start of a text tells its language; 100,000 characters tell no more.
READ_CHARACTERS = 3000
_LATIN = re.compile(
    "[A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff\uff21-\uff3a\uff41-\uff5a]"
)


class DropOtherLanguages(TextCleanStage):
    """Drop, or only count, texts that are not in one language.

    Parameters
    ----------
    language : {"de", "en", "es", "fr", "it", "nl", "pt"}
        The language wanted; all seven are written in Latin letters.
    min_letter_share : float
        Smallest share of Latin letters among a text's letters.
    min_stop_word_share : float
        Smallest share of the language's function words ("the", "and", "is") among a text's words. Texts with a smaller
        one are taken to be in another language.
    min_words : int
        Texts of fewer words are judged by their letters only: too few words tell nothing.
    action : {"drop", "count"}
        "count" leaves the rows and says in the notes how many there are.

    Attributes
    ----------
    other_rows_ : array of bool, shape (n input rows,)
        Rows taken to be in another language or script, dropped or not.
    changed_rows_ : array of bool, shape (n input rows,)
        Rows that were dropped.
    notes_ : list of str
        How many by letters and by words, and which of the seven languages the latter look like.

    Raises
    ------
    StageError
        From ``clean``: if the inputs are no texts.

    Notes
    -----
    This is a check, not an identification: lists of part numbers or of ingredients have few function words in any
    language, and a language close to the wanted one may pass. Look at the counts before dropping anything. Dropping
    texts in other languages drops the people who write them: say so where the model is described.

    Examples
    --------
    >>> from appliedml.core.texts import Texts
    >>> texts = ["It is the best tea that I have had in years.", "Das ist der beste Tee, den ich je getrunken habe."]
    >>> list(DropOtherLanguages(min_words=5).clean(Samples(Texts(texts), [1, 1])).X)
    ['It is the best tea that I have had in years.']
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "language": Choice(*sorted(STOP_WORDS)),
        "min_letter_share": Real(0, 1),
        "min_stop_word_share": Real(0, 1),
        "min_words": Integer(1),
        "action": Choice("drop", "count"),
    }

    def __init__(
        self,
        language: str = "en",
        min_letter_share: float = 0.5,
        min_stop_word_share: float = 0.15,
        min_words: int = 10,
        action: str = "drop",
    ) -> None:
        self.language = language
        self.min_letter_share = min_letter_share
        self.min_stop_word_share = min_stop_word_share
        self.min_words = min_words
        self.action = action

    def clean(self, samples: Samples) -> Samples:
        """Return the rows in the wanted language, or all of them with a count of the others.

        Parameters
        ----------
        samples : Samples
            Inputs must be Texts.

        Returns
        -------
        Samples
        """
        texts = self._begin_texts(samples)
        by_letters = np.zeros(len(texts), dtype=bool)
        by_words = np.zeros(len(texts), dtype=bool)
        looks_like: dict[str, int] = {}
        for row, text in enumerate(texts):
            start = text[:READ_CHARACTERS]
            if latin_share(start) < self.min_letter_share:
                by_letters[row] = True
                continue
            words = WORD.findall(start.lower())
            if len(words) >= self.min_words and stop_word_share(words, self.language) < self.min_stop_word_share:
                by_words[row] = True
                best = max(STOP_WORDS, key=lambda name: stop_word_share(words, name))
                # No list fits a text of names and numbers: call it none rather than the best of bad ones.
                fits = best != self.language and stop_word_share(words, best) >= self.min_stop_word_share
                guess = best if fits else "none of the seven"
                looks_like[guess] = looks_like.get(guess, 0) + 1
        self.other_rows_ = by_letters | by_words
        done = "dropped" if self.action == "drop" else "found and kept"
        for rows, what in (
            (by_letters, "mostly not in Latin letters"),
            (by_words, f"with few function words of {self.language!r}"),
        ):
            if self.action == "drop":
                self._record(rows, f"{texts.column}: {{n}} {what} {done}.")
            elif rows.any():
                self.notes_.append(f"{texts.column}: {int(rows.sum()):,} rows {what} {done}.")
        if looks_like:
            shown = ", ".join(f"{name} {n:,}" for name, n in sorted(looks_like.items()))
            self.notes_.append(f"By their function words these look like: {shown}.")
        return samples[~self.other_rows_] if self.action == "drop" else samples


def latin_share(text: str) -> float:
    """Return the share of Latin letters among the letters of a text; 1 where it has no letters.

    Parameters
    ----------
    text : str

    Returns
    -------
    float

    Examples
    --------
    >>> latin_share("tea 100"), latin_share("чай"), latin_share("???")
    (1.0, 0.0, 1.0)
    """
    if text.isascii():
        return 1.0
    letters = sum(map(str.isalpha, text))
    return min(1.0, len(_LATIN.findall(text)) / letters) if letters else 1.0


def stop_word_share(words: list[str], language: str) -> float:
    """Return the share of a language's function words among words.

    Parameters
    ----------
    words : list of str
        In lower case, at least one.
    language : str

    Returns
    -------
    float
    """
    known = STOP_WORDS[language]
    return sum(word in known for word in words) / len(words)
