"""First section of a comparison: better or worse, beyond tolerance or not, and what changed, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report._comparison_words import label, level_of, rows_compared, shown, with_ends
from appliedml.report.blocks import Block, Callout, Column, Headlines, Subheading, Table, Text, Tone
from appliedml.report.values import number

AREAS = {
    "data": "data", "plan": "plan", "pipeline": "defaults of the pipeline's stages", "code": "code",
    "weights": "weights of others", "versions": "versions of packages", "seed": "seed", "policy": "policy",
    "context": "statements of people",
}  # fmt: skip
MAX_NAMED = 4
N_HEADLINES = 4
_VERDICTS: dict[str, tuple[Tone, str]] = {
    "worse beyond tolerance": ("bad", "B is worse than A, beyond tolerance"),
    "better and worse": ("warning", "B is better than A in some respects and worse in others"),
    "worse": ("warning", "B is worse than A"),
    "better": ("good", "B is better than A"),
    "no difference shown": ("neutral", "No difference is shown between A and B"),
}


def verdict(artifact: Artifact) -> list[Block]:
    """Return the blocks of the verdict.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    list of Block
    """
    summary, judged = artifact.summary, artifact.tables["judged"]
    found: list[Block] = [verdict_callout(artifact)]
    if not summary["same_rows"]:
        found.append(Callout("warning", "The runs did not test the same rows", rows_compared(summary)))
    found += [Text(what_changed(artifact)), *_headlines(artifact)]
    if summary["same_rows"]:
        found.append(Text(rows_compared(summary), small=True))
    return [*found, *_tolerances(summary, judged)]


def verdict_callout(artifact: Artifact) -> Callout:
    """Return the verdict itself.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    Callout
    """
    summary, judged = artifact.summary, artifact.tables["judged"]
    if any(summary["changed_files"].values()):
        return _inconclusive(summary["changed_files"])
    if summary["same_predictions"]:
        title = "The two runs give every row the same scores and decisions"
        differing = differences_found(artifact)
        if differing:
            return Callout("warning", title, f"These differ all the same: {'; '.join(differing)}.")
        return Callout("good", title, "Every difference on this page is zero.")
    tone, title = _VERDICTS[str(summary["verdict"])]
    open_ones = judged[judged["reading"] == "cannot rule out"]
    absent = judged[judged["reading"] == "not measured"]
    beyond = judged[judged["reading"] == "worse beyond tolerance"]
    sentences = []
    if len(beyond):
        sentences.append(f"Beyond tolerance: {_listed(beyond)}.")
    for direction, word in (("worse", "Worse"), ("better", "Better")):
        part = judged[(judged["direction"] == direction) & (judged["reading"] != "worse beyond tolerance")]
        if len(part):
            sentences.append(f"{word}: {_listed(part)}.")
    if not len(judged):
        sentences.append("Nothing is judged against a tolerance.")
    elif len(open_ones) or len(absent):
        n = f"of {len(judged)} judged measures"
        if len(open_ones):
            ruled = f"For {len(open_ones)} {n} it cannot be ruled out that B is worse beyond tolerance"
            sentences.append(f"{ruled}: {_named(open_ones)}.")
        if len(absent):
            sentences.append(f"{len(absent)} {n} could not be measured: {_named(absent)}.")
        tone = "warning" if tone in ("good", "neutral") else tone
    elif not len(beyond):
        sentences.append(f"All {len(judged)} judged measures are within tolerance.")
        tone = "good" if tone == "neutral" else tone
    return Callout(tone, title, " ".join(sentences))


def _inconclusive(changed_files: Mapping[str, list[str]]) -> Callout:
    """What stands first where files were changed after a run, whatever the figures say."""
    sides = {side.upper(): files for side, files in changed_files.items() if files}
    runs = " and ".join(f"run {side}" for side in sides)
    each = []
    for side, files in sides.items():
        more = f" and {len(files) - MAX_NAMED} more" if len(files) > MAX_NAMED else ""
        each.append(f"Run {side}: {', '.join(files[:MAX_NAMED])}{more}.")
    text = "No figure on this page can be relied on until that is explained. To list every file: appliedml verify RUN"
    return Callout("bad", f"Inconclusive: files of {runs} do not match the seal", f"{' '.join(each)} {text}")


def differences_found(artifact: Artifact) -> list[str]:
    """Return what differs between the runs beside data, plan, code, weights, versions and seed, in words.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    list of str
        Empty where every figure, gate and finding is the same.
    """
    tables, summary = artifact.tables, artifact.summary
    found = [] if summary["same_rows"] else ["the rows that were tested"]
    if summary["paired"] and not summary["same_predictions"]:
        found.append("scores or decisions of rows")
    for name, words in (("scores", "measures"), ("gaps", "gaps between groups"), ("groups", "rates of groups")):
        n = int((tables[name]["difference"].fillna(0.0) != 0).sum()) if len(tables[name]) else 0
        found += [f"{words} ({n} of {len(tables[name])})"] if n else []
    pairs = (
        ("gates", "gates", ("rule", "verdict", "value")),
        ("unpaired", "measures of audits", ("value", "low", "high")),
        ("thresholds", "thresholds of folds", ("",)),
    )
    for name, words, parts in pairs:
        n = _n_differing(tables[name], parts)
        found += [f"{words} ({n} of {len(tables[name])})"] if n else []
    n = int((tables["findings"]["state"] != "kept").sum())
    return [*found, *([f"findings ({n} new or gone)"] if n else [])]


def _n_differing(table: pd.DataFrame, parts: tuple[str, ...]) -> int:
    """Count the rows in which the two runs do not have the same; absent in both is the same."""
    differs = pd.Series(False, index=table.index)
    for part in parts:
        a, b = (table[f"{part}_{side}" if part else side] for side in "ab")
        differs |= (a != b) & ~(a.isna() & b.isna())
    return int(differs.sum())


def what_changed(artifact: Artifact) -> str:
    """Say what changed in one sentence.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    str
    """
    changes = artifact.tables["changes"]
    if changes.empty:
        differing = differences_found(artifact)
        if not differing and not any(artifact.summary["changed_files"].values()):
            return "Nothing changed in data, plan, code, weights, versions or seed; gates and figures are equal."
        same = "Recorded as equal in both runs: data, plan, code, weights, versions and seed."
        return f"{same} These differ all the same: {'; '.join(differing)}." if differing else same
    counts = changes["area"].value_counts(sort=False)
    areas = [f"{AREAS[area]} ({counts[area]})" for area in AREAS if area in counts]
    plan = _plan_words(changes[changes["area"] == "plan"])
    return f"What changed, with the number of entries: {', '.join(areas)}.{plan}"


def _plan_words(plan: pd.DataFrame) -> str:
    """Steps put in and taken out, and the settings of the others."""
    put_in = [str(row.what) for row in plan.itertuples() if row.b == "present"]
    taken_out = [str(row.what) for row in plan.itertuples() if row.a == "present"]
    whole = (*put_in, *taken_out)
    below = tuple(f"{name}." for name in whole)
    settings = [
        f"{row.what}: {row.a} -> {row.b}"
        for row in plan.itertuples()
        if row.what not in whole and not str(row.what).startswith(below) and not str(row.what).endswith("(order)")
    ]
    more = [f"and {len(settings) - MAX_NAMED} more settings"] if len(settings) > MAX_NAMED else []
    parts = [f"{name} is new" for name in put_in] + [f"{name} is gone" for name in taken_out]
    parts += [*settings[:MAX_NAMED], *more]
    return f" In the plan: {'; '.join(parts)}." if parts else ""


def _harm(row: Mapping[str, Any]) -> str:
    place = "" if row["subset"] == "all" else f" by {row['subset']}"
    return f"{label(row['metric'])}{place}"


def _listed(judged: pd.DataFrame) -> str:
    records = judged.to_dict("records")
    texts = []
    for row in records[:MAX_NAMED]:
        ends = (row["low"], row["high"]) if row["harm"] > 0 else (-row["high"], -row["low"])
        texts.append(f"{_harm(row)} by {number(abs(row['harm']))} ({number(ends[0])} to {number(ends[1])})")
    return "; ".join(texts) + (f"; and {len(records) - MAX_NAMED} more" if len(records) > MAX_NAMED else "")


def _named(judged: pd.DataFrame) -> str:
    names = [_harm(row) for row in judged.to_dict("records")]
    more = f"; and {len(names) - 2 * MAX_NAMED} more" if len(names) > 2 * MAX_NAMED else ""
    return "; ".join(names[: 2 * MAX_NAMED]) + more


def _headlines(artifact: Artifact) -> list[Block]:
    scores = artifact.tables["scores"].set_index("metric")
    names = [name for name in artifact.summary["tolerances"] if name in scores.index]
    items = []
    for name in names[:N_HEADLINES]:
        row = scores.loc[name]
        detail = f"from {number(row['a'])} to {number(row['b'])}; interval {_ends(row)}"
        items.append((f"{label(name)}, B minus A", with_ends(row["difference"], 0, 0).split(" ")[0], detail))
    return [Headlines(tuple(items))] if items else []


def _ends(row: Any) -> str:
    return f"{number(row['low'])} to {number(row['high'])}" if pd.notna(row["low"]) else "undefined"


def _tolerances(summary: Mapping[str, Any], judged: pd.DataFrame) -> list[Block]:
    if judged.empty:
        return []
    table = judged.assign(
        measure=[label(name) for name in judged["metric"]],
        of=["all rows" if name == "all" else f"between groups by {name}" for name in judged["subset"]],
    )
    columns = (
        Column("measure", "Measure"), Column("of", "Of"), Column("reading", "Against the tolerance", "badge"),
        Column("harm", "B is worse by", "interval", ("low", "high")), Column("tolerance", "Tolerance", "number"),
        Column("direction", "Direction shown"),
    )  # fmt: skip
    note = (
        "A figure above zero means that B is worse, one below zero that it is better. Worse beyond tolerance: the "
        "whole interval is above the tolerance. Cannot rule out: the interval reaches above it. Within tolerance: it "
        f"does not. These {len(judged)} measures decide the verdict, and their intervals hold together with "
        f"{level_of(summary['confidence'])} confidence, so that no allowance has to be made for how many there are. "
        "Not measured: undefined, or fewer than two groups are large enough."
    )
    return [Subheading("Judged against tolerances"), Table("Judged measures", shown(table, columns), columns, note)]
