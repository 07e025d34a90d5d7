"""Bring numbers to one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.preprocessing import MinMaxScaler, PowerTransformer, QuantileTransformer, RobustScaler, StandardScaler

from appliedml.core.params import AnyOf, Choice, ListOf, Null, Real, Rule, Text
from appliedml.stages.prepare._columns import chosen, is_number, number_matrix, refuse_infinite
from appliedml.stages.prepare._table_stage import TableStage, assemble

MAX_POWER_ROWS = 100_000
MAX_QUANTILES = 1000


class ScaleNumbers(TableStage):
    """Bring numeric columns to one scale, learnt from the training rows.

    Parameters
    ----------
    method : {"standard", "robust", "min_max", "quantile_normal", "power"}
        - "standard": mean 0, standard deviation 1.
        - "robust": median 0, interquartile range 1. A column whose quartiles are equal uses its standard deviation.
        - "min_max": training minimum 0, training maximum 1.
        - "quantile_normal": ranks to a standard normal distribution (at most 1,000 quantiles).
        - "power": Yeo-Johnson power towards symmetry, then "standard". The power is found on at most 100,000 evenly
          spaced rows.
    columns : list of str, optional
        Columns to scale. Default: all numeric columns but indicators (only 0 and 1 in training) and booleans.
    clip : float, optional
        Limit scaled values to -clip .. clip, so that an extreme row cannot dominate. Default: no limit.

    Attributes
    ----------
    scaled_ : list of str
        The columns that are scaled.
    scaler_ : scikit-learn transformer or None
        Fitted on the columns that vary.
    constant_ : list of str
        Columns with one training value or none. They become 0.
    feature_sources_ : dict of str to str
    notes_ : list of str

    Raises
    ------
    StageError
        If a number is infinite, or a named column is absent or not numeric.

    Notes
    -----
    Missing values stay missing. Scaled columns are float64.

    Source
    ------
    scikit-learn ``StandardScaler``, ``RobustScaler``, ``MinMaxScaler``, ``QuantileTransformer``, ``PowerTransformer``;
    Yeo, Johnson (2000), A new family of power transformations, Biometrika 87.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"age": [20.0, 30.0, 40.0], "is_new": [0, 1, 0]})
    >>> ScaleNumbers("min_max").fit_transform(table)
       age  is_new
    0  0.0       0
    1  0.5       1
    2  1.0       0
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "method": Choice("standard", "robust", "min_max", "quantile_normal", "power"),
        "columns": AnyOf(ListOf(Text()), Null()),
        "clip": AnyOf(Real(0, open_low=True), Null()),
    }

    def __init__(
        self, method: str = "standard", columns: Sequence[str] | None = None, clip: float | None = None
    ) -> None:
        self.method = method
        self.columns = columns
        self.clip = clip

    def _learn(self, table: pd.DataFrame, y: Any) -> None:
        name = type(self).__name__
        numeric = [column for column in table.columns if is_number(table[column])]
        automatic = [column for column in numeric if not _is_indicator(table[column])]
        self.scaled_ = chosen(name, table, self.columns, automatic, allowed=numeric, kind="numeric columns")
        matrix = number_matrix(table, self.scaled_)
        refuse_infinite(name, matrix, self.scaled_)
        varies = np.array([_varies(column) for column in matrix.T], dtype=bool)
        self._varying = [c for c, keep in zip(self.scaled_, varies, strict=True) if keep]
        self.constant_ = [c for c, keep in zip(self.scaled_, varies, strict=True) if not keep]
        self.notes_ += [f"{c}: constant in the training rows, set to 0." for c in self.constant_]
        self.scaler_ = _fitted(self.method, matrix[:, varies]) if self._varying else None
        self.feature_sources_ = {column: column for column in table.columns}

    def _apply(self, table: pd.DataFrame) -> pd.DataFrame:
        matrix = number_matrix(table, self._varying)
        refuse_infinite(type(self).__name__, matrix, self._varying)
        if self.scaler_ is not None and len(table):
            matrix = self.scaler_.transform(matrix)
        if self.clip is not None:
            matrix = np.clip(matrix, -self.clip, self.clip)
        out: dict[str, Any] = {column: table[column] for column in table.columns}
        out |= {column: matrix[:, i] for i, column in enumerate(self._varying)}
        for column in self.constant_:
            # A missing value stays missing: filling it is the work of another stage.
            out[column] = np.where(table[column].isna(), np.nan, 0.0)
        return assemble(out, table.index)


def _is_indicator(values: pd.Series[Any]) -> bool:
    found = values.dropna()
    return len(found) > 0 and bool(found.isin([0, 1]).all())


def _varies(values: NDArray[np.float64]) -> bool:
    found = values[~np.isnan(values)]
    return len(found) > 0 and bool(found.min() < found.max())


def _fitted(method: str, matrix: NDArray[np.float64]) -> Any:
    if method == "standard":
        return StandardScaler().fit(matrix)
    if method == "min_max":
        return MinMaxScaler().fit(matrix)
    if method == "quantile_normal":
        # Without subsampling the quantiles are exact and need no random state.
        scaler = QuantileTransformer(
            n_quantiles=min(MAX_QUANTILES, len(matrix)), output_distribution="normal", subsample=None
        )
        return scaler.fit(matrix)
    if method == "power":
        step = -(-len(matrix) // MAX_POWER_ROWS)
        return PowerTransformer("yeo-johnson").fit(matrix[::step])
    scaler = RobustScaler().fit(matrix)
    low, high = np.nanpercentile(matrix, [25, 75], axis=0)
    flat = low == high
    # scikit-learn leaves such columns unscaled: amounts that are mostly 0 would keep their size.
    scaler.scale_[flat] = np.nanstd(matrix[:, flat], axis=0)
    return scaler
