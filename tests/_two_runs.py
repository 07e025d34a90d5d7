"""Run folders without training: labels, scores and decisions are made up, the files are those of a real run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from appliedml.core.artifact import Artifact, Finding, Severity, score_rows
from appliedml.store import layout
from appliedml.store.run import Run
from appliedml.store.writer import write_artifact, write_json, write_table


def made_run(
    folder: Path,
    *,
    n: int = 600,
    noise: float = 0.5,
    shift: float = 0.0,
    classes: tuple[str, ...] = ("0", "1"),
    levels: tuple[str, ...] = ("f", "m"),
    against: float = 0.0,
    grouped: bool = False,
    ids: list[Any] | None = None,
    row_id: str | None = "id",
    fingerprint: str = "data",
    target: str = "sick",
    plan: dict[str, Any] | None = None,
    findings: tuple[Finding, ...] = (),
    seed: int = 0,
) -> Run:
    """Write a run whose scores are the truth plus noise; ``against`` lowers those of the last level."""
    rng = np.random.default_rng(1)
    k = len(classes)
    truth = rng.normal(size=(n, k))
    y = truth.argmax(axis=1)
    sex = np.array(levels, dtype=object)[rng.integers(0, len(levels), n)]
    group = rng.integers(0, n // 3, n)
    own = np.random.default_rng(seed + 2)
    score = truth + noise * own.normal(size=(n, k))
    score[:, -1] += shift - against * (sex == levels[-1])
    p = np.exp(2 * score)
    p /= p.sum(axis=1, keepdims=True)
    names = np.array(classes, dtype=object)
    row_ids = list(range(100, 100 + n)) if ids is None else ids
    predictions = pd.DataFrame({"row_id": row_ids, "fold": np.arange(n) % 2, "y_true": names[y]})
    predictions["y_pred"] = names[p.argmax(axis=1)]
    predictions["threshold"] = 0.5 if k == 2 else np.nan
    predictions = predictions.assign(**{f"p_{name}": p[:, code] for code, name in enumerate(classes)})
    rows = pd.DataFrame({"row_id": row_ids, "fold": predictions["fold"], "sensitive.sex": sex})
    if grouped:
        rows["group"] = group
    schema = {"target": target, "sensitive": ["sex"], **({"row_id": row_id} if row_id else {})}
    own_plan = {"name": "made", "schema": schema, "seed": 7, "pipeline": [{"logistic_regression": {"C": 1.0}}]}
    info = {
        "format": layout.FORMAT_NAME,
        "format_version": layout.FORMAT_VERSION,
        "name": "made",
        "run_hash": "0" * 12,
        "seed": 7,
        "classes": list(classes),
        "positive": classes[-1],
        "binary": k == 2,
        "plan": own_plan | (plan or {}),
        "schema": schema,
        "data": {"fingerprint": fingerprint, "n_rows_read": n, "n_rows_used": n, "features": ["x"], "inputs": "table"},
        "folds": [{"number": i, "threshold": 0.5 if k == 2 else None} for i in (0, 1)],
        "pipeline": [{"name": "logistic_regression", "parameters": {"C": 1.0, "tol": 0.1}, "verb": "predict"}],
        "model": {},
        "policy": {},
        "versions": {"python": "3.11"},
        "code": {"git_commit": "abc", "package_version": "0.1.0"},
        "context": {},
    }
    write_json(folder / layout.RUN, info)
    write_table(folder / layout.PREDICTIONS, predictions)
    write_table(folder / layout.ROWS, rows)
    scores = score_rows([("robustness.accuracy", -1, "perturbation=noise&severity=1", 0.7 - shift, 0.6, 0.8, n)])
    write_table(folder / layout.SCORES, scores)
    write_artifact(folder / layout.ARTIFACTS / "leakage", Artifact("leakage", findings=findings))
    return Run(folder)


WARNING = Finding(Severity.WARNING, "3 columns look odd", "See them.")
SAME_WARNING = Finding(Severity.WARNING, "4 columns look odd", "See them again.")
