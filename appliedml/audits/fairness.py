"""``Fairness``: whether the model treats groups of people alike, and how sure one can be of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pandas as pd

from appliedml.audits import _fairness_tables as tables
from appliedml.audits._fairness_features import Pooled, find_features, fold_evidence, pool
from appliedml.audits._fairness_findings import findings
from appliedml.audits._fairness_frontier import frontier, frontier_table
from appliedml.audits._fairness_judge import Judged, Minimums, count, judge
from appliedml.audits._fairness_ranking import ranking_findings, ranking_table
from appliedml.audits._fairness_rare import rare_findings
from appliedml.audits._fairness_scoring import scoring_table
from appliedml.audits._fairness_unknown import candidates, compare_unknown
from appliedml.audits._fairness_verdict import CRITERIA, Verdict
from appliedml.core.artifact import Artifact, Finding, Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.params import AnyOf, Boolean, Choice, Integer, ListOf, MapOf, Null, Real, Rule, Text
from appliedml.core.seeds import derive_seed
from appliedml.core.stage import Configured

KIND = "fairness"
METRICS = tuple(name for name in CRITERIA if name != "equalised_odds")
# Resamples beyond the quantile on which a corrected interval rests.
TAIL_RESAMPLES = 20


class Fairness(Configured):
    """Rates, gaps and ratios by sensitive feature and intersection, each with an interval and a verdict.

    Parameters
    ----------
    tolerance : float
        Largest gap between two groups that is acceptable, as a difference of two rates.
    min_rows, min_positives, min_negatives : int
        A group is judged on a rate if it has so many rows, and so many in the rate's denominator: positives for the
        true positive rate, negatives for the false positive rate, selected rows (at least ``min_positives``) for the
        positive predictive value. Where rows come in groups (customers, patients), those are counted instead of rows.
    intersections : "pairs", list of lists of str or None
        Intersections to judge: "pairs" or None for all pairs of sensitive features, or for example
        ``[["sex", "age_band"]]``; an empty list for none.
    confidence : float
        Of every interval, and of all gaps of the audit together.
    n_resamples : int
        Fewest bootstrap resamples. More are drawn where the correction for many features needs a thinner tail.
    metrics : list of str or None
        Rates whose gaps are judged; None for selection_rate, true_positive_rate, false_positive_rate,
        positive_predictive_value and accuracy. Equalised odds is judged where both of its rates are.
    reference : mapping of str to str or None
        The level that impact ratios are set against, by feature; by default the group with the highest selection rate.
    judge_unknown : bool
        Whether people of unknown level are compared like a group. They are always counted and shown, and a warning says
        where they are treated differently.
    random_state : int or None
        Seed; by default derived from the plan's.

    Notes
    -----
    **Verdicts.** For each feature and criterion all pairs of judged groups get simultaneous intervals (bootstrap
    max-|t|; see :func:`appliedml.metrics.groups.pairwise_gaps`), so that the interval of the *largest* gap holds too.

    - *within tolerance*: the whole interval of the largest gap is at most ``tolerance``. There may be a difference;
      it is a tolerable one.
    - *disparity*: some pair of groups differs with the confidence asked for (its interval excludes 0) and is not shown
      to be within tolerance (its interval reaches beyond it). The estimated gap of that pair is then more than half of
      the tolerance. The finding is a problem if some lower bound or the estimated largest gap exceeds the tolerance
      (``exceeds``); else it is a warning: a difference is shown, its size against the tolerance is open.
    - *insufficient evidence*: neither; or fewer than two groups are large enough, and then no gap is given.

    A gap of exactly the tolerance can never be shown to exceed it, whatever the sample; that is why a disparity does
    not ask for it. With no true gap, the audit says *disparity* anywhere in at most 1 - ``confidence`` of all cases.

    **Correction.** Pairs of groups and criteria of one feature share one max-|t| quantile. Features and intersections
    are corrected by Bonferroni: with m of them, each is judged at 1 - (1 - confidence) / m. The intervals of a single
    group's rates, in ``by_group``, are not corrected.

    **Rows.** Out-of-fold rows of all folds are pooled with the decisions each fold made, at its own threshold. Rows
    of one group are resampled together, and so are several predictions of one row (repeated splits). The intervals
    hold for the models that were trained: they do not cover training anew.

    **Unknown levels.** Where people of unknown level are not compared but large enough, their rates are set against
    every judged group in a family of intervals of their own, corrected like the gaps. A warning is given where such an
    interval excludes 0, or where their rate lies outside the range of the judged groups by more than ``tolerance``.

    **Classes.** With more than two, every class is set against the others, and its name follows the rate's name.

    **Tables** of the artifact:

    ``by_group``
        feature, level, unknown, intersection, judged, n, n_units, n_positive, n_negative, n_selected, then for every
        rate, ``roc_auc`` and ``observed_minus_predicted``: ``<name>``, ``<name>_low``, ``<name>_high`` and
        ``<name>_n``, the rows behind it. Without an interval: too few rows, or groups of rows, to say how sure it is.
    ``gaps``
        feature, intersection, metric, criterion, n_groups, n_too_small, n_not_compared (people of unknown level),
        gap, low, high, lowest_group, lowest_rate, highest_group, highest_rate, ratio, ratio_low, ratio_high, verdict,
        exceeds, coarse (within tolerance, and no rate is as large as the tolerance, so that no gap could be), note.
    ``pairs``
        feature, metric, group_a, group_b, difference, low, high.
    ``unknown``
        feature, intersection, level, metric, n, rate, lowest_rate, highest_rate, against, against_rate, difference,
        low, high, outside, differs: people of unknown level against the judged groups, where they are not compared.
    ``ranking``
        feature, level, n, n_positive, n_negative, roc_auc, rest_roc_auc, difference, low, high, worse: AUROC inside
        a group against that of all other known groups; two classes only, without intersections. The intervals hold
        together (Bonferroni), apart from those of the gaps.
    ``too_small``
        feature, level, metric, counted, found, needed.
    ``impact_ratio``
        feature, class, level, n, share, n_selected, selection_rate, reference, ratio, low, high, reading.
    ``scoring_rate``
        As ``impact_ratio``, with the share that scores above the median of all rows instead of the share selected
        (n_above, scoring_rate), and the median; empty with more than two classes.
    ``frontier``
        feature, equalised, share_closed, gap, accuracy, balanced_accuracy, precision, recall, selection_rate,
        n_selected, n_true_positive, n_false_positive: in-sample, two classes only.
    ``features``
        feature, intersection, status, reason, n_levels, n_rows, n_unknown, standard_errors.

    Source
    ------
    Hardt, Price and Srebro (2016), Equality of Opportunity in Supervised Learning; Chouldechova (2017), Fair
    prediction with disparate impact; Westfall and Young (1993), Resampling-Based Multiple Testing.

    Examples
    --------
    >>> Fairness(tolerance=0.05, intersections=[["sex", "age_band"]]).tolerance
    0.05
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "tolerance": Real(0, 1, open_low=True),
        "min_rows": Integer(2),
        "min_positives": Integer(2),
        "min_negatives": Integer(2),
        "intersections": AnyOf(Choice("pairs"), ListOf(ListOf(Text(), 2)), Null()),
        "confidence": Real(0.5, 1, open_high=True),
        "n_resamples": Integer(100, 1_000_000),
        "metrics": AnyOf(ListOf(Choice(*METRICS), 1), Null()),
        "reference": AnyOf(MapOf(Text()), Null()),
        "judge_unknown": Boolean(),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        tolerance: float = 0.10,
        min_rows: int = 100,
        min_positives: int = 30,
        min_negatives: int = 30,
        intersections: str | Sequence[Sequence[str]] | None = None,
        confidence: float = 0.95,
        n_resamples: int = 2000,
        metrics: Sequence[str] | None = None,
        reference: Mapping[str, str] | None = None,
        judge_unknown: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.tolerance = tolerance
        self.min_rows = min_rows
        self.min_positives = min_positives
        self.min_negatives = min_negatives
        self.intersections = intersections
        self.confidence = confidence
        self.n_resamples = n_resamples
        self.metrics = metrics
        self.reference = reference
        self.judge_unknown = judge_unknown
        self.random_state = random_state

    def examine(self, fold: Fold) -> dict[str, Any]:
        """Keep the predictions of one fold.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict
            Plain data: the prediction table, class names, order of levels, a seed.

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        """
        self.check_parameters()
        return fold_evidence(fold)

    def conclude(self, evidence: Sequence[dict[str, Any]]) -> Artifact:
        """Judge the rows of all folds together.

        Parameters
        ----------
        evidence : sequence of dict
            One a fold, in fold order.

        Returns
        -------
        Artifact
            Status "problem" if some gap exceeds the tolerance, "warning" if there is another disparity, if something
            cannot be judged, if people of unknown level are treated differently or if the score ranks worse in a group,
            else "ok";
            "not_applicable" without a sensitive feature that has two levels.

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        """
        self.check_parameters()
        pooled = pool(evidence)
        if pooled.sensitive.shape[1] == 0:
            reason = "No sensitive feature is named in the schema, so there are no groups to compare."
            return Artifact(KIND, Status.NOT_APPLICABLE, reason)
        features = find_features(pooled, "pairs" if self.intersections is None else self.intersections)
        usable = [feature for feature in features if not feature.reason]
        if not usable:
            reason = " ".join(f"{feature.name}: {feature.reason}" for feature in features)
            table = tables.feature_table(features, {})
            return Artifact(KIND, Status.NOT_APPLICABLE, reason, tables={"features": table})
        minimums = Minimums(self.min_rows, self.min_positives, self.min_negatives)
        metrics = METRICS if self.metrics is None else tuple(self.metrics)
        counted = [count(feature, pooled, metrics, minimums, self.judge_unknown) for feature in usable]
        n_tests = max(1, sum(item.testable for item in counted))
        corrected = 1 - (1 - self.confidence) / n_tests
        n_unknown = 0 if self.judge_unknown else sum(bool(candidates(item).any()) for item in counted)
        n_families = max(n_tests, n_unknown)
        n_resamples = max(self.n_resamples, math.ceil(TAIL_RESAMPLES * n_families / (1 - self.confidence)))
        root = self.random_state if self.random_state is not None else int(evidence[0]["seed"])
        judged = [
            judge(
                item,
                pooled,
                confidence=self.confidence,
                corrected=corrected,
                tolerance=self.tolerance,
                n_resamples=n_resamples,
                seed=derive_seed(root, KIND, item.feature.name),
            )
            for item in counted
        ]
        gaps = tables.gap_table(judged)
        unknown = compare_unknown(
            () if self.judge_unknown else judged, 1 - (1 - self.confidence) / max(1, n_unknown), self.tolerance
        )
        ranking = ranking_table(judged, pooled, self.confidence)
        found = (
            *findings(judged, features, unknown, self.tolerance, self.confidence),
            *ranking_findings(ranking, self.confidence),
            *rare_findings(judged, self.tolerance),
        )
        steps = [row for item in judged if len(item.counted.feature.parts) == 1 for row in frontier(item, pooled)]
        scoring = scoring_table(
            usable,
            pooled,
            minimums,
            self.reference or {},
            confidence=corrected,
            n_resamples=n_resamples,
            seed=derive_seed(root, KIND),
        )
        return Artifact(
            KIND,
            _status(gaps, found),
            summary=self._summary(pooled, gaps, n_tests, corrected, n_resamples, judged),
            tables={
                "by_group": tables.by_group(judged),
                "gaps": gaps,
                "pairs": tables.pair_table(judged),
                "unknown": unknown,
                "ranking": ranking,
                "too_small": tables.too_small_table(counted, minimums),
                "impact_ratio": tables.impact_table(judged, self.reference or {}),
                "scoring_rate": scoring,
                "frontier": frontier_table(steps),
                "features": tables.feature_table(features, {item.counted.feature.name: item for item in judged}),
            },
            scores=tables.scores(judged),
            findings=(*found, *self._reference_problems(judged)),
        )

    def _summary(
        self,
        pooled: Pooled,
        gaps: pd.DataFrame,
        n_tests: int,
        corrected: float,
        n_resamples: int,
        judged: Sequence[Judged],
    ) -> dict[str, Any]:
        verdicts: dict[str, dict[str, str]] = {}
        for row in gaps.itertuples():
            verdicts.setdefault(str(row.feature), {})[str(row.metric)] = str(row.verdict)
        return {
            "tolerance": self.tolerance,
            "confidence": self.confidence,
            "confidence_per_feature": corrected,
            "n_features_tested": n_tests,
            "n_resamples": n_resamples,
            "min_rows": self.min_rows,
            "min_positives": self.min_positives,
            "min_negatives": self.min_negatives,
            "judge_unknown": self.judge_unknown,
            "n_rows": len(pooled),
            "n_units": judged[0].counted.table.n_units,
            "clustered": pooled.cluster is not None,
            "resampling": pooled.cluster_reason,
            "classes": list(pooled.classes),
            "verdicts": verdicts,
            "worst": _worst(gaps),
        }

    def _reference_problems(self, judged: Sequence[Judged]) -> list[Finding]:
        """Name every reference group that could not be used."""
        levels = {item.counted.feature.name: item.counted.feature.levels for item in judged}
        found = []
        for name, level in (self.reference or {}).items():
            if name not in levels:
                text = f"{name!r} is not a judged feature. There are: {', '.join(levels)}."
            elif level not in levels[name]:
                text = f"{level!r} is not a level of {name}. There are: {', '.join(levels[name][:12])}."
            else:
                continue
            text += " Impact ratios are set against the group with the highest selection rate instead."
            found.append(Finding(Severity.WARNING, f"Reference group of {name} not used", text))
        return found


def _status(gaps: pd.DataFrame, found: Sequence[Finding]) -> Status:
    if any(finding.severity is Severity.PROBLEM for finding in found):
        return Status.PROBLEM
    in_order = (gaps["verdict"] == Verdict.WITHIN.value).all()
    warned = any(finding.severity is Severity.WARNING for finding in found)
    return Status.OK if in_order and not warned else Status.WARNING


def _worst(gaps: pd.DataFrame) -> dict[str, Any]:
    """The gap with the highest lower bound: the one best shown to be large."""
    known = gaps[gaps["gap"].notna()]
    if known.empty:
        return {}
    row = known.sort_values(["low", "gap"], ascending=False, kind="stable").iloc[0]
    texts = {name: str(row[name]) for name in ("feature", "metric", "verdict")}
    return texts | {name: float(row[name]) for name in ("gap", "low", "high")}
