from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.report import _charts as charts
from appliedml.report import theme


def test_columns_come_under_our_names_and_rows_that_cannot_be_drawn_are_left_out():
    data = pd.DataFrame({"a.b[0]": [1.0, np.inf, np.nan, 4.0], "c:Q": ["x", "y", "z", None]}, index=[7, 7, 8, 9])

    frame = charts.frame_of("T", data, {"x": "a.b[0]", "series": "c:Q"}, ("x",), ("series",), ("x",))

    assert frame.to_dict("list") == {"x": [1.0, 4.0], "series": ["x", "(missing)"]}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "quantitative"),
        ([0.5], "quantitative"),
        (pd.to_datetime(["2026-01-01"]), "temporal"),
        (["a"], "ordinal"),
        ([True, False], "ordinal"),
    ],
)
def test_the_kind_of_an_axis_follows_the_type(values, kind):
    assert charts.kind_of(pd.Series(values)) == kind


def test_the_ink_on_a_cell_is_the_more_legible_one():
    assert charts.ink_on(pd.Series([0.0, 1.0]), theme.SEQUENTIAL) == [False, True]
    assert charts.ink_on(pd.Series([0.0, 0.5, 1.0]), theme.DIVERGING) == [True, False, True]


def test_points_that_lie_together_are_spread_to_both_sides():
    frame = pd.DataFrame({"x": [0.0, 0.0, 0.0, 5.0], "y": ["a"] * 4})

    spread = charts.spread_of(frame)

    assert spread[0] == 0 == spread[3]
    assert spread[1] > 0 > spread[2]
    assert max(map(abs, spread)) <= 1


def test_series_have_more_members_than_colours():
    frame = pd.DataFrame({"series": [f"s{number}" for number in range(20)]})

    scale = charts.series_scale(frame, theme.SERIES)

    assert scale["domain"] == list(frame["series"])
    assert len(scale["range"]) == 20


def test_years_have_no_thousands_separators_and_other_numbers_keep_theirs():
    years, amounts = pd.Series([1990.5, 2001.0]), pd.Series([5.0, 90_000.0])

    assert charts.tick_format(years, "quantitative") == {"format": "~f"}
    assert charts.tick_format(amounts, "quantitative") == {}
    assert charts.tick_format(pd.Series(["a"]), "ordinal") == {}
    assert charts.tick_format(pd.Series(pd.to_datetime(["2020-01-01"])), "temporal") == {"format": "%Y-%m-%d"}
