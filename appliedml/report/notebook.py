"""Runs, artifacts, sections and tables in a notebook: the report's own blocks as safe HTML fragments.

Every text is escaped, nothing is fetched and no script is needed. The small style sheet travels with each fragment and
applies to nothing outside it.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.core.registry import names, unknown_name
from appliedml.errors import RunError
from appliedml.report import blocks
from appliedml.report.build import build_document
from appliedml.report.html import render_blocks, slug, template_text
from appliedml.report.sections.generic import artifact_blocks
from appliedml.report.values import visible


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
        title = render_blocks((blocks.Subheading(self.title),), f"card-{slug(self.title)}")
        body = render_blocks(self.items, f"card-{slug(self.title)}-body")
        return f'<div class="aml"><style>{template_text("notebook.css")}</style>{title}{body}</div>'


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
