"""``Baselines``: whether the pipeline is worth its trouble, against reference models on the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._leakage_columns import column_use, dropped_table
from appliedml.audits._scores_models import BASELINES, fit_baseline
from appliedml.audits._scores_pool import Pooled, audit_seed, figure, group_findings, pool, score_evidence, status_of
from appliedml.core.artifact import ALL_FOLDS, Artifact, Finding, Severity, Status, score_rows
from appliedml.core.fold import Fold
from appliedml.core.params import AnyOf, Choice, Integer, ListOf, Null, Real, Rule
from appliedml.core.stage import Configured
from appliedml.metrics.classification import METRICS
from appliedml.metrics.comparisons import ModelDraws, bootstrap_models, delong

PIPELINE = "pipeline"
COMPARED = ("roc_auc", "average_precision", "brier")
SHOWN = (*COMPARED, "log_loss")
ALL_MODELS = "All reference models"
SIGNIFICANT = 0.05
_FLAT = "the same score for every row"
_RANKS = ("roc_auc", "average_precision")


class Baselines(Configured):
    """Compare the pipeline with reference models fitted on the same training rows and the same raw columns.

    Parameters
    ----------
    models : list of str
        Of "majority" (the class shares for everybody), "logistic_regression" and "hist_gradient_boosting".
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
    train on the rows that the pipeline sets aside for validation, as they would without a network to stop. A
    difference is called one where its interval leaves out zero and no p value is 0.05 or more.

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
        "models": ListOf(Choice(*BASELINES), 1),
        "confidence": Real(0.5, 1, open_high=True),
        "n_resamples": Integer(100, 100_000),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(
        self,
        models: Sequence[str] = ("majority", "logistic_regression", "hist_gradient_boosting"),
        confidence: float = 0.95,
        n_resamples: int = 1000,
        random_state: int | None = None,
    ) -> None:
        self.models = models
        self.confidence = confidence
        self.n_resamples = n_resamples
        self.random_state = random_state

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
        use = column_use(fold)
        features = [use.kept(part.X) for part in (fold.train, fold.test)]
        fitted: dict[str, Any] = {}
        for name in dict.fromkeys(self.models):
            own = fold.seed_for("baselines", name) if self.random_state is None else self.random_state
            train, labels = fold.train, np.asarray(fold.train.y)
            fitted[name] = fit_baseline(
                name, features[0], labels, features[1], n_classes=len(fold.classes), seed=own, weight=train.weight
            )
        n_held = len(getattr(fold.pipeline, "validation_rows_", ()))
        return {**score_evidence(fold), "fitted": fitted, "use": use, "n_set_aside": n_held}

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
        names = list(dict.fromkeys(self.models))
        notes = _notes(names, evidence)
        usable = [name for name in names if all(item["fitted"][name][0] is not None for item in evidence)]
        if not usable:
            reason = " ".join(dict.fromkeys(notes["note"])) or "No baseline could be fitted."
            return Artifact("baselines", Status.NOT_APPLICABLE, reason=reason)
        seed = audit_seed(self.random_state, evidence, "baselines")
        given = {name: np.concatenate([item["fitted"][name][0] for item in evidence]) for name in usable}
        draws = self._draws(pooled, given, seed)
        differences = _differences(pooled, draws, given)
        findings = [*_findings(differences, self.confidence, notes), *group_findings(pooled)]
        notes = pd.concat([_common_notes(evidence), notes], ignore_index=True).astype(str)
        dropped = dropped_table([item["use"] for item in evidence], [item["fold"] for item in evidence])
        summary = {
            "models": usable,
            "left_out": [name for name in names if name not in usable],
            "columns_left_out": [str(name) for name in dropped["column"]],
            "n_set_aside": [int(item["n_set_aside"]) for item in evidence],
            "n": pooled.n,
            "confidence": self.confidence,
            "n_resamples": self.n_resamples,
            "resampled": pooled.resampled,
            "n_groups": pooled.n_groups,
            "beaten": {row["model"]: row["verdict"] for row in _rows_of(differences, "roc_auc")},
        }
        tables = {"models": _model_table(draws, usable), "differences": differences, "notes": notes}
        return Artifact(
            "baselines",
            status_of(findings),
            summary=summary,
            tables=tables,
            scores=_scores(differences, pooled.n),
            findings=tuple(findings),
        )

    def _draws(self, pooled: Pooled, given: Mapping[str, NDArray[np.float64]], seed: int) -> ModelDraws:
        """All models on the same resamples."""
        models = {PIPELINE: pooled.p, **given}
        if "majority" in given:
            # The class shares of the training rows differ from fold to fold (stratified ones the other way round than
            # those of the test rows): ranked together they would seem to know something. They rank nobody.
            models[_FLAT] = np.full(pooled.p.shape, 1 / len(pooled.classes))
        found = bootstrap_models(
            pooled.y,
            models,
            {name: METRICS[name] for name in SHOWN},
            groups=pooled.groups,
            confidence=self.confidence,
            n_resamples=self.n_resamples,
            seed=seed,
        )
        if "majority" in given:
            for name in _RANKS:
                found.values["majority"][name] = found.values[_FLAT][name]
                found.draws["majority"][name] = found.draws[_FLAT][name]
        return found


