"""Finding identity terms in sentences, and swapping them: form, capitals, possessives and articles stay right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from appliedml.audits._identity_terms import Dimension
from appliedml.audits._text_language import FUNCTION_WORDS, WORD

DETERMINER = "determiner"
# What may not stand between a determiner and its noun: "I saw her at home", "his is better".
_NOT_A_NOUN = FUNCTION_WORDS | frozenset(
    WORD.findall("a an in on off into too again now here back over yesterday today")
)
_ARTICLE = re.compile(r"(?<![^\W\d_])(a|an)(\s+)$", re.IGNORECASE)
# Letters mislead in these: "a European", "an heir".
_CONSONANT_SOUND = re.compile(r"eu|ukr|uni|uru|one\b|us\b", re.IGNORECASE)
_VOWEL_SOUND = re.compile(r"[aeiou]|heir|hon(est|our)", re.IGNORECASE)


@dataclass(frozen=True)
class Mention:
    """A term found in a text: text[start:end]."""

    start: int
    end: int
    dimension: str
    group: str
    form: int
    place: int
    surface: str


@dataclass(frozen=True)
class _Entry:
    words: tuple[str, ...]
    text: str
    dimension: str
    group: str
    form: int
    place: int
    case_sensitive: bool
    is_determiner: bool


class Matcher:
    """Finds the terms of some dimensions.

    Parameters
    ----------
    dimensions : sequence of Dimension

    Examples
    --------
    >>> from appliedml.audits._identity_terms import find_dimensions
    >>> matcher = Matcher(find_dimensions(["gender"]))
    >>> text = "An old man gave her HIS book; he's kind."
    >>> matcher.swapped(text, matcher.find(text)[1:2], "male")
    "An old man gave him HIS book; he's kind."
    """

    def __init__(self, dimensions: Sequence[Dimension]) -> None:
        self.dimensions = {item.name: item for item in dimensions}
        self._entries: dict[str, list[_Entry]] = {}
        for dimension in dimensions:
            for number, form in enumerate(dimension.forms):
                for group, texts in form.terms.items():
                    for place, text in enumerate(texts):
                        words = tuple(word.lower() for word in WORD.findall(text))
                        if words:
                            entry = _Entry(
                                words, text, dimension.name, group, number, place, form.case_sensitive,
                                form.name == DETERMINER,
                            )  # fmt: skip
                            self._entries.setdefault(words[0], []).append(entry)
        for entries in self._entries.values():
            entries.sort(key=lambda entry: -len(entry.words))
        self._first = frozenset(self._entries)

    def find(self, text: str) -> list[Mention]:
        """Return the terms in a text, in order; those of one dimension do not overlap.

        Parameters
        ----------
        text : str

        Returns
        -------
        list of Mention
        """
        # Most texts hold no term at all: tell that in one sweep.
        if self._first.isdisjoint(WORD.findall(text.lower())):
            return []
        tokens = [(match.group(), match.start(), match.end()) for match in WORD.finditer(text)]
        lower = [token[0].lower() for token in tokens]
        found: list[Mention] = []
        taken: dict[str, int] = {}
        for at, word in enumerate(lower):
            for dimension, entries in self._candidates(word, lower, at, tokens, text).items():
                if taken.get(dimension, 0) > at:
                    continue
                entry = self._chosen(entries, lower, at, tokens, text)
                end = tokens[at + len(entry.words) - 1][2]
                surface = entry.text if entry.case_sensitive else entry.text.lower()
                found.append(Mention(tokens[at][1], end, dimension, entry.group, entry.form, entry.place, surface))
                taken[dimension] = at + len(entry.words)
        return found

    def _candidates(
        self, word: str, lower: list[str], at: int, tokens: list[tuple[str, int, int]], text: str
    ) -> dict[str, list[_Entry]]:
        found: dict[str, list[_Entry]] = {}
        for entry in self._entries.get(word, ()):
            n = len(entry.words)
            if tuple(lower[at : at + n]) != entry.words:
                continue
            piece = text[tokens[at][1] : tokens[at + n - 1][2]]
            if entry.case_sensitive and piece not in (entry.text, entry.text.upper()):
                continue
            if n > 1 and " ".join(piece.lower().split()) != " ".join(entry.text.lower().split()):
                continue  # punctuation between the words
            same = found.setdefault(entry.dimension, [])
            if not same or len(same[0].words) == n:
                same.append(entry)
        return found

    def _chosen(
        self, entries: list[_Entry], lower: list[str], at: int, tokens: list[tuple[str, int, int]], text: str
    ) -> _Entry:
        """Choose between "her book" and "saw her": by whether a noun can follow."""
        if len(entries) == 1:
            return entries[0]
        end = tokens[at + len(entries[0].words) - 1][2]
        after = at + len(entries[0].words)
        noun = after < len(lower) and text[end : tokens[after][1]].isspace() and lower[after] not in _NOT_A_NOUN
        return next((entry for entry in entries if entry.is_determiner == noun), entries[0])

    def names_people(self, mention: Mention) -> bool:
        """Tell whether a mention is of a form that mostly speaks of people, not of things ("old cheese").

        Parameters
        ----------
        mention : Mention

        Returns
        -------
        bool
        """
        return self.dimensions[mention.dimension].forms[mention.form].own_sentences

    def targets(self, mentions: Sequence[Mention]) -> list[str]:
        """Return the groups that all these mentions of one dimension can be swapped to.

        Parameters
        ----------
        mentions : sequence of Mention
            Of one dimension.

        Returns
        -------
        list of str
            Empty unless all mentions are of one group, in forms that own sentences may be swapped in.
        """
        dimension = self.dimensions[mentions[0].dimension]
        forms = [dimension.forms[mention.form] for mention in mentions]
        if len({mention.group for mention in mentions}) > 1 or not all(form.own_sentences for form in forms):
            return []
        own = mentions[0].group
        return [group for group in dimension.groups if group != own and all(group in form.terms for form in forms)]

    def swapped(self, text: str, mentions: Sequence[Mention], group: str) -> str:
        """Return the text with these mentions replaced by the matched terms of another group.

        Parameters
        ----------
        text : str
        mentions : sequence of Mention
            Of one dimension, in order.
        group : str
            One of :meth:`targets`.

        Returns
        -------
        str
        """
        out, last = "", 0
        for mention in mentions:
            form = self.dimensions[mention.dimension].forms[mention.form]
            options = form.terms[group]
            # Lists of unequal length are gone round again.
            new = _cased(options[mention.place % len(options)], text[mention.start : mention.end], form.case_sensitive)
            out = _with_article(out + text[last : mention.start], new) + new
            last = mention.end
        return out + text[last:]


def _cased(new: str, old: str, keep: bool) -> str:
    """Write a term as the old one was written: capitals, a capital, or as the list has it."""
    if len(old) > 1 and old.isupper():
        return new.upper()
    if keep:
        return new
    if old[:1].isupper():
        return new[:1].upper() + new[1:]
    return new.lower()


def _with_article(before: str, new: str) -> str:
    found = _ARTICLE.search(before)
    if found is None:
        return before
    article, space = found.groups()
    vowel = bool(_VOWEL_SOUND.match(new)) and not _CONSONANT_SOUND.match(new)
    wanted = "an" if vowel else "a"
    shown = wanted.upper() if len(article) > 1 and article.isupper() else wanted
    shown = shown[:1].upper() + shown[1:] if article[:1].isupper() else shown
    return before[: found.start()] + shown + space
