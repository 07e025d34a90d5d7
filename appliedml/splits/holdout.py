"""One split: train on most rows, test on the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import StratifiedShuffleSplit

from appliedml.core.params import AnyOf, Choice, Integer, Null, Real, Rule
from appliedml.core.stage import Configured
from appliedml.errors import DataError
from appliedml.splits._checks import Positions, check_class_sizes, group_codes, labelled, times


class Holdout(Configured):
    """Hold one part of the rows out for testing: a single fold.

    Parameters
    ----------
    test_fraction : float
        Share of rows held out, between 0 and 1.
    by : {"random", "time"}
        "random": stratified, and whole groups together where rows come in groups. "time": the latest rows.
    random_state : int, optional
        Seed of the choice. The plan fills it from its own seed.

    Raises
    ------
    DataError
        From ``split``: if a part would lack a class, or times are asked for and missing.

    Examples
    --------
    >>> ((train, test),) = Holdout(test_fraction=0.25).split(np.zeros((8, 1)), [0, 1] * 4)
    >>> len(train), len(test)
    (6, 2)
    """

    parameter_rules: ClassVar[dict[str, Rule]] = {
        "test_fraction": Real(0, 1, open_low=True, open_high=True),
        "by": Choice("random", "time"),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(self, test_fraction: float = 0.25, by: str = "random", random_state: int | None = None) -> None:
        self.test_fraction = test_fraction
        self.by = by
        self.random_state = random_state

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return 1."""
        return 1

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[Positions]:
        """Give train and test positions.

        Parameters
        ----------
        X : Samples, DataFrame or array
        y : array of shape (n_samples,), optional
        groups : array of shape (n_samples,), optional

        Yields
        ------
        (train, test) : arrays of int
        """
        self.check_parameters()
        samples = labelled("Holdout", X, y)
        labels = np.asarray(samples.y)
        seed = 0 if self.random_state is None else self.random_state
        if self.by == "time":
            when = times("Holdout", samples)
            cut = np.sort(when)[int(len(when) * (1 - self.test_fraction))]
            test = np.flatnonzero(when >= cut)
        elif groups is not None or samples.group is not None:
            codes = group_codes("Holdout", samples, groups)
            order = np.random.default_rng(seed).permutation(codes.max() + 1)
            filled = np.cumsum(np.bincount(codes)[order])
            test = np.flatnonzero(np.isin(codes, order[: np.searchsorted(filled, self.test_fraction * len(codes)) + 1]))
        else:
            check_class_sizes("Holdout", samples, 2)
            splitter = StratifiedShuffleSplit(n_splits=1, test_size=self.test_fraction, random_state=seed)
            test = np.sort(next(iter(splitter.split(np.zeros(len(labels)), labels)))[1])
        train = np.setdiff1d(np.arange(len(labels)), test)
        for part, rows in (("training", train), ("test", test)):
            if len(np.unique(labels[rows])) < len(np.unique(labels)):
                raise DataError(
                    f"Holdout: the {part} rows would lack a class. Change test_fraction={self.test_fraction}."
                )
        yield train, test
