"""A one-hot encoder that decodes complete rows at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import OneHotEncoder


class FastOneHot(OneHotEncoder):
    """scikit-learn's encoder with a quick way back for sparse rows that have exactly one 1 a feature.

    scikit-learn takes an argmax a feature and row, which is two thirds of the time of SMOTE-NC.
    """

    def inverse_transform(self, X: Any) -> NDArray[Any]:
        """Return the levels of one-hot rows.

        Parameters
        ----------
        X : CSR matrix of shape (n_samples, n_levels), values 0 or 1
            Exactly one 1 in the columns of every feature.

        Returns
        -------
        array of shape (n_samples, n_features)
        """
        X = X.tocsr(copy=True)
        X.eliminate_zeros()
        X.sort_indices()
        sizes = [len(levels) for levels in self.categories_]
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        places = X.indices.reshape(X.shape[0], len(sizes)) - starts
        return np.column_stack([levels[places[:, i]] for i, levels in enumerate(self.categories_)])
