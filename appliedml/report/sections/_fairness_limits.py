"""Parts of the section "Fairness" on what its verdicts do not say: rare outcomes, ratios, ranking inside groups."""

from __future__ import annotations

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.core.small_counts import MIN_CELL, count_text
from appliedml.report.blocks import Block, Column, Subheading, Table, Text
from appliedml.report.sections._fairness_groups import SMALL_NOTE, only, percent_of
from appliedml.report.values import interval, number, plural_of

MAX_NAMED = 5
_OPEN = ("uncertain", "below 0.80")


def coarse(gaps: pd.DataFrame) -> pd.Series[bool]:
    """Return which verdicts are "within tolerance" only because every rate is smaller than the tolerance.

    Parameters
    ----------
    gaps : DataFrame
        Of the audit ``fairness``; that of older runs does not say, and then none is called so.

    Returns
    -------
    Series of bool
    """
    if "coarse" in gaps:
        return gaps["coarse"].astype(bool)
    return pd.Series(data=False, index=gaps.index)


def about_small_rates(artifact: Artifact) -> list[Block]:
    """Say where the tolerance is wider than the rates, and what the ratios of the same rates read.

    Parameters
    ----------
    artifact : Artifact
        Of the audit ``fairness``.

    Returns
    -------
    list of Block
    """
    gaps = artifact.tables["gaps"]
    rows = gaps[coarse(gaps)]
    found: list[Block] = []
    tolerance = f"{float(artifact.summary['tolerance']):g}"
    if len(rows):
        which = "; ".join(
            f"{feature}: {', '.join(part['criterion'])}" for feature, part in rows.groupby("feature", sort=False)
        )
        found.append(
            Text(
                f"{len(rows)} of the verdicts 'within tolerance' are no reassurance: these rates (or shares of wrong "
                f"decisions) are so small that a gap of {tolerance} cannot arise. Look at the ratio. {which}."
            )
        )
    open_ = _open_ratios(artifact)
    if open_:
        found.append(
            Text(
                'Of selection rates whose gap is within tolerance, the section "Impact ratios" reads otherwise: '
                f"{open_}. Both are about the same rates: here their difference is judged, there their ratio."
            )
        )
    return found


def differences_beside_ratios(artifact: Artifact) -> list[Block]:
    """Say, beside the impact ratios, which of the same comparisons are within tolerance as differences.

    Parameters
    ----------
    artifact : Artifact
        Of the audit ``fairness``.

    Returns
    -------
    list of Block
    """
    open_ = _open_ratios(artifact)
    if not open_:
        return []
    tolerance = f"{float(artifact.summary['tolerance']):g}"
    return [
        Text(
            f'The section "Fairness" calls the gap in these selection rates within its tolerance of {tolerance}: '
            f"{open_}. It judges their difference, which is small where the rates are small, however unlike they are; "
            "here their ratio is read."
        )
    ]


def _open_ratios(artifact: Artifact) -> str:
    """Ratios that are below 0.80 or uncertain, of features whose gap in the selection rate is within tolerance."""
    gaps, ratios = artifact.tables["gaps"], artifact.tables.get("impact_ratio")
    if ratios is None or ratios.empty:
        return ""
    within = gaps[(gaps["verdict"] == "within tolerance") & gaps["metric"].str.startswith("selection_rate")]
    several = ratios["class"].nunique() > 1
    labels = [str(metric).partition(".")[2] if several else "" for metric in within["metric"]]
    keys = set(zip(within["feature"], labels, strict=True))
    rows = ratios[ratios["reading"].isin(_OPEN) & (ratios["n"] >= MIN_CELL)]
    told = [
        f"{row['level']} by {row['feature']}{' (' + row['class'] + ')' if several else ''} "
        f"{number(row['ratio'])} ({interval(row['low'], row['high'])}), {row['reading']}"
        for row in rows.to_dict("records")
        if (row["feature"], row["class"] if several else "") in keys
    ]
    more = f"; and {len(told) - MAX_NAMED} more" if len(told) > MAX_NAMED else ""
    return "; ".join(told[:MAX_NAMED]) + more


