"""The explorer's counts as text of a page."""

from __future__ import annotations

import json

from appliedml.report._explorer_view import explorer_text


def test_hostile_texts_are_written_out_and_features_have_short_keys():
    names = ["sex", "age band", "a" * 10_000, "</div><script>alert(1)</script>", "7", "x\u202e\x00\u2028"]
    text = explorer_text(
        {"features": [{"name": name, "groups": [{"name": name}]} for name in names], "gates": [None, 1.5]}
    )

    found = json.loads(text)["features"]
    assert [feature["key"] for feature in found] == ["sex", "2", "3", "4", "5", "6"]
    assert "9,400 more characters" in found[2]["name"]
    assert text.isascii() and "\u27e8U+202E\u27e9\u27e8U+0000\u27e9" in found[5]["groups"][0]["name"]
