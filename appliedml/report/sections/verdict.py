"""Section "Verdict": what the model is for, whether it may pass, and what speaks against it."""

from __future__ import annotations

from typing import Any, ClassVar

import pandas as pd

from appliedml.core.artifact import Artifact, Finding, Severity
from appliedml.report.blocks import (
    Block,
    Callout,
    Column,
    FindingsList,
    Headlines,
    KeyValues,
    Subheading,
    Table,
    Text,
    Tone,
)
from appliedml.report.concerns import in_question, inputs_of
from appliedml.report.context import answer
from appliedml.report.discovery import all_sections, readers
from appliedml.report.ledger import load_standards
from appliedml.report.metadata import pooled_score
from appliedml.report.sections._finding_order import apart, ordered
from appliedml.report.sections._sign_offs import changed_blocks, latest_sign_off
from appliedml.report.values import interval, metric_label, number, whole
from appliedml.store.evidence import changed_evidence, gates_of
from appliedml.store.run import Run

HEADLINE_METRICS = ("roc_auc", "average_precision", "brier", "mcc")
N_FINDINGS = 3
_LIMITS = {"out_of_scope": "Out of scope", "limitations": "Limitations"}
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
    shows_sign_offs: ClassVar[bool] = True

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        context = run.info.get("context") or {}
        decision = [*changed_blocks(run), _verdict(run), *latest_sign_off(run)]
        found: list[Block] = [*decision, *_purpose(context), *_limits(context), *_headlines(run)]
        if "gates" in run:
            found += _gates(gates_of(run))
        return [*found, *_open_questions(run, context), *_findings(run)]


def _verdict(run: Run) -> Block:
    if "gates" not in run:
        return Callout(
            "neutral",
            "No policy was given, so there is no verdict",
            "Nobody has said which figures this model must reach. Name a policy in the plan, or judge the run with: "
            "appliedml gate RUN --policy policy.yaml",
        )
    summary = gates_of(run).summary
    tone, title = _VERDICTS[str(summary["verdict"])]
    if changed_evidence(run.files_state):
        title = "Inconclusive: the evidence was changed after the run"
    counts = [f"{summary.get(f'n_{word}', 0)} {word}" for word in _VERDICTS]
    waived = summary.get("n_waived", 0)
    text = f"Gates: {', '.join(counts)}{f'; {waived} of those that fail waived' if waived else ''}."
    beside = _beside(run)
    n_beside = sum(beside.values())
    if not n_beside:
        return Callout(tone, title, text)
    words = " and ".join(f"{n} {severity.value}{'s' if n > 1 else ''}" for severity, n in beside.items() if n)
    text += f" Beside them {words} {'was' if n_beside == 1 else 'were'} found that no gate covers."
    if tone == "good":
        # The policy is met, and that is all: a green box would say that there is nothing else to see.
        tone = "warning" if beside[Severity.PROBLEM] else "neutral"
        title += f", but {words} {'lies' if n_beside == 1 else 'lie'} outside it"
        text += f" {'It is' if n_beside == 1 else 'They are'} listed below."
    return Callout(tone, title, text)


def _beside(run: Run) -> dict[Severity, int]:
    """Count the problems and the warnings that the gates leave out."""
    severities = []
    for kind in run.kinds:
        if kind != "gates":
            covered = _covered(run, kind)
            severities += [finding.severity for finding in run[kind].findings if finding.title not in covered]
    return {severity: severities.count(severity) for severity in (Severity.PROBLEM, Severity.WARNING)}


def _covered(run: Run, kind: str) -> set[str]:
    """Titles of findings of disparity of which every gap has a gate that was measured."""
    artifact = run[kind]
    if kind != "fairness" or "gaps" not in artifact.tables:
        return set()
    gates, gaps = run["gates"].tables["gates"], artifact.tables["gaps"]
    gates = gates[gates["value"].notna()]
    gated = set(zip(gates["metric"], gates["subset"], strict=True))
    # Equalised odds repeats two criteria that are found by themselves.
    bad = gaps[(gaps["verdict"] == "disparity") & ~gaps["metric"].str.startswith("equalised_odds")]
    names = [
        str(feature)
        for feature, rows in bad.groupby("feature", sort=False)
        if all((f"gap.{metric}", feature) in gated for metric in rows["metric"])
    ]
    starts = tuple(f"Disparity by {name}:" for name in names)
    return {finding.title for finding in artifact.findings if finding.title.startswith(starts)}


def _limits(context: dict[str, Any]) -> list[Block]:
    """Return what the model must not be used for and its limitations, where a person stated them."""
    stated = [(label, answer(context, key)) for key, label in _LIMITS.items()]
    items = [(label, f"{found.text} (stated by: {found.source})") for label, found in stated if found is not None]
    return [KeyValues(tuple(items))] if items else []


def _open_questions(run: Run, context: dict[str, Any]) -> list[Block]:
    """Count what only a person can answer and nobody has answered, and lead to it."""
    known, asked = load_standards(), in_question(context, inputs_of(run))
    concerned = [name for name, beside in asked.items() if not beside]
    wanted = {item.question for name in concerned for item in known[name].items if item.question}
    n_open = sum(answer(context, key) is None for key in wanted)
    if not n_open:
        return []
    text = f"{n_open} of {len(wanted)} questions that only a person can answer are open"
    columns = (Column("text", "Questions of the standards"), Column("where", "Listed in", "link", target="section"))
    table = pd.DataFrame([(text, "Standards", "standards")], columns=["text", "where", "section"])
    return [Table("What is left to people", table, columns)]


def _purpose(context: dict[str, Any]) -> list[Block]:
    stated = answer(context, "purpose")
    if stated is None:
        text = "Answer the question 'purpose' in context.yaml: what is the model for, who uses it, on whom?"
        if not context:
            text += " There is no such file yet: write it with all questions by: appliedml context init PLAN"
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
    shown = Table("Gates of the policy", table, tuple(columns), note=note, stacked=True)
    found: list[Block] = [Subheading("Gates"), shown]
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
    # What the gates found stands in their own table.
    said = [(kind, finding) for kind in run.kinds if kind != "gates" for finding in run[kind].findings]
    found: list[Block] = [Subheading("Most serious findings")]
    if not said:
        return [*found, Text("The audits report no findings.")]
    told = ordered(said, lambda kind: place[known.get(kind, "generic")])

    def as_items(part: list[tuple[str, Finding]]) -> list[tuple[str, str, str, str]]:
        return [(one.severity.value, one.title, one.text, known.get(kind, "generic")) for kind, one in part]

    items = as_items(told)
    found.append(FindingsList(tuple(as_items(apart(told)[:N_FINDINGS]))))
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
