"""The plans of three domains, made small: real runs in seconds, with every audit of theirs.

Each plan is the YAML file of ``pipelines/`` with fewer rows, folds, epochs and draws, so that it cannot drift from it::

    python tests/browser/_tiny_runs.py FOLDER [fraud medical_imaging sentiment]

writes ``FOLDER/<domain>/<run>/`` and, when that run's report is there, its path into ``FOLDER/<domain>.txt``; or, if
it fails, why, into ``FOLDER/<domain>.failed.txt``.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Any

import yaml

PIPELINES = Path(__file__).parents[2] / "pipelines"
DOMAINS = ("fraud", "medical_imaging", "sentiment")
FEW: dict[str, dict[str, Any]] = {
    "performance": {"n_resamples": 100},
    "fairness": {"min_rows": 20, "min_positives": 10, "min_negatives": 10},
    "baselines": {"n_resamples": 100},
    "shortcut_probe": {"n_resamples": 100},
    "image_robustness": {"n_resamples": 100, "max_rows": 20, "perturbations": ["noise", "fgsm"]},
    "explain_shap": {"max_rows": 20},
    "explain_images": {"max_images": 4, "grid": 4, "n_permutations": 10},
    "explain_texts": {"max_texts": 6, "min_word_texts": 2},
    "text_robustness": {"max_rows": 30},
}


def tiny(domain: str, folder: Path) -> dict[str, Any]:
    """Return the domain's plan as data, made small; rows it reads are written into the folder."""
    import pandas as pd

    plan = yaml.safe_load(PIPELINES.joinpath(f"{domain}.yaml").read_text(encoding="utf-8"))
    if "simulate_radiographs" in plan["data"]:
        plan["data"]["simulate_radiographs"] |= {"n_patients": 60, "size": 32}
    else:
        ((source, file),) = plan["data"].items()
        table = pd.read_parquet(PIPELINES / file)
        if source == "table":
            table = _few_payments(table, plan["schema"]["target"], plan["schema"]["group"])
        else:
            table = table.head(240)
        table.to_parquet(folder / f"{domain}.parquet", index=False)
        plan["data"] = {source: str(folder / f"{domain}.parquet")}
    plan["split"]["group_kfold"]["folds"] = 2
    plan["validation"] = 0.25
    for step in plan["pipeline"]:
        if isinstance(step, dict) and "keras_classifier" in step:
            step["keras_classifier"] |= {"epochs": 2}
    plan["audits"] = [_with_few(audit) for audit in plan["audits"]]
    return plan


def _few_payments(table: Any, target: str, group: str) -> Any:
    """Keep the frauds of some customers, and a few other payments of those and of customers without."""
    had = table.groupby(group)[target].max()
    frauds = table[table[group].isin(had[had == 1].index[:45]) & (table[target] == 1)]
    others = table[table[group].isin([*had[had == 1].index[:45], *had[had == 0].index[:145]]) & (table[target] == 0)]
    return table.loc[sorted([*frauds.index, *others.groupby(group).head(7).index])]


def _with_few(audit: Any) -> Any:
    name, settings = (audit, {}) if isinstance(audit, str) else next(iter(audit.items()))
    settings = dict(settings or {}) | FEW.get(name, {})
    for model in settings.get("models", ()):
        for steps in model.values() if isinstance(model, dict) else ():
            for step in steps:
                if isinstance(step, dict) and "keras_classifier" in step:
                    step["keras_classifier"] |= {"epochs": 1}
    return {name: settings} if settings else name


def main(folder: Path, domains: tuple[str, ...] = DOMAINS) -> None:
    """Run the plans, write their reports."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from appliedml.cli import run_and_report
    from appliedml.execution.plan import Plan

    for domain in domains:
        try:
            plan = Plan.from_dict(tiny(domain, folder), PIPELINES, f"{domain}, made small")
            said = str(run_and_report(plan, folder / domain).path)
        except Exception:
            _say(folder / f"{domain}.failed.txt", traceback.format_exc())
            raise
        _say(folder / f"{domain}.txt", said)


def _say(path: Path, text: str) -> None:
    """Write under another name and rename: whoever waits for the file never reads half of it."""
    path.with_suffix(".part").write_text(text, encoding="utf-8")
    path.with_suffix(".part").replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), tuple(sys.argv[2:]) or DOMAINS)