def _notes(names: Sequence[str], evidence: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    rows = []
    for name in names:
        found = {item["fold"]: item["fitted"][name][1] for item in evidence if item["fitted"][name][1]}
        for text in dict.fromkeys(found.values()):
            folds = [str(fold) for fold, said in found.items() if said == text]
            rows.append({"model": name, "title": BASELINES[name], "note": text, "folds": ", ".join(folds)})
    return pd.DataFrame(rows, columns=["model", "title", "note", "folds"]).astype(str)


def _common_notes(evidence: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """What is to know of all baselines: columns left out, and rows that the pipeline's model does not train on."""
    numbers = [item["fold"] for item in evidence]
    dropped = dropped_table([item["use"] for item in evidence], numbers)
    told = [(f"{row.column}: the pipeline drops it, left out here too.", row.folds) for row in dropped.itertuples()]
    mixed = [str(item["fold"]) for item in evidence if item["use"].mixtures]
    if mixed:
        text = "The pipeline's model sees mixtures of columns: all columns are used that may be part of one."
        told.append((text, ", ".join(mixed)))
    held = [str(item["fold"]) for item in evidence if item["n_set_aside"]]
    if held:
        text = "They also train on the rows that the pipeline sets aside for validation."
        told.append((text, ", ".join(held)))
    rows = [{"model": "", "title": ALL_MODELS, "note": text, "folds": folds} for text, folds in told]
    return pd.DataFrame(rows, columns=["model", "title", "note", "folds"]).astype(str)


def _model_table(draws: ModelDraws, usable: Sequence[str]) -> pd.DataFrame:
    rows = []
    for metric in SHOWN:
        for model in (PIPELINE, *usable):
            item = draws.interval(model, metric)
            rows.append(
                {
                    "model": model,
                    "title": "This pipeline" if model == PIPELINE else BASELINES[model],
                    "metric": metric,
                    "metric_title": METRICS[metric].title,
                    "value": item.value,
                    "low": item.low,
                    "high": item.high,
                    "n": item.n,
                }
            )
    return pd.DataFrame(rows)


def _differences(pooled: Pooled, draws: ModelDraws, given: Mapping[str, NDArray[np.float64]]) -> pd.DataFrame:
    rows = []
    for model, theirs in given.items():
        for metric in COMPARED:
            item = draws.difference(PIPELINE, model, metric)
            check = float("nan")
            if metric == "roc_auc" and pooled.binary and pooled.groups is None and model != "majority":
                check = delong(pooled.y, pooled.p[:, 1], theirs[:, 1]).p
            rows.append(
                {
                    "model": model,
                    "title": BASELINES[model],
                    "metric": metric,
                    "metric_title": METRICS[metric].title,
                    "pipeline": item.first,
                    "baseline": item.second,
                    "difference": item.value,
                    "low": item.low,
                    "high": item.high,
                    "p": item.p,
                    "p_delong": check,
                    "verdict": _verdict(item.low, item.high, (item.p, check), bool(METRICS[metric].higher_is_better)),
                }
            )
    return pd.DataFrame(rows)


def _verdict(low: float, high: float, p_values: Sequence[float], higher_is_better: bool) -> str:
    """What the interval of pipeline minus baseline says, where no p value that there is contradicts it."""
    if np.isnan(low):
        return "undefined"
    if any(p >= SIGNIFICANT for p in p_values):
        return "no clear difference"
    if not higher_is_better:
        low, high = -high, -low
    return "better" if low > 0 else "worse" if high < 0 else "no clear difference"


def _rows_of(differences: pd.DataFrame, metric: str) -> list[dict[str, Any]]:
    return [dict(row) for row in differences[differences["metric"] == metric].to_dict("records")]


def _scores(differences: pd.DataFrame, n: int) -> pd.DataFrame:
    return score_rows(
        [
            (f"difference.{row.metric}", ALL_FOLDS, f"baseline={row.model}", row.difference, row.low, row.high, n)
            for row in differences.itertuples()
        ]
    )


def _findings(differences: pd.DataFrame, confidence: float, notes: pd.DataFrame) -> list[Finding]:
    """One sentence a baseline; AUROC decides, average precision and Brier score are told."""
    out = []
    for model in dict.fromkeys(differences["model"]):
        rows = {row["metric"]: row for row in differences[differences["model"] == model].to_dict("records")}
        area, title = rows["roc_auc"], BASELINES[model].lower()
        figures = "; ".join(_in_words(row) for row in rows.values())
        text = f"{figures} (pipeline minus baseline, {confidence:.0%} intervals)."
        if area["verdict"] == "better":
            out.append(Finding(Severity.INFO, f"The pipeline is better than: {title}", text))
        elif area["verdict"] == "undefined":
            out.append(Finding(Severity.WARNING, f"No comparison possible with: {title}", text))
        else:
            severity = Severity.PROBLEM if model == "majority" else Severity.WARNING
            worse = area["verdict"] == "worse"
            headline = "A reference model is better" if worse else "The pipeline is not shown to beat a reference model"
            out.append(Finding(severity, f"{headline}: {title}", text))
    out += [
        Finding(
            Severity.WARNING,
            f"A baseline is weaker than it could be: {row['title'].lower()}",
            f"{row['note']} Folds: {row['folds']}.",
        )
        for row in notes.to_dict("records")
        if "converge" in row["note"]
    ]
    return out


def _in_words(row: Mapping[str, Any]) -> str:
    figures = f"{row['metric_title']} {figure(row['pipeline'])} against {figure(row['baseline'])}"
    if np.isnan(row["low"]):
        return f"{figures}, no interval"
    value, low, high = (figure(row[name], sign=True) for name in ("difference", "low", "high"))
    return f"{figures}, difference {value} ({low} to {high})"
