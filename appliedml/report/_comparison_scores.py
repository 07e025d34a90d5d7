"""Sections of a comparison about scores: measures, gaps, rates of groups, flipped decisions, agreement."""

from __future__ import annotations

from typing import Any

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.core.small_counts import MIN_CELL, count_text
from appliedml.report._comparison_words import better_word, label, level_of, shown, with_ends
from appliedml.report.blocks import Block, Column, Figure, KeyValues, Subheading, Table, Text
from appliedml.report.figures import heatmap_chart, interval_chart
from appliedml.report.sections._fairness_groups import SMALL_NOTE
from appliedml.report.values import number, percent, whole

KINDS = {"discrimination": "Discrimination", "calibration": "Calibration", "decisions": "Decisions", "cost": "Cost"}
# Measures of their own units, which would not share an axis with shares between 0 and 1.
_OFF_SCALE = ("log_loss", "cost", "observed_to_predicted", "calibration_slope", "calibration_intercept")
_SIDES = (Column("a", "Run A", "number"), Column("b", "Run B", "number"))
_DIFFERENCE = Column("difference", "B minus A", "interval", ("low", "high"))
MAX_CHART_ROWS = 40
# Not "groups of rows": groups are those of people on this page.
TOGETHER = "sets of rows that belong together"


def measures(artifact: Artifact) -> list[Block]:
    """Return paired differences of every measure.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    list of Block
    """
    scores, summary = artifact.tables["scores"], artifact.summary
    table = scores.assign(
        measure=[label(name) for name in scores["metric"]],
        reading=[better_word(row) for row in scores.to_dict("records")],
        sought=[word or "neither" for word in scores["sought"]],
    )
    columns = (
        Column("measure", "Measure"), *_SIDES, _DIFFERENCE, Column("sought", "Better is"), Column("reading", "Shown"),
    )  # fmt: skip
    notes = {
        "calibration": "The scaled Brier score is 1 less the Brier score over that of the classes' shares: 0 is no "
        "better than knowing these shares. Slope, intercept and the quotient of shares are best at one value: the "
        "farther from it, the worse. One may differ and be about as far from that value on its other side: it is then "
        "not shown to be nearer.",
        "decisions": "Each run decides at its own thresholds, so these figures change with the threshold as well as "
        "with the model.",
        "cost": _costs(summary),
    }
    found: list[Block] = [Text(how(artifact))]
    chart = _improvements(table, summary)
    found += [chart] if chart is not None else []
    for kind, title in KINDS.items():
        rows = table[table["kind"] == kind]
        if len(rows):
            found.append(Table(title, shown(rows, columns), columns, notes.get(kind, "")))
    return found


def how(artifact: Artifact) -> str:
    """Say how the intervals were made and what they do not cover.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    str
    """
    summary = artifact.summary
    n, units = summary["n_groups"], "rows"
    if n is not None:
        units = f"{TOGETHER} by the plan's group column, such as all of one person ({whole(n)} of them)"
    paired = "the same for both runs and every measure" if summary["paired"] else "drawn for each run apart"
    return (
        f"Differences are B minus A. Intervals are {level_of(summary['confidence'])} bootstrap percentile intervals "
        f"from {whole(summary['n_resamples'])} resamples of {units}, {paired}. Each holds by itself: among many "
        "measures some will seem to differ by chance, which is why only the judged measures, whose intervals hold "
        "together, decide the verdict. They cover the sampling of test rows with the fitted models as they are, not "
        "the training of new ones. Where the two runs do not differ in a single row, an interval has no width."
    )


def _costs(summary: Any) -> str:
    costs = summary["costs"]
    if not costs:
        return ""
    return (
        f"A missed row of the class of interest costs {number(costs['false_negative'])}, a false alarm "
        f"{number(costs['false_positive'])}, as both runs' plans say."
    )


def _improvements(table: pd.DataFrame, summary: Any) -> Figure | None:
    rows = table[~table["metric"].isin(_OFF_SCALE) & table["sought"].isin(["higher", "lower"])]
    rows = rows[rows["difference"].notna() & rows["low"].notna()]
    if rows.empty:
        return None
    sign = rows["sought"].map({"higher": 1.0, "lower": -1.0})
    low, high = rows["low"] * sign, rows["high"] * sign
    data = pd.DataFrame(
        {
            "measure": rows["measure"],
            "better_by": rows["difference"] * sign,
            "low": low.where(sign > 0, high),
            "high": high.where(sign > 0, low),
        }
    )
    best, worst = data.loc[data["better_by"].idxmax()], data.loc[data["better_by"].idxmin()]
    return interval_chart(
        title="By how much B is better (right of the line) or worse (left)",
        alt=f"Differences of {len(data)} measures with {level_of(summary['confidence'])} intervals, turned so that "
        f"right of zero B is better. From {worst['measure']}, {_by(worst)}, to {best['measure']}, {_by(best)}.",
        data=data,
        label="measure",
        value="better_by",
        low="low",
        high="high",
        x_title="B is better by",
        reference=0.0,
        columns=(Column("measure", "Measure"), Column("better_by", "B is better by", "interval", ("low", "high"))),
    )


