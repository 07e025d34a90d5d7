"""Figures in ``README.md`` stand between two markers and are written by scripts, never by hand."""

from __future__ import annotations

from pathlib import Path

from _harness import ROOT

README = ROOT / "README.md"


def between(text: str, mark: str) -> str:
    """Return what stands between ``<!-- mark -->`` and ``<!-- /mark -->``, without the line breaks around it.

    Raises
    ------
    SystemExit
        If the markers are not there, once each and in order.
    """
    opening, closing = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    if text.count(opening) != 1 or text.count(closing) != 1 or text.index(opening) > text.index(closing):
        raise SystemExit(f"README.md must hold {opening} and after it {closing}, once each.")
    return text.split(opening)[1].split(closing)[0].strip("\n")


def fill(mark: str, lines: list[str], path: Path = README) -> None:
    """Put lines between the markers."""
    text = path.read_text(encoding="utf-8")
    between(text, mark)
    before, rest = text.split(f"<!-- {mark} -->")
    after = rest.split(f"<!-- /{mark} -->")[1]
    body = "\n".join(lines)
    path.write_text(f"{before}<!-- {mark} -->\n\n{body}\n\n<!-- /{mark} -->{after}", encoding="utf-8")
