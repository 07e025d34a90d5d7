"""Data to charts in Vega-Lite. Every function takes a small table and returns a Figure with that table behind it.

Columns are copied under names of our own (``x``, ``y``, ``series`` ...) before Vega-Lite sees them, so that a column
called ``a.b[0]`` or ``price:Q`` is only ever text. Rows that cannot be drawn (missing or infinite values) are left out
of the chart and stay in the table; if none can be drawn, the figure has no chart and the page says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from appliedml.report import _charts as charts
from appliedml.report import theme
from appliedml.report._dense_charts import heatmap_chart, scatter_chart
from appliedml.report.blocks import Column, Figure

__all__ = ["bar_chart", "heatmap_chart", "histogram_chart", "interval_chart", "line_chart", "scatter_chart"]


def line_chart(
    *,
    title: str,
    alt: str,
    data: pd.DataFrame,
    x: str,
    y: str,
    x_title: str,
    y_title: str,
    series: str | None = None,
    band: tuple[str, str] | None = None,
    diagonal: bool = False,
    x_domain: tuple[float, float] | None = None,
    y_domain: tuple[float, float] | None = None,
    reference: float | None = None,
    columns: Sequence[Column] = (),
) -> Figure:
    """Draw lines, each with an optional shaded interval.

    Parameters
    ----------
    title, alt : str
        Caption, and what the chart shows in words with its main figures.
    data : DataFrame
        One row a point; at most 2,000 rows. Points of one line are joined in row order.
    x, y : str
        Columns. ``x`` may hold numbers, dates or texts.
    x_title, y_title : str
        Axis titles, with units.
    series : str, optional
        Column that splits the lines; their order is that of first appearance.
    band : (str, str), optional
        Columns with the interval's ends.
    diagonal : bool
        Whether to draw y = x as a dashed line.
    x_domain, y_domain : (float, float), optional
        Ends of the axes.
    reference : float, optional
        A value of y drawn as a dashed line.
    columns : sequence of Column
        How the table behind is shown.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If the data has more than 2,000 rows or lacks a column.

    Examples
    --------
    >>> points = pd.DataFrame({"epoch": [1, 2], "loss": [0.7, 0.5]})
    >>> figure = line_chart(title="Loss", alt="Loss falls from 0.7 to 0.5.", data=points, x="epoch", y="loss",
    ...                     x_title="Epoch", y_title="Loss")
    >>> figure.title
    'Loss'
    """
    names = {"x": x, "y": y, **({"series": series} if series else {})}
    if band:
        names |= {"low": band[0], "high": band[1]}
    frame = charts.frame_of(title, data, names, numbers=("y", "low", "high"), texts=("series",), needed=("x", "y"))
    if frame.empty:
        return Figure(title, alt, None, data, tuple(columns))
    frame["order"] = np.arange(len(frame))
    kind = charts.kind_of(frame["x"])
    flat = {"labelAngle": 0, "tickCount": 6, **charts.tick_format(frame["x"], kind)}
    across = {"field": "x", "type": kind, "sort": None, "title": x_title, "axis": flat}
    across["scale"] = charts.scale_of(x_domain)
    up = charts.quantity("y", title=y_title, scale=charts.scale_of(y_domain), axis=charts.axis_above())
    colour = charts.colour_of(frame, lines=True)
    layers = []
    if band:
        edges = {"y": charts.quantity("low", title=y_title), "y2": {"field": "high"}}
        layers.append(charts.layer({"type": "area", "opacity": 0.16, "clip": True}, x=across, color=colour, **edges))
    if diagonal:
        low, high = x_domain or (0.0, 1.0)
        ends = pd.DataFrame({"x": [low, high], "y": [low, high]})
        mark = {"type": "line", "color": theme.AXIS, "strokeDash": [3, 3], "strokeWidth": 1.5}
        layers.append(charts.layer(mark, ends, x=charts.quantity("x"), y=charts.quantity("y")))
    if reference is not None:
        layers.append(charts.rule_at("y", reference))
    where = {"x": across, "y": up, "color": colour}
    dash = {"strokeDash": charts.dash_of(frame)} if series else {}
    layers.append(charts.layer({"type": "line", "clip": True}, **where, **dash, order=charts.quantity("order")))
    per_line = frame.groupby("series").size().max() if series else len(frame)
    if per_line <= 25:
        layers.append(charts.layer({"type": "point", "filled": True, "size": 34, "opacity": 1}, **where))
    return charts.finished(title, alt, frame, {"layer": layers}, 280, data, columns, y_title=True)


def interval_chart(
    *,
    title: str,
    alt: str,
    data: pd.DataFrame,
    label: str,
    value: str,
    low: str,
    high: str,
    x_title: str,
    series: str | None = None,
    reference: float | None = None,
    x_domain: tuple[float, float] | None = None,
    columns: Sequence[Column] = (),
) -> Figure:
    """Draw one row a label: a point with its interval (a forest plot).

    Parameters
    ----------
    title, alt, columns
        As in :func:`line_chart`.
    data : DataFrame
        One row a label (and series). A row without interval ends shows its point alone.
    label, value, low, high : str
        Columns.
    x_title : str
    series : str, optional
        Column that puts several intervals into the row of a label.
    reference : float, optional
        A value drawn as a dashed line.
    x_domain : (float, float), optional

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        As in :func:`line_chart`.
    """
    names = {"label": label, "value": value, "low": low, "high": high, **({"series": series} if series else {})}
    numbers = ("value", "low", "high")
    frame = charts.frame_of(title, data, names, numbers=numbers, texts=("label", "series"), needed=("value",))
    if frame.empty:
        return Figure(title, alt, None, data, tuple(columns))
    frame["low"] = frame["low"].fillna(frame["value"])
    frame["high"] = frame["high"].fillna(frame["value"])
    rows: dict[str, Any] = {"y": charts.labels("label", axis=charts.rows_axis()), "color": charts.colour_of(frame)}
    n_series = 1
    if series:
        order = list(dict.fromkeys(frame["series"]))
        n_series = len(order)
        rows["yOffset"] = {"field": "series", "type": "nominal", "sort": order}
    scale = charts.scale_of(x_domain)
    from_low = charts.quantity("low", title=x_title, scale=scale, axis={"grid": True, "tickCount": 6})
    bars = charts.layer({"type": "rule", "strokeWidth": 2, "clip": True}, **rows, x=from_low, x2={"field": "high"})
    point = {"type": "point", "filled": True, "size": 56, "opacity": 1, "clip": True}
    points = charts.layer(point, **rows, x=charts.quantity("value", scale=scale), shape=charts.shape_of(frame))
    layers = [*([charts.rule_at("x", reference)] if reference is not None else []), bars, points]
    height = frame["label"].nunique() * max(24, 15 * n_series + 8)
    return charts.finished(title, alt, frame, {"layer": layers}, height, data, columns)


def bar_chart(
    *,
    title: str,
    alt: str,
    data: pd.DataFrame,
    label: str,
    value: str,
    x_title: str,
    series: str | None = None,
    columns: Sequence[Column] = (),
) -> Figure:
    """Draw horizontal bars from zero, one row a label.

    Parameters
    ----------
    title, alt, columns
        As in :func:`line_chart`.
    data : DataFrame
        One row a bar; labels keep their order.
    label, value : str
        Columns.
    x_title : str
    series : str, optional
        Column that puts several bars side by side into the row of a label.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        As in :func:`line_chart`.
    """
    names = {"label": label, "value": value, **({"series": series} if series else {})}
    frame = charts.frame_of(title, data, names, numbers=("value",), texts=("label", "series"), needed=("value",))
    if frame.empty:
        return Figure(title, alt, None, data, tuple(columns))
    axis = charts.rows_axis(grid=False)
    rows: dict[str, Any] = {"y": charts.labels("label", scale={"paddingInner": 0.3}, axis=axis)}
    n_series = 1
    if series:
        order = list(dict.fromkeys(frame["series"]))
        n_series = len(order)
        rows["yOffset"] = {"field": "series", "type": "nominal", "sort": order}
    across = charts.quantity("value", title=x_title, axis={"grid": True, "tickCount": 6})
    bars = charts.layer({"type": "bar"}, **rows, x=across, color=charts.colour_of(frame))
    height = frame["label"].nunique() * max(24, 14 * n_series + 8)
    return charts.finished(title, alt, frame, bars, height, data, columns)


def histogram_chart(
    *,
    title: str,
    alt: str,
    data: pd.DataFrame,
    low: str,
    high: str,
    count: str,
    x_title: str,
    series: str | None = None,
    columns: Sequence[Column] = (),
) -> Figure:
    """Draw counts in bins; several series are drawn one below the other, each with its own height.

    Parameters
    ----------
    title, alt, columns
        As in :func:`line_chart`.
    data : DataFrame
        One row a bin (and series).
    low, high, count : str
        Columns: ends of the bin and how many rows are in it.
    x_title : str
    series : str, optional

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        As in :func:`line_chart`.
    """
    names = {"low": low, "high": high, "count": count, **({"series": series} if series else {})}
    needed = ("low", "high", "count")
    frame = charts.frame_of(title, data, names, numbers=needed, texts=("series",), needed=needed)
    if frame.empty:
        return Figure(title, alt, None, data, tuple(columns))
    bars = charts.layer(
        {"type": "bar", "stroke": theme.PAPER, "strokeWidth": 0.5},
        x=charts.quantity("low", title=x_title, bin="binned", scale={"zero": False, "nice": False}),
        x2={"field": "high"},
        y=charts.quantity("count", title=None if series else "Rows", axis=charts.axis_above(ticks=4)),
        color=charts.colour_of(frame, legend=False),
    )
    if not series:
        return charts.finished(title, alt, frame, bars, 220, data, columns)
    order = list(dict.fromkeys(frame["series"]))
    header = {"title": None, "labelAnchor": "start", "labelOrient": "top", "labelPadding": 4}
    row = {"field": "series", "type": "nominal", "sort": order, "header": header}
    one = {**bars, "width": theme.WIDTH_PX - 70, "height": 90}
    independent = {"scale": {"y": "independent"}}
    stacked = {"facet": {"row": row}, "spec": one, "spacing": 14, "resolve": independent}
    return charts.finished(title, alt, frame, stacked, None, data, columns)