def ranking(artifact: Artifact) -> list[Block]:
    """Say inside which group the score ranks worst, and set each group against everybody else.

    Parameters
    ----------
    artifact : Artifact
        Of the audit ``fairness``.

    Returns
    -------
    list of Block
        Nothing for runs with more than two classes.
    """
    table = artifact.tables.get("ranking")
    if table is None or table.empty:
        return []
    # The rarer class says how much there is to rank; of fewer than 5 rows nothing is told.
    enough = table[["n_positive", "n_negative"]].min(axis=1) >= MIN_CELL
    sentences = []
    for feature, part in table[enough & table["roc_auc"].notna()].groupby("feature", sort=False):
        if len(part) < 2:
            continue
        row = part.loc[part["roc_auc"].idxmin()]
        if row["worse"]:
            reading = "the interval of the difference leaves 0 out: the score ranks worse there"
        elif pd.isna(row["low"]):
            reading = "too few rows to say how sure that is"
        else:
            reading = "the interval of the difference holds 0: chance is not ruled out"
        sentences.append(
            f"By {feature} the AUROC is lowest in {row['level']}: {number(row['roc_auc'])}, against "
            f"{number(row['rest_roc_auc'])} among everybody else; {reading}."
        )
    if not sentences:
        return []
    columns = (
        Column("feature", "Feature"), Column("level", "Group"), Column("n", "Rows"), Column("fewest", "Rarer class"),
        Column("roc_auc", "AUROC", "number"), Column("rest_roc_auc", "AUROC of the rest", "number"),
        Column("difference", "Difference", "interval", ("low", "high")), Column("reading", "Reading", "badge"),
    )  # fmt: skip
    figures = ("roc_auc", "rest_roc_auc", "difference", "low", "high")
    shown = table.assign(
        fewest=table[["n_positive", "n_negative"]].min(axis=1).map(count_text),
        n=table["n"].map(count_text),
        reading=[
            "warning" if worse and told else "no difference shown"
            for worse, told in zip(table["worse"], enough, strict=True)
        ],
        **{name: table[name].where(enough) for name in figures},
    )
    note = (
        "How well the score tells the classes apart inside a group, against all other groups of known level. No choice "
        "of threshold evens out a difference here. The intervals hold together with "
        f"{percent_of(artifact.summary['confidence'])} confidence, apart from those of the gaps; each follows from the "
        f"two intervals of DeLong (Zou and Donner 2008). {SMALL_NOTE}"
    )
    title = "Inside whom the score ranks worse"
    return [
        Subheading(title),
        Text(
            f"{' '.join(sentences)} An association, not a cause: rows of one group may be harder to judge for any "
            "model."
        ),
        Table("AUROC of each group against the rest", only(shown, columns), columns, note, collapsed=len(table) > 12),
    ]


def counted_in_words(what: str, clustered: bool, column: str) -> str:
    """Return what a group was too small in: rows, or what rows come in groups of.

    Parameters
    ----------
    what : str
        "rows", "positives", "negatives" or "selected".
    clustered : bool
        Whether groups of rows were counted.
    column : str
        Which says what those groups are; empty where rows were predicted more than once and count once.

    Returns
    -------
    str

    Examples
    --------
    >>> counted_in_words("rows", True, "customer_id"), counted_in_words("positives", True, "customer_id")
    ('customers (customer_id)', 'customers with a positive row (customer_id)')
    >>> counted_in_words("rows", True, "grp7"), counted_in_words("selected", False, "")
    ('values of grp7', 'selected')
    """
    if not clustered or not column:
        return what
    who = plural_of(column)
    kind = {"positives": "positive", "negatives": "negative"}.get(what, what)
    which = "" if what == "rows" else f" with a {kind} row"
    return f"{who}{which} ({column})" if who else f"values of {column}{which}"
