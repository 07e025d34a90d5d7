"""One fold: fit, predict, examine. A pure function of its job, so that it can run anywhere."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.compose.adapters import seeded
from appliedml.compose.pipeline import Pipeline
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples
from appliedml.core.seeds import derive_seed
from appliedml.core.stage import stage_name
from appliedml.errors import AppliedMLError


@dataclass(frozen=True)
class Shared:
    """What all folds of a run have in common.

    Parameters
    ----------
    samples : Samples
        Cleaned, labels as class codes.
    pipeline : Pipeline
        Unfitted.
    audits : tuple of audits
    classes : tuple of str
    seed : int
    n_folds : int
    on_step : callable, optional
        Called with a sentence before every step; only where folds run in this process.
    """

    samples: Samples
    pipeline: Pipeline
    audits: tuple[Any, ...]
    classes: tuple[str, ...]
    seed: int
    n_folds: int
    on_step: Callable[[str], None] | None = None


@dataclass(frozen=True)
class FoldJob:
    """Which rows to train on and to test."""

    number: int
    train: NDArray[np.intp]
    test: NDArray[np.intp]


@dataclass(frozen=True)
class FoldResult:
    """What a fold leaves behind.

    Parameters
    ----------
    number : int
    predictions : DataFrame
        As :meth:`appliedml.core.fold.Fold.prediction_table`.
    ledger : DataFrame
    history : DataFrame or None
    evidence : dict of str to object
        By audit name.
    files : dict of str to bytes
        The saved model.
    model : dict
        The model's description.
    seconds : dict of str to float
        By step.
    validation_row_ids : array
    stages : dict of str to dict
        What fitted stages before the model say of themselves (weights that others trained, say).
    cpu_s : float
        Processor seconds of the process in which the fold ran, while it ran.
    process : int
        Number of that process.
    """

    number: int
    predictions: pd.DataFrame
    ledger: pd.DataFrame
    history: pd.DataFrame | None
    evidence: dict[str, Any]
    files: dict[str, bytes]
    model: dict[str, Any]
    seconds: dict[str, float]
    validation_row_ids: NDArray[Any]
    n_train: int
    stages: dict[str, Any] = field(default_factory=dict)
    feature_sources: dict[str, str] = field(default_factory=dict)
    cpu_s: float = 0.0
    process: int = -1


def run_fold(shared: Shared, job: FoldJob) -> FoldResult:
    """Fit the pipeline on the training rows, predict the test rows, let the audits examine.

    Parameters
    ----------
    shared : Shared
    job : FoldJob

    Returns
    -------
    FoldResult

    Raises
    ------
    AppliedMLError
        With the fold's number in front.
    """
    seed = fold_seed(shared.seed, job.number)
    say = shared.on_step or (lambda sentence: None)
    seconds: dict[str, float] = {}
    cpu_s = time.process_time()
    train, test = shared.samples.take(job.train), shared.samples.take(job.test)
    try:
        say("training")
        started = time.perf_counter()
        pipeline: Pipeline = seeded(shared.pipeline, seed, "pipeline").fit(train)
        seconds["fit"] = time.perf_counter() - started
        probabilities = pipeline.predict_proba(test)
        ledger = _ledger(pipeline, job, train, test)
        fold = Fold(
            number=job.number,
            n_folds=shared.n_folds,
            classes=shared.classes,
            train=train,
            test=test,
            pipeline=pipeline,
            probabilities=probabilities,
            predictions=pipeline.codes(probabilities),
            threshold=pipeline.threshold_,
            ledger=ledger,
            seed=seed,
        )
        evidence = {}
        for audit in shared.audits:
            name = stage_name(audit)
            say(name)
            started = time.perf_counter()
            evidence[name] = audit.examine(fold)
            seconds[name] = time.perf_counter() - started
    except AppliedMLError as error:
        if isinstance(error, ValueError):
            raise type(error)(f"Fold {job.number}: {error}{_code_names(shared.classes)}") from error
        raise
    for _, row in ledger.iterrows():
        seconds[f"stage {row['stage']}"] = float(row["seconds"])
    return FoldResult(
        number=job.number,
        predictions=fold.prediction_table(),
        ledger=ledger.drop(columns="seconds"),
        history=pipeline.history_,
        evidence=evidence,
        files=_saved(pipeline.model_),
        model=_described(pipeline.model_),
        seconds=seconds,
        validation_row_ids=train.row_id[pipeline.validation_rows_],
        n_train=len(train),
        stages={name: dict(stage.describe()) for name, stage in pipeline.steps_[:-1] if hasattr(stage, "describe")},
        feature_sources=dict(pipeline.feature_sources_),
        cpu_s=time.process_time() - cpu_s,
        process=os.getpid(),
    )


def fold_seed(seed: int, number: int) -> int:
    """Return the seed of one fold.

    Parameters
    ----------
    seed : int
        Root of all folds.
    number : int

    Returns
    -------
    int
    """
    return derive_seed(seed, "fold", number)


def _code_names(classes: tuple[str, ...]) -> str:
    """Stages see class codes; say which class is which where that is not obvious."""
    if all(name == str(code) for code, name in enumerate(classes)):
        return ""
    return " (Classes: " + ", ".join(f"{code} is {name!r}" for code, name in enumerate(classes)) + ".)"


def _ledger(pipeline: Pipeline, job: FoldJob, train: Samples, test: Samples) -> pd.DataFrame:
    """What each stage saw, checked by row id: a stage that saw a test row would show here."""
    table = pipeline.ledger_.copy()
    table.insert(2, "fold", job.number)
    sides = {"n_test_rows_seen": test.row_id, "n_validation_rows_seen": train.row_id[pipeline.validation_rows_]}
    for name, ids in sides.items():
        wanted = pd.Index(ids).unique()
        table[name] = [int(wanted.isin(pipeline.fitted_row_ids_[stage]).sum()) for stage in table["stage"]]
    return table


def _saved(model: Any) -> dict[str, bytes]:
    if not hasattr(model, "save"):
        return {}
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model")
        files = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _described(model: Any) -> dict[str, Any]:
    if hasattr(model, "describe"):
        return dict(model.describe())
    return {"class": type(model).__name__, "parameters": {k: repr(v) for k, v in model.get_params(deep=False).items()}}
