"""Values outside their declared list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from appliedml.core.params import AnyOf, Choice, ListOf, MapOf, Null, Rule, Scalar
from appliedml.core.samples import Samples
from appliedml.errors import ParameterError, Problem
from appliedml.stages.clean._cleaning import CleanStage, cell_text, require_columns

NEEDS_A_LIST = "AllowedValues needs allowed or forbidden. Both are empty. Give one, or leave the stage out."


class AllowedValues(CleanStage):
    """Deal with values that are not in their declared list, or in a list of wrong ones, such as the month '0'.

    Parameters
    ----------
    allowed : mapping, optional
        ``{column: [values]}``: everything else is wrong.
    forbidden : mapping, optional
        ``{column: [values]}``: these are wrong.
    action : {"missing", "drop"}
        What to do with a wrong value: set it to missing, or drop the row.

    Attributes
    ----------
    changed_rows_ : array of bool, shape (n input rows,)
        Rows that were repaired or dropped.
    notes_ : list of str

    Raises
    ------
    StageError
        From ``clean``: if a column is unknown.
    ParameterError
        From ``clean``: if neither list is given.

    Notes
    -----
    Values are compared as text: 0, 0.0 and "0" are one value. Missing values are never wrong. A column of whole numbers
    becomes float64 under "missing", so that its type does not depend on the rows.

    Examples
    --------
    >>> samples = Samples(pd.DataFrame({"month": ["Jan", "0", "Feb"]}))
    >>> AllowedValues(forbidden={"month": ["0"]}).clean(samples).X["month"].tolist()
    ['Jan', nan, 'Feb']
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "allowed": AnyOf(MapOf(ListOf(Scalar(), min_items=1)), Null()),
        "forbidden": AnyOf(MapOf(ListOf(Scalar(), min_items=1)), Null()),
        "action": Choice("missing", "drop"),
    }

    def __init__(
        self,
        allowed: Mapping[str, Sequence[Any]] | None = None,
        forbidden: Mapping[str, Sequence[Any]] | None = None,
        action: str = "missing",
    ) -> None:
        self.allowed = allowed
        self.forbidden = forbidden
        self.action = action

    @classmethod
    def problems_in(cls, parameters: Mapping[str, Any], where: str) -> list[Problem]:
        """Return what is wrong with the parameters together.

        Parameters
        ----------
        parameters : mapping of str to object
        where : str
            Path inside the plan.

        Returns
        -------
        list of Problem
        """
        empty = not parameters.get("allowed") and not parameters.get("forbidden")
        return [Problem(where, NEEDS_A_LIST)] if empty else []

    def clean(self, samples: Samples) -> Samples:
        """Return the samples with wrong values dealt with.

        Parameters
        ----------
        samples : Samples

        Returns
        -------
        Samples
        """
        table = self._begin(samples)
        for problem in self.problems_in(self.get_params(deep=False), ""):
            raise ParameterError(problem.what)
        allowed, forbidden = self.allowed or {}, self.forbidden or {}
        dropped = np.zeros(len(samples), dtype=bool)
        done = "set to missing" if self.action == "missing" else "dropped"
        for column in require_columns(type(self).__name__, samples, table, dict.fromkeys([*allowed, *forbidden])):
            known = table[column].notna().to_numpy()
            text = table[column].map(cell_text, na_action="ignore").astype(object)
            wrong = np.zeros(len(samples), dtype=bool)
            if column in allowed:
                wrong |= known & ~text.isin([cell_text(value) for value in allowed[column]]).to_numpy()
            if column in forbidden:
                wrong |= known & text.isin([cell_text(value) for value in forbidden[column]]).to_numpy()
            # Sorted, so that the note does not depend on the order of the rows.
            levels = sorted(text[wrong].unique())
            shown = ", ".join(repr(level) for level in levels[:5]) + (", ..." if len(levels) > 5 else "")
            self._record(wrong, f"{column}: {{n}} with {shown} {done}.")
            if self.action == "drop":
                dropped |= wrong
            else:
                values = table[column]
                is_whole = pd.api.types.is_integer_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype)
                table[column] = (values.astype("float64") if is_whole else values).mask(wrong)
        return samples.with_table(table)[~dropped]
