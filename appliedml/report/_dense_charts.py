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
    import altair

    if series and value:
        raise DataError(f"Chart {title!r}: a point has one colour. Give series or value, not both.")
    names = {"x": x, "y": y, **({"series": series} if series else {}), **({"value": value} if value else {})}
    texts = ("series",) if pd.api.types.is_numeric_dtype(data.get(y, pd.Series(dtype=float))) else ("series", "y")
    frame = charts.frame_of(title, data, names, numbers=("x", "value"), texts=texts, needed=("x", "y"))
    if frame.empty:
        return Figure(title, alt, None, data, tuple(columns))
    encoding: dict[str, Any] = {"x": charts.quantity("x", "x", title=x_title, scale=altair.Scale(zero=False))}
    height = 320
    if "y" in texts:
        frame["spread"] = charts.spread_of(frame)
        height = frame["y"].nunique() * 30
        order = list(dict.fromkeys(frame["y"]))
        encoding["y"] = altair.Y(field="y", type="nominal", sort=order, title=None, axis=charts.rows_axis())
        encoding["yOffset"] = altair.YOffset(field="spread", type="quantitative", scale=altair.Scale(domain=[-1, 1]))
    else:
        scale = altair.Scale(zero=False)
        encoding["y"] = charts.quantity("y", "y", title=y_title, scale=scale, axis=charts.axis_above())
    point: dict[str, Any] = {"filled": True, "size": 30, "opacity": 0.75}
    if value:
        ramp = altair.Scale(range=list(theme.LOW_TO_HIGH), interpolate="rgb")
        shade = charts.colour_ramp("value", value_title or value, ramp)
        # Vega-Lite would drop points without a value; they get a layer of their own.
        without, known = frame[frame["value"].isna()], frame[frame["value"].notna()]
        grey = altair.Chart(without).mark_point(color=theme.AXIS, **point).encode(**encoding)
        coloured = altair.Chart(known).mark_point(**point).encode(**encoding, color=shade)
        chart = altair.layer(*([grey] if len(without) else []), coloured)
    else:
        encoding |= {"color": charts.colour_of(frame), "shape": charts.shape_of(frame)}
        chart = altair.Chart(frame).mark_point(**point).encode(**encoding)
    return charts.finished(title, alt, chart, height, data, columns, y_title="y" not in texts)


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
) -> Figure:
    """Draw a value for each pair of labels as a coloured cell with its number written in it.

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

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        As in :func:`appliedml.report.figures.line_chart`.
    """
    import altair

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
    domain = list(np.linspace(lowest, highest, len(ramp)))
    scale = altair.Scale(domain=domain, range=list(ramp), interpolate="rgb")
    frame["dark"] = charts.ink_on((frame["value"] - lowest) / ((highest - lowest) or 1.0), ramp)
    whole = bool((frame["value"] % 1 == 0).all())
    frame["text"] = [f"{number:,.0f}" if whole else f"{number:.2f}" for number in frame["value"]]
    across_axis = charts.across_axis(frame["x"].nunique())
    down_axis = charts.rows_axis(grid=False, **charts.TITLE_ABOVE)
    across = altair.X(field="x", type="nominal", sort=None, title=spaced(x), axis=across_axis)
    down = altair.Y(field="y", type="nominal", sort=None, title=spaced(y), axis=down_axis)
    base = altair.Chart(frame).encode(x=across, y=down)
    colour = charts.colour_ramp("value", value_title, scale)
    cells = base.mark_rect(stroke=theme.PAPER, strokeWidth=1.5).encode(color=colour)
    inks = altair.Scale(domain=[True, False], range=list(charts.CELL_INK))
    ink = altair.Color(field="dark", type="nominal", legend=None, scale=inks)
    layers = [cells]
    if frame["x"].nunique() <= 14:
        layers.append(base.mark_text(fontSize=12).encode(text=altair.Text(field="text", type="nominal"), color=ink))
    chart = altair.layer(*layers).resolve_scale(color="independent")
    return charts.finished(title, alt, chart, frame["y"].nunique() * 34, data, columns, y_title=True)
