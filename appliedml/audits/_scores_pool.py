"""Out-of-fold predictions of all folds, and measures of them with intervals: shared by the audits of scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.artifact import Finding, Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.seeds import derive_seed
from appliedml.metrics._binned import MANY_ROWS
from appliedml.metrics._weighted import Rows
from appliedml.metrics.classification import Metric
from appliedml.metrics.intervals import Interval, bootstrap_intervals, wilson_interval

FEW_GROUPS = 20
# Rates whose denominator is known, so that 0 of n or n of n can be given an interval that is not a single point.
RATES = ("accuracy", "selection_rate", "recall", "precision", "specificity")


def score_evidence(fold: Fold) -> dict[str, Any]:
    """Return what the audits of scores need of a fold, as plain data."""
    return {"fold": fold.number, "classes": fold.classes, "seed": fold.seed, "table": fold.prediction_table()}


@dataclass(frozen=True, eq=False)
class Pooled:
    """Test rows of all folds, each predicted by a pipeline that was not fitted on it.

    Parameters
    ----------
    classes : tuple of str
    y, predicted, fold : array of int, shape (n_samples,)
    p : array of shape (n_samples, n_classes)
    threshold : array of shape (n_samples,)
        NaN with more than two classes.
    groups : array of shape (n_samples,), optional
    """

    classes: tuple[str, ...]
    y: NDArray[np.int64]
    predicted: NDArray[np.int64]
    fold: NDArray[np.int64]
    p: NDArray[np.float64]
    threshold: NDArray[np.float64]
    groups: NDArray[Any] | None

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.y)

    @property
    def binary(self) -> bool:
        """Whether there are two classes."""
        return len(self.classes) == 2

    @property
    def folds(self) -> list[int]:
        """Numbers of the folds, ascending."""
        return [int(number) for number in np.unique(self.fold)]

    @property
    def resampled(self) -> str:
        """What the bootstrap draws, in words."""
        return "rows" if self.groups is None else "groups"

    @property
    def neighbours_as_one(self) -> bool:
        """Whether the rows are so many that resamples weigh neighbours in the ranking together."""
        return self.binary and self.n > MANY_ROWS

    @property
    def n_groups(self) -> int | None:
        """Number of groups, or None where rows stand alone."""
        return None if self.groups is None else int(pd.Series(self.groups).nunique(dropna=True))

    def of_fold(self, number: int) -> NDArray[np.bool_]:
        """Mask of one fold's rows."""
        mask: NDArray[np.bool_] = self.fold == number
        return mask

    def one_vs_rest(self) -> list[tuple[str, NDArray[np.int64], NDArray[np.float64]]]:
        """Class name, labels 0 / 1 and probability: the class of interest, or each of several."""
        codes = [1] if self.binary else range(len(self.classes))
        return [(self.classes[code], (self.y == code).astype(np.int64), self.p[:, code]) for code in codes]


def pool(evidence: Sequence[Mapping[str, Any]]) -> Pooled:
    """Put the folds together, in fold order."""
    table = pd.concat([item["table"] for item in evidence], ignore_index=True)
    classes: tuple[str, ...] = tuple(evidence[0]["classes"])
    groups = table["group"].to_numpy() if "group" in table else None
    if groups is not None and pd.Series(groups).nunique(dropna=False) < 2:
        groups = None
    return Pooled(
        classes=classes,
        y=table["y_true"].to_numpy(dtype=np.int64),
        predicted=table["y_pred"].to_numpy(dtype=np.int64),
        fold=table["fold"].to_numpy(dtype=np.int64),
        p=table[[f"p_{code}" for code in range(len(classes))]].to_numpy(dtype=float),
        threshold=table["threshold"].to_numpy(dtype=float),
        groups=groups,
    )


def audit_seed(random_state: int | None, evidence: Sequence[Mapping[str, Any]], name: str) -> int:
    """Return the seed of an audit's resamples: its own, or one from the run's."""
    return random_state if random_state is not None else derive_seed(int(evidence[0]["seed"]), name)


