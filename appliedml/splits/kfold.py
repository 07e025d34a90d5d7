"""Stratified folds of single rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import StratifiedKFold

from appliedml.core.params import AnyOf, Integer, Null, Rule
from appliedml.core.stage import Configured
from appliedml.splits._checks import Positions, check_class_sizes, labelled, refuse_groups


class KFold(Configured):
    """Split rows into folds at random, with the classes in equal shares.

    Parameters
    ----------
    folds : int
        Number of folds.
    random_state : int, optional
        Seed of the shuffle. The plan fills it from its own seed.

    Raises
    ------
    DataError
        From ``split``: if rows come in groups, or a class has fewer rows than folds.

    Examples
    --------
    >>> [len(test) for _, test in KFold(folds=2).split(np.zeros((6, 1)), [0, 0, 0, 1, 1, 1])]
    [3, 3]
    """

    parameter_rules: ClassVar[dict[str, Rule]] = {"folds": Integer(2), "random_state": AnyOf(Integer(0), Null())}

    def __init__(self, folds: int = 5, random_state: int | None = None) -> None:
        self.folds = folds
        self.random_state = random_state

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds."""
        return self.folds

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[Positions]:
        """Give train and test positions of every fold.

        Parameters
        ----------
        X : Samples, DataFrame or array
        y : array of shape (n_samples,), optional
        groups : array, optional
            Refused: rows that come in groups need ``GroupKFold``.

        Yields
        ------
        (train, test) : arrays of int
        """
        self.check_parameters()
        samples = labelled("KFold", X, y)
        refuse_groups("KFold", samples, groups)
        check_class_sizes("KFold", samples, self.folds)
        seed = 0 if self.random_state is None else self.random_state
        splitter = StratifiedKFold(self.folds, shuffle=True, random_state=seed)
        yield from splitter.split(np.zeros(len(samples)), samples.y)
