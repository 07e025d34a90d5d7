"""Section "Word explanations": which words decide, and how far that can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Block, Callout, Column, KeyValues, MarkedText, Subheading, Table, Text
from appliedml.report.figures import interval_chart, line_chart
from appliedml.report.values import number, percent
from appliedml.store.run import Run

_CHART_WORDS = 20
_SCALES = {"probability": "probability", "log_odds": "log-odds"}
_INTERVAL = ("low", "high")


class TextExplanations:
    """Words over all texts, single texts that the plan releases, faithfulness, errors."""

    title = "Word explanations"
    order = 62
    reads = ("explain_texts",)

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        artifact = run["explain_texts"]
        if "words" not in artifact.tables:
            return []
        found: list[Block] = [
            Callout(
                "neutral",
                "Association, not cause",
                "Shapley values share out a score among the words of a text. They say what the model does with words; "
                "not what a word causes, nor what its writer meant.",
            ),
            _facts(artifact.summary),
        ]
        found += [Text(note, small=True) for note in artifact.summary["notes"]]
        found += _words(artifact)
        found += _released(artifact)
        found += _trust(artifact)
        return found


def _facts(summary: Mapping[str, Any]) -> KeyValues:
    items = [
        ("Explained", f"the {_SCALES[summary['output']]} of {', '.join(summary['classes'])}, calibrated"),
        (
            "Texts",
            f"{summary['n_texts']:,} test texts of {summary['n_folds']} folds; {summary['n_empty']} without words",
        ),
        ("A hidden word is", str(summary["hidden"])),
        ("Players", f"words; of texts with more than {summary['max_players']} words, phrases of neighbours"),
        ("Relative error of sampling", f"{percent(summary['relative_error'])} (expected, from standard errors)"),
        ("Values miss the score by at most", number(summary["additivity_residual"])),
    ]
    if summary["distance"] is not None:
        text = (
            f"{percent(summary['distance'])} on the first words of {summary['distance_texts']} texts, where every "
            f"coalition was scored; {percent(summary['expected_distance'])} expected"
        )
        items.append(("Distance to exact values", text))
    return KeyValues(tuple(items))


def _words(artifact: Artifact) -> list[Block]:
    table = artifact.tables["words"]
    least = int(artifact.summary["min_word_texts"])
    if not len(table):
        return [Text(f"No word stands in {least} or more of the explained texts, so none is listed.")]
    found: list[Block] = [Subheading("Words over all texts")]
    several = table["output"].nunique() > 1
    for output, part in table.groupby("output", sort=False):
        shown = part.head(_CHART_WORDS)
        found.append(
            interval_chart(
                title=f"What words do to the score{f' of {output}' if several else ''}",
                alt="Mean Shapley value of each word in the texts where it stands, with its interval.",
                data=shown[["word", "value", "low", "high", "size", "n"]],
                label="word",
                value="value",
                low="low",
                high="high",
                x_title="Mean Shapley value where the word stands",
                reference=0.0,
                columns=_word_columns(),
            )
        )
    note = (
        f"Words that stand in {least} or more of the explained texts, and groups: a rarer one could tell whose text it "
        "is. Intervals are 95 % bootstrap intervals over texts, or whole groups."
    )
    found.append(Table("Words and their values", table, (Column("output", "Class"), *_word_columns()), note=note))
    return found


def _word_columns() -> tuple[Column, ...]:
    return (
        Column("word", "Word"), Column("value", "Mean value", "number"), Column("low", "From", "number"),
        Column("high", "To", "number"), Column("size", "Mean size", "number"), Column("n", "Texts", "int"),
    )  # fmt: skip


def _released(artifact: Artifact) -> list[Block]:
    if "released" not in artifact.tables or not len(artifact.tables["released"]):
        return []
    found: list[Block] = [Subheading("Single texts")]
    for _, part in artifact.tables["released"].groupby("text", sort=True):
        first = part.iloc[0]
        pieces = tuple((str(row.piece), None if np.isnan(row.value) else float(row.value)) for row in part.itertuples())
        found.append(
            MarkedText(
                f"Text {first['row_id']}, fold {int(first['fold'])}, score of class {first['output']}: "
                f"{number(first['score'])} (all words hidden: {number(first['base_value'])})",
                pieces,
                f"speaks for {first['output']}",
                f"speaks against {first['output']}",
            )
        )
    return found


def _trust(artifact: Artifact) -> list[Block]:
    found: list[Block] = [Subheading("Can these values be trusted?")]
    curves = artifact.tables["curves"]
    if len(curves):
        data = curves.assign(series=curves["curve"] + ", " + curves["order"] + " order")
        found.append(
            line_chart(
                title="Removing and adding words",
                alt="Share of the way between no words and the whole text, against the share of words changed.",
                data=data,
                x="share",
                y="value",
                series="series",
                x_title="Share of the words changed",
                y_title="Share of the way",
                band=_INTERVAL,
            )
        )
        columns = (
            Column("curve", "Curve"), Column("value", "Ahead of a random order by", "number"),
            Column("low", "From", "number"), Column("high", "To", "number"), Column("n", "Texts", "int"),
        )  # fmt: skip
        found.append(Table("Area between the explained and a random order", artifact.tables["advantages"], columns))
    found += _randomised(artifact)
    errors = (
        Column("fold", "Fold", "int"), Column("n_texts", "Texts", "int"), Column("mean_words", "Words", "number"),
        Column("mean_players", "Players", "number"), Column("n_evaluations", "Texts scored", "int"),
        Column("additivity_residual", "Additivity residual", "number"),
        Column("relative_error", "Relative error", "percent"), Column("reached_target", "Error asked for reached"),
    )  # fmt: skip
    found.append(Table("Errors by fold", artifact.tables["errors"], errors, collapsed=True))
    return found


def _randomised(artifact: Artifact) -> list[Block]:
    table: pd.DataFrame = artifact.tables["randomisation"]
    if not len(table):
        return [Text(f"Not compared with a model of random weights: {artifact.summary['randomisation_skipped']}.")]
    columns = (
        Column("how", "Compared with"), Column("value", "Rank correlation", "number"), Column("low", "From", "number"),
        Column("high", "To", "number"), Column("n", "Texts", "int"), Column("verdict", "Result"),
    )  # fmt: skip
    note = "Near 1, the values would show the texts rather than what the model learnt (Adebayo et al. 2018)."
    return [Table("Values of the model and of one that learnt nothing", table, columns, note=note)]
