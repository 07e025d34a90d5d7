import pandas as pd

from appliedml.core.artifact import Artifact, Finding, Severity
from appliedml.report.blocks import Bullets, Callout
from appliedml.report.sections._scores import (
    bootstrap_p,
    finding_blocks,
    how_intervals,
    listed,
    row_where,
    value_with_interval,
)


def test_problems_come_first_and_notes_last():
    findings = tuple(Finding(severity, severity.value, "x") for severity in Severity)

    blocks = finding_blocks(Artifact("performance", findings=findings))

    assert [(type(block), getattr(block, "tone", "")) for block in blocks] == [
        (Callout, "bad"), (Callout, "warning"), (Bullets, ""),
    ]  # fmt: skip
    assert finding_blocks(Artifact("performance")) == []


def test_what_was_resampled_is_said():
    summary = {"confidence": 0.9, "n_resamples": 1000, "resampled": "rows", "n_groups": None}

    assert "90 % bootstrap percentile intervals from 1,000 resamples of rows" in how_intervals(summary)
    grouped = how_intervals(summary | {"resampled": "groups", "n_groups": 1234})
    assert "whole groups (1,234 of them)" in grouped
    assert "weighed as one" not in grouped
    assert "weighed as one" in how_intervals(summary | {"neighbours_as_one": True})


def test_small_helpers_write_as_people_do():
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert (listed(["a"]), listed([])) == ("a", "none")
    assert value_with_interval({"value": 0.5, "low": 0.4, "high": 0.6}) == "0.500 (0.400 to 0.600)"
    table = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    assert row_where(table, a=2) == {"a": 2, "b": "y"}
    assert row_where(table, a=2, b="x") is None


def test_a_bootstrap_p_at_its_floor_is_a_bound_rounded_up():
    assert bootstrap_p(2 / 1001, 1000) == "<= 0.002"
    assert bootstrap_p(2 / 821, 820) == "<= 0.0025"
    assert bootstrap_p(4 / 1001, 1000) == "0.004"
    assert bootstrap_p(float("nan"), 1000) == "\N{EN DASH}"
