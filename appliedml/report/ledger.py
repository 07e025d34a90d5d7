"""The standards as data: which evidence or which person's answer each item asks for.

One YAML file a standard lies in ``appliedml/standards``; ``_questions.yaml`` holds the questions that a person answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from appliedml.errors import RunError

FOLDER = Path(__file__).parents[1] / "standards"
QUESTIONS = "_questions.yaml"


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
        Kinds of artifacts of which any one is evidence; "run" stands for the provenance section and "pipeline" for the
        method section.
    question : str
        Key of the question that a person must answer; empty if there is none.
    """

    id: str
    text: str
    evidence: tuple[str, ...] = ()
    question: str = ""


@dataclass(frozen=True)
class Standard:
    """One standard.

    Parameters
    ----------
    name : str
        File name without its ending.
    title, source, note : str
    items : tuple of Item
    """

    name: str
    title: str
    source: str
    note: str
    items: tuple[Item, ...]


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
    return {str(key): str(text) for key, text in _read(FOLDER / QUESTIONS).items()}


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
        items = tuple(
            Item(str(row["id"]), str(row["text"]), tuple(row.get("evidence", ())), str(row.get("question", "")))
            for row in data["items"]
        )
        return Standard(path.stem, str(data["title"]), str(data["source"]), str(data.get("note", "")), items)
    except (KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path} is not a standard of ours: {error!r}. It needs title, source and items.") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise RunError(f"{path} cannot be read as YAML: {error}") from error
    if not isinstance(data, dict):
        raise RunError(f"{path} must hold a mapping.")
    return data
