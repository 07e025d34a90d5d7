from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from appliedml.errors import DataError
from appliedml.report import figures
from appliedml.report.blocks import Column
from appliedml.report.svg import chart_svg

FRAME = pd.DataFrame(
    {
        "x": [0.0, 1.0, 2.0],
        "y": [1.0, 3.0, 2.0],
        "low": [0.5, 2.5, np.nan],
        "high": [1.5, 3.5, np.nan],
        "name": ["a", "b", "c"],
        "s": ["one", "two", "one"],
    }
)
WORDS = {"title": "T", "alt": "What it shows."}
CALLS = {
    "line": (figures.line_chart, {"x": "x", "y": "y", "x_title": "X", "y_title": "Y"}),
    "interval": (
        figures.interval_chart,
        {"label": "name", "value": "y", "low": "low", "high": "high", "x_title": "X"},
    ),
    "bar": (figures.bar_chart, {"label": "name", "value": "y", "x_title": "X"}),
    "histogram": (figures.histogram_chart, {"low": "x", "high": "high", "count": "y", "x_title": "X"}),
    "scatter": (figures.scatter_chart, {"x": "x", "y": "y", "x_title": "X", "y_title": "Y"}),
    "heatmap": (figures.heatmap_chart, {"x": "name", "y": "s", "value": "y", "value_title": "V"}),
}


@pytest.mark.parametrize("name", CALLS)
def test_every_chart_carries_its_words_its_table_and_how_to_show_it(name):
    call, arguments = CALLS[name]
    columns = (Column("y", "Y", "number"),)

    figure = call(**WORDS, **arguments, data=FRAME, columns=list(columns))

    assert (figure.title, figure.alt, figure.columns) == ("T", "What it shows.", columns)
    assert figure.data is FRAME
    assert chart_svg(figure.chart, "f").startswith("<svg ")


@pytest.mark.parametrize("name", CALLS)
def test_without_a_row_to_draw_there_is_no_chart(name):
    call, arguments = CALLS[name]
    empty = FRAME.assign(y=np.nan)

    assert call(**WORDS, **arguments, data=empty).chart is None
    assert call(**WORDS, **arguments, data=empty.iloc[:0]).chart is None


@pytest.mark.parametrize("name", CALLS)
def test_too_many_rows_are_refused_with_the_chart_named(name):
    call, arguments = CALLS[name]
    many = pd.concat([FRAME] * 700)

    with pytest.raises(DataError, match=r"Chart 'T': 2,100 rows are too many to draw. Aggregate to 2,000"):
        call(**WORDS, **arguments, data=many)


@pytest.mark.parametrize("name", CALLS)
def test_a_missing_column_is_named(name):
    call, arguments = CALLS[name]

    with pytest.raises(DataError, match=r"Chart 'T': the table has no column 'y'"):
        call(**WORDS, **arguments, data=FRAME.drop(columns="y"))


@pytest.mark.parametrize("name", CALLS)
def test_the_table_behind_a_chart_is_not_changed(name):
    call, arguments = CALLS[name]
    before = FRAME.copy(deep=True)

    call(**WORDS, **arguments, data=FRAME)

    pd.testing.assert_frame_equal(FRAME, before)


@pytest.mark.parametrize("name", ["line", "interval", "bar", "scatter"])
def test_series_are_told_apart_in_a_legend_in_order_of_appearance(name):
    call, arguments = CALLS[name]
    drawn = FRAME.assign(s=["two", "one", "two"])

    svg = chart_svg(call(**WORDS, **arguments, data=drawn, series="s").chart, "f")

    assert svg.index(">two<") < svg.index(">one<")


def test_a_line_has_a_band_a_diagonal_and_a_reference():
    plain = chart_svg(figures.line_chart(**WORDS, **CALLS["line"][1], data=FRAME).chart, "f")
    full = figures.line_chart(
        **WORDS, **CALLS["line"][1], data=FRAME, band=("low", "high"), diagonal=True, reference=2.5, x_domain=(0, 2)
    )
    svg = chart_svg(full.chart, "f")

    assert "opacity" not in plain
    assert "stroke-dasharray" not in plain
    assert 'opacity="0.16"' in svg
    assert svg.count('stroke-dasharray="3,3"') == 2


