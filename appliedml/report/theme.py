"""The look that charts and pages share: one set of colours and one type scale.

Charts are drawn once, in the light colours. In a page the style sheet maps each of these colours to its dark partner,
so that a chart follows the page without a second drawing. The series colours descend from Okabe and Ito's palette for
colour-blind readers, darkened until each has a contrast of 3:1 on white; lines also differ by dash and points by shape,
so that a black-and-white print can be read.

Source
------
Okabe, Ito (2008), Color Universal Design. WCAG 2.2, success criterion 1.4.11 (non-text contrast).
"""

from __future__ import annotations

from typing import Any

INK = "#1d2830"
MUTED = "#55616b"
AXIS = "#98a3ac"
GRID = "#e3e7ea"
PAPER = "#fffffe"
"""White that the dark page may replace; plain ``#ffffff`` is left as it is."""

SERIES = ("#0a5f9e", "#c2500a", "#007a5a", "#a3497f", "#8a6a00", "#2f8ab8", "#4b5563")
DASHES = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 4], [1, 3], [12, 4])
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke")
SEQUENTIAL = ("#f1f5f8", "#a9c6de", "#3f86bd", "#0a4a7d", "#052b4a")
DIVERGING = ("#8f3a05", "#d98b55", "#f4f4f2", "#6fa3cb", "#0a4a7d")
LOW_TO_HIGH = ("#123f6b", "#4f8fb4", "#d9822b")

DARK = {
    INK: "#e4e8eb",
    MUTED: "#a5b0b9",
    AXIS: "#6b7780",
    GRID: "#333b42",
    PAPER: "#171b1f",
    SERIES[0]: "#6cb2ea",
    SERIES[1]: "#f08c4a",
    SERIES[2]: "#3fbf98",
    SERIES[3]: "#dc8fbd",
    SERIES[4]: "#d3b04a",
    SERIES[5]: "#9ad1ee",
    SERIES[6]: "#aeb8c2",
}
"""Dark partner of every colour that a page may replace."""

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
"""vl-convert carries Liberation Sans, so labels are measured alike on every machine; Arial has the same widths."""
WIDTH_PX = 680
LEGEND_ABOVE_TITLE_PX = 32
"""The title of a y axis stands above its axis and is not counted in Vega's layout."""


def chart_config(y_title: bool = False) -> dict[str, Any]:
    """Return the Vega-Lite configuration of every chart.

    Parameters
    ----------
    y_title : bool
        Whether the y axis has its title above it.

    Returns
    -------
    dict
        A fresh one at each call.
    """
    return {
        "background": PAPER,
        "font": FONT,
        "padding": 4,
        "view": {"stroke": None},
        "axis": {
            "domainColor": AXIS,
            "gridColor": GRID,
            "labelColor": MUTED,
            "labelFlush": False,
            "labelFontSize": 12,
            "labelLimit": 230,
            "labelOverlap": "greedy",
            "labelPadding": 6,
            "labelSeparation": 12,
            "tickColor": AXIS,
            "tickSize": 4,
            "titleColor": INK,
            "titleFontSize": 12,
            "titleFontWeight": 600,
            "titleLimit": 600,
            "titlePadding": 10,
        },
        "axisX": {"grid": False},
        "axisY": {"domain": False, "ticks": False},
        "legend": {
            "orient": "top",
            "direction": "horizontal",
            "labelColor": INK,
            "labelFontSize": 12,
            "labelLimit": 230,
            "titleColor": INK,
            "titleFontSize": 12,
            "titleFontWeight": 600,
            "offset": LEGEND_ABOVE_TITLE_PX if y_title else 10,
            "symbolSize": 90,
            "symbolStrokeWidth": 2,
        },
        "header": {
            "labelColor": INK,
            "labelFontSize": 12,
            "labelFontWeight": 600,
            "labelLimit": 500,
            "titleFontSize": 12,
        },
        "line": {"strokeWidth": 2, "strokeCap": "butt"},
        "range": {"category": list(SERIES)},
    }
