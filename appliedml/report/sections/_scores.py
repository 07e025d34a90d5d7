"""What the sections about scores share: findings as blocks, and how the intervals were made."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from appliedml.core.artifact import Artifact, Severity
from appliedml.report.blocks import Block, Bullets, Callout
from appliedml.report.sections._fairness_groups import percent_of
from appliedml.report.values import interval, missing, number, p_value

_TONES: dict[Severity, Any] = {Severity.WARNING: "warning", Severity.PROBLEM: "bad"}


def finding_blocks(artifact: Artifact) -> list[Block]:
    """Problems and warnings as callouts, the rest as a list."""
    serious = [item for item in artifact.findings if item.severity is not Severity.INFO]
    serious.sort(key=lambda item: item.severity is not Severity.PROBLEM)
    found: list[Block] = [Callout(_TONES[item.severity], item.title, item.text) for item in serious]
    plain = tuple(f"{item.title}: {item.text}" for item in artifact.findings if item.severity is Severity.INFO)
    return [*found, Bullets(plain)] if plain else found


def how_intervals(summary: Mapping[str, Any]) -> str:
    """One sentence: what was resampled, how often, and what the intervals do not cover."""
    units = "rows"
    if summary["resampled"] == "groups":
        units = f"whole groups ({summary['n_groups']:,} of them)"
    # Runs of older versions do not say.
    as_one = (
        " In the resamples, rows next to each other in the ranking of scores, with the same class and decision, are "
        "weighed as one; the values themselves are of the single rows."
        if summary.get("neighbours_as_one")
        else ""
    )
    return (
        f"Intervals are {percent_of(summary['confidence'])} bootstrap percentile intervals from "
        f"{summary['n_resamples']:,} resamples of {units}, each by itself. They cover the sampling of test rows with "
        f"the fitted models as they are, not the training of new ones.{as_one}"
    )


def value_with_interval(row: Mapping[str, Any]) -> str:
    """A value and its interval in one text."""
    return f"{number(row['value'])} ({interval(row['low'], row['high'])})"


def bootstrap_p(value: Any, n_resamples: int) -> str:
    """Write a bootstrap p value; at its floor, two in one more than the resamples, only a bound is known."""
    floor = 2 / (n_resamples + 1)
    if missing(value) or float(value) > floor * (1 + 1e-9):
        return p_value(value)
    # Rounded up to two digits: the bound must hold.
    unit = 10.0 ** (math.floor(math.log10(floor)) - 1)
    return f"<= {math.ceil(floor / unit) * unit:.2g}"


def listed(items: Iterable[str]) -> str:
    """Write "a, b and c"."""
    names = list(items)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "none"


def row_where(table: pd.DataFrame, **keys: Any) -> dict[str, Any] | None:
    """Return the first row whose columns have these values, or None."""
    for row in table.to_dict("records"):
        if all(row[column] == value for column, value in keys.items()):
            return {str(column): value for column, value in row.items()}
    return None
