"""What an audit sees of one fold, and the job that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.samples import Samples
from appliedml.core.seeds import derive_seed


@dataclass(frozen=True)
class Fold:
    """One fitted fold, read-only. All audits see the same object.

    Parameters
    ----------
    number : int
        0 .. n_folds - 1.
    n_folds : int
    classes : tuple of str
        Class names in code order. In a binary task ``classes[1]`` is the class of interest.
    train : Samples
        The rows given to ``pipeline.fit``; labels are class codes.
    test : Samples
        The rows held out; labels are class codes.
    pipeline : Pipeline
        Fitted on ``train``. ``pipeline.clone_unfitted()`` gives a fresh one.
    probabilities : array of shape (n_test, n_classes), float64
        Calibrated, as the pipeline would give them to a user.
    predictions : array of shape (n_test,), int
        Class codes after the threshold.
    threshold : float or None
        Score from which a row is called positive; None if there are more than two classes.
    ledger : DataFrame
        One row a stage: stage, verb, fold, n_fitted, rows_in, rows_out, n_synthetic, seconds, sees_test_rows.
    seed : int
        The fold's seed; use :meth:`seed_for`.
    """

    number: int
    n_folds: int
    classes: tuple[str, ...]
    train: Samples
    test: Samples
    pipeline: Any
    probabilities: NDArray[np.float64]
    predictions: NDArray[np.int64]
    threshold: float | None
    ledger: pd.DataFrame
    seed: int

    @property
    def binary(self) -> bool:
        """Whether there are two classes."""
        return len(self.classes) == 2

    def seed_for(self, *path: str | int) -> int:
        """Return the seed of a place inside this fold.

        Parameters
        ----------
        *path : str or int

        Returns
        -------
        int
        """
        return derive_seed(self.seed, *path)

    def prediction_table(self) -> pd.DataFrame:
        """Return what most audits need, one row per test row.

        Returns
        -------
        DataFrame
            row_id, fold, y_true (code), y_pred (code), threshold, p_0 .. p_<K-1>, group where there is one, and
            ``sensitive.<name>`` for every sensitive feature.
        """
        table = pd.DataFrame({"row_id": self.test.row_id, "fold": self.number})
        table["y_true"] = np.asarray(self.test.y, dtype=np.int64)
        table["y_pred"] = np.asarray(self.predictions, dtype=np.int64)
        table["threshold"] = np.nan if self.threshold is None else self.threshold
        for code in range(len(self.classes)):
            table[f"p_{code}"] = self.probabilities[:, code]
        if self.test.group is not None:
            table["group"] = self.test.group
        for name, levels in self.test.sensitive.items():
            table[f"sensitive.{name}"] = levels.to_numpy(dtype=object)
        return table
