"""From a run folder to the report beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from appliedml.core.fingerprint import fingerprint
from appliedml.core.source_code import source_sha256
from appliedml.errors import RunError
from appliedml.report import blocks
from appliedml.report._artist import draw_ahead, drawing_beside
from appliedml.report.discovery import SAYS_WHY, ReportRun, all_sections, unread_kinds
from appliedml.report.grid import grids_kept
from appliedml.report.html import render_html
from appliedml.report.json_form import render_json
from appliedml.report.markdown import render_markdown
from appliedml.report.metadata import model_card_metadata
from appliedml.report.svg import chart_spec
from appliedml.report.values import spaced
from appliedml.store import layout
from appliedml.store.evidence import changed_evidence, doubt
from appliedml.store.lock import locked
from appliedml.store.manifest import seal
from appliedml.store.run import Run
from appliedml.store.writer import write_text

FORMATS: dict[str, tuple[str, Callable[[blocks.Document], str]]] = {
    "html": (layout.REPORT_HTML, render_html),
    "markdown": (layout.REPORT_MARKDOWN, render_markdown),
    "json": (layout.REPORT_JSON, render_json),
}
# cryptography, for whether it is there decides what the report can say of signatures.
_MAKERS = ("cryptography", "jinja2", "numpy", "pandas", "pillow", "pyarrow", "pyyaml", "vl-convert-python")
VERDICT = "verdict"
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
        parts = _marked(name, _blocks_of(name, section, seen, unread), seen)
        if parts is not None:
            found.append(blocks.Section(name, section.title, parts))
            draw_ahead(part.chart for part in parts if isinstance(part, blocks.Figure) and part.chart is not None)
    return blocks.Document(
        title=str(run.info["name"]),
        subtitle="Model audit report",
        sections=tuple(found),
        metadata=model_card_metadata(seen),
    )


def _marked(name: str, parts: tuple[blocks.Block, ...] | None, run: ReportRun) -> tuple[blocks.Block, ...] | None:
    """Begin a section with what makes it worthless: whoever comes by a link has not seen the verdict, which says it."""
    why = doubt(changed_evidence(run.files_state))
    if parts is None or not why or name == VERDICT:
        return parts
    return (blocks.Callout("bad", f"{why[:1].upper()}{why[1:]}", "Rely on nothing in this section."), *parts)


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
    with locked(run.path):
        # What lies there may have changed since the run was read.
        run.forget()
        maker = report_maker()
        texts = render_report(run, wanted)
        for file, text in texts.items():
            write_text(run.path / file, text)
        seal(run.path, texts, made_by=maker)
    return run.path / next(iter(texts))


def render_report(run: Run, formats: Sequence[str] = tuple(FORMATS)) -> dict[str, str]:
    """Return a run's report as texts, without writing anything.

    Parameters
    ----------
    run : Run
    formats : sequence of str
        Of "html", "markdown" and "json".

    Returns
    -------
    dict of str to str
        File name to content.
    """
    with drawing_beside(chart_spec) if "html" in formats else nullcontext(), grids_kept():
        document = build_document(run)
        # The page comes last: its charts are drawn meanwhile.
        texts = {name: FORMATS[name][1](document) for name in sorted(formats, key=lambda name: name == "html")}
    return {FORMATS[name][0]: texts[name] for name in formats}


def with_sign_offs_of(document: blocks.Document, run: Run) -> blocks.Document:
    """Return a run's document with the sections that show sign-offs made anew: all others say the same without them.

    Parameters
    ----------
    document : Document
        Of the same run with other sign-offs.
    run : Run

    Returns
    -------
    Document
    """
    seen, sections = ReportRun(run), dict(all_sections())
    made = [
        replace(part, blocks=_marked(part.name, tuple(sections[part.name].blocks(seen)), seen) or ())
        if getattr(sections[part.name], "shows_sign_offs", False)
        else part
        for part in document.sections
    ]
    return replace(document, sections=tuple(made))


def report_maker() -> str:
    """Return the hash of what makes a report: this code and the libraries that draw and write it.

    Returns
    -------
    str
        Another one means that the same run may give other bytes.
    """
    return fingerprint([source_sha256(), {name: _version(name) for name in _MAKERS}])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
