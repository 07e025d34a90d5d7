"""Changes to a text that leave its meaning as it is, or nearly so, each with severities."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Rng = np.random.Generator
_PUNCTUATION = re.compile(f"[{re.escape(string.punctuation)}\u2018\u2019\u201c\u201d\u2013\u2014\u2026]+")
_TOKEN = re.compile(r"\S+|\s+")
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


@dataclass(frozen=True)
class Perturbation:
    """A change with severities.

    Parameters
    ----------
    name, title : str
    severities : tuple of (float, str)
        Strength and its name, ascending; severity k of a table is the k-th of these, 0 the text as it is.
    change : callable
        From text, strength and generator to text.
    """

    name: str
    title: str
    severities: tuple[tuple[float, str], ...]
    change: Callable[[str, float, Rng], str]


def typos(text: str, share: float, rng: Rng) -> str:
    """Misspell a share of the words: two neighbouring letters swapped, or one left out or doubled.

    Parameters
    ----------
    text : str
    share : float
        Of the words of at least four characters.
    rng : numpy.random.Generator

    Returns
    -------
    str

    Examples
    --------
    >>> typos("delicious", 1.0, np.random.default_rng(0)) != "delicious"
    True
    """

    def misspelled(word: str) -> str:
        at, kind = int(rng.integers(1, len(word) - 1)), int(rng.integers(3))
        if kind == 0 and word[at] != word[at + 1]:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        return word[:at] + word[at + 1 :] if kind == 1 else word[: at + 1] + word[at:]

    return _by_word(text, share, rng, misspelled, shortest=4)


def drop_words(text: str, share: float, rng: Rng) -> str:
    """Leave out a share of the words, never all.

    Parameters
    ----------
    text : str
    share : float
    rng : numpy.random.Generator

    Returns
    -------
    str

    Examples
    --------
    >>> drop_words("one", 1.0, np.random.default_rng(0))
    'one'
    """
    words = text.split()
    kept = [word for word, draw in zip(words, rng.random(len(words)), strict=True) if draw >= share]
    return " ".join(kept or words[:1])


def unknown_words(text: str, share: float, rng: Rng) -> str:
    """Replace a share of the words by invented ones that no vocabulary holds.

    Parameters
    ----------
    text : str
    share : float
    rng : numpy.random.Generator

    Returns
    -------
    str

    Examples
    --------
    >>> len(unknown_words("good tea", 1.0, np.random.default_rng(0)).split())
    2
    """

    def invented(_: str) -> str:
        parts = [_CONSONANTS[int(rng.integers(14))] + _VOWELS[int(rng.integers(5))] for _ in range(4)]
        return "".join(parts) + "q"

    return _by_word(text, share, rng, invented, shortest=1)


def no_punctuation(text: str) -> str:
    """Remove all punctuation.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> no_punctuation("Good, isn't it?!")
    'Good isnt it'
    """
    return _PUNCTUATION.sub("", text)


def more_punctuation(text: str, share: float, rng: Rng) -> str:
    """Put a comma or full stops after a share of the words.

    Parameters
    ----------
    text : str
    share : float
    rng : numpy.random.Generator

    Returns
    -------
    str

    Examples
    --------
    >>> more_punctuation("a b", 1.0, np.random.default_rng(0)) != "a b"
    True
    """
    return _by_word(text, share, rng, lambda word: word + (",", "...", " -")[int(rng.integers(3))], shortest=1)


def more_space(text: str, share: float, rng: Rng) -> str:
    """Widen a share of the gaps between words by blanks, tabs and line breaks.

    Parameters
    ----------
    text : str
    share : float
    rng : numpy.random.Generator

    Returns
    -------
    str

    Examples
    --------
    >>> more_space("a b", 1.0, np.random.default_rng(0)).split()
    ['a', 'b']
    """
    parts = _TOKEN.findall(text)
    return "".join(
        part + ("  ", "\n", "\t ")[int(rng.integers(3))] if part.isspace() and rng.random() < share else part
        for part in parts
    )


def _by_word(text: str, share: float, rng: Rng, change: Callable[[str], str], shortest: int) -> str:
    parts = _TOKEN.findall(text)
    words = [at for at, part in enumerate(parts) if not part.isspace() and len(part) >= shortest]
    draws = rng.random(len(words))
    for at, draw in zip(words, draws, strict=True):
        if draw < share:
            parts[at] = change(parts[at])
    return "".join(parts)


def _shares(*values: float) -> tuple[tuple[float, str], ...]:
    return tuple((value, f"{100 * value:g} % of words") for value in values)


PERTURBATIONS: dict[str, Perturbation] = {
    item.name: item
    for item in (
        Perturbation("typos", "Typos", _shares(0.05, 0.1, 0.2, 0.4), typos),
        Perturbation("word_dropout", "Words left out", _shares(0.05, 0.1, 0.2, 0.4), drop_words),
        Perturbation("unknown_words", "Words nobody knows", _shares(0.05, 0.1, 0.2, 0.4), unknown_words),
        Perturbation("lower_case", "All in lower case", ((1.0, "all"),), lambda text, strength, rng: text.lower()),
        Perturbation("upper_case", "All in capitals", ((1.0, "all"),), lambda text, strength, rng: text.upper()),
        Perturbation(
            "no_punctuation", "Punctuation removed", ((1.0, "all"),), lambda text, strength, rng: no_punctuation(text)
        ),
        Perturbation("more_punctuation", "Punctuation added", ((0.2, "after 20 % of words"),), more_punctuation),
        Perturbation("white_space", "White space added", ((0.2, "at 20 % of gaps"),), more_space),
    )
}
"""Every perturbation by name, in the order of the report."""
