"""Integer weights of bootstrap resamples: how often each row, or each whole group, was drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from appliedml.errors import DataError
from appliedml.metrics import _binned
from appliedml.metrics._weighted import Floats, Rows, cluster_codes
from appliedml.metrics.classification import Metric

# Weights of one batch. Larger batches leave the processor's cache: twice the time at 100,000 rows.
BATCH_VALUES = 100_000


def resample_weights(n_rows: int, n_resamples: int, seed: int, groups: ArrayLike | None = None) -> Iterator[Floats]:
    """Give the weights of all resamples in batches.

    Parameters
    ----------
    n_rows : int
    n_resamples : int
    seed : int
    groups : array of shape (n_rows,), optional
        Rows of one group are drawn together. Without it, row by row.

    Yields
    ------
    array of shape (n_batch, n_rows)
        The same weights whatever the size of a batch.

    Raises
    ------
    DataError
        If there is no row, or the rows are of one group only.
    """
    if n_rows == 0:
        raise DataError("A bootstrap needs rows, and there are none.")
    codes: NDArray[np.int64] | None = None
    n_units = n_rows
    if groups is not None:
        codes, n_units = cluster_codes(groups)
        if len(codes) != n_rows:
            raise DataError(f"A bootstrap needs one group per row. There are {n_rows} rows and {len(codes)} groups.")
        if n_units < 2:
            raise DataError("A bootstrap over groups needs at least two groups. All rows are of one.")
    rng = np.random.default_rng(seed)
    batch = max(1, BATCH_VALUES // n_rows)
    for start in range(0, n_resamples, batch):
        size = min(batch, n_resamples - start)
        drawn = np.empty((size, n_units))
        for row in drawn:
            row[:] = np.bincount(rng.integers(0, n_units, n_units), minlength=n_units)
        yield drawn if codes is None else drawn[:, codes]


def bootstrap_draws(
    models: Mapping[str, Rows], metrics: Mapping[str, Metric], n_resamples: int, seed: int, groups: ArrayLike | None
) -> dict[str, dict[str, Floats]]:
    """Measure several models in every resample; rows and resamples are the same for all.

    Returns
    -------
    dict of model to dict of measure to array of shape (n_resamples,)

    Notes
    -----
    With more than ``_binned.MANY_ROWS`` rows, neighbours in a ranking are weighed as one.
    """
    if _binned.is_for(models):
        return _binned.binned_draws(models, metrics, n_resamples, seed, groups)
    parts: dict[str, dict[str, list[Floats]]] = {model: {name: [] for name in metrics} for model in models}
    n = next(iter(models.values())).n
    for weights in resample_weights(n, n_resamples, seed, groups):
        for model, rows in models.items():
            here = rows.weighted(weights)
            for name, metric in metrics.items():
                parts[model][name].append(metric.function(here))
    return {
        model: {name: np.concatenate(values) for name, values in measured.items()} for model, measured in parts.items()
    }
