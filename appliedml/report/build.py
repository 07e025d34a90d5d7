"""From a run folder to the report beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from appliedml.errors import RunError
from appliedml.report import blocks
from appliedml.report.discovery import SAYS_WHY, ReportRun, all_sections, unread_kinds
from appliedml.report.html import render_html
from appliedml.report.json_form import render_json
from appliedml.report.markdown import render_markdown
from appliedml.report.metadata import model_card_metadata
from appliedml.report.values import spaced
from appliedml.store import layout
from appliedml.store.run import Run
from appliedml.store.writer import write_text

FORMATS: dict[str, tuple[str, Callable[[blocks.Document], str]]] = {
    "html": (layout.REPORT_HTML, render_html),
    "markdown": (layout.REPORT_MARKDOWN, render_markdown),
    "json": (layout.REPORT_JSON, render_json),
}
_STATUS_WORDS = {"not_applicable": "not applicable", "skipped": "skipped"}


def build_document(run: Run) -> blocks.Document:
    """Return a run's report as a document.

    Parameters
    ----------
    run : Run

    Returns
    -------
    Document
        Sections in order. A section whose artifacts are all absent is left out; an artifact that only holds a reason
        (not applicable, skipped) is named with its reason; what no section reads is shown by the generic section.
    """
    seen = ReportRun(run)
    sections = all_sections()
    unread = unread_kinds(seen, sections)
    found = []
    for name, section in sections:
        parts = _blocks_of(name, section, seen, unread)
        if parts is not None:
            found.append(blocks.Section(name, section.title, parts))
    return blocks.Document(
        title=str(run.info["name"]),
        subtitle="Model audit report",
        sections=tuple(found),
        metadata=model_card_metadata(seen),
    )


def _blocks_of(name: str, section: Any, run: ReportRun, unread: list[str]) -> tuple[blocks.Block, ...] | None:
    if name == "generic":
        return tuple(section.blocks(run)) if unread else None
    if getattr(section, "always", False) or not section.reads:
        return tuple(section.blocks(run))
    present = [kind for kind in section.reads if kind in run.kinds]
    if not present:
        return None
    reasons = tuple(_reason(kind, run) for kind in present if run[kind].status in SAYS_WHY)
    shown = tuple(section.blocks(run)) if len(reasons) < len(present) else ()
    return (*reasons, *shown)


def _reason(kind: str, run: ReportRun) -> blocks.Callout:
    artifact = run[kind]
    status = _STATUS_WORDS[artifact.status.value]
    name = spaced(kind)
    return blocks.Callout("neutral", f"{name[:1].upper()}{name[1:]}: {status}", artifact.reason)


def write_report(run: Run, formats: Sequence[str] = ("html", "markdown", "json")) -> Path:
    """Write a run's report into its folder.

    Parameters
    ----------
    run : Run
    formats : sequence of str
        Of "html" (report.html), "markdown" (report.md, a model card) and "json" (report.json).

    Returns
    -------
    Path
        The first file that was asked for. Each is written under a temporary name and renamed.

    Raises
    ------
    RunError
        If a format is unknown or a file cannot be written.
    """
    wanted = [formats] if isinstance(formats, str) else list(formats)
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown or not wanted:
        given = ", ".join(map(repr, unknown)) or "nothing"
        raise RunError(f"write_report: formats must be some of {', '.join(FORMATS)}. Given: {given}.")
    document = build_document(run)
    paths = []
    for name in wanted:
        file, render = FORMATS[name]
        path = run.path / file
        write_text(path, render(document))
        paths.append(path)
    return paths[0]
