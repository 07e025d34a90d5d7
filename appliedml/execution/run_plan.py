"""Run a plan: read, clean, split, fit and examine every fold, conclude, write."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml

from appliedml.compose.adapters import seeded
from appliedml.compose.validation import mark_validation, validation_rows
from appliedml.core.artifact import SCORE_COLUMNS, Artifact, Status
from appliedml.core.fingerprint import fingerprint
from appliedml.core.images import Images
from appliedml.core.samples import SENSITIVE_PREFIX, Samples
from appliedml.core.seeds import derive_seed
from appliedml.core.source_code import source_sha256
from appliedml.core.stage import stage_name, verb_of
from appliedml.core.texts import Texts
from appliedml.engines.local import Local
from appliedml.errors import DataError, PlanError, Problem, RunError, StageError
from appliedml.execution.cleaning import Cleaned, clean_samples
from appliedml.execution.energy import EnergyMeter
from appliedml.execution.environment import git_commit, versions
from appliedml.execution.fold_job import FoldJob, FoldResult, Shared, fold_seed, run_fold
from appliedml.execution.labels import check_sensitive, encode_labels
from appliedml.execution.reuse import frozen_passes
from appliedml.store import layout
from appliedml.store.manifest import list_files, seal_run
from appliedml.store.plain_yaml import load_yaml
from appliedml.store.run import Run
from appliedml.store.writer import (
    file_stem,
    rename_whole,
    said_plainly,
    write_artifact,
    write_json,
    write_table,
    write_whole,
)

if TYPE_CHECKING:
    from appliedml.execution.plan import Plan

Progress = Callable[[str, int, int], None]


def run_plan(
    plan: Plan, samples: Samples | None, out: Path, engine: Any = None, progress: Progress | None = None
) -> Run:
    """Run a plan and return the run that was written.

    Parameters
    ----------
    plan : Plan
    samples : Samples, optional
        Rows to use instead of the plan's own data.
    out : Path
        Folder in which the run's folder is made.
    engine : engine, optional
    progress : callable, optional
        Called as ``progress(step, n_done, n_total)``.

    Returns
    -------
    Run

    Raises
    ------
    AppliedMLError
        If the data cannot be used or the run cannot be written. Nothing that looks like a run is left behind.
    """
    started = datetime.now(UTC)
    clock = time.perf_counter()
    meter = EnergyMeter()
    report: Progress = progress or (lambda step, n_done, n_total: None)
    report("reading", 0, 1)
    read = _read(plan, samples)
    seconds = {"read": time.perf_counter() - clock}
    clock = time.perf_counter()
    cleaned = clean_samples(read, plan.clean, _account(plan, read) if samples is None else None)
    coded, classes = encode_labels(cleaned.samples)
    check_sensitive(coded)
    plan, told = _for_classes(plan, len(classes))
    if told:
        cleaned.steps.loc[0, "notes"] = " ".join([str(cleaned.steps.loc[0, "notes"]), told]).strip()
    seconds["clean"] = time.perf_counter() - clock
    split = seeded(plan.split, plan.seed, "split")
    coded = mark_validation(coded, split)
    # Split by the classes' names, so that a refusal names them as the user knows them.
    named = coded.replace(y=np.array(classes)[np.asarray(coded.y)])
    jobs = [FoldJob(number, train, test) for number, (train, test) in enumerate(split.split(named))]
    _check_validation(plan, named, jobs)
    audits = tuple(seeded(audit, plan.seed, "audit", stage_name(audit)) for audit in plan.audits)
    info = _info(plan, read, coded, classes)
    folder = _unfinished_folder(out, plan.name, started, info["run_hash"])
    try:
        results = _run_folds(plan, coded, classes, jobs, audits, engine or Local(), report)
        clock = time.perf_counter()
        report("concluding", len(jobs), len(jobs) + 1)
        artifacts = [audit.conclude([result.evidence[stage_name(audit)] for result in results]) for audit in audits]
        artifacts.append(_flow(cleaned, coded, jobs, results))
        seconds["conclude"] = time.perf_counter() - clock
        timings = {
            "started": started.isoformat(timespec="seconds"),
            "seconds": seconds,
            "folds": {str(result.number): result.seconds for result in results},
            "energy": meter.read(sum(result.cpu_s for result in results if result.process != os.getpid())),
        }
        _write(folder, info, read, cleaned, classes, results, artifacts, timings)
        finished = folder.with_name(folder.name.removesuffix(layout.UNFINISHED))
        rename_whole(folder, finished)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    report("done", len(jobs) + 1, len(jobs) + 1)
    return Run(finished)


def _for_classes(plan: Plan, n_classes: int) -> tuple[Plan, str]:
    """The plan without a threshold where there are more than two classes, and what to say of that."""
    chosen = plan.pipeline.threshold
    if n_classes <= 2 or chosen == 0.5:
        return plan, ""
    pipeline = plan.pipeline.clone_unfitted()
    pipeline.threshold = 0.5
    text = (
        f"There are {n_classes} classes: the most probable one is predicted, and the threshold {chosen!r} has no part."
    )
    return replace(plan, pipeline=pipeline), text


def _check_validation(plan: Plan, samples: Samples, jobs: list[FoldJob]) -> None:
    """Refuse a fold whose validation rows would lack a class before any fold is trained."""
    pipeline = plan.pipeline
    for job in jobs:
        seed = fold_seed(derive_seed(plan.seed, "folds"), job.number)
        root = pipeline.random_state
        pipeline_seed = derive_seed(seed, "pipeline", "random_state") if root is None else root
        try:
            validation_rows(samples.take(job.train), pipeline.validation, pipeline.validation_from, pipeline_seed)
        except StageError as error:
            raise StageError(f"Fold {job.number}: {error}") from error


def _read(plan: Plan, samples: Samples | None) -> Samples:
    if samples is not None:
        if not isinstance(samples, Samples):
            raise DataError(f"Plan.run takes a Samples. It was given a {type(samples).__name__}; use read_table().")
        return samples
    if plan.data is None:
        raise PlanError(
            [Problem("data", "is missing. Name a source in the plan, or give samples to run().")], plan.name
        )
    read: Samples = plan.data.read(plan.schema, plan.folder)
    return read


def _account(plan: Plan, read: Samples) -> dict[str, Any]:
    """What the source found, repaired and skipped while reading."""
    account = dict(getattr(read, "read_report", {}))
    account["notes"] = [*account.get("notes", ()), *getattr(plan.data, "notes_", ())]
    return account


def _run_folds(
    plan: Plan,
    samples: Samples,
    classes: tuple[str, ...],
    jobs: list[FoldJob],
    audits: tuple[Any, ...],
    engine: Any,
    report: Progress,
) -> list[FoldResult]:
    local = isinstance(engine, Local) and engine.workers == 1
    n_done = 0

    def say(sentence: str) -> None:
        report(f"fold {n_done + 1} of {len(jobs)}: {sentence}", n_done, len(jobs) + 1)

    shared = Shared(
        samples=samples,
        pipeline=plan.pipeline,
        audits=audits,
        classes=classes,
        seed=derive_seed(plan.seed, "folds"),
        n_folds=len(jobs),
        on_step=say if local else None,
    )
    results = []
    report("training" if local else f"training {len(jobs)} folds", 0, len(jobs) + 1)
    for result in engine.map(run_fold, shared, jobs):
        results.append(result)
        n_done += 1
        report(f"fold {n_done} of {len(jobs)} done", n_done, len(jobs) + 1)
    return results


def _info(plan: Plan, read: Samples, coded: Samples, classes: tuple[str, ...]) -> dict[str, Any]:
    plan_data = plan.to_dict()
    data_print = read.fingerprint()
    features = [str(name) for name in coded.X.columns] if isinstance(coded.X, pd.DataFrame) else []
    names = plan.pipeline.names()
    info: dict[str, Any] = {
        "format": layout.FORMAT_NAME,
        "format_version": layout.FORMAT_VERSION,
        "name": plan.name,
        "seed": plan.seed,
        "plan": plan_data,
        "schema": read.schema.to_dict(),
        "classes": list(classes),
        "binary": len(classes) == 2,
        "positive": classes[1] if len(classes) == 2 else None,
        "data": {
            "source": plan_data.get("data", "samples given in Python"),
            "fingerprint": data_print,
            "n_rows_read": len(read),
            "n_rows_used": len(coded),
            "n_features": coded.shape[1],
            "features": features,
            "own_validation": coded.validation is not None,
            **_kind_of(coded.X),
        },
        "pipeline": [
            {"name": name, "verb": verb_of(stage).value, "parameters": _shown(stage)}
            for name, stage in zip(names, plan.pipeline.steps, strict=True)
        ],
        "versions": versions(),
        "context": _beside(plan, "context"),
        "policy": _beside(plan, "policy"),
    }
    info["code"] = {
        "package_version": info["versions"].get("appliedml"),
        "git_commit": git_commit(plan.folder),
        "source_sha256": source_sha256(),
    }
    info["run_hash"] = fingerprint([plan_data, data_print, info["versions"]])[:12]
    return info


def _kind_of(inputs: Any) -> dict[str, Any]:
    if isinstance(inputs, Images):
        return {"inputs": "images", "height": inputs.size[0], "width": inputs.size[1], "channels": inputs.channels}
    return {"inputs": "texts" if isinstance(inputs, Texts) else "table"}


def _shown(stage: Any) -> dict[str, Any]:
    params = stage.plan_parameters() if hasattr(stage, "plan_parameters") else stage.get_params(deep=False)
    return {
        key: value if isinstance(value, str | int | float | bool | list | dict | None) else repr(value)
        for key, value in params.items()
    }


def _beside(plan: Plan, key: str) -> dict[str, Any]:
    """Return the content of a YAML file that the plan names, so that the run folder is complete without it."""
    entry = getattr(plan, key)
    if entry is None or isinstance(entry, Mapping):
        return dict(entry or {})
    path = (plan.folder or Path()) / entry
    try:
        found = load_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PlanError([Problem(key, f"{path} cannot be read as YAML: {error}")], plan.name) from error
    if not isinstance(found, dict):
        raise PlanError([Problem(key, f"{path} must hold a mapping.")], plan.name)
    return found


def _unfinished_folder(out: Path, name: str, started: datetime, run_hash: str) -> Path:
    stem = f"{started:%Y%m%dT%H%M%SZ}_{file_stem(name)}_{run_hash[:8]}"
    for number in range(1, 1000):
        candidate = stem if number == 1 else f"{stem}_{number}"
        folder = out / f"{candidate}{layout.UNFINISHED}"
        with said_plainly(folder):
            out.mkdir(parents=True, exist_ok=True)
            if out.joinpath(candidate).exists():
                continue
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
    raise RunError(f"{out} holds a thousand runs of this second. Wait a moment and run again.")


def _flow(cleaned: Cleaned, samples: Samples, jobs: list[FoldJob], results: list[FoldResult]) -> Artifact:
    """Where every row went: read, dropped by which step, used for what in each fold."""
    y = np.asarray(samples.y)
    codes = np.unique(y)
    rows = []
    for job, result in zip(jobs, results, strict=True):
        held = np.isin(samples.row_id, result.validation_row_ids)
        parts = {
            "train": np.setdiff1d(job.train, np.flatnonzero(held)),
            "validation": np.flatnonzero(held),
            "test": job.test,
        }
        for part, positions in parts.items():
            positives = int((y[positions] == 1).sum()) if len(codes) == 2 else -1
            rows.append((job.number, part, len(positions), positives))
    splits = pd.DataFrame(rows, columns=["fold", "part", "rows", "positives"])
    tables = {"steps": cleaned.steps, "by_group": cleaned.by_group, "splits": splits}
    summary = {
        "n_rows_read": int(cleaned.steps["rows_in"].iloc[0]),
        "n_rows_used": len(samples),
        "n_rows_tested": int(sum(len(job.test) for job in jobs)),
    }
    return Artifact("flow", Status.OK, summary=summary, tables=tables)


def _write(
    folder: Path,
    info: dict[str, Any],
    read: Samples,
    cleaned: Cleaned,
    classes: tuple[str, ...],
    results: list[FoldResult],
    artifacts: list[Artifact],
    timings: dict[str, Any],
) -> None:
    for result in results:
        place = folder / layout.FOLDS / str(result.number)
        for name, content in result.files.items():
            write_whole(place / name, lambda temporary, content=content: _write_bytes(temporary, content))  # type: ignore[misc]
        if result.history is not None:
            write_table(place / layout.HISTORY, result.history)
        write_json(place / layout.DONE, {"fold": result.number, "rows": len(result.predictions)})
    write_table(folder / layout.PREDICTIONS, _predictions(results, classes))
    write_table(folder / layout.ROWS, _rows(read, cleaned, results))
    write_table(folder / layout.LEDGER, pd.concat([result.ledger for result in results], ignore_index=True))
    parts = [artifact.scores for artifact in artifacts if artifact.scores is not None and len(artifact.scores)]
    scores = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(SCORE_COLUMNS))
    write_table(folder / layout.SCORES, scores)
    for artifact in artifacts:
        write_artifact(folder / layout.ARTIFACTS / artifact.kind, artifact)
    sizes = [
        {
            "fitted": result.n_train - len(result.validation_row_ids),
            "validation": len(result.validation_row_ids),
            "test": len(result.predictions),
        }
        for result in results
    ]
    passes = frozen_passes(cleaned.samples.X, [result.model for result in results], sizes)
    info["model"] = {**results[0].model, **results[0].stages, **({"frozen_passes": passes} if passes else {})}
    info["folds"] = [
        {
            "number": result.number,
            "n_train": size["fitted"],
            "n_validation": size["validation"],
            "n_test": size["test"],
            "threshold": float(result.predictions["threshold"].iloc[0]),
        }
        for result, size in zip(results, sizes, strict=True)
    ]
    write_json(folder / layout.TIMINGS, timings)
    skipped = getattr(read, "read_report", {}).get("files")
    if skipped:
        # File names may name people: they stay in the run's folder, and no report shows them.
        write_json(folder / layout.SKIPPED, {"files": skipped})
    info["files"] = list_files(folder, without=(layout.TIMINGS,))
    # A folder without its run.json is no run.
    write_json(folder / layout.RUN, info)
    seal_run(folder)


def _write_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _predictions(results: list[FoldResult], classes: tuple[str, ...]) -> pd.DataFrame:
    table = pd.concat([result.predictions for result in results], ignore_index=True)
    names = np.array(classes, dtype=object)
    out = table[["row_id", "fold"]].copy()
    out["y_true"], out["y_pred"] = names[table["y_true"]], names[table["y_pred"]]
    out["threshold"] = table["threshold"]
    for code, name in enumerate(classes):
        out[f"p_{name}"] = table[f"p_{code}"]
    return out


def _rows(read: Samples, cleaned: Cleaned, results: list[FoldResult]) -> pd.DataFrame:
    """One row per row read, in the order read: its meta, its test fold (-1: none) and what dropped it."""
    after = cleaned.samples.meta.set_index("row_id")
    table = read.meta.set_index("row_id")
    for column in (name for name in table.columns if name.startswith(SENSITIVE_PREFIX)):
        table[column] = after[column].reindex(table.index).where(table.index.isin(after.index), table[column])
    folds = pd.concat([result.predictions.set_index("row_id")["fold"] for result in results])
    table["fold"] = folds[~folds.index.duplicated()].reindex(table.index).fillna(-1).astype(int)
    table["dropped_by"] = cleaned.dropped_by.reindex(table.index)
    return table.reset_index(names="row_id")
