"""``Calibration``: whether a predicted probability means what it says, before and after calibration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._scores_calibration import (
    RATIO_RANGE,
    SLOPE_RANGE,
    Settings,
    calibration_measures,
    chance_limit,
    change_finding,
    measure_table,
    verdict,
)
from appliedml.audits._scores_pool import Pooled, audit_seed, group_findings, pool, score_evidence, status_of
from appliedml.core.artifact import ALL_FOLDS, ALL_ROWS, Artifact, Finding, score_rows
from appliedml.core.fold import Fold
from appliedml.core.params import AnyOf, Integer, Null, Real, Rule
from appliedml.core.stage import Configured
from appliedml.metrics.calibration import brier_parts, reliability_curve
from appliedml.metrics.intervals import Interval

BEFORE = "before calibration"
AFTER = "after calibration"
AS_GIVEN = "as the model gives them"
TOP = "the most probable class"
_SCORES = {
    "slope": "calibration_slope",
    "intercept": "calibration_intercept",
    "observed_to_predicted": "observed_to_predicted",
    "ece": "ece",
    "scaled_brier": "scaled_brier",
}


class Calibration(Configured):
    """Compare predicted probabilities with observed shares: curve, slope, intercept, errors, and a verdict.

    Parameters
    ----------
    n_bins : int
        Bins of equally many rows, for the curve and the expected calibration error.
    confidence : float
        Of each interval by itself.
    n_resamples : int
        Bootstrap resamples: of rows, or of whole groups where the schema names a group.
    random_state : int, optional
        Default: derived from the run's seed.

    Notes
    -----
    Where the pipeline calibrates, its model's own probabilities are judged too, on the same test rows. With more than
    two classes each class is judged against the rest, and the verdict is about the most probable class (is it right as
    often as its probability says?).

    Source
    ------
    Van Calster et al. (2019), Calibration: the Achilles heel of predictive analytics, BMC Medicine 17.

    Examples
    --------
    >>> Calibration(n_bins=20).get_params()["n_bins"]
    20
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "n_bins": Integer(2, 100),
        "confidence": Real(0.5, 1, open_high=True),
        "n_resamples": Integer(100, 100_000),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        n_bins: int = 10,
        confidence: float = 0.95,
        n_resamples: int = 1000,
        random_state: int | None = None,
    ) -> None:
        self.n_bins = n_bins
        self.confidence = confidence
        self.n_resamples = n_resamples
        self.random_state = random_state

    def examine(self, fold: Fold) -> dict[str, Any]:
        """Return one fold's predictions, and the model's probabilities before calibration where they differ.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict
        """
        self.check_parameters()
        method = getattr(fold.pipeline, "calibration", "none")
        raw = None
        if method != "none" and hasattr(fold.pipeline, "raw_proba"):
            raw = np.asarray(fold.pipeline.raw_proba(fold.test), dtype=np.float64)
        return {**score_evidence(fold), "method": method, "raw": raw}

    def conclude(self, evidence: list[dict[str, Any]]) -> Artifact:
        """Judge the pooled probabilities.

        Parameters
        ----------
        evidence : list of dict
            One item a fold, in fold order.

        Returns
        -------
        Artifact
            Tables ``reliability``, ``measures`` and ``brier_parts``, each by stage and target.
        """
        self.check_parameters()
        pooled = pool(evidence)
        seed = audit_seed(self.random_state, evidence, "calibration")
        settings = Settings(self.n_bins, self.confidence, self.n_resamples, seed)
        stages = {AS_GIVEN: pooled.p}
        if all(item["raw"] is not None for item in evidence):
            stages = {BEFORE: np.concatenate([item["raw"] for item in evidence]), AFTER: pooled.p}
        found: dict[tuple[str, str], dict[str, Interval]] = {}
        limits: dict[tuple[str, str], float] = {}
        reliability, measures, parts = [], [], []
        for stage, p in stages.items():
            for target, own, scores in _targets(pooled, p):
                found[stage, target] = calibration_measures(own, scores, pooled.groups, settings)
                keys = {"stage": stage, "target": target}
                curve = reliability_curve(own, scores, self.n_bins, self.confidence)
                reliability.append(pd.DataFrame({**keys, **curve}))
                measures.append(measure_table(stage, target, found[stage, target], scores, settings))
                limits[stage, target] = chance_limit(measures[-1])
                parts.append(pd.DataFrame([{**keys, **vars(brier_parts(own, scores, self.n_bins))}]))
        last, main = list(stages)[-1], _main_target(pooled)
        word, severity, sentence = verdict(found[last, main], limits[last, main])
        findings = [Finding(severity, f"Calibration of the probabilities: {word}", sentence)]
        if len(stages) == 2:
            findings.append(change_finding(found[BEFORE, main], found[AFTER, main]))
        findings += group_findings(pooled)
        summary = {
            "method": str(evidence[0]["method"]),
            "stages": list(stages),
            "target": main,
            "verdict": word,
            "sentence": sentence,
            "slope_range": list(SLOPE_RANGE),
            "ratio_range": list(RATIO_RANGE),
            "n": pooled.n,
            "n_bins": self.n_bins,
            "confidence": self.confidence,
            "n_resamples": self.n_resamples,
            "resampled": pooled.resampled,
            "n_groups": pooled.n_groups,
            "neighbours_as_one": pooled.neighbours_as_one,
        }
        return Artifact(
            "calibration",
            status_of(findings),
            summary=summary,
            tables={
                "reliability": pd.concat(reliability, ignore_index=True),
                "measures": pd.concat(measures, ignore_index=True),
                "brier_parts": pd.concat(parts, ignore_index=True),
            },
            scores=score_rows(
                [
                    (_SCORES[name], ALL_FOLDS, ALL_ROWS, item.value, item.low, item.high, item.n)
                    for name, item in found[last, main].items()
                    if name in _SCORES
                ]
            ),
            findings=tuple(findings),
        )


def _main_target(pooled: Pooled) -> str:
    return pooled.classes[1] if pooled.binary else TOP


def _targets(pooled: Pooled, p: NDArray[np.float64]) -> list[tuple[str, NDArray[np.int64], NDArray[np.float64]]]:
    """Name, labels 0 / 1 and probability of everything that is judged."""
    if pooled.binary:
        return [(pooled.classes[1], pooled.y, p[:, 1])]
    top = p.argmax(axis=1)
    out = [(TOP, (top == pooled.y).astype(np.int64), p.max(axis=1))]
    return out + [(name, (pooled.y == code).astype(np.int64), p[:, code]) for code, name in enumerate(pooled.classes)]
