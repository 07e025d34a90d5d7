"""What a network that reads texts is given: codes of words, and weights of words and pairs of words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.texts import Texts
from appliedml.errors import DataError
from appliedml.models._bag import Bag
from appliedml.models._encoder import Encoder
from appliedml.models._vocabulary import FIRST_WORD, PADDING, UNKNOWN, Tokenizer, most_frequent, room_for

TOKENS = "tokens"
BAG = "bag"
BAG_WEIGHTS = "bag_weights"

# "auto" reads the whole of 95 in 100 training texts. Lengths are multiples of this, so that folds share a program.
_LENGTH_PERCENTILE = 95
LENGTH_STEP = 32
MOST_AUTO_WORDS = 512


@dataclass(frozen=True)
class TextSpec:
    """The texts a network is built for.

    Parameters
    ----------
    length : int
        Words of a text that are read; they arrive as the input "tokens", shape (n_rows, length), int32. 0 is padding, 1
        a word that was unknown in training.
    capacity : int
        Room for codes of words; all codes are below it.
    bag_capacity : int
        Room for codes of words and pairs of words in the inputs "bag" and "bag_weights", each of shape (n_rows,
        2 * length), int32 and float32; 0 where there are no such inputs.
    """

    length: int
    capacity: int
    bag_capacity: int = 0

    @property
    def bag_width(self) -> int:
        """Entries of a row's bag."""
        return 2 * self.length

    def shape_key(self) -> list[Any]:
        """Return what decides the shape of the network."""
        return ["texts", self.length, self.capacity, self.bag_capacity]


