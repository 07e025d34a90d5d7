"""Section "Identity in texts": what happens to a score when only the identity that a text names is changed."""

from __future__ import annotations

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.core.small_counts import MIN_CELL, count_text
from appliedml.report.blocks import Block, Bullets, Callout, Column, Subheading, Table, Text, Tone
from appliedml.report.figures import interval_chart
from appliedml.report.sections._fairness_groups import only, percent_of
from appliedml.report.values import number
from appliedml.store.run import Run

MAX_ITEMS = 20
# Findings that the callout tells in full.
MAX_FINDINGS = 3
# By severity, worst first.
_TONES: dict[str, Tone] = {"problem": "bad", "warning": "warning"}
_VERDICT = Column("verdict", "Verdict", "badge")
_GAP = Column("gap", "Change of score", "interval", ("low", "high"))
_P = Column("p_labels", "p, training labels", "p_value")


class IdentitySwaps:
    """Gaps by group and term on templates, shifts in own sentences, errors in texts that mention an identity."""

    title = "Identity in texts"
    order = 52
    reads = ("identity_swaps",)

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        artifact = run["identity_swaps"]
        if "dimensions" not in artifact.tables:
            return []
        return [
            _verdict(artifact),
            Text(_what(artifact)),
            _dimensions(artifact),
            *_groups(artifact),
            *_terms(artifact),
            *_own(artifact),
            *_errors(artifact),
            *_released(artifact),
            Subheading("How the identity gaps were judged"),
            Text(_method(artifact)),
            *_sources(artifact),
        ]


def _verdict(artifact: Artifact) -> Callout:
    """Worst finding as the title, so that the title is what the text goes on to say."""
    serious = [item for severity in _TONES for item in artifact.findings if item.severity == severity]
    remarks = [f"{row.dimension}: {row.remark}." for row in artifact.tables["dimensions"].itertuples() if row.remark]
    if not serious:
        title = "No change of identity changes the score beyond the tolerance"
        return Callout("good", title, " ".join(remarks))
    first, others = serious[0], serious[1:MAX_FINDINGS]
    more = len(serious) - MAX_FINDINGS
    texts = [first.text, *(f"{item.title}. {item.text}" for item in others)]
    if more > 0:
        texts.append(f"{more} more such finding{'s are' if more > 1 else ' is'} in the tables below.")
    return Callout(_TONES[first.severity], first.title, " ".join(texts))


def _what(artifact: Artifact) -> str:
    summary = artifact.summary
    classes = summary["classes"]
    score = f"the calibrated score of {classes[0]!r}" if len(classes) == 1 else "the calibrated score of each class"
    return (
        f"{summary['n_terms']:,} identity terms were put into {summary['n_templates']:,} templates, and swapped in own "
        f"sentences of the test rows; what changes is {score}, in the {summary['n_folds']} out-of-fold models. Of "
        f"{summary['n_texts']:,} test texts {count_text(summary['n_with_term'])} hold a term, "
        f"{count_text(summary['n_swappable'])} name one group of a dimension only, and "
        f"{count_text(summary['n_swapped'])} of these were swapped. A change of at least "
        f"{number(summary['tolerance'])} matters."
    )


def _dimensions(artifact: Artifact) -> Table:
    table = artifact.tables["dimensions"]
    shown = table.assign(n_texts=table["n_texts"].map(count_text))
    columns = (
        Column("dimension", "Dimension"), _VERDICT, Column("n_terms", "Terms in templates", "int"),
        Column("n_texts", "Test texts with a term"),
        Column("largest", "Largest change", "interval", ("low", "high")), Column("largest_item", "Of"),
        *((Column("remark", "Remark"),) if table["unknown"].any() else ()),
    )  # fmt: skip
    note = (
        f"Largest change: without its sign. Its interval ({percent_of(artifact.summary['confidence'])}) is one for the "
        "largest of all changes and covers training anew; with a disparity it is that of the largest proven change, in "
        "the models that were trained. Within tolerance: the whole interval is."
    )
    return Table("Verdict by dimension of identity", only(shown, columns), columns, note)


