"""``Baselines``: whether the pipeline is worth its trouble, against reference models on the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._baselines_tables import (
    baseline_findings,
    common_notes,
    compared_measures,
    deciding_measure,
    difference_table,
    model_table,
    notes_table,
    rows_of,
    score_table,
)
from appliedml.audits._compared_pipelines import (
    PIPELINE,
    NamedStages,
    entry_problems,
    fit_compared,
    name_of,
    stages_in_words,
)
from appliedml.audits._leakage_columns import column_use, dropped_table
from appliedml.audits._scores_models import BASELINES, fit_baseline, usual_baselines
from appliedml.audits._scores_pool import Pooled, audit_seed, group_findings, pool, score_evidence, status_of
from appliedml.core.artifact import Artifact, Status
from appliedml.core.fold import Fold
from appliedml.core.params import AnyOf, Choice, Integer, ListOf, Null, Real, Rule
from appliedml.core.stage import Configured
from appliedml.errors import Problem, StageError
from appliedml.metrics.classification import METRICS
from appliedml.metrics.comparisons import ModelDraws, bootstrap_models

_FLAT = "the same score for every row"
_RANKS = ("roc_auc", "average_precision")


class Baselines(Configured):
    """Compare the pipeline with reference models fitted on the same training rows and the same raw columns.

    Parameters
    ----------
    models : list of str or mapping, optional
        - "majority": the class shares for everybody
        - of tables: "logistic_regression", "hist_gradient_boosting"
        - of pictures: "thumbnail_logistic_regression"
        - of texts: "tfidf_logistic_regression"
        - ``{name: [stages]}``: another list of stages as in ``pipeline`` of a plan, fitted on the same rows, with the
          plan's validation rows and calibration. It answers what a part has brought, such as pre-trained weights.

        Default: the majority and those for the kind of inputs.
    confidence : float
        Of each interval by itself.
    n_resamples : int
        Bootstrap resamples: of rows, or of whole groups where the schema names a group.
    random_state : int, optional
        Default: derived from the run's seed.

    Notes
    -----
    The baselines get the features as they were after cleaning, without the columns that the fold's pipeline drops: an
    identifier would tell them what the pipeline's model never sees. Where the model sees mixtures of columns, only what
    is certainly dropped is left out. They come with plain preparation learned in the training fold:
    median imputation with indicators, scaling and one-hot coding for logistic regression; missing values and categories
    as they are for gradient boosting. Their settings are scikit-learn's defaults: they are not tuned, and they also
    train on the rows that the pipeline sets aside for validation, as they would without a network to stop. Thumbnails
    are of 16 x 16 pixels; texts are counted by words and pairs of words that occur in two training texts or more,
    weighted by sublinear TF-IDF. A difference is called one where its interval leaves out zero and no p value is 0.05
    or more. With more than two classes accuracy takes the place of average precision, and makes the headline instead
    of AUROC.

    Source
    ------
    Christodoulou et al. (2019), A systematic review shows no performance benefit of machine learning over logistic
    regression for clinical prediction models, J. Clinical Epidemiology 110; Grinsztajn et al. (2022), Why do tree-based
    models still outperform deep learning on tabular data?, NeurIPS.

    Examples
    --------
    >>> Baselines(models=["logistic_regression"]).get_params()["models"]
    ['logistic_regression']
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "models": AnyOf(Null(), ListOf(AnyOf(Choice(*BASELINES), NamedStages()), 1)),
        "confidence": Real(0.5, 1, open_high=True),
        "n_resamples": Integer(100, 100_000),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        models: Sequence[str | Mapping[str, Any]] | None = None,
        confidence: float = 0.95,
        n_resamples: int = 1000,
        random_state: int | None = None,
    ) -> None:
        self.models = models
        self.confidence = confidence
        self.n_resamples = n_resamples
        self.random_state = random_state

    @classmethod
    def problems_in(cls, parameters: Mapping[str, Any], where: str) -> list[Problem]:
        """Return what is wrong with the stages to compare, and names that occur twice.

        Parameters
        ----------
        parameters : mapping
        where : str
            Path inside the plan.

        Returns
        -------
        list of Problem
        """
        entries = list(parameters.get("models") or ())
        names = [name_of(entry) for entry in entries]
        problems = [
            Problem(f"{where}.models", f"{name!r} is listed twice: give each pipeline a name of its own.")
            for name in dict.fromkeys(names)
            if names.count(name) > 1 and name not in BASELINES
        ]
        for place, entry in enumerate(entries):
            if not isinstance(entry, str):
                problems += entry_problems(entry, f"{where}.models[{place}]")
        return problems

    def examine(self, fold: Fold) -> dict[str, Any]:
        """Fit each baseline on the fold's training rows and score its test rows.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict
            The pipeline's predictions, probabilities and a note of each baseline, which columns the pipeline drops,
            and how many rows it sets aside.
        """
        self.check_parameters()
        problems = self.problems_in({"models": self.models}, "baselines")
        if problems:
            raise StageError("\n".join(f"{problem.where}: {problem.what}" for problem in problems))
        use = column_use(fold)
        features = [use.kept(part.X) for part in (fold.train, fold.test)]
        fitted: dict[str, Any] = {}
        stages: dict[str, str] = {}
        for entry in usual_baselines(fold.train.X) if self.models is None else self.models:
            name = name_of(entry)
            if not isinstance(entry, str):
                stages[name] = stages_in_words(entry[name])
                fitted[name] = fit_compared(entry, fold)
            elif name not in fitted:
                own = fold.seed_for("baselines", name) if self.random_state is None else self.random_state
                train, labels = fold.train, np.asarray(fold.train.y)
                fitted[name] = fit_baseline(
                    name, features[0], labels, features[1], n_classes=len(fold.classes), seed=own, weight=train.weight
                )
        n_held = len(getattr(fold.pipeline, "validation_rows_", ()))
        return {**score_evidence(fold), "fitted": fitted, "stages": stages, "use": use, "n_set_aside": n_held}

    def conclude(self, evidence: list[dict[str, Any]]) -> Artifact:
        """Compare on the pooled test rows.

        Parameters
        ----------
        evidence : list of dict
            One item a fold, in fold order.

        Returns
        -------
        Artifact
            Tables ``models`` (measures of each model with intervals), ``differences`` (pipeline minus baseline, paired)
            and ``notes`` (of a model, or with an empty model of all); scores ``difference.<measure>`` with subset
            ``baseline=<model>``.
        """
        self.check_parameters()
        pooled = pool(evidence)
        names = list(evidence[0]["fitted"])
        notes = notes_table(names, evidence)
        usable = [name for name in names if all(item["fitted"][name][0] is not None for item in evidence)]
        if not usable:
            reason = " ".join(dict.fromkeys(notes["note"])) or "No baseline could be fitted."
            return Artifact("baselines", Status.NOT_APPLICABLE, reason=reason)
        seed = audit_seed(self.random_state, evidence, "performance")
        given = {name: np.concatenate([item["fitted"][name][0] for item in evidence]) for name in usable}
        draws = self._draws(pooled, given, seed)
        differences = difference_table(pooled, draws, given)
        decides = deciding_measure(pooled)
        findings = [*baseline_findings(differences, self.confidence, notes, decides), *group_findings(pooled)]
        notes = pd.concat([common_notes(evidence), notes], ignore_index=True).astype(str)
        dropped = dropped_table([item["use"] for item in evidence], [item["fold"] for item in evidence])
        stages = evidence[0].get("stages", {})
        summary = {
            "models": usable,
            "pipelines": {name: stages[name] for name in usable if name in stages},
            "left_out": [name for name in names if name not in usable],
            "columns_left_out": [str(name) for name in dropped["column"]],
            "n_set_aside": [int(item["n_set_aside"]) for item in evidence],
            "n": pooled.n,
            "confidence": self.confidence,
            "n_resamples": self.n_resamples,
            "resampled": pooled.resampled,
            "n_groups": pooled.n_groups,
            "neighbours_as_one": pooled.neighbours_as_one,
            "decides": decides,
            "beaten": {row["model"]: row["verdict"] for row in rows_of(differences, decides)},
        }
        tables = {"models": model_table(draws, usable, pooled), "differences": differences, "notes": notes}
        return Artifact(
            "baselines",
            status_of(findings),
            summary=summary,
            tables=tables,
            scores=score_table(differences, pooled.n),
            findings=tuple(findings),
        )

    def _draws(self, pooled: Pooled, given: Mapping[str, NDArray[np.float64]], seed: int) -> ModelDraws:
        """All models on the same resamples."""
        models = {PIPELINE: pooled.p, **given}
        if "majority" in given:
            # The class shares of the training rows differ from fold to fold (stratified ones the other way round than
            # those of the test rows): ranked together they would seem to know something. They rank nobody.
            models[_FLAT] = np.full(pooled.p.shape, 1 / len(pooled.classes))
        # With two classes no measure of labels is compared: the baselines have no threshold of their own.
        predictions = None if pooled.binary else {name: p.argmax(axis=1) for name, p in models.items()}
        if predictions is not None:
            predictions[PIPELINE] = pooled.predicted
        found = bootstrap_models(
            pooled.y,
            models,
            {name: METRICS[name] for name in (*compared_measures(pooled), "log_loss")},
            predictions=predictions,
            groups=pooled.groups,
            confidence=self.confidence,
            n_resamples=self.n_resamples,
            seed=seed,
        )
        if "majority" in given:
            for name in set(_RANKS) & set(compared_measures(pooled)):
                found.values["majority"][name] = found.values[_FLAT][name]
                found.draws["majority"][name] = found.draws[_FLAT][name]
        return found
