"""What a gate may judge: the names of metrics, and the groups that each is measured for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from appliedml.core.artifact import ALL_ROWS
from appliedml.errors import Problem

EVERY_SUBSET = "*"
METRICS: tuple[str, ...] = (
    "accuracy",
    "average_precision",
    "balanced_accuracy",
    "brier",
    "calibration_intercept",
    "calibration_slope",
    "cost",
    "ece",
    "f1",
    "false_positive_rate",
    "log_loss",
    "mcc",
    "observed_minus_predicted",
    "observed_to_predicted",
    "positive_predictive_value",
    "precision",
    "recall",
    "recall_at_precision",
    "roc_auc",
    "scaled_brier",
    "selection_rate",
    "specificity",
    "true_positive_rate",
)
EXPLANATION_METRICS: tuple[str, ...] = (
    "explanation_additivity_residual",
    "explanation_deletion_advantage",
    "explanation_distance",
    "explanation_fold_agreement",
    "explanation_insertion_advantage",
    "explanation_randomised_agreement",
    "explanation_relative_error",
)
FAMILIES: dict[str, tuple[str, ...]] = {
    # The longer start comes first: the first that fits is taken.
    "robustness.largest_loss.": METRICS,
    "robustness.": (*METRICS, "failure_rate", "flip_rate"),
    "shortcut.": ("balanced_roc_auc", "features", "score"),
    "image_explanation_": (
        "additivity_residual",
        "deletion_advantage",
        "distance",
        "fold_agreement",
        "insertion_advantage",
        "mask_share",
        "mask_share_gain",
        "pointing_game",
        "pointing_game_gain",
        "preview_agreement",
        "randomised_agreement",
        "relative_error",
        "share",
    ),
    "text_explanation_": ("deletion_advantage", "insertion_advantage", "relative_error"),
}
"""Measures of audits of pictures and texts: the start of their names, and how they go on."""
IDENTITY_METRICS = {"identity_score": "gap.", "identity_shift": ""}
"""Measures of identity swaps, whose subsets are dimensions and groups of terms, with the prefix that each has."""
ONLY_BETWEEN_GROUPS: tuple[str, ...] = ("equalised_odds",)
BETWEEN_GROUPS = ("gap.", "ratio.")
"""Comparisons between the groups of a sensitive feature: the largest difference, the smallest ratio."""
AGAINST = "difference."
"""The model minus a baseline, on the subset "baseline=<name>"."""
PREFIXES = (*BETWEEN_GROUPS, AGAINST)
_JOIN = " & "


def metric_problems(metric: str, entry: Mapping[str, Any], where: str) -> list[Problem]:
    """Return what is wrong with a gate's metric, and with its subset for that metric.

    Parameters
    ----------
    metric : str
    entry : mapping
        The gate.
    where : str
        Its place in the policy.

    Returns
    -------
    list of Problem
    """
    for start, ends in FAMILIES.items():
        if metric.startswith(start):
            rest = metric.removeprefix(start)
            if rest in ends:
                return []
            close = get_close_matches(rest, ends, n=1)
            longer = [
                f"{other.removeprefix(start)}<metric>"
                for other in FAMILIES
                if other != start and other.startswith(start)
            ]
            listed = f"Known after {start!r}: {', '.join([*ends, *longer])}."
            hint = f"Did you mean {start + close[0]!r}?" if close else listed
            return [Problem(f"{where}.metric", f"{metric!r} is not a metric. {hint}")]
    prefix = next((prefix for prefix in PREFIXES if metric.startswith(prefix)), "")
    # With more than two classes a rate has its class behind a dot: true_positive_rate.owl
    base = metric.removeprefix(prefix).partition(".")[0]
    if base in IDENTITY_METRICS and prefix == IDENTITY_METRICS[base]:
        return []
    known = METRICS + (ONLY_BETWEEN_GROUPS if prefix in BETWEEN_GROUPS else () if prefix else EXPLANATION_METRICS)
    if base not in known:
        return [Problem(f"{where}.metric", f"{metric!r} is not a metric. {_metric_hint(metric, prefix, known)}")]
    subset = entry.get("subset")
    if prefix in BETWEEN_GROUPS and isinstance(subset, str) and ("=" in subset or subset == ALL_ROWS):
        what = f"{metric} compares groups: name a sensitive feature or '*', not {subset!r}."
        return [Problem(f"{where}.subset", what)]
    if prefix == AGAINST and isinstance(subset, str) and subset != EVERY_SUBSET and not subset.startswith("baseline="):
        what = f"{metric} compares with baselines: write 'baseline=<name>' or '*', not {subset!r}."
        return [Problem(f"{where}.subset", what)]
    return []


def _metric_hint(metric: str, prefix: str, known: tuple[str, ...]) -> str:
    """Suggest a metric that would be taken, or list them all."""
    of_families = [start + end for start, ends in FAMILIES.items() for end in ends]
    whole = next((name for name in of_families if name.endswith((f".{metric}", f"_{metric}"))), None)
    if whole is not None:
        return f"Did you mean {whole!r}?"
    base, dot, label = metric.removeprefix(prefix).partition(".")
    close = get_close_matches(base, known, n=1)
    if close:
        return f"Did you mean {prefix + close[0] + dot + label!r}?"
    close = get_close_matches(metric, of_families, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    forms = [*PREFIXES, *(start for start, ends in FAMILIES.items() if set(METRICS) <= set(ends))]
    # What audits measure beside them, in the order of the audits.
    others = [name for name in of_families if not (name.startswith("robustness.") and name.endswith(METRICS))]
    others += [*EXPLANATION_METRICS, *(f"gap.{name}" for name in ONLY_BETWEEN_GROUPS)]
    others += [f"{start}{name}" for name, start in IDENTITY_METRICS.items()]
    each = ", ".join(f"{start}<metric>" for start in forms)
    return f"Known: {', '.join(METRICS)}; each also as {each}. Of audits: {', '.join(others)}."


def subset_problems(
    gates: Iterable[tuple[str, str]], attributes: Sequence[str], measured: Iterable[str]
) -> list[Problem]:
    """Return the gates on groups of an attribute that the run does not have.

    Parameters
    ----------
    gates : iterable of (str, str)
        Metric and subset of every gate of the policy, in order.
    attributes : sequence of str
        Names of the run's sensitive features.
    measured : iterable of str
        Subsets that were measured; none before a run.

    Returns
    -------
    list of Problem

    Examples
    --------
    >>> print(subset_problems([("gap.recall", "sexx")], ["sex", "age_band"], [])[0].what)
    the run has no attribute 'sexx'. Did you mean 'sex'? Known: sex, age_band.
    """
    known = {*attributes, *(subset.partition("=")[0] for subset in measured)}
    problems = []
    for number, (metric, subset) in enumerate(gates):
        name, equals, _ = subset.partition("=")
        if subset in (EVERY_SUBSET, ALL_ROWS) or not _is_about_groups(metric, equals):
            continue
        # Attributes may be crossed: sex & age_band.
        absent = [] if name in known else [part for part in name.split(_JOIN) if part not in attributes]
        for part in absent:
            close = get_close_matches(part, attributes, n=1)
            hint = f"Did you mean {close[0]!r}? " if close else ""
            text = f"the run has no attribute {part!r}. {hint}Known: {', '.join(attributes) or 'none'}."
            problems.append(Problem(f"gates[{number}].subset", text))
    return problems


def _is_about_groups(metric: str, equals: str) -> bool:
    """Whether a gate's subset names a sensitive feature: not a baseline, a perturbation or a dimension of terms."""
    prefix = next((prefix for prefix in PREFIXES if metric.startswith(prefix)), "")
    base = metric.removeprefix(prefix).partition(".")[0]
    if prefix in BETWEEN_GROUPS:
        return base not in IDENTITY_METRICS
    return not prefix and (base in METRICS or (base == "shortcut" and bool(equals)))
