"""Artifacts: plain data that an audit leaves behind and a report section reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.display import card
from appliedml.errors import StageError

SCORE_COLUMNS = ("metric", "fold", "subset", "value", "low", "high", "n")
ALL_FOLDS = -1
ALL_ROWS = "all"


class Status(StrEnum):
    """How an audit ended. Nothing is silently missing."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    NOT_APPLICABLE = "not_applicable"
    SKIPPED = "skipped"


class Severity(StrEnum):
    """How serious a finding is."""

    INFO = "info"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One sentence a reviewer must see, with its weight.

    Parameters
    ----------
    severity : Severity
    title : str
        A short headline, plain words.
    text : str
        One or two sentences with the figures that support it.
    """

    severity: Severity
    title: str
    text: str


@dataclass(frozen=True)
class Artifact:
    """What an audit found, as data.

    Parameters
    ----------
    kind : str
        Registry name of the audit that made it.
    status : Status
    reason : str
        Why, for ``not_applicable`` and ``skipped``; else empty or one line.
    summary : mapping
        JSON values: settings and headline figures.
    tables : mapping of str to DataFrame
    arrays : mapping of str to array
        Numeric or text arrays; never Python objects.
    scores : DataFrame, optional
        Rows for ``scores.parquet``: metric, fold (-1 for all folds together), subset ("all", "sex=F" ...), value, low,
        high, n. Gates judge these rows.
    findings : tuple of Finding

    Examples
    --------
    >>> Artifact("fairness", Status.SKIPPED, reason="no sensitive feature is named").status
    <Status.SKIPPED: 'skipped'>
    """

    kind: str
    status: Status = Status.OK
    reason: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    scores: pd.DataFrame | None = None
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be stored as plain data."""
        if self.status in (Status.NOT_APPLICABLE, Status.SKIPPED) and not self.reason:
            raise StageError(f"Artifact {self.kind!r}: status {self.status} needs a reason.")
        for name, array in self.arrays.items():
            if np.asarray(array).dtype == object:
                raise StageError(f"Artifact {self.kind!r}: array {name!r} holds Python objects. Use numbers or text.")
        if self.scores is not None and tuple(self.scores.columns) != SCORE_COLUMNS:
            raise StageError(f"Artifact {self.kind!r}: scores must have the columns {', '.join(SCORE_COLUMNS)}.")

    def _repr_html_(self) -> str:
        """Card for notebooks."""
        rows = [("status", f"{self.status}{': ' + self.reason if self.reason else ''}")]
        rows += [(finding.severity.value, f"{finding.title}. {finding.text}") for finding in self.findings]
        rows += [("table", f"{name} ({len(table)} rows)") for name, table in self.tables.items()]
        return card(f"Artifact {self.kind}", rows, "Read a table with run[kind].tables[name].")


def score_rows(rows: list[tuple[str, int, str, float, float, float, int]]) -> pd.DataFrame:
    """Return a scores table with its column types.

    Parameters
    ----------
    rows : list of (metric, fold, subset, value, low, high, n)
        ``fold`` is -1 for all folds together; bounds may be NaN where no interval exists.

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> score_rows([("roc_auc", -1, "all", 0.8, 0.7, 0.9, 100)]).loc[0, "value"]
    np.float64(0.8)
    """
    table = pd.DataFrame(rows, columns=list(SCORE_COLUMNS))
    kinds = {"metric": str, "fold": "int64", "subset": str, "value": float, "low": float, "high": float, "n": "int64"}
    return table.astype(kinds)
