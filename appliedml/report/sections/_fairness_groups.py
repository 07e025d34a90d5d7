"""Parts of the section "Fairness" that show single groups: their rates and impact ratios, without small cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.core.small_counts import FEW, MIN_CELL, count_text
from appliedml.report.blocks import Block, Column, Figure, Subheading, Table
from appliedml.report.figures import interval_chart
from appliedml.report.values import metric_label, percent

MAX_ROWS = 60
SMALL_NOTE = (
    f"Counts of 1 to {MIN_CELL - 1} are shown as {FEW}; rates of fewer than {MIN_CELL} rows, and shares that would "
    "give such a count away, are left out."
)
COUNTED = {"prevalence": "n_positive", "selection_rate": "n_selected"}
# Rates whose groups are few are set side by side; many groups get a row each.
MAX_SIDE_BY_SIDE = 5
SECOND_TABLE = ("prevalence", "accuracy", "positive_predictive_value", "roc_auc", "observed_minus_predicted")


def percent_of(share: Any) -> str:
    """Return a share as a percentage, with as many digits as it has; less than all is never 100 %."""
    text = f"{100 * float(share):.4g}"
    return percent(share) if text == "100" and share < 1 else f"{text} %"


def only(table: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Keep what is shown: other forms of the report hold every column of a table."""
    return table[[name for column in columns for name in (column.name, *(column.bounds or ()))]]


def _without_small(part: pd.DataFrame) -> pd.DataFrame:
    """Leave out rates of too few rows, and shares from which a count that is not shown could be worked out."""
    shown = part.copy()
    for name in _rates(part):
        behind = part.get(f"{name}_n", part["n"])
        if COUNTED.get(name) in part:
            behind = behind.where(~part[COUNTED[name]].between(1, MIN_CELL - 1), 0)
        for column in (name, f"{name}_low", f"{name}_high"):
            shown[column] = part[column].where(behind >= MIN_CELL)
    return shown


def groups(artifact: Artifact, units: str = "Units") -> list[Block]:
    """Return charts and tables of every group's rates, by feature; units are what rows come in groups of."""
    table = _without_small(artifact.tables["by_group"])
    found: list[Block] = []
    for feature, part in table.groupby("feature", sort=False):
        crossed = bool(part["intersection"].iloc[0])
        if not crossed:
            found.append(Subheading(f"By {feature}"))
            found += _rate_charts(str(feature), part)
        found += _group_tables(str(feature), part, crossed, artifact, units)
    return found


def _group_tables(feature: str, part: pd.DataFrame, crossed: bool, artifact: Artifact, units: str) -> list[Block]:
    counts = {"n": "Rows", "n_units": units, "n_positive": "Positives", "n_selected": "Selected"}
    if not artifact.summary["clustered"]:
        counts.pop("n_units")
    first = [Column("level", "Group"), *(Column(name, label) for name, label in counts.items() if name in part)]
    second = first[:1]
    for name in _rates(part):
        # The complements of other rates stay in the data of the run.
        if name in ("specificity", "negative_predictive_value"):
            continue
        column = Column(name, rate_label(name), "interval", (f"{name}_low", f"{name}_high"))
        (second if name in SECOND_TABLE else first).append(column)
    note = f"Each interval by itself has {percent_of(artifact.summary['confidence'])} confidence. "
    if part["unknown"].any():
        note += "People of unknown level are counted and shown; "
        note += "they are compared like a group." if artifact.summary["judge_unknown"] else "they are not compared."
    note = f"{note.strip()} {SMALL_NOTE}"
    shown = part.assign(**{name: part[name].map(count_text) for name in counts if name in part})
    found: list[Block] = [Table(f"Rates by {feature}", only(shown, first), tuple(first), note, collapsed=crossed)]
    if len(second) > 1:
        note = "Observed minus predicted: above 0 the scores are too low for the group, below 0 too high."
        found.append(Table(f"Further figures by {feature}", only(part, second), tuple(second), note, crossed))
    return found


def _rates(part: pd.DataFrame) -> list[str]:
    return [str(name).removesuffix("_low") for name in part.columns if str(name).endswith("_low")]


