"""Section "Fairness": whom the model treats worse, and how sure one can be of it."""

from __future__ import annotations

from appliedml.core.artifact import Artifact
from appliedml.core.small_counts import count_text
from appliedml.report._explorer_figures import Limits
from appliedml.report.blocks import Block, Bullets, Callout, Column, Subheading, Table, Text, Tone
from appliedml.report.figures import interval_chart, line_chart
from appliedml.report.sections._fairness_groups import (
    MAX_ROWS,
    SMALL_NOTE,
    groups,
    only,
    percent_of,
    rate_label,
)
from appliedml.report.sections._fairness_limits import about_small_rates, coarse, counted_in_words, ranking
from appliedml.report.values import metric_label, plural_of
from appliedml.store.run import Run

MAX_BOUNDS = 6
BADGE = Column("verdict", "Verdict", "badge")
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
    """Verdicts, gaps, rates by group, small groups and the price of mitigation."""

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
            Text(_not_compared(artifact)),
            *_policy_bounds(artifact, run),
            *_gaps(artifact),
            *about_small_rates(artifact),
            *ranking(artifact),
            Subheading("What the criteria ask for"),
            Bullets(MEANINGS),
            Text(CANNOT_ALL_HOLD),
            Text(ASSOCIATION),
            *groups(artifact, plural_of(_units(artifact, run)).capitalize() or "Units"),
            *_unjudged(artifact, _units(artifact, run)),
            *_frontier(artifact),
            Subheading("How the fairness intervals were made"),
            Text(_method(artifact)),
        ]


def _not_compared(artifact: Artifact) -> str:
    features = artifact.tables["features"]
    found = features[~features["intersection"].astype(bool) & (features["n_unknown"] > 0)]
    if found.empty:
        return "The level of nobody is unknown, so nobody is left out of the comparisons for that reason."
    counts = ", ".join(f"{name} {count_text(n)}" for name, n in zip(found["feature"], found["n_unknown"], strict=True))
    if artifact.summary["judge_unknown"]:
        return f"Rows of people of unknown level, who are compared like a group where they are enough: {counts}."
    return f"Rows of people of unknown level, who are counted but not compared: {counts}."


def _policy_bounds(artifact: Artifact, run: Run) -> list[Block]:
    """Say that the policy asks for something else of the gaps judged here, if it does."""
    if "gates" not in run or "gates" not in run["gates"].tables:
        return []
    gates, gaps = run["gates"].tables["gates"], artifact.tables["gaps"]
    judged = {(f"gap.{metric}", feature) for metric, feature in zip(gaps["metric"], gaps["feature"], strict=True)}
    tolerance = f"{float(artifact.summary['tolerance']):g}"
    own = [
        f"{metric_label(metric)}, by {subset}: {rule}"
        for metric, subset, rule in zip(gates["metric"], gates["subset"], gates["rule"], strict=True)
        if (metric, subset) in judged and rule != f"at most {tolerance}"
    ]
    if not own:
        return []
    text = f"The policy has bounds of its own for these gaps; the verdicts here use the audit's tolerance, {tolerance}."
    more = f"; and {len(own) - MAX_BOUNDS} more" if len(own) > MAX_BOUNDS else ""
    return [Text(f"{text} {'; '.join(own[:MAX_BOUNDS])}{more}.")]


