"""``context.yaml`` as a form: the questions that only people can answer, with a blank for each answer."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from appliedml.errors import PlanError, Problem
from appliedml.report.concerns import in_question, known_fields
from appliedml.report.ledger import load_question_groups, load_standards
from appliedml.store.plain_yaml import load_yaml
from appliedml.store.writer import write_whole

HEAD = """\
# What people state about this model, for no machine can know it. The report shows every answer as stated by the person
# who is named, with the date. Questions that stay empty show as missing. Check this file with: appliedml context check

# Where the model is used: {fields}. Standards of another field are then left out, unless they are named.
field:

# Who stands behind every answer that has no name of its own:
stated_by:
"""
_PLAN_KEYS = {"name", "pipeline"}
"""No question has such a name, and every plan has both keys."""
_BLANK = "  answer:\n  by:\n  on:\n"


def chosen_standards(names: Sequence[str] | None) -> list[str]:
    """Return the names of standards, all where none is asked for.

    Parameters
    ----------
    names : sequence of str or None

    Returns
    -------
    list of str

    Raises
    ------
    PlanError
        If there is no such standard, with the nearest name.
    """
    known = list(load_standards())
    if not names:
        return known
    problems = [Problem("standards", unknown_standard(name)) for name in names if name not in known]
    if problems:
        raise PlanError(problems, "the standards asked for")
    return list(dict.fromkeys(names))


def unknown_standard(name: Any) -> str:
    """Return what to say of a standard that does not exist.

    Parameters
    ----------
    name : object

    Returns
    -------
    str
    """
    known = list(load_standards())
    return f"{shown(name)} is not a standard.{nearest(str(name), known)} There are: {', '.join(known)}."


def shown(value: Any) -> str:
    """Return a value for a message, cut where it is long.

    Parameters
    ----------
    value : object

    Returns
    -------
    str
    """
    text = repr(value) if isinstance(value, str | int | float | bool | None) else f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint at the most similar name; begins with a space, or is empty.

    Parameters
    ----------
    name : str
    known : iterable of str

    Returns
    -------
    str
    """
    # A name of ten thousand characters is like no other.
    close = get_close_matches(name[:100], list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def asked_by(names: Sequence[str]) -> dict[str, list[str]]:
    """Return who asks each question: standards with the items that ask, in the order of the questions.

    Parameters
    ----------
    names : sequence of str

    Returns
    -------
    dict of str to list of str
        Questions that none of the standards asks are left out.

    Examples
    --------
    >>> asked_by(["nyc_ll144"])["auditor"]
    ['NYC Local Law 144 auditor']
    """
    known = load_standards()
    found: dict[str, list[str]] = {}
    for name in names:
        items: dict[str, list[str]] = {}
        for item in known[name].items:
            if item.question:
                items.setdefault(item.question, []).append(item.id)
        for key, ids in items.items():
            found.setdefault(key, []).append(f"{known[name].title} {', '.join(ids)}")
    return {key: found[key] for group in load_question_groups().values() for key in group if key in found}


def form(names: Sequence[str], without: Collection[str] = ()) -> str:
    """Return the questions of some standards as YAML with blanks.

    Parameters
    ----------
    names : sequence of str
    without : collection of str
        Keys that are there already.

    Returns
    -------
    str
        Empty if nothing is left to ask.

    Examples
    --------
    >>> print(form(["nyc_ll144"]).splitlines()[2])
    # Where do the data come from, why were they chosen, and whom do they represent?
    """
    asking = asked_by(names)
    parts = []
    for title, group in load_question_groups().items():
        wanted = [key for key in group if key in asking and key not in without]
        if wanted:
            parts.append(f"# -- {title} --\n")
            parts += [_asked(key, group[key], asking[key]) for key in wanted]
    return "\n".join(parts)


def _asked(key: str, question: str, by: Sequence[str]) -> str:
    return f"{_comment(question)}{_comment('Asked by: ' + '; '.join(by))}{key}:\n{_BLANK}"


def _comment(text: str) -> str:
    return textwrap.fill(text, 118, initial_indent="# ", subsequent_indent="#   ", break_long_words=False) + "\n"


def write_form(path: Path, names: Sequence[str] | None = None) -> list[str]:
    """Write the questions into a file, or add those that it lacks; nothing that is in it changes.

    Parameters
    ----------
    path : Path
    names : sequence of str, optional
        Standards; default those that the file names, else all that concern the field that it names.

    Returns
    -------
    list of str
        Keys that were added.

    Raises
    ------
    PlanError
        If a standard does not exist, or the file is not YAML, holds no mapping, or cannot be added to as it is written.
    RunError
        If it cannot be written.
    """
    old, data = b"", None
    if path.exists():
        old = read_bytes(path)
        data = parsed(old, path)
    present: dict[Any, Any] = {} if data is None else data
    asked = names or (present.get("standards") if isinstance(present.get("standards"), list) else None)
    chosen = chosen_standards(asked) if asked else [name for name, beside in in_question(present).items() if not beside]
    added = [key for key in asked_by(chosen) if key not in present]
    text = form(chosen, present)
    if not path.exists():
        asked_for = f"standards: [{', '.join(chosen)}]\n"
        only = f"\n# Standards whose questions are asked, and which the report goes through:\n{asked_for}"
        head = HEAD.format(fields=", ".join(known_fields()))
        text = f"{head}{only if names else ''}\n{text}"
    if not added:
        return []
    # A file keeps its own line ends.
    ends = "\r\n" if b"\r\n" in old else "\n"
    gap = "" if not old else "\n" if old.endswith(b"\n") else "\n\n"
    new = old + f"{gap}{text}".replace("\n", ends).encode()
    _check_nothing_changed(new, present, added, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda temporary: _write(temporary, new))
    return added


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, or say plainly why it cannot be read.

    Parameters
    ----------
    path : Path

    Returns
    -------
    bytes

    Raises
    ------
    PlanError
    """
    try:
        return path.read_bytes()
    except OSError as error:
        missing = "does not exist. Write it with: appliedml context init"
        text = f"cannot be read: {error}" if path.exists() else missing
        raise PlanError([Problem("file", text)], str(path)) from error


def parsed(content: bytes, path: Path) -> dict[Any, Any] | None:
    """Return what a context file holds; None where it holds nothing.

    Parameters
    ----------
    content : bytes
    path : Path
        For the messages.

    Returns
    -------
    dict or None

    Raises
    ------
    PlanError
        If it is not UTF-8, not YAML, not a mapping, or a plan.
    """
    try:
        data = load_yaml(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise PlanError([Problem("file", "is not UTF-8 text. Save it as UTF-8.")], str(path)) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark is not None else "file"
        what = getattr(error, "problem", None) or str(error)
        raise PlanError([Problem(where, f"is not YAML: {what}.")], str(path)) from None
    if data is not None and not isinstance(data, dict):
        text = f"must hold a mapping of keys to answers. It holds a {type(data).__name__}."
        raise PlanError([Problem("file", text)], str(path))
    if data is not None and data.keys() >= _PLAN_KEYS:
        raise PlanError([Problem("file", _is_a_plan(data, path))], str(path))
    return data


def _is_a_plan(data: dict[Any, Any], path: Path) -> str:
    named = data.get("context")
    if isinstance(named, str) and named:
        return f"is a plan, and no context file. The file that it names: appliedml context check {path.parent / named}"
    return f"is a plan, and no context file. Write one for it with: appliedml context init {path}"


def _check_nothing_changed(new: bytes, present: dict[Any, Any], added: Sequence[str], path: Path) -> None:
    try:
        found = parsed(new, path) or {}
        kept = {key: found[key] for key in present} == present and all(key in found for key in added)
    except (PlanError, KeyError):
        kept = False
    if not kept:
        text = (
            "cannot be added to as it is written (one mapping in braces, or an end mark?). Write the questions into "
            "another file with --out, and bring the two together by hand."
        )
        raise PlanError([Problem("file", text)], str(path))