def rate_label(name: str) -> str:
    """Return a rate's name for readers, with its class where there are several."""
    own = {
        "prevalence": "Prevalence",
        "observed_minus_predicted": "Observed minus predicted",
        "negative_predictive_value": "Negative predictive value",
    }
    base, dot, label = name.partition(".")
    return own.get(base, metric_label(base)) + (f" ({label})" if dot else "")


def _rate_charts(feature: str, part: pd.DataFrame) -> list[Block]:
    charts: list[Block] = []
    binary = "roc_auc" in part
    wanted = ("selection_rate", "true_positive_rate", "false_positive_rate", "positive_predictive_value")
    names = [name for name in (*wanted, "roc_auc") if name in part]
    if not binary:
        names = [name for name in _rates(part) if name == "accuracy" or name.startswith("true_positive_rate")]
    long = _long(part, names)
    if len(long):
        charts.append(_forest(f"Rates by {feature}", long, "Rate", None))
    shift = _long(part, [name for name in ("observed_minus_predicted",) if name in part])
    if len(shift):
        charts.append(_forest(f"Calibration by {feature}", shift, "Observed minus predicted share", 0.0))
    return charts


def _long(part: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {
            "group": row["level"],
            "rate": rate_label(name),
            "value": row[name],
            "low": row[f"{name}_low"],
            "high": row[f"{name}_high"],
        }
        for name in names
        for _, row in part.head(MAX_ROWS).iterrows()
        if pd.notna(row[name])
    ]
    return pd.DataFrame(rows, columns=["group", "rate", "value", "low", "high"])


def _forest(title: str, long: pd.DataFrame, x_title: str, reference: float | None) -> Figure:
    ends = long.loc[[long["value"].idxmin(), long["value"].idxmax()]]
    words = [f"{row['rate']} of {row['group']} {row['value']:.3f}" for _, row in ends.iterrows()]
    side_by_side = long["rate"].nunique() > 1 and long["group"].nunique() <= MAX_SIDE_BY_SIDE
    columns = (
        Column("group", "Group"), Column("rate", "Rate"), Column("value", "Value", "interval", ("low", "high")),
    )  # fmt: skip
    return interval_chart(
        title=title,
        alt=f"{title}, with intervals. From {words[0]} to {words[1]}.",
        data=long,
        label="rate" if side_by_side else "group",
        value="value",
        low="low",
        high="high",
        x_title=x_title,
        series="group" if side_by_side else ("rate" if long["rate"].nunique() > 1 else None),
        reference=reference,
        columns=columns,
    )


def impact_ratios(artifact: Artifact) -> list[Block]:
    """Return the table of impact ratios, under its heading."""
    table = artifact.tables["impact_ratio"]
    if table.empty:
        return []
    columns = [
        Column("feature", "Feature"), Column("level", "Group"), Column("n", "Rows"),
        Column("share", "Share of known", "percent"), Column("n_selected", "Selected"),
        Column("selection_rate", "Selection rate", "percent"), Column("reference", "Reference group"),
        Column("ratio", "Impact ratio", "interval", ("low", "high")), Column("reading", "Against 0.80"),
    ]  # fmt: skip
    if table["class"].nunique() > 1:
        columns.insert(1, Column("class", "Class"))
    note = (
        "Selection rate of the group over that of the reference group, by default the group with the highest rate; "
        "unknown levels are left out here and counted above. 0.80 (the four-fifths rule) is a convention, so read the "
        "interval beside it: these intervals hold for all groups of a feature together. Groups under 2% of the people "
        f"are shown too. Calculation support, not an independent bias audit. {SMALL_NOTE}"
    )
    hidden = table["n_selected"].between(1, MIN_CELL - 1) & (table["reading"] == "too small to judge")
    enough = (table["n"] >= MIN_CELL) & ~hidden
    rates = ("share", "selection_rate", "ratio", "low", "high")
    shown = table.assign(
        n=table["n"].map(count_text),
        n_selected=table["n_selected"].map(count_text),
        **{name: table[name].where(enough) for name in rates},
    )
    caption = "Selection rate and impact ratio, by feature and intersection"
    return [Subheading("Selection rates"), Table(caption, only(shown, columns), tuple(columns), note)]
