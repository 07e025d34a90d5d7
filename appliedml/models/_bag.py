"""Words and pairs of words of a text with their weights: the bag that a linear branch of a network reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.models._vocabulary import FIRST_WORD

# A pair of the words a, b has the key a * _PAIR + b; a single word its code.
_PAIR = 2**31


class Bag:
    """Weights of single words and of pairs of neighbours: (1 + log count) * idf, scaled to length 1 a text.

    Parameters
    ----------
    keys : array of int64, shape (n_ngrams,)
        Ascending; entry number i has the code i + 1.
    document_counts : array of int, shape (n_ngrams,)
        Number of training texts that contain it.
    n_documents : int
        Number of training texts.

    Source
    ------
    Salton, Buckley (1988), Term-weighting approaches in automatic text retrieval; idf smoothed as in scikit-learn's
    TfidfTransformer. Cheng et al. (2016), Wide & Deep Learning, for the branch beside a network.
    """

    def __init__(self, keys: NDArray[np.int64], document_counts: NDArray[np.int64], n_documents: int) -> None:
        self.keys = keys
        self.document_counts = document_counts
        self.n_documents = int(n_documents)
        idf = np.log((1.0 + n_documents) / (1.0 + document_counts)) + 1.0
        # Code 0 is "nothing".
        self._idf = np.concatenate([[0.0], idf])

    @classmethod
    def learn(cls, tokens: NDArray[np.int32], words: list[str], most: int, min_count: int) -> Bag:
        """Return the bag of training texts.

        Parameters
        ----------
        tokens : array of shape (n_rows, length)
            Codes of words.
        words : list of str
            The vocabulary in code order from 2: ties go by the words.
        most : int
            Number of entries at most: those in most texts.
        min_count : int
            Entries in fewer texts are left out.

        Returns
        -------
        Bag
        """
        keys = _keys(tokens)
        ordered = np.sort(keys, axis=1)
        first = np.ones(ordered.shape, dtype=bool)
        first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
        found, counts = np.unique(ordered[first & (ordered > 0)], return_counts=True)
        often = counts >= min_count
        found, counts = found[often], counts[often]
        place = np.zeros(FIRST_WORD + len(words), dtype=np.int64)
        place[FIRST_WORD + np.argsort(np.array(words, dtype=object), kind="stable")] = np.arange(1, len(words) + 1)
        chosen = np.lexsort([place[found % _PAIR], place[found // _PAIR], -counts])[:most]
        chosen = chosen[np.argsort(found[chosen])]
        return cls(found[chosen], counts[chosen].astype(np.int64), len(tokens))

    def encode(
        self, tokens: NDArray[np.int32], whole: NDArray[np.int32] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the codes in each text, once each, and their weights.

        Parameters
        ----------
        tokens : array of shape (n_rows, length)
        whole : array of shape (1, length), optional
            Scale all rows as this text, of which they are parts.

        Returns
        -------
        codes : array of int32, shape (n_rows, 2 * length)
            0 after the last.
        weights : array of float32, shape (n_rows, 2 * length)
        """
        rows, codes, weights = self._entries(tokens)
        squares = np.bincount(rows, weights=weights**2, minlength=len(tokens))
        if whole is not None:
            squares = np.full(len(tokens), np.square(self._entries(whole)[2]).sum())
        weights /= np.sqrt(squares)[rows]
        width = 2 * tokens.shape[1]
        starts = np.searchsorted(rows, np.arange(len(tokens)))
        flat = rows * width + (np.arange(len(rows)) - starts[rows])
        all_codes = np.zeros(len(tokens) * width, dtype=np.int32)
        all_weights = np.zeros(len(tokens) * width, dtype=np.float32)
        all_codes[flat], all_weights[flat] = codes, weights
        return all_codes.reshape(-1, width), all_weights.reshape(-1, width)

    def _entries(self, tokens: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Return row, code and weight before scaling of every entry, ordered by row and code."""
        keys = _keys(tokens)
        there = np.flatnonzero(keys)
        found = keys.ravel()[there]
        place = np.minimum(np.searchsorted(self.keys, found), max(0, len(self.keys) - 1))
        known = self.keys[place] == found if len(self.keys) else np.zeros(len(found), dtype=bool)
        room = len(self.keys) + 1
        entries, counts = np.unique(there[known] // keys.shape[1] * room + place[known] + 1, return_counts=True)
        rows, codes = entries // room, entries % room
        return rows, codes, (1.0 + np.log(counts)) * self._idf[codes]

    def to_json(self) -> dict[str, Any]:
        """Return the bag as a JSON value: pairs of codes of words, 0 first for a single word."""
        pairs = np.column_stack([self.keys // _PAIR, self.keys % _PAIR])
        return {
            "ngrams": pairs.tolist(),
            "document_counts": self.document_counts.tolist(),
            "n_documents": self.n_documents,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Bag:
        """Return the bag of a JSON value."""
        pairs = np.array(data["ngrams"], dtype=np.int64).reshape(-1, 2)
        counts = np.array(data["document_counts"], dtype=np.int64)
        return cls(pairs[:, 0] * _PAIR + pairs[:, 1], counts, int(data["n_documents"]))


def _keys(tokens: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the keys of all words and pairs of neighbours, 0 where there is none."""
    words = np.where(tokens >= FIRST_WORD, tokens, 0).astype(np.int64)
    pairs = np.where((words[:, :-1] > 0) & (words[:, 1:] > 0), words[:, :-1] * _PAIR + words[:, 1:], 0)
    return np.concatenate([words, pairs], axis=1)
