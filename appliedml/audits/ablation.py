"""``Ablation``: what balancing the classes did, to the ranking and to the size of the predicted risks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from appliedml.audits._ablation_scores import MEASURES, N_RESAMPLES, compared, reliability
from appliedml.core.artifact import Artifact, Finding, Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.group_folds import group_folds
from appliedml.core.params import AnyOf, Choice, Integer, ListOf, Null, Rule
from appliedml.core.registry import build
from appliedml.core.samples import Samples
from appliedml.core.seeds import derive_seed
from appliedml.core.stage import Configured, Verb, stage_name, verb_of
from appliedml.errors import AppliedMLError
from appliedml.metrics.classification import METRICS

NONE, WEIGHTS, REPEATS, CHOSEN = "none", "class_weights", "random_over", "chosen"
_LABELS = {NONE: "no balancing", WEIGHTS: "class weights", REPEATS: "repeated rows"}
BEFORE, AFTER = "before calibration", "after calibration"

FIT_TYPES: dict[str, Any] = {
    "fold": "int64", "variant": str, "label": str, "n_fitted": "int64", "n_synthetic": "int64", "note": str,
}  # fmt: skip


class Ablation(Configured):
    """Fit the pipeline without balancing and with class weights, and compare with the balancing that was chosen.

    Parameters
    ----------
    variants : list of {"none", "class_weights", "random_over", "chosen"}
        What is compared. "chosen" is the pipeline as it was fitted; the others are fitted anew on the same training
        rows, with the same validation rows and seeds, and judged on the same test rows. All of them work for tables,
        texts and images alike.
    max_folds : int
        In how many folds. Every other variant costs one more fit a fold.
    max_rows : int
        With more training rows, all variants, also the chosen one, are fitted on a part of them: whole groups, classes
        in equal shares, drawn with the run's seed. The report then says so.
    metrics : list of str
        Of roc_auc, average_precision, log_loss, brier, mean_predicted, excess_risk (mean predicted minus observed) and
        calibration_slope. The last three need two classes.
    random_state : int, optional
        For the resamples behind the intervals. Default: derived from the run's seed.

    Notes
    -----
    Balancing rarely improves the ranking of a good classifier, and moves predicted risks: after SMOTE or class weights
    rare outcomes look common. Hence every measure is taken before and after calibration. Differences are paired on the
    same rows; intervals cover the sampling of test rows, not training anew.

    Source
    ------
    van den Goorbergh, van Smeden, Timmerman, Van Calster (2022), The harm of class imbalance corrections for risk
    prediction models, JAMIA 29:1525.

    Examples
    --------
    >>> Ablation(max_folds=1).variants
    ('none', 'class_weights', 'chosen')
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "variants": ListOf(Choice(NONE, WEIGHTS, REPEATS, CHOSEN), 2),
        "max_folds": Integer(1),
        "max_rows": Integer(100),
        "metrics": ListOf(Choice(*MEASURES), 1),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        variants: Sequence[str] = (NONE, WEIGHTS, CHOSEN),
        max_folds: int = 2,
        metrics: Sequence[str] = (
            "roc_auc",
            "average_precision",
            "brier",
            "mean_predicted",
            "excess_risk",
            "calibration_slope",
        ),
        random_state: int | None = None,
        max_rows: int = 200_000,
    ) -> None:
        self.variants = variants
        self.max_folds = max_folds
        self.max_rows = max_rows
        self.metrics = metrics
        self.random_state = random_state

    def examine(self, fold: Fold) -> dict[str, Any] | None:
        """Fit and score the variants of one fold.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict or None
            None for folds beyond ``max_folds``; ``{"reason": ...}`` where there is no balancing to take away.
        """
        self.check_parameters()
        if fold.number >= self.max_folds:
            return None
        label = _balancing(fold.pipeline)
        if label is None:
            return {
                "reason": "the pipeline has no balancing step and no class weights, so there is nothing to take away"
            }
        root = fold.seed if self.random_state is None else self.random_state
        part = _part(fold.train, self.max_rows, derive_seed(root, "ablation", "rows", fold.number))
        fits = [_fitted(fold, part, name, label) for name in self._wanted(label)]
        return {
            "fold": fold.number,
            "n_train": len(fold.train),
            "n_used": len(part),
            "seed": derive_seed(root, "ablation"),
            "y": np.asarray(fold.test.y, dtype=np.int64),
            "group": fold.test.group,
            "calibration": fold.pipeline.calibration,
            "fits": fits,
        }

    def _wanted(self, label: str) -> list[str]:
        wanted = list(dict.fromkeys(self.variants))
        # Fitting the chosen one twice would show a difference of nothing.
        return [name for name in wanted if not (name in (WEIGHTS, REPEATS) and label == name and CHOSEN in wanted)]

    def conclude(self, evidence: list[dict[str, Any] | None]) -> Artifact:
        """Compare the variants over the folds in which they were fitted.

        Parameters
        ----------
        evidence : list of dict or None
            One item a fold, in fold order.

        Returns
        -------
        Artifact
            Tables ``variants`` (variant, label, stage, metric, value, low, high, n), ``differences`` (variant,
            reference, stage, metric, difference, low, high, p, n), ``reliability`` (variant, stage, bin,
            mean_predicted, observed, low, high, n) and ``fits`` (fold, variant, label, n_fitted, n_synthetic, note).
            Not applicable without balancing.
        """
        used = [item for item in evidence if item is not None]
        reasons = [item["reason"] for item in used if "reason" in item]
        if reasons:
            return Artifact("ablation", Status.NOT_APPLICABLE, reason=reasons[0])
        fits = pd.DataFrame([row for item in used for row in _fit_rows(item)], columns=list(FIT_TYPES))
        fits = fits.astype(FIT_TYPES)
        pooled = _pooled(used)
        if len(pooled) < 2:
            notes = "; ".join(dict.fromkeys(note for note in fits["note"] if note))
            return Artifact("ablation", Status.SKIPPED, reason=f"fewer than two variants could be fitted: {notes}")
        y = np.concatenate([item["y"] for item in used])
        grouped = all(item["group"] is not None for item in used)
        group = np.concatenate([np.asarray(item["group"], dtype=object) for item in used]) if grouped else None
        names = tuple(dict.fromkeys(self.metrics))
        seed = int(used[0]["seed"])
        stages = (BEFORE,) if used[0]["calibration"] == "none" else (BEFORE, AFTER)
        reference = NONE if NONE in pooled else next(iter(pooled))
        variants, differences = compared(pooled, stages, reference, y, group, names, seed)
        tables = {
            "variants": variants,
            "differences": differences,
            "reliability": reliability(pooled, stages, y),
            "fits": fits,
        }
        binary = next(iter(pooled.values()))[BEFORE].shape[1] == 2
        prevalence = float(y.mean()) if binary else None
        found = (*_sampled(used), *_findings(tables, stages[-1], prevalence))
        warned = any(finding.severity is Severity.WARNING for finding in found)
        return Artifact(
            "ablation",
            Status.WARNING if warned else Status.OK,
            summary={
                "folds": [int(item["fold"]) for item in used],
                "n_rows": len(y),
                "n_train": [int(item["n_train"]) for item in used],
                "n_train_used": [int(item["n_used"]) for item in used],
                "chosen": str(fits.loc[fits["variant"] == CHOSEN, "label"].iloc[0]) if CHOSEN in pooled else None,
                "reference": reference,
                "calibration": used[0]["calibration"],
                "prevalence": prevalence,
                "n_resamples": N_RESAMPLES,
            },
            tables=tables,
            findings=found,
        )