def _by(row: Any) -> str:
    return with_ends(row["better_by"], row["low"], row["high"])


def gaps(artifact: Artifact) -> list[Block]:
    """Return paired differences of every gap and ratio between groups.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    list of Block
    """
    table, minimums = artifact.tables["gaps"], artifact.summary["minimums"]
    if table.empty:
        return []
    table = table.assign(
        criterion=[label(str(name).removeprefix("gap.")) for name in table["metric"]],
        reading=[better_word(row) for row in table.to_dict("records")],
    )
    names = (Column("feature", "Feature"), Column("criterion", "Rate"))
    columns = (*names, *_SIDES, _DIFFERENCE, Column("n_groups", "Groups", "int"), Column("reading", "Shown"))
    unit = "rows" if artifact.summary["n_groups"] is None else TOGETHER
    note = (
        "A gap is the largest difference between two groups' rates; smaller is better. A minus sign in front of B "
        "minus A means that the gap became smaller, a plus sign that it became larger, also where other groups make it "
        f"now. Each interval holds for the largest gap, whichever groups it lies between, with "
        f"{level_of(artifact.summary['confidence'])} confidence by itself. Groups take part that have at least "
        f"{minimums['rows']:,} {unit}, {minimums['positives']:,} positives (or selected) and {minimums['negatives']:,} "
        "negatives in both runs, so a gap may differ from that in a run's own report."
    )
    found: list[Block] = [Text("A gap compares the groups of one run; what is compared here is how far it moved.")]
    single = table[~table["intersection"].astype(bool)]
    drawn = single[single["low"].notna()].head(MAX_CHART_ROWS)
    if len(drawn):
        found.append(_gap_chart(drawn, artifact.summary))
    for part, title in ((single, "Gaps between groups"), (table.drop(single.index), "Gaps at intersections")):
        if len(part):
            found.append(Table(title, shown(part, columns), columns, note, collapsed=part is not single))
            found += _ratios(part, names, title)
    return found


def _ratios(part: pd.DataFrame, names: tuple[Column, ...], title: str) -> list[Block]:
    part = part[part["ratio_change"].notna()]
    if part.empty:
        return []
    columns = (
        *names, Column("ratio_a", "Ratio in A", "number"), Column("ratio_b", "Ratio in B", "number"),
        Column("ratio_change", "B divided by A", "interval", ("ratio_low", "ratio_high")),
    )  # fmt: skip
    note = (
        "A ratio is the lowest of the groups' rates over the highest; nearer to 1 is better. B divided by A above 1 "
        "means that the ratio grew, which is better, below 1 that it fell. Rates of zero have no ratio."
    )
    title = title.replace("Gaps", "Ratios")
    return [Table(title, shown(part, columns), columns, note, collapsed=True)]


def _gap_chart(rows: pd.DataFrame, summary: Any) -> Figure:
    widest = rows.loc[rows["difference"].abs().idxmax()]
    ends = with_ends(widest["difference"], widest["low"], widest["high"])
    return interval_chart(
        title="By how much gaps became smaller (left of the line) or larger (right)",
        alt=f"Changes of {len(rows)} gaps between groups with {level_of(summary['confidence'])} intervals. The largest "
        f"change is {ends}, of {widest['criterion']} by {widest['feature']}.",
        data=rows[["feature", "criterion", "difference", "low", "high"]],
        label="criterion",
        value="difference",
        low="low",
        high="high",
        x_title="Gap in B minus gap in A",
        series="feature" if rows["feature"].nunique() > 1 else None,
        reference=0.0,
        columns=(Column("feature", "Feature"), Column("criterion", "Rate"), _DIFFERENCE),
    )


def groups(artifact: Artifact) -> list[Block]:
    """Return the change of every group's rates.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    list of Block
    """
    table = artifact.tables["groups"]
    columns = (
        Column("level", "Group"), Column("rate", "Rate"), Column("n", "Rows"), Column("a", "Run A", "number"),
        Column("b", "Run B", "number"), _DIFFERENCE,
    )  # fmt: skip
    found: list[Block] = []
    for feature, rows in table.groupby("feature", sort=False):
        # Fewer rows than this are not made a rate of: they might point at a person.
        enough = rows["behind"] >= MIN_CELL
        part = rows.assign(
            rate=[label(str(name)) for name in rows["metric"]],
            n=rows["n"].map(count_text),
            **{name: rows[name].where(enough) for name in ("a", "b", "difference", "low", "high")},
        )
        crossed = bool(rows["intersection"].iloc[0])
        note = f"Each interval by itself. {SMALL_NOTE}"
        found.append(Table(f"Rates by {feature}", shown(part, columns), columns, note, collapsed=crossed))
    return found


