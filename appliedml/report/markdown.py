"""A Document as Markdown: a model card with the YAML header that the Hugging Face hub reads."""

from __future__ import annotations

import re
from typing import Any

import yaml

from appliedml.report import blocks, grid, values
from appliedml.report.html import paragraphs

MAX_TABLE_ROWS = 100
MAX_DATA_ROWS = 100
_HEADER_KEYS = ("language", "license", "library_name", "pipeline_tag", "tags", "metrics", "model-index")
_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
# What most cells are: words, a number, an interval.
_HARMLESS = re.compile(r"[A-Za-z]+(?: [A-Za-z]+)*|\d+(?:,\d+)*(?:\.\d+)?(?: %| \(\d+\.\d+ to \d+\.\d+\))?")
_AT_START = re.compile(r"^([-+=#])|^(\d+)(?=[.)](\s|$))")


def render_markdown(document: blocks.Document) -> str:
    """Return a document as a model card.

    Parameters
    ----------
    document : Document
        Its metadata's hub keys become the header.

    Returns
    -------
    str
        Text from the data is escaped: no markup, link or image in it is live.
    """
    writer = _Writer(document)
    parts = [_header(document.metadata), f"# {escape(document.title)}", escape(document.subtitle)]
    facts = document.metadata.get("facts", {})
    if facts:
        parts.append("\n".join(f"- {escape(label)}: {escape(value)}" for label, value in facts.items()))
    for section in document.sections:
        parts.append(f"## {escape(section.title)}")
        parts += [writer.block(block) for block in section.blocks]
    return "\n\n".join(part for part in parts if part) + "\n"


def _header(metadata: dict[str, Any]) -> str:
    chosen = {key: metadata[key] for key in _HEADER_KEYS if key in metadata}
    if not chosen:
        return ""
    text = yaml.dump(chosen, Dumper=_Inert, sort_keys=False, allow_unicode=False)
    return "---\n" + _STAND_INS.sub(r"\\x\1", text) + "---"


class _Inert(yaml.SafeDumper):
    """YAML that reads back the same, and is no markup even to a viewer that takes the header for Markdown."""


# What is left to do by its escape, "\x3C" for "<": YAML has no way to ask for it, but writes these as "\U0010F03C".
_STAND_INS = re.compile(r"\\U0010F0([0-9A-F]{2})")
_MARKUP = re.compile(r"[<>\[\]`&@]|:(?=//)|(?<=www)\.", re.IGNORECASE)


def _inert_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_str(_MARKUP.sub(lambda found: chr(0x10F000 + ord(found[0])), text))


_Inert.add_representer(str, _inert_text)


def escape(text: Any, limit: int = values.MAX_CELL) -> str:
    r"""Return text as Markdown that shows just that text, in one line.

    Parameters
    ----------
    text : object
    limit : int
        Longest text, in characters.

    Returns
    -------
    str

    Examples
    --------
    >>> escape("<b>|[x](http://y)"), escape("1. a\nb")
    ('&lt;b&gt;\\|\\[x\\](http&#58;//y)', '1\\. a b')
    """
    shown = values.visible(text, limit)
    if _HARMLESS.fullmatch(shown):
        return shown
    line = " ".join(shown.split())
    line = _SPECIAL.sub(r"\\\1", line)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # GitHub links bare addresses and names: break what it looks for.
    line = line.replace("://", "&#58;//").replace("@", "&#64;")
    line = re.sub(r"\b(www)\.", r"\1&#46;", line, flags=re.IGNORECASE)
    return _AT_START.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\", line)


