"""Shapley values of image patches: shap's Partition explainer against the engine, error against enumeration beside.

::

    python tests/benchmarks/bench_image_shapley.py [--small] [--json FILE]

20 images of 28 x 28 pixels on a grid of 4 x 4 patches, hidden behind one grey, one output of a small convolutional
network. Both sides call the same compiled function (shap with batches of 50, as its examples do, and of 500). The exact
values come from all 65,536 coalitions of each of the first images; errors are measured on these. Partition gives a
value a pixel: those of a patch are summed.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from _harness import Record, in_turns, options, show, timed, write

from appliedml.explain.masker import Scorer, evaluate
from appliedml.explain.regions import RegionMasker
from appliedml.explain.shapley import Budget, sampled_shapley, smallest_budget
from appliedml.explain.superpixels import grid_regions
from appliedml.explain.values import relative

SIDE = 28
GREY = 0.0
SHAP_EVALS = (500, 1000)
SHAP_BATCHES = (50, 500)
# Up to the fewest draws the engine makes by default for one stand-in, and more.
DRAWS = tuple(smallest_budget(1) * times // 4 for times in (1, 2, 4, 8, 16))
WANTED = 5.0


def make_network(n_rows: int, n_epochs: int) -> tuple[Scorer, Scorer, np.ndarray]:
    """Return ``model.predict`` and one compiled call of a trained network, and images it has not seen."""
    import _networks
    import keras
    import tensorflow as tf

    from appliedml.models._inputs import InputSpec

    rows = _networks.make_images(n_rows, SIDE)
    images = rows.x["images"]
    logits = _networks.SmallCnn(SIDE).build(InputSpec(()), _networks.N_CLASSES, seed=0)
    inputs = keras.Input((SIDE, SIDE, 1))
    model = keras.Model(inputs, keras.layers.Softmax()(logits({"images": inputs})))
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(images[20:], rows.y[20:], epochs=n_epochs, batch_size=64, verbose=0)
    spec = tf.TensorSpec((None, SIDE, SIDE, 1), tf.float32)
    call = tf.function(lambda batch: model(batch, training=False), input_signature=[spec])

    def compiled(batch: Any) -> np.ndarray:
        return call(tf.convert_to_tensor(batch, dtype=tf.float32)).numpy()[:, :1]

    return lambda batch: model.predict(batch, verbose=0)[:, :1], compiled, images[:20]


def on_grid(images: np.ndarray, grid: tuple[int, int]) -> RegionMasker:
    """The game between the patches of a grid, hidden behind one grey."""
    regions = np.broadcast_to(grid_regions((SIDE, SIDE), grid), images.shape[:3])
    return RegionMasker(images, regions, np.full((1, *images.shape[1:]), GREY, dtype=images.dtype))


def enumerated(masker: RegionMasker, scorer: Scorer) -> np.ndarray:
    """Shapley values of every coalition, by their definition; also for more players than the package enumerates."""
    n_players = len(masker.names)
    coalitions = (np.arange(2**n_players)[:, None] >> np.arange(n_players)) & 1 == 1
    sizes = coalitions.sum(axis=1)
    hidden = np.zeros(len(coalitions), dtype=np.intp)
    worth = evaluate(masker, scorer, np.arange(masker.n_rows), coalitions[None], hidden, 1_024)[..., 0]
    share = np.array([1 / (n_players * math.comb(n_players - 1, size)) for size in range(n_players)])
    values = np.empty((masker.n_rows, n_players))
    for player in range(n_players):
        without = np.flatnonzero(~coalitions[:, player])
        gain = worth[:, without + (1 << player)] - worth[:, without]
        values[:, player] = gain @ share[sizes[without]]
    return values


def shap_side(scorer: Scorer, images: np.ndarray, evals: int, batch: int) -> np.ndarray:
    """Explain as users call shap; one value a pixel."""
    import shap

    hidden = shap.maskers.Image(np.full(images.shape[1:], GREY, dtype=np.float32))
    found = shap.PartitionExplainer(scorer, hidden)(images, max_evals=evals, batch_size=batch, silent=True)
    return np.asarray(found.values).reshape(len(images), SIDE, SIDE)


def by_patch(pixels: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Sum the values of the pixels of every patch."""
    down, across = grid
    blocks = pixels.reshape(len(pixels), down, SIDE // down, across, SIDE // across)
    return blocks.sum(axis=(2, 4)).reshape(len(pixels), -1)


def run(
    grid: tuple[int, int], n_images: int, n_exact: int, n_rows: int, n_rounds: int, batches: tuple[int, ...]
) -> list[Record]:
    """Measure all sides on the same network and images."""
    predict, compiled, images = make_network(n_rows, 2 if n_images < 20 else 4)
    images = images[:n_images]
    masker = on_grid(images, grid)
    exactly, exact = timed(lambda: enumerated(on_grid(images[:n_exact], grid), compiled))
    works: dict[str, Any] = {
        f"shap {evals} evaluations, {batch} a call": partial(shap_side, compiled, images, evals, batch)
        for evals in SHAP_EVALS
        for batch in batches
    }
    for draws in DRAWS:
        budget = Budget(None, max_permutations=draws, min_permutations=min(draws, smallest_budget(1)), batch_rows=1_024)
        works[f"ours {draws}"] = partial(sampled_shapley, masker, compiled, budget=budget)
    shap_side(compiled, images[:1], 100, 50)  # compiles what shap compiles
    seconds, found = in_turns(works, n_rounds)
    errors = {
        name: relative(
            (by_patch(its, grid) if name.startswith("shap") else its.values[..., 0])[:n_exact] - exact, exact
        )
        for name, its in found.items()
    }
    users, _ = timed(lambda: shap_side(predict, images[:2], SHAP_EVALS[0], 50))
    details = {"seconds": seconds, "errors": errors, "enumeration_s": exactly["seconds"], "n_exact": n_exact}
    work = f"{n_images} images {SIDE} x {SIDE}, {grid[0]} x {grid[1]} patches"
    records = []
    for evals in SHAP_EVALS:
        theirs = min((name for name in works if name.startswith(f"shap {evals} ")), key=seconds.__getitem__)
        good = [name for name in works if name.startswith("ours") and errors[name] <= errors[theirs]]
        best = min(good or [f"ours {DRAWS[-1]}"], key=seconds.__getitem__)
        ratio = seconds[theirs] / seconds[best]
        records.append(
            Record(
                work=f"{work}, the same compiled function",
                today=f"Partition, {theirs.removeprefix('shap ')}: {seconds[theirs]:.2f} s",
                ours=f"{seconds[best]:.2f} s ({best.removeprefix('ours ')} draws)",
                ratio=ratio,
                accuracy=f"relative error {errors[theirs]:.3f} / {errors[best]:.3f}",
                target=f"{WANTED:g}x at no larger error",
                met=bool(ratio >= WANTED and errors[best] <= errors[theirs]),
                details=details,
            )
        )
        if evals == SHAP_EVALS[0]:
            slow = users["seconds"] * n_images / 2
            records.append(
                Record(
                    work=f"{work}, as users call it: Partition over model.predict",
                    today=f"{slow:.1f} s (2 images timed)",
                    ours=records[-1].ours,
                    ratio=slow / seconds[best],
                    accuracy=records[-1].accuracy,
                )
            )
    return records


def main() -> None:
    """Measure and print."""
    given = options(__doc__)
    records = run((2, 4), 4, 2, 400, 1, (50,)) if given.small else run((4, 4), 20, 4, 4_000, 3, SHAP_BATCHES)
    for record in records:
        show(record)
    write(given.json, records)


if __name__ == "__main__":
    main()
