"""Small changes of a text's words: leave some out, swap neighbours, put a synonym."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

# A word with what sticks to it. Spaces between are kept, so that the rest of the text stays as it is.
_TOKEN = re.compile(r"\s+|\S+")
_BARE = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
# A word that is left out or moved must not turn what a text says.
_TURNING = """
    not no nor never none nothing nobody neither nowhere without cannot hardly barely scarcely but however although
    though except unless than too
"""
NEGATIONS = frozenset(_TURNING.split())


@cache
def shipped_synonyms() -> Mapping[str, tuple[str, ...]]:
    """Return the shipped list: every word with the words that can stand for it.

    Returns
    -------
    mapping of str to tuple of str
    """
    text = Path(__file__).with_name("synonyms.txt").read_text(encoding="utf-8")
    sets = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {word: tuple(other for other in words if other != word) for words in sets for word in words}


def changed_text(
    text: str,
    rng: np.random.Generator,
    dropout: float,
    swaps: float,
    synonyms: float,
    known: Mapping[str, tuple[str, ...]],
) -> str:
    """Return a text with some of its words changed.

    Parameters
    ----------
    text : str
    rng : numpy Generator
    dropout : float
        Chance that a word is left out.
    swaps : float
        Chance that a word changes places with the next.
    synonyms : float
        Chance that a word that has a synonym gives way to it.
    known : mapping of str to tuple of str
        Words in lower case and their synonyms.

    Returns
    -------
    str
        The text itself where nothing could be changed. Negations ("not", "never", "don't") and their like stay where
        they are, and so do bracketed tokens such as ``[url]``; at least half of the words remain.
    """
    tokens = _TOKEN.findall(text)
    places = [place for place, token in enumerate(tokens) if not token.isspace()]
    bare = [_bare(tokens[place]) for place in places]
    free = [bool(word) and not _protected(tokens[place], word) for place, word in zip(places, bare, strict=True)]
    draws = rng.random((3, len(places)))
    for number, place in enumerate(places):
        others = known.get(bare[number], ())
        if free[number] and others and draws[0, number] < synonyms:
            tokens[place] = _replaced(tokens[place], others[int(rng.integers(len(others)))])
    number = 0
    while number < len(places) - 1:
        if free[number] and free[number + 1] and draws[1, number] < swaps:
            a, b = places[number], places[number + 1]
            tokens[a], tokens[b] = _exchanged(tokens[a], tokens[b])
            number += 1
        number += 1
    left = len(places)
    for number, place in enumerate(places):
        # The rounding keeps a text of two words from losing both.
        if free[number] and draws[2, number] < dropout and left - 1 >= (len(places) + 1) // 2:
            tokens[place] = ""
            left -= 1
    return _joined(tokens) if left < len(places) else "".join(tokens)


def _bare(token: str) -> str:
    found = _BARE.search(token)
    return found.group().lower() if found else ""


def _protected(token: str, word: str) -> bool:
    return word in NEGATIONS or word.replace("\u2019", "'").endswith("n't") or ("[" in token and "]" in token)


def _replaced(token: str, word: str) -> str:
    """Put a word into a token, keeping what sticks to it and how it is written (this, This, THIS)."""

    def written(found: re.Match[str]) -> str:
        old = found.group()
        if old.isupper() and len(old) > 1:
            return word.upper()
        return word.capitalize() if old[0].isupper() else word

    return _BARE.sub(written, token, count=1)


def _exchanged(first: str, second: str) -> tuple[str, str]:
    """Swap the words of two tokens and leave the marks where they are: "good, very" becomes "very, good"."""
    a, b = _BARE.search(first), _BARE.search(second)
    if a is None or b is None:
        return first, second
    return (
        first[: a.start()] + b.group() + first[a.end() :],
        second[: b.start()] + a.group() + second[b.end() :],
    )


def _joined(tokens: list[str]) -> str:
    out: list[str] = []
    for token in tokens:
        # Where a word went, one of the two spaces around it goes too.
        if token and not (token.isspace() and (not out or out[-1].isspace())):
            out.append(token)
    if out and out[-1].isspace() and not tokens[-1].isspace():
        out.pop()
    return "".join(out)