def test_lines_are_joined_in_row_order_and_dates_and_texts_make_axes():
    dates = FRAME.assign(x=pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01"]))
    texts = FRAME.assign(x=["jan", "feb", "mar"])

    assert "2026-02-01" in chart_svg(figures.line_chart(**WORDS, **CALLS["line"][1], data=dates).chart, "f")
    svg = chart_svg(figures.line_chart(**WORDS, **CALLS["line"][1], data=texts).chart, "f")
    assert svg.index(">jan<") < svg.index(">feb<") < svg.index(">mar<")


def test_a_label_without_an_interval_shows_its_point():
    svg = chart_svg(figures.interval_chart(**WORDS, **CALLS["interval"][1], data=FRAME).chart, "f")

    assert svg.count("<circle") == 3


def test_text_rows_of_a_scatter_are_labelled_and_missing_values_are_grey():
    data = FRAME.assign(v=[1.0, np.nan, 3.0])
    figure = figures.scatter_chart(
        **WORDS, data=data, x="x", y="name", x_title="X", y_title="", value="v", value_title="Value"
    )

    svg = chart_svg(figure.chart, "f")

    assert all(f">{label}<" in svg for label in "abc")
    assert 'fill="#98a3ac"' in svg
    assert ">Value<" in svg


def test_a_point_has_one_colour():
    with pytest.raises(DataError, match="Give series or value, not both"):
        figures.scatter_chart(**WORDS, **CALLS["scatter"][1], data=FRAME, series="s", value="y")


def test_cells_hold_their_number_and_axes_their_names():
    counts = pd.DataFrame({"predicted": ["no", "yes"], "reference": ["no", "no"], "rows": [1234, 5]})
    differences = counts.assign(rows=[-0.25, 0.5])
    arguments = {"x": "predicted", "y": "reference", "value": "rows", "value_title": "Rows"}

    svg = chart_svg(figures.heatmap_chart(**WORDS, **arguments, data=counts).chart, "f")
    assert all(f">{text}<" in svg for text in ("1,234", "5", "predicted", "reference"))
    assert ">-0.25<" in chart_svg(figures.heatmap_chart(**WORDS, **arguments, data=differences).chart, "f")


def test_a_constant_heatmap_can_be_drawn():
    constant = pd.DataFrame({"x": ["a"], "y": ["b"], "v": [3.0]})

    figure = figures.heatmap_chart(**WORDS, data=constant, x="x", y="y", value="v", value_title="V")

    assert ">3<" in chart_svg(figure.chart, "f")


def test_strange_column_names_are_only_names():
    strange = FRAME.rename(columns={"x": "a.b[0]:Q", "y": "datum['x']", "s": "<b>"})

    figure = figures.line_chart(
        **WORDS, data=strange, x="a.b[0]:Q", y="datum['x']", series="<b>", x_title="X", y_title="Y"
    )

    assert chart_svg(figure.chart, "f").count("<circle") == 3


@pytest.mark.parametrize("series", [None, "s"], ids=["one series", "several"])
@pytest.mark.parametrize("name", CALLS)
def test_every_chart_keeps_the_schema_of_vega_lite(name, series):
    altair = pytest.importorskip("altair")
    call, arguments = CALLS[name]
    more = {} if series is None or name == "heatmap" else {"series": series}
    figure = call(**WORDS, **arguments, data=FRAME, **more)

    # Validates: altair carries the schema.
    assert altair.Chart.from_dict(figure.chart).to_dict()["config"]["font"] == figure.chart["config"]["font"]


def test_missing_values_and_dates_are_plain_json():
    days = pd.to_datetime(["2026-02-01T00:00:00", None, "2026-02-03T04:05:06"])
    data = pd.DataFrame({"x": days, "y": [1.0, 2.0, 3.0], "low": [0.5, 1.5, float("nan")], "high": [1.5, 2.5, 3.5]})

    chart = figures.line_chart(**WORDS, **CALLS["line"][1], data=data, band=("low", "high")).chart

    assert json.loads(json.dumps(chart, allow_nan=False))["data"]["values"] == [
        {"x": "2026-02-01T00:00:00", "y": 1.0, "low": 0.5, "high": 1.5, "order": 0},
        {"x": "2026-02-03T04:05:06", "y": 3.0, "low": None, "high": 3.5, "order": 1},
    ]


def test_a_chart_stays_interactive_data_for_notebooks_without_actions_or_fonts():
    spec = figures.bar_chart(**WORDS, **CALLS["bar"][1], data=FRAME).chart

    assert spec["config"]["font"].startswith("Liberation Sans")
    assert "url(" not in str(spec) and "usermeta" not in spec