def decisions(artifact: Artifact) -> list[Block]:
    """Return counts of flipped decisions, and how far the scores agree.

    Parameters
    ----------
    artifact : Artifact

    Returns
    -------
    list of Block
    """
    table, moves = artifact.tables["flips"], artifact.tables["moves"]
    if table.empty:
        return []
    n, flipped = int(table["n"].iloc[0]), int(table["flipped"].iloc[0])
    mended, broken = int(table["mended"].iloc[0]), int(table["broken"].iloc[0])
    text = (
        f"{count_text(flipped)} of {whole(n)} decisions flipped ({percent(flipped / max(1, n))}): {count_text(mended)} "
        f"that were wrong in A are right in B, {count_text(broken)} that were right in A are wrong in B."
    )
    columns = (
        Column("of", "Of"), Column("level", "Group"), Column("n", "Rows"), Column("flipped", "Flipped"),
        Column("share", "Share flipped", "percent"), Column("mended", "Mended: right in B only"),
        Column("broken", "Broken: right in A only"),
    )  # fmt: skip
    counted = {name: table[name].map(count_text) for name in ("n", "flipped", "mended", "broken")}
    hidden = table["n"].between(1, MIN_CELL - 1) | table["flipped"].between(1, MIN_CELL - 1)
    share = (table["flipped"] / table["n"].where(table["n"] > 0)).where(~hidden)
    part = table.assign(share=share, **counted)
    note = "Counts of 1 to 4 are shown as <5."
    found: list[Block] = [Text(text), Table("Flipped decisions", shown(part, columns), columns, note)]
    if len(moves):
        own = (
            Column("true", "Reference standard"), Column("a", "Decision of A"), Column("b", "Decision of B"),
            Column("n", "Rows"),
        )  # fmt: skip
        shown_moves = moves.assign(n=moves["n"].map(count_text))
        found.append(Table("From which decision to which", shown_moves, own, note, collapsed=len(moves) > 12))
    return [*found, *_agreement(artifact)]


def _agreement(artifact: Artifact) -> list[Block]:
    """How far the scores agree, with a chart."""
    agreed, bands = artifact.summary["agreement"], artifact.tables["bands"]
    if not agreed:
        return []
    of = "of the class of interest" if len(artifact.summary["classes"]) == 2 else "given to each row's true class"
    items = (
        ("Correlation of the scores", number(agreed["pearson"])),
        ("Correlation of their ranks", number(agreed["spearman"])),
        ("Mean absolute difference", number(agreed["mean_absolute"])),
        ("Largest difference", number(agreed["largest"])),
    )
    found: list[Block] = [
        Subheading("Agreement of the scores"),
        KeyValues(items, title=f"Probabilities {of}, row by row"),
    ]
    if len(bands):
        found.append(_ranks(bands))
    return found


def _ranks(bands: pd.DataFrame) -> Figure:
    diagonal = float(bands.loc[bands["band_a"] == bands["band_b"], "share"].sum())
    near = float(bands.loc[(bands["band_a"] - bands["band_b"]).abs() <= 1, "share"].sum())
    counts = bands.pivot_table(index="band_a", columns="band_b", values="n", aggfunc="sum", fill_value=0)
    # Whole percentages, and no cell that stands for a few rows.
    shares = counts.where(counts >= MIN_CELL, 0).mul(100).div(counts.sum(axis=1), axis=0).round()
    data = pd.DataFrame(
        [(_band(a), _band(b), shares.loc[a, b]) for a in shares.index for b in shares.columns],
        columns=["Tenth in A", "Tenth in B", "percent"],
    )
    return heatmap_chart(
        title="Of every tenth of the rows in A, percent by tenth in B",
        alt="Tenths of the rows from the lowest score (1) to the highest (10): A down, B across. "
        f"{percent(diagonal)} of the rows are in the same tenth in both runs, {percent(near)} in the same or a "
        f"neighbouring one. Cells of fewer than {MIN_CELL} rows are shown as 0; rows with equal scores share a tenth.",
        data=data,
        x="Tenth in B",
        y="Tenth in A",
        value="percent",
        value_title="Percent of A's tenth",
        columns=(
            Column("Tenth in A", "Tenth in A"), Column("Tenth in B", "Tenth in B"),
            Column("percent", "Percent of A's tenth", "int"),
        ),
    )  # fmt: skip


def _band(band: Any) -> str:
    return str(int(band))
