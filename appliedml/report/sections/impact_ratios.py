"""Section "Impact ratios": selection and scoring rates of groups against the highest, as bias audits ask for them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.core.small_counts import MIN_CELL, count_text
from appliedml.report.blocks import Block, Callout, Column, KeyValues, Subheading, Table, Text
from appliedml.report.concerns import in_question, inputs_of
from appliedml.report.context import answer
from appliedml.report.ledger import found_evidence, load_standards
from appliedml.report.sections._fairness_groups import SMALL_NOTE, impact_ratios, only, percent_of
from appliedml.report.sections._fairness_limits import differences_beside_ratios
from appliedml.report.values import number
from appliedml.store.run import Run

LAW = "nyc_ll144"
# Groups with a smaller share of the people may be left out of ratios, with a reason.
SMALL_CATEGORY = 0.02
_ASKED = {"rate-sex": "By sex", "rate-race": "By race or ethnicity", "intersection": "By both together"}
SUPPORT = "Calculation support, not an independent bias audit"


class ImpactRatios:
    """What is covered, selection rates, scoring rates, small categories, people of unknown level."""

    title = "Impact ratios"
    order = 51
    reads = ("fairness",)

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        artifact = run["fairness"]
        table = artifact.tables.get("impact_ratio")
        if table is None:
            return []
        context = run.info.get("context") or {}
        return [
            Callout("neutral", SUPPORT, _words()),
            *_coverage(run, context),
            *impact_ratios(artifact),
            *differences_beside_ratios(artifact),
            *_scoring(artifact),
            *_small(table, context),
            *_unknown(artifact),
        ]


def _words() -> str:
    return (
        "An impact ratio is the rate of a group over that of the group with the highest rate. 0.80 (the four-fifths "
        "rule) is a convention and no proof of anything: read the interval beside the ratio. Decisions and scores are "
        "those of the out-of-fold models, on the rows of this run, not on people whom the tool was used on."
    )


def _coverage(run: Run, context: dict[str, Any]) -> list[Block]:
    if in_question(context, inputs_of(run)).get(LAW) != "":
        return []
    standard = load_standards()[LAW]
    items = {item.id: item for item in standard.items}
    rows = []
    for key, label in _ASKED.items():
        kind, reason = found_evidence(items[key], run)
        rows.append((label, "shown below" if kind else f"not shown. {reason}"))
    return [KeyValues(tuple(rows), title=f"What {standard.title} asks for")]


def _scoring(artifact: Artifact) -> list[Block]:
    heading = Subheading("Scoring rates")
    table = artifact.tables.get("scoring_rate")
    if table is None or table.empty:
        many = len(artifact.summary.get("classes", ())) > 2
        why = "With more than two classes there is no single score, so there are none." if many else "There are none."
        return [heading, Text(why)]
    columns = (
        Column("feature", "Feature"), Column("level", "Group"), Column("n", "Rows"),
        Column("share", "Share of known", "percent"), Column("n_above", "Above the median"),
        Column("scoring_rate", "Scoring rate", "percent"), Column("reference", "Reference group"),
        Column("ratio", "Impact ratio", "interval", ("low", "high")), Column("reading", "Against 0.80"),
    )  # fmt: skip
    hidden = table["n_above"].between(1, MIN_CELL - 1) & (table["reading"] == "too small to judge")
    enough = (table["n"] >= MIN_CELL) & ~hidden
    rates = ("share", "scoring_rate", "ratio", "low", "high")
    shown = table.assign(
        n=table["n"].map(count_text),
        n_above=table["n_above"].map(count_text),
        **{name: table[name].where(enough) for name in rates},
    )
    note = (
        f"Scoring rate: the share of the group whose score is above the median score of all rows, "
        f"{number(float(table['median'].iloc[0]))}; people of unknown level count for the median and are left out "
        "of the table. The intervals hold for all groups of a feature together and take the median as given. "
        + SMALL_NOTE
    )
    return [heading, Table("Scoring rate and impact ratio", only(shown, columns), columns, note)]


def _small(table: pd.DataFrame, context: dict[str, Any]) -> list[Block]:
    small = table[table["share"] < SMALL_CATEGORY].drop_duplicates(["feature", "level"])
    limit = percent_of(SMALL_CATEGORY)
    heading = Subheading("Small categories")
    if small.empty:
        return [heading, Text(f"No group holds less than {limit} of the rows of known level.")]
    stated = answer(context, "category_exclusions")
    why = (
        f"Stated on leaving them out: {stated.text} ({stated.source})"
        if stated
        else "Nobody has justified leaving any of them out: answer the question 'category_exclusions' in context.yaml."
    )
    columns = (Column("feature", "Feature"), Column("level", "Group"), Column("n", "Rows"))
    shown = only(small.assign(n=small["n"].map(count_text)), columns)
    words = f"They may be left out of ratios with a reason; their rates are printed above all the same. {why}"
    return [heading, Text(words), Table(f"Groups with less than {limit} of the rows of known level", shown, columns)]


def _unknown(artifact: Artifact) -> list[Block]:
    features = artifact.tables["features"]
    rows = [(str(row.feature), count_text(row.n_unknown)) for row in features.itertuples()]
    return [KeyValues(tuple(rows), title="Rows of unknown level, left out of the ratios")] if rows else []
