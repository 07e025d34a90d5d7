"""Section "Explanations of images": where the model looks, and how far the maps can be trusted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import (
    Block,
    Callout,
    Column,
    Figure,
    KeyValues,
    Picture,
    Pictures,
    Subheading,
    Table,
    Text,
)
from appliedml.report.figures import heatmap_chart
from appliedml.report.pictures import SIDE_PX, heat_over, in_colour, outlined, png
from appliedml.report.sections._image_trust import stand_in_facts, stand_in_note, trust_blocks
from appliedml.report.sections._scores import finding_blocks
from appliedml.report.values import percent
from appliedml.store.run import Run

_SCALES = {"probability": "probability", "log_odds": "log-odds"}
_PLAYERS = {"patches": "patches of a grid", "superpixels": "superpixels (connected regions of like colour)"}
_HIDDEN = {
    "mean": "the mean colour of the fold's training images",
    "grey": "grey",
    "blur": "the blurred image itself, so that the base value differs from image to image",
    "training": "the same place of {n} training images in turn",
}
_INTERVAL = ("low", "high")
# Cells of a map into which numbers are written; they stand in the table behind every map.
MOST_NUMBERS = 36
_ALL = "all images"
_PREVIEW = "gradients (quick preview)"
# A report stays small: released images are shown in order of their score up to this number.
_MOST_PICTURES = 24
# Between an image and the heat map below it.
_GAP_PX = 4
_CELLS = (
    Column("row", "Row", "int"), Column("column", "Column", "int"),
    Column("value", "Mean absolute value", "interval", _INTERVAL), Column("share", "Share", "percent"),
    Column("mean", "Mean with sign", "number"),
)  # fmt: skip
_RELEASED = (
    Column("row_id", "Row"), Column("fold", "Fold", "int"), Column("output", "Class"),
    Column("score", "Score", "number"), Column("base_value", "Base value", "number"),
)  # fmt: skip


class ImageExplanations:
    """Average maps, known regions, border and corners, groups, released images, trust."""

    title = "Explanations of images"
    order = 61
    reads = ("explain_images",)

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        artifact = run["explain_images"]
        if "maps" not in artifact.tables:
            return []
        found: list[Block] = [
            Callout(
                "neutral",
                "Association, not cause",
                "Shapley values share out a score among regions of the image. They say what the model does with "
                "pixels; not what causes a finding, nor that what it looks at is the finding.",
            ),
            _facts(artifact),
        ]
        found += finding_blocks(artifact)
        found += _maps(artifact)
        found += _parts(artifact)
        found += _masks(artifact)
        found += _groups(artifact)
        found += trust_blocks(artifact)
        found += _preview_map(artifact)
        found += _painted(artifact)
        return [*found, *_released(artifact)]


def _facts(artifact: Artifact) -> KeyValues:
    summary = artifact.summary
    height, width = summary["size"]
    items = [
        (
            "Explained",
            f"the {_SCALES[summary['output']]} of class{'es' if summary['several'] else ''} "
            f"{', '.join(summary['classes'])}",
        ),
        ("Images", f"{summary['n_images']:,} test images of {summary['n_folds']} folds, {height} x {width} pixels"),
        ("Regions", f"{summary['n_regions']} {_PLAYERS[summary['players']]} an image"),
        ("A hidden region shows", _HIDDEN[summary["hidden"]].format(n=summary["n_hidden"])),
        *stand_in_facts(artifact),
        ("Images scored", f"{summary['n_evaluations']:,} composite images"),
        (
            "Relative error of sampling",
            f"{percent(summary['relative_error'])} (expected, from standard errors)"
            + (
                f"; of the worst image {percent(summary['worst_image_error'])} of the size of its fold's values"
                if summary["worst_image_error"] is not None
                else ""
            ),
        ),
    ]
    if summary["distance"] is not None:
        items.append(
            (
                f"Measured distance to exact values on a grid of {summary['distance_grid']}",
                f"{percent(summary['distance'])} on {summary['distance_images']} images; their standard errors lead to "
                f"expect {percent(summary['expected_distance'])}",
            )
        )
    items.append(("Additivity residual, largest", f"{summary['additivity_residual']:.1e}"))
    if summary["fold_agreement"] is not None:
        items.append(("Attribution that two folds put into the same cells, mean", percent(summary["fold_agreement"])))
    return KeyValues(tuple(items), "How it was explained")


def _maps(artifact: Artifact) -> list[Block]:
    table = artifact.tables["maps"]
    found: list[Block] = [
        Subheading("Where the model looks on average"),
        Text(
            "Mean absolute Shapley values of the cells of a grid laid over all images; rows and columns count from the "
            "upper left corner. Left and right are those of the image as it is shown, not the patient's. The colours "
            "of each map run from its smallest cell to its largest, however close these are: between maps, compare the "
            "numbers."
        ),
    ]
    for view in dict.fromkeys(table["view"]):
        if view == _PREVIEW:
            continue
        part = table[table["view"] == view]
        small = ", a small group" if part["small"].iloc[0] and view != _ALL else ""
        found.append(_average_map(part, f"Average map: {view} ({int(part['n'].iloc[0])} images{small})", "value"))
    return found


def _preview_map(artifact: Artifact) -> list[Block]:
    """The map of the gradients, apart from those of Shapley values: it answers another question."""
    part = artifact.tables["maps"][artifact.tables["maps"]["view"] == _PREVIEW]
    if not len(part):
        return []
    title = f"Quick preview by gradients, no Shapley values ({int(part['n'].iloc[0])} images)"
    return [_average_map(part, title, "integrated gradient")]


def _average_map(part: pd.DataFrame, title: str, what: str) -> Figure:
    top = part.loc[part["value"].idxmax()]
    return heatmap_chart(
        title=title,
        alt=f"Mean absolute {what} by cell. The largest is in row {top['row']}, column {top['column']}: "
        f"{top['value']:.3g} ({top['low']:.3g} to {top['high']:.3g}), {percent(top['share'])} of the sum. Spread "
        f"evenly, each cell would hold {percent(1 / len(part))}.",
        data=part.assign(percent=100 * part["share"]),
        x="column",
        y="row",
        value="percent",
        value_title="Share of the attribution (%)",
        columns=_CELLS,
        numbers=len(part) <= MOST_NUMBERS,
    )


def _parts(artifact: Artifact) -> list[Block]:
    table = artifact.tables["parts"]
    if not len(table):
        return [Text("Border and corners are not told apart on a grid of fewer than 4 x 4 cells.", small=True)]
    factor, grid = artifact.summary["part_factor"], artifact.summary["grid"]
    # Older runs measured corners of a single cell.
    side = artifact.summary.get("corner_cells", 1)
    shown = table.assign(
        result=np.where(
            table["higher"] & (table["share"] >= factor * table["area"]),
            "more than its area",
            np.where(table["higher"], "somewhat more than its area", "not shown to be more than its area"),
        )
    )
    columns = (
        Column("part", "Part of the image"), Column("share", "Share of the attribution", "interval", _INTERVAL),
        Column("area", "Share of the area", "number"), Column("result", "Result"), Column("n", "Images", "int"),
    )  # fmt: skip
    note = (
        "Markers, labels and the edges of an exposure sit at the border and in the corners. The border is the "
        f"outermost ring of cells, the centre all others. A corner is {side} x {side} of the {grid} x {grid} cells; "
        "the parts overlap. A part is named in the findings if its whole interval lies above its share of the area and "
        f"the share is at least {factor:g} times that (a convention)."
    )
    return [Subheading("Border and corners"), Table("Attribution by part of the image", shown, columns, note=note)]


def _masks(artifact: Artifact) -> list[Block]:
    table = artifact.tables["masks"]
    if not len(table):
        return []
    columns = (
        Column("measure", "Measure"), Column("value", "Value", "interval", _INTERVAL),
        Column("expected", "By area alone", "number"),
        Column("difference", "Difference", "interval", ("difference_low", "difference_high")),
        Column("highest", "Highest possible", "number"), Column("n", "Images", "int"),
    )  # fmt: skip
    left_out = int(table["n_left_out"].iloc[0])
    note = (
        "By area alone: if attribution were spread evenly over the image. Highest possible: with all attribution on "
        f"the region of the image that the known region covers most. {left_out} images without a known region, or "
        "without positive attribution, are left out."
    )
    return [
        Subheading("Does the model look at the known regions?"),
        Table("Positive attribution and known regions, such as lesions", table, columns, note=note),
    ]


def _groups(artifact: Artifact) -> list[Block]:
    groups, summary = artifact.tables["by_group"], artifact.summary
    left_out = [
        f"{n} group{'s' if n > 1 else ''} of {name} with fewer than five explained images "
        f"{'are' if n > 1 else 'is'} left out"
        for name, n in summary["groups_left_out"].items()
    ]
    if not len(groups):
        return [Text(f"Maps by group: {'; '.join(left_out)}.", small=True)] if left_out else []
    found: list[Block] = [
        Subheading("Different places for different people?"),
        Text(
            "Differences of the average maps: mean absolute value of the group minus that of all others. The intervals "
            f"hold for all comparisons together. Groups of fewer than {summary['min_group_images']} explained images "
            "are called small and not compared." + (f" {'; '.join(left_out)}." if left_out else "")
        ),
    ]
    columns = (
        Column("level", "Group"), Column("row", "Row", "int"), Column("column", "Column", "int"),
        Column("n", "Images", "int"), Column("note", "Note"),
        Column("value", "Mean absolute value", "interval", _INTERVAL),
        Column("difference", "Difference from all others", "interval", ("difference_low", "difference_high")),
        Column("differs", "Result"),
    )  # fmt: skip
    maps = artifact.tables["maps"]
    total = float(maps.loc[maps["view"] == _ALL, "value"].sum())
    for name, part in groups.groupby("sensitive", sort=False):
        part = part.assign(
            note=np.where(part["small"], "small group", ""),
            differs=np.where(
                part["small"], "not compared", np.where(part["differs"], "differs", "no difference shown")
            ),
        )
        # With two levels, the difference of the one is that of the other with its sign turned.
        levels = list(dict.fromkeys(part.loc[~part["small"].astype(bool), "level"]))
        drawn = levels[:1] if part["level"].nunique() == 2 else levels
        found += [_difference(str(name), str(level), part[part["level"] == level], total, columns) for level in drawn]
        found.append(Table(f"All cells by {name}", part, columns, collapsed=True))
    return found


def _difference(name: str, level: str, part: pd.DataFrame, total: float, columns: tuple[Column, ...]) -> Block:
    most = part.loc[part["difference"].abs().idxmax()]
    n_differ = int((part["differs"] == "differs").sum())
    return heatmap_chart(
        title=f"Average map of {name} = {level} minus that of all others",
        alt=f"Difference of mean absolute values by cell, {int(most['n'])} images. The largest is "
        f"{most['difference']:+.3g} in row {most['row']}, column {most['column']}; {n_differ} of {len(part)} cells "
        "differ.",
        data=part.assign(percent=100 * part["difference"] / total if total else 0.0),
        x="column",
        y="row",
        value="percent",
        value_title="Difference, in % of the attribution of all images",
        columns=columns,
        numbers=len(part) <= MOST_NUMBERS,
    )


def _painted(artifact: Artifact) -> list[Block]:
    table = artifact.tables["painted"]
    skipped = artifact.summary["painted_skipped"]
    if not len(table):
        return (
            [] if skipped == "not asked for" else [Text(f"Activation maximisation: not made; {skipped}.", small=True)]
        )
    items = tuple(
        Picture(
            png(pixels),
            f"Synthetic image that raises the probability of class {row['class']} to {row['probability']:.3f}.",
            f"{row['class']}: probability {row['probability']:.3f}",
        )
        for pixels, (_, row) in zip(artifact.arrays["painted_pixels"], table.iterrows(), strict=True)
    )
    return [
        Subheading("What each class looks like to the network"),
        Pictures(
            "Activation maximisation, by class",
            items,
            "Painted from grey by following the gradient of the network's probability; no person's image went in. "
            "Probabilities are the pipeline's, after calibration. Each shows one way to a high score, not all of them.",
        ),
    ]


def _released(artifact: Artifact) -> list[Block]:
    if "released" not in artifact.tables:
        return []
    table, arrays = artifact.tables["released"], artifact.arrays
    values, regions = arrays["released_values"], arrays["released_regions"].astype(np.intp)
    maps = np.stack(
        [own[region] / np.bincount(region.reshape(-1))[region] for own, region in zip(values, regions, strict=True)]
    )
    # One scale for all pictures: a pale map is that of a score near its base value.
    largest = float(np.abs(maps).max())
    items: list[Picture] = []
    scale = _SCALES[artifact.summary["output"]]
    for row in table.head(_MOST_PICTURES).to_dict("records"):
        at = int(row["place"])
        pixels, mask = arrays["released_pixels"][at], arrays.get("released_masks")
        heat = heat_over(pixels, maps[at], largest)
        known = ""
        if mask is not None and mask[at].any():
            heat, known = outlined(heat, mask[at]), " The known region is outlined in yellow."
        name = f"{row['row_id']} (fold {row['fold']})"
        items.append(
            Picture(
                png(_stacked(pixels, heat), 2 * SIDE_PX + _GAP_PX),
                f"Test image {name}, and below it the heat map over it.{known}",
                f"{name}. {scale[:1].upper()}{scale[1:]} of class {row['output']}: {row['score']:.3f}; base value: "
                f"{row['base_value']:.3f}",
            )
        )
    strongest = np.unravel_index(np.abs(maps).argmax(), maps.shape)
    deepest = abs(float(values[strongest[0]][regions[strongest]]))
    return [
        Subheading("Single images"),
        Callout(
            "warning",
            "Personal data",
            "The plan released these images of the test data. Images of real people are personal data: handle them as "
            "such.",
        ),
        Pictures(
            "Released images, and heat maps over them",
            tuple(items),
            "From the lowest to the highest score, each image above its heat map. Red raises the score above the base "
            f"value (nothing shown), blue lowers it, on one scale: the deepest colour is a region of {deepest:.2g}. "
            f"{stand_in_note(artifact)}Association, not cause.",
        ),
        Table("Released images", table, _RELEASED, collapsed=True),
    ]


def _stacked(pixels: NDArray[Any], heat: NDArray[Any]) -> NDArray[np.uint8]:
    """An image above its heat map as one picture: side by side in a grid, they would part at the end of a line."""
    height, width = pixels.shape[:2]
    gap = np.full((max(1, round(_GAP_PX * height / SIDE_PX)), width, 3), 255, dtype=np.uint8)
    return np.concatenate([in_colour(pixels), gap, in_colour(heat)])
