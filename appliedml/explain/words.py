"""Words of a text as players: shown, or hidden."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import StageError

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*|[^\w\s]+")

Span = tuple[int, int]


def word_spans(text: str) -> list[Span]:
    """Return where the words of a text stand: runs of letters and digits, and runs of other signs.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of (start, stop)

    Examples
    --------
    >>> word_spans("Don't go!")
    [(0, 5), (6, 8), (8, 9)]
    """
    return [match.span() for match in _WORD.finditer(text)]


def players_of_words(n_words: int, most: int) -> list[NDArray[np.intp]]:
    """Return the words of each player: one word, or a phrase of neighbours where there are too many words.

    Parameters
    ----------
    n_words : int
    most : int
        Players at most.

    Returns
    -------
    list of array of int
        Phrases differ in length by one word at most.

    Examples
    --------
    >>> [words.tolist() for words in players_of_words(5, 3)]
    [[0, 1], [2, 3], [4]]
    """
    n_players = min(n_words, most)
    return list(np.array_split(np.arange(n_words), n_players)) if n_players else []


class WordMasker:
    """One text whose words (or phrases) can be hidden, for any model that takes texts.

    Parameters
    ----------
    text : str
    spans : sequence of (start, stop)
        Its words, in order.
    players : sequence of array of int
        Words of each player; together all words.
    token : str
        What stands in place of a hidden word: nothing by default.
    as_inputs : callable, optional
        From a list of texts to what the scorer takes; default the list itself.

    Examples
    --------
    >>> masker = WordMasker("very good tea", word_spans("very good tea"), players_of_words(3, 3))
    >>> masker.masked(np.array([0]), np.array([[[True, False, True]]]), np.array([0]))
    ['very tea']
    """

    n_rows = 1
    n_background = 1

    def __init__(
        self,
        text: str,
        spans: Sequence[Span],
        players: Sequence[NDArray[np.intp]],
        token: str = "",
        as_inputs: Callable[[list[str]], Any] | None = None,
    ) -> None:
        if not players:
            raise StageError("WordMasker: a text without words cannot be explained.")
        # Each word keeps the space after it, so that what is left reads as it stood.
        stops = [start for start, _ in spans[1:]] + [len(text)]
        self._pieces = [text[start:stop] for (start, _), stop in zip(spans, stops, strict=True)]
        whole = zip(self._pieces, spans, strict=True)
        self._hidden = [token + piece[end - start :] if token else "" for piece, (start, end) in whole]
        self._before = text[: spans[0][0]]
        self._of_word = np.empty(len(spans), dtype=np.intp)
        for number, words in enumerate(players):
            self._of_word[words] = number
        self.names = tuple("".join(self._pieces[word] for word in words).strip() for words in players)
        self._as_inputs = as_inputs

    def masked(self, rows: NDArray[np.intp], present: NDArray[np.bool_], background: NDArray[np.intp]) -> Any:
        """Return the text with some players hidden; see :class:`appliedml.explain.masker.Masker`."""
        shown = np.broadcast_to(present, (1, len(background), present.shape[2]))[0][:, self._of_word]
        pairs = list(zip(self._pieces, self._hidden, strict=True))
        texts = []
        for row in shown.tolist():
            left = [own if here else other for (own, other), here in zip(pairs, row, strict=True)]
            texts.append((self._before + "".join(left)).strip())
        return texts if self._as_inputs is None else self._as_inputs(texts)


class EncodedWordMasker:
    """One text whose words can be hidden in the arrays a network reads: no text is split again.

    Parameters
    ----------
    mask : callable
        From an array of bool of shape (n_coalitions, n_words), True where a word is hidden, to the network's arrays.
    n_words : int
    players : sequence of array of int
        Words of each player.
    names : sequence of str
        One a player.
    """

    n_rows = 1
    n_background = 1

    def __init__(
        self,
        mask: Callable[[NDArray[np.bool_]], dict[str, NDArray[Any]]],
        n_words: int,
        players: Sequence[NDArray[np.intp]],
        names: Sequence[str],
    ) -> None:
        if not players:
            raise StageError("EncodedWordMasker: a text without words cannot be explained.")
        self._mask = mask
        self._of_word = np.empty(n_words, dtype=np.intp)
        for number, words in enumerate(players):
            self._of_word[words] = number
        self.names = tuple(names)

    def masked(
        self, rows: NDArray[np.intp], present: NDArray[np.bool_], background: NDArray[np.intp]
    ) -> dict[str, NDArray[Any]]:
        """Return the encoded text with some players hidden; see :class:`appliedml.explain.masker.Masker`."""
        shown = np.broadcast_to(present, (1, len(background), present.shape[2]))[0]
        return self._mask(~shown[:, self._of_word])
