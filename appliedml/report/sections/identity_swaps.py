"""Section "Identity in texts": what happens to a score when only the identity that a text names is changed."""

from __future__ import annotations

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Block, Bullets, Callout, Column, Subheading, Table, Text, Tone
from appliedml.report.figures import interval_chart
from appliedml.report.sections._fairness_groups import SMALL, count, only, percent_of
from appliedml.report.values import number
from appliedml.store.run import Run

MAX_ITEMS = 20
_VERDICT = Column("verdict", "Verdict", "badge")
_GAP = Column("gap", "Change of score", "interval", ("low", "high"))
_P = (Column("p_folds", "p, training anew", "p_value"), Column("p_labels", "p, training labels", "p_value"))


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
    serious = [item for item in artifact.findings if item.severity in ("problem", "warning")]
    verdicts = list(artifact.tables["dimensions"]["verdict"])
    tone: Tone = "good"
    title = "No change of identity changes the score beyond the tolerance"
    if "disparity" in verdicts:
        tone, title = "bad", "Disparity found: the score depends on the identity named in a text"
    elif any(item.severity == "problem" for item in serious):
        tone, title = "bad", "Errors differ in texts that mention an identity"
    elif "insufficient evidence" in verdicts or serious:
        tone, title = "warning", "No identity gap is proven, but not everything can be judged"
    return Callout(tone, title, " ".join(f"{item.title}. {item.text}" for item in serious[:3]))


def _what(artifact: Artifact) -> str:
    summary = artifact.summary
    classes = summary["classes"]
    score = f"the calibrated score of {classes[0]!r}" if len(classes) == 1 else "the calibrated score of each class"
    return (
        f"{summary['n_terms']:,} identity terms were put into {summary['n_templates']:,} templates, and swapped in own "
        f"sentences of the test rows; what changes is {score}, in the {summary['n_folds']} out-of-fold models. Of "
        f"{summary['n_texts']:,} test texts {count(summary['n_with_term'])} hold a term, "
        f"{count(summary['n_swappable'])} name one group of a dimension only, and {count(summary['n_swapped'])} of "
        f"these were swapped. A change of at least {number(summary['tolerance'])} matters."
    )


def _dimensions(artifact: Artifact) -> Table:
    table = artifact.tables["dimensions"]
    shown = table.assign(n_texts=table["n_texts"].map(count))
    columns = (
        Column("dimension", "Dimension"), _VERDICT, Column("n_groups", "Groups", "int"),
        Column("n_terms", "Terms in templates", "int"), Column("n_texts", "Test texts with a term"),
        Column("largest", "Largest change", "interval", ("low", "high")), Column("largest_item", "Of"),
    )  # fmt: skip
    note = (
        f"The intervals of the largest change hold for all terms, groups and pairs together "
        f"({percent_of(artifact.summary['confidence'])}); they are wide, for they cover training anew."
    )
    return Table("Verdict by dimension of identity", only(shown, columns), columns, note)


def _groups(artifact: Artifact) -> list[Block]:
    table = artifact.tables["groups"]
    if table.empty:
        return []
    several = table["class"].nunique() > 1
    label = table["dimension"] + ": " + table["group"] + (", class " + table["class"] if several else "")
    shown = table.assign(label=label, n_training_texts=table["n_training_texts"].map(count))
    order = shown.assign(size=shown["gap"].abs()).sort_values("size", ascending=False, kind="stable").head(MAX_ITEMS)
    top, tolerance = order.iloc[0], number(artifact.summary["tolerance"])
    columns = (
        Column("label", "Group"), _GAP, Column("flip_rate", "Other decision than most", "percent"),
        Column("n_training_texts", "Training texts"), *_P, _VERDICT,
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
    shown = table.assign(size=table["gap"].abs(), n_training_texts=table["n_training_texts"].map(count))
    order = shown.sort_values("size", ascending=False, kind="stable")
    columns = (
        Column("dimension", "Dimension"), Column("item", "Term"), Column("group", "Group"),
        *((Column("class", "Class"),) if table["class"].nunique() > 1 else ()), _GAP,
        Column("fold_low", "Lowest fold", "number"), Column("fold_high", "Highest fold", "number"),
        Column("flip_rate", "Other decision than most", "percent"),
        Column("n_training_texts", "Training texts"), *_P, _VERDICT,
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
        "sentences; p values are corrected for everything judged. Training texts: with the term, mean over folds."
    )


def _own(artifact: Artifact) -> list[Block]:
    table = artifact.tables["own"]
    if table.empty:
        return [Subheading("Own sentences"), Text("No test text could be swapped: only templates were judged.")]
    usable, small = table[~table["small"]], table[table["small"]]
    unit = "Groups of rows" if artifact.summary["clustered"] else "Rows"
    columns = (
        Column("dimension", "Dimension"), Column("item", "With"), Column("against", "Instead of"),
        *((Column("class", "Class"),) if table["class"].nunique() > 1 else ()), _GAP,
        Column("mean_size", "Mean size", "number"),
        Column("flip_rate", "Decisions changed", "interval", ("flip_low", "flip_high")),
        Column("n_sentences", "Swaps", "int"), Column("n_units", unit, "int"), *_P, _VERDICT,
    )  # fmt: skip
    found: list[Block] = [Subheading("Own sentences")]
    if len(usable):
        found.append(Table("Own sentences, swapped by matched terms", only(usable, columns), columns))
    if len(small):
        counts = (*columns[:3], Column("n_sentences", "Swaps"))
        shown = small.assign(n_sentences=small["n_sentences"].map(count))
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
        n_counted=table["n_counted"].map(count),
        size=["small" if small else "" for small in table["small"]],
    )
    few = pd.to_numeric(table["n_counted"]) < SMALL
    for column in ("rate", "rate_low", "rate_high", "gap"):
        shown[column] = table[column].mask(few)
    columns = (
        Column("dimension", "Dimension"), Column("group", "Mentions"), Column("rate_name", "Rate"),
        Column("rate", "With a mention", "interval", ("rate_low", "rate_high")),
        Column("rest", "Without", "number"), Column("gap", "Gap", "interval", ("low", "high")),
        Column("n_counted", "Texts"), Column("size", "Size"), _VERDICT,
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
