"""What the chart functions share: safe copies of columns, scales with the house colours, axes, legends.

Charts are plain Vega-Lite, version 6: mappings of JSON values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from appliedml.errors import DataError
from appliedml.report import theme
from appliedml.report.blocks import Column, Figure
from appliedml.report.values import visible

Part = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
MAX_ROWS = 2_000
MAX_LABEL = 200
MISSING = "(missing)"
_INFINITE = [np.inf, -np.inf]
# Not the page's ink: the cell under a number keeps its colour in the dark.
CELL_INK = ("#ffffff", "#101820")


def frame_of(
    title: str,
    data: pd.DataFrame,
    names: dict[str, str],
    numbers: Sequence[str],
    texts: Sequence[str],
    needed: Sequence[str],
) -> pd.DataFrame:
    """Copy the columns of a chart under our own names and drop rows that cannot be drawn."""
    absent = sorted({column for column in names.values() if column not in data.columns})
    if absent:
        raise DataError(f"Chart {title!r}: the table has no column {', '.join(map(repr, absent))}.")
    if len(data) > MAX_ROWS:
        raise DataError(
            f"Chart {title!r}: {len(data):,} rows are too many to draw. Aggregate to {MAX_ROWS:,} or fewer."
        )
    made: dict[str, Any] = {}
    for role, column in names.items():
        values = data[column].reset_index(drop=True)
        if role in numbers:
            made[role] = pd.to_numeric(values, errors="coerce").astype(float).replace(_INFINITE, np.nan)
        elif role in texts or not (
            pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values)
        ):
            made[role] = [MISSING if pd.isna(item) else visible(item, MAX_LABEL) for item in values]
        else:
            made[role] = values.replace(_INFINITE, np.nan)
    frame = pd.DataFrame(made, index=range(len(data)))
    known = frame[list(needed)].notna().all(axis=1)
    return frame if known.all() else frame[known].reset_index(drop=True)


def kind_of(values: pd.Series[Any]) -> str:
    if pd.api.types.is_datetime64_any_dtype(values):
        return "temporal"
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return "quantitative" if numeric else "ordinal"


def tick_format(values: pd.Series[Any], kind: str) -> dict[str, str]:
    """Format of the ticks of an x axis: days for dates, and no thousands separators in numbers of the size of years."""
    if kind == "temporal":
        return {"format": "%Y-%m-%d"}
    if kind == "quantitative" and 1000 <= values.abs().max() < 10_000:
        return {"format": "~f"}
    return {}


def scale_of(domain: tuple[float, float] | None) -> Part:
    """Axis scale: as given, or as far as the data reach."""
    return {"zero": False} if domain is None else {"domain": list(domain), "nice": False}


TITLE_ABOVE = {
    "titleAngle": 0,
    "titleAlign": "left",
    "titleAnchor": "start",
    "titleBaseline": "bottom",
    "titleX": 0,
    "titleY": -14,
}
"""Where the title of a y axis stands: above its axis, written like the rest of the page."""


def axis_above(ticks: int = 6) -> Part:
    """Y axis of numbers with its title above it."""
    return {"tickCount": ticks, **TITLE_ABOVE}


def rows_axis(grid: bool = True, **settings: Any) -> Part:
    """Axis with one label a row, none of them left out, and a faint line for each."""
    lines = {"grid": True, "gridDash": [1, 3]} if grid else {"grid": False}
    return {"labelOverlap": False, **lines, **settings}


def across_axis(n_labels: int) -> Part:
    """Axis of labels side by side: slanted where they are many, and none left out."""
    if n_labels > 8:
        return {"labelOverlap": False, "labelAngle": -45, "labelLimit": 110}
    return {"labelOverlap": False, "labelAngle": 0, "labelLimit": max(60, 560 // max(n_labels, 1))}


def quantity(field: str, **settings: Any) -> Part:
    """Return the channel of a numeric column."""
    return {"field": field, "type": "quantitative", **settings}


def labels(field: str, title: str | None = None, **settings: Any) -> Part:
    """Return the channel of a column of texts, in their order of first appearance."""
    return {"field": field, "type": "nominal", "sort": None, "title": title, **settings}


def layer(mark: Part, frame: pd.DataFrame | None = None, **channels: Part) -> Part:
    """Return a mark with its channels, and with rows of its own where it has some."""
    rows = {} if frame is None else {"data": rows_of(frame)}
    return {**rows, "mark": mark, "encoding": channels}


def rows_of(frame: pd.DataFrame) -> Part:
    """Return rows as Vega-Lite takes them: a missing value is null, a date its text."""
    columns = {}
    for name in frame.columns:
        values = frame[name]
        if pd.api.types.is_datetime64_any_dtype(values):
            values = values.dt.strftime("%Y-%m-%dT%H:%M:%S")
        columns[name] = [None if pd.isna(value) else value for value in values.tolist()]
    return {"values": [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]}


def rule_at(axis: str, at: float) -> Part:
    """Dashed line at a value of one axis."""
    mark = {"type": "rule", "color": theme.MUTED, "strokeDash": [3, 3], "strokeWidth": 1.5}
    return layer(mark, pd.DataFrame({"at": [float(at)]}), **{axis: quantity("at")})


def series_scale(frame: pd.DataFrame, choices: Sequence[Any]) -> Part:
    """Scale that hands out colours, dashes or shapes to series in order of first appearance."""
    order = list(dict.fromkeys(frame["series"]))
    return {"domain": order, "range": [choices[position % len(choices)] for position in range(len(order))]}


def legend_of(frame: pd.DataFrame, lines: bool = False) -> Part:
    """Legend above the chart in as many columns as fit, with pieces of line for lines."""
    longest = max((len(label) for label in frame["series"]), default=0)
    strokes = {"symbolType": "stroke", "symbolSize": 320, "symbolStrokeWidth": 2.5, "symbolOpacity": 1} if lines else {}
    return {"title": None, "columns": max(1, min(5, 84 // (min(longest, 36) + 5))), **strokes}


def colour_ramp(field: str, title: str, scale: Part) -> Part:
    """Continuous colour channel with its legend."""
    legend = {"gradientLength": 200, "gradientThickness": 10, "gradientOpacity": 1, "tickCount": 4}
    return quantity(field, title=title, scale=scale, legend=legend)


def colour_of(frame: pd.DataFrame, legend: bool = True, lines: bool = False) -> Part:
    """Colour channel: one colour, or the house's series colours in order of first appearance."""
    if "series" not in frame:
        return {"value": theme.SERIES[0]}
    return _by_series(frame, theme.SERIES, legend_of(frame, lines) if legend else None)


