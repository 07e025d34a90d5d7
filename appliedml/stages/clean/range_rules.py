"""Numbers outside their declared range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from appliedml.core.params import Choice, MapOf, Real, Record, Rule
from appliedml.core.samples import Samples
from appliedml.errors import ParameterError, Problem
from appliedml.stages.clean._cleaning import CleanStage, as_numbers, require_columns


class RangeRules(CleanStage):
    """Deal with numbers outside the range that their meaning allows, such as an age of 0.

    Parameters
    ----------
    rules : mapping
        ``{column: {low, high, action}}``. ``low`` and ``high`` are allowed values themselves; one may be left out.
        ``action`` is "missing" (the default), "drop" (the row) or "clip" (to the nearer bound).

    Attributes
    ----------
    changed_rows_ : array of bool, shape (n input rows,)
        Rows that were repaired or dropped.
    notes_ : list of str

    Raises
    ------
    StageError
        From ``clean``: if a column is unknown or holds no numbers.
    ParameterError
        From ``clean``: if a rule has no bound, or low is above high.

    Notes
    -----
    Missing values are never outside. A column with the action "missing" becomes float64 in any case, so that its type
    does not depend on the rows.

    Examples
    --------
    >>> samples = Samples(pd.DataFrame({"age": [0, 34, 130]}))
    >>> stage = RangeRules({"age": {"low": 16, "high": 100}})
    >>> stage.clean(samples).X["age"].tolist(), stage.notes_
    ([nan, 34.0, nan], ['age: 2 rows outside 16 to 100 set to missing.'])
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "rules": MapOf(
            Record(
                {"low": Real(), "high": Real(), "action": Choice("missing", "drop", "clip")},
                optional=("low", "high", "action"),
            )
        ),
    }

    def __init__(self, rules: Mapping[str, Mapping[str, Any]]) -> None:
        self.rules = rules

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
        problems = []
        for column, rule in parameters["rules"].items():
            if "low" not in rule and "high" not in rule:
                problems.append(
                    Problem(where, f"RangeRules: the rule of {column!r} needs low or high. It has neither.")
                )
            elif rule.get("low", -np.inf) > rule.get("high", np.inf):
                problems.append(
                    Problem(
                        where,
                        f"RangeRules: low must not be above high. For {column!r} they are {rule['low']} and "
                        f"{rule['high']}. Exchange them.",
                    )
                )
        return problems

    def clean(self, samples: Samples) -> Samples:
        """Return the samples with every rule applied.

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
        name = type(self).__name__
        dropped = np.zeros(len(samples), dtype=bool)
        for column in require_columns(name, samples, table, self.rules):
            rule = self.rules[column]
            action = rule.get("action", "missing")
            numbers = as_numbers(name, table[column])
            low, high = rule.get("low", -np.inf), rule.get("high", np.inf)
            outside = (numbers < low) | (numbers > high)
            done = {"missing": "set to missing", "drop": "dropped", "clip": "set to the nearer bound"}[action]
            self._record(outside, f"{column}: {{n}} {_range_text(rule)} {done}.")
            if action == "drop":
                dropped |= outside
            elif action == "missing":
                table[column] = np.where(outside, np.nan, numbers)
            else:
                table[column] = _clipped(table[column], numbers, low, high)
        return samples.with_table(table)[~dropped]


def _clipped(values: pd.Series[Any], numbers: Any, low: float, high: float) -> Any:
    clipped = np.clip(numbers, low, high)
    whole_bounds = all(float(bound).is_integer() for bound in (low, high) if np.isfinite(bound))
    if pd.api.types.is_integer_dtype(values.dtype) and whole_bounds:
        return clipped.astype(values.dtype)
    return clipped


def _range_text(rule: Mapping[str, Any]) -> str:
    if "low" in rule and "high" in rule:
        return f"outside {rule['low']:g} to {rule['high']:g}"
    return f"below {rule['low']:g}" if "low" in rule else f"above {rule['high']:g}"
