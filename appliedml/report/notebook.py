"""Runs, artifacts, sections and tables in a notebook: the report's own blocks as safe HTML fragments.

Every text is escaped, nothing is fetched and no script is needed. The small style sheet travels with each fragment and
applies to nothing outside it. Charts are live (marks say their values) where the notebook itself draws Vega-Lite, as
JupyterLab does; elsewhere they are the report's pictures.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.core.registry import names, unknown_name
from appliedml.errors import RunError
from appliedml.report import blocks
from appliedml.report.build import build_document
from appliedml.report.html import render_each, slug, template_text
from appliedml.report.sections.generic import artifact_blocks
from appliedml.report.svg import chart_spec
from appliedml.report.values import visible

HTML = "text/html"
VEGA_LITE = "application/vnd.vegalite.v6+json"


class Piece:
    """A part of a card: a fragment of HTML, and a chart's Vega-Lite data where it is one.

    Parameters
    ----------
    html : str
    spec : dict, optional
    """

    def __init__(self, html: str, spec: dict[str, Any] | None = None) -> None:
        self.html = html
        self.spec = spec

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Return every form there is; the notebook shows the richest that it can."""
        bundle: dict[str, Any] = {HTML: self.html, "text/plain": "part of a card of appliedml"}
        if self.spec is not None:
            bundle[VEGA_LITE] = self.spec
        return bundle


class Card:
    """An HTML fragment that a notebook shows.

    Parameters
    ----------
    title : str
        Plain text.
    items : tuple of Block
    """

    def __init__(self, title: str, items: tuple[blocks.Block, ...]) -> None:
        self.title = title
        self.items = items

    def __repr__(self) -> str:
        """One line, for where HTML is not shown."""
        return f"Card({self.title!r}, {len(self.items)} blocks)"

    def _repr_html_(self) -> str:
        """Return the fragment."""
        return _boxed("".join(self._rendered()))

    def pieces(self) -> list[Piece]:
        """Return the card in parts: a chart each, and what stands between charts.

        Returns
        -------
        list of Piece
        """
        found: list[Piece] = []
        between: list[str] = []
        for html, item in zip(self._rendered(), (None, *self.items), strict=True):
            if isinstance(item, blocks.Figure) and item.chart is not None:
                found += [Piece(_boxed("".join(between)))] if between else []
                found.append(Piece(_boxed(html), _live(item)))
                between = []
            else:
                between.append(html)
        return [*found, *([Piece(_boxed("".join(between)))] if between else [])]

    def _ipython_display_(self) -> None:
        """Show the card in a notebook, its charts live."""
        from IPython.display import display

        for piece in self.pieces():
            display(piece)

    def _rendered(self) -> list[str]:
        """The title and each block."""
        prefix = f"card-{slug(self.title)}"
        return [*render_each((blocks.Subheading(self.title),), prefix), *render_each(self.items, f"{prefix}-body")]


def _boxed(html: str) -> str:
    return f'<div class="aml"><style>{template_text("notebook.css")}</style>{html}</div>'


def _live(figure: blocks.Figure) -> dict[str, Any]:
    """A chart under its title whose marks say their values when they are pointed at."""
    spec = chart_spec(figure.chart)
    config = spec.get("config", {})
    mark = {**config.get("mark", {}), "tooltip": {"content": "encoding"}}
    return {**spec, "title": visible(figure.title), "config": {**config, "mark": mark}}


def show_section(run: Any, name: str) -> Card:
    """Show one section of a run's report.

    Parameters
    ----------
    run : Run
    name : str
        Registry name of a section, such as "fairness".

    Returns
    -------
    Card

    Raises
    ------
    RunError
        If there is no such section, or the run has nothing for it.
    """
    if name not in names("sections"):
        raise RunError(unknown_name("sections", name))
    for section in build_document(run).sections:
        if section.name == name:
            return Card(section.title, section.blocks)
    raise RunError(f"Section {name!r} is empty: run {run.name!r} has none of the artifacts that it reads.")


def show_run(run: Any) -> Card:
    """Show a run: its verdict, its figures and its most serious findings.

    Parameters
    ----------
    run : Run

    Returns
    -------
    Card
    """
    verdict = show_section(run, "verdict")
    return Card(f"Run {visible(run.name)}", verdict.items)


def show_artifact(artifact: Artifact) -> Card:
    """Show any artifact: its summary, findings and tables.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    Card

    Examples
    --------
    >>> show_artifact(Artifact("fairness", reason="two folds"))
    Card('Artifact fairness', 1 blocks)
    """
    return Card(f"Artifact {artifact.kind}", tuple(artifact_blocks(artifact)[1:]))


def show_table(data: pd.DataFrame, caption: str, columns: tuple[blocks.Column, ...] = ()) -> Card:
    """Show a table as the report would.

    Parameters
    ----------
    data : DataFrame
    caption : str
    columns : tuple of Column
        Without it every column is shown in a sensible form.

    Returns
    -------
    Card

    Examples
    --------
    >>> "<caption" in show_table(pd.DataFrame({"a": [1]}), "Counts")._repr_html_()
    True
    """
    return Card(caption, (blocks.Table(caption, data, columns),))
