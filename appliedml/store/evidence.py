"""Whether what a run's figures rest on is as it was written; what its verdict is worth where it is not.

Evidence is every file that the run wrote and that a figure comes from: tables, artifacts, models, ``run.json``. The
report is derived, ``timings.json`` and sign-offs decide no figure, and what somebody laid beside the run is not read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliedml.core.artifact import Artifact, Finding, Severity, Status
from appliedml.errors import AppliedMLError
from appliedml.store import layout
from appliedml.store.manifest import CHANGED, NOT_LISTED, Difference, FilesState, compare_files, plain_name

JUDGEMENT = f"{layout.ARTIFACTS}/gates/"
MOST_NAMED = 5
_NO_EVIDENCE = (*layout.REPORTS, layout.TIMINGS, layout.SIGN_OFFS)
_READ_WHEREVER = (f"{layout.ARTIFACTS}/", f"{layout.FOLDS}/", layout.SKIPPED)


def changed_evidence(state: FilesState, without: str | None = None) -> tuple[Difference, ...]:
    """Return the files of evidence that are not as they were written.

    Parameters
    ----------
    state : FilesState
        Such as ``run.files_state``.
    without : str, optional
        Start of paths that are left out, such as ``JUDGEMENT`` where it is about to be made anew.

    Returns
    -------
    tuple of Difference
        Sorted by file. Empty for a run that was made without lists: nobody can say what it was.

    Examples
    --------
    >>> state = FilesState(True, (Difference("scores.parquet", "changed"), Difference("timings.json", "changed")))
    >>> [str(difference) for difference in changed_evidence(state)]
    ['scores.parquet: changed']
    """
    return tuple(
        difference
        for difference in state.differences
        if difference.file not in _NO_EVIDENCE
        and not (difference.what == NOT_LISTED and not difference.file.startswith(_READ_WHEREVER))
        and not (without is not None and difference.file.startswith(without))
    )


def files_named(differences: Iterable[Difference]) -> str:
    """Return the names of files on one line, the first few of many.

    Parameters
    ----------
    differences : iterable of Difference

    Returns
    -------
    str

    Examples
    --------
    >>> files_named([Difference("rows.parquet", "missing"), Difference("scores.parquet", "changed")])
    'rows.parquet (missing), scores.parquet'
    """
    found = [plain_name(item.file) + ("" if item.what == CHANGED else f" ({item.what})") for item in differences]
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return ", ".join(found[:MOST_NAMED]) + more


def doubt(differences: Iterable[Difference]) -> str:
    """Return why no gate can be judged, or "" where nothing was changed.

    Parameters
    ----------
    differences : iterable of Difference

    Returns
    -------
    str

    Examples
    --------
    >>> doubt([Difference("scores.parquet", "changed")]), doubt([])
    ('the evidence was changed after the run: scores.parquet', '')
    """
    named = files_named(differences)
    return f"the evidence was changed after the run: {named}" if named else ""


def doubt_about(folder: Path, without: str | None = None) -> str:
    """Return why nothing can be said of a run folder, whether or not it can still be read as a run.

    Parameters
    ----------
    folder : Path
    without : str, optional
        Start of paths that are left out, as in ``changed_evidence``.

    Returns
    -------
    str
        As ``doubt``; also "" where there is no such folder, or no list says what its files were.
    """
    try:
        state = compare_files(folder, without=(*layout.REPORTS, layout.SIGN_OFFS))
    except AppliedMLError:
        return ""
    return doubt(changed_evidence(state, without))


def doubted(gates: Artifact, differences: Iterable[Difference]) -> Artifact:
    """Return a stored judgement as it must be read where evidence was changed: every gate is inconclusive.

    Parameters
    ----------
    gates : Artifact
        Of kind "gates".
    differences : iterable of Difference
        Without any, the judgement is returned as it is.

    Returns
    -------
    Artifact
    """
    reason = doubt(differences)
    if not reason:
        return gates
    tables = dict(gates.tables)
    if "gates" in tables:
        tables["gates"] = tables["gates"].assign(verdict="inconclusive", waived=False, reason=reason)
    counts = {"n_pass": 0, "n_fail": 0, "n_inconclusive": len(tables.get("gates", ())), "n_waived": 0}
    summary: dict[str, Any] = {**gates.summary, "verdict": "inconclusive", "exit_code": 3, **counts}
    finding = Finding(Severity.PROBLEM, "The evidence was changed after the run", f"{reason[:1].upper()}{reason[1:]}.")
    return replace(gates, status=Status.WARNING, summary=summary, tables=tables, findings=(finding,))


def gates_of(run: Any) -> Artifact:
    """Return a run's judgement as it must be read now.

    Parameters
    ----------
    run : Run
        One that has a judgement.

    Returns
    -------
    Artifact
        Inconclusive where evidence was changed after the run.
    """
    return doubted(run["gates"], changed_evidence(run.files_state))