def dash_of(frame: pd.DataFrame) -> Part:
    """Dash channel, so that lines differ without colour."""
    return _by_series(frame, theme.DASHES, legend_of(frame, True))


def shape_of(frame: pd.DataFrame) -> Part:
    """Shape channel, so that points differ without colour."""
    return _by_series(frame, theme.SHAPES, legend_of(frame)) if "series" in frame else {"value": "circle"}


def _by_series(frame: pd.DataFrame, choices: Sequence[Any], legend: Part | None) -> Part:
    return {"field": "series", "type": "nominal", "scale": series_scale(frame, choices), "legend": legend}


def ink_on(shares: pd.Series[float], ramp: Sequence[str]) -> list[bool]:
    """Whether white is easier to read than black on each place (0 to 1) of a colour ramp (WCAG relative luminance)."""
    stops = np.array([[int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)] for colour in ramp])
    places = np.linspace(0, 1, len(ramp))
    rgb = np.column_stack([np.interp(shares, places, stops[:, channel]) for channel in range(3)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    return list(1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.057)


def spread_of(frame: pd.DataFrame) -> list[float]:
    """Offsets between -1 and 1 that pile up points of one row which lie close together, the same at every call."""
    width = float(frame["x"].max() - frame["x"].min()) or 1.0
    bins = ((frame["x"] - frame["x"].min()) / width * 80).astype(int)
    size = frame.groupby([frame["y"], bins.rename("bin")], sort=False).cumcount()
    deepest = max(6, int(size.max()))
    # 0, +1, -1, +2, -2 ...: a pile grows to both sides of its row.
    return [float((1 if step % 2 else -1) * ((step + 1) // 2) * 1.6 / deepest) for step in size]


def finished(
    title: str,
    alt: str,
    frame: pd.DataFrame,
    chart: Part,
    height: float | None,
    data: pd.DataFrame,
    columns: Sequence[Column],
    y_title: bool = False,
) -> Figure:
    """Give a chart its rows, its size and the house style, and put it into a Figure."""
    size: Part = {}
    if height is not None:
        size = {"width": theme.WIDTH_PX, "height": height, "autosize": {"type": "fit-x", "contains": "padding"}}
    whole = {"$schema": SCHEMA, "config": theme.chart_config(y_title), "data": rows_of(frame), **chart, **size}
    return Figure(title, alt, whole, data, tuple(columns))
