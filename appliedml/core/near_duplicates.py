"""Which texts are nearly the same: shared runs of words, compared exactly, fast enough for 100,000 texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Rows = NDArray[np.intp]
Hashes = NDArray[np.uint64]

# Scripts written without spaces: every character stands for itself, or a whole sentence would be one word.
_NO_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORD = re.compile(f"[{_NO_SPACES}]|[^\\W_{_NO_SPACES}]+")

_ASCII_MARKS = re.compile(r"[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+")
_SHORT = np.uint64(0xD1B54A32D192ED03)  # keeps the numbers of short texts apart from those of words


class Shingles:
    """Texts as sets of overlapping runs of words; case, punctuation and spacing do not count.

    Parameters
    ----------
    texts : iterable of str
    words : int
        Length of a run. A text of fewer words is one run.
    min_words : int
        Texts of fewer words are compared for equality only, without case, spaces and punctuation: runs of so few
        words say little. Texts without anything else, also empty ones, are equal.

    Attributes
    ----------
    compared : array of bool, shape (n_texts,)
        Which texts are long enough to be compared by their runs.

    Notes
    -----
    Two texts are near-duplicates at a threshold t if their sets overlap with a Jaccard index of at least t. The search
    is exact, not sampled: sets with such an overlap must share one of their rarest elements, so only texts that do are
    compared (prefix filtering). Runs are known by 64-bit hashes.

    Source
    ------
    Broder (1997), On the resemblance and containment of documents; Bayardo, Ma, Srikant (2007), Scaling up all pairs
    similarity search, WWW.

    Examples
    --------
    >>> texts = ["The tea is good, buy it now!", "the tea is good - buy it now", "Something else, wholly different."]
    >>> Shingles(texts).firsts(0.8).tolist()
    [0, 0, 2]
    """

    def __init__(self, texts: Iterable[str], words: int = 3, min_words: int = 5) -> None:
        lengths, ids, keys = _word_ids(texts, max(1, min_words))
        self.compared: NDArray[np.bool_] = lengths >= max(1, min_words)
        n_runs = np.where(self.compared, np.maximum(lengths - words + 1, 1), 0)
        text = np.repeat(np.arange(len(lengths)), n_runs)
        start = np.repeat(np.concatenate([[0], np.cumsum(lengths)[:-1]]) if len(lengths) else lengths, n_runs)
        place = np.arange(len(text)) - np.repeat(np.cumsum(n_runs) - n_runs, n_runs)
        hashes = _run_hashes(ids, start + place, np.minimum(words, lengths[text]), words)
        # A short text is a set of one element that no run shares: it is like its equals and nothing else.
        short = np.flatnonzero(~self.compared)
        self._sets(np.concatenate([text, short]), np.concatenate([hashes, _mix(keys + _SHORT)]), len(lengths))

    def _sets(self, text: Rows, hashes: Hashes, n_texts: int) -> None:
        """Store each text's distinct runs, rarest first, as whole numbers."""
        pairs = pd.DataFrame({"text": text, "run": pd.factorize(hashes)[0]}).drop_duplicates()
        uses = np.bincount(pairs["run"]) if len(pairs) else np.zeros(0, dtype=np.intp)
        # Rarest first; ties by number, so that the order is the same for every text.
        rank = np.empty(len(uses), dtype=np.intp)
        rank[np.lexsort((np.arange(len(uses)), uses))] = np.arange(len(uses))
        runs, owners = rank[pairs["run"].to_numpy()], pairs["text"].to_numpy()
        order = np.lexsort((runs, owners))
        self._runs: Rows = runs[order]
        self._shared: NDArray[np.bool_] = np.sort(uses)[self._runs] > 1 if len(uses) else np.zeros(0, dtype=bool)
        sizes = np.bincount(owners, minlength=n_texts)
        self._ends: Rows = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
        self.sizes: Rows = sizes.astype(np.intp)

    def __len__(self) -> int:
        """Number of texts."""
        return len(self.sizes)

    def _set(self, text: int) -> Rows:
        return self._runs[self._ends[text] : self._ends[text + 1]]

    def _prefixes(self, threshold: float) -> list[list[int]]:
        """Return each text's rarest runs that any text as similar must share; runs of one text only are left out."""
        sizes = self.sizes
        lengths = np.where(sizes > 0, sizes - np.ceil(threshold * sizes - 1e-9).astype(np.intp) + 1, 0)
        place = np.arange(len(self._runs)) - np.repeat(self._ends[:-1], sizes)
        wanted = self._shared & (place < np.repeat(lengths, sizes))
        owners = np.repeat(np.arange(len(sizes)), sizes)[wanted]
        cuts = np.searchsorted(owners, np.arange(1, len(sizes)))
        return [part.tolist() for part in np.split(self._runs[wanted], cuts)] if len(sizes) else []

    def similar(self, a: int, b: int, threshold: float) -> bool:
        """Whether two texts overlap with a Jaccard index of at least ``threshold``.

        Parameters
        ----------
        a, b : int
            Positions of texts.
        threshold : float

        Returns
        -------
        bool
            Two texts of fewer than ``min_words`` words are similar if they are equal.
        """
        n, m = int(self.sizes[a]), int(self.sizes[b])
        if not n or not m or min(n, m) < threshold * max(n, m) - 1e-9:
            return False
        both = len(np.intersect1d(self._set(a), self._set(b), assume_unique=True))
        return both >= threshold * (n + m - both) - 1e-9

    def firsts(self, threshold: float) -> Rows:
        """Return, for every text, the earliest text that stays and that it nearly repeats, or itself.

        Parameters
        ----------
        threshold : float
            Jaccard index, over 0 and at most 1.

        Returns
        -------
        array of int, shape (n_texts,)
            Texts that point to themselves stay. No two of them are near-duplicates.
        """
        found = np.arange(len(self))
        index: dict[int, list[int]] = {}
        for text, prefix in enumerate(self._prefixes(threshold)):
            for other in self._candidates(prefix, index):
                if self.similar(text, other, threshold):
                    found[text] = other
                    break
            else:
                for run in prefix:
                    index.setdefault(run, []).append(text)
        return found

    def families(self, threshold: float) -> Rows:
        """Return, for every text, the earliest text of its family: near-duplicates, and their near-duplicates in turn.

        Parameters
        ----------
        threshold : float
            Jaccard index, over 0 and at most 1.

        Returns
        -------
        array of int, shape (n_texts,)
        """
        parent = np.arange(len(self))
        index: dict[int, list[int]] = {}
        for text, prefix in enumerate(self._prefixes(threshold)):
            same = False
            for other in self._candidates(prefix, index):
                head, own = root(parent, other), root(parent, text)
                if head != own and self.similar(text, other, threshold):
                    parent[max(head, own)] = min(head, own)
                    # What is like this text is then like the other: ten thousand copies cost as little as one.
                    same = np.array_equal(self._set(text), self._set(other))
                if same:
                    break
            for run in () if same else prefix:
                index.setdefault(run, []).append(text)
        return np.array([root(parent, text) for text in range(len(self))], dtype=np.intp)

    def repeats_of(self, n_first: int, threshold: float) -> NDArray[np.bool_]:
        """Return which of the later texts nearly repeat one of the first ``n_first``.

        Parameters
        ----------
        n_first : int
        threshold : float

        Returns
        -------
        array of bool, shape (n_texts - n_first,)
        """
        prefixes = self._prefixes(threshold)
        index: dict[int, list[int]] = {}
        seen: set[bytes] = set()
        for text, prefix in enumerate(prefixes[:n_first]):
            # Ten thousand copies cost as little as one.
            runs = self._set(text).tobytes()
            if runs in seen:
                continue
            seen.add(runs)
            for run in prefix:
                index.setdefault(run, []).append(text)
        hits = [
            any(self.similar(n_first + later, other, threshold) for other in self._candidates(prefix, index))
            for later, prefix in enumerate(prefixes[n_first:])
        ]
        return np.array(hits, dtype=bool)

    @staticmethod
    def _candidates(prefix: list[int], index: dict[int, list[int]]) -> Iterator[int]:
        found: set[int] = set()
        for run in prefix:
            found.update(index.get(run, ()))
        return iter(sorted(found))


