"""The blocks of one page with its numbers, ids and anchors, as the templates read them."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from markupsafe import Markup

from appliedml.report import blocks, grid, values
from appliedml.report._explorer_view import explorer_text
from appliedml.report.svg import chart_svg

MAX_TABLE_ROWS = 100
MAX_DATA_ROWS = 100
WIDE = 8
"""Most columns of a table in the usual size of type on A4; an interval counts as two."""
_FIGURE = re.compile(r"<?\d[\d,]*(\.\d+)?( %)?")


@dataclass(frozen=True)
class _View(grid.Grid):
    """A grid with what the template asks about it."""

    page: Any = None
    stacked: bool = False

    @cached_property
    def aligned(self) -> tuple[bool, ...]:
        """Which columns are set as numbers: those that are, and texts such as counts of which the small are hidden."""
        return tuple(
            column.format in grid.NUMERIC
            or (column.format == "text" and place > 0 and _figures([row[place].text for row in self.rows]))
            for place, column in enumerate(self.columns)
        )

    @property
    def row_headings(self) -> bool:
        return bool(self.columns) and self.columns[0].format in ("text", "link", "file")

    @property
    def wide(self) -> bool:
        """Whether paper needs a smaller type for it."""
        return sum(2 if column.format == "interval" else 1 for column in self.columns) > WIDE

    @property
    def classes(self) -> str:
        return " ".join(name for name, holds in (("stacked", self.stacked), ("wide", self.wide)) if holds)

    @property
    def left_out(self) -> str:
        shown = len(self.rows)
        return "" if shown == self.n_rows else f"{shown} of {self.n_rows:,} rows are shown; {grid.ALL_ROWS}."


@dataclass
class Page:
    """Numbers, ids and anchors of one page."""

    document: blocks.Document
    prefix: str = ""
    n_tables: int = 0
    n_figures: int = 0
    used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.used |= {self.anchor(section.name) for section in self.document.sections}

    def has_section(self, name: str) -> bool:
        return any(section.name == name for section in self.document.sections)

    def anchor(self, name: str) -> str:
        return f"section-{slug(name)}"

    def title_of(self, name: str) -> str:
        return next(values.visible(section.title) for section in self.document.sections if section.name == name)

    def section(self, section: blocks.Section) -> dict[str, Any]:
        items = list(self.items(section.name, section.blocks))
        return {
            "id": self.anchor(section.name),
            "body": self._unique(f"{self.anchor(section.name)}-body"),
            "title": values.visible(section.title),
            "blocks": items,
            "subheadings": [item for item in items if item["kind"] == "Subheading"],
        }

    def items(self, name: str, found: tuple[blocks.Block, ...]) -> Iterator[dict[str, Any]]:
        for block in found:
            kind = type(block).__name__
            yield {"kind": kind, "block": block, **getattr(self, f"_{kind.lower()}")(name, block)}

    def _text(self, name: str, block: blocks.Text) -> dict[str, Any]:
        return {"paragraphs": paragraphs(block.text)}

    def _subheading(self, name: str, block: blocks.Subheading) -> dict[str, Any]:
        return {"text": values.visible(block.text), "id": self._unique(f"{slug(name)}-{slug(block.text)}")}

    def _callout(self, name: str, block: blocks.Callout) -> dict[str, Any]:
        word = values.TONE_WORDS[block.tone]
        return {"word": word, "title": values.visible(block.title), "paragraphs": paragraphs(block.text)}

    def _keyvalues(self, name: str, block: blocks.KeyValues) -> dict[str, Any]:
        pairs = [(values.visible(label), values.visible(value, values.MAX_TEXT)) for label, value in block.items]
        return {"title": values.visible(block.title), "pairs": pairs}

    def _headlines(self, name: str, block: blocks.Headlines) -> dict[str, Any]:
        return {"triples": [tuple(values.visible(text) for text in item) for item in block.items]}

    def _table(self, name: str, block: blocks.Table) -> dict[str, Any]:
        self.n_tables += 1
        number = f"Table {self.n_tables}"
        return {
            "id": self._unique(f"table-{self.n_tables}"),
            "caption": f"{number}. {values.visible(block.caption)}",
            "note": values.visible(block.note, values.MAX_TEXT),
            "view": self._view(block, MAX_TABLE_ROWS, spread=False),
            "size": _rows(len(block.data)),
        }

    def _explorer(self, name: str, block: blocks.Explorer) -> dict[str, Any]:
        # A notebook has no script of ours: it shows the table alone.
        return {**self._table(name, block.table), "data": "" if self.prefix else explorer_text(block.data)}

    def _figure(self, name: str, block: blocks.Figure) -> dict[str, Any]:
        self.n_figures += 1
        number = f"Figure {self.n_figures}"
        ident = self._unique(f"figure-{self.n_figures}")
        view = None
        if block.data is not None:
            view = self._view(blocks.Table(block.title, block.data, block.columns), MAX_DATA_ROWS, spread=True)
        svg = "" if block.chart is None else self._named(chart_svg(block.chart, ident), ident)
        return {
            "id": ident,
            "number": f"figure {self.n_figures}",
            "title": f"{number}. {values.visible(block.title)}",
            "alt": values.visible(block.alt, values.MAX_TEXT),
            "svg": Markup(svg),
            "view": view,
            "size": "" if block.data is None else _rows(len(block.data)),
        }

    def _code(self, name: str, block: blocks.Code) -> dict[str, Any]:
        lines = block.text.split("\n")
        text = "\n".join(values.visible(line, values.MAX_TEXT) for line in lines)
        return {"title": values.visible(block.title), "text": text}

    def _bullets(self, name: str, block: blocks.Bullets) -> dict[str, Any]:
        return {"texts": [values.visible(text, values.MAX_TEXT) for text in block.items]}

    def _findingslist(self, name: str, block: blocks.FindingsList) -> dict[str, Any]:
        return {
            "findings": [
                {
                    "severity": values.visible(severity),
                    "tone": values.tone_of(severity),
                    "title": values.visible(title),
                    "text": values.visible(text, values.MAX_TEXT),
                    "anchor": self.anchor(section) if self.has_section(section) else "",
                    "section": self.title_of(section) if self.has_section(section) else "",
                }
                for severity, title, text, section in block.items
            ]
        }

    def _flow(self, name: str, block: blocks.Flow) -> dict[str, Any]:
        self.n_figures += 1
        return {
            "id": self._unique(f"figure-{self.n_figures}"),
            "title": f"Figure {self.n_figures}. {values.visible(block.title)}",
            "alt": values.visible(block.alt, values.MAX_TEXT),
            "steps": [
                (values.visible(label), [values.visible(line) for line in lines]) for label, lines in block.steps
            ],
        }

    def _view(self, table: blocks.Table, max_rows: int, spread: bool) -> _View:
        shown = grid.grid(table, max_rows, spread)
        columns = tuple(
            blocks.Column(c.name, values.visible(c.label), c.format, c.bounds, c.target) for c in shown.columns
        )
        return _View(columns, shown.rows, shown.n_rows, self, table.stacked)

    def _unique(self, wanted: str) -> str:
        wanted = f"{self.prefix}-{wanted}" if self.prefix else wanted
        name, count = wanted, 1
        while name in self.used:
            count += 1
            name = f"{wanted}-{count}"
        self.used.add(name)
        return name

    def _markedtext(self, name: str, block: blocks.MarkedText) -> dict[str, Any]:
        self.n_figures += 1
        room, parts = values.MAX_TEXT, []
        for text, weight in block.parts:
            shown = values.visible(text, max(room, 0))
            room -= len(text)
            depth = 0 if weight is None else math.ceil(4 * abs(weight) / block.largest - 1e-9)
            parts.append((shown, f"{'up' if weight and weight > 0 else 'down'}{depth}" if depth else ""))
            if room <= 0:
                break
        strongest = [(values.visible(text), f"{weight:+.3f}") for text, weight in block.strongest()]
        return {
            "id": self._unique(f"figure-{self.n_figures}"),
            "title": f"Figure {self.n_figures}. {values.visible(block.title)}",
            "parts": parts,
            "positive": values.visible(block.positive),
            "negative": values.visible(block.negative),
            "strongest": strongest,
            "note": values.visible(block.note, values.MAX_TEXT),
        }

    def _pictures(self, name: str, block: blocks.Pictures) -> dict[str, Any]:
        self.n_figures += 1
        return {
            "id": self._unique(f"figure-{self.n_figures}"),
            "title": f"Figure {self.n_figures}. {values.visible(block.title)}",
            "note": values.visible(block.note, values.MAX_TEXT),
            "items": [
                {
                    "source": f"data:image/png;base64,{base64.b64encode(item.png).decode()}",
                    "width": item.size[0],
                    "height": item.size[1],
                    "alt": values.visible(item.alt, values.MAX_TEXT),
                    "caption": values.visible(item.caption, values.MAX_TEXT),
                }
                for item in block.items
            ],
        }

    @staticmethod
    def _named(svg: str, ident: str) -> str:
        return svg.replace("<svg ", f'<svg role="img" aria-labelledby="{ident}" aria-describedby="{ident}-alt" ', 1)


def paragraphs(text: str) -> list[str]:
    r"""Return the paragraphs of a text; a blank line starts a new one.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of str

    Examples
    --------
    >>> paragraphs("One.\n\nTwo,\nstill two.")
    ['One.', 'Two, still two.']
    """
    parts = re.split(r"\n\s*\n", values.visible(text, values.MAX_TEXT).strip())
    return [" ".join(part.split()) for part in parts if part.strip()]


def slug(text: str) -> str:
    """Return an anchor of harmless characters.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> slug("Precision & recall"), slug("???")
    ('precision-recall', 'part')
    """
    return re.sub(r"[^a-z0-9]+", "-", str(text).lower()).strip("-")[:60] or "part"


def _figures(texts: list[str]) -> bool:
    """Whether texts are counts or shares; single digits alone may be codes."""
    found = [text for text in texts if text != values.ABSENT]
    return all(_FIGURE.fullmatch(text) for text in found) and any(len(text) > 1 for text in found)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
