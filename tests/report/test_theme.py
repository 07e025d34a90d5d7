from __future__ import annotations

import itertools

import pytest

from appliedml.report import theme
from appliedml.report.html import style_sheet


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", theme.SERIES)
def test_series_colours_stand_out_from_the_page_in_light_and_dark(colour):
    assert contrast(colour, theme.PAPER) >= 3
    assert contrast(theme.DARK[colour], theme.DARK[theme.PAPER]) >= 3


@pytest.mark.parametrize("colour", [theme.INK, theme.MUTED])
def test_text_in_charts_is_legible_in_light_and_dark(colour):
    assert contrast(colour, theme.PAPER) >= 4.5
    assert contrast(theme.DARK[colour], theme.DARK[theme.PAPER]) >= 4.5


def test_lines_and_points_differ_without_colour():
    assert len(theme.DASHES) == len(theme.SHAPES) == len(theme.SERIES)
    assert all(a != b for a, b in itertools.combinations(theme.DASHES, 2))
    assert len(set(theme.SHAPES)) == len(theme.SHAPES)


def test_every_call_gives_a_configuration_of_its_own():
    theme.chart_config()["axis"]["labelFontSize"] = 99

    assert theme.chart_config()["axis"]["labelFontSize"] == 12


def test_every_colour_of_a_chart_has_a_rule_for_the_dark_page():
    for light, dark in theme.DARK.items():
        assert f'.chart [fill="{light}"] {{ fill: {dark}; }}' in style_sheet()
