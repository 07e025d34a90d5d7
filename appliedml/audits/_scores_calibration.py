"""Calibration figures of one set of scores, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._scores_pool import figure, with_interval
from appliedml.core.artifact import Finding, Severity
from appliedml.metrics._weighted import Floats, Weighted, quotient
from appliedml.metrics.calibration import calibration_line, chance_calibration_error, expected_calibration_error
from appliedml.metrics.classification import METRICS, Metric
from appliedml.metrics.comparisons import bootstrap_models
from appliedml.metrics.intervals import Interval, percentile_interval

# Within these a deviation is small: a fifth too extreme or too timid, a fifth too high or a quarter too low.
SLOPE_RANGE = (0.8, 1.25)
RATIO_RANGE = (0.8, 1.25)
# Beyond these probabilities mislead: on average twice, or half, as high as they should be.
RATIO_LIMITS = (0.5, 2.0)
TITLES = {
    "slope": "Calibration slope",
    "intercept": "Calibration intercept (log odds)",
    "observed_to_predicted": "Observed divided by predicted share",
    "ece": "Expected calibration error",
    "brier": "Brier score",
    "scaled_brier": "Scaled Brier score",
}
IDEAL = {"slope": 1.0, "intercept": 0.0, "observed_to_predicted": 1.0, "ece": 0.0, "brier": 0.0, "scaled_brier": 1.0}


@dataclass(frozen=True)
class Settings:
    """How calibration is measured."""

    n_bins: int
    confidence: float
    n_resamples: int
    seed: int


def calibration_measures(
    y: NDArray[np.int64], p: Floats, groups: NDArray[Any] | None, settings: Settings
) -> dict[str, Interval]:
    """Return slope, intercept, observed to predicted, calibration error and Brier scores with intervals."""
    line = calibration_line(y, p, groups, settings.confidence)
    found = {
        "slope": Interval(line.slope, line.slope_low, line.slope_high, len(y)),
        "intercept": Interval(line.intercept, line.intercept_low, line.intercept_high, len(y)),
    }
    measures = {
        "observed_to_predicted": _measure("observed_to_predicted", _observed_to_predicted),
        "ece": expected_calibration_error(p, settings.n_bins),
        "brier": METRICS["brier"],
        "scaled_brier": _measure("scaled_brier", _scaled_brier),
    }
    draws = bootstrap_models(
        y,
        {"": p},
        measures,
        groups=groups,
        confidence=settings.confidence,
        n_resamples=settings.n_resamples,
        seed=settings.seed,
    )
    found |= {name: draws.interval("", name) for name in measures}
    # A resample is noisier than the rows themselves, and this measure counts noise as error: its draws lie too high by
    # their mean distance from the value, which is taken off.
    value, error = draws.values[""]["ece"], draws.draws[""]["ece"]
    low, high = percentile_interval(np.maximum(error - (error.mean() - value), 0.0), value, settings.confidence)
    found["ece"] = Interval(value, low, high, len(y))
    return found


def measure_table(stage: str, target: str, found: dict[str, Interval], p: Floats, settings: Settings) -> pd.DataFrame:
    """One row a measure; for the calibration error also what chance alone would give."""
    chance, chance_high = chance_calibration_error(p, settings.n_bins, seed=settings.seed)
    rows = [
        {
            "stage": stage,
            "target": target,
            "measure": name,
            "title": TITLES[name],
            "value": item.value,
            "low": item.low,
            "high": item.high,
            "ideal": IDEAL[name],
            "by_chance": chance if name == "ece" else np.nan,
            "by_chance_high": chance_high if name == "ece" else np.nan,
            "n": item.n,
        }
        for name, item in found.items()
    ]
    return pd.DataFrame(rows)


def chance_limit(table: pd.DataFrame) -> float:
    """Return the calibration error that chance alone exceeds in one of twenty samples, from ``measure_table``."""
    return float(table.loc[table["measure"] == "ece", "by_chance_high"].iloc[0])


def _small_faults() -> str:
    """Say which deviations from 1 are small, without telling one range twice."""
    slope, ratio = (f"{low:g} to {high:g}" for low, high in (SLOPE_RANGE, RATIO_RANGE))
    if slope == ratio:
        return f"A deviation inside {slope} is small."
    return f"A deviation inside {slope} (slope) or {ratio} (observed divided by predicted) is small."


def verdict(found: dict[str, Interval], chance_high: float) -> tuple[str, Severity, str]:
    """Return a verdict in a few words, its severity and its sentence.

    Parameters
    ----------
    found : dict of str to Interval
        As from ``calibration_measures``.
    chance_high : float
        Calibration error up to which chance alone explains it.
    """
    slope, ratio = found["slope"], found["observed_to_predicted"]
    if np.isnan(slope.value) or np.isnan(ratio.low):
        text = "Slope and intercept are undefined: one class only, or the same score for every row."
        return "undefined", Severity.WARNING, text
    figures = (
        f"Calibration slope {with_interval(slope.value, slope.low, slope.high, 2)}, "
        f"observed divided by predicted {with_interval(ratio.value, ratio.low, ratio.high, 2)}; "
        f"1 is perfect for both. {_small_faults()}"
    )
    faults, words = [], []
    if ratio.high < 1 and ratio.value < RATIO_RANGE[0]:
        faults.append(f"Predicted probabilities are too high: {1 / max(ratio.value, 1e-9):.1f} times what is observed.")
        words.append("too high")
    if ratio.low > 1 and ratio.value > RATIO_RANGE[1]:
        faults.append(f"Predicted probabilities are too low: {1 / ratio.value:.2f} times what is observed.")
        words.append("too low")
    if slope.high < 1 and slope.value < SLOPE_RANGE[0]:
        faults.append("They are too extreme: high ones too high, low ones too low.")
        words.append("too extreme")
    if slope.low > 1 and slope.value > SLOPE_RANGE[1]:
        faults.append("They are too timid: too close to the average.")
        words.append("too timid")
    if faults:
        far = not RATIO_LIMITS[0] <= ratio.value <= RATIO_LIMITS[1]
        return " and ".join(words), Severity.PROBLEM if far else Severity.WARNING, f"{' '.join(faults)} {figures}"
    wide = [item for item, (low, high) in ((slope, SLOPE_RANGE), (ratio, RATIO_RANGE)) if _reaches(item, low, high)]
    if wide:
        text = f"No clear fault, but the intervals also allow for serious ones: too few rows to tell. {figures}"
        return "uncertain", Severity.WARNING, text
    exact = slope.low <= 1 <= slope.high and ratio.low <= 1 <= ratio.high
    error = found["ece"].value
    if exact and error <= chance_high:
        return "good", Severity.INFO, f"Probabilities agree with what is observed. {figures}"
    text = "The deviation is measurable but small." if not exact else "Slope and ratio show no fault."
    if error > chance_high:
        text += (
            f" The expected calibration error, {figure(error)}, is more than chance alone would explain (up to "
            f"{figure(chance_high)}): in places the probabilities are off. See the reliability curve."
        )
    return "no large fault", Severity.INFO, f"{text} {figures}"


def _reaches(item: Interval, low: float, high: float) -> bool:
    """Whether an interval goes beyond a range on either side."""
    return item.low < low or item.high > high


def change_finding(before: dict[str, Interval], after: dict[str, Interval]) -> Finding:
    """Say what calibration changed."""
    text = "; ".join(
        f"{title} {figure(before[name].value)} before, {figure(after[name].value)} after"
        for name, title in (("ece", "calibration error"), ("brier", "Brier score"), ("slope", "calibration slope"))
    )
    if after["brier"].value > before["brier"].value and after["ece"].value > before["ece"].value:
        return Finding(Severity.WARNING, "Calibration made the probabilities worse", f"On test rows: {text}.")
    return Finding(Severity.INFO, "What calibration changed", f"On test rows: {text}.")


def _measure(name: str, function: Callable[[Weighted], Floats]) -> Metric:
    return Metric(name, TITLES[name], "scores", None, (-np.inf, np.inf), function, False, "a class is missing")


def _observed_to_predicted(rows: Weighted) -> Floats:
    observed = rows.weights @ (rows.rows.y == 1).astype(float)
    ratio = quotient(observed, rows.weights @ rows.rows.p[:, 1])
    return np.where(observed > 0, ratio, np.nan)


def _scaled_brier(rows: Weighted) -> Floats:
    share = quotient(rows.weights @ (rows.rows.y == 1).astype(float), rows.weights.sum(axis=1))
    scaled: Floats = 1 - quotient(rows.mean_losses[1], share * (1 - share))
    return scaled
