"""Small HTML cards for notebooks: escaped text, no script, no style sheet."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_BOX = "border:1px solid #8886;border-radius:6px;padding:.6em .9em;margin:.3em 0;font-family:system-ui,sans-serif"


def card(title: str, rows: Iterable[tuple[str, str]], note: str = "", body: str = "") -> str:
    """Return an HTML card with a title and labelled values.

    Parameters
    ----------
    title : str
    rows : iterable of (str, str)
        Label and value, escaped here.
    note : str
        A last line in small print, escaped here.
    body : str
        HTML that was already made safe, such as ``DataFrame.to_html()``.

    Returns
    -------
    str

    Examples
    --------
    >>> "&lt;b&gt;" in card("Run", [("name", "<b>")])
    True
    """
    cells = "".join(
        f"<tr><th scope='row' style='text-align:left;padding-right:1em'>{escape(str(label))}</th>"
        f"<td style='text-align:left'>{escape(str(value))}</td></tr>"
        for label, value in rows
    )
    small = f"<div style='opacity:.75;font-size:.9em'>{escape(note)}</div>" if note else ""
    return f"<div style='{_BOX}'><strong>{escape(title)}</strong><table>{cells}</table>{body}{small}</div>"
