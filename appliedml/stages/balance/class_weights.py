"""Weigh rows instead of adding or dropping them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight

from appliedml.core.params import AnyOf, Choice, MapOf, Real, Rule
from appliedml.errors import StageError
from appliedml.stages.balance._resampler import Resampler, Rows


class ClassWeights(Resampler):
    """Keep the rows and give every row the weight of its class.

    Parameters
    ----------
    mode : "balanced" or dict of str to float
        "balanced": n_samples / (n_classes * rows of the class), so that every class weighs the same and the mean is 1.
        Or the weight of every class, over 0; classes are written as text, also class codes: ``{"0": 1, "1": 5}``.

    Attributes
    ----------
    sample_weight_ : array of shape (n_samples,), float64
        The weight of every row. The appliedml Pipeline multiplies it into the training weights.
    sample_indices_ : array of int, shape (n_samples,)
        0, 1, 2, ...
    notes_ : list of str
        The weight of every class.

    Raises
    ------
    StageError
        If a class of the training rows has no weight.

    Notes
    -----
    imbalanced-learn's own Pipeline hands on rows and labels only: there this stage changes nothing. Use the estimator's
    ``class_weight`` there. Calibrate afterwards, as after any balancing: weights move the predicted probabilities.

    Source
    ------
    scikit-learn ``compute_class_weight``; King, Zeng (2001), Logistic Regression in Rare Events Data.

    Examples
    --------
    >>> import pandas as pd
    >>> stage = ClassWeights()
    >>> rows = stage.fit_resample(pd.DataFrame({"a": [1, 2, 3, 4]}), [0, 0, 0, 1])
    >>> stage.sample_weight_.round(2).tolist()
    [0.67, 0.67, 0.67, 2.0]
    """

    picks_blindly: ClassVar[bool] = True
    parameter_rules: ClassVar[Mapping[str, Rule]] = {"mode": AnyOf(Choice("balanced"), MapOf(Real(0, open_low=True)))}

    sample_weight_: NDArray[np.float64]

    def __init__(self, mode: str | Mapping[str, float] = "balanced") -> None:
        self.mode = mode

    def _resample(self, rows: Rows) -> Any:
        weights = self._weights(rows)
        self.sample_weight_ = weights[rows.codes]
        self.notes_ += [f"Class {rows.label(code)} weighs {weight:g}." for code, weight in enumerate(weights)]
        return np.arange(len(rows.codes))

    def _weights(self, rows: Rows) -> NDArray[np.float64]:
        if isinstance(self.mode, str):
            codes = np.arange(len(rows.classes))
            found: NDArray[np.float64] = compute_class_weight(self.mode, classes=codes, y=rows.codes)
            return found
        absent = [str(label) for label in rows.classes if str(label) not in self.mode]
        if absent:
            raise StageError(
                f"ClassWeights needs a weight for every class. mode has {sorted(self.mode)}; without a weight: "
                f"{absent}. In a plan, classes are codes: '1' is the class of interest."
            )
        return np.array([self.mode[str(label)] for label in rows.classes], dtype=np.float64)
