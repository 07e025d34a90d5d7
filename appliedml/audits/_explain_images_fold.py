"""The images of one fold explained: which, in what regions, hidden behind what, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from appliedml.audits._explain_images_checks import gradient_preview, nearness, painted, randomised
from appliedml.audits._explain_images_masks import inside_masks, masked_cells
from appliedml.audits._explain_images_stand_ins import score_range
from appliedml.audits._explain_rows import outputs_of, stratified_rows
from appliedml.core.fold import Fold
from appliedml.core.images import Images
from appliedml.core.seeds import derive_seed
from appliedml.explain.masker import Scorer, class_scorer
from appliedml.explain.pixel_game import ImageValues, PixelGame
from appliedml.explain.regions import on_pixels, sums_by_region
from appliedml.explain.shapley import FEWEST_DRAWS, MIN_DRAWS, Budget
from appliedml.explain.superpixels import grid_regions, superpixels

# Training images whose colours are averaged.
COLOUR_IMAGES = 200
WALK_RANDOM = 3
GREY = 127.5


@dataclass(frozen=True)
class ExplainedImages:
    """The explanation of a fold's images, and what made it.

    Parameters
    ----------
    game : PixelGame
    scorer : callable
        Of the explained outputs.
    values : ImageValues
    rows : array of int
        Test rows, by position.
    outputs : tuple of int
        Class codes that are explained.
    cells : array of int, shape (height, width)
        Cell of the grid that each pixel lies in.
    budget : Budget
    seed : int
    """

    game: PixelGame
    scorer: Scorer
    values: ImageValues
    rows: NDArray[np.intp]
    outputs: tuple[int, ...]
    cells: NDArray[np.intp]
    budget: Budget
    seed: int

    @property
    def decided(self) -> NDArray[np.intp]:
        """Column of the output that decides each image: the only one, or the most probable class."""
        return np.asarray(self.values.scores.argmax(axis=1), dtype=np.intp)

    def in_cells(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of regions, shape (n, n_regions, ...), as values of the grid's cells."""
        n_cells = int(self.cells.max()) + 1
        cells = np.broadcast_to(self.cells, self.game.regions.shape)
        return sums_by_region(on_pixels(values, self.game.regions), cells, n_cells)


def pixel_scorer(pipeline: Any) -> Scorer:
    """Return the pipeline's calibrated probabilities as a function of an array of pixels."""

    def score(batch: NDArray[np.uint8]) -> NDArray[np.float64]:
        return np.asarray(pipeline.score_transformed(pipeline.transform_inputs(Images.of(batch))), dtype=np.float64)

    return score


def explain_fold(fold: Fold, options: Any, n_images: int, seed: int) -> ExplainedImages | str:
    """Explain test images of a fold; a text says why that is not possible.

    Parameters
    ----------
    fold : Fold
    options : ExplainImages
    n_images : int
    seed : int

    Returns
    -------
    ExplainedImages or str
    """
    inputs = fold.test.X
    if not isinstance(inputs, Images):
        return f"The rows are {type(inputs).__name__}, not images; only images are explained by this audit."
    if max(options.grid, 2) > min(inputs.size):
        return f"A grid of {options.grid} x {options.grid} is finer than images of {inputs.size[0]} x {inputs.size[1]}."
    rows = stratified_rows(fold.test, n_images, derive_seed(seed, "rows"))
    pixels = inputs.pixels(rows)
    grid = (options.grid, options.grid)
    cells = grid_regions(inputs.size, grid)
    if options.players == "superpixels":
        regions = np.stack([superpixels(image, grid) for image in pixels])
    else:
        regions = np.broadcast_to(cells, pixels.shape[:3])
    hidden, own = stand_ins(fold, options, pixels, derive_seed(seed, "background"))
    outputs = outputs_of(fold)
    game = PixelGame(pixels, regions, hidden, own)
    scorer = class_scorer(pixel_scorer(fold.pipeline), outputs, options.output)
    budget = budget_of(options)
    values = game.sampled(scorer, budget, derive_seed(seed, "sample"))
    return ExplainedImages(game, scorer, values, rows, outputs, cells, budget, seed)


def budget_of(options: Any) -> Budget:
    """Return when sampling stops: small budgets begin with a smaller first round."""
    most = options.n_permutations
    fewest = MIN_DRAWS if most is None else max(FEWEST_DRAWS, min(MIN_DRAWS, most))
    return Budget(target_error=options.target_error, max_permutations=most, min_permutations=fewest)


