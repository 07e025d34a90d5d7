"""How far explanations of images can be trusted: distance to exact values, randomised weights, gradients beside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from appliedml.core.fold import Fold
from appliedml.core.images import Images
from appliedml.core.seeds import derive_seed
from appliedml.explain.agreement import rank_correlations
from appliedml.explain.masker import class_scorer
from appliedml.explain.pixel_gradients import integrated_gradients, maximise_class
from appliedml.explain.regions import sums_by_region
from appliedml.explain.superpixels import grid_regions

if TYPE_CHECKING:
    from appliedml.audits._explain_images_fold import ExplainedImages

# Few enough players to enumerate: 4,096 coalitions an image.
EXACT_GRID = (3, 4)
RANDOMISED_IMAGES = 10
PAINTED_CLASSES = 10


def nearness(explained: ExplainedImages, n_images: int) -> dict[str, Any] | None:
    """Distance of sampled values to exact ones on a coarser grid, with the same budget, and what errors lead to expect.

    Parameters
    ----------
    explained : ExplainedImages
    n_images : int
        0 for none.

    Returns
    -------
    dict or None
        n, distance, expected: shares of the size of the exact values.
    """
    if not n_images:
        return None
    game = explained.game
    size = (int(game.images.shape[1]), int(game.images.shape[2]))
    grid = (min(EXACT_GRID[0], size[0]), min(EXACT_GRID[1], size[1]))
    some = np.linspace(0, len(game.images) - 1, min(n_images, len(game.images))).astype(np.intp)
    coarse = replace(game.take(some), regions=np.broadcast_to(grid_regions(size, grid), (len(some), *size)))
    exact = coarse.exact(explained.scorer)
    found = coarse.sampled(explained.scorer, explained.budget, derive_seed(explained.seed, "coarse"))
    norm = float(np.linalg.norm(exact.values))
    return {
        "grid": f"{grid[0]} x {grid[1]}",
        "n": len(some),
        "distance": float(np.linalg.norm(found.values - exact.values)) / norm if norm else 0.0,
        "expected": float(np.linalg.norm(found.standard_errors)) / norm if norm else 0.0,
    }


def randomised(fold: Fold, explained: ExplainedImages, scale: str) -> dict[str, Any]:
    """Rank correlation, image by image, with the explanations of a network whose weights are drawn anew."""
    model = fold.pipeline.model_
    if not callable(getattr(model, "randomised_scorer", None)):
        return {"how": f"{type(model).__name__} offers no randomised weights", "correlations": None}
    unlearned = model.randomised_scorer(derive_seed(explained.seed, "randomised"))
    pipeline = fold.pipeline

    def score(batch: NDArray[np.uint8]) -> NDArray[np.float64]:
        return np.asarray(unlearned(pipeline.transform_inputs(Images.of(batch))), dtype=np.float64)

    game, decided = explained.game, explained.decided
    rows = np.linspace(0, len(game.images) - 1, min(RANDOMISED_IMAGES, len(game.images))).astype(np.intp)
    scorer = class_scorer(score, explained.outputs, scale)
    other = game.take(rows).sampled(scorer, explained.budget, derive_seed(explained.seed, "other"))
    first = explained.values.values[rows, :, decided[rows]]
    second = other.values[np.arange(len(rows)), :, decided[rows]]
    return {"how": "the network with its weights drawn anew", "correlations": rank_correlations(first, second)}


def _network(fold: Fold) -> tuple[Any, str]:
    """Network from float pixels to probabilities, or why there is none."""
    model = fold.pipeline.model_
    steps = [name for name, stage in fold.pipeline.steps_ if callable(getattr(stage, "transform", None))]
    if steps:
        return None, f"no gradient passes through the step {steps[0]}"
    make = getattr(model, "pixel_model", None)
    network = make() if callable(make) else None
    return network, "" if network is not None else f"{type(model).__name__} offers no way for gradients to the pixels"


def gradient_preview(fold: Fold, explained: ExplainedImages) -> dict[str, Any]:
    """Integrated gradients of the network before calibration, summed by region, beside the Shapley values.

    Returns
    -------
    dict
        ``skipped`` (why there is none) or ``correlations`` (of absolute values, image by image), ``cells`` (absolute
        values of the grid's cells, image by image) and ``residual`` (the most that gradients miss of a probability).
    """
    network, reason = _network(fold)
    if network is None:
        return {"skipped": reason}
    game, decided = explained.game, explained.decided
    start = game.hidden if game.own else game.hidden.mean(axis=0, dtype=np.float64, keepdims=True)
    codes = np.array(explained.outputs, dtype=np.intp)[decided]
    maps, residuals = integrated_gradients(network, game.images, np.broadcast_to(start, game.images.shape), codes)
    by_region = sums_by_region(maps, game.regions, game.n_regions)
    cells = np.broadcast_to(explained.cells, game.regions.shape)
    own = explained.values.values[np.arange(len(decided)), :, decided]
    return {
        "skipped": "",
        "correlations": rank_correlations(own, by_region),
        "cells": np.abs(sums_by_region(maps, cells, int(explained.cells.max()) + 1)),
        "residual": float(np.abs(residuals).max()),
    }


def painted(fold: Fold, seed: int) -> dict[str, Any]:
    """Paint what raises the probability of each class most; synthetic images.

    Returns
    -------
    dict
        ``skipped`` (why there are none) or ``pixels`` (n, height, width, channels), ``classes``, ``probability``
        (of the pipeline) and ``before`` (of the network, on grey).
    """
    network, reason = _network(fold)
    if network is None:
        return {"skipped": reason}
    codes = range(min(len(fold.classes), PAINTED_CLASSES))
    shape = fold.test.X.shape[1:]
    found = [maximise_class(network, shape, code, seed=derive_seed(seed, "painted", code)) for code in codes]
    pixels = np.stack([item[0] for item in found])
    chances = np.asarray(fold.pipeline.predict_proba(Images.of(pixels)))
    return {
        "skipped": "",
        "pixels": pixels,
        "classes": [str(fold.classes[code]) for code in codes],
        "probability": [float(chances[code, code]) for code in codes],
        "before": [item[2] for item in found],
    }
