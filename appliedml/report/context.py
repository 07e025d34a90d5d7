"""What people stated in ``context.yaml``: answers that no machine can give, with the name of who gave them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOT_ANSWERS = frozenset({"stated_by", "sign_offs", "standards", "field"})
"""Keys of ``context.yaml`` that are no answers to a question."""
_PLACEHOLDER = re.compile(
    r"\W*(?:(?:todo|to do|tbd|tba|tbc|fixme|xxx+)\b(?:\W.*)?"
    r"|to be (?:determined|done|decided|confirmed|defined|completed|announced|filled in)|lorem ipsum\b.*|)\W*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Answer:
    """One statement.

    Parameters
    ----------
    text : str
    by : str
        Who stated it; empty if nobody is named.
    on : str
        When, as written; may be empty.
    """

    text: str
    by: str = ""
    on: str = ""

    @property
    def source(self) -> str:
        """Who and when, in one phrase."""
        return ", ".join(part for part in (self.by or "nobody named", self.on) if part)


def answer(context: Mapping[str, Any], key: str) -> Answer | None:
    """Return what was stated under a key.

    Parameters
    ----------
    context : mapping
        ``run.info["context"]``. A value is a text, a number, yes or no, or a mapping with one of them as ``answer``,
        ``by`` and ``on``. ``stated_by`` names the person of every answer without a name of its own. A list is refused
        before a run starts; one in an older run is shown with semicolons between its texts.
    key : str

    Returns
    -------
    Answer or None
        None where nothing, nothing but blanks, or a placeholder such as "TBD" was stated.

    Examples
    --------
    >>> answer({"owner": "Claims", "stated_by": "A. Owner"}, "owner")
    Answer(text='Claims', by='A. Owner', on='')
    >>> answer({"owner": {"answer": "Claims", "by": "B", "on": "2026-03-01"}}, "owner").source
    'B, 2026-03-01'
    >>> answer({"owner": ["Claims", "Risk", ["none"]]}, "owner").text
    'Claims; Risk'
    """
    if key in NOT_ANSWERS:
        return None
    value, by, on = context.get(key), "", ""
    if isinstance(value, Mapping):
        by, on, value = _stated(value.get("by")), _plain(value.get("on")), value.get("answer")
    by = by or _stated(context.get("stated_by"))
    text = "; ".join(filter(None, map(_plain, value))) if isinstance(value, list) else _plain(value)
    return None if is_placeholder(text) else Answer(text, by, on)


def is_placeholder(text: str) -> bool:
    """Whether a text says nothing yet: it is empty, a mark such as "?" or "-", or a word such as "TODO".

    Parameters
    ----------
    text : str

    Returns
    -------
    bool

    Examples
    --------
    >>> [is_placeholder(text) for text in ("TBD", "todo: ask Ann", "...", "None was prepared.", "<b>Claims</b>")]
    [True, True, True, False, False]
    """
    # A long text is no placeholder, and need not be searched.
    return _PLACEHOLDER.fullmatch(text) is not None if len(text) <= 200 else not text.strip()


def _stated(value: Any) -> str:
    name = _plain(value)
    return "" if is_placeholder(name) else name


def _plain(value: Any) -> str:
    """Text of a scalar; anything else, such as a list inside a list, counts as nothing."""
    return str(value).strip() if isinstance(value, str | int | float | bool) else ""
