"""Charts to SVG that a locked-down page may hold: no style, no script, no address, the same bytes every time."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from appliedml.report import theme
from appliedml.report._artist import drawn
from appliedml.report.values import visible

MAX_LABEL = 300
WIDEST_LETTER_PX = 8
"""At the charts' size of type, about a capital letter; a longer text keeps the limits of its chart."""

_NO_TEXTS = frozenset({"$schema", "config", "field", "format", "labelExpr", "mark", "type"})

_NUMBERS = frozenset(
    {"cx", "cy", "d", "height", "points", "r", "transform", "viewBox", "width", "x", "x1", "x2", "y", "y1", "y2"}
)
_LONG_NUMBER = re.compile(r"-?\d+(?:\.\d+)?e-\d+|-?\d*\.\d{3,}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_KEPT = frozenset(
    {
        *_NUMBERS, "clip-path", "fill", "fill-opacity", "font-family", "font-size", "font-style", "font-weight", "id",
        "gradientUnits", "offset", "opacity", "stop-color", "stop-opacity", "stroke", "stroke-dasharray",
        "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-opacity", "stroke-width", "text-anchor",
        "dominant-baseline",
    }
)  # fmt: skip
_INHERITED = (
    "fill",
    "font-family",
    "font-size",
    "font-weight",
    "stroke",
    "stroke-dasharray",
    "stroke-width",
    "text-anchor",
)
_CIRCLE = re.compile(r"M([\d.]+),0A\1,\1,0,1,1,-\1,0A\1,\1,0,1,1,\1,0")
_TRANSLATED = re.compile(r"translate\(([-\d.]+),([-\d.]+)\)")
_TAGS = frozenset(
    {"svg", "g", "path", "rect", "line", "text", "tspan", "circle", "defs", "clipPath", "linearGradient", "stop"}
)


def chart_svg(chart: Mapping[str, Any], prefix: str) -> str:
    """Draw a chart.

    Parameters
    ----------
    chart : dict
        In Vega-Lite.
    prefix : str
        Begins every id, so that ids are unique in the page.

    Returns
    -------
    str
        One ``svg`` element without role and name, which the page adds: only known tags and attributes are kept.
    """
    import vl_convert

    return clean_svg(drawn(chart) or vl_convert.vegalite_to_svg(chart_spec(chart)), prefix)


def chart_spec(chart: Mapping[str, Any]) -> dict[str, Any]:
    """Return a chart in which no text hides anything.

    Parameters
    ----------
    chart : dict
        In Vega-Lite.

    Returns
    -------
    dict
    """
    spec: dict[str, Any] = _printable(chart)
    widest = {"labelLimit": 0.0, "titleLimit": 0.0}
    for kind, text in _texts(spec):
        widest[kind] = max(widest[kind], len(text) * WIDEST_LETTER_PX if text.isascii() else math.inf)
    _drop_limits(spec, widest)
    return spec


def _texts(spec: Any, kind: str = "labelLimit") -> Iterator[tuple[str, str]]:
    """Every text that a chart might write, with the name of the limit that holds it."""
    if isinstance(spec, str):
        yield kind, spec
    elif isinstance(spec, dict):
        for key, value in spec.items():
            if key not in _NO_TEXTS:
                yield from _texts(value, "titleLimit" if key == "title" else kind)
    elif isinstance(spec, list):
        for value in spec:
            yield from _texts(value, kind)


def _drop_limits(spec: Any, widest: Mapping[str, float]) -> None:
    """Take away limits that no text of a chart can reach: to hold them, every text is measured several times."""
    if isinstance(spec, dict):
        for key, value in spec.items():
            if value and key in widest and widest[key] < value:
                spec[key] = 0
            else:
                _drop_limits(value, widest)
    elif isinstance(spec, list):
        for value in spec:
            _drop_limits(value, widest)


def _printable(spec: Any) -> Any:
    """Write out control characters: one NUL in an axis title makes vl-convert abort the whole process."""
    if isinstance(spec, str):
        return visible(spec, limit=MAX_LABEL)
    if isinstance(spec, dict):
        return {_printable(key): _printable(value) for key, value in spec.items()}
    return [_printable(item) for item in spec] if isinstance(spec, list) else spec


def clean_svg(svg: str, prefix: str) -> str:
    """Keep what draws, drop everything else, and count ids from one.

    Parameters
    ----------
    svg : str
    prefix : str

    Returns
    -------
    str

    Examples
    --------
    >>> clean_svg('<svg viewBox="0 0 9 9"><g><path id="a7" class="x" onclick="y" d="M0.12345,1"/></g></svg>', "f1")
    '<svg viewBox="0 0 9 9"><path id="f1-1" d="M0.12,1" /></svg>'
    """
    root = ElementTree.fromstring(svg)
    _prune(root)
    names: dict[str, str] = {}
    for element in root.iter():
        old = element.attrib.get("id")
        if old is not None:
            names[old] = f"{prefix}-{len(names) + 1}"
            element.set("id", names[old])
    for element in root.iter():
        for key, value in element.attrib.items():
            if "url(" in value:
                element.set(key, _REFERENCE.sub(lambda match: f"url(#{names.get(match[1], 'none')})", value))
    return ElementTree.tostring(root, encoding="unicode")


def _prune(element: ElementTree.Element) -> None:
    element.tag = element.tag.rpartition("}")[2]
    element.attrib = {
        key: _LONG_NUMBER.sub(_shorter, value) if key in _NUMBERS else value
        for key, value in element.attrib.items()
        if key in _KEPT and not (key.endswith("opacity") and value == "1")
    }
    _as_circle(element)
    kept: list[ElementTree.Element] = []
    for child in list(element):
        if _draws_nothing(child):
            continue
        _prune(child)
        if child.tag not in _TAGS or (child.tag == "g" and len(child) == 0):
            continue
        # A group that sets nothing is only depth.
        kept += list(child) if child.tag == "g" and not child.attrib else [child]
    element[:] = kept
    _share(element)


def _share(element: ElementTree.Element) -> None:
    """Say once, on the group, what all of its children say: a third of the size."""
    if element.tag != "g" or len(element) < 2:
        return
    for name in _INHERITED:
        values = {child.get(name) for child in element}
        if len(values) == 1 and None not in values:
            element.set(name, str(element[0].get(name)))
            for child in element:
                del child.attrib[name]


def _as_circle(element: ElementTree.Element) -> None:
    """Write a path that draws a circle as one."""
    found = _CIRCLE.fullmatch(element.get("d", ""))
    place = _TRANSLATED.fullmatch(element.get("transform", ""))
    if element.tag == "path" and found and place:
        element.tag = "circle"
        del element.attrib["d"], element.attrib["transform"]
        element.attrib |= {"cx": place[1], "cy": place[2], "r": found[1]}


def _draws_nothing(element: ElementTree.Element) -> bool:
    if element.get("display") == "none":
        return True
    tag = element.tag.rpartition("}")[2]
    unpainted = element.get("fill") is None and element.get("stroke") is None
    if tag == "path":
        return not element.get("d") or (element.get("class") == "background" and unpainted)
    return tag == "rect" and element.get("fill") == theme.PAPER


def _shorter(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
