"""What the chart functions share: safe copies of columns, scales with the house colours, axes, legends."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from appliedml.errors import DataError
from appliedml.report import theme
from appliedml.report.blocks import Column, Figure
from appliedml.report.values import visible

MAX_ROWS = 2_000
MAX_LABEL = 200
MISSING = "(missing)"
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
    frame = pd.DataFrame(index=range(len(data)))
    for role, column in names.items():
        values = data[column].reset_index(drop=True)
        if role in numbers:
            frame[role] = pd.to_numeric(values, errors="coerce").astype(float)
        elif role in texts or not (
            pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values)
        ):
            frame[role] = [MISSING if pd.isna(item) else visible(item, MAX_LABEL) for item in values]
        else:
            frame[role] = values
    frame = frame.replace([np.inf, -np.inf], np.nan)
    return frame.dropna(subset=list(needed)).reset_index(drop=True)


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


def scale_of(domain: tuple[float, float] | None) -> Any:
    """Axis scale: as given, or as far as the data reach."""
    import altair

    return altair.Scale(zero=False) if domain is None else altair.Scale(domain=list(domain), nice=False)


TITLE_ABOVE = {
    "titleAngle": 0,
    "titleAlign": "left",
    "titleAnchor": "start",
    "titleBaseline": "bottom",
    "titleX": 0,
    "titleY": -14,
}
"""Where the title of a y axis stands: above its axis, written like the rest of the page."""


def axis_above(ticks: int = 6) -> Any:
    """Y axis of numbers with its title above it."""
    import altair

    return altair.Axis(tickCount=ticks, **TITLE_ABOVE)


def rows_axis(grid: bool = True, **settings: Any) -> Any:
    """Axis with one label a row, none of them left out, and a faint line for each."""
    import altair

    lines = {"grid": True, "gridDash": [1, 3]} if grid else {"grid": False}
    return altair.Axis(labelOverlap=False, **lines, **settings)


def across_axis(n_labels: int) -> Any:
    """Axis of labels side by side: slanted where they are many, and none left out."""
    import altair

    if n_labels > 8:
        return altair.Axis(labelOverlap=False, labelAngle=-45, labelLimit=110)
    return altair.Axis(labelOverlap=False, labelAngle=0, labelLimit=max(60, 560 // max(n_labels, 1)))


def quantity(channel: str, field: str, **settings: Any) -> Any:
    """Return the x or y channel of a numeric column."""
    import altair

    kind = altair.X if channel == "x" else altair.Y
    return kind(field=field, type="quantitative", **settings)


def rule_at(axis: str, at: float) -> Any:
    """Dashed line at a value of one axis."""
    import altair

    rule = altair.Chart(pd.DataFrame({"at": [float(at)]})).mark_rule(
        color=theme.MUTED, strokeDash=[3, 3], strokeWidth=1.5
    )
    return rule.encode(**{axis: quantity(axis, "at")})


def series_scale(frame: pd.DataFrame, choices: Sequence[Any]) -> Any:
    """Scale that hands out colours, dashes or shapes to series in order of first appearance."""
    import altair

    order = list(dict.fromkeys(frame["series"]))
    return altair.Scale(domain=order, range=[choices[position % len(choices)] for position in range(len(order))])


def legend_of(frame: pd.DataFrame, lines: bool = False) -> Any:
    """Legend above the chart in as many columns as fit, with pieces of line for lines."""
    import altair

    longest = max((len(label) for label in frame["series"]), default=0)
    strokes = {"symbolType": "stroke", "symbolSize": 320, "symbolStrokeWidth": 2.5, "symbolOpacity": 1} if lines else {}
    return altair.Legend(title=None, columns=max(1, min(5, 84 // (min(longest, 36) + 5))), **strokes)


def colour_ramp(field: str, title: str, scale: Any) -> Any:
    """Continuous colour channel with its legend."""
    import altair

    legend = altair.Legend(gradientLength=200, gradientThickness=10, gradientOpacity=1, tickCount=4)
    return altair.Color(field=field, type="quantitative", title=title, scale=scale, legend=legend)


def colour_of(frame: pd.DataFrame, legend: bool = True, lines: bool = False) -> Any:
    """Colour channel: one colour, or the house's series colours in order of first appearance."""
    import altair

    if "series" not in frame:
        return altair.value(theme.SERIES[0])
    scale = series_scale(frame, theme.SERIES)
    return altair.Color(field="series", type="nominal", scale=scale, legend=legend_of(frame, lines) if legend else None)


def dash_of(frame: pd.DataFrame) -> Any:
    """Dash channel, so that lines differ without colour."""
    import altair

    return altair.StrokeDash(
        field="series", type="nominal", scale=series_scale(frame, theme.DASHES), legend=legend_of(frame, True)
    )


def shape_of(frame: pd.DataFrame) -> Any:
    """Shape channel, so that points differ without colour."""
    import altair

    if "series" not in frame:
        return altair.value("circle")
    return altair.Shape(
        field="series", type="nominal", scale=series_scale(frame, theme.SHAPES), legend=legend_of(frame)
    )


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
    chart: Any,
    height: float | None,
    data: pd.DataFrame,
    columns: Sequence[Column],
    y_title: bool = False,
) -> Figure:
    """Give a chart its size and the house style, and put it into a Figure."""
    import altair

    if height is not None:
        fit = altair.AutoSizeParams(type="fit-x", contains="padding")
        chart = chart.properties(width=theme.WIDTH_PX, height=height, autosize=fit)
    chart.config = _config(y_title)
    return Figure(title, alt, chart, data, tuple(columns))


@cache
def _config(y_title: bool) -> Any:
    """The house style, made once: Altair takes a fifth of a second to read it."""
    import altair

    return altair.Config.from_dict(theme.chart_config(y_title))