def _verdict(artifact: Artifact) -> Callout:
    gaps = artifact.tables["gaps"]
    counts = gaps["verdict"].value_counts()
    n = {name: int(counts.get(name, 0)) for name in ("disparity", "within tolerance", "insufficient evidence")}
    n_coarse = int(coarse(gaps).sum())
    tone: Tone = "neutral" if n_coarse else "good"
    title = "Every gap is within tolerance"
    if n_coarse:
        title = f"No gap exceeds the tolerance, but {n_coarse} of {len(gaps)} rates are too small for one that could"
    elif any(gaps["n_too_small"] > 0):
        title = "Every gap judged is within tolerance; not all groups are judged"
    if any(finding.severity == "problem" for finding in artifact.findings):
        tone, title = "bad", "Disparity found: a gap exceeds the tolerance"
    elif n["disparity"]:
        tone, title = "warning", "Disparity found: a difference is shown, its size against the tolerance is open"
    elif n["insufficient evidence"]:
        tone, title = "warning", "Not everything can be judged"
    elif any(finding.severity == "warning" for finding in artifact.findings):
        tone, title = "warning", f"{title}, but there are warnings"
    text = (
        f"{len(gaps)} verdicts: {n['disparity']} disparity, {n['within tolerance']} within tolerance, "
        f"{n['insufficient evidence']} insufficient evidence."
    )
    if n_coarse:
        text += (
            f" {n_coarse} of those within tolerance are no reassurance: rates so small leave no room for a gap of "
            f"{float(artifact.summary['tolerance']):g}; look at the ratio."
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
    sure = percent_of(artifact.summary["confidence"])
    tolerance = float(artifact.summary["tolerance"])
    names = (Column("feature", "Feature"), Column("criterion", "Criterion"), BADGE)
    largest = Column("gap", "Largest gap", "interval", ("low", "high"))
    columns = (
        *names, largest, Column("between", "Between"),
        Column("ratio", "Smallest ratio", "interval", ("ratio_low", "ratio_high")), Column("judged", "Groups judged"),
    )  # fmt: skip
    note = (
        f"Within tolerance: the whole interval of the largest gap is at most {tolerance:g}, among the groups judged. "
        f"Disparity: two groups differ with {sure} confidence (corrected), and it is not shown that they differ by "
        f"less than {tolerance:g}; the reason says whether the gap exceeds it or its size is open. Insufficient "
        f"evidence: neither can be said. All intervals hold together with {sure} confidence. Where fewer than two "
        "groups are judged there is no gap."
    )
    shown = gaps.assign(
        between=[f"{a} and {b}" if a else "" for a, b in zip(gaps["lowest_group"], gaps["highest_group"], strict=True)],
        judged=[f"{n} of {n + m}" for n, m in zip(gaps["n_groups"], gaps["n_too_small"], strict=True)],
    )
    whys = (*names, Column("note", "Reason"))
    found: list[Block] = [
        Table("Largest gap between two groups, by criterion", only(shown, columns), columns, note),
        Table("Why: the reason of each verdict", only(gaps, whys), whys, collapsed=True),
    ]
    drawn = gaps[(gaps["n_groups"] >= 2) & gaps["gap"].notna() & ~gaps["metric"].str.startswith("equalised_odds")]
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


def _units(artifact: Artifact, run: Run) -> str:
    """Return the column that says which rows belong together; empty where none does."""
    return str(run.info["schema"].get("group") or "") if artifact.summary["clustered"] else ""


def _unjudged(artifact: Artifact, column: str) -> list[Block]:
    small, features = artifact.tables["too_small"], artifact.tables["features"]
    found: list[Block] = []
    summary = artifact.summary
    limits = Limits(*(int(summary[f"min_{name}"]) for name in ("rows", "positives", "negatives")))
    judged_from = limits.in_words(bool(summary["clustered"]), column)
    if len(small):
        columns = (
            Column("feature", "Feature"), Column("level", "Group"), Column("rate", "Rate"),
            Column("counted", "Counted"), Column("found", "Found"), Column("needed", "Needed", "int"),
        )  # fmt: skip
        note = (
            f"{judged_from}. The figures of smaller groups are shown above, with wide intervals; no verdict rests on "
            f"them. {SMALL_NOTE}"
        )
        shown = small.assign(
            rate=[rate_label(str(name)) for name in small["metric"]],
            counted=[counted_in_words(str(what), bool(summary["clustered"]), column) for what in small["counted"]],
            found=small["found"].map(count_text),
        )
        found.append(Table("Groups too small to judge", only(shown, columns), columns, note, collapsed=len(small) > 12))
    columns = (
        Column("feature", "Feature"), Column("status", "Status"), Column("n_levels", "Groups", "int"),
        Column("n_rows", "Rows", "int"), Column("n_unknown", "Unknown"), Column("reason", "Reason"),
    )  # fmt: skip
    shown = features.assign(n_unknown=features["n_unknown"].map(count_text))
    table = Table("Features and intersections, with people of unknown level", only(shown, columns), columns)
    return [Subheading("Who could not be judged"), *found, *_unknown(artifact), table]


def _unknown(artifact: Artifact) -> list[Block]:
    table = artifact.tables.get("unknown")
    if table is None or table.empty:
        return []
    columns = (
        Column("feature", "Feature"), Column("level", "Group"), Column("label", "Rate"), Column("n", "Rows"),
        Column("rate", "Value", "number"), Column("lowest_rate", "Lowest judged", "number"),
        Column("highest_rate", "Highest judged", "number"), Column("against", "Compared with"),
        Column("difference", "Difference", "interval", ("low", "high")), Column("reading", "Reading", "badge"),
    )  # fmt: skip
    note = (
        "Unknown groups that are large enough, against the judged group from which they differ most clearly. They take "
        "part in no verdict. A warning is given where the interval of the difference excludes 0, or where the rate "
        "lies outside those of the judged groups by more than the tolerance. The intervals hold together with "
        f"{percent_of(artifact.summary['confidence'])} confidence, apart from those of the gaps."
    )
    shown = table.assign(
        n=table["n"].map(count_text),
        label=[rate_label(str(name)) for name in table["metric"]],
        reading=["warning" if differs else "no difference shown" for differs in table["differs"]],
    )
    caption = "People of unknown level against the judged groups"
    return [Table(caption, only(shown, columns), columns, note, collapsed=len(table) > 12)]


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
    sure = percent_of(summary["confidence"])
    n = int(summary["n_features_tested"])
    return (
        f"Bootstrap of {int(summary['n_resamples']):,} resamples of the pooled out-of-fold rows; "
        f"{summary['resampling']} ({int(summary['n_units']):,} units). The percentile interval of a largest gap is "
        "biased: it lies above zero even where there is no disparity. Here all pairs of groups and all criteria of a "
        "feature get intervals that hold at once (single-step max-|t|, Westfall and Young 1993), and the interval of "
        f"the largest gap follows from them. {n} feature{'s' if n != 1 else ''} and intersections were tested; by "
        f"Bonferroni's correction each was judged at {percent_of(summary['confidence_per_feature'])}, so that all gaps "
        f"together are covered with {sure}. Intervals of single rates are not corrected. AUROC intervals follow "
        "DeLong (1988), summed within groups of rows where there are any. The intervals are about these trained "
        "models: training anew would add to them."
    )
