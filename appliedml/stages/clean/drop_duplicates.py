"""Drop rows that were recorded twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pandas as pd

from appliedml.core.params import AnyOf, Choice, ListOf, Null, Rule, Text
from appliedml.core.samples import Samples
from appliedml.errors import StageError
from appliedml.stages.clean._cleaning import CleanStage, require_columns


class DropDuplicates(CleanStage):
    """Drop rows that repeat another row: otherwise one case can stand in training and in test.

    Parameters
    ----------
    columns : list of str, optional
        Columns that make two rows the same. Default: features, sensitive columns, target, and the time if there is one;
        neither row id, group nor weight. Target, time and group may be named.
    keep : {"first", "last"}
        Which of the equal rows stays, in the order of the rows.

    Attributes
    ----------
    changed_rows_ : array of bool, shape (n input rows,)
        Rows that were dropped.
    notes_ : list of str
        How many were dropped, how many of them lie in the group of the row they repeat, and how many rows left have
        equal inputs and different labels.

    Raises
    ------
    StageError
        From ``clean``: if a column is unknown, or the inputs are not a table.

    Notes
    -----
    Whether a row goes depends on other rows, so this stage only drops rows. Missing values equal each other.

    Examples
    --------
    >>> samples = Samples(pd.DataFrame({"a": [1, 1, 2]}), [0, 0, 1])
    >>> DropDuplicates().clean(samples).X["a"].tolist()
    [1, 2]
    """

    looks_across_rows: ClassVar[bool] = True
    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "columns": AnyOf(ListOf(Text(), min_items=1), Null()),
        "keep": Choice("first", "last"),
    }

    def __init__(self, columns: Sequence[str] | None = None, keep: str = "first") -> None:
        self.columns = columns
        self.keep = keep

    def clean(self, samples: Samples) -> Samples:
        """Return the samples without repeated rows.

        Parameters
        ----------
        samples : Samples
            Inputs must be a table.

        Returns
        -------
        Samples
        """
        table = self._begin(samples)
        if not isinstance(samples.X, pd.DataFrame):
            raise StageError(
                f"DropDuplicates compares tables. The inputs are {type(samples.X).__name__}. Leave the stage out."
            )
        inputs = list(table.columns)
        schema = samples.schema
        # Samples made by hand may have a feature of the target's name.
        target = schema.target if schema.target not in table else f"{schema.target} (label)"
        if samples.time is not None:
            table[schema.time] = samples.time
        if samples.y is not None:
            table[target] = samples.y
        everything = list(table.columns)
        if schema.group is not None and samples.group is not None:
            table[schema.group] = samples.group
        wanted = (
            everything if self.columns is None else require_columns(type(self).__name__, samples, table, self.columns)
        )
        repeated = table.duplicated(subset=wanted, keep=self.keep).to_numpy()
        self._record(repeated, f"{{n}} dropped: equal to another row in {len(wanted)} columns.")
        if samples.group is not None and repeated.any():
            together = table.assign(**{str(schema.group): samples.group})
            within = together.duplicated(subset=list(dict.fromkeys([*wanted, str(schema.group)])), keep=self.keep)
            n = int((within.to_numpy() & repeated).sum())
            self.notes_.append(f"{n:,} of them repeat a row of their own group, {repeated.sum() - n:,} one of another.")
        if self.columns is None and samples.y is not None:
            self._note_conflicts(table.loc[~repeated, [*inputs, target]], inputs)
        return samples[~repeated]

    def _note_conflicts(self, left: pd.DataFrame, inputs: list[str]) -> None:
        same_inputs = left.duplicated(subset=inputs, keep=False)
        labels = left[same_inputs].groupby(inputs, dropna=False, observed=True, sort=False)[left.columns[-1]]
        n = int((labels.transform("nunique") > 1).sum()) if same_inputs.any() else 0
        if n:
            self.notes_.append(f"{n:,} rows have equal inputs and different labels. They were kept.")
