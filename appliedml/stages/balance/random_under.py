"""Drop rows of the larger classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from appliedml.core.params import Rule
from appliedml.stages.balance._resampler import RATIO, SEED, Resampler, Rows


class RandomUnder(Resampler):
    """Drop rows of the larger classes, drawn at random.

    Parameters
    ----------
    ratio : float
        Rows of the smallest class for each row of any other class afterwards, over 0 and at most 1. In a binary task:
        minority rows per majority row. Classes that have no more keep their rows.
    random_state : int, optional
        Seed.

    Attributes
    ----------
    sample_indices_ : array of int, shape (n_out,)
        The input row of every output row, ascending.
    notes_ : list of str

    Raises
    ------
    StageError
        If a label is missing or there are fewer than two classes.

    Notes
    -----
    Any columns will do, missing values included. Rows keep their order.

    Source
    ------
    imbalanced-learn ``RandomUnderSampler``.

    Examples
    --------
    >>> import pandas as pd
    >>> X, y = RandomUnder(random_state=0).fit_resample(pd.DataFrame({"a": [1, 2, 3]}), [0, 0, 1])
    >>> y.tolist()
    [0, 1]
    """

    picks_blindly: ClassVar[bool] = True
    parameter_rules: ClassVar[Mapping[str, Rule]] = {"ratio": RATIO, "random_state": SEED}

    def __init__(self, ratio: float = 1.0, random_state: int | None = None) -> None:
        self.ratio = ratio
        self.random_state = random_state

    def _resample(self, rows: Rows) -> Any:
        from imblearn.under_sampling import RandomUnderSampler

        positions = np.arange(len(rows.codes))
        most = round(min(rows.counts) / self.ratio)
        strategy = {code: most for code, n in enumerate(rows.counts) if n > most}
        if not strategy:
            self.notes_.append(
                f"The smallest class has {self.ratio:g} times the rows of every other; nothing was dropped."
            )
            return positions
        sampler = RandomUnderSampler(sampling_strategy=strategy, random_state=self.random_state)
        sampler.fit_resample(positions[:, None], rows.codes)
        # imbalanced-learn orders by class; the given order keeps time-ordered rows in order.
        return np.sort(sampler.sample_indices_)
