"""A Document as one HTML file: no network; one style sheet and one small script, each allowed by its hash alone."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from appliedml.report import blocks, theme, values
from appliedml.report._page import MAX_TABLE_ROWS as MAX_TABLE_ROWS
from appliedml.report._page import Page
from appliedml.report._page import paragraphs as paragraphs
from appliedml.report._page import slug as slug

EXPLORER_SCRIPTS = ("explorer_figures.js", "explorer_parts.js", "explorer.js")
SCRIPTS = ("tables.js", *EXPLORER_SCRIPTS)
"""Files of the templates folder that make up a page's one script, in order. Each is one function."""


def render_html(document: blocks.Document) -> str:
    """Return a document as one HTML page.

    Parameters
    ----------
    document : Document

    Returns
    -------
    str
        The same text for the same document, on every machine.
    """
    css, code = style_sheet(), script(scripts_for(document))
    page = Page(document)
    sections = [page.section(section) for section in document.sections]
    facts = document.metadata.get("facts", {})
    return (
        _templates()
        .get_template("report.html.j2")
        .render(
            title=values.visible(document.title),
            subtitle=values.visible(document.subtitle),
            facts=[(values.visible(label), values.visible(value)) for label, value in facts.items()],
            policy=content_policy(css, code),
            css=Markup(css),
            script=Markup(code),
            sections=sections,
        )
        + "\n"
    )


def content_policy(css: str, code: str = "") -> str:
    """Return a page's Content-Security-Policy: this style sheet, this script, pictures inside the page, nothing else.

    Parameters
    ----------
    css : str
    code : str
        The text of the one script; a page without one lets none run.

    Returns
    -------
    str

    Examples
    --------
    >>> content_policy("")[:50]
    "default-src 'none'; style-src 'sha256-47DEQpj8HBSa"
    >>> "script-src 'none'" in content_policy(""), "script-src 'sha256-" in content_policy("", "1;")
    (True, True)
    """
    scripts = _source(code) if code else "'none'"
    return (
        f"default-src 'none'; style-src {_source(css)}; img-src data:; script-src {scripts}; "
        "base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def scripts_for(document: blocks.Document) -> tuple[str, ...]:
    """Return which of the scripts a document's page needs: the explorer's only where an explorer stands.

    Parameters
    ----------
    document : Document

    Returns
    -------
    tuple of str
        Some of ``SCRIPTS``, in their order.

    Examples
    --------
    >>> scripts_for(blocks.Document("Runs", "", ()))
    ('tables.js',)
    """
    explored = any(isinstance(block, blocks.Explorer) for section in document.sections for block in section.blocks)
    return SCRIPTS if explored else tuple(name for name in SCRIPTS if name not in EXPLORER_SCRIPTS)


@cache
def script(names: tuple[str, ...] = SCRIPTS) -> str:
    """Return the page's script: comfort for tables, sections and thresholds; without it everything can still be read.

    Parameters
    ----------
    names : tuple of str
        Files of the templates folder.

    Returns
    -------
    str
    """
    return "\n" + "".join(template_text(name) for name in names)


@cache
def style_sheet() -> str:
    """Return the style sheet, with the dark partners of the colours that charts are drawn in.

    Returns
    -------
    str
    """
    css = template_text("report.css")
    rules = "".join(
        f'  .chart [{part}="{light}"] {{ {part}: {dark}; }}\n'
        for light, dark in theme.DARK.items()
        for part in ("fill", "stroke")
    )
    return f"\n{css}@media screen and (prefers-color-scheme: dark) {{\n{rules}}}\n"


def template_text(name: str) -> str:
    """Return a file of the templates folder.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
    """
    return _template_folder().joinpath(name).read_text(encoding="utf-8")


def _template_folder() -> Path:
    return Path(__file__).with_name("templates")


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_template_folder()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=False,
    )


def render_blocks(items: tuple[blocks.Block, ...], prefix: str) -> str:
    """Return some blocks as an HTML fragment, for notebooks.

    Parameters
    ----------
    items : tuple of Block
    prefix : str
        Begins every id.

    Returns
    -------
    str
    """
    return "".join(render_each(items, prefix))


def render_each(items: tuple[blocks.Block, ...], prefix: str) -> list[str]:
    """Return some blocks as HTML fragments, one a block, numbered and named together.

    Parameters
    ----------
    items : tuple of Block
    prefix : str
        Begins every id.

    Returns
    -------
    list of str
    """
    page = Page(blocks.Document("", "", ()), prefix)
    show = _templates().get_template("blocks.html.j2").module.show  # type: ignore[attr-defined]
    return [str(show(item)) for item in page.items(prefix, items)]
