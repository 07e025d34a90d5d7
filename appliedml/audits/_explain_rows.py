"""Which rows of a fold are explained, and what an explanation consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.fold import Fold
from appliedml.core.samples import Samples
from appliedml.core.seeds import derive_seed
from appliedml.explain.masker import Scorer
from appliedml.explain.table import TableMasker
from appliedml.explain.values import ShapleyValues


@dataclass(frozen=True)
class Explained:
    """The explanation of a fold, and what made it."""

    masker: TableMasker
    scorer: Scorer
    values: ShapleyValues
    rows: NDArray[np.intp]
    outputs: tuple[int, ...]
    why: str
    seed: int


def outputs_of(fold: Fold) -> tuple[int, ...]:
    """Class codes that are explained: the class of interest, or all classes if there are more than two."""
    return (1,) if fold.binary else tuple(range(len(fold.classes)))


def share_of_fold(fold: Fold, most: int, max_folds: int | None) -> int:
    """Return how many of the rows explained in all folds are this fold's: none beyond the last fold explained.

    Parameters
    ----------
    fold : Fold
    most : int
        In all folds together.
    max_folds : int or None

    Returns
    -------
    int
        0, or at least 2, so that every fold explained has a ranking.
    """
    n_folds = fold.n_folds if max_folds is None else min(max_folds, fold.n_folds)
    return 0 if fold.number >= n_folds else max(2, most // n_folds + (fold.number < most % n_folds))


def seed_of_fold(fold: Fold, kind: str, random_state: int | None) -> int:
    """Return the seed of an explanation of a fold: the audit's own, or one from the run's."""
    return fold.seed_for(kind) if random_state is None else derive_seed(random_state, "fold", fold.number)


def stratified_rows(samples: Samples, n_rows: int, seed: int) -> NDArray[np.intp]:
    """Choose rows evenly over classes and sensitive levels: every row is as likely, every level has its share.

    Parameters
    ----------
    samples : Samples
    n_rows : int
        Or all, if there are fewer.
    seed : int

    Returns
    -------
    array of int
        Positions, ascending.
    """
    n = len(samples)
    if n_rows >= n:
        return np.arange(n)
    rng = np.random.default_rng(seed)
    keys: list[NDArray[Any]] = [rng.random(n)]
    keys += [pd.factorize(samples.sensitive[name], sort=True)[0] for name in reversed(samples.sensitive.columns)]
    if samples.y is not None:
        keys.append(samples.y)
    # Systematic sampling of the sorted rows.
    ordered = np.lexsort(keys)
    places = np.floor((np.arange(n_rows) + rng.random()) * n / n_rows).astype(np.intp)
    return np.sort(ordered[places])
