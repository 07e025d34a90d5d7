"""What was measured of texts and pictures, as blocks of the section "Data"."""

from __future__ import annotations

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report import figures
from appliedml.report.blocks import Block, Column, Subheading, Table, Text
from appliedml.report.sections._small_counts import SMALL, left_out

_NOUNS = {"texts": "texts", "images": "pictures"}
# The first measure of each kind is the one worth a chart.
_CHARTED = {"texts": "words", "images": "brightness"}


def measure_blocks(profile: Artifact) -> list[Block]:
    """Return what the data profile measured of texts or pictures; nothing for tables.

    Parameters
    ----------
    profile : Artifact
        Of the audit ``data_profile``.

    Returns
    -------
    list of Block
    """
    measures = profile.tables.get("measures")
    if measures is None or not len(measures):
        return []
    kind = str(profile.summary["inputs"])
    noun = _NOUNS[kind]
    said = f"{profile.summary['n_measured']:,} of {profile.summary['n_rows']:,} {noun} were measured."
    size = profile.summary.get("picture_size")
    if size:
        height, width, channels = size
        said += f" The model sees each at {height} x {width} pixels, {'grey' if channels == 1 else 'in colour'}."
    found: list[Block] = [Subheading(f"What the {noun} are like"), Text(said)]
    overall = measures[measures["by"] == "overall"]
    ends = {name: [f"{value:.4g}" for value in overall[name]] for name in ("min", "max")}
    overall = overall.assign(**ends)
    columns = (
        Column("measure", "Measure"), Column("said", "Meaning"), Column("missing", "Not measured"),
        Column("min", "Smallest"), Column("shown", "Median (middle half)"), Column("max", "Largest"),
    )  # fmt: skip
    found.append(Table(f"Measures of the {noun}", overall, columns))
    found += _chart(measures[(measures["measure"] == _CHARTED[kind]) & (measures["by"] == "class")], _CHARTED[kind])
    rest = left_out(measures[measures["by"] != "overall"], "rows", [("measure", "by")])
    by = (
        Column("measure", "Measure"), Column("by", "By"), Column("level", "Group"), Column("rows", "Rows"),
        Column("shown", "Median (middle half)"),
    )  # fmt: skip
    note = f"{SMALL} A class that differs from another here can be told by more than its content."
    return [*found, Table(f"Measures of the {noun} by class, fold and group", rest, by, note=note, collapsed=True)]


def _chart(rows: pd.DataFrame, measure: str) -> list[Block]:
    known = rows.dropna(subset=["median"])
    if not len(known):
        return []
    said = str(known["said"].iloc[0])
    return [
        figures.interval_chart(
            title=f"{measure.capitalize()} by class",
            alt="; ".join(f"{row['level']}: median {row['median']:.4g}" for row in known.to_dict("records")) + ".",
            data=known[["level", "median", "q25", "q75"]],
            label="level",
            value="median",
            low="q25",
            high="q75",
            x_title=f"{said[:1].upper()}{said[1:]}: median and middle half",
            columns=(Column("level", "Class"), Column("median", "Median", "number")),
        )
    ]