class _Writer:
    """Numbers tables and figures as the page does."""

    def __init__(self, document: blocks.Document) -> None:
        self.titles = {section.name: section.title for section in document.sections}
        self.n_tables = 0
        self.n_figures = 0

    def block(self, block: blocks.Block) -> str:
        text: str = getattr(self, f"_{type(block).__name__.lower()}")(block)
        return text

    def _text(self, block: blocks.Text) -> str:
        return "\n\n".join(escape(part, values.MAX_TEXT) for part in paragraphs(block.text))

    def _subheading(self, block: blocks.Subheading) -> str:
        return f"### {escape(block.text)}"

    def _callout(self, block: blocks.Callout) -> str:
        lines = [f"**{values.TONE_WORDS[block.tone]}: {escape(block.title)}**"]
        lines += [escape(part, values.MAX_TEXT) for part in paragraphs(block.text)]
        return "\n>\n".join(f"> {line}" for line in lines)

    def _keyvalues(self, block: blocks.KeyValues) -> str:
        lines = [f"- **{escape(label)}**: {escape(value, values.MAX_TEXT)}" for label, value in block.items]
        return "\n".join([*([f"{escape(block.title)}:\n"] if block.title else []), *lines])

    def _headlines(self, block: blocks.Headlines) -> str:
        return "\n".join(
            f"- **{escape(label)}**: {escape(value)}{f' ({escape(detail)})' if detail else ''}"
            for label, value, detail in block.items
        )

    def _table(self, block: blocks.Table) -> str:
        self.n_tables += 1
        parts = [f"**Table {self.n_tables}. {escape(block.caption)}**", _rows(block, MAX_TABLE_ROWS, spread=False)]
        return "\n\n".join([*parts, *([escape(block.note, values.MAX_TEXT)] if block.note else [])])

    def _explorer(self, block: blocks.Explorer) -> str:
        return self._table(block.table)

    def _figure(self, block: blocks.Figure) -> str:
        self.n_figures += 1
        parts = [f"**Figure {self.n_figures}. {escape(block.title)}**", escape(block.alt, values.MAX_TEXT)]
        if block.data is not None:
            table = blocks.Table(block.title, block.data, block.columns)
            parts.append(_rows(table, MAX_DATA_ROWS, spread=True))
        return "\n\n".join(parts)

    def _code(self, block: blocks.Code) -> str:
        text = "\n".join(values.visible(line, values.MAX_TEXT) for line in block.text.rstrip("\n").split("\n"))
        longest = max((len(run) for run in re.findall("`+", text)), default=0)
        fence = "`" * max(3, longest + 1)
        return f"{escape(block.title) + chr(10) * 2 if block.title else ''}{fence}\n{text}\n{fence}"

    def _bullets(self, block: blocks.Bullets) -> str:
        return "\n".join(f"- {escape(text, values.MAX_TEXT)}" for text in block.items)

    def _findingslist(self, block: blocks.FindingsList) -> str:
        lines: list[str] = []
        for severity, title, text, section in block.items:
            evidence = f" (evidence: {escape(self.titles[section])})" if section in self.titles else ""
            line = f"**{escape(title)}** ({escape(severity)}). {escape(text, values.MAX_TEXT)}{evidence}"
            lines.append(f"{len(lines) + 1}. {line}")
        return "\n".join(lines)

    def _flow(self, block: blocks.Flow) -> str:
        self.n_figures += 1
        steps = [
            f"{number}. **{escape(label)}**{': ' if lines else ''}{'; '.join(escape(line) for line in lines)}"
            for number, (label, lines) in enumerate(block.steps, start=1)
        ]
        title = f"**Figure {self.n_figures}. {escape(block.title)}**"
        return "\n\n".join([title, "\n".join(steps), escape(block.alt, values.MAX_TEXT)])

    def _pictures(self, block: blocks.Pictures) -> str:
        self.n_figures += 1
        title = f"**Figure {self.n_figures}. {escape(block.title)}** (pictures are in the HTML report)"
        texts = (": ".join(text for text in (item.caption, item.alt) if text) for item in block.items)
        lines = [f"- {escape(text, values.MAX_TEXT)}" for text in texts]
        return "\n\n".join([title, "\n".join(lines), *([escape(block.note, values.MAX_TEXT)] if block.note else [])])

    def _markedtext(self, block: blocks.MarkedText) -> str:
        self.n_figures += 1
        whole = escape("".join(text for text, _ in block.parts), values.MAX_TEXT)
        lines = [f"- {escape(text)}: {weight:+.3f}" for text, weight in block.strongest()]
        signs = f"Plus: {escape(block.positive)}; minus: {escape(block.negative)}."
        title = f"**Figure {self.n_figures}. {escape(block.title)}**"
        note = [escape(block.note, values.MAX_TEXT)] if block.note else []
        return "\n\n".join([title, f"> {whole}", *(["\n".join(lines)] if lines else []), signs, *note])


def _rows(table: blocks.Table, max_rows: int, spread: bool) -> str:
    view = grid.grid(table, max_rows, spread)
    if not view.columns:
        return "No rows."
    lines = [
        "| " + " | ".join(escape(column.label) or " " for column in view.columns) + " |",
        "|" + "|".join(" ---: " if column.format in grid.NUMERIC else " --- " for column in view.columns) + "|",
    ]
    for row in view.rows:
        cells = [escape(f"{cell.text} ({cell.detail})" if cell.detail else cell.text) for cell in row]
        lines.append("| " + " | ".join(cells) + " |")
    if not view.rows:
        lines.append("| No rows." + " |" * len(view.columns))
    if view.n_rows > len(view.rows):
        lines.append(f"\n{len(view.rows)} of {view.n_rows:,} rows are shown; {grid.ALL_ROWS}.")
    return "\n".join(lines)
