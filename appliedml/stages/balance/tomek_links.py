"""Drop rows whose nearest neighbour, and they its, is of another class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from appliedml.core.params import Choice, Rule
from appliedml.errors import StageError
from appliedml.stages.balance._resampler import Resampler, Rows


class TomekLinks(Resampler):
    """Drop rows of Tomek links: pairs of different classes, each the other's nearest neighbour.

    Parameters
    ----------
    drop : {"larger", "both"}
        Drop the row of a link unless it is of the smallest class, or both rows.

    Attributes
    ----------
    sample_indices_ : array of int, shape (n_out,)
        The input row of every output row, ascending.
    notes_ : list of str

    Raises
    ------
    StageError
        If a column is not numeric or boolean, a value is missing, or every row of a class would go.

    Notes
    -----
    Scale numbers before it. With ten columns or more the time grows with the square of the rows (with few columns more
    slowly): 40,000 rows take up to a minute, 100,000 minutes and a million hours. Use ``random_under`` there. The
    over-samplers search very many rows in random blocks. Links cannot be found so: the nearest row in a block is seldom
    the nearest of all, and pairs that are no links would be dropped.

    Source
    ------
    Tomek (1976), Two Modifications of CNN, IEEE Transactions on Systems, Man, and Cybernetics 6; imbalanced-learn
    ``TomekLinks``.

    Examples
    --------
    >>> import pandas as pd
    >>> X, y = TomekLinks().fit_resample(pd.DataFrame({"a": [0.0, 1, 4, 4.5, 9]}), [0, 0, 0, 1, 1])
    >>> X["a"].tolist()
    [0.0, 1.0, 4.5, 9.0]
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {"drop": Choice("larger", "both")}

    def __init__(self, drop: str = "larger") -> None:
        self.drop = drop

    def _resample(self, rows: Rows) -> Any:
        from imblearn.under_sampling import TomekLinks as Links

        matrix = self._number_matrix(
            rows, list(rows.table.columns), instead="Put encode_categories before it, or use random_under."
        )
        sampler = Links(sampling_strategy="all" if self.drop == "both" else "auto")
        sampler.fit_resample(matrix, rows.codes)
        kept = sampler.sample_indices_
        left = np.bincount(rows.codes[kept], minlength=len(rows.classes))
        self._refuse_empty(rows, left)
        self.notes_.append(f"{len(matrix) - len(kept)} of {len(matrix)} rows dropped.")
        return kept

    @staticmethod
    def _refuse_empty(rows: Rows, left: Any) -> None:
        gone = [rows.label(code) for code, n in enumerate(left.tolist()) if n == 0]
        if gone:
            raise StageError(
                f"TomekLinks would drop every row of class {', '.join(gone)}: each lies in a Tomek link. "
                "Use drop='larger', random_under, or leave the stage out."
            )
