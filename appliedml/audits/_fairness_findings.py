"""What a reviewer must see of a fairness audit, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from appliedml.audits._fairness_features import Feature
from appliedml.audits._fairness_judge import Judged
from appliedml.audits._fairness_verdict import Verdict, base_of, figure, left_out, sure
from appliedml.core.artifact import Finding, Severity

MAX_TOLD = 3
EXCEEDS = "the gap exceeds the tolerance"
ESTIMATE_EXCEEDS = "the estimated gap exceeds the tolerance, its interval reaches below it"
OPEN = "a difference is shown, its size against the tolerance is open"


def findings(
    judged: Sequence[Judged], features: Sequence[Feature], unknown: pd.DataFrame, tolerance: float, confidence: float
) -> tuple[Finding, ...]:
    """Say what a reviewer must see: disparities first, then what cannot be told, then what is in order.

    Parameters
    ----------
    judged : sequence of Judged
    features : sequence of Feature
    unknown : DataFrame
        Of :func:`appliedml.audits._fairness_unknown.compare_unknown`.
    tolerance, confidence : float

    Returns
    -------
    tuple of Finding
    """
    bad: list[Finding] = []
    shown: list[Finding] = []
    unclear, good = [], []
    unclear_crossed: list[str] = []
    for item in judged:
        name, crossed = item.counted.feature.name, len(item.counted.feature.parts) > 1
        rows = sorted(item.rows, key=lambda row: -np.nan_to_num(row["low"]))
        # Equalised odds repeats the worse of two criteria that are listed by themselves.
        told = [
            row
            for row in rows
            if row["verdict"] == Verdict.DISPARITY.value and base_of(row["metric"]) != "equalised_odds"
        ]
        open_ = [row for row in item.rows if row["verdict"] == Verdict.INSUFFICIENT.value]
        left = left_out(max(row["n_not_compared"] for row in item.rows))
        for found, severity, where, what in (
            ([row for row in told if row["exceeds"]], Severity.PROBLEM, bad, EXCEEDS),
            ([row for row in told if not row["exceeds"]], Severity.WARNING, shown, OPEN),
        ):
            if what == EXCEEDS and not any(row["low"] > tolerance for row in found):
                what = ESTIMATE_EXCEEDS
            if found:
                where.append(Finding(severity, f"Disparity by {name}: {what}", _told(found) + left))
        if open_ and crossed:
            unclear_crossed.append(name)
        elif open_:
            names = ", ".join(row["criterion"] for row in open_ if base_of(row["metric"]) != "equalised_odds")
            text = f"Not enough evidence to judge {names}. {open_[0]['note']}{_small_groups(item)}{left}"
            unclear.append(Finding(Severity.WARNING, f"Insufficient evidence by {name}", text))
        if not told and not open_ and not all(row["coarse"] for row in item.rows):
            good.append(_in_order(item, tolerance, confidence, left))
    if unclear_crossed:
        text = (
            f"For {', '.join(unclear_crossed)} at least one criterion cannot be judged: too few people in the groups."
        )
        unclear.append(Finding(Severity.WARNING, "Insufficient evidence at intersections", text))
    not_judged = [feature for feature in features if feature.reason]
    unclear += [Finding(Severity.INFO, f"{feature.name} is not judged", feature.reason) for feature in not_judged]
    return (*bad, *unknown_findings(unknown, confidence), *shown, *unclear, *unsure_findings(judged), *good)


def unknown_findings(unknown: pd.DataFrame, confidence: float) -> list[Finding]:
    """Say where people of unknown level, who are not compared, are treated differently.

    Parameters
    ----------
    unknown : DataFrame
        Of :func:`appliedml.audits._fairness_unknown.compare_unknown`.
    confidence : float

    Returns
    -------
    list of Finding
        One a feature, and one for all intersections.
    """
    differs = unknown[unknown["differs"].astype(bool)]
    found = []
    for crossed in (False, True):
        part = differs[differs["intersection"].astype(bool) == crossed]
        titles = {"level at intersections": part} if crossed else dict(list(part.groupby("feature", sort=False)))
        for title, rows in titles.items():
            if len(rows):
                worst = rows.sort_values("outside", ascending=False, kind="stable").to_dict("records")
                sentences = [_unknown_sentence(row, confidence) for row in worst[:MAX_TOLD]]
                sentences += [f"And {len(worst) - MAX_TOLD} more."] if len(worst) > MAX_TOLD else []
                sentences.append("They take part in no verdict unless judge_unknown is set.")
                title = f"People of unknown {title} are treated differently"
                found.append(Finding(Severity.WARNING, title, " ".join(sentences)))
    return found


def unsure_findings(judged: Sequence[Judged]) -> list[Finding]:
    """Name the groups whose AUROC or calibration stands without an interval.

    Parameters
    ----------
    judged : sequence of Judged

    Returns
    -------
    list of Finding
        One a feature, and one for all intersections.
    """
    found, crossed = [], []
    for item in judged:
        feature, parts = item.counted.feature, []
        for figure_of, estimates in (("AUROC", item.roc_auc), ("Observed minus predicted", item.calibration)):
            if estimates is not None:
                unsure = np.isnan(estimates.low) & ~np.isnan(estimates.value)
                levels = [feature.levels[group] for group in np.flatnonzero(unsure)]
                parts += [f"{figure_of} of {', '.join(levels)}"] if levels else []
        if parts and len(feature.parts) > 1:
            crossed.append(feature.name)
        elif parts:
            units = "groups of rows" if item.counted.table.clustered else "rows"
            text = f"{'. '.join(parts)}: too few {units} of a class, or {units} all alike. There is no interval."
            found.append(Finding(Severity.INFO, f"Too few to say how sure a figure by {feature.name} is", text))
    if crossed:
        text = f"For {', '.join(crossed)} some groups are too small for an interval of AUROC or of calibration."
        found.append(Finding(Severity.INFO, "Too few to say how sure a figure at intersections is", text))
    return found


def _unknown_sentence(row: dict[Any, Any], confidence: float) -> str:
    who = f" of {row['level']} by {row['feature']}" if row["intersection"] else " of unknown"
    lead = (
        f"{row['metric'].replace('_', ' ').capitalize()}{who} {figure(row['rate'])} (of {row['n']:,} rows), of the "
        f"judged groups {figure(row['lowest_rate'])} to {figure(row['highest_rate'])}; "
    )
    low, high = row["low"], row["high"]
    if low <= 0 <= high:
        text = f"{figure(low)} to {figure(high)} {sure(confidence)}, so that chance is not ruled out."
        return f"{lead}the difference from {row['against']} is {text}"
    near, far = sorted((abs(low), abs(high)))
    side = "above" if low > 0 else "below"
    other = f"{row['against']} ({figure(row['against_rate'])})"
    return f"{lead}it lies {figure(near)} to {figure(far)} {side} that of {other} {sure(confidence)}."


def _told(rows: Sequence[dict[str, Any]]) -> str:
    text = " ".join(f"{row['criterion'].capitalize()}: {row['note']}" for row in rows[:MAX_TOLD])
    return text + (f" And {len(rows) - MAX_TOLD} more." if len(rows) > MAX_TOLD else "")


def _in_order(item: Judged, tolerance: float, confidence: float, left: str) -> Finding:
    rows = [row for row in item.rows if not row["coarse"]]
    names = ", ".join(row["criterion"] for row in item.rows if row["coarse"])
    empty = f" This leaves out {names}: rates so small cannot differ by the tolerance." if names else ""
    widest = figure(max(float(row["high"]) for row in rows), tolerance)
    few = min(rows, key=lambda row: int(row["n_groups"]))
    judged, small = few["n_groups"], few["n_too_small"]
    where = f" among the {judged} of {judged + small} groups judged" if small else ""
    text = (
        f"Every gap judged is at most {widest} {sure(confidence)}; the tolerance is {tolerance:g}."
        f"{empty}{_small_groups(item)}{left}"
    )
    return Finding(Severity.INFO, f"Within tolerance by {item.counted.feature.name}{where}", text)


def _small_groups(item: Judged) -> str:
    counted = item.counted
    small = ~counted.unknown & ~counted.enough[counted.compared].all(axis=0)
    names = [counted.feature.levels[group] for group in np.flatnonzero(small)]
    if not names:
        return ""
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f" Too small to judge in full: {shown}."
