"""Whether the model looks where the finding is: attribution inside known regions, such as the masks of lesions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._explain_pool import Pool, interval
from appliedml.core.images import Images
from appliedml.explain.regions import sums_by_region

MASK_COLUMNS = ("measure", "value", "low", "high", "expected", "difference", "difference_low", "difference_high",
                "highest", "n", "n_left_out")  # fmt: skip
# With fewer images their resamples are hardly more than the images themselves.
FEWEST_IMAGES = 5
# So many cells of the average map are compared with the known regions, if they hold so many times an even share.
STRONGEST, STRONG_FACTOR = 3, 1.5
SHARE, POINTING = "share of positive attribution inside the mask", "most important region touches the mask"


def inside_masks(
    images: Images,
    values: NDArray[np.float64],
    regions: NDArray[Any],
    outputs: tuple[int, ...],
    labels: NDArray[np.intp],
) -> NDArray[np.float64] | None:
    """Measure, image by image, how much of the attribution lies inside its mask.

    Parameters
    ----------
    images : Images
        The explained ones, with their masks.
    values : array of shape (n_images, n_regions, n_outputs)
    regions : array of int, shape (n_images, height, width)
    outputs : tuple of int
        Class codes of the outputs. With several, the values of the image's own class count.
    labels : array of int, shape (n_images,)

    Returns
    -------
    array of shape (n_images, 5) or None
        Share of the positive values inside the mask; the mask's share of the area; the largest share that these regions
        can reach (all attribution on the region that the mask covers most); whether the region of the largest value
        touches the mask (0 or 1); the share of the area that such regions cover. NaN for images with an empty mask or
        without a positive value. None where there are no masks.

    Source
    ------
    Arras, Osman & Samek (2022), CLEVR-XAI: relevance mass accuracy; Zhang et al. (2018), Top-down neural attention by
    excitation backprop: the pointing game.
    """
    if images.masks is None:
        return None
    inside = images.masks.pixels()[..., 0] > 127
    column = labels if len(outputs) > 1 else np.zeros(len(labels), dtype=np.intp)
    own = values[np.arange(len(values)), :, column]
    n_regions = own.shape[1]
    sizes = sums_by_region(np.ones(regions.shape), regions, n_regions)
    covered = sums_by_region(inside.astype(float), regions, n_regions) / sizes
    area = sizes / sizes.sum(axis=1, keepdims=True)
    positive = np.maximum(own, 0)
    total = positive.sum(axis=1)
    top = own.argmax(axis=1)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (positive * covered).sum(axis=1) / total
    touched = covered > 0
    found = np.column_stack(
        [
            share,
            (covered * area).sum(axis=1),
            covered.max(axis=1),
            np.take_along_axis(touched, top, axis=1)[:, 0],
            (area * touched).sum(axis=1),
        ]
    )
    found[(total <= 0) | ~inside.any(axis=(1, 2))] = np.nan
    return found


def masked_cells(images: Images, cells: NDArray[np.intp]) -> NDArray[np.bool_] | None:
    """Return which cells of the grid the known region of any image touches.

    Parameters
    ----------
    images : Images
        The explained ones, with their masks.
    cells : array of int, shape (height, width)
        Cell of every pixel.

    Returns
    -------
    array of bool, shape (n_cells,) or None
        None where there are no masks.
    """
    if images.masks is None:
        return None
    known = (images.masks.pixels()[..., 0] > 127).any(axis=0)
    found = np.zeros(int(cells.max()) + 1, dtype=bool)
    found[cells[known]] = True
    return found


def strongest_outside(
    evidence: Sequence[dict[str, Any]], cells: pd.DataFrame, names: Sequence[str]
) -> list[dict[str, Any]]:
    """Return those of the strongest cells of the average map that no known region touches.

    Parameters
    ----------
    evidence : sequence of dict
        With ``masked_cells``.
    cells : DataFrame
        Of all images: share, in the order of the names.
    names : sequence of str
        Of the cells.

    Returns
    -------
    list of dict
        cell, share; the strongest first, of the three strongest. Cells with hardly more than an even share are no
        strong ones. Empty where no image has a known region.
    """
    parts = [item["masked_cells"] for item in evidence]
    if any(part is None for part in parts) or not np.any(parts):
        return []
    touched, share = np.any(parts, axis=0), cells["share"].to_numpy()
    order = np.argsort(-share, kind="stable")[:STRONGEST]
    return [
        {"cell": names[at], "share": float(share[at])}
        for at in order
        if not touched[at] and share[at] >= STRONG_FACTOR / len(share)
    ]


def mask_table(evidence: Sequence[dict[str, Any]], pooled: Pool) -> pd.DataFrame:
    """Average over the images that have a mask, with bootstrap intervals.

    Parameters
    ----------
    evidence : sequence of dict
    pooled : Pool

    Returns
    -------
    DataFrame
        measure, value, low, high, expected (if attribution were spread evenly over the image), difference from it,
        difference_low, difference_high, highest (that these regions could reach), n, n_left_out. No row where there are
        no masks. No interval of fewer than five images: their resamples are hardly more than the images themselves.
    """
    parts = [item["masks"] for item in evidence]
    if any(part is None for part in parts):
        return _table([])
    found = np.concatenate(parts)
    known = np.isfinite(found).all(axis=1)
    if not known.any():
        return _table([])
    rows = []
    for measure, at, chance, best in ((SHARE, 0, 1, found[known, 2].mean()), (POINTING, 3, 4, 1.0)):
        columns = np.column_stack([found[:, at], found[:, chance], found[:, at] - found[:, chance]])
        value, low, high = interval(pooled.means(columns, known))
        if known.sum() < FEWEST_IMAGES:
            low, high = np.full_like(value, np.nan), np.full_like(value, np.nan)
        rows.append(
            (measure, value[0], low[0], high[0], value[1], value[2], low[2], high[2], best, known.sum(), (~known).sum())
        )
    return _table(rows)


def _table(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    kinds = dict.fromkeys(MASK_COLUMNS, float) | {"measure": str, "n": "int64", "n_left_out": "int64"}
    return pd.DataFrame(rows, columns=list(MASK_COLUMNS)).astype(kinds)
