"""Set validation rows aside before anything is resampled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.group_folds import group_folds
from appliedml.core.samples import Samples
from appliedml.errors import StageError


def mark_validation(samples: Samples, split: Any) -> Samples:
    """Mark the rows that a split keeps for validation; samples of a split that keeps none are returned as they are.

    Parameters
    ----------
    samples : Samples
        All rows of a run.
    split : split
        May offer ``validation_rows(samples)``, positions of rows that are on the training side of every fold.

    Returns
    -------
    Samples
        With ``meta["validation"]`` where the split keeps rows. It goes with the rows into every fold, as groups do, so
        that whatever is fitted anew there sets the same rows aside.
    """
    kept = split.validation_rows(samples) if hasattr(split, "validation_rows") else ()
    if not len(kept):
        return samples
    marks = np.isin(np.arange(len(samples)), kept)
    return Samples(samples.X, samples.y, samples.meta.assign(validation=marks), samples.schema)


def validation_rows(samples: Samples, fraction: float, order: str, seed: int) -> NDArray[np.intp]:
    """Choose the rows kept for early stopping, calibration and the threshold.

    Parameters
    ----------
    samples : Samples
        The training rows of one fold. Where ``meta["validation"]`` marks rows, it is these, and neither ``fraction``
        nor ``order`` has a part.
    fraction : float
        Share of rows, below 1. Zero keeps none.
    order : {"random", "latest"}
        "random": stratified by class, whole groups together. "latest": the last rows in time.
    seed : int

    Returns
    -------
    array of int, shape (n_validation,)
        Positions in ``samples``, ascending.

    Raises
    ------
    StageError
        If a class would be missing on either side.
    """
    if samples.validation is not None:
        return _marked(samples, samples.validation)
    if fraction == 0:
        return np.empty(0, dtype=np.intp)
    y = np.asarray(samples.y)
    if order == "latest":
        rows = _latest(samples, fraction)
    elif samples.group is not None:
        n_folds = max(2, round(1 / fraction))
        _check_groups(samples, n_folds)
        rows = np.flatnonzero(group_folds(y, _group_codes(samples), n_folds, seed) == 0)
    else:
        _, counts = np.unique(y, return_counts=True)
        if counts.min() < 2:
            raise StageError(
                f"Pipeline: validation={fraction} needs at least 2 training rows of every class. "
                f"The rarest class has {counts.min()}. Use fewer folds or validation=0."
            )
        rng = np.random.default_rng(seed)
        # Class by class, so that a rare class has a row on both sides whatever the fraction.
        parts = [rng.permutation(np.flatnonzero(y == level)) for level in np.unique(y)]
        rows = np.concatenate([part[: min(max(1, round(fraction * len(part))), len(part) - 1)] for part in parts])
    rows = np.sort(rows).astype(np.intp)
    kept = np.setdiff1d(np.arange(len(y)), rows)
    for side, part in (("validation", rows), ("fitting", kept)):
        missing = set(np.unique(y).tolist()) - set(np.unique(y[part]).tolist())
        if missing:
            raise StageError(
                f"Pipeline: validation={fraction} leaves no row of class {min(map(str, missing))!r} for {side}. "
                "Use a larger fraction, fewer folds or validation=0."
            )
    return rows


def _marked(samples: Samples, marks: NDArray[np.bool_]) -> NDArray[np.intp]:
    y = np.asarray(samples.y)
    for side, part in (("marked for validation", marks), ("left for fitting", ~marks)):
        missing = set(np.unique(y).tolist()) - set(np.unique(y[part]).tolist())
        if missing:
            raise StageError(
                f"Pipeline: the {int(part.sum())} rows {side} need every class. They lack {min(map(str, missing))!r}. "
                "Use another split, or mark other rows."
            )
    return np.flatnonzero(marks).astype(np.intp)


def _latest(samples: Samples, fraction: float) -> NDArray[np.intp]:
    if samples.time is None:
        raise StageError("Pipeline: validation_from='latest' needs a time column. Name one in the schema.")
    order = np.argsort(samples.time.to_numpy(), kind="stable")
    latest = order[len(order) - round(fraction * len(order)) :]
    if samples.group is not None:
        # A group with any row among the latest goes there whole.
        return np.flatnonzero(np.isin(_group_codes(samples), _group_codes(samples)[latest]))
    return latest.astype(np.intp)


def _check_groups(samples: Samples, n_splits: int) -> None:
    n_groups = len(np.unique(_group_codes(samples)))
    if n_groups < n_splits:
        raise StageError(
            f"Pipeline: validation needs at least {n_splits} groups, for groups stay whole. There are {n_groups}."
        )


def _group_codes(samples: Samples) -> NDArray[np.intp]:
    codes: NDArray[np.intp] = pd.factorize(np.asarray(samples.group, dtype=object), use_na_sentinel=False)[0]
    return codes
