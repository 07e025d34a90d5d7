"""What an explainer returns: values, their errors, and how they were made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.errors import StageError


@dataclass(frozen=True)
class ShapleyValues:
    """Shapley values of some rows with everything needed to judge them.

    Parameters
    ----------
    values : array of shape (n_rows, n_players, n_outputs)
        On the scale of the scorer. The values of a row add up to its score minus the base value. NaN in rows that were
        not reached within the time of a budget.
    standard_errors : array of the same shape
        Of sampling; 0 for exact values, NaN where the method gives none.
    base_values : array of shape (n_outputs,)
        Mean score of the background.
    scores : array of shape (n_rows, n_outputs)
        Scores of the explained rows.
    names : tuple of str
        One name a player.
    method : str
        "exact", "sampled", or the name of a shap explainer.
    n_permutations : array of int, shape (n_rows,)
        Random placements of the players drawn for each row; 0 where none were.
    n_evaluations : int
        Inputs scored in all.
    reached_target : bool
        Whether every row was explained, with the error asked for if one was, and with all draws of the budget if not.
    notes : tuple of str
        What a reader must know of this explanation, in sentences.
    """

    values: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    base_values: NDArray[np.float64]
    scores: NDArray[np.float64]
    names: tuple[str, ...]
    method: str
    n_permutations: NDArray[np.int64]
    n_evaluations: int
    reached_target: bool = True
    notes: tuple[str, ...] = field(default=())

    @property
    def explained(self) -> NDArray[np.bool_]:
        """Which rows have values, shape (n_rows,): all, unless the time of a budget was over."""
        missing = np.isnan(self.values).any(axis=(1, 2))
        return np.asarray(~missing)

    @property
    def additivity_residual(self) -> float:
        """Largest difference between the score of an explained row and base value plus values."""
        left = self.scores - self.base_values - self.values.sum(axis=1)
        return float(np.abs(left[self.explained]).max())

    @property
    def mean_standard_error(self) -> float:
        """Root mean square of the standard errors of the explained rows (NaN where the method gives none)."""
        return float(np.sqrt(np.mean(self.standard_errors[self.explained] ** 2)))

    @property
    def relative_error(self) -> float:
        """Norm of the standard errors over the norm of the values: the expected relative distance to exact values."""
        return relative(self.standard_errors[self.explained], self.values[self.explained])

    def distance_to(self, exact: NDArray[np.float64]) -> float:
        """Norm of the difference to other values over their norm.

        Parameters
        ----------
        exact : array of shape (n_rows, n_players, n_outputs)

        Returns
        -------
        float
        """
        return relative(self.values - exact, exact)

    def to_shap(self, data: Any = None, output_names: tuple[str, ...] | None = None) -> Any:
        """Return a ``shap.Explanation``, for shap's own plots.

        Parameters
        ----------
        data : DataFrame or array of shape (n_rows, n_players), optional
            The features' values, shown beside the bars: a column a player. A DataFrame with the players' names is put
            into their order.
        output_names : tuple of str, optional
            Names of the outputs, where there are several.

        Returns
        -------
        shap.Explanation
            ``values`` has shape (n_rows, n_players), and (n_rows, n_players, n_outputs) with several outputs.

        Raises
        ------
        StageError
            If the data has other rows or columns than were explained, or there are not as many names as outputs.

        Notes
        -----
        shap draws with matplotlib, which this package does not need otherwise: ``pip install 'appliedml[plots]'``.
        """
        import shap

        n_outputs = self.values.shape[2]
        one = n_outputs == 1
        if output_names is not None and not one and len(output_names) != n_outputs:
            raise StageError(
                f"to_shap: needs a name for each output. There are {n_outputs} outputs, output_names holds "
                f"{len(output_names)}. Give {n_outputs}, or leave it out."
            )
        base = np.broadcast_to(self.base_values, self.scores.shape)
        return shap.Explanation(
            values=self.values[:, :, 0] if one else self.values,
            base_values=base[:, 0].copy() if one else base.copy(),
            data=None if data is None else self._shown(data),
            feature_names=list(self.names),
            output_names=None if one or output_names is None else list(output_names),
            error_std=self.standard_errors[:, :, 0] if one else self.standard_errors,
        )

    def _shown(self, data: Any) -> NDArray[Any]:
        """Return the features' values, a row for each explained row and a column for each player."""
        if isinstance(data, pd.DataFrame) and sorted(map(str, data.columns)) == sorted(self.names):
            data = data.set_axis(data.columns.map(str), axis=1)[list(self.names)]
        found = np.asarray(data)
        if found.shape != self.values.shape[:2]:
            raise StageError(
                f"to_shap: data must have a row for each explained row and a column for each player, shape "
                f"{self.values.shape[:2]}. Its shape is {found.shape}. Give the explained rows alone, with the columns "
                f"{', '.join(self.names)}; of players that are groups of columns, leave data out."
            )
        return found


def relative(error: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Return the norm of errors over the norm of values, 0 where both are 0.

    Parameters
    ----------
    error, values : array

    Returns
    -------
    float

    Examples
    --------
    >>> relative(np.array([0.3, 0.4]), np.array([5.0, 0.0]))
    0.1
    """
    size, off = float(np.linalg.norm(values)), float(np.linalg.norm(error))
    if size == 0:
        return 0.0 if off == 0 else float("inf")
    return off / size
