"""What the ablation measures: discrimination, and whether predicted risks are the size of the observed ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.metrics._weighted import Weighted, quotient
from appliedml.metrics.calibration import calibration_line, reliability_curve
from appliedml.metrics.classification import METRICS, Metric
from appliedml.metrics.comparisons import bootstrap_models
from appliedml.metrics.intervals import Interval

Floats = NDArray[np.float64]
SLOPE = "calibration_slope"
N_RESAMPLES = 500
VARIANT_TYPES: dict[str, Any] = {
    "variant": str, "label": str, "stage": str, "metric": str, "value": float, "low": float, "high": float,
    "n": "int64",
}  # fmt: skip
DIFFERENCE_TYPES: dict[str, Any] = {
    "variant": str, "reference": str, "stage": str, "metric": str, "difference": float, "low": float, "high": float,
    "p": float, "n": "int64",
}  # fmt: skip
RELIABILITY_TYPES: dict[str, Any] = {
    "variant": str, "stage": str, "bin": "int64", "mean_predicted": float, "observed": float, "low": float,
    "high": float, "n": "int64",
}  # fmt: skip


def _mean_predicted(rows: Weighted) -> Floats:
    return quotient(rows.weights @ rows.rows.p[:, 1], rows.weights.sum(axis=1))


def _excess_risk(rows: Weighted) -> Floats:
    return quotient(rows.weights @ (rows.rows.p[:, 1] - rows.rows.y), rows.weights.sum(axis=1))


_NO_ROW = "there is no row"
RISKS: dict[str, Metric] = {
    "mean_predicted": Metric(
        "mean_predicted", "Mean predicted risk", "scores", None, (0.0, 1.0), _mean_predicted, False, _NO_ROW
    ),
    "excess_risk": Metric(
        "excess_risk", "Mean predicted minus observed risk", "scores", None, (-1.0, 1.0), _excess_risk, False, _NO_ROW
    ),
}
MEASURES = ("roc_auc", "average_precision", "log_loss", "brier", "mean_predicted", "excess_risk", SLOPE)


def measures_for(names: tuple[str, ...], n_classes: int) -> dict[str, Metric]:
    """Return the measures that are resampled; the calibration slope has an interval of its own.

    Parameters
    ----------
    names : tuple of str
        Of ``MEASURES``.
    n_classes : int
        With more than two, risks are left out: there is no single risk.

    Returns
    -------
    dict of str to Metric
    """
    known = {**METRICS, **RISKS}
    chosen = {name: known[name] for name in names if name != SLOPE}
    return {name: metric for name, metric in chosen.items() if n_classes == 2 or metric.multiclass}


def compared(
    pooled: Mapping[str, Mapping[str, Any]],
    stages: tuple[str, ...],
    reference: str,
    y: NDArray[np.int64],
    groups: NDArray[Any] | None,
    names: tuple[str, ...],
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure every variant at every stage, and how it differs from the reference, on the same resamples.

    Parameters
    ----------
    pooled : mapping of variant to mapping
        ``label`` and, by stage, probabilities of shape (n_samples, n_classes).
    stages : tuple of str
    reference : str
        Variant the others are compared with.
    y : array of int, shape (n_samples,)
    groups : array of shape (n_samples,), optional
        Drawn whole.
    names : tuple of str
        Of ``MEASURES``.
    seed : int

    Returns
    -------
    variants : DataFrame
        variant, label, stage, metric, value, low, high, n.
    differences : DataFrame
        variant, reference, stage, metric, difference (variant minus reference), low, high, p, n. Without the
        calibration slope, whose interval does not come from resamples.
    """
    n_classes = next(iter(pooled.values()))[stages[0]].shape[1]
    measures = measures_for(names, n_classes)
    models = {f"{variant}\n{stage}": found[stage] for variant, found in pooled.items() for stage in stages}
    draws = bootstrap_models(y, models, measures, groups=groups, n_resamples=N_RESAMPLES, seed=seed)
    values: list[tuple[Any, ...]] = []
    differences: list[tuple[Any, ...]] = []
    for variant, found in pooled.items():
        for stage in stages:
            key = f"{variant}\n{stage}"
            intervals = {name: draws.interval(key, name) for name in measures}
            if SLOPE in names and n_classes == 2:
                intervals[SLOPE] = _slope(y, found[stage][:, 1], groups)
            for name in (name for name in names if name in intervals):
                at = intervals[name]
                values.append((variant, found["label"], stage, name, at.value, at.low, at.high, at.n))
            for name in measures if variant != reference else ():
                d = draws.difference(key, f"{reference}\n{stage}", name)
                differences.append((variant, reference, stage, name, d.value, d.low, d.high, d.p, d.n))
    return (
        pd.DataFrame(values, columns=list(VARIANT_TYPES)).astype(VARIANT_TYPES),
        pd.DataFrame(differences, columns=list(DIFFERENCE_TYPES)).astype(DIFFERENCE_TYPES),
    )


def _slope(y: NDArray[np.int64], p: Floats, groups: NDArray[Any] | None) -> Interval:
    line = calibration_line(y, p, groups)
    return Interval(line.slope, line.slope_low, line.slope_high, len(y))


def reliability(pooled: Mapping[str, Mapping[str, Any]], stages: tuple[str, ...], y: NDArray[np.int64]) -> pd.DataFrame:
    """Compare predicted and observed risks of every variant in ten bins of equally many rows.

    Parameters
    ----------
    pooled, stages, y
        As in :func:`compared`.

    Returns
    -------
    DataFrame
        variant, stage, bin, mean_predicted, observed, low, high, n; empty with more than two classes.
    """
    parts = [
        reliability_curve(y, found[stage][:, 1]).assign(variant=variant, stage=stage)
        for variant, found in pooled.items()
        for stage in stages
        if found[stage].shape[1] == 2
    ]
    if not parts:
        return pd.DataFrame({name: [] for name in RELIABILITY_TYPES}).astype(RELIABILITY_TYPES)
    return pd.concat(parts, ignore_index=True)[list(RELIABILITY_TYPES)].astype(RELIABILITY_TYPES)
