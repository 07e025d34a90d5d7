from __future__ import annotations

import gc

import pytest

from appliedml.report import _artist
from appliedml.report._artist import Artist, draw_ahead, drawing_beside, drawn, engine_started
from appliedml.report.svg import chart_svg

SPEC = {"data": {"values": [{"a": 1, "b": 2}]}, "mark": "point", "encoding": {"x": {"field": "a", "type": "ordinal"}}}


def a_chart(spec=SPEC):
    return dict(spec)


def spec_of(chart):
    return chart


def test_a_chart_drawn_beside_is_the_one_drawn_here():
    chart = a_chart()
    here = chart_svg(chart, "f1")
    with drawing_beside(spec_of):
        draw_ahead([chart])
        assert drawn(chart) is not None
        assert chart_svg(chart, "f1") == here
    assert drawn(chart) is None


def test_without_a_second_process_nothing_is_drawn_ahead():
    chart = a_chart()
    draw_ahead([chart])
    assert drawn(chart) is None


def test_where_the_process_cannot_be_started_everything_is_drawn_here(monkeypatch, tmp_path):
    monkeypatch.setattr(_artist, "SCRIPT", tmp_path / "absent.py")
    chart = a_chart()
    with drawing_beside(spec_of):
        draw_ahead([chart])
        assert drawn(chart) is None
        assert chart_svg(chart, "f1").startswith("<svg")


def test_a_chart_that_cannot_be_drawn_is_left_to_this_process_and_the_next_is_drawn():
    bad, good = a_chart({"mark": {"type": "no such mark"}}), a_chart()
    with drawing_beside(spec_of):
        draw_ahead([bad, good])
        assert drawn(bad) is None
        assert drawn(good) is not None


def test_where_the_process_dies_the_rest_is_drawn_here():
    artist = Artist(spec_of)
    try:
        first, second = a_chart(), a_chart({**SPEC, "title": "second"})
        artist.begin(first)
        assert artist.drawn(first) is not None
        artist._process.kill()
        artist.begin(second)
        assert artist.drawn(second) is None
        third = a_chart({**SPEC, "title": "third"})
        artist.begin(third)
        assert artist.drawn(third) is None
    finally:
        artist.close()


def test_a_chart_that_is_no_plain_json_is_left_to_this_process():
    artist = Artist(spec_of)
    try:
        bad = a_chart({"data": {"values": [{"a": float("nan")}]}})
        artist.begin(bad)
        assert artist.drawn(bad) is None
    finally:
        artist.close()


def test_charts_are_held_until_the_end_so_that_none_is_taken_for_another():
    artist = Artist(spec_of)
    try:
        for n in range(20):
            artist.begin(a_chart({**SPEC, "title": f"chart {n}"}))
            gc.collect()
        last = a_chart({**SPEC, "title": "another"})
        assert artist.drawn(last) is None
    finally:
        artist.close()


def test_a_process_that_was_started_before_is_the_one_that_draws(monkeypatch):
    chart = a_chart()
    with engine_started():
        monkeypatch.setattr(_artist, "_started", lambda: pytest.fail("a second process was started"))
        with drawing_beside(spec_of):
            draw_ahead([chart])
            assert drawn(chart).startswith("<svg")


def test_a_process_that_nobody_took_ends(monkeypatch):
    made = []
    start = _artist._started
    monkeypatch.setattr(_artist, "_started", lambda: made.append(start()) or made[-1])
    with engine_started():
        assert made[0].poll() is None
    assert made[0].poll() is not None
    assert made[0].stdin.closed and made[0].stdout.closed
