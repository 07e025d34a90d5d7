"""Drop columns by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pandas as pd

from appliedml.core.params import Choice, ListOf, Rule, Text
from appliedml.core.samples import Samples
from appliedml.errors import StageError
from appliedml.stages.clean._cleaning import CleanStage, require_columns


class DropColumns(CleanStage):
    """Drop features by name. Sensitive columns stay available to the audits.

    Parameters
    ----------
    columns : list of str
        Features to drop.
    absent : {"refuse", "ignore"}
        What to do about a name that is not among the features.

    Attributes
    ----------
    changed_rows_ : array of bool, shape (n input rows,)
        All false: no row is repaired or dropped.
    notes_ : list of str

    Raises
    ------
    StageError
        From ``clean``: if a name is not a feature, or no feature would be left.

    Examples
    --------
    >>> samples = Samples(pd.DataFrame({"a": [1, 2], "policy_number": [7, 8]}))
    >>> DropColumns(["policy_number"]).clean(samples).X.columns.tolist()
    ['a']
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "columns": ListOf(Text(), min_items=1),
        "absent": Choice("refuse", "ignore"),
    }

    def __init__(self, columns: Sequence[str], absent: str = "refuse") -> None:
        self.columns = columns
        self.absent = absent

    def clean(self, samples: Samples) -> Samples:
        """Return the samples without these features.

        Parameters
        ----------
        samples : Samples

        Returns
        -------
        Samples
        """
        self._begin(samples)
        if not isinstance(samples.X, pd.DataFrame):
            raise StageError(f"DropColumns works on tables. The inputs are {type(samples.X).__name__}. Leave it out.")
        wanted = [column for column in self.columns if column in samples.X]
        if self.absent == "refuse":
            require_columns(type(self).__name__, samples, samples.X, self.columns)
        left = samples.X.drop(columns=wanted)
        if not left.shape[1]:
            raise StageError(f"DropColumns would drop all {samples.X.shape[1]} features. Keep at least one.")
        if wanted:
            self.notes_.append(f"Features dropped: {', '.join(dict.fromkeys(wanted))}.")
        return samples.replace(X=left)
