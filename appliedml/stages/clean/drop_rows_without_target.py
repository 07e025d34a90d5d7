"""Drop rows that have no label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import pandas as pd

from appliedml.core.params import ListOf, Rule, Text
from appliedml.core.samples import Samples
from appliedml.errors import DataError, StageError
from appliedml.stages.clean._cleaning import CleanStage, Mask


class DropRowsWithoutTarget(CleanStage):
    """Drop rows whose target is missing: they can neither train nor test a classifier.

    Parameters
    ----------
    missing_markers : list of str
        Labels that mean "missing" besides missing values and blank texts.

    Attributes
    ----------
    changed_rows_ : array of bool, shape (n input rows,)
        Rows that were dropped.
    notes_ : list of str

    Raises
    ------
    StageError
        From ``clean``: if there are no labels at all.
    DataError
        From ``clean``: if no row is left.

    Examples
    --------
    >>> samples = Samples(pd.DataFrame({"a": [1, 2, 3]}), ["no", None, "yes"])
    >>> DropRowsWithoutTarget().clean(samples).y.tolist()
    ['no', 'yes']
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {"missing_markers": ListOf(Text())}

    def __init__(self, missing_markers: Sequence[str] = ()) -> None:
        self.missing_markers = missing_markers

    def clean(self, samples: Samples) -> Samples:
        """Return the rows that have a target.

        Parameters
        ----------
        samples : Samples

        Returns
        -------
        Samples
        """
        self._begin(samples)
        if samples.y is None:
            raise StageError("DropRowsWithoutTarget needs labels. These samples have none. Name the target column.")
        markers = {"", *self.missing_markers}
        without: Mask = np.asarray(pd.isna(samples.y), dtype=bool)
        if samples.y.dtype.kind in "OUST":
            blank = [isinstance(label, str) and label.strip() in markers for label in samples.y]
            without |= np.array(blank, dtype=bool)
        if len(samples) and without.all():
            raise DataError(
                f"DropRowsWithoutTarget needs labels in {samples.schema.target!r}. None of the {len(samples)} rows has "
                "one. Name a column with labels."
            )
        self._record(without, f"{samples.schema.target}: {{n}} without a label dropped.")
        return samples[~without]