class TextEncoder(Encoder):
    """Turns texts into codes of their words; learns the vocabulary when it is made, from training rows.

    Parameters
    ----------
    vocabulary : list of str
        Known words, in code order from 2.
    length : int
        Words of a text that are read. The rest is left out.
    tokenizer : Tokenizer
    bag : Bag, optional
        Weights of words and pairs of words, from the words that are read.

    Examples
    --------
    >>> encoder = TextEncoder.learn(["good food", "bad food", "good dog"], min_count=2, length=4)
    >>> encoder.vocabulary, encoder.encode(["Very good food."])["tokens"].tolist()
    (['food', 'good'], [[1, 3, 2, 0]])
    """

    kind: ClassVar[str] = "texts"

    def __init__(self, vocabulary: list[str], length: int, tokenizer: Tokenizer, bag: Bag | None = None) -> None:
        self.vocabulary = list(vocabulary)
        self.length = int(length)
        self.tokenizer = tokenizer
        self.bag = bag
        self._code_of = {word: code for code, word in enumerate(self.vocabulary, start=FIRST_WORD)}

    @classmethod
    def learn(
        cls,
        inputs: Any,
        *,
        max_words: int = 20_000,
        min_count: int = 2,
        length: int | str = "auto",
        lower_case: bool = True,
        punctuation: bool = False,
        max_ngrams: int = 0,
    ) -> TextEncoder:
        """Return an encoder for texts like these.

        Parameters
        ----------
        inputs : Texts, or list or array of str
            Training rows.
        max_words : int, default 20,000
            Size of the vocabulary: the most frequent words, ties by text.
        min_count : int, default 2
            Words (and pairs of words) that are rarer in the training rows are unknown.
        length : int or "auto", default "auto"
            Words of a text that are read; "auto" takes the 95th percentile of the training texts, rounded up to a
            multiple of 32, and at most 512.
        lower_case : bool, default True
        punctuation : bool, default False
        max_ngrams : int, default 0
            Number of words and pairs of words with weights of their own, those in most training texts; 0 for no such
            inputs.

        Returns
        -------
        TextEncoder

        Raises
        ------
        DataError
            If these are no texts, or none of them has a word that is frequent enough.
        """
        tokenizer = Tokenizer(lower_case, punctuation)
        split = _Memo(tokenizer.split)
        documents = [[word for piece in tokenizer.pieces(text) for word in split[piece]] for text in as_texts(inputs)]
        words = most_frequent(documents, max_words, min_count)
        if not words:
            raise DataError(
                f"KerasClassifier: no word is in the {len(documents)} training texts {min_count} times or more. Give "
                "more texts, or a smaller min_count."
            )
        if isinstance(length, str):
            usual = float(np.percentile([len(document) for document in documents], _LENGTH_PERCENTILE))
            length = min(MOST_AUTO_WORDS, -(-max(1, int(np.ceil(usual))) // LENGTH_STEP) * LENGTH_STEP)
        encoder = cls(words, length, tokenizer)
        if max_ngrams:
            encoder.bag = Bag.learn(encoder.encode(inputs)[TOKENS], words, max_ngrams, min_count)
        return encoder

    @property
    def spec(self) -> TextSpec:
        """Length and room."""
        n_ngrams = 0 if self.bag is None else room_for(1 + len(self.bag.keys))
        return TextSpec(self.length, room_for(FIRST_WORD + len(self.vocabulary)), n_ngrams)

    def encode(self, inputs: Any) -> dict[str, Any]:
        """Return the arrays of texts.

        Parameters
        ----------
        inputs : Texts, or list or array of str
            A missing text is an empty one.

        Returns
        -------
        dict of str to array
            "tokens" (int32, shape (n_rows, length)) and, with a bag, "bag" (int32) and "bag_weights" (float32), each of
            shape (n_rows, 2 * length).

        Raises
        ------
        DataError
            If these are no texts.
        """
        texts = as_texts(inputs)
        tokens = np.full((len(texts), self.length), PADDING, dtype=np.int32)
        codes_of = _Memo(lambda piece: tuple(self._code_of.get(word, UNKNOWN) for word in self.tokenizer.split(piece)))
        for row, text in enumerate(texts):
            codes = [code for piece in self.tokenizer.pieces(text) for code in codes_of[piece]][: self.length]
            tokens[row, : len(codes)] = codes
        return self._with_bag(tokens)

    def words(self, inputs: Any) -> list[list[tuple[int, int, str]]]:
        """Return the words of texts and where they stand, read or not.

        Parameters
        ----------
        inputs : Texts, or list or array of str

        Returns
        -------
        list of list of (start, stop, word)
            For each text its words in order: characters of the text (stop excluded), and the word in the form in which
            it is compared. See :meth:`token_positions` for their places in the arrays.

        Examples
        --------
        >>> TextEncoder.learn(["a b"], min_count=1, length=2).words(["Don't  go"])
        [[(0, 2, 'do'), (2, 5, "n't"), (7, 9, 'go')]]
        """
        return [list(self.tokenizer.spans(text)) for text in as_texts(inputs)]

    def token_positions(self, n_words: int) -> NDArray[np.intp]:
        """Return where the words of a text stand in its row of "tokens".

        Parameters
        ----------
        n_words : int
            Of :meth:`words`.

        Returns
        -------
        array of int, shape (n_words,)
            -1 for the words from ``length`` on, which are not read.

        Examples
        --------
        >>> TextEncoder.learn(["a b"], min_count=1, length=2).token_positions(3).tolist()
        [0, 1, -1]
        """
        places = np.arange(n_words)
        return np.where(places < self.length, places, -1)

    def mask(
        self, arrays: Mapping[str, NDArray[Any]], row: int, hidden: NDArray[np.bool_], *, by: str = "removal"
    ) -> dict[str, NDArray[Any]]:
        """Return one encoded text many times, each time with other words hidden.

        A hidden word leaves its place empty: the words after it do not move up, so that no pair of words arises that
        the text does not have. Pairs of words that contain a hidden word vanish from the bag. What is left keeps the
        scale it has in the whole text (the bag is not normalised anew), so that hiding one word does not make the
        others weigh more.

        Parameters
        ----------
        arrays : dict of str to array
            From :meth:`encode`.
        row : int
            The text.
        hidden : array of bool, shape (n_coalitions, n_words)
            Which of the text's words (in the order of :meth:`words`) to hide. Words beyond ``length`` are not read
            anyway; there may be fewer columns than words.
        by : str, default "removal"
            "removal" leaves the place empty, "unknown" puts the code of unknown words there.

        Returns
        -------
        dict of str to array
            As :meth:`encode` gives them, ``n_coalitions`` rows.

        Raises
        ------
        DataError
            If ``by`` is neither of the two.
        """
        if by not in ("removal", "unknown"):
            raise DataError(f'TextEncoder: words are hidden by "removal" or by "unknown". by is {by!r}.')
        hidden = np.asarray(hidden, dtype=bool)
        whole = np.asarray(arrays[TOKENS])[row : row + 1]
        tokens = np.repeat(whole, len(hidden), axis=0)
        read = min(self.length, hidden.shape[1])
        seen = tokens[:, :read]
        seen[hidden[:, :read] & (seen != PADDING)] = PADDING if by == "removal" else UNKNOWN
        return self._with_bag(tokens, whole)

    def _with_bag(self, tokens: NDArray[np.int32], whole: NDArray[np.int32] | None = None) -> dict[str, Any]:
        if self.bag is None:
            return {TOKENS: tokens}
        codes, weights = self.bag.encode(tokens, whole)
        return {TOKENS: tokens, BAG: codes, BAG_WEIGHTS: weights}

    def to_json(self) -> dict[str, Any]:
        """Return the encoder as a JSON value."""
        return {
            "vocabulary": self.vocabulary,
            "length": self.length,
            "lower_case": self.tokenizer.lower_case,
            "punctuation": self.tokenizer.punctuation,
            "bag": None if self.bag is None else self.bag.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TextEncoder:
        """Return the encoder of a JSON value."""
        tokenizer = Tokenizer(bool(data["lower_case"]), bool(data["punctuation"]))
        bag = None if data["bag"] is None else Bag.from_json(data["bag"])
        return cls(list(data["vocabulary"]), int(data["length"]), tokenizer, bag)

    def describe(self) -> dict[str, Any]:
        """Return the sizes of the vocabularies and the number of words read."""
        n_ngrams = 0 if self.bag is None else len(self.bag.keys)
        return {"input": {"n_words": len(self.vocabulary), "length": self.length, "n_ngrams": n_ngrams}}


class _Memo(dict[str, tuple[Any, ...]]):
    """Remembers what a function gave for each piece of text."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, piece: str) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self._function(piece)
        self[piece] = found
        return found


def as_texts(inputs: Any) -> Texts:
    """Return inputs as texts.

    Parameters
    ----------
    inputs : Texts, or list, Series or one-dimensional array of str

    Returns
    -------
    Texts

    Raises
    ------
    DataError
        If they are no texts.
    """
    if isinstance(inputs, Texts):
        return inputs
    flat = isinstance(inputs, list | tuple | pd.Series) or (isinstance(inputs, np.ndarray) and inputs.ndim == 1)
    if flat and all(item is None or isinstance(item, str) or item != item for item in _scalars(inputs)):
        return Texts(inputs)
    raise DataError(
        f"KerasClassifier: this builder reads texts (Texts, or a list of str). It was given a {type(inputs).__name__} "
        f"of shape {getattr(inputs, 'shape', '?')}. Read them with the source text_table, or choose a "
        "builder for tables (mlp)."
    )


def _scalars(inputs: Iterable[Any]) -> Iterable[Any]:
    return (None if item is pd.NA else item for item in inputs)


__all__ = ["BAG", "BAG_WEIGHTS", "LENGTH_STEP", "TOKENS", "TextEncoder", "TextSpec", "as_texts"]
