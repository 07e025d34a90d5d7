"""Gather rare levels under one label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pandas as pd

from appliedml.core.params import AnyOf, Integer, ListOf, Null, Real, Rule, Text
from appliedml.errors import Problem, StageError
from appliedml.stages.prepare._columns import chosen, is_categorical, read_levels
from appliedml.stages.prepare._table_stage import TableStage, assemble

NEEDS_A_LIMIT = "GroupRareCategories needs min_fraction or min_count. Both are null. Give one, or leave the stage out."


class GroupRareCategories(TableStage):
    """Gather the levels that are rare in the training rows under one label.

    A level stays if it keeps every limit that is given. Levels that training did not know are rare too.

    Parameters
    ----------
    min_fraction : float, optional
        Smallest share of the column's non-missing training values, between 0 and 1. Default 0.01.
    min_count : int, optional
        Smallest number of training rows.
    label : str
        The label of the gathered levels. It may be an existing level.
    columns : list of str, optional
        Columns to work on. Default: all categorical columns.

    Attributes
    ----------
    kept_ : dict of str to list of str
        Levels that stay, by column.
    feature_sources_ : dict of str to str
    notes_ : list of str

    Raises
    ------
    StageError
        If both limits are None, or a named column is absent or not categorical.

    Notes
    -----
    Missing values stay missing. A column of category dtype keeps that dtype with the kept levels and the label; other
    columns become text.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"make": ["VW", "VW", "BMW", "Ferrari", "BMW"]})
    >>> GroupRareCategories(min_count=2, min_fraction=None).fit_transform(table)["make"].tolist()
    ['VW', 'VW', 'BMW', 'rare', 'BMW']
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "min_fraction": AnyOf(Real(0, 1, open_low=True, open_high=True), Null()),
        "min_count": AnyOf(Integer(2), Null()),
        "label": Text(),
        "columns": AnyOf(ListOf(Text()), Null()),
    }

    def __init__(
        self,
        min_fraction: float | None = 0.01,
        min_count: int | None = None,
        label: str = "rare",
        columns: Sequence[str] | None = None,
    ) -> None:
        self.min_fraction = min_fraction
        self.min_count = min_count
        self.label = label
        self.columns = columns

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
        both = parameters.get("min_fraction", 0.01) is None and parameters.get("min_count") is None
        return [Problem(where, NEEDS_A_LIMIT)] if both else []

    def _learn(self, table: pd.DataFrame, y: Any) -> None:
        for problem in self.problems_in(self.get_params(deep=False), ""):
            raise StageError(problem.what)
        able = [column for column in table.columns if is_categorical(table[column])]
        wanted = chosen(
            type(self).__name__, table, self.columns, able, allowed=able, kind="category, text and object columns"
        )
        self.kept_: dict[str, list[str]] = {}
        for column in wanted:
            levels = read_levels(table[column])
            counts = levels.counts()
            limit = max(self.min_count or 0, (self.min_fraction or 0) * counts.sum())
            self.kept_[column] = [text for text, n in zip(levels.texts, counts, strict=True) if n >= limit]
            n_rare = len(levels.texts) - len(self.kept_[column])
            if n_rare:
                rows = int(counts[counts < limit].sum())
                self.notes_.append(
                    f"{column}: {n_rare} of {len(levels.texts)} levels ({rows} training rows) gathered as "
                    f"{self.label!r}."
                )
        self._as_category = {c for c in wanted if isinstance(table[c].dtype, pd.CategoricalDtype)}
        self.feature_sources_ = {column: column for column in table.columns}

    def _apply(self, table: pd.DataFrame) -> pd.DataFrame:
        out: dict[str, Any] = {column: table[column] for column in table.columns}
        for column, kept in self.kept_.items():
            texts = list(dict.fromkeys([*kept, self.label]))
            position = {text: i for i, text in enumerate(texts)}
            codes = read_levels(table[column]).recode(position, unknown=position[self.label], missing=-1)
            grouped = pd.Series(pd.Categorical.from_codes(codes, categories=texts), index=table.index)
            out[column] = grouped if column in self._as_category else grouped.astype("str")
        return assemble(out, table.index)
