"""``IdentitySwaps``: whether a text's score changes when only the identity it names is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._fairness_verdict import Verdict
from appliedml.audits._identity_dimensions import dimension_table, unknown_findings
from appliedml.audits._identity_errors import error_table
from appliedml.audits._identity_findings import coverage_finding, error_findings, gap_findings
from appliedml.audits._identity_fold import Options, fold_evidence, group_keys, outputs_of
from appliedml.audits._identity_judge import Judged
from appliedml.audits._identity_pool import Items, judged_items, pooled_items
from appliedml.audits._identity_terms import Dimension, find_dimensions, find_frames, template_terms
from appliedml.audits._scores_pool import audit_seed, status_of
from appliedml.audits._text_language import language_findings
from appliedml.core.artifact import ALL_FOLDS, Artifact, Finding, Severity, Status, score_rows
from appliedml.core.fold import Fold
from appliedml.core.params import AnyOf, Integer, ListOf, MapOf, Null, Real, Rule, Text
from appliedml.core.stage import Configured
from appliedml.core.texts import Texts
from appliedml.metrics.intervals import wilson_interval

KIND = "identity_swaps"
NOT_TEXTS = "The inputs are not texts, so there are no identity terms to swap."
PERSONAL_DATA = "The table released holds single texts of the test data. Of real people, these are personal data."
# Two tests of swaps, and the error rates: each may err with a third of what the audit may.
N_PARTS = 3
_ORDER = (Severity.PROBLEM, Severity.WARNING, Severity.INFO)


class IdentitySwaps(Configured):
    """Swap identity terms in templates and in own sentences, and judge what happens to score and errors.

    Parameters
    ----------
    dimensions : list of str or None
        Of age, disability, gender, names, nationality, orientation, religion and own ones; None for all.
    terms : mapping, str or None
        Own lists, added to the shipped ones (one with the same name replaces it): dimension to group to list of
        terms, or a path to a YAML file with such a mapping or in the form of the shipped lists. Terms of two groups
        are matched by position. Own terms are used as nouns after "the", or as names if all begin with a capital.
    templates : list of str, str or None
        Own templates instead of the shipped ones: texts with ``{subject}`` (a noun phrase such as "the woman") or
        ``{term}`` (the term as it is), or a path to a YAML file with a list of them.
    tolerance : float
        Smallest change of the score (a probability) that matters.
    rate_tolerance : float
        Largest acceptable gap between two error rates.
    min_texts : int
        Own sentences (or groups of rows) behind a pair of groups, and behind each error rate, to judge it.
    max_rows : int
        Own sentences a fold that are swapped.
    confidence : float
        Of each interval by itself, and of the audit as a whole against claiming a disparity where there is none.
    release_texts : int
        How many of the own sentences whose score changes most are put into the artifact. They are personal data.
    random_state : int or None
        Seed; by default derived from the plan's.

    Notes
    -----
    **Gap.** The calibrated score of the class of interest (of every class if there are more than two). A *term*: its
    mean over all templates minus that of the other terms of its dimension that fit the same templates. A *group*: the
    mean of its terms minus that of the other groups. *Own* sentences: score with one group's term minus score with
    the matched term of the other group, where a sentence names one group of the dimension only. Every fold's model
    scores all templates.

    **Verdicts**, as in the fairness audit. *Disparity*: the gap lies beyond ``tolerance`` to the same side in every
    fold's model, and so does its interval over sentences; and it is more than chance, by one of two tests that are
    corrected over all terms, groups and pairs (Holm). One asks whether training anew could remove the gap, from how the
    models of the folds differ, shared rows accounted for; the other asks whether the term goes with the class in the
    training texts of every fold beyond chance (Fisher). *Within tolerance*: the interval of the gap, over training anew
    and over sentences, lies within the tolerance. *Insufficient evidence*: neither; ``noticed`` marks gaps that are
    beyond the tolerance in every model without proof. A dimension is as its worst gap. With no bias, a disparity is
    claimed anywhere in at most 1 - ``confidence`` of all cases.

    **Largest gap of a dimension** (``gap.identity_score``, without its sign, within 0 and 1). With a disparity: the
    largest proven gap; its interval is that of the models that were trained, over sentences and wide enough for every
    fold's model, so that its lower bound lies above ``tolerance``; that it is not chance is said by the corrected test.
    Without: the largest gap of all; the lower bound holds for all gaps of the audit together (Bonferroni), and the
    upper one is the largest upper bound of a gap by itself, which covers the largest gap without correction
    (Berger 1982). "Within tolerance" is said only where that interval lies within the tolerance.

    **Errors.** False positive and false negative rates (real labels) of texts that mention a group, against texts that
    mention none of its dimension. This compares different texts: unlike a swap it does not show a cause. Its intervals
    hold for the models that were trained, as those of the fairness audit: a model that learned its words by heart has
    real gaps here that training anew would move.

    **Privacy.** No own sentence is in the artifact unless ``release_texts`` asks for it.

    **Tables** of the artifact:

    ``terms``, ``groups``
        dimension, slot, item, group, class, gap, low, high, wide_low, wide_high (simultaneous), fold_low, fold_high,
        flip_rate (decision other than that of most terms), n_sentences, n_training_texts, p_folds, p_labels
        (corrected), verdict, noticed.
    ``own``
        dimension, item, against, class, gap, low, high, ..., n_sentences, n_units, mean_size, n_flipped, flip_rate,
        flip_low, flip_high, small, verdict, noticed.
    ``errors``
        dimension, group, metric, n, n_counted, n_rest, rate, rate_low, rate_high, rest, gap, low, high, verdict,
        exceeds, small.
    ``dimensions``
        dimension, n_terms, n_groups, n_texts (test texts with a term), verdict, largest, low, high, largest_item,
        unknown (no model tells any of its terms apart), remark, source, note.
    ``templates``
        tone, text.
    ``released``
        only with ``release_texts``.

    Source
    ------
    Garg et al. (2019), Counterfactual fairness in text classification through robustness, AIES; Dixon et al. (2018),
    Measuring and mitigating unintended bias in text classification, AIES; Kiritchenko and Mohammad (2018), *SEM;
    Berger (1982), Multiparameter hypothesis testing and acceptance sampling, Technometrics 24.
    The lists name their own sources.

    Examples
    --------
    >>> IdentitySwaps(dimensions=["gender"], terms={"job": {"care": ["nurse"], "law": ["lawyer"]}}).tolerance
    0.05
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "dimensions": AnyOf(ListOf(Text(), 1), Null()),
        "terms": AnyOf(Text(), MapOf(MapOf(ListOf(Text(), 1))), Null()),
        "templates": AnyOf(Text(), ListOf(Text(), 2), Null()),
        "tolerance": Real(0, 1, open_low=True),
        "rate_tolerance": Real(0, 1, open_low=True),
        "min_texts": Integer(10),
        "max_rows": Integer(1),
        "confidence": Real(0.5, 1, open_high=True),
        "release_texts": Integer(0, 1000),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        dimensions: Sequence[str] | None = None,
        terms: Mapping[str, Mapping[str, Sequence[str]]] | str | None = None,
        templates: Sequence[str] | str | None = None,
        tolerance: float = 0.05,
        rate_tolerance: float = 0.10,
        min_texts: int = 30,
        max_rows: int = 300,
        confidence: float = 0.95,
        release_texts: int = 0,
        random_state: int | None = None,
    ) -> None:
        self.dimensions = dimensions
        self.terms = terms
        self.templates = templates
        self.tolerance = tolerance
        self.rate_tolerance = rate_tolerance
        self.min_texts = min_texts
        self.max_rows = max_rows
        self.confidence = confidence
        self.release_texts = release_texts
        self.random_state = random_state

    def examine(self, fold: Fold) -> dict[str, Any]:
        """Score templates and own sentences with one fold's model.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict
            Plain data.

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        StageError
            If a dimension is not known, or an own list cannot be used.
        """
        self.check_parameters()
        if not isinstance(fold.test.X, Texts):
            return {"reason": NOT_TEXTS}
        seed = fold.seed_for(KIND) if self.random_state is None else self.random_state + fold.number
        options = Options(tuple(self._dimensions()), find_frames(self.templates), self.max_rows, self.release_texts)
        return fold_evidence(fold, options, seed)

    def _dimensions(self) -> list[Dimension]:
        return find_dimensions(self.dimensions, self.terms)

    def conclude(self, evidence: Sequence[Mapping[str, Any]]) -> Artifact:
        """Judge the gaps of all folds together.

        Parameters
        ----------
        evidence : sequence of mapping
            One a fold, in fold order.

        Returns
        -------
        Artifact
            Status "problem" if a disparity is shown, "warning" if something is noticed, cannot be judged, or the
            texts do not look English, else "ok"; "not_applicable" for inputs that are not texts.
        """
        self.check_parameters()
        if "reason" in evidence[0]:
            return Artifact(KIND, Status.NOT_APPLICABLE, str(evidence[0]["reason"]))
        dimensions, classes = self._dimensions(), evidence[0]["classes"]
        alpha = (1 - self.confidence) / N_PARTS
        items = pooled_items(evidence, dimensions, outputs_of(len(classes)), self.min_texts)
        judged = judged_items(items, evidence, tolerance=self.tolerance, confidence=self.confidence, alpha=alpha)
        table = _judged_table(items, judged, self.confidence)
        rows = pd.concat([item["table"] for item in evidence], ignore_index=True)
        mentions = np.concatenate([item["mentions"] for item in evidence])
        errors = error_table(
            rows,
            mentions,
            group_keys(dimensions),
            classes,
            tolerance=self.rate_tolerance,
            min_texts=self.min_texts,
            confidence=self.confidence,
            alpha=alpha,
            seed=audit_seed(self.random_state, evidence, KIND),
        )
        counts = {
            "n_texts": len(rows),
            **{
                name: sum(int(item["own"][name]) for item in evidence)
                for name in ("n_with_term", "n_swappable", "n_swapped")
            },
        }
        summed = dimension_table(dimensions, table, mentions, _seen(evidence), self.tolerance)
        english = [sum(int(item["english"][k]) for item in evidence) for k in (0, 1)]
        found = [
            *gap_findings(table, self.tolerance, len(evidence)),
            *error_findings(errors, self.rate_tolerance),
            *self._unjudged(summed, len(evidence)),
            *language_findings(english[0], english[1], "The identity terms and templates"),
            *unknown_findings(summed),
            coverage_finding(counts, [item.name for item in dimensions]),
        ]
        found.sort(key=lambda finding: _ORDER.index(finding.severity))
        tables = {
            "terms": _only(table, "term"),
            "groups": _only(table, "group"),
            "own": _only(table, "own"),
            "errors": errors,
            "dimensions": summed,
            "templates": pd.DataFrame([vars(frame) for frame in find_frames(self.templates)]),
        }
        if self.release_texts:
            tables["released"] = _released(evidence, self.release_texts)
        summary = {
            "tolerance": self.tolerance,
            "rate_tolerance": self.rate_tolerance,
            "confidence": self.confidence,
            "min_texts": self.min_texts,
            "classes": [classes[code] for code in outputs_of(len(classes))],
            "n_folds": len(evidence),
            "n_terms": len(template_terms(dimensions)),
            "n_templates": len(tables["templates"]),
            "n_judged": len(table),
            **counts,
            "n_english": english[0],
            "n_language_judged": english[1],
            "clustered": "group" in rows,
            "notes": [PERSONAL_DATA] if self.release_texts else [],
        }
        return Artifact(
            KIND,
            status_of(found),
            summary=summary,
            tables=tables,
            scores=_scores(table, summed, errors),
            findings=tuple(found),
        )

    def _unjudged(self, summed: pd.DataFrame, n_folds: int) -> list[Finding]:
        names = summed.loc[summed["verdict"] == Verdict.INSUFFICIENT.value, "dimension"].tolist()
        if not names:
            return []
        why = (
            "With one fold nothing says how training anew would change a gap."
            if n_folds < 2
            else "Gaps as large as the tolerance and no gap at all both agree with the models of the folds."
        )
        return [Finding(Severity.WARNING, "Identity gaps that cannot be judged", f"{', '.join(names)}: {why}")]


