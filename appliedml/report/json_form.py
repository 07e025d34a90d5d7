"""A Document as JSON: the same sections and blocks as plain values, for machines that read reports."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from appliedml.report import blocks
from appliedml.report.grid import guessed_columns

FORMAT_NAME = "appliedml-report"
FORMAT_VERSION = 1


def to_json(document: blocks.Document) -> dict[str, Any]:
    """Return a document as JSON values.

    Parameters
    ----------
    document : Document

    Returns
    -------
    dict
        ``sections`` hold ``blocks``, each with its ``type``. Tables have ``columns`` and ``rows`` with raw values
        (missing and infinite numbers are null); figures have their title, text alternative and table, pictures their
        text alternatives, not the drawing.
    """
    return {
        "format": FORMAT_NAME,
        "format_version": FORMAT_VERSION,
        "title": document.title,
        "subtitle": document.subtitle,
        "metadata": _plain(document.metadata),
        "sections": [
            {"name": section.name, "title": section.title, "blocks": [_block(block) for block in section.blocks]}
            for section in document.sections
        ],
    }


def render_json(document: blocks.Document) -> str:
    """Return a document as JSON text with sorted keys.

    Parameters
    ----------
    document : Document

    Returns
    -------
    str
    """
    # Escapes keep characters that a file cannot hold, such as half a surrogate pair.
    return json.dumps(to_json(document), indent=1, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n"


def _block(block: blocks.Block) -> dict[str, Any]:
    out: dict[str, Any] = {"type": type(block).__name__}
    if isinstance(block, blocks.Table):
        return {**out, "caption": block.caption, "note": block.note, **_table(block.data, block.columns)}
    if isinstance(block, blocks.Figure):
        table = {} if block.data is None else _table(block.data, block.columns)
        return {**out, "title": block.title, "alt": block.alt, **table}
    if isinstance(block, blocks.Explorer):
        shown = block.table
        words = {"caption": shown.caption, "note": shown.note}
        return {**out, **words, **_table(shown.data, shown.columns), "counts": _plain(block.data)}
    if isinstance(block, blocks.Pictures):
        # The text alternative stands for a picture, as it does for a chart.
        items = [{"alt": item.alt, "caption": item.caption} for item in block.items]
        return {**out, "title": block.title, "note": block.note, "items": items}
    return {**out, **{item.name: _plain(getattr(block, item.name)) for item in fields(block)}}


def _table(data: pd.DataFrame, columns: tuple[blocks.Column, ...]) -> dict[str, Any]:
    labels = {str(column.name): column.label for column in columns or guessed_columns(data)}
    names = [{"name": str(name), "label": labels.get(str(name), str(name))} for name in data.columns]
    values = [data.iloc[:, position].tolist() for position in range(data.shape[1])]
    return {"columns": names, "rows": [[_plain(cell) for cell in row] for row in zip(*values, strict=True)]}


def _plain(value: Any) -> Any:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str | int | bool):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
