"""Words of texts, and the numbers they have in a network."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache

PADDING = 0
UNKNOWN = 1
FIRST_WORD = 2
# A "word" longer than this is a damaged text or a key; it needs no more letters to be told from others.
_MOST_LETTERS = 60
_CURLY = "\N{RIGHT SINGLE QUOTATION MARK}"
# What is left of a word before "n't" where that is no word itself.
_BEFORE_NOT = {"ca": "can", "wo": "will", "sha": "shall"}


class Tokenizer:
    """Splits texts into words, always in the same way.

    A word is a run of letters, digits and combining marks of any script; apostrophes inside it belong to it. Negations
    are words of their own ("don't" gives "do" and "n't", "can't" gives "can" and "n't"), so is each character of
    Chinese and Japanese, and each emoji. Words are compared in Unicode normal form KC with straight apostrophes, and
    count up to 60 characters.

    Parameters
    ----------
    lower_case : bool, default True
    punctuation : bool, default False
        Whether a run of the same punctuation mark ("!!!") is a word ("!"); otherwise punctuation only separates words.

    Examples
    --------
    >>> [word for _, _, word in Tokenizer().spans("I can't say it's NOT good!!!")]
    ['i', 'can', "n't", 'say', "it's", 'not', 'good']
    """

    def __init__(self, lower_case: bool = True, punctuation: bool = False) -> None:
        self.lower_case = lower_case
        self.punctuation = punctuation
        self._pattern = _pattern(punctuation)

    def words(self, text: str) -> list[str]:
        """Return the words of a text, in order.

        Parameters
        ----------
        text : str

        Returns
        -------
        list of str
        """
        return [word for piece in self.pieces(text) for word in self.split(piece)]

    def pieces(self, text: str) -> list[str]:
        """Return the pieces of a text as they are written; :meth:`split` gives the one or two words of each.

        Parameters
        ----------
        text : str

        Returns
        -------
        list of str
        """
        found: list[str] = self._pattern.findall(text)
        return found

    def split(self, piece: str) -> tuple[str, ...]:
        """Return the words of a piece in the form in which they are compared.

        Parameters
        ----------
        piece : str

        Returns
        -------
        tuple of str
        """
        if _ends_in_not(piece):
            first = self._compared(piece[:-3])
            return _BEFORE_NOT.get(first, first), self._compared(piece[-3:])
        return (self._compared(piece),)

    def _compared(self, piece: str) -> str:
        word = "".join(unicodedata.normalize("NFKC", piece).replace(_CURLY, "'").split()) or piece
        if word[0] == word[-1] and not word[0].isalnum():
            return word[0]
        return (word.lower() if self.lower_case else word)[:_MOST_LETTERS]

    def spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Return the words of a text with their places.

        Parameters
        ----------
        text : str

        Yields
        ------
        start, stop : int
            Characters of ``text``, the stop excluded.
        word : str
        """
        for match in self._pattern.finditer(text):
            words = self.split(match[0])
            start, stop = match.span()
            if len(words) == 1:
                yield start, stop, words[0]
            else:
                yield start, stop - 3, words[0]
                yield stop - 3, stop, words[1]


def most_frequent(words: Iterable[list[str]], most: int, min_count: int) -> list[str]:
    """Return the words to know: the most frequent first, ties by text.

    Parameters
    ----------
    words : iterable of list of str
        A list a text.
    most : int
        Number of words at most.
    min_count : int
        Rarer words are left out.

    Returns
    -------
    list of str

    Examples
    --------
    >>> most_frequent([["b", "a", "c"], ["a", "b"]], 10, 2)
    ['a', 'b']
    """
    counts: Counter[str] = Counter()
    for text in words:
        counts.update(text)
    kept = [(-count, word) for word, count in counts.items() if count >= min_count]
    return [word for _, word in sorted(kept)[:most]]


def room_for(n_codes: int) -> int:
    """Return the room a table makes for a number of codes, so that folds with about as many words share a program.

    Parameters
    ----------
    n_codes : int

    Returns
    -------
    int
        At most a quarter more, and at least 64.

    Examples
    --------
    >>> room_for(9_000), room_for(9_900), room_for(3)
    (10240, 10240, 64)
    """
    step = max(64, 1 << max(0, int(n_codes).bit_length() - 3))
    return -(-n_codes // step) * step


def _ends_in_not(piece: str) -> bool:
    return len(piece) > 3 and piece[-2] in ("'", _CURLY) and piece[-1] in "tT" and piece[-3] in "nN"


@cache
def _pattern(punctuation: bool) -> re.Pattern[str]:
    # Python's \w leaves combining marks out, which cuts words of Hindi, Thai or vowelled Arabic into pieces.
    marks = "".join(
        re.escape(chr(code)) for code in range(0x300, 0x10000) if unicodedata.category(chr(code)) in ("Mn", "Mc")
    )
    single = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    emoji = "\u2600-\u27bf\U0001f300-\U0001faff"
    letter = rf"(?![{single}])[^\W_]"
    run = rf"(?:{letter})(?:{letter}|[{marks}\u200c\u200d])*"
    branches = [rf"{run}(?:['{_CURLY}]{run})*", rf"[{single}]", rf"[{emoji}]"]
    if punctuation:
        branches.append(rf"!+|\?+|\.+|,+|-+|\*+|(?![{marks}\u200c\u200d])[^\w\s]")
    return re.compile("|".join(branches))


__all__ = ["FIRST_WORD", "PADDING", "UNKNOWN", "Tokenizer", "most_frequent", "room_for"]
