"""One spelling for every level."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from appliedml.core.params import AnyOf, Choice, ListOf, MapOf, Null, Rule, Text
from appliedml.core.samples import Samples
from appliedml.errors import ParameterError, Problem, StageError
from appliedml.stages.clean._cleaning import CleanStage, differs, holds_text, map_text, require_columns


class UnifyCategories(CleanStage):
    """Write every level in one way: trimmed, single spaces, composed Unicode (NFC), one case, declared synonyms.

    Parameters
    ----------
    case : {"keep", "lower", "title"}
    synonyms : mapping, optional
        ``{column: {canonical: [variants]}}``. Variants are compared after trimming and change of case; the canonical
        level is written as declared.
    columns : list of str, optional
        Default: all text columns. Columns named in ``synonyms`` are always included.

    Attributes
    ----------
    changed_rows_ : array of bool, shape (n input rows,)
        Rows in which a level was rewritten.
    notes_ : list of str

    Raises
    ------
    StageError
        From ``clean``: if a column is unknown or holds no text.
    ParameterError
        From ``clean``: if one variant stands for two levels.

    Notes
    -----
    Every value is rewritten by itself; no rule depends on other rows. Labels are left alone.

    Examples
    --------
    >>> import pandas as pd
    >>> samples = Samples(pd.DataFrame({"sex": [" F ", "m", "female", None]}))
    >>> stage = UnifyCategories(case="lower", synonyms={"sex": {"f": ["female"]}})
    >>> stage.clean(samples).X["sex"].tolist()
    ['f', 'm', 'f', nan]
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "case": Choice("keep", "lower", "title"),
        "synonyms": AnyOf(MapOf(MapOf(ListOf(Text(), min_items=1))), Null()),
        "columns": AnyOf(ListOf(Text()), Null()),
    }

    def __init__(
        self,
        case: str = "keep",
        synonyms: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        self.case = case
        self.synonyms = synonyms
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
        problems = []
        case = parameters.get("case", "keep")
        for column, levels in (parameters.get("synonyms") or {}).items():
            meaning = {one_spelling(canonical, case): canonical for canonical in levels}
            if len(meaning) < len(levels):
                problems.append(
                    Problem(where, f"UnifyCategories: two levels of {column!r} in synonyms are the same. Keep one.")
                )
            for canonical, variants in levels.items():
                for variant in variants:
                    other = meaning.setdefault(one_spelling(variant, case), canonical)
                    if other != canonical:
                        problems.append(
                            Problem(
                                where,
                                f"UnifyCategories: {variant!r} in the synonyms of {column!r} must stand for one level. "
                                f"It stands for {other!r} and {canonical!r}. Take one out.",
                            )
                        )
        return problems

    def clean(self, samples: Samples) -> Samples:
        """Return the same rows with unified levels.

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
        synonyms = self.synonyms or {}
        named = [*(self.columns or ()), *synonyms]
        name = type(self).__name__
        for column in require_columns(name, samples, table, named):
            if not holds_text(table[column]):
                raise StageError(
                    f"{name} works on text. Column {column!r} holds {table[column].dtype} values. Leave it out."
                )
        chosen = named if self.columns is not None else [c for c in table.columns if holds_text(table[c])]
        for column in dict.fromkeys(chosen):
            lookup = {
                one_spelling(text, self.case): canonical
                for canonical, variants in synonyms.get(column, {}).items()
                for text in (canonical, *variants)
            }

            def rewrite(text: str, lookup: dict[str, str] = lookup) -> str:
                plain = one_spelling(text, self.case)
                return lookup.get(plain, plain)

            unified = map_text(table[column], rewrite)
            self._record(differs(table[column], unified), f"{column}: spelling unified in {{n}}.")
            table[column] = unified
        return samples.with_table(table)


def one_spelling(text: str, case: str) -> str:
    """Return a text trimmed, with single spaces, in one case and composed Unicode.

    Parameters
    ----------
    text : str
    case : {"keep", "lower", "title"}

    Returns
    -------
    str

    Examples
    --------
    >>> one_spelling("  third   party ", "title")
    'Third Party'
    """
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    if case != "keep":
        plain = plain.lower() if case == "lower" else plain.title()
    return unicodedata.normalize("NFC", plain)
