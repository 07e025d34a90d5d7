"""``ImageRobustness``: what disturbed pictures do to the model's decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._image_perturbations import (
    ATTACK,
    ATTACK_SAID,
    ATTACK_STRENGTHS,
    ATTACK_TITLE,
    PERTURBATIONS,
    attack_directions,
    moved,
)
from appliedml.audits._scores_pool import audit_seed, figure
from appliedml.core.artifact import ALL_FOLDS, Artifact, Finding, Severity, Status, score_rows
from appliedml.core.fold import Fold
from appliedml.core.images import Images
from appliedml.core.params import AnyOf, Choice, Integer, ListOf, Null, Real, Rule
from appliedml.core.seeds import derive_seed
from appliedml.core.stage import Configured
from appliedml.metrics.paired_draws import Draws, Resamples

KIND = "image_robustness"
AS_IT_IS = 0
COLUMNS = (
    "perturbation", "title", "severity", "severity_title", "metric", "value", "low", "high", "n", "difference",
    "difference_low", "difference_high",
)  # fmt: skip


class ImageRobustness(Configured):
    """Score disturbed test pictures: noise, blur, contrast, brightness, rotation, JPEG, occlusion, an attack.

    Parameters
    ----------
    perturbations : list of str, optional
        Of "noise", "blur", "contrast", "brightness", "rotation", "jpeg", "occlusion" and "fgsm"; default all.
    max_rows : int, default 300
        Test pictures of all folds together, drawn at random, the classes in proportion.
    tolerance : float, default 0.05
        Loss of accuracy, at any strength, from which a finding is a warning, interval included.
    confidence : float, default 0.95
        Of each interval by itself.
    n_resamples : int, default 500
    random_state : int, optional

    Notes
    -----
    Table ``curves``: perturbation, title, severity (0: as it is, then weak to strong), severity_title, metric
    (accuracy at the fold's threshold; roc_auc in a task with two classes), value, low, high, n, and the paired
    difference to the pictures as they are with its interval. Intervals come from a bootstrap over pictures, or whole
    groups. The attack moves each pixel in the direction that raises the loss: it knows the model's gradients, and is
    left out, with the reason, where the model offers none.

    Source
    ------
    Hendrycks, Dietterich (2019), Benchmarking Neural Network Robustness to Common Corruptions and Perturbations;
    Goodfellow, Shlens, Szegedy (2015) for the attack.

    Examples
    --------
    >>> ImageRobustness(perturbations=["noise", "jpeg"]).max_rows
    300
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "perturbations": AnyOf(Null(), ListOf(Choice(*PERTURBATIONS, ATTACK), 1)),
        "max_rows": Integer(10),
        "tolerance": Real(0, 1),
        "confidence": Real(0.5, 1, open_high=True),
        "n_resamples": Integer(100, 100_000),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        perturbations: Sequence[str] | None = None,
        max_rows: int = 300,
        tolerance: float = 0.05,
        confidence: float = 0.95,
        n_resamples: int = 500,
        random_state: int | None = None,
    ) -> None:
        self.perturbations = perturbations
        self.max_rows = max_rows
        self.tolerance = tolerance
        self.confidence = confidence
        self.n_resamples = n_resamples
        self.random_state = random_state

    def examine(self, fold: Fold) -> dict[str, Any]:
        """Score some of the fold's test pictures, as they are and disturbed.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict
            Labels, groups, and for each perturbation and strength predicted codes and scores.
        """
        self.check_parameters()
        if not isinstance(fold.test.X, Images):
            return {"reason": "The inputs are no pictures."}
        seed = fold.seed_for(KIND) if self.random_state is None else derive_seed(self.random_state, fold.number)
        rows = _some_rows(np.asarray(fold.test.y), max(2, self.max_rows // fold.n_folds), seed)
        test = fold.test.take(rows)
        pixels, codes = test.X.pixels(), np.asarray(test.y, dtype=np.int64)
        scored = dict.fromkeys(((name, AS_IT_IS) for name in self._names()), _scored(fold.pipeline, pixels))
        for name in self._names():
            if name == ATTACK:
                continue
            kind = PERTURBATIONS[name]
            for place, strength in enumerate(kind.strengths, start=1):
                rng = np.random.default_rng(derive_seed(seed, name, place))
                scored[name, place] = _scored(fold.pipeline, kind.change(pixels, strength, rng))
        no_attack = ""
        if ATTACK in self._names():
            no_attack = _attacked(fold.pipeline, pixels, codes, scored)
        return {
            "seed": fold.seed,
            "fold": fold.number,
            "binary": fold.binary,
            "y": codes,
            "group": None if test.group is None else test.group,
            "scored": scored,
            "no_attack": no_attack,
        }

    def _names(self) -> list[str]:
        return [*PERTURBATIONS, ATTACK] if self.perturbations is None else list(dict.fromkeys(self.perturbations))

    def conclude(self, evidence: list[dict[str, Any]]) -> Artifact:
        """Put the folds together.

        Parameters
        ----------
        evidence : list of dict
            One item a fold, in fold order.

        Returns
        -------
        Artifact
            Table ``curves``; scores ``robustness.<metric>`` with subset ``perturbation=<name>&severity=<k>``.
        """
        reasons = [item["reason"] for item in evidence if "reason" in item]
        if reasons:
            return Artifact(KIND, Status.NOT_APPLICABLE, reason=reasons[0])
        y = np.concatenate([item["y"] for item in evidence])
        groups = None if evidence[0]["group"] is None else np.concatenate([item["group"] for item in evidence])
        if groups is not None and pd.Series(groups).nunique() < 2:
            groups = None
        seed = audit_seed(self.random_state, evidence, KIND)
        resamples = Resamples(len(y), self.n_resamples, seed, groups)
        rows = []
        for name, severity in evidence[0]["scored"]:
            if any((name, severity) not in item["scored"] for item in evidence):
                continue
            found, plain = (_pooled(evidence, name, place) for place in (severity, AS_IT_IS))
            for metric in ("accuracy", "roc_auc") if evidence[0]["binary"] else ("accuracy",):
                value, reference = (_measure(resamples, metric, y, one) for one in (found, plain))
                rows.append(self._row(name, severity, metric, value, reference))
        curves = pd.DataFrame(rows, columns=list(COLUMNS))
        findings = self._findings(curves)
        warned = any(item.severity is Severity.WARNING for item in findings)
        summary = {
            "n": len(y),
            "n_folds": len(evidence),
            "resampled": "rows" if groups is None else "groups",
            "confidence": self.confidence,
            "tolerance": self.tolerance,
            "notes": sorted({item["no_attack"] for item in evidence if item["no_attack"]}),
        }
        return Artifact(
            KIND,
            Status.WARNING if warned else Status.OK,
            summary=summary,
            tables={"curves": curves},
            scores=_scores(curves),
            findings=tuple(findings),
        )

    def _row(self, name: str, severity: int, metric: str, value: Draws, reference: Draws) -> tuple[Any, ...]:
        low, high = value.interval(self.confidence)
        change = Draws(value.value - reference.value, value.draws - reference.draws, value.n)
        change_low, change_high = change.interval(self.confidence)
        title, said, strengths = (
            (ATTACK_TITLE, ATTACK_SAID, ATTACK_STRENGTHS)
            if name == ATTACK
            else (PERTURBATIONS[name].title, PERTURBATIONS[name].said, PERTURBATIONS[name].strengths)
        )
        words = "as it is" if severity == AS_IT_IS else said.format(strengths[severity - 1])
        return (
            name, title, severity, words, metric, value.value, low, high, value.n, change.value, change_low, change_high
        )  # fmt: skip

    def _findings(self, curves: pd.DataFrame) -> list[Finding]:
        out = []
        accuracy = curves[(curves["metric"] == "accuracy") & (curves["severity"] > AS_IT_IS)]
        for _, part in accuracy.groupby("perturbation", sort=False):
            weakest, strongest = part.iloc[0], part.iloc[-1]
            fragile = bool((part["difference_high"] < -self.tolerance).any())
            if strongest["difference_high"] >= 0:
                continue
            text = (
                f"{_said(weakest)}. {_said(strongest)}. Paired with the same {int(weakest['n'])} pictures as they are; "
                f"{self.confidence:.0%} intervals."
            )
            severity = Severity.WARNING if fragile else Severity.INFO
            out.append(Finding(severity, f"{weakest['title']} lowers the accuracy", text))
        return out


def _said(row: pd.Series) -> str:
    value, low, high = (figure(row[name], sign=True) for name in ("difference", "difference_low", "difference_high"))
    text = f"{row['severity_title']}: accuracy {figure(row['value'])}, change {value} ({low} to {high})"
    return text[:1].upper() + text[1:]


def _some_rows(y: NDArray[Any], n_rows: int, seed: int) -> NDArray[np.intp]:
    """Positions of rows, the classes in proportion."""
    if len(y) <= n_rows:
        return np.arange(len(y))
    order = np.random.default_rng(seed).permutation(len(y))
    # Sorted by class, every k-th row keeps the shares.
    by_class = order[np.argsort(y[order], kind="stable")]
    return np.sort(by_class[np.linspace(0, len(y) - 1, n_rows).astype(np.intp)])


def _scored(pipeline: Any, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    chances = pipeline.predict_proba(Images.of(pixels))
    return np.asarray(pipeline.codes(chances), dtype=np.int64), np.asarray(chances, dtype=np.float64)


def _attacked(
    pipeline: Any, pixels: NDArray[np.uint8], codes: NDArray[np.int64], scored: dict[tuple[str, int], Any]
) -> str:
    """Score attacked pictures; or say why there are none."""
    model = getattr(pipeline.model_, "pixel_model", lambda: None)()
    if model is None or any(hasattr(stage, "transform") for _, stage in pipeline.steps_):
        scored.pop((ATTACK, AS_IT_IS))
        return "The attack needs a network that reads the pictures themselves; this pipeline offers no gradients."
    directions = attack_directions(model, pixels, codes)
    for place, strength in enumerate(ATTACK_STRENGTHS, start=1):
        scored[ATTACK, place] = _scored(pipeline, moved(pixels, directions, strength))
    return ""


def _pooled(evidence: Sequence[Mapping[str, Any]], name: str, severity: int) -> tuple[NDArray[Any], NDArray[Any]]:
    parts = [item["scored"][name, severity] for item in evidence]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _measure(resamples: Resamples, metric: str, y: NDArray[np.int64], found: tuple[Any, Any]) -> Draws:
    predicted, chances = found
    if metric == "roc_auc":
        return resamples.auroc(y == 1, chances[:, 1], np.ones(len(y), dtype=bool))
    return resamples.share(predicted == y)


def _scores(curves: pd.DataFrame) -> pd.DataFrame:
    return score_rows(
        [
            (
                f"robustness.{row.metric}", ALL_FOLDS, f"perturbation={row.perturbation}&severity={row.severity}",
                row.value, row.low, row.high, int(row.n),
            )
            for row in curves.itertuples()
        ]
    )  # fmt: skip
