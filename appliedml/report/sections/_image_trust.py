"""How far explanations of images can be trusted, as blocks."""

from __future__ import annotations

import numpy as np

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Block, Column, Subheading, Table, Text
from appliedml.report.figures import line_chart
from appliedml.report.values import interval, number

_INTERVAL = ("low", "high")


def trust_blocks(artifact: Artifact) -> list[Block]:
    """Return deletion and insertion, randomisation, gradients, agreement and errors.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    list of Block
    """
    found: list[Block] = [Subheading("How far the maps can be trusted")]
    found += _curves(artifact)
    found.append(_randomisation(artifact))
    found.append(_preview(artifact))
    return [*found, *_by_fold(artifact)]


def stand_in_facts(artifact: Artifact) -> list[tuple[str, str]]:
    """Return what a wholly hidden picture scores beside the pictures, as a line of facts.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    list of (str, str)
        Empty for runs that did not measure it.
    """
    table = artifact.tables.get("stand_ins")
    if table is None or not len(table):
        return []
    n, n_outside = int(table["n"].sum()), int(table["n_outside"].sum())
    low, high = number(table["hidden_low"].min()), number(table["hidden_high"].max())
    scored = low if low == high else f"{low} to {high}"
    told = f"{n_outside} of {n} outside the range (1 % to 99 %) of the pictures' own out-of-fold scores"
    return [("A wholly hidden picture scores (the base value)", f"{scored}; {told}")]


def stand_in_note(artifact: Artifact) -> str:
    """Return what a reader of single heat maps must know of the base value: nothing where it is that of pictures.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    str
        With a space at the end.
    """
    table = artifact.tables.get("stand_ins")
    if table is None or not table["n_outside"].sum():
        return ""
    n_outside, n = int(table["n_outside"].sum()), int(table["n"].sum())
    return (
        f"In {n_outside} of {n} images the base value is no score that pictures have: much of the colour may "
        "tell how an image differs from the stand-in. "
    )


def _curves(artifact: Artifact) -> list[Block]:
    found: list[Block] = []
    advantages = artifact.tables["advantages"].set_index("curve")
    for name, what in (("deletion", "hidden"), ("insertion", "shown")):
        curves, gain = artifact.tables["curves"], advantages.loc[name]
        found.append(
            line_chart(
                title=f"{name.capitalize()}: regions {what} in the order of the explanation, and at random",
                alt=f"Share of the way from the hidden image to the score while regions are {what}. Area between the "
                f"explained and the random order {number(gain['value'])} ({interval(gain['low'], gain['high'])}, "
                f"{int(gain['n'])} images); above 0 the explanation beats chance.",
                data=curves[curves["curve"] == name],
                x="share",
                y="value",
                x_title=f"Share of the regions {what}",
                y_title="Share of the way to the score",
                series="order",
                band=_INTERVAL,
                columns=(
                    Column("order", "Order"),
                    Column("share", f"Regions {what}", "percent"),
                    Column("value", "Share of the way", "interval", _INTERVAL),
                ),
            )
        )
    columns = (Column("curve", "Curve"), Column("value", "Area", "interval", _INTERVAL), Column("n", "Images", "int"))
    note = "Above 0, the explanation finds what the model uses."
    return [*found, Table("Advantage over a random order", artifact.tables["advantages"], columns, note=note)]


def _randomisation(artifact: Artifact) -> Block:
    table, limit = artifact.tables["randomisation"], artifact.summary["randomisation_limit"]
    if not len(table):
        return Text(f"Model-randomisation test: not made. {artifact.summary['randomisation_skipped']}.", small=True)
    columns = (
        Column("how", "Compared with"),
        Column("value", "Mean rank correlation", "interval", _INTERVAL),
        Column("n", "Images", "int"),
        Column("verdict", "Maps depend on what was learnt?"),
    )
    note = (
        "Near 1, the maps would not depend on what the model has learned. The verdict is 'shown' if the whole interval "
        f"lies below {limit:g}, half of the agreement of a map with itself (a convention); else 'not shown'."
    )
    shown = table.assign(verdict=np.where(table["high"] < limit, "shown", "not shown"))
    return Table("Model-randomisation test", shown, columns, note=note)


def _preview(artifact: Artifact) -> Block:
    table, summary = artifact.tables["preview"], artifact.summary
    if not len(table):
        return Text(f"Gradients as a quick preview: none; {summary['preview_skipped']}.", small=True)
    columns = (
        Column("how", "Quick preview"),
        Column("value", "Mean rank correlation with the Shapley values", "interval", _INTERVAL),
        Column("n", "Images", "int"),
    )
    note = (
        "Gradients are cheap, and a preview only: they follow the network before calibration, along one straight line "
        f"of images. They miss its probability by up to {summary['preview_residual']:.2g}. Where they disagree with "
        "the Shapley values, rely on those."
    )
    return Table("Gradients (quick preview) beside the Shapley values", table, columns, note=note)


def _by_fold(artifact: Artifact) -> list[Block]:
    found: list[Block] = []
    agreement, errors = artifact.tables["agreement"], artifact.tables["errors"]
    if len(agreement):
        columns: tuple[Column, ...] = (
            Column("fold_a", "Fold", "int"),
            Column("fold_b", "and fold", "int"),
            Column("overlap", "Attribution in the same cells", "percent"),
            Column("spearman", "Spearman", "number"),
            Column("kendall", "Kendall", "number"),
        )
        note = "Rank correlations count the many cells that hardly matter as much as the few that do."
        found.append(Table("Agreement of the average map between folds", agreement, columns, note, collapsed=True))
    columns = (
        Column("fold", "Fold", "int"),
        Column("n_images", "Images", "int"),
        Column("base_value", "Base value", "number"),
        Column("residual", "Additivity residual"),
        Column("mean_standard_error", "Standard error", "number"),
        Column("relative_error", "Relative", "percent"),
        Column("mean_permutations", "Permutations an image", "int"),
        Column("n_evaluations", "Images scored", "int"),
    )
    errors = errors.assign(
        residual=[f"{value:.1e}" for value in errors["additivity_residual"]],
        mean_permutations=errors["mean_permutations"].round().astype("int64"),
    )
    found.append(Table("Error of the maps, by fold", errors, columns, collapsed=True))
    return [*found, *_stand_ins(artifact)]


def _stand_ins(artifact: Artifact) -> list[Block]:
    table = artifact.tables.get("stand_ins")
    if table is None or not len(table):
        return []
    columns = (
        Column("fold", "Fold", "int"),
        Column("output", "Class"),
        Column("n", "Images, wholly hidden", "int"),
        Column("hidden", "Their mean score, lowest to highest", "interval", ("hidden_low", "hidden_high")),
        Column("low", "1 % of the pictures score below", "number"),
        Column("high", "1 % above", "number"),
        Column("n_test", "Pictures", "int"),
        Column("n_outside", "Hidden ones outside", "int"),
    )
    note = (
        "Heights of a map are measured from the score of the picture of which nothing is shown. Where that is outside "
        "what pictures score out-of-fold, the network sees something that no picture looks like, and the map tells how "
        "a picture differs from that. More than one in ten outside is a warning; of real pictures one in fifty is."
    )
    return [Table("Wholly hidden pictures beside the others, by fold", table, columns, note=note, collapsed=True)]
