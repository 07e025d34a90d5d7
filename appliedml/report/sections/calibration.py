"""Section "Calibration": whether a probability means what it says."""

from __future__ import annotations

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Block, Column, Figure, Table, Text
from appliedml.report.figures import line_chart
from appliedml.report.sections._scores import finding_blocks, how_intervals, row_where, value_with_interval
from appliedml.report.values import number, percent
from appliedml.store.run import Run

_MEANINGS = {
    "slope": "1 is right; below 1 probabilities are too extreme, above 1 too timid",
    "intercept": "0 is right; below 0 probabilities are too high on average, above 0 too low",
    "observed_to_predicted": "1 is right; below 1 probabilities are too high on average, above 1 too low",
    "ece": "mean distance of predicted and observed share over the bins; chance counts as error too",
    "brier": "mean squared distance of probability and outcome",
    "scaled_brier": "1 is perfect, 0 no better than the overall share for everybody",
}


class Calibration:
    """Verdict, reliability curve, slope, intercept, errors, and the parts of the Brier score."""

    title = "Calibration"
    order = 42
    reads = ("calibration",)

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        artifact = run["calibration"]
        if "reliability" not in artifact.tables:
            return []
        return [
            *finding_blocks(artifact),
            _curve(artifact),
            Text(_method(artifact)),
            _measures(artifact),
            _parts(artifact),
            *_classes(artifact),
        ]


def _method(artifact: Artifact) -> str:
    summary = artifact.summary
    text = "Bins hold about equally many rows; their intervals are Wilson's, as if rows were independent. "
    if summary["method"] == "none":
        text += "The pipeline does not calibrate: these are the model's own probabilities. "
    else:
        text += f"The pipeline calibrates ({summary['method']}) on rows set aside from training, never on test rows. "
    return text + how_intervals(summary)


def _curve(artifact: Artifact) -> Figure:
    target = artifact.summary["target"]
    data = artifact.tables["reliability"]
    data = data.loc[data["target"] == target]
    last = data.loc[data["stage"] == artifact.summary["stages"][-1]]
    off = (last["observed"] - last["mean_predicted"]).abs()
    worst = last.loc[off.idxmax()]
    several = len(artifact.summary["stages"]) > 1
    alt = (
        f"Observed share of {target!r} against predicted probability in {len(last)} bins; on the dashed diagonal both "
        f"agree. {_slope_words(artifact)} The bin furthest off predicts {percent(worst['mean_predicted'])} where "
        f"{percent(worst['observed'])} are observed."
    )
    top = float(data[["mean_predicted", "observed", "high"]].max().max())
    domain = (0.0, min(1.0, 1.05 * top))
    return line_chart(
        title="Reliability curve",
        alt=alt,
        data=data,
        x="mean_predicted",
        y="observed",
        x_title="Mean predicted probability of the bin",
        y_title="Observed share",
        series="stage" if several else None,
        band=("low", "high"),
        diagonal=True,
        x_domain=domain,
        y_domain=domain,
        columns=(
            *([Column("stage", "Stage")] if several else []),
            Column("low_score", "Scores from", "number"),
            Column("high_score", "to", "number"),
            Column("n", "Rows", "int"),
            Column("n_positive", "Positives", "int"),
            Column("mean_predicted", "Mean predicted", "number"),
            Column("observed", "Observed share", "interval", bounds=("low", "high")),
        ),
    )


def _slope_words(artifact: Artifact) -> str:
    keys = {"stage": artifact.summary["stages"][-1], "target": artifact.summary["target"]}
    parts = []
    for name, label in (("slope", "The calibration slope"), ("intercept", "the intercept")):
        row = row_where(artifact.tables["measures"], measure=name, **keys)
        if row is not None:
            parts.append(f"{label} is {value_with_interval(row)}")
    return f"{', '.join(parts)}."


def _measures(artifact: Artifact) -> Table:
    data = artifact.tables["measures"]
    data = data.loc[data["target"] == artifact.summary["target"]].copy()
    data["meaning"] = [_MEANINGS[name] for name in data["measure"]]
    columns = (
        *([Column("stage", "Stage")] if len(artifact.summary["stages"]) > 1 else []),
        Column("title", "Measure"),
        Column("value", "Value and interval", "interval", bounds=("low", "high")),
        Column("ideal", "Ideal", "number"),
        Column("meaning", "What it is"),
    )
    error = data.loc[data["measure"] == "ece"].iloc[-1]
    note = (
        f"A perfectly calibrated model with these scores would show an expected calibration error of "
        f"{number(error['by_chance'])} by chance alone, and in one of twenty samples more than "
        f"{number(error['by_chance_high'])}.{_criterion(artifact)}"
    )
    return Table("Calibration measures", data, columns, note=note)


def _criterion(artifact: Artifact) -> str:
    """How the verdict is reached."""
    (slope_low, slope_high), (ratio_low, ratio_high) = (
        artifact.summary[name] for name in ("slope_range", "ratio_range")
    )
    return (
        f" The verdict: a fault is named where the slope lies outside {slope_low:g} to {slope_high:g}, or observed "
        f"divided by predicted outside {ratio_low:g} to {ratio_high:g}, and the interval leaves out 1; it is uncertain "
        "where an interval reaches beyond these ranges; good only where both intervals hold 1 and the calibration "
        "error is within what chance would give; else there is no large fault."
    )


def _parts(artifact: Artifact) -> Table:
    data = artifact.tables["brier_parts"]
    data = data.loc[data["target"] == artifact.summary["target"]]
    columns = (
        *([Column("stage", "Stage")] if len(artifact.summary["stages"]) > 1 else []),
        Column("brier", "Brier score", "number"),
        Column("reliability", "Reliability (0 is best)", "number"),
        Column("resolution", "Resolution (larger is better)", "number"),
        Column("uncertainty", "Uncertainty of the outcome", "number"),
        Column("within_bins", "Within bins", "number"),
    )
    note = "Brier score = reliability - resolution + uncertainty + what the bins hide (Murphy 1973)."
    return Table("What the Brier score is made of", data, columns, note=note, collapsed=True)


def _classes(artifact: Artifact) -> list[Block]:
    """Each class against the rest, where there are more than two."""
    data = artifact.tables["measures"]
    others = data.loc[(data["target"] != artifact.summary["target"]) & data["measure"].isin(["slope", "ece"])]
    if others.empty:
        return []
    last = others.loc[others["stage"] == artifact.summary["stages"][-1]]
    rows = []
    for target, part in last.groupby("target", sort=False):
        row: dict[str, object] = {"target": target}
        for item in part.to_dict("records"):
            name = item["measure"]
            row |= {name: item["value"], f"{name}_low": item["low"], f"{name}_high": item["high"]}
        rows.append(row)
    columns = (
        Column("target", "Class"),
        Column("slope", "Calibration slope", "interval", bounds=("slope_low", "slope_high")),
        Column("ece", "Expected calibration error", "interval", bounds=("ece_low", "ece_high")),
    )
    return [Table("Each class against the rest", pd.DataFrame(rows), columns)]
