"""Charts of many points or cells; offered by :mod:`appliedml.report.figures`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from appliedml.errors import DataError
from appliedml.report import _charts as charts
from appliedml.report import theme
from appliedml.report.blocks import Column, Figure
from appliedml.report.values import spaced


def scatter_chart(
    *,
    title: str,
    alt: str,
    data: pd.DataFrame,
    x: str,
    y: str,
    x_title: str,
    y_title: str,
    series: str | None = None,
    value: str | None = None,
    value_title: str | None = None,
    columns: Sequence[Column] = (),
) -> Figure:
    """Draw points; where ``y`` holds texts, points of one row are spread so that they do not hide one another.

    Parameters
    ----------
    title, alt, columns
        As in :func:`appliedml.report.figures.line_chart`.
    data : DataFrame
        One row a point; at most 2,000.
    x, y : str
        Columns. ``y`` may hold texts: one row of points a text, in the order of first appearance.
    x_title, y_title : str
    series : str, optional
        Column that gives points colour and shape.
    value : str, optional
        Numeric column that gives points a colour from low (dark blue) to high (orange); missing values are grey.
        Not together with ``series``.
    value_title : str, optional

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If the data has more than 2,000 rows or lacks a column, or both ``series`` and ``value`` are given.
    """
    if series and value:
        raise DataError(f"Chart {title!r}: a point has one colour. Give series or value, not both.")
    names = {"x": x, "y": y, **({"series": series} if series else {}), **({"value": value} if value else {})}
    texts = ("series",) if pd.api.types.is_numeric_dtype(data.get(y, pd.Series(dtype=float))) else ("series", "y")
    frame = charts.frame_of(title, data, names, numbers=("x", "value"), texts=texts, needed=("x", "y"))
    if frame.empty:
        return Figure(title, alt, None, data, tuple(columns))
    where: dict[str, Any] = {"x": charts.quantity("x", title=x_title, scale={"zero": False})}
    height = 320
    if "y" in texts:
        frame["spread"] = charts.spread_of(frame)
        height = frame["y"].nunique() * 30
        where["y"] = {**charts.labels("y", axis=charts.rows_axis()), "sort": list(dict.fromkeys(frame["y"]))}
        where["yOffset"] = charts.quantity("spread", scale={"domain": [-1, 1]})
    else:
        where["y"] = charts.quantity("y", title=y_title, scale={"zero": False}, axis=charts.axis_above())
    point: dict[str, Any] = {"type": "point", "filled": True, "size": 30, "opacity": 0.75}
    if value:
        shade = charts.colour_ramp(
            "value", value_title or value, {"range": list(theme.LOW_TO_HIGH), "interpolate": "rgb"}
        )
        # Vega-Lite would drop points without a value; they get a layer of their own.
        without, known = frame[frame["value"].isna()], frame[frame["value"].notna()]
        grey = [charts.layer({**point, "color": theme.AXIS}, without, **where)] if len(without) else []
        chart = {"layer": [*grey, charts.layer(point, known, **where, color=shade)]}
    else:
        chart = charts.layer(point, **where, color=charts.colour_of(frame), shape=charts.shape_of(frame))
    return charts.finished(title, alt, frame, chart, height, data, columns, y_title="y" not in texts)


def heatmap_chart(
    *,
    title: str,
    alt: str,
    data: pd.DataFrame,
    x: str,
    y: str,
    value: str,
    value_title: str,
    columns: Sequence[Column] = (),
    numbers: bool = True,
) -> Figure:
    """Draw a value for each pair of labels as a coloured cell.

    Parameters
    ----------
    title, alt, columns
        As in :func:`appliedml.report.figures.line_chart`.
    data : DataFrame
        One row a cell; labels keep their order.
    x, y : str
        Columns with the labels of columns and rows; their names are the titles of the axes.
    value : str
        Numeric column. Values on both sides of zero get a scale with two colours around zero.
    value_title : str
    numbers : bool
        Write its number into every cell, where there are at most 14 columns. Numbers of very many cells hide the
        picture, and drawing them takes most of its time.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        As in :func:`appliedml.report.figures.line_chart`.
    """
    names = {"x": x, "y": y, "value": value}
    frame = charts.frame_of(title, data, names, numbers=("value",), texts=("x", "y"), needed=("value",))
    if frame.empty:
        return Figure(title, alt, None, data, tuple(columns))
    lowest, highest = float(frame["value"].min()), float(frame["value"].max())
    if lowest < 0 < highest:
        highest = max(-lowest, highest)
        lowest, ramp = -highest, theme.DIVERGING
    else:
        ramp = theme.SEQUENTIAL
    domain = [float(end) for end in np.linspace(lowest, highest, len(ramp))]
    down_axis = charts.rows_axis(grid=False, **charts.TITLE_ABOVE)
    where = {
        "x": charts.labels("x", spaced(x), axis=charts.across_axis(frame["x"].nunique())),
        "y": charts.labels("y", spaced(y), axis=down_axis),
    }
    colour = charts.colour_ramp("value", value_title, {"domain": domain, "range": list(ramp), "interpolate": "rgb"})
    layers = [charts.layer({"type": "rect", "stroke": theme.PAPER, "strokeWidth": 1.5}, **where, color=colour)]
    if numbers and frame["x"].nunique() <= 14:
        frame["dark"] = charts.ink_on((frame["value"] - lowest) / ((highest - lowest) or 1.0), ramp)
        whole = bool((frame["value"] % 1 == 0).all())
        frame["text"] = [f"{number:,.0f}" if whole else f"{number:.2f}" for number in frame["value"]]
        inks = {"domain": [True, False], "range": list(charts.CELL_INK)}
        ink = {"field": "dark", "type": "nominal", "legend": None, "scale": inks}
        words = {"field": "text", "type": "nominal"}
        layers.append(charts.layer({"type": "text", "fontSize": 12}, **where, text=words, color=ink))
    chart = {"layer": layers, "resolve": {"scale": {"color": "independent"}}}
    return charts.finished(title, alt, frame, chart, frame["y"].nunique() * 34, data, columns, y_title=True)