def measured(
    pooled: Pooled, metrics: Mapping[str, Metric], *, confidence: float, n_resamples: int, seed: int
) -> dict[str, Interval]:
    """Measure the pooled rows, whole groups resampled where there are groups."""
    found = bootstrap_intervals(
        pooled.y,
        metrics,
        probabilities=pooled.p,
        predictions=pooled.predicted,
        groups=pooled.groups,
        n_classes=len(pooled.classes),
        confidence=confidence,
        n_resamples=n_resamples,
        seed=seed,
    )
    for name in RATES:
        if name in found and found[name].value in (0.0, 1.0) and (pooled.binary or name == "accuracy"):
            found[name] = _certain(pooled, name, found[name], confidence)
    return found


def _certain(pooled: Pooled, name: str, found: Interval, confidence: float) -> Interval:
    """Wilson's interval for a rate of 0 or 1, where all resamples agree; with groups, each counts once."""
    all_rows = np.ones(pooled.n, dtype=bool)
    looked_at = {"recall": pooled.y == 1, "specificity": pooled.y == 0, "precision": pooled.predicted == 1}
    mask = looked_at.get(name, all_rows)
    n = int(mask.sum()) if pooled.groups is None else int(pd.Series(pooled.groups[mask]).nunique(dropna=False))
    low, high = wilson_interval(found.value * n, n, confidence)
    return Interval(found.value, float(low), float(high), found.n, found.n_undefined)


def per_fold(pooled: Pooled, metrics: Mapping[str, Metric]) -> pd.DataFrame:
    """Return each measure of each fold: fold, n, and one column a measure."""
    out = []
    for number in pooled.folds:
        mask = pooled.of_fold(number)
        rows = Rows(pooled.y[mask], pooled.p[mask], pooled.predicted[mask], len(pooled.classes)).weighted()
        values = {name: float(metric.function(rows)[0]) for name, metric in metrics.items()}
        out.append({"fold": number, "n": int(mask.sum()), **values})
    return pd.DataFrame(out)


def group_findings(pooled: Pooled) -> list[Finding]:
    """Warn where there are too few groups for a bootstrap over groups."""
    n_groups = pooled.n_groups
    if n_groups is None or n_groups >= FEW_GROUPS:
        return []
    text = f"Rows come in {n_groups} groups only. Intervals from so few resampled groups tend to be too narrow."
    return [Finding(Severity.WARNING, "Few groups to judge from", text)]


def status_of(findings: Sequence[Finding]) -> Status:
    """Return the status that the most serious finding asks for."""
    severities = {finding.severity for finding in findings}
    if Severity.PROBLEM in severities:
        return Status.PROBLEM
    return Status.WARNING if Severity.WARNING in severities else Status.OK


def with_interval(value: float, low: float, high: float, decimals: int = 3) -> str:
    """Write a value with its interval."""
    if np.isnan(value):
        return "undefined"
    text = figure(value, decimals)
    return text if np.isnan(low) else f"{text} ({figure(low, decimals)} to {figure(high, decimals)})"


def figure(value: float, decimals: int = 3, sign: bool = False) -> str:
    """Write a number so that rounding never turns it into a zero: a bound that is close to zero decides a verdict.

    Examples
    --------
    >>> figure(0.0312), figure(0.00312), figure(-0.00042, sign=True), figure(0.0, sign=True)
    ('0.031', '0.0031', '-0.00042', '0.000')
    """
    plus = "+" if sign and value != 0 else ""
    if 0 < abs(value) < 10 * 10**-decimals:
        return f"{value:{plus}.2g}"
    # Zero has no sign: -0.0 + 0.0 is 0.0.
    return f"{value + 0.0:{plus}.{decimals}f}"


def percent(share: float) -> str:
    """Write a share in whole per cent; under 1 % and over 99 % it keeps two digits: some is not none, most is not all.

    Examples
    --------
    >>> percent(0.4), percent(0.0034), percent(0.99966), percent(0.0), percent(1.0)
    ('40 %', '0.34 %', '99.966 %', '0 %', '100 %')
    """
    size = 100 * share
    rest = min(size, 100 - size)
    # What is smaller than that is noise of a sum, not rows.
    decimals = 1 - math.floor(math.log10(rest)) if 1e-6 < rest < 1 else 0
    return f"{size:.{decimals}f} %"
