"""The standards as data: which evidence or which person's answer each item asks for.

One YAML file a standard lies in ``appliedml/standards``; ``_questions.yaml`` holds the questions that a person answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from appliedml.core.artifact import Status
from appliedml.core.schema import Schema
from appliedml.errors import RunError
from appliedml.report.signatures import why_not_signed

# The same safe loader in C, where there is one: seven standards take half a second otherwise.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FOLDER = Path(__file__).parents[1] / "standards"
QUESTIONS = "_questions.yaml"
# Every name contains the empty word.
_ANY = (("",),)
_STANDS_FOR = {"pipeline": "flow", "initial_weights": "flow", "impact_ratios": "fairness"}
_KEYS = {"id", "text", "evidence", "question", "needs_all", "needs_sensitive", "needs_intersection"}


@dataclass(frozen=True)
class Item:
    """One item of a standard. An item with neither evidence nor question is not covered yet.

    Parameters
    ----------
    id : str
        As the standard numbers it.
    text : str
        What it asks for, in our words.
    evidence : tuple of str
        Kinds of artifacts of which any one is evidence. "run" stands for the provenance section, "pipeline" for the
        method section, "initial_weights" for what that section says of them, "impact_ratios" for that section (a part
        of the fairness audit) and "sign_offs" for decisions that were signed.
    question : str
        Key of the question that a person must answer; empty if there is none.
    needs_all : bool
        Whether every kind of evidence is needed rather than any one.
    needs_sensitive : tuple of tuple of str
        For each tuple the schema must name a sensitive feature whose name or column contains one of its words, whatever
        the case. "any" in the file: any sensitive feature.
    needs_intersection : bool
        Whether the fairness audit must have judged such features together.
    """

    id: str
    text: str
    evidence: tuple[str, ...] = ()
    question: str = ""
    needs_all: bool = False
    needs_sensitive: tuple[tuple[str, ...], ...] = ()
    needs_intersection: bool = False


@dataclass(frozen=True)
class Standard:
    """One standard.

    Parameters
    ----------
    name : str
        File name without its ending.
    title, source, note : str
    items : tuple of Item
    concerns : str
        What it is for, in words; empty for any model.
    inputs : tuple of str
        Inputs of the models that it is for: "images", "texts", "table"; empty for any.
    fields : tuple of str
        Fields of use that it is for, as ``field`` in ``context.yaml`` names them; empty for any.
    """

    name: str
    title: str
    source: str
    note: str
    items: tuple[Item, ...]
    concerns: str = ""
    inputs: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


@cache
def load_standards() -> dict[str, Standard]:
    """Return every standard by its name, sorted.

    Returns
    -------
    dict of str to Standard

    Raises
    ------
    RunError
        If a file of the package is damaged.

    Examples
    --------
    >>> "tripod_ai" in load_standards()
    True
    """
    paths = sorted(path for path in FOLDER.glob("*.yaml") if not path.name.startswith("_"))
    return {path.stem: read_standard(path) for path in paths}


@cache
def load_questions() -> dict[str, str]:
    """Return the questions that only a person can answer, in the order of the file.

    Returns
    -------
    dict of str to str
    """
    return {key: text for group in load_question_groups().values() for key, text in group.items()}


@cache
def load_question_groups() -> dict[str, dict[str, str]]:
    """Return the questions by group, in the order of the file.

    Returns
    -------
    dict of str to dict of str to str
        Title of the group, then key and question.
    """
    return {
        str(title): {str(key): str(text) for key, text in group.items()}
        for title, group in _read(FOLDER / QUESTIONS).items()
    }


def read_standard(path: Path) -> Standard:
    """Read one standard.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Standard

    Raises
    ------
    RunError
        If the file cannot be read or lacks a field.
    """
    data = _read(path)
    try:
        items = tuple(_item(row) for row in data["items"])
        words = (str(data["title"]), str(data["source"]), str(data.get("note", "")))
        return Standard(path.stem, *words, items, *_concerns(data.get("concerns")))
    except (KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path} is not a standard of ours: {error!r}. It needs title, source and items.") from error


def _concerns(data: dict[str, Any] | None) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    if data is None:
        return "", (), ()
    unknown = set(data) - {"what", "inputs", "fields"}
    if unknown:
        raise KeyError(f"{', '.join(sorted(map(str, unknown)))} is no key of concerns")
    return str(data["what"]), tuple(data.get("inputs", ())), tuple(data.get("fields", ()))


def _item(row: dict[str, Any]) -> Item:
    unknown = set(row) - _KEYS
    if unknown:
        raise KeyError(f"{', '.join(sorted(map(str, unknown)))} is no key of an item")
    needs = row.get("needs_sensitive", ())
    return Item(
        str(row["id"]),
        str(row["text"]),
        tuple(row.get("evidence", ())),
        str(row.get("question", "")),
        bool(row.get("needs_all", False)),
        _ANY if needs == "any" else tuple(tuple(str(word).lower() for word in words) for words in needs),
        bool(row.get("needs_intersection", False)),
    )


def found_evidence(item: Item, run: Any) -> tuple[str, str]:
    """Return which kind of evidence a run holds for an item, or why it holds none.

    Parameters
    ----------
    item : Item
        With evidence.
    run : Run
        An artifact that was skipped or does not apply is no evidence.

    Returns
    -------
    (str, str)
        The first kind and "", or "" and the reason in a sentence.
    """
    present = [kind for kind in item.evidence if _holds(run, kind)]
    absent = [kind for kind in item.evidence if kind not in present]
    if not present or (item.needs_all and absent):
        kinds = (" and " if item.needs_all else " or ").join(f"'{kind}'" for kind in absent)
        return "", f"No evidence of the kind {kinds} in this run."
    reason = _unmet(item, run)
    return ("", reason) if reason else (present[0], "")


def _holds(run: Any, kind: str) -> bool:
    if kind == "run":
        return True
    if kind == "sign_offs":
        return not why_not_signed(run)
    artifact = _STANDS_FOR.get(kind, kind)
    if artifact not in run or run[artifact].status in (Status.SKIPPED, Status.NOT_APPLICABLE):
        return False
    return kind != "impact_ratios" or len(run[artifact].tables.get("impact_ratio", ())) > 0


def _unmet(item: Item, run: Any) -> str:
    if not item.needs_sensitive and not item.needs_intersection:
        return ""
    data = run.info.get("schema")
    features = Schema(**data).sensitive_features if data else ()
    named = {feature.name: f"{feature.name} {feature.column}".lower() for feature in features}
    lacking = [words for words in item.needs_sensitive if not _matching(words, named)]
    if lacking and lacking[0] == _ANY[0]:
        return "The schema names no sensitive feature."
    if lacking:
        wanted = "; nor of ".join(" or ".join(f"'{word}'" for word in words) for words in lacking)
        return f"The schema names no sensitive feature of {wanted}."
    if item.needs_intersection and not _judged_together(item, run, named):
        return "The fairness audit judged no such features together."
    return ""


def _matching(words: Sequence[str], named: dict[str, str]) -> set[str]:
    return {name for name, text in named.items() if any(word in text for word in words)}


def _judged_together(item: Item, run: Any, named: dict[str, str]) -> bool:
    table = run["fairness"].tables.get("features") if _holds(run, "fairness") else None
    if table is None:
        return False
    wanted = [_matching(words, named) for words in item.needs_sensitive]
    judged = table[table["intersection"].to_numpy(dtype=bool) & (table["status"] == "judged").to_numpy()]
    together = [set(str(name).split(" & ")) for name in judged["feature"]]
    return any(all(parts & names for names in wanted) for parts in together)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, yaml.YAMLError) as error:
        raise RunError(f"{path} cannot be read as YAML: {error}") from error
    if not isinstance(data, dict):
        raise RunError(f"{path} must hold a mapping.")
    return data
