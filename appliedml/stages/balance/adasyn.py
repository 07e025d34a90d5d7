"""Synthetic rows where a class is hard to tell from the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from appliedml.core.params import Rule
from appliedml.errors import StageError
from appliedml.stages.balance._neighbours import Neighbours
from appliedml.stages.balance._resampler import NEIGHBORS, RATIO, SEED, NeighborSampler, Rows


class Adasyn(NeighborSampler):
    """Add synthetic rows, most of them where other classes are near (ADASYN).

    Parameters
    ----------
    neighbors : int
        Nearest neighbours, both to see how hard a row is and to choose from.
    ratio : float
        Rows of every class for each row of the largest class afterwards, over 0 and at most 1; met approximately, for
        the rows are shared out and rounded. Classes that have as many keep their rows.
    random_state : int, optional
        Seed.

    Attributes
    ----------
    notes_ : list of str

    Raises
    ------
    StageError
        If a column is not numeric, a value is missing, a class to add to has ``neighbors`` rows or fewer, none of its
        rows has a neighbour of another class, or there are too few rows to add to share them out.

    Notes
    -----
    The given rows come first, unchanged and in order; new rows follow. New values in columns of integer dtype are
    rounded to whole numbers. Where all pairs of rows are too many to be looked at (2,000 million), neighbours are
    looked for in random parts of the rows, and a note says so: the time then grows with the rows.

    Source
    ------
    He, Bai, Garcia, Li (2008), ADASYN: Adaptive Synthetic Sampling Approach for Imbalanced Learning, IJCNN;
    imbalanced-learn ``ADASYN``.

    Examples
    --------
    >>> import pandas as pd
    >>> X, y = pd.DataFrame({"a": [4.0, 5, 9, 7, 8, 10, 11, 12, 13]}), [1, 1, 1, 0, 0, 0, 0, 0, 0]
    >>> int(Adasyn(neighbors=2, random_state=0).fit_resample(X, y)[1].sum())
    7
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {"neighbors": NEIGHBORS, "ratio": RATIO, "random_state": SEED}

    def __init__(self, neighbors: int = 5, ratio: float = 1.0, random_state: int | None = None) -> None:
        self.neighbors = neighbors
        self.ratio = ratio
        self.random_state = random_state

    def _sampler(self, strategy: dict[int, int]) -> Any:
        from imblearn.over_sampling import ADASYN

        # The row itself is the first of its neighbours.
        nearest = Neighbours(n_neighbors=self.neighbors + 1)
        return ADASYN(sampling_strategy=strategy, n_neighbors=nearest, random_state=self.random_state)

    def _made(
        self, rows: Rows, matrix: NDArray[np.float64], strategy: dict[int, int]
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        try:
            return super()._made(rows, matrix, strategy)
        except RuntimeError as error:
            raise StageError(
                "Adasyn adds rows where other classes are near. No row of a class it adds to has one among its "
                f"neighbors={self.neighbors}. Use more neighbors, or smote."
            ) from error
        except ValueError as error:
            if "No samples will be generated" not in str(error):
                raise
            wanted = {rows.label(code): n - rows.counts[code] for code, n in strategy.items()}
            raise StageError(
                f"Adasyn shares the rows to add out over the rows of a class and rounds. To add: {wanted}; every share "
                "rounds to 0. Use a higher ratio, or smote."
            ) from error
