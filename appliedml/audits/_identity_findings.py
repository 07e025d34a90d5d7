"""What the identity-swap audit says in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from appliedml.audits._fairness_verdict import Verdict
from appliedml.audits._scores_pool import figure
from appliedml.core.artifact import Finding, Severity

MAX_NAMED = 4


def gap_findings(table: pd.DataFrame, tolerance: float, n_folds: int) -> list[Finding]:
    """Return a finding a dimension: what is shown, and what is noticed without proof.

    Parameters
    ----------
    table : DataFrame
        Judged items of all kinds, with verdict and ``noticed``.
    tolerance : float
    n_folds : int

    Returns
    -------
    list of Finding
    """
    found = []
    for dimension, part in table.groupby("dimension", sort=False):
        proven = part[part["verdict"] == Verdict.DISPARITY.value]
        noticed = part[part["noticed"]]
        if len(proven):
            text = (
                f"{_named(proven, 'models_')}. Beyond the tolerance of {tolerance:g} in the model of every fold, and "
                "more than chance explains (corrected for everything tested). The intervals are of the models that "
                "were trained; how much training anew may change a gap is in the tables."
            )
            title = f"The score depends on the identity named in a text: {dimension}"
            found.append(Finding(Severity.PROBLEM, title, text))
        elif len(noticed):
            text = (
                f"{_named(noticed)}. Beyond the tolerance of {tolerance:g} in all {n_folds} models, but a chance "
                "imprint of few training texts cannot be told from a lasting one. It is real for these models."
            )
            found.append(Finding(Severity.WARNING, f"Identity gaps without proof: {dimension}", text))
    return found


def _named(part: pd.DataFrame, ends: str = "") -> str:
    """Name the largest gaps with the interval whose columns begin so, groups before their terms."""
    order = part.assign(size=part["gap"].abs()).sort_values("size", ascending=False, kind="stable")
    texts = []
    for row in order.head(MAX_NAMED).to_dict("records"):
        where = f" for class {row['class']!r}" if part["class"].nunique() > 1 else ""
        low, high = row[f"{ends}low"], row[f"{ends}high"]
        interval = "" if pd.isna(low) else f" ({figure(low, 3, True)} to {figure(high, 3, True)})"
        value = f"{figure(row['gap'], 3, True)}{interval}{where}"
        if row["kind"] == "own":
            texts.append(f"in own sentences, {row['item']} instead of {row['against']} changes the score by {value}")
        else:
            what = f"group {row['item']!r}" if row["kind"] == "group" else f"term {row['item']!r}"
            texts.append(f"{what} against the others: {value}")
    more = f"; and {len(order) - MAX_NAMED} more" if len(order) > MAX_NAMED else ""
    text = "; ".join(texts) + more
    return text[:1].upper() + text[1:]


def error_findings(errors: pd.DataFrame, tolerance: float) -> list[Finding]:
    """Return a finding for every gap in an error rate that is shown.

    Parameters
    ----------
    errors : DataFrame
    tolerance : float

    Returns
    -------
    list of Finding
    """
    found = []
    for row in errors[errors["verdict"] == Verdict.DISPARITY.value].itertuples():
        # Such texts differ in more than the identity: only what is beyond the tolerance for sure is called a problem.
        sure = max(row.low, -row.high) > tolerance
        severity = Severity.PROBLEM if sure else Severity.WARNING
        whom = f"an identity of {row.dimension}" if row.group == "any" else f"{row.dimension}: {row.group}"
        rate = str(row.metric).replace("_", " ")
        size = "beyond" if sure else "by estimate beyond, possibly within" if row.exceeds else "possibly within"
        text = (
            f"The {rate} is {figure(row.rate)} in {row.n_counted:,} texts that mention it and {figure(row.rest)} in "
            f"{row.n_rest:,} that mention none: a gap of {figure(row.gap, 3, True)} ({figure(row.low, 3, True)} to "
            f"{figure(row.high, 3, True)}, corrected), {size} the tolerance of {tolerance:g}. The texts differ in "
            "other ways too, and training anew may change the gap."
        )
        found.append(Finding(severity, f"Errors differ in texts that mention {whom}", text))
    return found


def coverage_finding(counts: dict[str, Any], dimensions: Sequence[str]) -> Finding:
    """Say how many own sentences had a term.

    Parameters
    ----------
    counts : dict
        n_texts, n_with_term, n_swappable, n_swapped.
    dimensions : sequence of str

    Returns
    -------
    Finding
    """
    share = f"{counts['n_with_term']:,} of {counts['n_texts']:,} test texts hold a term of {', '.join(dimensions)}"
    if not counts["n_with_term"]:
        return Finding(Severity.INFO, "No test text names an identity", f"{share}. Only templates were judged.")
    text = (
        f"{share}; {counts['n_swappable']:,} name one group of a dimension only and can be swapped, and "
        f"{counts['n_swapped']:,} of them were."
    )
    return Finding(Severity.INFO, "Own sentences with identity terms", text)
