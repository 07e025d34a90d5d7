"""Folds of whole groups: patients, customers and products never straddle them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from appliedml.core.group_folds import group_folds
from appliedml.core.params import AnyOf, Integer, Null, Rule
from appliedml.core.stage import Configured
from appliedml.errors import DataError
from appliedml.splits._checks import Positions, group_codes, labelled


class GroupKFold(Configured):
    """Split whole groups into folds at random, with the classes in about equal shares.

    Parameters
    ----------
    folds : int
        Number of folds.
    random_state : int, optional
        Seed of the shuffle. The plan fills it from its own seed.

    Raises
    ------
    DataError
        From ``split``: if rows have no group, there are fewer groups than folds, or a fold would lack a class.

    Examples
    --------
    >>> split = GroupKFold(folds=2).split(np.zeros((4, 1)), [0, 1, 0, 1], groups=["a", "a", "b", "b"])
    >>> sorted(test.tolist() for _, test in split)
    [[0, 1], [2, 3]]
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
        groups : array of shape (n_samples,), optional
            Not needed where X is a Samples with groups. A missing group is a group of its own.

        Yields
        ------
        (train, test) : arrays of int
        """
        self.check_parameters()
        samples = labelled("GroupKFold", X, y)
        codes = group_codes("GroupKFold", samples, groups)
        n_groups = len(np.unique(codes))
        if n_groups < self.folds:
            raise DataError(
                f"GroupKFold: {self.folds} folds need as many groups. There are {n_groups}. Use fewer folds."
            )
        y_codes = np.unique(np.asarray(samples.y), return_inverse=True)[1]
        groups_of_class = [len(np.unique(codes[y_codes == code])) for code in range(y_codes.max() + 1)]
        if min(groups_of_class) < self.folds:
            rare = str(np.unique(np.asarray(samples.y))[int(np.argmin(groups_of_class))])
            raise DataError(
                f"GroupKFold: every fold needs every class. Groups with class {rare!r}: {min(groups_of_class)}, "
                f"for {self.folds} folds. Use fewer folds."
            )
        seed = 0 if self.random_state is None else self.random_state
        fold_of_row = group_folds(y_codes, codes, self.folds, seed)
        for number in range(self.folds):
            train, test = np.flatnonzero(fold_of_row != number), np.flatnonzero(fold_of_row == number)
            if len(np.unique(y_codes[test])) < len(groups_of_class):
                raise DataError("GroupKFold: a fold would lack a class, for its groups are large. Use fewer folds.")
            yield train, test
