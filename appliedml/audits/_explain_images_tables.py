"""Tables of the explained images: where the model looks on average, by class, and in which part of the image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._explain_groups import MIN_SHOWN_ROWS
from appliedml.audits._explain_pool import Pool, interval

MAP_COLUMNS = ("view", "output", "row", "column", "value", "low", "high", "share", "mean", "n", "small")
PART_COLUMNS = ("part", "share", "low", "high", "area", "higher", "n")
RELEASED_COLUMNS = ("place", "row_id", "fold", "output", "score", "base_value", "additivity_residual")
ALL_IMAGES = "all images"
PREVIEW = "gradients (quick preview)"
ALL_OUTPUTS = "all classes"
# Of a coarser grid nearly everything is border.
SMALLEST_GRID_WITH_PARTS = 4
# A corner is this share of each side of the picture, whatever the grid: markers do not shrink with the cells.
CORNER_SHARE = 0.25


def map_table(pooled: Pool, labels: NDArray[np.intp], classes: Sequence[str], min_images: int) -> pd.DataFrame:
    """Mean absolute values of the grid's cells: over all images, and over those of each class.

    Parameters
    ----------
    pooled : Pool
        Features are the cells.
    labels : array of int, shape (n_images,)
    classes : sequence of str
    min_images : int
        Classes with fewer explained images are called small.

    Returns
    -------
    DataFrame
        view ("all images" or "class=<name>"), output (class whose score is explained; "all classes", their mean, where
        there are several), row, column (of the grid, from 1), value (mean absolute), low, high, share (of the sum over
        cells), mean (with sign), n, small. Classes of fewer than five explained images are left out.
    """
    views: list[tuple[str, NDArray[np.bool_]]] = [(ALL_IMAGES, np.ones(len(labels), dtype=bool))]
    for code, name in enumerate(classes):
        inside = labels == code
        if inside.sum() >= MIN_SHOWN_ROWS:
            views.append((f"class={name}", inside))
    several = len(pooled.outputs) > 1
    parts = []
    for view, rows in views:
        value, low, high = interval(pooled.means(pooled.sizes, rows))
        signed = np.full(len(value), np.nan) if several else pooled.values[rows, :, 0].mean(axis=0)
        n = int(rows.sum())
        parts.append(
            cell_frame(value).assign(
                view=view,
                output=ALL_OUTPUTS if several else pooled.outputs[0],
                low=low,
                high=high,
                mean=signed,
                n=n,
                small=n < min_images,
            )
        )
    return pd.concat(parts, ignore_index=True)[list(MAP_COLUMNS)]


def cell_frame(value: NDArray[np.float64]) -> pd.DataFrame:
    """Return values of the cells of a square grid with their places and shares.

    Parameters
    ----------
    value : array of shape (n_cells,)

    Returns
    -------
    DataFrame
        row, column (from 1), value, share.
    """
    side = round(len(value) ** 0.5)
    row, column = np.divmod(np.arange(len(value)), side)
    total = value.sum()
    share = value / total if total else np.zeros(len(value))
    return pd.DataFrame({"row": row + 1, "column": column + 1, "value": value, "share": share})


def corner_cells(side: int) -> int:
    """Return how many cells a corner of the picture is wide and high: about a quarter of a side, at least one.

    Parameters
    ----------
    side : int
        Cells of the grid from one side to the other.

    Returns
    -------
    int

    Examples
    --------
    >>> [corner_cells(side) for side in (4, 6, 7, 8, 10, 16)]
    [1, 1, 2, 2, 2, 4]
    """
    # The nearest whole number; the smaller of two that are as near.
    return max(1, math.ceil(side * CORNER_SHARE - 0.5))


def part_table(pooled: Pool, cells: NDArray[np.intp]) -> pd.DataFrame:
    """Share of the attribution in the border and the corners, beside their share of the area.

    The border is the outermost ring of cells and the centre all others; a corner is about a quarter of each side, so
    that it may reach into the centre.

    Parameters
    ----------
    pooled : Pool
    cells : array of int, shape (height, width)
        Cell of every pixel.

    Returns
    -------
    DataFrame
        part, share (of the sum of absolute values over all images), low, high, area, higher (whether the whole interval
        lies above the area), n. No row for grids of fewer than 4 x 4 cells.
    """
    side = round(len(pooled.names) ** 0.5)
    rows = []
    if side >= SMALLEST_GRID_WITH_PARTS:
        place = np.arange(side * side).reshape(side, side)
        ring = np.ones((side, side), dtype=bool)
        ring[1:-1, 1:-1] = False
        n = corner_cells(side)
        upper, lower, left, right = slice(None, n), slice(-n, None), slice(None, n), slice(-n, None)
        corners = {
            "upper left corner": place[upper, left].ravel(),
            "upper right corner": place[upper, right].ravel(),
            "lower left corner": place[lower, left].ravel(),
            "lower right corner": place[lower, right].ravel(),
        }
        parts = {
            "border": place[ring],
            "centre": place[~ring],
            "all four corners": np.concatenate(list(corners.values())),
            **corners,
        }
        pixels = np.bincount(cells.reshape(-1), minlength=side * side) / cells.size
        means = pooled.means(pooled.sizes)
        total = means.sum(axis=1, keepdims=True)
        shares = np.divide(means, total, where=total > 0, out=np.zeros_like(means))
        for name, inside in parts.items():
            share, low, high = interval(shares[:, inside].sum(axis=1, keepdims=True))
            area = float(pixels[inside].sum())
            rows.append((name, share[0], low[0], high[0], area, bool(low[0] > area), len(pooled.values)))
    kinds = dict.fromkeys(PART_COLUMNS, float) | {"part": str, "higher": bool, "n": "int64"}
    return pd.DataFrame(rows, columns=list(PART_COLUMNS)).astype(kinds)


def released(evidence: Sequence[dict[str, Any]], n_images: int) -> tuple[pd.DataFrame, dict[str, NDArray[Any]]]:
    """Return the images whose pixels the plan lets out, from the lowest to the highest score.

    Parameters
    ----------
    evidence : sequence of dict
        With ``released``.
    n_images : int

    Returns
    -------
    table : DataFrame
        place (in the arrays), row_id, fold, output (the most probable class, or the class of interest), score,
        base_value, additivity_residual.
    arrays : dict of str to array
        ``released_pixels`` (n, height, width, channels) uint8, ``released_regions`` (n, height, width),
        ``released_values`` (n, n_regions) of that output, and ``released_masks`` where there are masks.
    """
    scores = np.concatenate([item["scores"].max(axis=1) for item in evidence])
    places = [(item, row) for item in evidence for row in range(len(item["scores"]))]
    order = np.argsort(scores, kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, min(n_images, len(order))).round().astype(int)]
    rows, pixels, regions, values, masks = [], [], [], [], []
    for place, at in enumerate(dict.fromkeys(chosen.tolist())):
        item, row = places[at]
        out, shown = int(item["scores"][row].argmax()), item["released"]
        own = shown["values"][row, :, out]
        score, base = float(item["scores"][row, out]), float(item["base_values"][row, out])
        name = str(item["classes"][item["outputs"][out]])
        rows.append((place, shown["row_id"][row], item["fold"], name, score, base, abs(score - base - own.sum())))
        pixels.append(shown["pixels"][row])
        regions.append(shown["regions"][row])
        values.append(own)
        if shown["masks"] is not None:
            masks.append(shown["masks"][row])
    arrays = {
        "released_pixels": np.stack(pixels),
        "released_regions": np.stack(regions),
        "released_values": np.stack(values),
    }
    if len(masks) == len(rows):
        arrays["released_masks"] = np.stack(masks)
    return pd.DataFrame(rows, columns=list(RELEASED_COLUMNS)), arrays


def error_table(evidence: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return the error of the explanation by fold.

    Parameters
    ----------
    evidence : sequence of dict

    Returns
    -------
    DataFrame
        fold, n_images, n_regions, n_hidden (stand-ins), base_value (mean), additivity_residual, mean_standard_error,
        relative_error, worst_image_error, reached_target, mean_permutations, n_evaluations. Errors are shares of the
        size (root mean square) of the fold's values.
    """
    rows = []
    for item in evidence:
        errors = item["standard_errors"]
        rows.append(
            {
                "fold": item["fold"],
                "n_images": len(errors),
                "n_regions": errors.shape[1],
                "n_hidden": item["n_hidden"],
                "base_value": float(item["base_values"][:, 0].mean()),
                "additivity_residual": item["additivity_residual"],
                "mean_standard_error": float(np.sqrt(np.mean(errors**2))),
                "relative_error": float(np.linalg.norm(errors)) / item["norm"] if item["norm"] else 0.0,
                "worst_image_error": item["worst_error"],
                "reached_target": bool(item["reached_target"]),
                "mean_permutations": item["mean_permutations"],
                "n_evaluations": item["n_evaluations"],
            }
        )
    return pd.DataFrame(rows)