def _balancing(pipeline: Any) -> str | None:
    """Return the chosen balancing as text, or None where there is none."""
    samplers = [stage_name(step) for step in pipeline.steps if verb_of(step) is Verb.RESAMPLE]
    active = [name for name in samplers if name != "no_balancing"]
    model = pipeline.steps[-1]
    if getattr(model, "class_weight", None) is not None:
        active.append(f"class_weight of {stage_name(model)}")
    return " + ".join(active) or None


def _part(train: Samples, max_rows: int, seed: int) -> Samples:
    """The training rows, or a part of them: whole groups, classes in equal shares."""
    if len(train) <= max_rows:
        return train
    n_parts = -(-len(train) // max_rows)
    y = np.asarray(train.y)
    if train.group is None:
        order = np.random.default_rng(seed).permutation(len(train))
        order = order[np.argsort(y[order], kind="stable")]
        return train.take(np.sort(order[::n_parts]).astype(np.intp))
    groups = pd.factorize(np.asarray(train.group, dtype=object), use_na_sentinel=False)[0]
    return train.take(np.flatnonzero(group_folds(y, groups, n_parts, seed) == 0))


def _fitted(fold: Fold, part: Samples, name: str, label: str) -> dict[str, Any]:
    shown = label if name == CHOSEN else _LABELS[name]
    as_it_is = name == CHOSEN and part is fold.train
    try:
        if as_it_is:
            pipeline = fold.pipeline
        elif name == CHOSEN:
            pipeline = fold.pipeline.clone_unfitted().fit(part)
        else:
            stage = None if name == NONE else build("stages", name)
            pipeline = fold.pipeline.with_balancing(stage).fit(part)
        raw = np.asarray(pipeline.raw_proba(fold.test), dtype=np.float64)
        calibrated = fold.probabilities if as_it_is else pipeline.predict_proba(fold.test)
    except AppliedMLError as error:
        # A variant that cannot be fitted (a model without sample weights) is said, and does not end the run.
        return {"name": name, "label": shown, "note": str(error)}
    last = pipeline.ledger_.iloc[-1]
    return {
        "name": name,
        "label": shown,
        "note": "",
        BEFORE: raw,
        AFTER: np.asarray(calibrated, dtype=np.float64),
        "n_fitted": int(last["n_fitted"]),
        "n_synthetic": int(last["n_synthetic"]),
    }


def _fit_rows(item: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    for fit in item["fits"]:
        yield item["fold"], fit["name"], fit["label"], fit.get("n_fitted", 0), fit.get("n_synthetic", 0), fit["note"]


def _pooled(used: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Probabilities of every variant that was fitted in all folds used, rows of the folds one after the other."""
    out: dict[str, dict[str, Any]] = {}
    for position, first in enumerate(used[0]["fits"]):
        fits = [item["fits"][position] for item in used]
        if not any(fit["note"] for fit in fits):
            parts = {stage: np.concatenate([fit[stage] for fit in fits]) for stage in (BEFORE, AFTER)}
            out[first["name"]] = {"label": first["label"], **parts}
    return out


def _sampled(used: list[dict[str, Any]]) -> Iterator[Finding]:
    """Say so where the variants were fitted on a part of the training rows."""
    if any(item["n_used"] < item["n_train"] for item in used):
        counts = "; ".join(f"{item['n_used']:,} of {item['n_train']:,} in fold {item['fold']}" for item in used)
        text = (
            f"All variants, also the chosen one, were fitted on a part of the training rows, drawn at random: {counts}."
        )
        yield Finding(Severity.INFO, "The ablation used a part of the training rows", text)


def _findings(tables: Mapping[str, pd.DataFrame], last: str, prevalence: float | None) -> Iterator[Finding]:
    differences = tables["differences"]
    chosen = differences[(differences["variant"] == CHOSEN) & (differences["stage"] == last)].set_index("metric")
    for name in ("average_precision", "roc_auc"):
        if name in chosen.index and chosen.loc[name, "reference"] == NONE:
            yield _ranking_finding(METRICS[name].title, chosen.loc[name])
            break
    values = tables["variants"].set_index(["variant", "stage", "metric"])
    if prevalence is None or (CHOSEN, BEFORE, "excess_risk") not in values.index:
        return
    before, after = values.loc[(CHOSEN, BEFORE, "excess_risk")], values.loc[(CHOSEN, last, "excess_risk")]
    if _off(before, prevalence):
        text = (
            f"Before calibration the mean predicted risk is {prevalence + before['value']:.3f}, the observed one "
            f"{prevalence:.3f}."
        )
        if last == AFTER:
            text += f" After calibration it is {prevalence + after['value']:.3f}."
        mended = last == AFTER and not _off(after, prevalence)
        severity = Severity.INFO if mended else Severity.WARNING
        title = "Balancing moves predicted risks" + (", calibration moves them back" if mended else "")
        yield Finding(severity, title, text)


def _ranking_finding(title: str, row: pd.Series[Any]) -> Finding:
    shown = f"{title} {row['difference']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f}) against no balancing."
    if row["high"] < 0:
        return Finding(Severity.WARNING, "Balancing made the ranking worse", shown)
    if row["low"] > 0:
        return Finding(Severity.INFO, "Balancing improved the ranking", shown)
    return Finding(Severity.INFO, "Balancing made no clear difference to the ranking", shown)


def _off(excess: pd.Series[Any], prevalence: float) -> bool:
    clear = excess["low"] > 0 or excess["high"] < 0
    return bool(clear and abs(excess["value"]) > 0.1 * prevalence)
