"""Sections of a comparison that hold no scores: what changed, gates and findings, what could not be compared."""

from __future__ import annotations

from appliedml.core.artifact import Artifact
from appliedml.report._comparison_verdict import AREAS
from appliedml.report._comparison_words import label, shown
from appliedml.report.blocks import Block, Column, KeyValues, Subheading, Table, Text
from appliedml.report.values import spaced

_TABLES = {
    "data": "Data",
    "plan": "Plan",
    "pipeline": "Defaults of stages that the plan leaves open",
    "code": "Code",
    "weights": "Weights that others trained",
    "versions": "Versions of packages",
    "seed": "Seed",
    "policy": "Policy",
    "context": "What people stated",
}


def changes(artifact: Artifact) -> list[Block]:
    """Return what changed, area by area.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    list of Block
    """
    table = artifact.tables["changes"]
    same = [AREAS[area] for area in AREAS if area not in set(table["area"])]
    columns = (Column("what", "What"), Column("a", "Run A"), Column("b", "Run B"))
    found: list[Block] = [_runs(artifact)]
    for area, title in _TABLES.items():
        rows = table[table["area"] == area]
        if len(rows):
            found.append(Table(title, shown(rows, columns), columns, collapsed=len(rows) > 20))
    if same:
        found.append(Text(f"Equal in both runs: {', '.join(same)}."))
    thresholds = artifact.tables["thresholds"]
    if len(thresholds) and not (thresholds["a"] == thresholds["b"]).all():
        own = (Column("fold", "Fold", "int"), Column("a", "Run A", "number"), Column("b", "Run B", "number"))
        note = "Each fold's own threshold: decisions on this page are those that the runs made with it."
        found.append(Table("Decision thresholds", thresholds, own, note))
    return found


def _runs(artifact: Artifact) -> Block:
    rows = []
    for side in "ab":
        about = artifact.summary[side]
        rows.append((f"Run {side.upper()}", f"{about['folder']} (plan {about['name']}, hash {about['run_hash']})"))
    return KeyValues(tuple(rows))


def gates(artifact: Artifact) -> list[Block]:
    """Return gates then and now, and findings that are new, gone or kept.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    list of Block
    """
    table, findings = artifact.tables["gates"], artifact.tables["findings"]
    found: list[Block] = []
    if len(table):
        columns = (
            Column("gate", "Gate"), Column("subset", "Rows"), Column("rule_a", "Rule in A"),
            Column("rule_b", "Rule in B"), Column("value_a", "Value in A", "number"),
            Column("value_b", "Value in B", "number"), Column("verdict_a", "Verdict on A", "badge"),
            Column("verdict_b", "Verdict on B", "badge"),
        )  # fmt: skip
        n = int((table["verdict_a"] != table["verdict_b"]).sum())
        text = f"{n} of {len(table)} gates came out differently." if n else "Every gate came out as before."
        found += [Text(text), Table("Gates then (A) and now (B)", shown(table, columns), columns)]
    found.append(Subheading("Findings"))
    counts = {state: int((findings["state"] == state).sum()) for state in ("new", "gone", "kept")}
    found.append(Text(f"Findings of the audits: {', '.join(f'{n} {state}' for state, n in counts.items())}."))
    own = (
        Column("title", "Finding"), Column("severity", "Weight", "badge"), Column("text", "In words"),
        Column("audit", "Audit"),
    )  # fmt: skip
    titles = {"new": "New in B", "gone": "In A, gone in B", "kept": "In both, as B words them"}
    for state, title in titles.items():
        rows = findings[findings["state"] == state]
        if len(rows):
            part = rows.assign(audit=[spaced(kind) for kind in rows["kind"]])
            found.append(Table(title, shown(part, own), own, collapsed=state == "kept"))
    return found


def not_compared(artifact: Artifact) -> list[Block]:
    """Return what could not be compared, and what could not be paired.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    list of Block
    """
    table, unpaired = artifact.tables["not_compared"], artifact.tables["unpaired"]
    found: list[Block] = []
    if len(table):
        named = table.assign(what=[_name(str(what)) for what in table["what"]])
        columns = (Column("what", "What"), Column("why", "Why"))
        found.append(Table("Not compared", named, columns))
    else:
        found.append(Text("Everything that both runs hold was compared."))
    if len(unpaired):
        own = (
            Column("metric", "Measure"), Column("subset", "Of"),
            Column("value_a", "Run A", "interval", ("low_a", "high_a")),
            Column("value_b", "Run B", "interval", ("low_b", "high_b")),
        )  # fmt: skip
        note = (
            "Each interval is the run's own. What these were computed from is not kept row by row, so there is no "
            "interval of the difference; overlapping intervals do not show that there is none."
        )
        rows = unpaired.assign(metric=[spaced(name) for name in unpaired["metric"]])
        title = "Measured in both runs, but not paired"
        found.append(Table(title, shown(rows, own), own, note, collapsed=True))
    return found


def _name(what: str) -> str:
    """Names of measures in words; all else as it is."""
    head, colon, rest = what.partition(": ")
    if colon:
        return f"{head}: {', '.join(label(name) for name in rest.split(', '))}"
    return what if " " in what or what[:1].isupper() else label(what)
