"""Which of the original columns the fitted model never sees, because the pipeline drops them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from appliedml.core.fold import Fold

DROPPED_TYPES: dict[str, Any] = {"column": str, "folds": str, "every_fold": bool}
NOT_KNOWN = "not known"


@dataclass(frozen=True)
class ColumnUse:
    """What is known of the way from original columns to the model.

    Parameters
    ----------
    known : bool
        Whether each column the model sees can be traced to one original column; if not, ``dropped`` names only what
        the first stages drop, and more columns may be without use.
    dropped : tuple of str
        Original columns from which nothing reaches the model, in their order.
    mixtures : tuple of str
        What the model sees that stems from no single original column, such as a principal component.
    """

    known: bool = False
    dropped: tuple[str, ...] = ()
    mixtures: tuple[str, ...] = ()

    def kept(self, X: Any) -> Any:
        """Return features without the dropped columns; anything that is no table as it is."""
        if not self.dropped or not isinstance(X, pd.DataFrame):
            return X
        out = set(self.dropped)
        return X[[name for name in X.columns if str(name) not in out]]

    def says(self, column: str) -> str:
        """Whether a column is dropped: "yes", "no" or "not known"."""
        return "yes" if column in self.dropped else "no" if self.known else NOT_KNOWN


def column_use(fold: Fold) -> ColumnUse:
    """Return which original columns the fold's fitted pipeline drops.

    Parameters
    ----------
    fold : Fold

    Returns
    -------
    ColumnUse
        With nothing known where the inputs are no table or the pipeline does not say where its columns come from.

    Notes
    -----
    A column that no source names is dropped, unless the model sees mixtures: the column may be in one of those. Then
    only what the leading stages drop, before anything could be mixed, is certain.
    """
    sources: Mapping[str, str] | None = getattr(fold.pipeline, "feature_sources_", None)
    if not sources or not isinstance(fold.train.X, pd.DataFrame):
        return ColumnUse()
    columns = [str(name) for name in fold.train.X.columns]
    used = dict.fromkeys(str(source) for source in sources.values())
    mixtures = tuple(source for source in used if source not in set(columns))
    certain = set(_dropped_first(fold)) if mixtures else set(columns)
    dropped = tuple(name for name in columns if name not in used and name in certain)
    return ColumnUse(not mixtures, dropped, mixtures)


def _dropped_first(fold: Fold) -> list[str]:
    """Columns dropped by the leading stages that do nothing else."""
    out: list[str] = []
    for _, stage in getattr(fold.pipeline, "steps_", ()):
        names = getattr(stage, "dropped_columns_", None)
        if names is None:
            break
        out += [str(name) for name in names]
    return out


def dropped_table(uses: Sequence[ColumnUse], folds: Sequence[int]) -> pd.DataFrame:
    """Return the dropped columns of all folds: column, folds (as text), every_fold."""
    rows = []
    for name in dict.fromkeys(name for use in uses for name in use.dropped):
        found = [number for use, number in zip(uses, folds, strict=True) if name in use.dropped]
        rows.append((name, ", ".join(str(number) for number in found), len(found) == len(folds)))
    return pd.DataFrame(rows, columns=list(DROPPED_TYPES)).astype(DROPPED_TYPES)


def said_of(column: str, uses: Sequence[ColumnUse]) -> str:
    """Return whether the pipeline drops a column, over all folds: "yes", "no", "in some folds" or "not known"."""
    answers = {use.says(column) for use in uses}
    if len(answers) == 1:
        return answers.pop()
    return "in some folds" if "yes" in answers else NOT_KNOWN
