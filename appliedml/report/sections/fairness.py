"""Section "Fairness": whom the model treats worse, and how sure one can be of it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Block, Bullets, Callout, Column, Figure, Subheading, Table, Text, Tone
from appliedml.report.figures import interval_chart, line_chart
from appliedml.report.values import metric_label
from appliedml.store.run import Run

MAX_ROWS = 60
# Rates whose groups are few are set side by side; many groups get a row each.
MAX_SIDE_BY_SIDE = 5
SECOND_TABLE = ("prevalence", "accuracy", "positive_predictive_value", "roc_auc", "observed_minus_predicted")
MEANINGS = (
    "Demographic parity: every group is selected equally often (no gap in the selection rate).",
    "Equal opportunity: of those who truly belong to the class of interest, the same share is found in every group "
    "(no gap in the true positive rate).",
    "Predictive equality: of those who do not belong to it, the same share is selected by mistake (no gap in the false "
    "positive rate).",
    "Equalised odds: both of the last two at once; its gap is the larger of their gaps.",
    "Predictive parity: a selection means the same in every group (no gap in the positive predictive value).",
    "Equal accuracy: the same share of decisions is right in every group.",
)
CANNOT_ALL_HOLD = (
    "Where the class of interest is more frequent in one group than in another, these criteria contradict each other: "
    "no model short of a perfect one can satisfy equalised odds and predictive parity, or be calibrated and satisfy "
    "equalised odds, at the same time (Kleinberg, Mullainathan and Raghavan 2016; Chouldechova 2017). Which of them "
    "matters is a decision about the use of the model, and has to be made and justified by people."
)
ASSOCIATION = (
    "A gap is an association, not a cause: it shows that outcomes differ between groups, not why. Labels that were "
    "recorded differently for different groups distort every rate on this page that refers to them."
)


class Fairness:
    """Verdicts, gaps, rates by group, impact ratios, small groups and the price of mitigation."""

    title = "Fairness"
    order = 50
    reads = ("fairness",)

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        artifact = run["fairness"]
        if "gaps" not in artifact.tables:
            return []
        return [
            _verdict(artifact),
            Text(_selected(artifact)),
            *_gaps(artifact),
            Subheading("What the criteria ask for"),
            Bullets(MEANINGS),
            Text(CANNOT_ALL_HOLD),
            Text(ASSOCIATION),
            *_groups(artifact),
            *_impact(artifact),
            *_unjudged(artifact),
            *_frontier(artifact),
            Subheading("How the fairness intervals were made"),
            Text(_method(artifact)),
        ]


def _percent(share: Any) -> str:
    return f"{100 * float(share):.4g}%"


def _verdict(artifact: Artifact) -> Callout:
    gaps = artifact.tables["gaps"]
    counts = gaps["verdict"].value_counts()
    n = {name: int(counts.get(name, 0)) for name in ("disparity", "within tolerance", "insufficient evidence")}
    tone: Tone = "good"
    title = "Every gap is within tolerance"
    if n["disparity"]:
        tone, title = "bad", "Disparity found"
    elif n["insufficient evidence"]:
        tone, title = "warning", "Not everything can be judged"
    text = (
        f"{len(gaps)} verdicts: {n['disparity']} disparity, {n['within tolerance']} within tolerance, "
        f"{n['insufficient evidence']} insufficient evidence."
    )
    shown = [finding for finding in artifact.findings if finding.severity in ("problem", "warning")]
    return Callout(tone, title, " ".join([text, *(f"{item.title}. {item.text}" for item in shown[:3])]))


def _selected(artifact: Artifact) -> str:
    classes = artifact.summary["classes"]
    if len(classes) == 2:
        return (
            f"Selected means predicted as {classes[1]!r}, and positive means truly {classes[1]!r} by the reference "
            "standard. Whether being selected helps or harms a person depends on the use: where it harms, the group "
            "with the highest rate is the one treated worse. Decisions are those of the out-of-fold models, each at "
            "its own threshold."
        )
    return (
        "Every class is set against the others: selected means predicted as that class, positive means truly of it by "
        "the reference standard. Decisions are those of the out-of-fold models."
    )


def _gaps(artifact: Artifact) -> list[Block]:
    gaps = artifact.tables["gaps"]
    sure = _percent(artifact.summary["confidence"])
    tolerance = float(artifact.summary["tolerance"])
    names = (Column("feature", "Feature"), Column("criterion", "Criterion"), Column("verdict", "Verdict", "badge"))
    largest = Column("gap", "Largest gap", "interval", ("low", "high"))
    columns = (
        *names, largest, Column("between", "Between"),
        Column("ratio", "Smallest ratio", "interval", ("ratio_low", "ratio_high")), Column("judged", "Groups judged"),
    )  # fmt: skip
    note = (
        f"Within tolerance: the whole interval of the largest gap is at most {tolerance:g}. Disparity: two groups "
        f"surely differ, and not surely by less than {tolerance:g}. Insufficient evidence: neither can be said. All "
        f"intervals hold together with {sure} confidence."
    )
    shown = gaps.assign(
        between=[f"{a} and {b}" if a else "" for a, b in zip(gaps["lowest_group"], gaps["highest_group"], strict=True)],
        judged=[f"{n} of {n + m}" for n, m in zip(gaps["n_groups"], gaps["n_too_small"], strict=True)],
    )
    found: list[Block] = [
        Table("Largest gap between two groups, by criterion", shown, columns, note),
        Table("Why: the reason of each verdict", gaps, (*names, Column("note", "Reason")), collapsed=True),
    ]
    drawn = gaps[gaps["gap"].notna() & ~gaps["metric"].str.startswith("equalised_odds")]
    if len(drawn):
        drawn = drawn.sort_values(["intersection"], kind="stable").head(MAX_ROWS)
        worst = drawn.loc[drawn["gap"].idxmax()]
        found.append(
            interval_chart(
                title=f"Largest gaps, with intervals that hold together ({sure})",
                alt=f"Largest gap by feature and criterion. The widest is {worst['gap']:.3f} "
                f"({worst['low']:.3f} to {worst['high']:.3f}), by {worst['feature']}, {worst['criterion']}. The dashed "
                f"line is the tolerance, {tolerance:g}.",
                data=drawn[["feature", "criterion", "gap", "low", "high"]],
                label="feature",
                value="gap",
                low="low",
                high="high",
                x_title="Difference of two rates",
                series="criterion",
                reference=tolerance,
                columns=(*names[:2], largest),
            )
        )
    return found


def _groups(artifact: Artifact) -> list[Block]:
    table = artifact.tables["by_group"]
    found: list[Block] = []
    for feature, part in table.groupby("feature", sort=False):
        crossed = bool(part["intersection"].iloc[0])
        if not crossed:
            found.append(Subheading(f"By {feature}"))
            found += _rate_charts(str(feature), part)
        found += _group_tables(str(feature), part, crossed, artifact)
    return found


def _group_tables(feature: str, part: pd.DataFrame, crossed: bool, artifact: Artifact) -> list[Block]:
    counts = {"n": "Rows", "n_units": "Units", "n_positive": "Positives", "n_selected": "Selected"}
    if not artifact.summary["clustered"]:
        counts.pop("n_units")
    first = [Column("level", "Group"), *(Column(name, label, "int") for name, label in counts.items() if name in part)]
    second = first[:1]
    for name in _rates(part):
        # The complements of other rates stay in the data of the run.
        if name in ("specificity", "negative_predictive_value"):
            continue
        column = Column(name, _label(name), "interval", (f"{name}_low", f"{name}_high"))
        (second if name in SECOND_TABLE else first).append(column)
    note = f"Each interval by itself has {_percent(artifact.summary['confidence'])} confidence. "
    if part["unknown"].any():
        note += "People of unknown level are counted and shown; "
        note += "they are compared like a group." if artifact.summary["judge_unknown"] else "they are not compared."
    found: list[Block] = [Table(f"Rates by {feature}", part, tuple(first), note.strip(), collapsed=crossed)]
    if len(second) > 1:
        note = "Observed minus predicted: above 0 the scores are too low for the group, below 0 too high."
        found.append(Table(f"Further figures by {feature}", part, tuple(second), note, crossed))
    return found


def _rates(part: pd.DataFrame) -> list[str]:
    return [str(name).removesuffix("_low") for name in part.columns if str(name).endswith("_low")]


def _label(name: str) -> str:
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
            "rate": _label(name),
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


def _impact(artifact: Artifact) -> list[Block]:
    table = artifact.tables["impact_ratio"]
    if table.empty:
        return []
    columns = [
        Column("feature", "Feature"), Column("level", "Group"), Column("n", "Rows", "int"),
        Column("share", "Share of known", "percent"), Column("n_selected", "Selected", "int"),
        Column("selection_rate", "Selection rate", "percent"), Column("reference", "Reference group"),
        Column("ratio", "Impact ratio", "interval", ("low", "high")), Column("reading", "Against 0.80"),
    ]  # fmt: skip
    if table["class"].nunique() > 1:
        columns.insert(1, Column("class", "Class"))
    note = (
        "Selection rate of the group over that of the reference group, by default the group with the highest rate; "
        "unknown levels are left out here and counted above. 0.80 (the four-fifths rule) is a convention, so read the "
        "interval beside it: these intervals hold for all groups of a feature together. Groups under 2% of the people "
        "are shown too. Calculation support, not an independent bias audit."
    )
    return [Subheading("Impact ratios"), Table("Impact ratio by feature and intersection", table, tuple(columns), note)]


def _unjudged(artifact: Artifact) -> list[Block]:
    small, features = artifact.tables["too_small"], artifact.tables["features"]
    found: list[Block] = []
    summary = artifact.summary
    unit = "groups of rows" if summary["clustered"] else "rows"
    if len(small):
        columns = (
            Column("feature", "Feature"), Column("level", "Group"), Column("rate", "Rate"),
            Column("counted", "Counted"), Column("found", "Found", "int"), Column("needed", "Needed", "int"),
        )  # fmt: skip
        note = (
            f"A group is judged from {summary['min_rows']:,} {unit}, {summary['min_positives']:,} positives (or "
            f"selected) and {summary['min_negatives']:,} negatives. Their figures are shown above, with wide "
            "intervals; no verdict rests on them."
        )
        shown = small.assign(rate=[_label(str(name)) for name in small["metric"]])
        found.append(Table("Groups too small to judge", shown, columns, note, collapsed=len(small) > 12))
    columns = (
        Column("feature", "Feature"), Column("status", "Status"), Column("n_levels", "Groups", "int"),
        Column("n_rows", "Rows", "int"), Column("n_unknown", "Unknown", "int"), Column("reason", "Reason"),
    )  # fmt: skip
    table = Table("Features and intersections, with people of unknown level", features, columns)
    return [Subheading("Who could not be judged"), *found, table]


def _frontier(artifact: Artifact) -> list[Block]:
    table = artifact.tables["frontier"]
    if table.empty:
        return []
    odds = table[table["equalised"] == "true_positive_rate"]
    labels = {"true_positive_rate": "True positive rate", "selection_rate": "Selection rate"}
    shown = table.assign(equalised=table["equalised"].map(labels))
    columns = (
        Column("feature", "Feature"), Column("equalised", "Equalised rate"),
        Column("share_closed", "Share of gap closed", "percent"), Column("gap", "Gap left", "number"),
        Column("precision", "Precision", "number"), Column("recall", "Recall", "number"),
        Column("balanced_accuracy", "Balanced accuracy", "number"),
        Column("selection_rate", "Selection rate", "percent"),
        Column("n_true_positive", "True positives", "int"), Column("n_false_positive", "False positives", "int"),
    )  # fmt: skip
    words = (
        "What closing a gap would cost everybody, if every group had a threshold of its own: each group's rate is "
        "moved step by step to that of all groups together, by the smallest change of its threshold. Optimistic: "
        "thresholds are found and counted on the same rows, and have no intervals. A different threshold by group may "
        "itself be unlawful; this shows a price, and recommends nothing."
    )
    found: list[Block] = [Subheading("What mitigation would cost"), Text(words)]
    if len(odds):
        last = odds[odds["share_closed"] == 1]
        ends = [f"{row['feature']} {row['precision']:.3f}" for _, row in last.iterrows()]
        found.append(
            line_chart(
                title="Precision as the gap in true positive rate is closed (same rows, optimistic)",
                alt=f"Overall precision against the remaining gap in true positive rate. Before any change it is "
                f"{odds['precision'].iloc[0]:.3f}; with the gap closed, by feature: {', '.join(ends)}.",
                data=odds[["feature", "gap", "precision"]],
                x="gap",
                y="precision",
                x_title="Gap left in true positive rate",
                y_title="Precision",
                series="feature",
                columns=(columns[0], columns[3], columns[4]),
            )
        )
    return [
        *found,
        Table("Price of closing a gap, estimated on the same rows", shown, columns, collapsed=len(found) > 2),
    ]


def _method(artifact: Artifact) -> str:
    summary = artifact.summary
    sure = _percent(summary["confidence"])
    n = int(summary["n_features_tested"])
    return (
        f"Bootstrap of {int(summary['n_resamples']):,} resamples of the pooled out-of-fold rows; "
        f"{summary['resampling']} ({int(summary['n_units']):,} units). The percentile interval of a largest gap is "
        "biased: it lies above zero even where there is no disparity. Here all pairs of groups and all criteria of a "
        "feature get intervals that hold at once (single-step max-|t|, Westfall and Young 1993), and the interval of "
        f"the largest gap follows from them. {n} feature{'s' if n != 1 else ''} and intersections were tested; by "
        f"Bonferroni's correction each was judged at {_percent(summary['confidence_per_feature'])}, so that all gaps "
        f"together are covered with {sure}. Intervals of single rates are not corrected. AUROC intervals follow "
        "DeLong (1988), summed within groups of rows where there are any. The intervals are about these trained "
        "models: training anew would add to them."
    )