def root(parent: Rows, text: int) -> int:
    """Return the head of a text's family, shortening the way to it.

    Parameters
    ----------
    parent : array of int, shape (n_texts,)
        Changed in place.
    text : int

    Returns
    -------
    int
    """
    while parent[text] != text:
        parent[text] = parent[parent[text]]
        text = int(parent[text])
    return text


def _word_ids(texts: Iterable[str], min_words: int) -> tuple[Rows, Hashes, Hashes]:
    """Return the number of words of every text, all words as numbers, and a number for every text of too few words."""
    vocabulary: dict[str, int] = {}
    short: dict[str, int] = {}
    lengths: list[int] = []
    ids: list[int] = []
    keys: list[int] = []
    for text in texts:
        found = [vocabulary.setdefault(word, len(vocabulary)) for word in WORD.findall(text.lower())]
        lengths.append(len(found))
        ids += found
        if len(found) < min_words:
            keys.append(short.setdefault(_plain(text), len(short)))
    return np.array(lengths, dtype=np.intp), np.array(ids, dtype=np.uint64), np.array(keys, dtype=np.uint64)


def _plain(text: str) -> str:
    """Return a text without case, punctuation and spacing; emoji and other signs outside ASCII stay."""
    if not text.isascii():
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
        # Punctuation, separators, and control and format characters; an emoji's variation selector is none of them.
        text = "".join(" " if unicodedata.category(sign)[0] in "PZC" else sign for sign in folded)
    return " ".join(_ASCII_MARKS.sub(" ", text.casefold()).split())


def _run_hashes(ids: Hashes, starts: Rows, lengths: Rows, words: int) -> Hashes:
    """Hash runs of words; texts shorter than a run are hashed whole."""
    mixed = _mix(ids + np.uint64(1))
    hashes: Hashes = np.zeros(len(starts), dtype=np.uint64)
    for step in range(words):
        inside = step < lengths
        place = np.where(inside, starts + step, 0)
        word = np.where(inside, mixed[place], np.uint64(0)) if len(mixed) else np.zeros(0, dtype=np.uint64)
        hashes = _mix(hashes * np.uint64(0x9E3779B97F4A7C15) + word + np.uint64(step + 1))
    return hashes


def _mix(values: Hashes) -> Hashes:
    """Spread 64-bit numbers (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Hashes = values ^ (values >> np.uint64(31))
    return mixed