def stand_ins(fold: Fold, options: Any, pixels: NDArray[np.uint8], seed: int) -> tuple[NDArray[np.uint8], bool]:
    """Return what hidden regions show, and whether every image has its own."""
    shape = pixels.shape[1:]
    if options.hidden == "blur":
        sigma = min(shape[:2]) / options.grid
        soft = gaussian_filter(pixels.astype(np.float32), (0, sigma, sigma, 0))
        return np.clip(np.rint(soft), 0, 255).astype(np.uint8), True
    if options.hidden == "grey":
        return np.full((1, *shape), np.rint(GREY), dtype=np.uint8), False
    many = options.background_images if options.hidden == "training" else COLOUR_IMAGES
    known = fold.train.X.pixels(stratified_rows(fold.train, many, seed))
    if options.hidden == "training":
        return known, False
    colour = np.rint(known.mean(axis=(0, 1, 2), dtype=np.float64)).astype(np.uint8)
    return np.broadcast_to(colour, (1, *shape)).copy(), False


def evidence_of(fold: Fold, explained: ExplainedImages, options: Any) -> dict[str, Any]:
    """Return what ``conclude`` needs of one fold, as plain data.

    Parameters
    ----------
    fold : Fold
    explained : ExplainedImages
    options : ExplainImages

    Returns
    -------
    dict
        No pixels, unless the plan releases images.
    """
    test, values, game = fold.test.take(explained.rows), explained.values, explained.game
    labels = np.asarray(test.y, dtype=np.intp)
    first = fold.number == 0
    found: dict[str, Any] = {
        "fold": fold.number,
        "seed": explained.seed,
        "classes": fold.classes,
        "outputs": explained.outputs,
        "size": game.images.shape[1:3],
        "names": cell_names(options.grid),
        "values": explained.in_cells(values.values),
        "standard_errors": values.standard_errors,
        "norm": float(np.linalg.norm(values.values)),
        "scores": values.scores,
        "base_values": values.base_values,
        "score_range": score_range(fold, explained.outputs, options.output),
        "n_test": len(fold.test),
        "labels": labels,
        "reached_target": values.reached_target,
        "n_evaluations": values.n_evaluations,
        "mean_permutations": float(values.n_permutations.mean()),
        "n_hidden": 1 if game.own else len(game.hidden),
        "additivity_residual": values.additivity_residual,
        "worst_error": _worst_error(values),
        "features": pd.DataFrame(index=range(len(test))),
        "sensitive": test.sensitive.reset_index(drop=True),
        "bands": {item.name: item.band_labels() for item in test.schema.sensitive_features if item.edges},
        "unit": test.row_id if test.group is None else test.group,
        "walks": game.walks(
            explained.scorer, values, explained.decided, WALK_RANDOM, derive_seed(explained.seed, "walks")
        ),
        "masks": inside_masks(test.X, values.values, game.regions, explained.outputs, labels),
        "masked_cells": masked_cells(test.X, explained.cells),
        "preview": gradient_preview(fold, explained) if options.preview_gradients else None,
        # Checks of the explainer rather than of the fold: once is enough.
        "check": nearness(explained, options.exact_images) if first else None,
        "randomised": randomised(fold, explained, options.output) if first else None,
        "painted": painted(fold, explained.seed) if first and options.activation_maximisation else None,
    }
    if options.release_images:
        masks = test.X.masks
        found["released"] = {
            "row_id": [str(item) for item in test.row_id],
            "pixels": game.images,
            "regions": np.array(game.regions, dtype=np.uint16),
            "values": values.values,
            "masks": None if masks is None else masks.pixels()[..., 0] > 127,
        }
    return found


def _worst_error(values: ImageValues) -> float:
    """Largest standard error of an image as a share of the size of all values, output by output."""
    own = np.sqrt(np.mean(values.standard_errors**2, axis=1))
    size = np.sqrt(np.maximum(np.mean(values.values**2 - values.standard_errors**2, axis=(0, 1)), 0))
    return float(np.divide(own, size, where=size > 0, out=np.where(own > 0, np.inf, 0.0)).max())


def cell_names(grid: int) -> tuple[str, ...]:
    """Return one name a cell, from top to bottom and from left to right, counted from 1.

    Examples
    --------
    >>> cell_names(2)[1]
    'row 1, column 2'
    """
    return tuple(f"row {row + 1}, column {column + 1}" for row in range(grid) for column in range(grid))
