"""``TextRobustness``: what typos, capitals, missing words and negations do to a classifier of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from appliedml.audits._explain_rows import stratified_rows
from appliedml.audits._scores_pool import audit_seed, figure, percent, status_of
from appliedml.audits._text_behaviours import (
    ADDED,
    LEXICON_RULE,
    behaviour_table,
    lexicon_of,
    sentiment_direction,
    template_texts,
)
from appliedml.audits._text_language import count_english, language_findings
from appliedml.audits._text_perturbations import PERTURBATIONS
from appliedml.core.artifact import ALL_FOLDS, ALL_ROWS, Artifact, Finding, Severity, Status, score_rows
from appliedml.core.fold import Fold
from appliedml.core.params import AnyOf, Choice, Integer, ListOf, Null, Real, Rule
from appliedml.core.seeds import derive_seed
from appliedml.core.stage import Configured
from appliedml.core.texts import Texts
from appliedml.metrics.classification import METRICS
from appliedml.metrics.comparisons import bootstrap_models
from appliedml.metrics.intervals import wilson_interval

KIND = "text_robustness"
NOT_TEXTS = "The inputs are not texts, so there are no words to misspell, leave out or negate."
AS_IT_IS = "as it is"
MEASURES = ("roc_auc", "accuracy")
WITHIN, FALLS, OPEN = "within tolerance", "warning", "insufficient evidence"
CURVE_COLUMNS = (
    "perturbation", "title", "severity", "severity_title", "metric", "value", "low", "high", "n", "difference",
    "difference_low", "difference_high", "verdict",
)  # fmt: skip


class TextRobustness(Configured):
    """Perturb test texts by degrees, and run behaviour tests on templates and test texts.

    Parameters
    ----------
    perturbations : list of str or None
        Of typos, word_dropout, unknown_words, lower_case, upper_case, no_punctuation, more_punctuation, white_space;
        None for all.
    max_rows : int
        Test rows a fold, stratified by class.
    tolerance : float
        Largest loss of AUROC or accuracy that is acceptable.
    allowed_change : float
        Change of the score in the wrong direction that is no failure yet when a sentence is added or strengthened.
    max_failure_rate : float
        Share of failures of a behaviour test from which it is called out, if its whole interval lies above.
    lexicon : mapping or None
        Own words and sentences in place of the English ones: ``subjects``, ``positive``, ``negative`` (lists);
        ``plain``, ``negated``, ``intensified`` (with ``{subject}`` and ``{word}``); ``positive_sentence``,
        ``negative_sentence``, ``neutral_sentence``.
    confidence : float
        Of each interval by itself.
    n_resamples : int
        Bootstrap resamples of rows, or of whole groups where the schema names a group.
    random_state : int or None
        Seed; by default derived from the plan's.

    Notes
    -----
    **Perturbations.** AUROC and accuracy of each perturbed copy, with the paired difference to the texts as they are
    (same rows, same resamples), and the share of decisions that flip. Models, calibration and thresholds stay as
    they are. A loss is called out where its interval, corrected for all perturbations and measures (Bonferroni), lies
    beyond ``tolerance``.

    **Behaviour tests** (CheckList). They ask for sentiment, so they are judged only where the score tells plainly
    positive from plainly negative sentences (AUROC of at least 0.75, or at most 0.25: then the class of interest is the
    negative one). All models score the same template sentences: failures are averaged over the models by sentence
    first, and the interval (Wilson) is one over sentences, not over models. The words are English; the audit warns
    where the texts do not look so.

    **Tables**: ``curves`` (perturbation, title, severity, severity_title, metric, value, low, high, n, difference,
    difference_low, difference_high, verdict) and ``behaviours`` (test, title, kind, example, n, counted, failures,
    failure_rate, low, high). No test text is in them.

    Source
    ------
    Ribeiro, Wu, Guestrin and Singh (2020), Beyond accuracy: behavioral testing of NLP models with CheckList, ACL;
    Belinkov and Bisk (2018), Synthetic and natural noise both break neural machine translation, ICLR.

    Examples
    --------
    >>> TextRobustness(perturbations=["typos"], max_rows=100).tolerance
    0.05
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "perturbations": AnyOf(ListOf(Choice(*PERTURBATIONS), 1), Null()),
        "max_rows": Integer(20),
        "tolerance": Real(0, 1, open_low=True),
        "allowed_change": Real(0, 1),
        "max_failure_rate": Real(0, 1),
        "lexicon": AnyOf(LEXICON_RULE, Null()),
        "confidence": Real(0.5, 1, open_high=True),
        "n_resamples": Integer(100, 100_000),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        perturbations: Sequence[str] | None = None,
        max_rows: int = 200,
        tolerance: float = 0.05,
        allowed_change: float = 0.05,
        max_failure_rate: float = 0.10,
        lexicon: Mapping[str, Any] | None = None,
        confidence: float = 0.95,
        n_resamples: int = 1000,
        random_state: int | None = None,
    ) -> None:
        self.perturbations = perturbations
        self.max_rows = max_rows
        self.tolerance = tolerance
        self.allowed_change = allowed_change
        self.max_failure_rate = max_failure_rate
        self.lexicon = lexicon
        self.confidence = confidence
        self.n_resamples = n_resamples
        self.random_state = random_state

    def examine(self, fold: Fold) -> dict[str, Any]:
        """Score perturbed test texts and templates with one fold's model.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict
            Plain data without any text.

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        """
        self.check_parameters()
        if not isinstance(fold.test.X, Texts):
            return {"reason": NOT_TEXTS}
        seed = fold.seed_for(KIND) if self.random_state is None else derive_seed(self.random_state, fold.number)
        lexicon, column = lexicon_of(self.lexicon), fold.test.X.column
        test = fold.test.take(stratified_rows(fold.test, self.max_rows, derive_seed(seed, "rows")))
        texts = list(test.X)

        def scored(changed: Sequence[str]) -> tuple[Any, Any]:
            p = np.asarray(fold.pipeline.predict_proba(Texts(changed, column)), dtype=np.float64)
            codes = p.argmax(axis=1) if fold.threshold is None else p[:, 1] >= fold.threshold
            return p, codes.astype(np.int64)

        variants = {"": scored(texts)}
        for name in self._names():
            item = PERTURBATIONS[name]
            for k, (strength, _) in enumerate(item.severities, start=1):
                rng = np.random.default_rng(derive_seed(seed, name, k))
                variants[f"{name}.{k}"] = scored([item.change(text, strength, rng) for text in texts])
        base, codes = variants[""]
        own = {}
        for name in ADDED:
            p, changed = scored([f"{text} {lexicon[name]}" for text in texts])
            own[name] = (base[:, 1], p[:, 1], codes, changed)
        templates = {}
        if fold.binary:
            kinds = template_texts(lexicon)
            p, called = scored([text for group in kinds.values() for text in group])
            ends = np.cumsum([len(group) for group in kinds.values()])[:-1]
            templates = dict(zip(kinds, zip(np.split(p[:, 1], ends), np.split(called, ends), strict=True), strict=True))
        return {
            "seed": seed,
            "classes": fold.classes,
            "y": np.asarray(test.y, dtype=np.int64),
            "units": np.asarray(test.row_id if test.group is None else test.group),
            "grouped": test.group is not None,
            "variants": variants,
            "own": own,
            "templates": templates,
            "english": count_english(texts),
        }

    def _names(self) -> tuple[str, ...]:
        return tuple(PERTURBATIONS if self.perturbations is None else dict.fromkeys(self.perturbations))

    def conclude(self, evidence: Sequence[Mapping[str, Any]]) -> Artifact:
        """Measure the perturbed texts of all folds together and count failures.

        Parameters
        ----------
        evidence : sequence of mapping
            One a fold, in fold order.

        Returns
        -------
        Artifact
            Status "warning" if a loss beyond the tolerance is shown, a behaviour test fails, or the texts do not look
            English, else "ok"; "not_applicable" for inputs that are not texts.
        """
        self.check_parameters()
        if "reason" in evidence[0]:
            return Artifact(KIND, Status.NOT_APPLICABLE, str(evidence[0]["reason"]))
        classes, lexicon = evidence[0]["classes"], lexicon_of(self.lexicon)
        curves = self._curves(evidence)
        binary = len(classes) == 2
        direction, auroc = sentiment_direction(evidence) if binary else (0, float("nan"))
        behaviours = behaviour_table(evidence, lexicon, direction, self.allowed_change, self.confidence)
        reason = "" if direction else _not_judged(binary, auroc)
        english = [sum(int(item["english"][k]) for item in evidence) for k in (0, 1)]
        found = [*self._losses(curves), *self._failures(behaviours)]
        if self.lexicon is None:
            found += language_findings(english[0], english[1], "The behaviour tests")
        if reason:
            found.append(Finding(Severity.INFO, "Negation and direction are not tested", reason))
        summary = {
            "tolerance": self.tolerance,
            "confidence": self.confidence,
            "allowed_change": self.allowed_change,
            "max_failure_rate": self.max_failure_rate,
            "n_rows": sum(len(item["y"]) for item in evidence),
            "n_folds": len(evidence),
            "n_resamples": self.n_resamples,
            "resampled": "groups" if evidence[0]["grouped"] else "rows",
            "class_of_interest": classes[1] if binary else "",
            "sentiment_direction": direction,
            "sentiment_roc_auc": auroc if binary else None,
            "behaviours_not_judged": reason,
            "own_lexicon": self.lexicon is not None,
            "n_english": english[0],
            "n_language_judged": english[1],
        }
        return Artifact(
            KIND,
            status_of(found),
            summary=summary,
            tables={"curves": curves, "behaviours": behaviours},
            scores=_scores(curves, behaviours),
            findings=tuple(found),
        )

    def _curves(self, evidence: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        from scipy.stats import norm

        y = np.concatenate([item["y"] for item in evidence])
        units = np.concatenate([item["units"] for item in evidence])
        names = list(evidence[0]["variants"])
        p = {name: np.concatenate([item["variants"][name][0] for item in evidence]) for name in names}
        codes = {name: np.concatenate([item["variants"][name][1] for item in evidence]) for name in names}
        n_units = int(pd.Series(units).nunique(dropna=False))
        groups = units if evidence[0]["grouped"] and n_units > 1 else None
        draws = bootstrap_models(
            y,
            p,
            {name: METRICS[name] for name in MEASURES},
            predictions=codes,
            groups=groups,
            confidence=self.confidence,
            n_resamples=self.n_resamples,
            seed=audit_seed(self.random_state, evidence, KIND),
        )
        reach = float(norm.ppf(1 - (1 - self.confidence) / 2 / max(1, len(MEASURES) * (len(names) - 1))))
        rows = []
        for name in self._names():
            item = PERTURBATIONS[name]
            for k in range(len(item.severities) + 1):
                variant = f"{name}.{k}" if k else ""
                head = (name, item.title, k, item.severities[k - 1][1] if k else AS_IT_IS)
                for metric in MEASURES:
                    found = draws.interval(variant, metric)
                    if not k:
                        rows.append((*head, metric, found.value, found.low, found.high, found.n, 0.0, 0.0, 0.0, ""))
                        continue
                    change = draws.difference(variant, "", metric)
                    error = float(np.nanstd(draws.draws[variant][metric] - draws.draws[""][metric]))
                    verdict = OPEN
                    if change.low >= -self.tolerance:
                        verdict = WITHIN
                    elif change.value + reach * error < -self.tolerance:
                        verdict = FALLS
                    rows.append((
                        *head, metric, found.value, found.low, found.high, found.n, change.value, change.low,
                        change.high, verdict,
                    ))  # fmt: skip
                flipped = float((codes[variant] != codes[""]).mean())
                low, high = wilson_interval(flipped * n_units, n_units, self.confidence) if k else (0.0, 0.0)
                blank = (float("nan"),) * 3
                rows.append((*head, "flip_rate", flipped, float(low), float(high), len(y), *blank, ""))
        return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))

    def _losses(self, curves: pd.DataFrame) -> list[Finding]:
        found = []
        for title, part in curves[curves["verdict"] == FALLS].groupby("title", sort=False):
            first = part.iloc[0]
            name = METRICS[first["metric"]].title
            text = (
                f"At {first['severity_title']} the {name if name == 'AUROC' else name.lower()} is "
                f"{figure(first['value'])}: {figure(-first['difference'])} lower "
                f"({figure(-first['difference_high'])} to {figure(-first['difference_low'])}) than on the same texts "
                f"as they are, beyond the tolerance of {self.tolerance:g}."
            )
            found.append(Finding(Severity.WARNING, f"Performance falls: {str(title).lower()}", text))
        return found

    def _failures(self, behaviours: pd.DataFrame) -> list[Finding]:
        found = []
        for row in behaviours[behaviours["low"] > self.max_failure_rate].itertuples():
            text = (
                f"It fails in {percent(row.failure_rate)} of {row.counted} ({percent(row.low)} to "
                f"{percent(row.high)}). Its cases are of this kind: {row.example}"
            )
            found.append(Finding(Severity.WARNING, f"Behaviour test failed: {row.title}", text))
        return found


