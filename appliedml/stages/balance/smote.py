"""Synthetic rows between neighbours of the same class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from appliedml.core.params import Rule
from appliedml.stages.balance._neighbours import Neighbours
from appliedml.stages.balance._resampler import NEIGHBORS, RATIO, SEED, NeighborSampler, Rows


class Smote(NeighborSampler):
    """Add synthetic rows between a row and its nearest neighbours of the same class (SMOTE).

    Parameters
    ----------
    neighbors : int
        Nearest neighbours to choose from.
    ratio : float
        Rows of every class for each row of the largest class afterwards, over 0 and at most 1. In a binary task:
        minority rows per majority row. Classes that have as many keep their rows.
    random_state : int, optional
        Seed.

    Attributes
    ----------
    notes_ : list of str

    Raises
    ------
    StageError
        If a column is not numeric, a value is missing, or a class to add to has ``neighbors`` rows or fewer.

    Notes
    -----
    The given rows come first, unchanged and in order; new rows follow. New values in columns of integer dtype are
    rounded to whole numbers: a fraction would tell a model which rows are synthetic.

    Source
    ------
    Chawla, Bowyer, Hall, Kegelmeyer (2002), SMOTE: Synthetic Minority Over-sampling Technique, JAIR 16;
    imbalanced-learn ``SMOTE``.

    Examples
    --------
    >>> import pandas as pd
    >>> X, y = pd.DataFrame({"a": [0.0, 1, 2, 10, 11, 12, 13, 14]}), [1, 1, 1, 0, 0, 0, 0, 0]
    >>> more, labels = Smote(neighbors=2, random_state=0).fit_resample(X, y)
    >>> len(more), int(labels.sum())
    (10, 5)
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {"neighbors": NEIGHBORS, "ratio": RATIO, "random_state": SEED}

    def __init__(self, neighbors: int = 5, ratio: float = 1.0, random_state: int | None = None) -> None:
        self.neighbors = neighbors
        self.ratio = ratio
        self.random_state = random_state

    def _others(self, rows: Rows, strategy: dict[int, int]) -> int:
        # Neighbours are of the same class.
        return max(rows.counts[code] for code in strategy)

    def _sampler(self, strategy: dict[int, int]) -> Any:
        from imblearn.over_sampling import SMOTE

        # The row itself is the first of its neighbours.
        nearest = Neighbours(n_neighbors=self.neighbors + 1)
        return SMOTE(sampling_strategy=strategy, k_neighbors=nearest, random_state=self.random_state)
