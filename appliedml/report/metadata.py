"""The model card's header, in the form the Hugging Face hub reads, and the facts under the report's title."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

import numpy as np

from appliedml.core.artifact import ALL_FOLDS, ALL_ROWS
from appliedml.report.values import metric_label, whole
from appliedml.store.evidence import changed_evidence, files_named, gates_of
from appliedml.store.manifest import plain_name

_TASKS = {"images": "image-classification", "texts": "text-classification"}
# Where the hub has another name for a measure.
_HUB_METRICS = {"mcc": "matthews_correlation", "brier": "brier_score"}
# The hub's identifiers of licences that a stated licence may begin with.
_LICENCES = (
    "apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "gpl-2.0", "gpl-3.0", "agpl-3.0", "lgpl-2.1", "lgpl-3.0",
    "mpl-2.0", "eupl-1.2", "isc", "unlicense", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0",
    "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0", "openrail",
)  # fmt: skip
CARD_METRICS = ("roc_auc", "average_precision", "balanced_accuracy", "f1", "mcc", "brier", "log_loss")


def model_card_metadata(run: Any) -> dict[str, Any]:
    """Return a document's metadata.

    Parameters
    ----------
    run : Run

    Returns
    -------
    dict
        ``license`` (where a person stated one), ``library_name``, ``pipeline_tag``, ``tags``, ``metrics``,
        ``model-index`` (all as the hub wants them), ``facts`` (label to value, for the head of the page) and
        ``appliedml`` (hash of the run, fingerprint of the data, seed, verdict of the gates). Where evidence was changed
        after the run, ``facts`` and ``appliedml`` name the files, and no score is handed to the hub.

    Source
    ------
    Hugging Face hub documentation, "Model Cards": specification of the metadata (``modelcard.md``).
    """
    info = run.info
    data = info["data"]
    task = task_of(data.get("inputs"))
    verdict = gates_of(run).summary.get("verdict") if "gates" in run else None
    changed = changed_evidence(run.files_state)
    metrics = []
    for metric in () if changed else CARD_METRICS:
        row = pooled_score(run.scores, metric)
        if row is not None:
            kind = _HUB_METRICS.get(metric, metric)
            metrics.append({"type": kind, "name": f"{metric_label(metric)}, out-of-fold", "value": row[0]})
    name = data_name(info)
    result = {
        "task": {"type": task, "name": task.replace("-", " ").capitalize()},
        "dataset": {"name": name, "type": hub_identifier(name)},
        "metrics": metrics,
    }
    licence = hub_licence((info.get("context") or {}).get("licence"))
    facts = {
        "Rows used": whole(data["n_rows_used"]),
        **dict([_inputs(data)]),
        "Classes": ", ".join(map(str, info["classes"])) if len(info["classes"]) <= 6 else whole(len(info["classes"])),
        "Folds": whole(len(info["folds"])),
        "Seed": str(info["seed"]),
        "Run": str(info["run_hash"]),
        **({"Changed after the run": files_named(changed)} if changed else {}),
    }
    return {
        **({"license": licence} if licence else {}),
        "library_name": "keras" if "builder" in (info.get("model") or {}) else "sklearn",
        "pipeline_tag": task,
        "tags": ["appliedml", task],
        "metrics": [metric["type"] for metric in metrics],
        "model-index": [{"name": str(info["name"]), "results": [result] if metrics else []}],
        "facts": facts,
        "appliedml": {
            "run_hash": info["run_hash"],
            "data_fingerprint": data["fingerprint"],
            "seed": info["seed"],
            "gates": verdict or "no policy",
            **({"changed_files": [plain_name(item.file) for item in changed]} if changed else {}),
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


def hub_identifier(name: str) -> str:
    """Return a name of the data that the hub takes as the identifier of a data set.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> hub_identifier("claims 2025 (final).csv"), hub_identifier("???")
    ('claims-2025-final-.csv', 'data')
    """
    return re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-.")[:96] or "data"


def hub_licence(stated: Any) -> str | None:
    """Return the hub's identifier of a stated licence: one it knows if the answer begins with it, else "other".

    Parameters
    ----------
    stated : str, dict or None
        The answer in ``context.yaml``.

    Returns
    -------
    str or None
        None where nobody stated a licence.

    Examples
    --------
    >>> hub_licence("Apache 2.0; cite the paper."), hub_licence({"answer": "In house only."}), hub_licence(None)
    ('apache-2.0', 'other', None)
    """
    answer = stated.get("answer") if isinstance(stated, dict) else stated
    words = re.sub(r"[\s_]+", "-", str(answer or "").strip().lower())
    if not words:
        return None
    known = (name for name in _LICENCES if re.match(rf"{re.escape(name)}(?![\w.]*\w)", words))
    return max(known, key=len, default="other")


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
