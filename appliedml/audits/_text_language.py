"""Whether texts look English: the word lists and templates of the text audits are."""

from __future__ import annotations

import re
from collections.abc import Iterable

from appliedml.core.artifact import Finding, Severity

WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# The most frequent function words of English that are rare in other languages with the same letters.
FUNCTION_WORDS = frozenset(
    WORD.findall(
        "the of and to that it is was for with as his her he she they at be this have from or had by but not are we "
        "you were which been their has would there what will if can out up them then these some could my than its "
        "who when because very just so about your our me all do did i"
    )
)
# English prose has about 45 such words in a hundred; German, French, Spanish or Dutch under 10 by accident.
ENGLISH_SHARE = 0.15
MIN_WORDS = 5


def looks_english(text: str) -> bool | None:
    """Tell whether a text looks English; None where it has too few words to say.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool or None

    Examples
    --------
    >>> looks_english("I think that this is not what we had asked for.")
    True
    >>> looks_english("Das ist leider nicht das, was wir bestellt hatten.")
    False
    """
    # The first few thousand characters say it; a text may have a hundred thousand.
    words = WORD.findall(text[:5000].lower())
    if len(words) < MIN_WORDS:
        return None
    return sum(word in FUNCTION_WORDS for word in words) / len(words) >= ENGLISH_SHARE


def count_english(texts: Iterable[str]) -> tuple[int, int]:
    """Return how many texts look English, and of how many that can be said at all.

    Parameters
    ----------
    texts : iterable of str

    Returns
    -------
    n_english, n_judged : int

    Examples
    --------
    >>> count_english(["We had it for tea and it was good.", "ok"])
    (1, 1)
    """
    found = [looks_english(text) for text in texts]
    return sum(item is True for item in found), sum(item is not None for item in found)


def language_findings(n_english: int, n_judged: int, what: str) -> list[Finding]:
    """Warn where most texts do not look English.

    Parameters
    ----------
    n_english, n_judged : int
        Of :func:`count_english`.
    what : str
        What is English, as the start of a sentence: "The word lists and templates".

    Returns
    -------
    list of Finding
        None or one.
    """
    if not n_judged or 2 * n_english >= n_judged:
        return []
    text = (
        f"{what} are English, but only {n_english:,} of {n_judged:,} test texts look English. What is found here says "
        "little about texts in another language; give own lists for it."
    )
    return [Finding(Severity.WARNING, "The texts do not look English", text)]
