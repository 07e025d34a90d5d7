"""Section "Shortcuts": what the score and the features know about how a row was acquired, and whose it is."""

from __future__ import annotations

import pandas as pd

from appliedml.core.artifact import Artifact, Severity
from appliedml.report.blocks import Block, Bullets, Callout, Column, Table, Text
from appliedml.report.figures import interval_chart
from appliedml.report.sections._fairness_groups import percent_of
from appliedml.report.values import interval, number
from appliedml.store.run import Run

BELOW = "below the thresholds"
# Runs of older versions do not say from which area on the features count as telling an attribute.
READABLE_FROM = 0.8


class Shortcuts:
    """Verdict, areas under the curve for each attribute, performance with label and attribute independent."""

    title = "Shortcuts"
    order = 71
    reads = ("shortcut_probe",)

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        artifact = run["shortcut_probe"]
        if "attributes" not in artifact.tables:
            return []
        table = artifact.tables["attributes"].copy()
        table["attribute"] = table["feature"] + ": " + table["level"] + " against " + table["others"]
        found: list[Block] = [_verdict(artifact, table), _explained(artifact), _chart(table)]
        found.append(_probed(table, artifact))
        if table["roc_auc"].notna().any():
            found.append(_balanced(table))
        left_out = list(artifact.summary["left_out"])
        if left_out:
            found.append(Bullets(tuple(f"Not probed: {text}." for text in left_out)))
        if artifact.summary["represented"]:
            found.append(Text(str(artifact.summary["represented"])))
        return found


def _verdict(artifact: Artifact, table: pd.DataFrame) -> Block:
    named = [item for item in artifact.findings if item.severity is not Severity.INFO]
    readable = [item for item in artifact.findings if item.severity is Severity.INFO]
    if named:
        return Callout("warning", "A possible shortcut", " ".join(f"{item.title}. {item.text}" for item in named))
    if readable:
        said = " ".join(f"{item.title}. {item.text}" for item in readable[:3])
        return Callout("neutral", "No shortcut is shown, but the model could take one", said)
    told = table[_follows(table) | (table["features_low"] > 0.5)]
    if told.empty:
        return Callout("good", "No shortcut is shown", "Neither the score nor the features follow an attribute probed.")
    names = "; ".join(told["attribute"])
    return Callout(
        "neutral",
        "No shortcut is shown",
        "The thresholds below are not reached, but the score within rows of one label, or the features, follow "
        f"{names} to some degree: an interval leaves out 0.5.",
    )


def _follows(table: pd.DataFrame) -> pd.Series[bool]:
    """Whether the score follows the attribute within rows of one label: the interval leaves out 0.5."""
    return (table["within_low"] > 0.5) | (table["within_high"] < 0.5)


def _explained(artifact: Artifact) -> Block:
    summary = artifact.summary
    return Text(
        f"Probed on {int(summary['n']):,} test rows of {int(summary['n_folds'])} folds. A possible shortcut is named "
        "where label and attribute go together and, within rows of one label, the score still follows the attribute "
        f"in the same direction, beyond a margin of {float(summary['margin']):g}, interval included. Intervals hold "
        f"for all attributes together at {percent_of(summary['confidence'])} (each at "
        f"{percent_of(summary['confidence_each'])}). Features means {summary['representation'] or 'nothing here'}. An "
        "association, not a cause: severity that differs between the levels looks the same."
    )


def _chart(table: pd.DataFrame) -> Block:
    parts = [
        table.assign(what=what, value=table[value], low=table[f"{bounds}_low"], high=table[f"{bounds}_high"])
        for what, value, bounds in (
            ("score", "score_auroc", "score"),
            ("score, within rows of one label", "within_auroc", "within"),
            ("features", "features_auroc", "features"),
        )
    ]
    data = pd.concat(parts, ignore_index=True).dropna(subset=["value"])
    data["label"] = data["attribute"]
    columns = (
        Column("attribute", "Attribute"), Column("what", "Told by"), Column("value", "AUROC", "number"),
        Column("low", "From", "number"), Column("high", "To", "number"),
    )  # fmt: skip
    return interval_chart(
        title="How well each attribute can be told",
        alt="Area under the ROC curve of the score and of the features as a guess of each attribute; 0.5 is chance.",
        data=data[["label", "attribute", "what", "value", "low", "high"]],
        label="label",
        value="value",
        low="low",
        high="high",
        series="what",
        x_title="Area under the ROC curve (0.5: not at all)",
        reference=0.5,
        x_domain=(0.0, 1.0),
        columns=columns,
    )


def _probed(table: pd.DataFrame, artifact: Artifact) -> Block:
    columns = (
        Column("attribute", "Attribute"), Column("n", "Rows", "int"), Column("n_level", "At this level", "int"),
        Column("label_difference", "Share of the class, difference", "number"),
        Column("label_difference_low", "From", "number"), Column("label_difference_high", "To", "number"),
        Column("result", "Result", "badge"),
    )  # fmt: skip
    shown = table.assign(result=table["verdict"].replace({"not shown": BELOW}))
    caption = "Does the label go with the attribute, and what was found?"
    return Table(caption, shown, columns, note=_rules(table, artifact))


def _rules(table: pd.DataFrame, artifact: Artifact) -> str:
    """State how each result is reached, and where the score follows an attribute all the same."""
    summary = artifact.summary
    margin = float(summary["margin"])
    readable = float(summary.get("readable_from", READABLE_FROM))
    note = (
        "Possible shortcut: the interval of the difference leaves out 0, and within rows of one label the score tells "
        f"the attribute in the same direction, with an interval above {0.5 + margin:g} or below {0.5 - margin:g}. "
        f"Readable: not so, but the features tell the attribute with an area whose lower bound is {readable:g} or "
        f"more. {BELOW[:1].upper()}{BELOW[1:]}: neither; the score or the features may still tell it less well."
    )
    rest = table[_follows(table) & (table["verdict"] != "possible shortcut")]
    if rest.empty:
        return note
    told = "; ".join(
        f"{row['attribute']}, {number(row['within_auroc'])} ({interval(row['within_low'], row['within_high'])})"
        for row in rest.to_dict("records")
    )
    return (
        f"{note} Within rows of one label the score follows these all the same, with an interval that leaves out 0.5: "
        f"{told}. They are not called a shortcut where the label does not go with the attribute in that direction, or "
        "where the interval reaches into the margin."
    )


def _balanced(table: pd.DataFrame) -> Block:
    columns = (
        Column("attribute", "Attribute"), Column("roc_auc", "AUROC", "number"),
        Column("balanced_roc_auc", "AUROC, label and attribute independent", "number"),
        Column("difference", "Difference", "number"), Column("difference_low", "From", "number"),
        Column("difference_high", "To", "number"),
    )  # fmt: skip
    note = "Rows are weighted so that the attribute tells nothing about the label."
    # Differences far below their intervals would be shown as powers of ten.
    rounded = table.round(dict.fromkeys(("difference", "difference_low", "difference_high"), 3))
    return Table("Performance with the attribute balanced", rounded, columns, note=note)
