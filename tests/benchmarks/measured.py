"""Take the figures of README's section "Measured" from runs: ``make measured TAKE="--run NAME=FOLDER"``.

::

    python tests/benchmarks/measured.py --run vehicle_claims=FOLDER --run chest_xray=FOLDER [--drop NAME]

Each run named replaces its entry in ``reports/measured.json``; the others stay. Then README is written between
``<!-- measured -->`` and ``<!-- /measured -->`` from that file alone; without ``--run`` only that is done.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from _harness import ROOT
from _readme import fill

MARK = "measured"
PATH = ROOT / "reports" / "measured.json"
METRICS = ("roc_auc", "average_precision")
# The order of the table, and what its rows are called; any other name comes after them.
ROWS_OF = {"vehicle_claims": "claims", "chest_xray": "films", "sentiment": "reviews", "sentiment_transfer": "reviews"}
HEADS = ("plan", "model", "AUROC", "the pipeline's less it", "average precision", "the pipeline's less it")
LEFT_OUT = ("majority",)


def entry_of(folder: Path) -> dict[str, Any]:
    """Return what is shown of a run: measures with intervals, baselines, paired differences, where they are from."""
    from appliedml.core.fingerprint import fingerprint
    from appliedml.store.run import Run

    run = Run(folder)
    info, found = run.info, run["baselines"]
    measures, differences = found.tables["models"], found.tables["differences"]
    titles = dict(zip(measures["model"], measures["title"], strict=True))
    models = []
    for model, title in titles.items():
        if model in LEFT_OUT:
            continue
        its: dict[str, Any] = {"model": model, "title": "the Keras pipeline" if model == "pipeline" else title}
        for metric in METRICS:
            row = measures[(measures["model"] == model) & (measures["metric"] == metric)]
            its[metric] = _interval(row.iloc[0], "value") if len(row) else None
            gap = differences[(differences["model"] == model) & (differences["metric"] == metric)]
            its[f"{metric}_difference"] = _interval(gap.iloc[0], "difference", verdict=True) if len(gap) else None
        models.append(its)
    return {
        "plan": info["name"],
        "plan_hash": fingerprint(info["plan"])[:12],
        "run_hash": info["run_hash"],
        "package_version": info["code"]["package_version"],
        "seed": info["seed"],
        "n_rows": int(info["data"]["n_rows_used"]),
        "n_folds": len(info["folds"]),
        "resampled": found.summary["resampled"],
        "n_groups": found.summary["n_groups"],
        "confidence": found.summary["confidence"],
        "models": models,
        "shortcuts": _shortcuts(run),
    }


def _interval(row: Any, value: str, verdict: bool = False) -> dict[str, Any]:
    its = {"value": float(row[value]), "low": float(row["low"]), "high": float(row["high"])}
    return {**its, "verdict": str(row["verdict"])} if verdict else its


def _shortcuts(run: Any) -> list[dict[str, Any]]:
    if "shortcut_probe" not in run.kinds or "attributes" not in run["shortcut_probe"].tables:
        return []
    table = run["shortcut_probe"].tables["attributes"]
    names = ("feature", "level", "features_auroc", "balanced_roc_auc", "roc_auc")
    named = table[table["verdict"] == "possible shortcut"]
    return [{name: row[name] for name in names} for row in named[list(names)].to_dict("records")]


def lines_of(entries: dict[str, dict[str, Any]]) -> list[str]:
    """Return the section's table and sentences as Markdown."""
    if not entries:
        return ["No run has been measured yet: `make measured`."]
    order = [*(name for name in ROWS_OF if name in entries), *sorted(set(entries) - set(ROWS_OF))]
    lines = [f"| {' | '.join(HEADS)} |", f"|{'---|' * len(HEADS)}"]
    for name in order:
        its = entries[name]
        size = f"{its['n_rows']:,} {ROWS_OF.get(name, 'rows')}"
        size += f" in {its['n_groups']:,} groups" if its["n_groups"] else ""
        for place, model in enumerate(its["models"]):
            first = f"`pipelines/{its['plan']}.yaml`, {size}" if place == 0 else ""
            cells = [first, model["title"]]
            for metric in METRICS:
                cells += [shown(model[metric]), shown(model[f"{metric}_difference"], sign=True)]
            lines.append(f"| {' | '.join(cells)} |")
    for name in order:
        its = entries[name]
        for found in its["shortcuts"]:
            what, level = found["feature"], found["level"]
            lines += [
                "",
                f"{name}: the report names {what} as a possible shortcut. The features tell its level {level} with an "
                f"AUROC of {found['features_auroc']:.3f}; with label and {what} made independent the network's AUROC "
                f"is {found['balanced_roc_auc']:.3f} in place of {found['roc_auc']:.3f}.",
            ]
    versions = sorted({its["package_version"] for its in entries.values()})
    hashes = ", ".join(f"{name} {entries[name]['plan_hash']}" for name in order)
    return [*lines, "", f"Version {', '.join(versions)}; hashes of the plans: {hashes}."]


def shown(its: dict[str, Any] | None, sign: bool = False) -> str:
    """Write a value with its interval."""
    if its is None:
        return ""
    return f"{its['value']:{'+' if sign else ''}.3f} ({its['low']:.3f} to {its['high']:.3f})"


def main() -> None:
    """Read the runs named, write the JSON and README."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", action="append", default=[], metavar="NAME=FOLDER", help="may be repeated")
    parser.add_argument("--drop", action="append", default=[], metavar="NAME", help="an entry to remove")
    given = parser.parse_args()
    entries = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
    for name in given.drop:
        entries.pop(name, None)
    for pair in given.run:
        name, _, folder = pair.partition("=")
        if not folder or not Path(folder).is_dir():
            parser.error(f"--run takes NAME=FOLDER, a run's folder. It was given {pair!r}.")
        entries[name] = entry_of(Path(folder))
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    fill(MARK, lines_of(entries))


if __name__ == "__main__":
    main()
