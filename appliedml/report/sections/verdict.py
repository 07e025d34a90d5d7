"""Section "Verdict": what the model is for, whether it may pass, and what speaks against it."""

from __future__ import annotations

from typing import Any, ClassVar

import pandas as pd

from appliedml.core.artifact import Artifact, Severity
from appliedml.report.blocks import (
    Block,
    Callout,
    Column,
    FindingsList,
    Headlines,
    Subheading,
    Table,
    Text,
    Tone,
)
from appliedml.report.context import answer
from appliedml.report.discovery import all_sections, readers
from appliedml.report.metadata import pooled_score
from appliedml.report.values import interval, metric_label, number, whole
from appliedml.store.run import Run

HEADLINE_METRICS = ("roc_auc", "average_precision", "brier", "mcc")
N_FINDINGS = 3
_SEVERITIES = (Severity.PROBLEM, Severity.WARNING, Severity.INFO)
_VERDICTS: dict[str, tuple[Tone, str]] = {
    "pass": ("good", "Pass: the policy is met"),
    "fail": ("bad", "Fail: the policy is not met"),
    "inconclusive": ("warning", "Inconclusive: the evidence does not decide"),
}


class Verdict:
    """Purpose, gates, headline figures and the most serious findings."""

    title = "Verdict"
    order = 10
    reads = ("gates",)
    always: ClassVar[bool] = True

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        found: list[Block] = [_verdict(run), *_purpose(run.info.get("context") or {}), *_headlines(run)]
        if "gates" in run:
            found += _gates(run["gates"])
        return [*found, *_findings(run)]


def _verdict(run: Run) -> Block:
    if "gates" not in run:
        return Callout(
            "neutral",
            "No policy was given, so there is no verdict",
            "Nobody has said which figures this model must reach. Name a policy in the plan, or judge the run with: "
            "appliedml gate RUN --policy policy.yaml",
        )
    summary = run["gates"].summary
    tone, title = _VERDICTS[str(summary["verdict"])]
    counts = [f"{summary.get(f'n_{word}', 0)} {word}" for word in _VERDICTS]
    waived = summary.get("n_waived", 0)
    text = f"Gates: {', '.join(counts)}{f'; {waived} of those that fail waived' if waived else ''}."
    return Callout(tone, title, text)


def _purpose(context: dict[str, Any]) -> list[Block]:
    stated = answer(context, "purpose")
    if stated is None:
        text = "Answer the question 'purpose' in context.yaml: what is the model for, who uses it, on whom?"
        return [Callout("warning", "No purpose is stated", text)]
    return [Text(stated.text), Text(f"Purpose as stated by: {stated.source}.", small=True)]


def _headlines(run: Run) -> list[Block]:
    items, n_rows = [], set()
    for metric in HEADLINE_METRICS:
        row = pooled_score(run.scores, metric)
        if row is not None:
            value, low, high, n = row
            items.append((metric_label(metric), number(value), interval(low, high)))
            n_rows.add(n)
    if not items:
        return []
    rows = f" of {whole(n_rows.pop())} rows" if len(n_rows) == 1 else ""
    note = f"Out-of-fold predictions{rows}, each made by a model that did not see the row; with intervals."
    return [Headlines(tuple(items)), Text(note, small=True)]


def _gates(gates: Artifact) -> list[Block]:
    table = gates.tables["gates"].copy()
    table["label"] = [metric_label(metric) for metric in table["metric"]]
    columns = [
        Column("name", "Gate"),
        Column("verdict", "Verdict", "badge"),
        Column("label", "Metric"),
        Column("subset", "Rows"),
        Column("rule", "Rule"),
        Column("value", "Value and interval", "interval", ("low", "high")),
    ]
    columns += [Column("reason", "What decided")] if "reason" in table else []
    note = "A gate passes or fails only if its whole interval does."
    if "on" in table and (table["on"] == "value").any():
        note += " Gates that ask for the value alone are judged without their interval."
    found: list[Block] = [Subheading("Gates"), Table("Gates of the policy", table, tuple(columns), note=note)]
    waivers = gates.tables.get("waivers")
    if waivers is not None and len(waivers):
        found.append(_waivers(waivers, str(gates.summary.get("judged_on", ""))))
    return found


def _waivers(waivers: pd.DataFrame, judged_on: str) -> Block:
    shown = waivers.assign(state=["counts" if counts else "expired" for counts in waivers["counts"]])
    columns = (
        Column("gate", "Gate"),
        Column("owner", "Owner"),
        Column("reason", "Reason"),
        Column("until", "Until"),
        Column("state", "State", "badge"),
    )
    return Table("Waivers", shown, columns, note=f"Counted on {judged_on}." if judged_on else "")


def _findings(run: Run) -> list[Block]:
    sections = all_sections()
    known = readers(sections)
    place = {name: position for position, (name, _) in enumerate(sections)}
    titles = {name: section.title for name, section in sections}
    rows = []
    for kind in run.kinds:
        # What the gates found stands in their own table.
        for finding in run[kind].findings if kind != "gates" else ():
            section = known.get(kind, "generic")
            rows.append((_SEVERITIES.index(finding.severity), place[section], finding, section))
    rows.sort(key=lambda row: row[:2])
    found: list[Block] = [Subheading("Most serious findings")]
    if not rows:
        return [*found, Text("The audits report no findings.")]
    items = [(finding.severity.value, finding.title, finding.text, section) for _, _, finding, section in rows]
    found.append(FindingsList(tuple(items[:N_FINDINGS])))
    if len(items) > N_FINDINGS:
        table = pd.DataFrame(items, columns=["severity", "title", "text", "section"])
        table["evidence"] = [titles[section] for section in table["section"]]
        columns = (
            Column("title", "Finding"),
            Column("severity", "Weight", "badge"),
            Column("text", "In words"),
            Column("evidence", "Evidence", "link", target="section"),
        )
        found.append(Table("All findings", table, columns, collapsed=True))
    return found
