"""The block types: everything a section may say, and all that the renderers know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

Tone = Literal["neutral", "good", "warning", "bad"]


@dataclass(frozen=True)
class Text:
    """One or more paragraphs of plain text; a blank line starts a new paragraph. Always escaped."""

    text: str
    small: bool = False


@dataclass(frozen=True)
class Subheading:
    """A heading inside a section (level 3), with its place in the table of contents."""

    text: str


@dataclass(frozen=True)
class Callout:
    """A boxed message with a tone; the tone is also written out in words, never colour alone."""

    tone: Tone
    title: str
    text: str = ""


@dataclass(frozen=True)
class KeyValues:
    """Labelled values."""

    items: tuple[tuple[str, str], ...]
    title: str = ""


@dataclass(frozen=True)
class Column:
    """How one column of a table is shown.

    Parameters
    ----------
    name : str
        Column of the DataFrame.
    label : str
        Heading.
    format : str
        "text", "int", "number" (three decimals), "percent" (of a share between 0 and 1), "p_value", "badge" (a status
        word with a tone), "interval" (value with the columns ``low`` and ``high`` named in ``bounds``), "link" (text
        that leads to the section named in the column ``target``), or "file" (text that leads to the file whose path,
        relative to the page, is in the column ``target``).
    bounds : (str, str), optional
        Columns with the interval's ends, for "interval".
    target : str, optional
        Column with the name of a section, for "link", or the path of a file, for "file"; a row without one shows its
        text alone.
    """

    name: str
    label: str
    format: Literal["text", "int", "number", "percent", "p_value", "badge", "interval", "link", "file"] = "text"
    bounds: tuple[str, str] | None = None
    target: str | None = None


@dataclass(frozen=True)
class Table:
    """A table with a caption. Without ``columns`` every column of the data is shown with a sensible format.

    Parameters
    ----------
    caption : str
    data : DataFrame
    columns : tuple of Column
    note : str
        Small print under the table.
    collapsed : bool
        Whether it starts folded (still readable without JavaScript, always open in print).
    stacked : bool
        Whether a narrow page writes every row as a list of its cells, each with its column's name. For tables of a few
        rows in which no column may be missed.
    """

    caption: str
    data: pd.DataFrame
    columns: tuple[Column, ...] = ()
    note: str = ""
    collapsed: bool = False
    stacked: bool = False


@dataclass(frozen=True)
class Figure:
    """A static chart: Vega-Lite data made by :mod:`appliedml.report.figures`, with its table behind it.

    Parameters
    ----------
    title : str
    alt : str
        Text alternative: what the chart shows, with its main figures.
    chart : dict, optional
        In Vega-Lite, as JSON values; ``altair.Chart.from_dict`` takes it. None where nothing in the data can be drawn.
    data : DataFrame, optional
        The table behind it, shown folded.
    columns : tuple of Column
        How that table is shown.
    """

    title: str
    alt: str
    chart: Any
    data: pd.DataFrame | None = None
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True)
class Headlines:
    """A few large figures side by side: label, value and a line of detail such as the interval."""

    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Code:
    """Text to be read or copied as it is: a plan, a command."""

    text: str
    title: str = ""
    collapsed: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class FindingsList:
    """Findings with severity, headline, text and a link to the section that holds the evidence."""

    items: tuple[tuple[str, str, str, str], ...]  # severity, title, text, section name


@dataclass(frozen=True)
class Flow:
    """A diagram of boxes in order, each with a label and lines of small text: a list that is drawn as boxes.

    Parameters
    ----------
    title : str
    alt : str
    steps : tuple of (label, lines)
    """

    title: str
    alt: str
    steps: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Picture:
    """One picture of :class:`Pictures`; :func:`appliedml.report.pictures.png` makes its bytes.

    Parameters
    ----------
    png : bytes
        A PNG file. It travels inside the page; Markdown and JSON carry the text alternative only.
    alt : str
        Text alternative: what is to be seen.
    caption : str
        A short line below it.

    Raises
    ------
    ValueError
        If the bytes are no PNG file.
    """

    png: bytes
    alt: str
    caption: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no PNG file: nothing else may come into a page as a picture."""
        if self.png[:8] != b"\x89PNG\r\n\x1a\n" or self.png[12:16] != b"IHDR":
            raise ValueError("Picture: png must be the bytes of a PNG file. Make them with appliedml.report.pictures.")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return int.from_bytes(self.png[16:20]), int.from_bytes(self.png[20:24])


@dataclass(frozen=True)
class Pictures:
    """Pictures side by side in a grid of equal widths: a numbered figure.

    Parameters
    ----------
    title : str
    items : tuple of Picture
    note : str
        Small print below: what all of them show.
    """

    title: str
    items: tuple[Picture, ...]
    note: str = ""


@dataclass(frozen=True)
class MarkedText:
    """A text whose parts are marked by a signed weight; the strongest parts are listed in words too.

    Parameters
    ----------
    title : str
    parts : tuple of (str, float or None)
        In order, the whole text: what is marked with its weight, None for what is not. The sign decides the colour and
        the line below, the size in proportion to the largest the depth.
    positive, negative : str
        What the two signs mean, in words.
    note : str
        Small print below.
    """

    title: str
    parts: tuple[tuple[str, float | None], ...]
    positive: str
    negative: str
    note: str = ""

    @property
    def largest(self) -> float:
        """Largest absolute weight; 1 where there is none."""
        return max((abs(weight) for _, weight in self.parts if weight is not None), default=0.0) or 1.0

    def strongest(self, most: int = 5) -> list[tuple[str, float]]:
        """Return the parts with the largest weights, for those who cannot see colours.

        Parameters
        ----------
        most : int

        Returns
        -------
        list of (str, float)
        """
        weighted = [(text, weight) for text, weight in self.parts if weight]
        return sorted(weighted, key=lambda part: -abs(part[1]))[:most]


@dataclass(frozen=True)
class Explorer:
    """The threshold explorer: a table of thresholds, and the counts from which a page's script works out any other.

    Parameters
    ----------
    table : Table
        Some thresholds: all that there is without a script, on paper, in Markdown and in a notebook.
    data : dict
        JSON values, of :meth:`appliedml.report.explorer.ExplorerData.to_json`. Counts only, no row.
    """

    table: Table
    data: dict[str, Any]


Block = (
    Text
    | Subheading
    | Callout
    | KeyValues
    | Headlines
    | Table
    | Figure
    | Code
    | Bullets
    | FindingsList
    | Flow
    | Pictures
    | MarkedText
    | Explorer
)


@dataclass(frozen=True)
class Section:
    """A section of the document.

    Parameters
    ----------
    name : str
        Registry name, also the anchor.
    title : str
    blocks : tuple of Block
    """

    name: str
    title: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Document:
    """A whole report: one document, rendered as HTML, Markdown or JSON.

    Parameters
    ----------
    title : str
    subtitle : str
    sections : tuple of Section
    metadata : dict
        JSON values for the model card's header and the JSON form.
    """

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    metadata: dict[str, Any] = field(default_factory=dict)