def _judged_table(items: Items, judged: Judged, confidence: float) -> pd.DataFrame:
    table = items.table.drop(columns=[column for column in ("term",) if column in items.table])
    # A difference of two probabilities lies within -1 and 1, whatever a t interval says.
    gaps = ("gap", "low", "high", "wide_low", "wide_high", "models_low", "models_high", "fold_low", "fold_high")
    table = table.assign(
        **{name: np.clip(getattr(judged, name), -1.0, 1.0) for name in gaps},
        p_folds=judged.p_folds,
        p_labels=judged.p_labels,
        noticed=judged.noticed,
    )
    table["verdict"] = [item.value for item in judged.verdict]
    if "shift" in table:
        # The mean over sentences, also where folds are too few or too small to judge.
        own = table["kind"] == "own"
        table.loc[own, "gap"] = table.loc[own, "shift"]
        low, high = wilson_interval(table.loc[own, "n_flipped"], table.loc[own, "n_sentences"], confidence)
        table.loc[own, "flip_rate"] = table.loc[own, "n_flipped"] / table.loc[own, "n_sentences"]
        table.loc[own, "flip_low"], table.loc[own, "flip_high"] = low, high
    return table


_SHARED = (
    "dimension", "slot", "item", "group", "class", "gap", "low", "high", "wide_low", "wide_high", "fold_low",
    "fold_high", "flip_rate", "n_sentences", "n_training_texts", "p_folds", "p_labels", "verdict", "noticed",
)  # fmt: skip
_OWN = (
    "dimension", "item", "against", "class", "gap", "low", "high", "wide_low", "wide_high", "fold_low", "fold_high",
    "mean_size", "n_sentences", "n_units", "n_flipped", "flip_rate", "flip_low", "flip_high", "small", "p_folds",
    "p_labels", "verdict", "noticed",
)  # fmt: skip
_WHOLE = ("n_sentences", "n_training_texts", "n_units", "n_flipped")