def _not_judged(binary: bool, auroc: float) -> str:
    if not binary:
        return "With more than two classes it is open which of them is the positive one."
    return (
        f"The score does not tell plainly positive from plainly negative sentences (AUROC {figure(auroc)}): the task "
        "is not one of sentiment, or the words are not those of its language. Give a lexicon of own words."
    )


def _scores(curves: pd.DataFrame, behaviours: pd.DataFrame) -> pd.DataFrame:
    rows: list[tuple[str, int, str, float, float, float, int]] = [
        (
            f"robustness.{row.metric}", ALL_FOLDS, f"perturbation={row.perturbation}&severity={row.severity}",
            row.value, row.low, row.high, row.n,
        )
        for row in curves.itertuples()
        if row.severity
    ]  # fmt: skip
    rows += [
        ("robustness.failure_rate", ALL_FOLDS, f"test={row.test}", row.failure_rate, row.low, row.high, row.n)
        for row in behaviours.itertuples()
    ]
    worst = curves[curves["severity"] > 0].dropna(subset=["difference"])
    for metric, part in worst.groupby("metric", sort=False):
        row = part.loc[part["difference"].idxmin()]
        ends = (-row["difference"], -row["difference_high"], -row["difference_low"])
        rows.append((f"robustness.largest_loss.{metric}", ALL_FOLDS, ALL_ROWS, *ends, int(row["n"])))
    return score_rows(rows)
