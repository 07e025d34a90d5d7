"""Folds in time order: train on earlier rows, test on later ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from appliedml.core.params import Boolean, Integer, Rule
from appliedml.core.stage import Configured
from appliedml.errors import DataError
from appliedml.splits._checks import Positions, group_codes, labelled, times


class TimeKFold(Configured):
    """Cut the time line into ``folds + 1`` blocks of about equal size; test on each block, train on all before it.

    Parameters
    ----------
    folds : int
        Number of test blocks. Rows of the first block are never tested.
    drop_seen_groups : bool
        Whether training rows whose group also occurs in the test block are left out, so that the test shows how the
        model does on people it has never seen. Otherwise known customers may return, as they do in use.

    Raises
    ------
    DataError
        From ``split``: if a row has no time, or a block lacks a class.

    Notes
    -----
    Rows of one time stay in one block: nothing is tested that happened at the same moment as a training row.

    Source
    ------
    Bergmeir & Benitez (2012), On the use of cross-validation for time series predictor evaluation (rolling origin).

    Examples
    --------
    >>> import pandas as pd
    >>> from appliedml.core.samples import Samples
    >>> meta = pd.DataFrame({"row_id": range(6), "time": [5, 0, 1, 2, 3, 4], "origin": "observed"})
    >>> samples = Samples(np.zeros((6, 1)), [0, 1, 0, 1, 0, 1], meta)
    >>> [(train.tolist(), test.tolist()) for train, test in TimeKFold(folds=2).split(samples)]
    [([1, 2], [3, 4]), ([1, 2, 3, 4], [0, 5])]
    """

    parameter_rules: ClassVar[dict[str, Rule]] = {"folds": Integer(1), "drop_seen_groups": Boolean()}

    def __init__(self, folds: int = 5, drop_seen_groups: bool = False) -> None:
        self.folds = folds
        self.drop_seen_groups = drop_seen_groups

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of test blocks."""
        return self.folds

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[Positions]:
        """Give train and test positions of every fold.

        Parameters
        ----------
        X : Samples
            Must have times.
        y : array of shape (n_samples,), optional
        groups : array of shape (n_samples,), optional

        Yields
        ------
        (train, test) : arrays of int
        """
        self.check_parameters()
        samples = labelled("TimeKFold", X, y)
        when = np.unique(times("TimeKFold", samples), return_inverse=True)[1]
        rank = np.sort(when)
        cuts = [rank[len(rank) * block // (self.folds + 1)] for block in range(1, self.folds + 1)]
        if len(set(cuts)) < self.folds or cuts[0] == rank[0]:
            raise DataError(
                f"TimeKFold: {self.folds} folds need more distinct times. There are {rank[-1] + 1}. Use fewer folds."
            )
        n_classes = len(np.unique(np.asarray(samples.y)))
        for block, (start, end) in enumerate(zip(cuts, [*cuts[1:], rank[-1] + 1], strict=True)):
            train, test = np.flatnonzero(when < start), np.flatnonzero((when >= start) & (when < end))
            if self.drop_seen_groups:
                codes = group_codes("TimeKFold", samples, groups)
                train = train[~np.isin(codes[train], codes[test])]
            for part, rows in (("training", train), ("test", test)):
                if len(np.unique(np.asarray(samples.y)[rows])) < n_classes:
                    raise DataError(
                        f"TimeKFold: the {part} rows of fold {block} lack a class ({len(rows)} rows). Use fewer folds."
                    )
            yield train, test
