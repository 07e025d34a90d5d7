"""The explained rows of all folds as one table, with a bootstrap that keeps rows of one group together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

N_RESAMPLES = 1000


@dataclass(frozen=True)
class Pool:
    """Explained rows of all folds.

    Parameters
    ----------
    names : tuple of str
        Features, in the order of first appearance.
    outputs : tuple of str
        Names of the classes that are explained.
    values : array of shape (n_rows, n_features, n_outputs)
        A feature that a fold's model does not read has the value 0 there, which is its Shapley value.
    features : DataFrame
        The rows' feature values before preparation, where there are such.
    sensitive : DataFrame
        Levels, as text.
    bands : mapping of str to sequence of str
        Order of the levels of features that were cut into bands.
    fold : array of int, shape (n_rows,)
    weights : array of shape (1 + n_resamples, n_rows)
        Times each row is drawn; the first line is the sample itself.
    """

    names: tuple[str, ...]
    outputs: tuple[str, ...]
    values: NDArray[np.float64]
    features: pd.DataFrame
    sensitive: pd.DataFrame
    bands: Mapping[str, Sequence[str]]
    fold: NDArray[np.int64]
    weights: NDArray[np.float64]

    @property
    def sizes(self) -> NDArray[np.float64]:
        """Mean over outputs of the absolute values, shape (n_rows, n_features)."""
        return np.asarray(np.abs(self.values).mean(axis=2))

    def means(self, columns: NDArray[np.float64], rows: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
        """Means over (some) rows in the sample and every resample.

        Parameters
        ----------
        columns : array of shape (n_rows, n)
        rows : array of bool, optional

        Returns
        -------
        array of shape (1 + n_resamples, n)
            NaN in a resample that holds none of the rows.
        """
        weights = self.weights if rows is None else self.weights[:, rows]
        total = weights.sum(axis=1, keepdims=True)
        sums = weights @ (columns if rows is None else columns[rows])
        found: NDArray[np.float64] = np.divide(sums, total, where=total > 0, out=np.full(sums.shape, np.nan))
        return found


def pool(evidence: Sequence[dict[str, Any]], seed: int) -> Pool:
    """Put the folds' evidence together.

    Parameters
    ----------
    evidence : sequence of dict
        As from ``evidence_of``.
    seed : int

    Returns
    -------
    Pool
    """
    names = tuple(dict.fromkeys(name for item in evidence for name in item["names"]))
    parts = []
    for item in evidence:
        part = np.zeros((len(item["values"]), len(names), item["values"].shape[2]))
        part[:, [names.index(name) for name in item["names"]]] = item["values"]
        parts.append(part)
    classes, outputs = evidence[0]["classes"], evidence[0]["outputs"]
    units = pd.factorize(np.concatenate([np.asarray(item["unit"], dtype=object) for item in evidence]))[0]
    return Pool(
        names=names,
        outputs=tuple(str(classes[code]) for code in outputs),
        values=np.concatenate(parts),
        features=pd.concat([item["features"] for item in evidence], ignore_index=True),
        sensitive=pd.concat([item["sensitive"] for item in evidence], ignore_index=True),
        bands=evidence[0]["bands"],
        fold=np.concatenate([np.full(len(item["values"]), item["fold"], dtype=np.int64) for item in evidence]),
        weights=_weights(units, seed),
    )


def _weights(units: NDArray[np.intp], seed: int) -> NDArray[np.float64]:
    n_units = int(units.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(n_units, np.full(n_units, 1 / n_units), size=N_RESAMPLES)
    return np.vstack([np.ones(len(units)), drawn[:, units]])


def interval(means: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Value, low and high of a 95 % percentile interval, from the lines of :meth:`Pool.means`.

    Parameters
    ----------
    means : array of shape (1 + n_resamples, n)

    Returns
    -------
    (array, array, array)
        Each of shape (n,).
    """
    # The version for missing values is a hundred times slower.
    quantile = np.nanquantile if np.isnan(means).any() else np.quantile
    low, high = quantile(means[1:], [0.025, 0.975], axis=0)
    return means[0], low, high
