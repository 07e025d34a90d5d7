"""The split that came with the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.params import Choice, Rule
from appliedml.core.samples import Samples
from appliedml.core.stage import Configured
from appliedml.errors import DataError
from appliedml.splits._checks import Positions, labelled

SPLIT = "split"
PARTS = ("train", "val", "test")


class Predefined(Configured):
    """Train, validate and test on the parts that the data set's authors chose: a single fold.

    Parameters
    ----------
    test : {"test", "val"}
        "test": rows marked test are tested, rows marked train train, and rows marked val validate. "val": rows marked
        val are tested and only rows marked train train, so that choices can be made while the test rows stay unseen.

    Raises
    ------
    DataError
        From ``split``: if the rows are not marked, a part lacks a class, or rows of one group are in two parts.

    Notes
    -----
    The marks are in ``samples.meta["split"]``, where sources of such data put them (medmnist, keras_npz, image_folder
    from a column ``split`` or from folders called train, val and test).

    With ``test="test"`` the rows marked val are the pipeline's validation rows (early stopping, calibration and the
    threshold), whatever share the plan gives as ``validation``: no stage is fitted on them, as in published results on
    such data. :meth:`split` gives them with the training rows, and :meth:`validation_rows` says which they are. Where
    no row is marked val, or these are tested, the pipeline draws its validation rows from the training rows.

    Examples
    --------
    >>> from appliedml.core.samples import Samples
    >>> meta = pd.DataFrame({"row_id": range(6), "origin": "observed"})
    >>> meta["split"] = ["train", "train", "val", "val", "test", "test"]
    >>> samples = Samples(np.zeros((6, 1)), [0, 1] * 3, meta)
    >>> [(train.tolist(), test.tolist()) for train, test in Predefined().split(samples)]
    [([0, 1, 2, 3], [4, 5])]
    >>> Predefined().validation_rows(samples).tolist()
    [2, 3]
    """

    parameter_rules: ClassVar[dict[str, Rule]] = {"test": Choice("test", "val")}

    def __init__(self, test: str = "test") -> None:
        self.test = test

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return 1."""
        return 1

    def validation_rows(self, samples: Samples) -> NDArray[np.intp]:
        """Give the positions of the rows that the data's authors chose for validation.

        Parameters
        ----------
        samples : Samples

        Returns
        -------
        array of int
            Empty where no row is marked val, or these rows are tested.
        """
        if self.test == "val" or SPLIT not in samples.meta:
            return np.empty(0, dtype=np.intp)
        return np.flatnonzero(samples.meta[SPLIT].isin(["val"])).astype(np.intp)

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[Positions]:
        """Give train and test positions.

        Parameters
        ----------
        X : Samples
            With the column ``split`` in its meta table.
        y : array of shape (n_samples,), optional
        groups : array of shape (n_samples,), optional

        Yields
        ------
        (train, test) : arrays of int
            Rows that validate are among those that train.
        """
        self.check_parameters()
        samples = labelled("Predefined", X, y)
        if SPLIT not in samples.meta:
            raise DataError(
                "Predefined: rows must be marked train, val or test by their source. These are not. Read them with "
                "medmnist, keras_npz, or image_folder (a column 'split'), or use kfold, group_kfold or holdout."
            )
        marks = samples.meta[SPLIT]
        unknown = marks[~marks.isin(PARTS)]
        if len(unknown):
            first = unknown.iloc[0]
            given = "missing" if pd.isna(first) else repr(str(first))
            raise DataError(
                f"Predefined: every row must be marked train, val or test. {len(unknown)} are not; the first is "
                f"{given} (row {unknown.index[0] + 1}). Mend the column 'split', or drop those rows."
            )
        training = ("train", "val") if self.test == "test" else ("train",)
        train, test = np.flatnonzero(marks.isin(training)), np.flatnonzero(marks == self.test)
        held = self.validation_rows(samples)
        fitted = np.setdiff1d(train, held)
        labels = np.asarray(samples.y)
        for part, rows in (("training", fitted), *([("val", held)] if len(held) else []), (self.test, test)):
            lacking = [str(level) for level in np.unique(labels) if level not in set(labels[rows])]
            if lacking:
                raise DataError(
                    f"Predefined: the {len(rows)} {part} rows lack class {', '.join(repr(name) for name in lacking)}. "
                    "Use another split, such as group_kfold or kfold."
                )
        belongs = groups if groups is not None else samples.group
        if belongs is not None:
            found = pd.Series(np.asarray(belongs, dtype=object))
            for part, rows, others in ((self.test, test, train), ("val", held, fitted)):
                both = sorted(
                    {str(one) for one in found.iloc[rows].dropna()} & {str(one) for one in found.iloc[others].dropna()}
                )
                if both:
                    raise DataError(
                        f"Predefined: rows of one group must be on one side. {len(both)} groups are in training and "
                        f"{part} rows, such as {both[0]!r}: the scores would be too good. Use group_kfold."
                    )
        yield train, test
