"""Synthetic rows near the border between classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from appliedml.core.params import Choice, Integer, Rule
from appliedml.errors import StageError
from appliedml.stages.balance._neighbours import Neighbours
from appliedml.stages.balance._resampler import NEIGHBORS, RATIO, SEED, NeighborSampler, Rows


class BorderlineSmote(NeighborSampler):
    """Add synthetic rows beside the rows in danger: those that have mostly, but not only, other classes around them.

    Parameters
    ----------
    neighbors : int
        Nearest neighbours to choose from.
    ratio : float
        Rows of every class for each row of the largest class afterwards, over 0 and at most 1. In a binary task:
        minority rows per majority row. Classes that have as many keep their rows.
    kind : {"borderline-1", "borderline-2"}
        Neighbours from the same class, or from all classes (then nearer to the row in danger).
    border_neighbors : int
        Neighbours that decide whether a row is in danger.
    random_state : int, optional
        Seed.

    Attributes
    ----------
    notes_ : list of str
        Names the classes without a row in danger: nothing is added to them.

    Raises
    ------
    StageError
        If a column is not numeric, a value is missing, a class to add to has ``neighbors`` rows or fewer, or there are
        ``border_neighbors`` rows or fewer.

    Notes
    -----
    The given rows come first, unchanged and in order; new rows follow. New values in columns of integer dtype are
    rounded to whole numbers. The time grows with the rows of the classes that are added to times all rows: 10,000 among
    a million rows of 30 columns take minutes.

    Source
    ------
    Han, Wang, Mao (2005), Borderline-SMOTE, ICIC, LNCS 3644; imbalanced-learn ``BorderlineSMOTE``.

    Examples
    --------
    >>> import pandas as pd
    >>> X, y = pd.DataFrame({"a": [4.0, 5, 9, 7, 8, 10, 11, 12, 13]}), [1, 1, 1, 0, 0, 0, 0, 0, 0]
    >>> sampler = BorderlineSmote(neighbors=1, border_neighbors=3, random_state=0)
    >>> int(sampler.fit_resample(X, y)[1].sum())
    6
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "neighbors": NEIGHBORS,
        "ratio": RATIO,
        "kind": Choice("borderline-1", "borderline-2"),
        "border_neighbors": Integer(1),
        "random_state": SEED,
    }

    def __init__(
        self,
        neighbors: int = 5,
        ratio: float = 1.0,
        kind: str = "borderline-1",
        border_neighbors: int = 10,
        random_state: int | None = None,
    ) -> None:
        self.neighbors = neighbors
        self.ratio = ratio
        self.kind = kind
        self.border_neighbors = border_neighbors
        self.random_state = random_state

    def _sampler(self, strategy: dict[int, int]) -> Any:
        from imblearn.over_sampling import BorderlineSMOTE

        return BorderlineSMOTE(
            sampling_strategy=strategy,
            # The row itself is the first of its neighbours.
            k_neighbors=Neighbours(n_neighbors=self.neighbors + 1),
            m_neighbors=Neighbours(n_neighbors=self.border_neighbors + 1),
            kind=self.kind,
            random_state=self.random_state,
        )

    def _made(
        self, rows: Rows, matrix: NDArray[np.float64], strategy: dict[int, int]
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        if len(matrix) <= self.border_neighbors:
            raise StageError(
                f"BorderlineSmote needs more than border_neighbors={self.border_neighbors} training rows. "
                f"There are {len(matrix)}. Use border_neighbors={len(matrix) - 1} or fewer, or smote."
            )
        made, codes = super()._made(rows, matrix, strategy)
        for code in strategy:
            if not (codes == code).any():
                self.notes_.append(f"Class {rows.label(code)} has no row in danger; nothing was added to it.")
        return made, codes
