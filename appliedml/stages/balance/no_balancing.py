"""Leave the rows as they are."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.stages.balance._resampler import Resampler, Rows


class NoBalancing(Resampler):
    """Leave the rows as they are: the baseline that an ablation of balancing compares with.

    Attributes
    ----------
    sample_indices_ : array of int, shape (n_samples,)
        0, 1, 2, ...
    notes_ : list of str

    Raises
    ------
    StageError
        If ``y`` does not have one label per row.

    Examples
    --------
    >>> import pandas as pd
    >>> X, y = NoBalancing().fit_resample(pd.DataFrame({"a": [1, 2, 3]}), [0, 0, 1])
    >>> y.tolist()
    [0, 0, 1]
    """

    def _classes(self, table: pd.DataFrame, labels: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[Any]]:
        # Nothing is counted, so any labels will do.
        return np.zeros(len(labels), dtype=np.intp), labels[:1]

    picks_blindly: ClassVar[bool] = True

    def _resample(self, rows: Rows) -> Any:
        return np.arange(len(rows.codes))
