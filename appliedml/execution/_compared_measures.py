"""Every measure of two runs' predictions, on the same resamples of the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliedml.execution._compared_calibration import calibration_measures
from appliedml.execution._compared_rows import Side
from appliedml.metrics._group_tables import Rate
from appliedml.metrics._resampling import resample_weights
from appliedml.metrics._weighted import Rows, quotient
from appliedml.metrics.classification import Metric, metrics_for

Floats = NDArray[np.float64]
KINDS = {
    "roc_auc": "discrimination", "average_precision": "discrimination", "recall_at_precision": "discrimination",
    "log_loss": "calibration", "brier": "calibration", "scaled_brier": "calibration", "ece": "calibration",
    "observed_to_predicted": "calibration", "calibration_slope": "calibration", "calibration_intercept": "calibration",
    "cost": "cost",
}  # fmt: skip
"""What a measure is about; those not listed are about decisions."""
IDEALS = {"observed_to_predicted": 1.0, "calibration_slope": 1.0, "calibration_intercept": 0.0}
"""Measures that are best at one value: the farther from it, on either side, the worse."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured on one run; the first of every ``n_resamples + 1`` values is what was observed.

    Parameters
    ----------
    values : dict of str to array of shape (n_resamples + 1,)
    rates : list of arrays of shape (n_resamples + 1, n_rates, n_groups)
        One a sensitive feature.
    counts : list of arrays of int, shape (n_groups, n_classes, n_classes)
        Rows by reference class and predicted class, one a sensitive feature.
    """

    values: dict[str, Floats]
    rates: list[Floats]
    counts: list[NDArray[np.int64]]


def measures_for(side: Side, costs: Mapping[str, float] | None, precision: float) -> dict[str, Metric]:
    """Return the measures of one run's rows; those of calibration are tied to these very scores.

    Parameters
    ----------
    side : Side
    costs : mapping, optional
        Of the two errors.
    precision : float
        Of recall at a fixed precision.

    Returns
    -------
    dict of str to Metric
        Discrimination, calibration, decisions, cost.
    """
    found = metrics_for(side.p.shape[1], costs=costs, precision=precision)
    found |= calibration_measures(side.y, side.p)
    order = [name for name in KINDS if name != "cost"]
    order += [name for name in found if name not in KINDS]
    return {name: found[name] for name in [*order, "cost"] if name in found}


def measure(
    side: Side, metrics: Mapping[str, Metric], rates: Mapping[str, Rate], sizes: list[int], n_resamples: int, seed: int
) -> Measured:
    """Measure one run as observed and in every resample.

    Parameters
    ----------
    side : Side
    metrics : mapping of str to Metric
    rates : mapping of str to Rate
        Rates of groups.
    sizes : list of int
        Number of groups of every sensitive feature.
    n_resamples, seed : int
        The same seed gives the same resamples for two runs on the same rows and groups.

    Returns
    -------
    Measured
    """
    rows = Rows(side.y, side.p, side.predicted, side.p.shape[1])
    k = rows.n_classes
    keys = [(code * k + side.y) * k + side.predicted for code in side.codes]
    # Rows that agree in every group, label and decision are interchangeable: count them once, then regroup the counts.
    kinds, inverse = np.unique(np.column_stack(keys), axis=0, return_inverse=True) if keys else (None, None)
    values: dict[str, list[Floats]] = {name: [] for name in metrics}
    counts: list[Floats] = []
    batches = resample_weights(side.n, n_resamples, seed, side.cluster)
    for weights in (np.ones((1, side.n)), *batches) if n_resamples else (np.ones((1, side.n)),):
        here = rows.weighted(weights)
        for name, metric in metrics.items():
            values[name].append(metric.function(here))
        if kinds is not None and inverse is not None:
            counts.append(np.array([np.bincount(inverse.ravel(), row, len(kinds)) for row in weights]))
    measured, observed = [], []
    for place, size in enumerate(sizes):
        table = np.zeros((sum(map(len, counts)), size * k * k))
        if kinds is not None:
            for column, drawn in zip(kinds[:, place], np.concatenate(counts).T, strict=True):
                if column >= 0:
                    table[:, column] += drawn
        cells = table.reshape(-1, size, k * k)
        observed.append(np.rint(cells[0]).astype(np.int64).reshape(size, k, k))
        top = cells @ np.stack([rate.numerator.ravel() for rate in rates.values()], axis=1).astype(float)
        bottom = cells @ np.stack([rate.denominator.ravel() for rate in rates.values()], axis=1).astype(float)
        measured.append(quotient(top, bottom).transpose(0, 2, 1))
    return Measured({name: np.concatenate(parts) for name, parts in values.items()}, measured, observed)
