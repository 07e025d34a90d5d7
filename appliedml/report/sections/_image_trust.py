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
    return [*found, Table("Error of the maps, by fold", errors, columns, collapsed=True)]
