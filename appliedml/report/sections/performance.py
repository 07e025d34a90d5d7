"""Section "Performance": how good the out-of-fold predictions are, and how sure that is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from appliedml.core.artifact import ALL_FOLDS, Artifact
from appliedml.report.blocks import Block, Column, Figure, Headlines, Subheading, Table, Text
from appliedml.report.figures import heatmap_chart, histogram_chart, interval_chart, line_chart
from appliedml.report.sections._scores import finding_blocks, how_intervals, listed, row_where
from appliedml.report.values import interval, metric_label, number, percent
from appliedml.store.run import Run

_HEADLINES = ("roc_auc", "average_precision", "brier", "recall", "precision")
_MEANINGS = {
    "roc_auc": "chance that a row of the class of interest scores higher than another row; 0.5 says nothing",
    "average_precision": "mean precision over all recalls; the share of positives says nothing",
    "log_loss": "mean surprise of the true class, in natural units",
    "brier": "mean squared distance of probability and outcome",
    "recall_at_precision": "largest recall of a threshold with that precision",
    "accuracy": "share of right answers",
    "balanced_accuracy": "mean of the classes' recalls",
    "precision": "share of rows called positive that are",
    "recall": "share of positive rows that are called so",
    "specificity": "share of negative rows that are called so",
    "f1": "harmonic mean of precision and recall",
    "mcc": "correlation of call and truth",
    "selection_rate": "share of rows called positive",
    "cost": "mean cost of the errors, in the plan's units",
}
_MAX_CURVES = 6
_MAX_COUNTED = 12


class Performance:
    """Measures with intervals, folds, curves, confusion, thresholds and the decision curve."""

    title = "Performance"
    order = 40
    reads = ("performance",)

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        artifact = run["performance"]
        if "metrics" not in artifact.tables:
            return []
        summary = artifact.summary
        found: list[Block] = [_headlines(artifact), *finding_blocks(artifact)]
        found.append(Text(f"{_rows_sentence(summary)} {how_intervals(summary)}"))
        found.append(_measures(artifact))
        found += _folds(artifact)
        found.append(Subheading("Ranking: ROC and precision-recall"))
        found += [_roc(artifact), _precision_recall(artifact)]
        found += _confusion(artifact)
        if summary["binary"]:
            found += _scores(artifact)
            found += _thresholds(artifact)
            found += _decision(artifact)
        else:
            found += _classes(artifact)
        return found


def _rows_sentence(summary: Any) -> str:
    text = f"All figures are out-of-fold: {summary['n']:,} test rows of {summary['n_folds']} folds, each scored by a "
    text += "pipeline that was fitted without it"
    if summary["binary"]:
        text += f"; {percent(summary['prevalence'])} of them are {summary['classes'][1]!r}, the class of interest."
    else:
        text += "; measures are averaged over the classes, each against the rest."
    if summary["left_out"]:
        text += f" Asked for, but not defined for these classes: {listed(summary['left_out'])}."
    return text


def _headlines(artifact: Artifact) -> Headlines:
    items = []
    for name in _HEADLINES:
        row = row_where(artifact.tables["metrics"], metric=name)
        if row is not None:
            items.append((row["title"], number(row["value"]), interval(row["low"], row["high"])))
    return Headlines(tuple(items))


def _measures(artifact: Artifact) -> Table:
    data = artifact.tables["metrics"].copy()
    data["meaning"] = [_MEANINGS.get(name, "") for name in data["metric"]]
    columns = [
        Column("title", "Measure"),
        Column("value", "Value and interval", "interval", bounds=("low", "high")),
        Column("better", "Better is"),
        Column("meaning", "What it is"),
    ]
    lost = data["n_undefined"] > 0
    if lost.any():
        columns.append(Column("n_undefined", "Resamples in which it is undefined", "int"))
    if (data["note"] != "").any():
        columns.append(Column("note", "Note"))
    return Table("Measures over all folds", data, tuple(columns))


def _folds(artifact: Artifact) -> list[Block]:
    data = artifact.tables["by_fold"]
    found: list[Block] = [Subheading("Fold by fold")]
    names = [str(name) for name in data.columns if name not in ("fold", "n", "n_positive", "threshold")]
    if "roc_auc" in names and data["roc_auc"].notna().sum() > 1:
        shown = pd.DataFrame({"fold": [f"fold {k}" for k in data["fold"]], "roc_auc": data["roc_auc"]})
        alt = f"AUROC by fold: {listed(f'{row.fold} {number(row.roc_auc)}' for row in shown.itertuples())}."
        found.append(
            interval_chart(
                title="AUROC by fold",
                alt=alt,
                data=shown.assign(low=np.nan, high=np.nan),
                label="fold",
                value="roc_auc",
                low="low",
                high="high",
                x_title="AUROC (one point a fold, no intervals)",
                # The whole useful range: on an axis that ends at the points any spread looks large.
                x_domain=(min(0.5, float(data["roc_auc"].min(skipna=True))), 1.0),
                columns=(Column("fold", "Fold"), Column("roc_auc", "AUROC", "number")),
            )
        )
    columns = (
        Column("fold", "Fold", "int"),
        Column("n", "Test rows", "int"),
        *([Column("n_positive", "Positives", "int")] if "n_positive" in data else []),
        *([Column("threshold", "Threshold", "number")] if "threshold" in data else []),
        *(Column(name, metric_label(name), "number") for name in names),
    )
    note = "How much folds differ is shown for its own sake. It is no confidence interval: folds share training rows."
    found.append(Table("Measures by fold", data, columns, note=note, collapsed=True))
    return found


def _roc(artifact: Artifact) -> Figure:
    data, several = _few_classes(artifact, "roc")
    area = row_where(artifact.tables["metrics"], metric="roc_auc")
    alt = "True positive rate against false positive rate over all thresholds"
    if area is not None:
        alt += f"; the area under the curve is {number(area['value'])} ({interval(area['low'], area['high'])})"
    return line_chart(
        title="ROC curve",
        alt=f"{alt}. The dashed diagonal is what scores without information give.",
        data=data,
        x="false_positive_rate",
        y="true_positive_rate",
        x_title="False positive rate",
        y_title="True positive rate",
        series="class" if several else None,
        diagonal=True,
        x_domain=(0, 1),
        y_domain=(0, 1),
        columns=(
            *([Column("class", "Class")] if several else []),
            Column("threshold", "Threshold", "number"),
            Column("false_positive_rate", "False positive rate", "number"),
            Column("true_positive_rate", "True positive rate", "number"),
        ),
    )


def _precision_recall(artifact: Artifact) -> Figure:
    data, several = _few_classes(artifact, "precision_recall")
    area = row_where(artifact.tables["metrics"], metric="average_precision")
    share = artifact.summary["prevalence"]
    alt = "Precision against recall over all thresholds"
    if area is not None:
        alt += f"; average precision is {number(area['value'])} ({interval(area['low'], area['high'])})"
    if share is not None:
        alt += f"; the dashed line is the share of positives, {percent(share)}, which chance would give"
    return line_chart(
        title="Precision-recall curve",
        alt=f"{alt}.",
        data=data,
        x="recall",
        y="precision",
        x_title="Recall",
        y_title="Precision",
        series="class" if several else None,
        reference=share,
        x_domain=(0, 1),
        y_domain=(0, 1),
        columns=(
            *([Column("class", "Class")] if several else []),
            Column("threshold", "Threshold", "number"),
            Column("recall", "Recall", "number"),
            Column("precision", "Precision", "number"),
        ),
    )


def _few_classes(artifact: Artifact, name: str) -> tuple[pd.DataFrame, bool]:
    """The curves, of the most frequent classes where there are too many to tell apart."""
    data = artifact.tables[name]
    if artifact.summary["binary"]:
        return data, False
    by_size = artifact.tables["by_class"].sort_values("n", ascending=False, kind="stable")["class"]
    return data[data["class"].isin(by_size.head(_MAX_CURVES))], True


def _confusion(artifact: Artifact) -> list[Block]:
    table = artifact.tables["confusion"]
    data = table.loc[table["fold"] == ALL_FOLDS].rename(columns={"true": "True class", "predicted": "Predicted class"})
    parts = [
        f"{row['n']:,} of true class {row['True class']!r} called {row['Predicted class']!r} "
        f"({percent(row['share_of_true'])})"
        for row in data.to_dict("records")
    ]
    alt = f"{listed(parts[:12])}{' ...' if len(parts) > 12 else ''}."
    columns = (
        Column("True class", "True class"),
        Column("Predicted class", "Predicted class"),
        Column("n", "Rows", "int"),
        Column("share_of_true", "Share of the true class", "percent"),
    )
    figure = heatmap_chart(
        title="Confusion at the thresholds in use",
        alt=alt,
        data=data,
        x="Predicted class",
        y="True class",
        value="share_of_true",
        value_title="Share of the true class",
        columns=columns,
    )
    by_fold = table.loc[table["fold"] != ALL_FOLDS]
    fold_columns = (Column("fold", "Fold", "int"), Column("true", "True class"), Column("predicted", "Predicted class"))
    table_by_fold = Table("Confusion by fold", by_fold, (*fold_columns, *columns[2:]), collapsed=True)
    return [Subheading("Decisions"), figure, *_counts(data), table_by_fold]


def _counts(data: pd.DataFrame) -> list[Block]:
    """Counts and shares together, true classes down and predicted classes across."""
    names = list(dict.fromkeys(data["True class"]))
    if len(names) > _MAX_COUNTED:
        return []
    rows = []
    for name in names:
        part = data[data["True class"] == name]
        row: dict[str, object] = {"true": name, "n": int(part["n"].sum())}
        for place, item in enumerate(part.to_dict("records")):
            row[f"called_{place}"] = f"{item['n']:,} ({percent(item['share_of_true'])})"
        rows.append(row)
    columns = (
        Column("true", "True class"),
        Column("n", "Rows", "int"),
        *(Column(f"called_{place}", f"Called {name}") for place, name in enumerate(names)),
    )
    return [Table("Confusion in rows and shares of the true class", pd.DataFrame(rows), columns)]


def _scores(artifact: Artifact) -> list[Block]:
    data = artifact.tables["histogram"]
    name = artifact.summary["classes"][1]
    filled = data.loc[data["n"] > 0]
    ranges = [
        f"rows that are {label!r} score between {number(part['low'].min())} and {number(part['high'].max())}"
        for label, part in filled.groupby("class", sort=False)
    ]
    figure = histogram_chart(
        title="Scores by true class",
        alt=f"Counts of the predicted probability of {name!r}: {listed(ranges)}. Each class has its own height.",
        data=data,
        low="low",
        high="high",
        count="n",
        x_title=f"Predicted probability of {name}",
        series="class",
        columns=(
            Column("class", "True class"),
            Column("low", "From", "number"),
            Column("high", "To", "number"),
            Column("n", "Rows", "int"),
            Column("share", "Share of the class", "percent"),
        ),
    )
    return [figure]


def _thresholds(artifact: Artifact) -> list[Block]:
    data = artifact.tables["thresholds"]
    used = sorted(set(artifact.summary["thresholds"]))
    note = f"In use: {number(used[0])} in all folds."
    if len(used) > 1:
        note = (
            f"In use: {number(used[0])} to {number(used[-1])}, chosen in each fold; their median is marked. "
            "Cross-validation does not fix the threshold that a user would deploy: each fold has its own."
        )
    columns = (
        Column("threshold", "Threshold", "number"),
        Column("in_use", "In use"),
        Column("alerts_per_1000", "Called positive per 1,000 rows", "number"),
        Column("precision", "Precision", "percent"),
        Column("recall", "Recall", "percent"),
        Column("specificity", "Specificity", "percent"),
        Column("true_positive", "Found", "int"),
        Column("false_positive", "False alarms", "int"),
        Column("false_negative", "Missed", "int"),
    )
    return [Table("What other thresholds would do", data, columns, note=note)]


def _decision(artifact: Artifact) -> list[Block]:
    data = artifact.tables["decision_curve"]
    names = {"model": "this model", "treat_all": "act on all", "treat_none": "act on none"}
    long = data.melt("threshold", list(names), "strategy", "net_benefit")
    long["strategy"] = long["strategy"].map(names)
    best = data["model"] > np.maximum(data["treat_all"], 0) + 1e-12
    where = "at no threshold shown"
    if best.any():
        reached = data.loc[best, "threshold"]
        span = f"from {number(reached.min())} to {number(reached.max())}"
        where = f"at {int(best.sum())} of {len(data)} thresholds, {span}"
    top = max(float(data[["model", "treat_all"]].to_numpy().max()), 0.001)
    figure = line_chart(
        title="Decision curve",
        alt=f"Net benefit of acting on the model, on all rows and on none. The model is the best of the three {where}.",
        data=long,
        x="threshold",
        y="net_benefit",
        x_title="Probability from which one would act",
        y_title="Net benefit",
        series="strategy",
        y_domain=(-0.3 * top, 1.05 * top),
        columns=(
            Column("strategy", "Strategy"),
            Column("threshold", "Threshold", "number"),
            Column("net_benefit", "Net benefit", "number"),
        ),
    )
    text = (
        "Net benefit counts true positives per row and takes off false positives at the rate that the threshold "
        "implies: who acts from a probability of 0.1 on takes nine false alarms for one hit (Vickers and Elkin 2006). "
        "It needs calibrated probabilities."
    )
    return [Subheading("Is acting on the model worth it?"), Text(text), figure]


def _classes(artifact: Artifact) -> list[Block]:
    columns = (
        Column("class", "Class"),
        Column("n", "Rows", "int"),
        Column("n_called", "Called so", "int"),
        *(
            Column(name, metric_label(name), "number")
            for name in ("precision", "recall", "f1", "roc_auc", "average_precision")
        ),
    )
    return [Table("Each class against the rest", artifact.tables["by_class"], columns)]
