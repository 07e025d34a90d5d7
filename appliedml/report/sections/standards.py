"""Section "Standards": item by item, what is evidenced here, what a person stated, and what is missing."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

import pandas as pd

from appliedml.report.blocks import Block, Callout, Column, Subheading, Table, Text
from appliedml.report.concerns import in_question, inputs_of
from appliedml.report.context import answer
from appliedml.report.discovery import all_sections, readers
from appliedml.report.ledger import Item, Standard, found_evidence, load_questions, load_standards
from appliedml.report.sections._item_conditions import why_not_applicable, why_not_evidence
from appliedml.report.values import spaced
from appliedml.store.run import Run

EVIDENCED, STATED, UNNAMED, MISSING = "evidenced here", "stated by a named person", "stated, nobody named", "missing"
NOT_APPLICABLE = "not applicable"

HOW = (
    "The plan names no context file, or an empty one. Write one with: appliedml context init PLAN. It holds the "
    "questions below; answer them, name the file in the plan (context: context.yaml), check it with: appliedml context "
    "check, and run again."
)


class Standards:
    """The ledger of every standard that the context asks for; all of them by default."""

    title = "Standards"
    order = 90
    reads: tuple[str, ...] = ()
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
        asked = context.get("standards")
        known, beside = load_standards(), in_question(context, inputs_of(run))
        found: list[Block] = [
            Text(
                "The ledger says where evidence for an item stands, who stated what no machine can know, and what is "
                "missing. Whether an item is met is for a person to judge."
            )
        ]
        if not context:
            found.append(Callout("warning", "Nobody has answered what no machine can know", HOW))
        unknown = [str(name) for name in asked if str(name) not in known] if isinstance(asked, list) else []
        if unknown:
            text = f"Known standards: {', '.join(known)}."
            found.append(Callout("warning", f"Unknown standards were asked for: {', '.join(unknown)}", text))
        concerned = [known[name] for name, reason in beside.items() if not reason]
        ledgers = {standard.name: _ledger(standard, run, context) for standard in concerned}
        found += [_overview([known[name] for name in beside], ledgers), *_open_questions(concerned, context)]
        for name, reason in beside.items():
            found += _beside(known[name], reason) if reason else _standard(known[name], ledgers[name])
        return found


def _ledger(standard: Standard, run: Run, context: dict[str, Any]) -> pd.DataFrame:
    sections = all_sections()
    titles = {name: section.title for name, section in sections}
    own = {
        "run": "provenance",
        "sign_offs": "provenance",
        "pipeline": "method",
        "initial_weights": "method",
        "impact_ratios": "impact_ratios",
    }
    where = {**readers(sections), **own}
    rows = [(item.id, item.text, *_state(item, run, context, where, titles)) for item in standard.items]
    return pd.DataFrame(rows, columns=["id", "text", "state", "where", "target"])


def _state(
    item: Item, run: Run, context: dict[str, Any], where: dict[str, str], titles: dict[str, str]
) -> tuple[str, str, str]:
    """Return state, words and section of one item."""
    beside_it = why_not_applicable(item, run)
    if beside_it:
        return NOT_APPLICABLE, beside_it, ""
    unsigned = why_not_evidence(item, run)
    if unsigned:
        return MISSING, unsigned, where["sign_offs"]
    kind, reason = found_evidence(item, run) if item.evidence else ("", "")
    if kind:
        section = where.get(kind, "generic")
        return EVIDENCED, titles[section], section
    stated = answer(context, item.question) if item.question else None
    if stated is not None:
        return (STATED if stated.by else UNNAMED), f"{stated.text} ({stated.source})", ""
    if item.question:
        return MISSING, f"Answer '{item.question}' in context.yaml.", ""
    return MISSING, reason or "Nothing in this report covers it.", ""


def _overview(standards: list[Standard], ledgers: dict[str, pd.DataFrame]) -> Block:
    rows = []
    for standard in standards:
        table = ledgers.get(standard.name)
        # Of a standard that does not concern the run no item waits for anybody.
        states = Counter({NOT_APPLICABLE: len(standard.items)}) if table is None else Counter(table["state"])
        counts = (states[EVIDENCED], states[STATED], states[UNNAMED], states[MISSING], states[NOT_APPLICABLE])
        rows.append((standard.title, len(standard.items), *counts))
    names = ["standard", "items", "evidenced", "stated", "unnamed", "missing", "not_applicable"]
    columns = (
        Column("standard", "Standard"),
        Column("items", "Items", "int"),
        Column("evidenced", "Evidenced here", "int"),
        Column("stated", "Stated by a named person", "int"),
        Column("unnamed", "Stated, nobody named", "int"),
        Column("missing", "Missing", "int"),
        Column("not_applicable", "Not applicable", "int"),
    )
    return Table("Items by standard", pd.DataFrame(rows, columns=names), columns)


def _open_questions(chosen: list[Standard], context: dict[str, Any]) -> list[Block]:
    questions = load_questions()
    asked: dict[str, list[str]] = {}
    for standard in chosen:
        for item in standard.items:
            if item.question and answer(context, item.question) is None:
                titles = asked.setdefault(item.question, [])
                if standard.title not in titles:
                    titles.append(standard.title)
    if not asked:
        return []
    rows = [(key, questions[key], "; ".join(asked[key])) for key in questions if key in asked]
    columns = (Column("key", "Key"), Column("question", "Question"), Column("asked_by", "Asked by"))
    note = (
        "Answer them in context.yaml: the key, then a text, or a mapping with answer, by and on. `appliedml context "
        "init` writes the file with these questions, or adds those it lacks; `appliedml context check` checks it."
    )
    table = pd.DataFrame(rows, columns=["key", "question", "asked_by"])
    caption = "Questions that only a person can answer"
    return [Table(caption, table, columns, note=note, collapsed=True)]


def _beside(standard: Standard, reason: str) -> list[Block]:
    text = f"Does not concern this run. {reason}"
    return [Subheading(standard.title), Text(standard.source, small=True), Text(text)]


def _standard(standard: Standard, rows: pd.DataFrame) -> list[Block]:
    columns = (
        Column("id", "Item"),
        Column("text", "Asks for"),
        Column("state", "State", "badge"),
        Column("where", "Evidence or statement", "link", target="target"),
    )
    found: list[Block] = [Subheading(standard.title), Text(f"{standard.source}", small=True)]
    if standard.note:
        found.append(Text(standard.note))
    return [*found, Table(f"{spaced(standard.title)}, item by item", rows, columns, collapsed=True)]