def _only(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    wanted = _OWN if kind == "own" else _SHARED
    found = table[table["kind"] == kind].reindex(columns=list(wanted)).reset_index(drop=True)
    whole = {name: "int64" for name in _WHOLE if name in found}
    return found.astype(whole | ({"small": bool} if kind == "own" else {}))


def _seen(evidence: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    """Most training texts of a fold with a term of each group, in the order of ``group_keys``."""
    n_groups = evidence[0]["mentions"].shape[1]
    found: NDArray[np.float64] = np.max([item["training"]["n_texts"][:n_groups] for item in evidence], axis=0)
    return found


def _released(evidence: Sequence[Mapping[str, Any]], n: int) -> pd.DataFrame:
    rows = [row for item in evidence for row in item["own"]["released"]]
    columns = [
        "row_id", "fold", "dimension", "source", "target", "original", "swapped", "class", "score", "score_swapped",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    size = (table["score_swapped"] - table["score"]).abs()
    return table.loc[size.sort_values(ascending=False, kind="stable").index[:n]].reset_index(drop=True)


def _scores(table: pd.DataFrame, summed: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    rows: list[tuple[str, int, str, float, float, float, int]] = []
    rows += [
        ("gap.identity_score", ALL_FOLDS, row.dimension, row.largest, row.low, row.high, row.n_terms)
        for row in summed.itertuples()
    ]
    several = table["class"].nunique() > 1
    for row in table[table["kind"] == "group"].to_dict("records"):
        name = "identity_shift" + (f".{row['class']}" if several else "")
        subset = f"{row['dimension']}={row['group']}"
        rows.append((name, ALL_FOLDS, subset, row["gap"], row["low"], row["high"], int(row["n_sentences"])))
    for row in errors[~errors["small"].astype(bool)].itertuples():
        subset = f"mentions {row.dimension}={row.group}"
        least, most = max(0.0, row.low, -row.high), max(abs(row.low), abs(row.high))
        rows.append((f"gap.{row.metric}", ALL_FOLDS, subset, abs(row.gap), least, most, row.n))
    return score_rows(rows)
