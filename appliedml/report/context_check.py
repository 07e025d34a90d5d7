"""What is wrong in a ``context.yaml``, and what is still open."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from appliedml.errors import Problem
from appliedml.report.concerns import in_question, known_fields
from appliedml.report.context import NOT_ANSWERS, answer, is_placeholder
from appliedml.report.ledger import load_questions, load_standards
from appliedml.report.questions import asked_by, nearest, parsed, read_bytes, shown, unknown_standard

_PARTS = ("answer", "by", "on")
_SIGN_OFF = ("name", "role", "on", "statement")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# Questions whose answer is a day.
_DAYS = ("audit_date", "distribution_date")


@dataclass(frozen=True)
class ContextState:
    """A context file, checked.

    Parameters
    ----------
    wrong : tuple of Problem
        What cannot be meant as it stands.
    open : tuple of Problem
        Questions in the file without an answer, or with one that nobody stands behind.
    absent : tuple of str
        Questions that are not in the file.
    n_asked : int
        Questions of the standards in question.
    """

    wrong: tuple[Problem, ...]
    open: tuple[Problem, ...]
    absent: tuple[str, ...]
    n_asked: int

    @property
    def n_open(self) -> int:
        """Questions that nobody answered, in the file or not."""
        return len(self.open) + len(self.absent)

    @property
    def n_answered(self) -> int:
        """Questions that a named person answered."""
        return self.n_asked - self.n_open

    @property
    def exit_code(self) -> int:
        """0 all answered, 1 questions are open, 2 something is wrong."""
        return 2 if self.wrong else int(bool(self.n_open))


def check_file(path: Path, today: date) -> ContextState:
    """Check a context file.

    Parameters
    ----------
    path : Path
    today : date
        Nobody can have answered later than that.

    Returns
    -------
    ContextState

    Raises
    ------
    PlanError
        If the file cannot be read, is not YAML, holds no mapping, or is a plan.
    """
    return check_context(parsed(read_bytes(path), path) or {}, today)


def check_context(context: Mapping[Any, Any], today: date) -> ContextState:
    """Check what people stated.

    Parameters
    ----------
    context : mapping
        Content of a context file.
    today : date

    Returns
    -------
    ContextState

    Examples
    --------
    >>> state = check_context({"standards": ["nyc_ll144"], "auditr": "A. Body"}, date(2026, 3, 1))
    >>> state.wrong[0].what
    "is not a question. Did you mean 'auditor'?"
    >>> state.n_answered, state.n_open, state.exit_code
    (0, 5, 2)
    """
    questions = load_questions()
    wrong = [*_standards(context.get("standards")), *_name("stated_by", context.get("stated_by"))]
    wrong += _sign_offs(context.get("sign_offs"), today)
    for key, value in context.items():
        if key in NOT_ANSWERS:
            continue
        if key in questions:
            wrong += _answer(str(key), value, today)
        else:
            known = [*questions, *sorted(NOT_ANSWERS)]
            wrong.append(Problem(_place(key), f"is not a question.{nearest(str(key), known)}"))
    wrong += _field(context.get("field"))
    asked = asked_by([name for name, beside in in_question(context).items() if not beside])
    left = [problem for key in asked if key in context for problem in _open(context, key)]
    return ContextState(tuple(wrong), tuple(left), tuple(key for key in asked if key not in context), len(asked))


def _place(key: Any) -> str:
    text = "".join(letter if letter.isprintable() else "?" for letter in str(key)[:60])
    return text if len(str(key)) <= 60 else f"{text[:57]}..."


def _field(value: Any) -> list[Problem]:
    known = known_fields()
    if value is None or (isinstance(value, str) and value.strip().lower() in known):
        return []
    text = f"must be one of {', '.join(known)}. It is {shown(value)}.{nearest(str(value), known)}"
    return [Problem("field", text)]


def _standards(names: Any) -> list[Problem]:
    if names is None:
        return []
    if not isinstance(names, list):
        text = f"must be a list of names. It is {shown(names)}. Known: {', '.join(load_standards())}."
        return [Problem("standards", text)]
    known = load_standards()
    nameless = [f"must be a list of names. It holds {shown(name)}." for name in names if not isinstance(name, str)]
    strange = [unknown_standard(name) for name in names if isinstance(name, str) and name not in known]
    return [Problem("standards", text) for text in (*nameless, *strange)]


def _name(place: str, value: Any) -> list[Problem]:
    if value is None or isinstance(value, str):
        return []
    return [Problem(place, f"must be the name of a person. It is {shown(value)}.")]


def _date(place: str, value: Any, today: date) -> list[Problem]:
    text = value.strip() if isinstance(value, str) else value
    if text is None or text == "":
        return []
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        return [Problem(place, f"must be a date such as {today.isoformat()}. It is {shown(value)}.")]
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return [Problem(place, f"is no day of the calendar: {text}.")]
    return [Problem(place, f"lies in the future: {text}.")] if found > today else []


def _answer(key: str, value: Any, today: date) -> list[Problem]:
    if not isinstance(value, Mapping):
        return _text(key, key, value, today)
    found = [
        Problem(
            f"{key}.{_place(part)}",
            f"is not a part of an answer.{nearest(str(part), _PARTS)} There are: {', '.join(_PARTS)}.",
        )
        for part in value
        if part not in _PARTS
    ]
    found += _text(f"{key}.answer", key, value.get("answer"), today)
    return [*found, *_name(f"{key}.by", value.get("by")), *_date(f"{key}.on", value.get("on"), today)]


def _text(place: str, key: str, value: Any, today: date) -> list[Problem]:
    if isinstance(value, list):
        return [Problem(place, "must be a text. It is a list: write it as one text, after '>-' if it is long.")]
    if value is not None and not isinstance(value, str | int | float | bool):
        return [Problem(place, f"must be a text. It is {shown(value)}.")]
    if key in _DAYS and isinstance(value, str) and _DATE.fullmatch(value.strip()):
        return _date(place, value, today)
    return []


def _sign_offs(entries: Any, today: date) -> list[Problem]:
    if entries is None:
        return []
    if not isinstance(entries, list):
        return [
            Problem("sign_offs", f"must be a list of mappings with {', '.join(_SIGN_OFF)}. It is {shown(entries)}.")
        ]
    found = []
    for number, entry in enumerate(entries, start=1):
        place = f"sign_offs[{number}]"
        if not isinstance(entry, Mapping):
            found.append(Problem(place, f"must be a mapping with {', '.join(_SIGN_OFF)}. It is {shown(entry)}."))
            continue
        found += [
            Problem(f"{place}.{_place(part)}", f"is not a part of a sign-off.{nearest(str(part), _SIGN_OFF)}")
            for part in entry
            if part not in _SIGN_OFF
        ]
        found += [*_name(f"{place}.name", entry.get("name")), *_date(f"{place}.on", entry.get("on"), today)]
    return found


def _open(context: Mapping[Any, Any], key: str) -> list[Problem]:
    value = context[key]
    text = value.get("answer") if isinstance(value, Mapping) else value
    # Runs from before lists were refused may hold some, and their reports show them: here they are no answer.
    stated = None if isinstance(text, list) else answer(context, key)
    if stated is not None:
        return (
            []
            if stated.by
            else [Problem(key, "is answered, but nobody is named: fill in 'by', or 'stated_by' at the top.")]
        )
    if isinstance(text, str) and text.strip() and is_placeholder(text):
        return [Problem(key, f"holds a placeholder, {shown(text.strip())}.")]
    return [Problem(key, "is not answered.")]
