"""How to make a run again: every file that its plan needs, where each has to stand, and the texts to save."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import pandas as pd
import yaml

from appliedml.core.fingerprint import fingerprint
from appliedml.report.blocks import Block, Code, Column, Subheading, Table, Text
from appliedml.store.run import Run

PLAN = "plan.yaml"
COMMANDS = f"appliedml check {PLAN}\nappliedml run {PLAN}"
_BESIDE = {"policy": "Policy", "context": "Context"}
_EMBEDDED = "Its text is below"
_READ = "Whoever holds the data; they are not in the report"


def reproduce_blocks(run: Run) -> list[Block]:
    """Return what somebody needs who has only the report, the data and the package.

    Parameters
    ----------
    run : Run

    Returns
    -------
    list of Block
    """
    texts = list(_embedded(run))
    files = pd.DataFrame(
        [("Plan", PLAN, _EMBEDDED, fingerprint(run.plan)), *_beside(run), *_data(run)],
        columns=["what", "path", "source", "fingerprint"],
    )
    columns = (
        Column("what", "What"), Column("path", f"Path from the folder of {PLAN}"), Column("source", "Where it is"),
        Column("fingerprint", "SHA-256 of its content"),
    )  # fmt: skip
    note = (
        "The plan names these paths, so each file has to stand at just that path. SHA-256 is of the content as it is "
        "read, not of the bytes of a file: spaces and comments do not count. The report of the new run shows its own."
    )
    return [
        Subheading("How to reproduce"),
        Text(_how(files["path"])),
        Table("Files that the plan needs", files, columns, note=note),
        Code(COMMANDS, f"Commands, in the folder of {PLAN}"),
        Text(_data_sentence(run)),
        *(Code(text, caption, collapsed=True) for caption, text in texts),
    ]


def _how(paths: Any) -> str:
    text = (
        f"Save the plan below as {PLAN} in a folder of its own, put the other files at the paths in the table, install "
        "the package and the versions listed above, and run the commands."
    )
    if any(_parts(path)[:1] == ("..",) for path in paths):
        text += " A path that begins with .. leads out of that folder: what it names stands beside the folder or above."
    return f"{text} The same plan, data, code and versions give the same fingerprints of predictions and scores."


def _parts(path: str) -> tuple[str, ...]:
    return PureWindowsPath(path).parts if "\\" in path else PurePosixPath(path).parts


def _embedded(run: Run) -> Iterator[tuple[str, str]]:
    yield f"The plan, to be saved as {PLAN}", _yaml(run.plan)
    for key, title in _BESIDE.items():
        path = run.plan.get(key)
        if isinstance(path, str):
            yield f"The {title.lower()}, to be saved as {path}", _yaml(run.info.get(key) or {})


def _beside(run: Run) -> Iterator[tuple[str, str, str, str]]:
    """Files that the plan names beside itself; a policy written into the plan is no file."""
    for key, title in _BESIDE.items():
        path = run.plan.get(key)
        if isinstance(path, str):
            yield title, path, _EMBEDDED, fingerprint(run.info.get(key) or {})


def _data(run: Run) -> Iterator[tuple[str, str, str, str]]:
    parameters = _source(run)
    path, metadata = parameters.get("path"), parameters.get("metadata")
    if isinstance(path, str):
        yield "Data", path, _READ, str(run.info["data"]["fingerprint"])
    if isinstance(metadata, str):
        yield (
            "Table about the data",
            f"{metadata}, or the same path in the folder of the data",
            _READ,
            "part of the data",
        )


def _source(run: Run) -> Mapping[str, Any]:
    entry = run.plan.get("data")
    found = next(iter(entry.values()), None) if isinstance(entry, Mapping) else None
    # The short form names the path alone.
    return found if isinstance(found, Mapping) else {"path": found} if isinstance(found, str) else {}


def _data_sentence(run: Run) -> str:
    expected = f"The rows as read must have the SHA-256 {run.info['data']['fingerprint']}"
    if "data" not in run.plan:
        return (
            f"The rows were given in Python, so {PLAN} names no data and cannot be run by the commands alone: load the "
            f"plan in Python and give it the same rows. {expected}."
        )
    if "path" not in _source(run):
        return f"The data need no file: the source that the plan names makes or holds them. {expected}."
    return f"{expected}; appliedml verify RUN --data PATH compares them, where RUN is the folder of this run."


def _yaml(content: Any) -> str:
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100))
