"""Plain sentences about the data: what a reviewer must know before reading any score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from appliedml.audits._profile_association import ALL_FEATURES
from appliedml.audits._scores_pool import percent
from appliedml.core.artifact import Finding, Severity

NEAR_CONSTANT = 0.995
MOSTLY_MISSING = 0.5
MISSING_GAP = 0.10
PROXY = 0.70
WEAK_PROXY = 0.60
COPY = 0.95
SHIFTED = 0.25
TOLD_APART = 0.60
SMALL_GROUP = 30
_SHIFT_OF_GROUPS = (
    " Several rows belong together ({group}), and chance was reckoned as if none did: whole groups differ more than "
    "single rows, so part of this may be chance all the same."
)


def class_findings(classes: tuple[str, ...], counts: list[int]) -> Iterator[Finding]:
    """Say how rare the rarest class is.

    Parameters
    ----------
    classes : tuple of str
    counts : list of int
        Rows per class, over all rows used.

    Yields
    ------
    Finding
    """
    n, rarest = sum(counts), int(np.argmin(counts))
    share = counts[rarest] / n
    text = f"{counts[rarest]:,} of {n:,} rows ({100 * share:.1f} %) are of class {classes[rarest]}."
    if share < 0.2:
        yield Finding(Severity.INFO, f"Class {classes[rarest]} is rare", text)
    if counts[rarest] < 100:
        more = " Scores and intervals for so few rows are wide."
        yield Finding(Severity.WARNING, f"Few rows of class {classes[rarest]}", text + more)


def column_findings(columns: pd.DataFrame) -> Iterator[Finding]:
    """Name columns that are near-constant or mostly missing.

    Parameters
    ----------
    columns : DataFrame
        The table ``columns`` of the profile.

    Yields
    ------
    Finding
    """
    constant = columns[(columns["distinct"] <= 1) | (columns["top_share"] >= NEAR_CONSTANT)]
    if len(constant):
        text = f"One value fills at least {100 * NEAR_CONSTANT:.1f} % of the rows: {_listed(constant['column'])}."
        yield Finding(Severity.INFO, "Near-constant columns", text)
    missing = columns[columns["missing_share"] > MOSTLY_MISSING]
    if len(missing):
        items = [f"{row.column} ({percent(row.missing_share)})" for row in missing.itertuples()]
        yield Finding(Severity.WARNING, "Columns that are mostly missing", f"More than half missing: {_listed(items)}.")


def missing_findings(missing: pd.DataFrame) -> Iterator[Finding]:
    """Say where values are missing more often in one class or group than in another.

    Parameters
    ----------
    missing : DataFrame
        The table ``missing`` of the profile. Groups with fewer than 30 rows are passed over.

    Yields
    ------
    Finding
    """
    rows = pd.to_numeric(missing["rows"].str.replace(",", ""), errors="coerce")
    known = missing[missing["missing_share"].notna() & (rows >= SMALL_GROUP) & (missing["by"] != "overall")]
    for (column, by), part in known.groupby(["column", "by"], sort=True):
        low, high = part.loc[part["missing_share"].idxmin()], part.loc[part["missing_share"].idxmax()]
        if high["missing_share"] - low["missing_share"] < MISSING_GAP:
            continue
        text = (
            f"{column} is missing in {percent(high['missing_share'])} of {high['level']} and in "
            f"{percent(low['missing_share'])} of {low['level']}."
        )
        if by == "class":
            text += " Whether a value is missing tells the model about the outcome: check that it is known in time."
        yield Finding(Severity.WARNING, f"{column} is missing unevenly by {by}", text)


def group_findings(sensitive: pd.DataFrame) -> Iterator[Finding]:
    """Name sensitive groups with few rows.

    Parameters
    ----------
    sensitive : DataFrame
        Levels of all rows used.

    Yields
    ------
    Finding
    """
    for name in sensitive.columns:
        counts = sensitive[name].astype(str).value_counts()
        small = sorted(str(level) for level, n in counts.items() if n < SMALL_GROUP)
        if small:
            text = f"Fewer than {SMALL_GROUP} rows: {_listed(small)}. Nothing firm can be said about them."
            yield Finding(Severity.INFO, f"Small groups of {name}", text)


def proxy_findings(proxies: pd.DataFrame) -> Iterator[Finding]:
    """Say which sensitive features can be guessed from the features.

    Parameters
    ----------
    proxies : DataFrame
        The table ``proxies`` of the profile.

    Yields
    ------
    Finding
    """
    for name, part in proxies.groupby("sensitive", sort=False):
        together = part[part["column"] == ALL_FEATURES]
        single = part[part["column"] != ALL_FEATURES].sort_values(["auroc", "column"], ascending=[False, True])
        for row in together.itertuples():
            if not row.low > WEAK_PROXY:
                continue
            severity = Severity.WARNING if row.auroc >= PROXY else Severity.INFO
            interval = f"({row.low:.2f} to {row.high:.2f})"
            # With two levels the best-guessed one is the whole story; with more, the mean hides it.
            two = row.level_auroc == row.auroc
            best = f" {interval}" if two else f"; best for {row.level}: {row.level_auroc:.2f} {interval}"
            text = (
                f"A model guesses {name} from the features with AUROC {row.auroc:.2f}{best}. Leaving the column out "
                "does not make the model blind to it."
            )
            if len(single):
                text += f" Strongest single feature: {single.iloc[0]['column']} ({single.iloc[0]['auroc']:.2f})."
            yield Finding(severity, f"{name} can be guessed from the features: AUROC {row.auroc:.2f}", text)
        copies = single[single["auroc"] >= COPY]
        if len(copies):
            items = [f"{row.column} (AUROC {row.auroc:.3f})" for row in copies.itertuples()]
            text = f"Almost the same information as {name}: {_listed(items)}."
            yield Finding(Severity.WARNING, f"A feature stands in for {name}", text)


def shift_findings(shift: pd.DataFrame, told_apart: pd.DataFrame, group: str = "") -> Iterator[Finding]:
    """Say where test rows differ from training rows by more than chance.

    Parameters
    ----------
    shift, told_apart : DataFrame
        The tables ``shift`` and ``shift_overall`` of the profile.
    group : str
        What makes rows belong together, such as "column patient"; empty where none do.

    Yields
    ------
    Finding
    """
    caveat = _SHIFT_OF_GROUPS.format(group=group) if group else ""
    marked = shift[(shift["psi"] >= SHIFTED) & (shift["psi"] > shift["psi_by_chance"])]
    if len(marked):
        worst = marked.groupby("column", sort=True)["psi"].agg(["max", "count"]).reset_index()
        worst = worst.sort_values(["max", "column"], ascending=[False, True])
        items = [f"{row['column']} (PSI {row['max']:.2f}, {row['count']} folds)" for _, row in worst.iterrows()]
        text = f"Population stability index of at least {SHIFTED} and above chance: {_listed(items)}.{caveat}"
        yield Finding(Severity.WARNING, "Test rows differ from training rows", text)
    apart = told_apart[told_apart["low"] > TOLD_APART]
    if len(apart):
        row = apart.loc[apart["auroc"].idxmax()]
        text = (
            f"In {len(apart)} of {len(told_apart)} folds a classifier tells test rows from training rows; in fold "
            f"{row['fold']} with AUROC {row['auroc']:.2f} ({row['low']:.2f} to {row['high']:.2f}), where 0.5 is no "
            f"difference.{caveat}"
        )
        yield Finding(Severity.WARNING, "Test rows can be told from training rows", text)


def duplicate_findings(duplicates: pd.DataFrame) -> Iterator[Finding]:
    """Say how many rows have the same features as another.

    Parameters
    ----------
    duplicates : DataFrame
        The table ``duplicates`` of the profile.

    Yields
    ------
    Finding
    """
    across = duplicates[(duplicates["where"] == "test row also in train") & (duplicates["n_duplicates"] > 0)]
    if len(across):
        total, rows = int(across["n_duplicates"].sum()), int(duplicates.loc[across.index, "rows"].sum())
        severity = Severity.WARNING if total / rows >= 0.01 else Severity.INFO
        text = f"{total:,} of {rows:,} test rows have a training row with the same features: easier than new ones."
        yield Finding(severity, "The same features in training and test rows", text)


def _listed(items: Any, most: int = 8) -> str:
    texts = [str(item) for item in items]
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {more} more" if more > 0 else "")