def _groups(artifact: Artifact) -> list[Block]:
    table = artifact.tables["groups"]
    if table.empty:
        return []
    label = _named(table, table["dimension"] + ": " + table["group"])
    shown = table.assign(label=label, n_training_texts=table["n_training_texts"].map(count_text))
    order = shown.assign(size=shown["gap"].abs()).sort_values("size", ascending=False, kind="stable").head(MAX_ITEMS)
    top, tolerance = order.iloc[0], number(artifact.summary["tolerance"])
    columns = (
        Column("label", "Group"), _GAP, Column("flip_rate", "Other decision than most", "percent"),
        Column("n_training_texts", "Training texts"), _P, _VERDICT,
    )  # fmt: skip
    chart = interval_chart(
        title="Change of score by group, on templates",
        alt=f"Mean score with a group's terms minus that with the other groups'. The largest change is "
        f"{number(top['gap'])} ({number(top['low'])} to {number(top['high'])}), {top['label']}; the tolerance is "
        f"{tolerance}.",
        data=order[["label", "gap", "low", "high"]],
        label="label",
        value="gap",
        low="low",
        high="high",
        x_title="Change of the score",
        reference=0.0,
        columns=(columns[0], _GAP),
    )
    return [
        Subheading("Templates"),
        chart,
        Table("Groups, on templates", only(shown, columns), columns, _folds_note(artifact), collapsed=len(shown) > 12),
    ]


def _terms(artifact: Artifact) -> list[Block]:
    table = artifact.tables["terms"]
    if table.empty:
        return []
    shown = table.assign(
        size=table["gap"].abs(),
        n_training_texts=table["n_training_texts"].map(count_text),
        label=_named(table, table["dimension"] + ": " + table["group"]),
    )
    order = shown.sort_values("size", ascending=False, kind="stable")
    columns = (
        Column("item", "Term"), Column("label", "Group"), _GAP,
        Column("flip_rate", "Other decision than most", "percent"),
        Column("n_training_texts", "Training texts"), _P, _VERDICT,
    )  # fmt: skip
    found: list[Block] = [
        Table(
            f"The {min(len(order), MAX_ITEMS)} terms that change the score most",
            only(order.head(MAX_ITEMS), columns),
            columns,
            _folds_note(artifact),
        )
    ]
    if len(order) > MAX_ITEMS:
        rest = order.iloc[MAX_ITEMS:]
        found.append(Table("All other terms", only(rest, columns), columns, collapsed=True))
    templates = artifact.tables["templates"]
    texts = (Column("tone", "Tone"), Column("text", "Template"))
    return [*found, Table("The templates", only(templates, texts), texts, collapsed=True)]


def _folds_note(artifact: Artifact) -> str:
    return (
        f"Intervals ({percent_of(artifact.summary['confidence'])}, each by itself) cover training anew and other "
        "sentences. The p value is of the term's tie to the class in the training texts, corrected for everything "
        "judged. Training texts: with the term, mean over folds."
    )


def _named(table: pd.DataFrame, label: pd.Series) -> pd.Series:
    """Add the class to labels where several are judged: one column less than a column of classes."""
    return label + ", class " + table["class"] if table["class"].nunique() > 1 else label


def _own(artifact: Artifact) -> list[Block]:
    table = artifact.tables["own"]
    if table.empty:
        return [Subheading("Own sentences"), Text("No test text could be swapped: only templates were judged.")]
    table = table.assign(
        label=_named(table, table["dimension"] + ": " + table["item"] + " instead of " + table["against"])
    )
    usable, small = table[~table["small"]], table[table["small"]]
    unit = "Groups of rows" if artifact.summary["clustered"] else "Rows"
    columns = (
        Column("label", "Swap"), _GAP, Column("mean_size", "Mean size", "number"),
        Column("flip_rate", "Decisions changed", "interval", ("flip_low", "flip_high")),
        Column("n_sentences", "Swaps", "int"), Column("n_units", unit, "int"), _VERDICT,
    )  # fmt: skip
    found: list[Block] = [Subheading("Own sentences")]
    if len(usable):
        found.append(Table("Own sentences, swapped by matched terms", only(usable, columns), columns))
    if len(small):
        counts = (
            Column("dimension", "Dimension"), Column("item", "With"), Column("against", "Instead of"),
            Column("n_sentences", "Swaps"),
        )  # fmt: skip
        shown = small.assign(n_sentences=small["n_sentences"].map(count_text))
        note = (
            f"Fewer than {artifact.summary['min_texts']} {unit.lower()}, or too few in some fold: no verdict rests on "
            "them, and their figures are not shown."
        )
        shown = shown.drop_duplicates(["dimension", "item", "against"])
        found.append(Table("Pairs with too few own sentences", only(shown, counts), counts, note, collapsed=True))
    return found


