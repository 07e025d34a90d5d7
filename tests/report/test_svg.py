from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from appliedml.report.svg import chart_svg, clean_svg


def test_only_known_tags_and_attributes_are_kept():
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://x" onload="a()" viewBox="0 0 1 1">'
        '<script>alert(1)</script><style>*{}</style><image xlink:href="http://x/y.png"/>'
        '<a href="http://x"><text>t</text></a>'
        '<g style="fill:red" class="c" aria-label="l" fill="none">'
        '<path d="M0,0L1,1" stroke="#000" onclick="b()"/></g></svg>'
    )

    assert clean_svg(svg, "f") == (
        '<svg viewBox="0 0 1 1"><g fill="none"><path d="M0,0L1,1" stroke="#000" /></g></svg>'
    )


def test_ids_are_counted_and_references_follow():
    clip = '<defs><clipPath id="clip77"><rect width="1"/></clipPath></defs>'
    svg = f'<svg>{clip}<g clip-path="url(#clip77)"><rect x="1"/></g></svg>'

    cleaned = clean_svg(svg, "figure-3")

    assert 'id="figure-3-1"' in cleaned
    assert 'clip-path="url(#figure-3-1)"' in cleaned


def test_coordinates_have_two_decimals():
    svg = '<svg><rect x="1.23456" y="-0.0001" width="1e-9" height="12.300"/></svg>'

    assert clean_svg(svg, "f") == '<svg><rect x="1.23" y="0" width="0" height="12.3" /></svg>'


def test_text_keeps_its_entities():
    assert "&lt;b&gt;&amp;" in clean_svg("<svg><text>&lt;b&gt;&amp;</text></svg>", "f")


def test_every_chart_is_plain_and_the_same_each_time(demo):
    for number, figure in enumerate(demo.demo_figures()):
        first, second = (chart_svg(figure.chart, f"f{number}") for _ in range(2))

        assert first == second
        assert not re.search(r"style=|<script|<style|href|http|\son\w+=|<image|<foreignObject", first)
        assert len(first) < 40_000
        root = ElementTree.fromstring(first)
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        assert set(re.findall(r"url\(#([^)]+)\)", first)) <= set(ids)


@pytest.mark.parametrize("text", ["nul\x00", "\x1b[0m", "\ufffe", "</svg><script>alert(1)</script>", "a" * 10_000])
def test_a_hostile_axis_title_neither_ends_the_process_nor_the_chart(demo, text):
    from appliedml.report.figures import line_chart

    figure = line_chart(title=text, alt=text, data=demo.curve(), x="fpr", y="tpr", x_title=text, y_title=text)

    svg = chart_svg(figure.chart, "f")

    assert svg.count("</svg>") == 1
    assert "<script" not in svg


def labelled(*labels):
    rows = [{"label": label, "value": 1} for label in labels]
    bars = {"y": {"field": "label", "type": "nominal"}, "x": {"field": "value", "type": "quantitative"}}
    axis = {"labelLimit": 100, "titleLimit": 100}
    return {"data": {"values": rows}, "mark": "bar", "encoding": bars, "config": {"axis": axis}}


def test_a_limit_that_no_label_reaches_is_not_measured():
    from appliedml.report.svg import chart_spec

    assert chart_spec(labelled("under 30", "60 and over"))["config"]["axis"] == {"labelLimit": 0, "titleLimit": 0}
    assert chart_spec(labelled("under 30", "a" * 13))["config"]["axis"] == {"labelLimit": 100, "titleLimit": 0}
    # Letters of other scripts can be wider than any of these.
    assert chart_spec(labelled("北京"))["config"]["axis"]["labelLimit"] == 100
    titled = labelled("a")
    titled["encoding"]["y"]["title"] = "a" * 13
    assert chart_spec(titled)["config"]["axis"] == {"labelLimit": 0, "titleLimit": 100}


def test_a_long_label_is_still_cut_and_a_short_one_whole():
    svg = chart_svg(labelled("under 30", "a long label " * 9), "f")
    assert ">under 30<" in svg
    assert "a long label a" in svg
    assert "…" in svg
