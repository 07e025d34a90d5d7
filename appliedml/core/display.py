"""Text of strangers, shown: nothing hidden in it; and small HTML cards for notebooks (no script, no style sheet)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

_BOX = "border:1px solid #8886;border-radius:6px;padding:.6em .9em;margin:.3em 0;font-family:system-ui,sans-serif"

# What a terminal obeys, what breaks a line, turns the direction of text or takes no room: it would hide what is there.
# Joiners (U+200C, U+200D) are part of how some scripts and emoji are written, and stay.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def written_out(text: str, one_line: bool = False) -> str:
    r"""Return text in which nothing is hidden: control characters and the like stand there as ``⟨U+202E⟩``.

    Parameters
    ----------
    text : str
    one_line : bool
        Also write out line feeds: a name must not begin a line of its own.

    Returns
    -------
    str

    Examples
    --------
    >>> written_out("report\u202efdp.exe"), written_out("a\nb", one_line=True)
    ('report⟨U+202E⟩fdp.exe', 'a⟨U+000A⟩b')
    """
    if text.isascii() and text.isprintable():
        return text
    shown = _HIDDEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)
    return shown.replace("\n", "⟨U+000A⟩") if one_line else shown


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
