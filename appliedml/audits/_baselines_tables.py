"""Tables, scores and findings of the comparison with reference models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._compared_pipelines import PIPELINE, title_of
from appliedml.audits._leakage_columns import dropped_table
from appliedml.audits._scores_models import BASELINES
from appliedml.audits._scores_pool import Pooled, figure
from appliedml.core.artifact import ALL_FOLDS, Finding, Severity, score_rows
from appliedml.metrics.classification import METRICS
from appliedml.metrics.comparisons import ModelDraws, delong

COMPARED = ("roc_auc", "average_precision", "brier")
# With more than two classes the most probable one is called, without a threshold to choose.
COMPARED_CLASSES = ("roc_auc", "accuracy", "brier")
ALL_MODELS = "All reference models"
PLAIN_MODELS = "All reference models but other pipelines"
SIGNIFICANT = 0.05


def compared_measures(pooled: Pooled) -> tuple[str, ...]:
    """Return the names of the measures that are compared."""
    return COMPARED if pooled.binary else COMPARED_CLASSES


def deciding_measure(pooled: Pooled) -> str:
    """Return the measure whose difference makes the headline: AUROC, with several classes accuracy."""
    return "roc_auc" if pooled.binary else "accuracy"


def notes_table(names: Sequence[str], evidence: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return what is to know of each model: model, title, note, folds."""
    rows = []
    for name in names:
        found = {item["fold"]: item["fitted"][name][1] for item in evidence if item["fitted"][name][1]}
        for text in dict.fromkeys(found.values()):
            folds = [str(fold) for fold, said in found.items() if said == text]
            rows.append({"model": name, "title": title_of(name), "note": text, "folds": ", ".join(folds)})
    return pd.DataFrame(rows, columns=["model", "title", "note", "folds"]).astype(str)


def common_notes(evidence: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """What is to know of all baselines: columns left out, and rows that the pipeline's model does not train on."""
    numbers = [item["fold"] for item in evidence]
    dropped = dropped_table([item["use"] for item in evidence], numbers)
    others = any(item.get("stages") for item in evidence)
    told = [(f"{row.column}: the pipeline drops it, left out here too.", row.folds) for row in dropped.itertuples()]
    mixed = [str(item["fold"]) for item in evidence if item["use"].mixtures]
    if mixed:
        text = "The pipeline's model sees mixtures of columns: all columns are used that may be part of one."
        told.append((text, ", ".join(mixed)))
    held = [str(item["fold"]) for item in evidence if item["n_set_aside"]]
    if held:
        text = "They also train on the rows that the pipeline sets aside for validation."
        told.append((text, ", ".join(held)))
    title = PLAIN_MODELS if others else ALL_MODELS
    rows = [{"model": "", "title": title, "note": text, "folds": folds} for text, folds in told]
    return pd.DataFrame(rows, columns=["model", "title", "note", "folds"]).astype(str)


def model_table(draws: ModelDraws, usable: Sequence[str], pooled: Pooled) -> pd.DataFrame:
    """Return the measures of every model with intervals, one row a model and measure."""
    rows = []
    for metric in (*compared_measures(pooled), "log_loss"):
        for model in (PIPELINE, *usable):
            item = draws.interval(model, metric)
            rows.append(
                {
                    "model": model,
                    "title": "This pipeline" if model == PIPELINE else title_of(model),
                    "metric": metric,
                    "metric_title": METRICS[metric].title,
                    "value": item.value,
                    "low": item.low,
                    "high": item.high,
                    "n": item.n,
                }
            )
    return pd.DataFrame(rows)


def difference_table(pooled: Pooled, draws: ModelDraws, given: Mapping[str, NDArray[np.float64]]) -> pd.DataFrame:
    """Return pipeline minus model, paired, one row a model and measure."""
    rows = []
    for model, theirs in given.items():
        for metric in compared_measures(pooled):
            item = draws.difference(PIPELINE, model, metric)
            check = float("nan")
            if metric == "roc_auc" and pooled.binary and pooled.groups is None and model != "majority":
                check = delong(pooled.y, pooled.p[:, 1], theirs[:, 1]).p
            rows.append(
                {
                    "model": model,
                    "title": title_of(model),
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


def rows_of(differences: pd.DataFrame, metric: str) -> list[dict[str, Any]]:
    """Return the rows of one measure as mappings."""
    return [dict(row) for row in differences[differences["metric"] == metric].to_dict("records")]


def score_table(differences: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return the differences as rows for ``scores.parquet``."""
    return score_rows(
        [
            (f"difference.{row.metric}", ALL_FOLDS, f"baseline={row.model}", row.difference, row.low, row.high, n)
            for row in differences.itertuples()
        ]
    )


def baseline_findings(
    differences: pd.DataFrame, confidence: float, notes: pd.DataFrame, decides: str = "roc_auc"
) -> list[Finding]:
    """One sentence a baseline; one measure decides, the others are told."""
    out = []
    for model in dict.fromkeys(differences["model"]):
        rows = {row["metric"]: row for row in differences[differences["model"] == model].to_dict("records")}
        area, title = rows[decides], _lower(title_of(model))
        lost = [_measure(row["metric_title"]) for row in rows.values() if row["verdict"] == "worse"]
        on = " and ".join(lost)
        figures = "; ".join(_in_words(row) for row in rows.values())
        text = f"{figures} (pipeline minus baseline, {confidence:.0%} intervals)."
        if area["verdict"] == "better" and lost:
            headline = f"The pipeline is better on {_measure(area['metric_title'])}, but worse on {on}"
            out.append(Finding(Severity.INFO, f"{headline}, than: {title}", text))
        elif area["verdict"] == "better":
            out.append(Finding(Severity.INFO, f"The pipeline is better than: {title}", text))
        elif area["verdict"] == "undefined":
            out.append(Finding(Severity.WARNING, f"No comparison possible with: {title}", text))
        else:
            severity = Severity.PROBLEM if model == "majority" else Severity.WARNING
            what = "A reference model" if model in BASELINES else "Another pipeline"
            headline = f"The pipeline is not shown to beat {what.lower()}"
            if area["verdict"] == "worse":
                headline = f"{what} is better"
            elif lost:
                headline = f"{what} is better on {on}"
            out.append(Finding(severity, f"{headline}: {title}", text))
    out += [
        Finding(
            Severity.WARNING,
            f"A baseline is weaker than it could be: {_lower(row['title'])}",
            f"{row['note']} Folds: {row['folds']}.",
        )
        for row in notes.to_dict("records")
        if "converge" in row["note"]
    ]
    return out


def _measure(title: str) -> str:
    """Return a measure's name inside a sentence; abbreviations and names keep their capitals."""
    return title if title.isupper() or title.startswith("Brier") else _lower(title)


def _lower(title: str) -> str:
    """Only the first letter: names and abbreviations keep theirs."""
    return title[:1].lower() + title[1:]


def _in_words(row: Mapping[str, Any]) -> str:
    figures = f"{row['metric_title']} {figure(row['pipeline'])} against {figure(row['baseline'])}"
    if np.isnan(row["low"]):
        return f"{figures}, no interval"
    value, low, high = (figure(row[name], sign=True) for name in ("difference", "low", "high"))
    return f"{figures}, difference {value} ({low} to {high})"
