"""The model card's header, in the form the Hugging Face hub reads, and the facts under the report's title."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import numpy as np

from appliedml.core.artifact import ALL_FOLDS, ALL_ROWS
from appliedml.report.values import metric_label, whole

_TASKS = {"images": "image-classification", "texts": "text-classification"}
CARD_METRICS = ("roc_auc", "average_precision", "balanced_accuracy", "f1", "mcc", "brier", "log_loss")


def model_card_metadata(run: Any) -> dict[str, Any]:
    """Return a document's metadata.

    Parameters
    ----------
    run : Run

    Returns
    -------
    dict
        ``library_name``, ``tags``, ``model-index`` (as the hub wants them), ``facts`` (label to value, for the head of
        the page) and ``appliedml`` (hash of the run, fingerprint of the data, seed, verdict of the gates).

    Source
    ------
    Hugging Face hub documentation, "Model Cards", and the ``model-index`` of Papers with Code.
    """
    info = run.info
    data = info["data"]
    task = task_of(data.get("inputs"))
    verdict = run["gates"].summary.get("verdict") if "gates" in run else None
    metrics = []
    for metric in CARD_METRICS:
        row = pooled_score(run.scores, metric)
        if row is not None:
            metrics.append({"type": metric, "name": f"{metric_label(metric)}, out-of-fold", "value": row[0]})
    result = {"task": {"type": task}, "dataset": {"name": data_name(info), "type": data_name(info)}, "metrics": metrics}
    facts = {
        "Rows used": whole(data["n_rows_used"]),
        **dict([_inputs(data)]),
        "Classes": ", ".join(map(str, info["classes"])) if len(info["classes"]) <= 6 else whole(len(info["classes"])),
        "Folds": whole(len(info["folds"])),
        "Seed": str(info["seed"]),
        "Run": str(info["run_hash"]),
    }
    return {
        "library_name": "keras",
        "pipeline_tag": task,
        "tags": ["appliedml", task],
        "model-index": [{"name": str(info["name"]), "results": [result] if metrics else []}],
        "facts": facts,
        "appliedml": {
            "run_hash": info["run_hash"],
            "data_fingerprint": data["fingerprint"],
            "seed": info["seed"],
            "gates": verdict or "no policy",
        },
    }


def task_of(inputs: Any) -> str:
    """Return the hub's name of the task.

    Parameters
    ----------
    inputs : str or None
        "table", "images" or "texts".

    Returns
    -------
    str

    Examples
    --------
    >>> task_of("table"), task_of("images")
    ('tabular-classification', 'image-classification')
    """
    return _TASKS.get(str(inputs), "tabular-classification")


def _inputs(data: Any) -> tuple[str, str]:
    if data.get("inputs") == "images":
        colour = "grey" if data["channels"] == 1 else "RGB"
        return "Pictures", f"{data['height']} x {data['width']} pixels, {colour}"
    if data.get("inputs") == "texts":
        return "Inputs", "one text a row"
    return "Features", whole(data["n_features"])


def data_name(info: Any) -> str:
    """Return a short name of the data: a file's own name without its folders, or the source's.

    Parameters
    ----------
    info : mapping
        ``run.json``.

    Returns
    -------
    str

    Examples
    --------
    >>> data_name({"name": "claims", "data": {"source": {"table": "/home/me/claims.csv"}}})
    'claims.csv'
    """
    source = info["data"].get("source")
    if isinstance(source, dict) and source:
        name, value = next(iter(source.items()))
        if isinstance(value, dict):
            value = next((item for item in value.values() if isinstance(item, str)), name)
        return PurePath(str(value)).name if isinstance(value, str) else str(name)
    return str(info["name"])


def pooled_score(scores: Any, metric: str, subset: str = ALL_ROWS) -> tuple[float, float, float, int] | None:
    """Return a score over all folds together with its interval and its number of rows.

    Parameters
    ----------
    scores : DataFrame
        ``run.scores``.
    metric, subset : str

    Returns
    -------
    (float, float, float, int) or None
        Value, low, high, n; None where it was not measured.
    """
    rows = scores[(scores["metric"] == metric) & (scores["subset"] == subset) & (scores["fold"] == ALL_FOLDS)]
    rows = rows[np.isfinite(rows["value"].astype(float))]
    if rows.empty:
        return None
    row = rows.iloc[0]
    return float(row["value"]), float(row["low"]), float(row["high"]), int(row["n"])
