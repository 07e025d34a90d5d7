"""Repeat rows of the smaller classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from appliedml.core.params import Rule
from appliedml.stages.balance._resampler import NOTHING_ADDED, RATIO, SEED, Resampler, Rows


class RandomOver(Resampler):
    """Repeat rows of the smaller classes, drawn at random with replacement.

    Parameters
    ----------
    ratio : float
        Rows of every class for each row of the largest class afterwards, over 0 and at most 1. In a binary task:
        minority rows per majority row. Classes that have as many keep their rows.
    random_state : int, optional
        Seed.

    Attributes
    ----------
    sample_indices_ : array of int, shape (n_out,)
        The input row of every output row: all rows in order, then the repeated ones.
    notes_ : list of str

    Raises
    ------
    StageError
        If a label is missing or there are fewer than two classes.

    Notes
    -----
    Any columns will do, missing values included.

    Source
    ------
    imbalanced-learn ``RandomOverSampler``.

    Examples
    --------
    >>> import pandas as pd
    >>> X, y = RandomOver(random_state=0).fit_resample(pd.DataFrame({"a": [1, 2, 3]}), [0, 0, 1])
    >>> X["a"].tolist()
    [1, 2, 3, 3]
    """

    picks_blindly: ClassVar[bool] = True
    parameter_rules: ClassVar[Mapping[str, Rule]] = {"ratio": RATIO, "random_state": SEED}

    def __init__(self, ratio: float = 1.0, random_state: int | None = None) -> None:
        self.ratio = ratio
        self.random_state = random_state

    def _resample(self, rows: Rows) -> Any:
        from imblearn.over_sampling import RandomOverSampler

        positions = np.arange(len(rows.codes))
        strategy = {code: rows.counts[code] + n for code, n in rows.missing_rows(self.ratio).items()}
        if not strategy:
            self.notes_.append(NOTHING_ADDED.format(self.ratio))
            return positions
        sampler = RandomOverSampler(sampling_strategy=strategy, random_state=self.random_state)
        sampler.fit_resample(positions[:, None], rows.codes)
        return sampler.sample_indices_
