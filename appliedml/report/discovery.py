"""Which sections there are, which artifacts each reads, and what a run looks like to them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from appliedml.core.artifact import Artifact, Status
from appliedml.core.registry import find, names
from appliedml.store.evidence import gates_of

# The verdict speaks of every artifact and the generic section of those that are left: neither is a reader.
_NO_READERS = frozenset({"verdict", "generic"})
SAYS_WHY = (Status.NOT_APPLICABLE, Status.SKIPPED)
"""Statuses of artifacts that hold a reason and nothing to show."""


def all_sections() -> list[tuple[str, Any]]:
    """Return every registered section with its name, in the order of the report.

    Returns
    -------
    list of (str, section)
        A fresh object each.
    """
    found = [(name, find("sections", name)()) for name in names("sections")]
    return sorted(found, key=lambda pair: (pair[1].order, pair[0]))


def readers(sections: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Return which section holds the evidence of each kind of artifact.

    Parameters
    ----------
    sections : iterable of (str, section)
        In the order of the report.

    Returns
    -------
    dict of str to str
        Kind to name of a section; where several read one kind, the section of the same name or else the first.
    """
    found: dict[str, str] = {"gates": "verdict"}
    for name, section in sections:
        for kind in section.reads if name not in _NO_READERS else ():
            if kind not in found or kind == name:
                found[kind] = name
    return found


def unread_kinds(run: Any, sections: Iterable[tuple[str, Any]]) -> list[str]:
    """Return the kinds of artifacts that no section reads, sorted.

    Parameters
    ----------
    run : Run
    sections : iterable of (str, section)

    Returns
    -------
    list of str
    """
    known = readers(sections)
    return [kind for kind in run.kinds if kind not in known]


def evidence_section(kind: str) -> str:
    """Return the section that holds the evidence of a kind of artifact.

    Parameters
    ----------
    kind : str

    Returns
    -------
    str
        "generic" for kinds that no section reads.
    """
    return readers(all_sections()).get(kind, "generic")


class ReportRun:
    """A run as sections see it: each artifact is read once, and one that only holds a reason counts as absent.

    Where evidence was changed after the run, its gates are inconclusive here.

    Parameters
    ----------
    run : Run
        Every other attribute is the run's own.
    """

    def __init__(self, run: Any) -> None:
        self._run = run
        self._artifacts: dict[str, Artifact] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of all artifacts, with those that only hold a reason."""
        return tuple(self._run.kinds)

    def __getitem__(self, kind: str) -> Artifact:
        """Return an artifact; one that only holds a reason too."""
        if kind not in self._artifacts:
            self._artifacts[kind] = gates_of(self._run) if kind == "gates" else self._run[kind]
        return self._artifacts[kind]

    def __contains__(self, kind: str) -> bool:
        """Whether there is an artifact with something to show."""
        return kind in self.kinds and self[kind].status not in SAYS_WHY
