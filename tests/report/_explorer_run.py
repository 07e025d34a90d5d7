"""A run folder for the threshold explorer: real audits and gates on made-up scores, quick to make."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from appliedml.audits.fairness import Fairness
from appliedml.audits.performance import Performance
from appliedml.core.artifact import Artifact
from appliedml.core.schema import Sensitive
from appliedml.gates.judge import judge, to_artifact
from appliedml.gates.policy import policy_from
from appliedml.store import layout
from appliedml.store.run import Run
from appliedml.store.writer import write_table

THRESHOLDS = (0.31, 0.2537, 0.42)
AGE = Sensitive("age_band", "age", (30.0, 50.0))
POLICY = {
    "version": 1,
    "gates": [
        {"metric": "roc_auc", "at_least": 0.6},
        {"metric": "recall", "at_least": 0.55},
        {"name": "few alerts", "metric": "selection_rate", "at_most": 0.4, "on": "value"},
        {"metric": "cost", "at_most": 3},
        {"metric": "mcc", "at_least": 0.1},
        {"metric": "gap.true_positive_rate", "subset": "sex", "at_most": 0.3},
        {"metric": "gap.equalised_odds", "subset": "sex", "at_most": 0.35},
        {"metric": "ratio.selection_rate", "at_least": 0.5},
        {"metric": "true_positive_rate", "subset": "sex=F", "at_least": 0.5},
        {"metric": "robustness.recall", "at_least": 0.5},
    ],
    "waivers": [{"gate": "recall", "owner": "A. Owner", "reason": "being mended", "until": "2999-01-01"}],
}


def _demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("explorer_demo", Path(__file__).with_name("_demo.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["explorer_demo"] = module
    spec.loader.exec_module(module)
    return module


def rows(n: int = 900, clustered: bool = True, sexes: tuple[str, str] = ("F", "M"), seed: int = 0) -> pd.DataFrame:
    """Out-of-fold rows with scores, decisions at a threshold a fold, and two sensitive features."""
    random = np.random.default_rng(seed)
    customer = random.integers(0, n // 3, n)
    sex = np.where(random.random(n // 3 + 1) < 0.45, *sexes)[customer].astype(object)
    sex[random.random(n) < 0.02] = "unknown"
    truth = random.random(n) < 0.3
    score = np.round(np.clip(random.beta(2, 5, n) + 0.15 * truth + 0.03 * (sex == sexes[1]), 0, 1), 3)
    fold = customer % 3
    table = pd.DataFrame({"row_id": np.arange(n), "fold": fold, "y_true": truth.astype(int)})
    table["threshold"] = np.array(THRESHOLDS)[fold]
    table["y_pred"] = (score >= table["threshold"]).astype(int)
    table["p_0"], table["p_1"] = 1 - score, score
    if clustered:
        table["group"] = customer
    table["sensitive.sex"] = sex
    table["age"] = random.integers(18, 80, n)
    table["sensitive.age_band"] = AGE.levels(table["age"]).to_numpy()
    return table


def audits(table: pd.DataFrame, classes: tuple[str, str], fairness: dict[str, Any]) -> list[Artifact]:
    """Both audits of the rows, and the gates."""
    parts = [part.drop(columns="age") for _, part in table.groupby("fold")]
    levels = {"age_band": AGE.band_labels()}
    evidence = [
        {"fold": k, "table": part, "classes": classes, "levels": levels, "seed": 5} for k, part in enumerate(parts)
    ]
    settings = {"n_resamples": 200, "min_rows": 60, "min_positives": 20, "min_negatives": 20, **fairness}
    costs = {"false_negative": 8.0, "false_positive": 2.0}
    found = [Fairness(**settings).conclude(evidence), Performance(n_resamples=200, costs=costs).conclude(evidence)]
    scores = pd.concat([item.scores for item in found])
    return [*found, to_artifact(judge(scores, policy_from(POLICY)))]


def explorer_run(
    folder: Path,
    *,
    clustered: bool = True,
    classes: tuple[str, str] = ("no", "yes"),
    sexes: tuple[str, str] = ("F", "M"),
    fairness: dict[str, Any] | None = None,
    **info: Any,
) -> Run:
    """Write a run folder and read it."""
    table = rows(clustered=clustered, sexes=sexes)
    found = audits(table, classes, fairness or {})
    schema = {"target": "t", "sensitive": ["sex", {"age_band": {"column": "age", "edges": [30, 50]}}]}
    plan = {
        "name": "claims",
        "threshold": {"cost": {"false_negative": 20, "false_positive": 4}},
        "audits": ["performance"],
    }
    base = {"classes": list(classes), "schema": schema, "policy": POLICY, "plan": plan, **info}
    run = _demo().demo_run(folder, *found, **base)
    names = np.array(classes, dtype=object)
    out = table[["row_id", "fold", "threshold"]].copy()
    out["y_true"], out["y_pred"] = names[table["y_true"]], names[table["y_pred"]]
    out[f"p_{classes[0]}"], out[f"p_{classes[1]}"] = table["p_0"], table["p_1"]
    meta = table[["row_id", *(["group"] if clustered else [])]].copy()
    meta["sensitive.sex"], meta["sensitive.age"] = (
        table["sensitive.sex"].replace("unknown", None),
        table["age"].astype(str),
    )
    write_table(folder / layout.PREDICTIONS, out)
    # Rows of the run are in the order read, not in that of the folds.
    write_table(folder / layout.ROWS, meta.iloc[::-1])
    return Run(run.path)