def _errors(artifact: Artifact) -> list[Block]:
    table = artifact.tables["errors"]
    if table.empty:
        return []
    shown = table.assign(
        rate_name=table["metric"].str.replace("_", " "),
        label=table["dimension"] + ": " + table["group"],
        n_counted=table["n_counted"].map(count_text) + table["small"].map({True: " (small)", False: ""}).astype("str"),
    )
    few = pd.to_numeric(table["n_counted"]) < MIN_CELL
    for column in ("rate", "rate_low", "rate_high", "gap"):
        shown[column] = table[column].mask(few)
    columns = (
        Column("label", "Mentions"), Column("rate_name", "Rate"),
        Column("rate", "With a mention", "interval", ("rate_low", "rate_high")),
        Column("rest", "Without", "number"), Column("gap", "Gap", "interval", ("low", "high")),
        Column("n_counted", "Texts"), _VERDICT,
    )  # fmt: skip
    note = (
        "Real labels. Texts that mention a group, against texts that mention none of the dimension; the two differ in "
        "other ways too, so this shows no cause, and the intervals do not cover training anew. A rate is judged from "
        f"{artifact.summary['min_texts']} texts (or groups of texts) on both sides; small groups are marked and get no "
        "verdict. Intervals of gaps hold together."
    )
    caption = "Errors in texts that mention an identity"
    return [Subheading(caption), Table(caption, only(shown, columns), columns, note, collapsed=len(shown) > 16)]


def _released(artifact: Artifact) -> list[Block]:
    table = artifact.tables.get("released")
    if table is None or table.empty:
        return []
    columns = (
        Column("dimension", "Dimension"), Column("original", "Text"), Column("score", "Score", "number"),
        Column("swapped", "Swapped"), Column("score_swapped", "Score, swapped", "number"),
    )  # fmt: skip
    return [
        Callout("warning", "Personal data", " ".join(artifact.summary["notes"])),
        Table("Own sentences whose score changes most", only(table, columns), columns, collapsed=True),
    ]


def _method(artifact: Artifact) -> str:
    summary = artifact.summary
    sure = percent_of(summary["confidence"])
    return (
        "A term's change is its mean score over all templates minus that of the other terms of its dimension that fit "
        "them; a group's is the mean of its terms minus that of the other groups. Disparity: beyond "
        f"{number(summary['tolerance'])} to the same side in every fold's model and over sentences, and more than "
        "chance: either it would remain if training were repeated (from how the models of the folds differ, the rows "
        "they share accounted for), or the term goes with the class in every fold's training texts beyond chance "
        f"(Fisher's exact test). Both are corrected for all {summary['n_judged']:,} gaps judged (Holm), so that with "
        f"no bias a disparity is claimed in at most {percent_of(1 - summary['confidence'])} of cases. Within "
        f"tolerance: the {sure} interval of the gap lies within it. A word that was met in few training texts carries "
        "the chance of their labels: that is real for these models, and is called insufficient evidence. A swap shows "
        "what the model does with a word, not why, and not how people are treated."
    )


def _sources(artifact: Artifact) -> list[Block]:
    table = artifact.tables["dimensions"]
    return [Bullets(tuple(f"{row.dimension}: {row.source} {row.note}".strip() for row in table.itertuples()))]
