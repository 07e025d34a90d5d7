"""What people stated in ``context.yaml``: answers that no machine can give, with the name of who gave them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOT_ANSWERS = frozenset({"stated_by", "sign_offs", "standards"})
"""Keys of ``context.yaml`` that are no answers to a question."""


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
        ``run.info["context"]``. A value is a text, a list of texts, or a mapping with ``answer``, ``by`` and ``on``.
        ``stated_by`` names the person of every answer without a name of its own.
    key : str

    Returns
    -------
    Answer or None
        None where nothing, or nothing but blanks, was stated.

    Examples
    --------
    >>> answer({"owner": "Claims", "stated_by": "A. Owner"}, "owner")
    Answer(text='Claims', by='A. Owner', on='')
    >>> answer({"owner": {"answer": "Claims", "by": "B", "on": "2026-03-01"}}, "owner").source
    'B, 2026-03-01'
    """
    if key in NOT_ANSWERS:
        return None
    value, by, on = context.get(key), context.get("stated_by"), ""
    if isinstance(value, Mapping):
        by, on, value = value.get("by", by), value.get("on", ""), value.get("answer")
    if isinstance(value, list):
        value = "; ".join(str(item) for item in value)
    text = "" if value is None else str(value).strip()
    return Answer(text, str(by or "").strip(), str(on or "").strip()) if text else None
