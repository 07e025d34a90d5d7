"""Section "What balancing did": none, class weights and the chosen balancing, before and after calibration."""

from __future__ import annotations

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report import figures
from appliedml.report.blocks import Block, Column, Table, Text
from appliedml.report.sections._scores import bootstrap_p
from appliedml.report.values import number
from appliedml.store.run import Run

_TITLES = {
    "roc_auc": "AUROC",
    "average_precision": "Average precision",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "mean_predicted": "Mean predicted risk",
    "excess_risk": "Predicted minus observed risk",
    "calibration_slope": "Calibration slope",
}
_VALUE = Column("value", "Value", "interval", ("low", "high"))
CAPTION = "Every measure, before and after calibration"


class Balancing:
    """The ablation of balancing."""

    title = "What balancing did"
    order = 34
    reads = ("ablation",)

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        artifact = run["ablation"]
        if "variants" not in artifact.tables:
            return []
        return [_introduction(artifact), *_charts(artifact), *_tables(artifact)]


def _introduction(artifact: Artifact) -> Text:
    folds = artifact.summary["folds"]
    where = f"fold {folds[0]}" if len(folds) == 1 else f"folds {', '.join(str(fold) for fold in folds)}"
    sentences = [
        f"The same pipeline was fitted on the same training rows with other balancing, in {where}, and judged on the "
        f"same {artifact.summary['n_rows']:,} test rows.",
        "Intervals and differences come from the same resamples of these rows; they do not cover training anew.",
    ]
    if artifact.tables["fits"]["n_fitted"].nunique() > 1:
        sentences.append(
            "Balancing that adds or drops rows also changes how many steps an epoch has: a model that was trained too "
            "briefly gains from the extra steps alone. Read the training curves beside this."
        )
    sentences += [f"{finding.title}: {finding.text}" for finding in artifact.findings]
    return Text("\n\n".join([" ".join(sentences[:2]), *sentences[2:]]))


def _charts(artifact: Artifact) -> list[Block]:
    found: list[Block] = []
    variants = artifact.tables["variants"]
    prevalence = artifact.summary.get("prevalence")
    columns = (Column("label", "Balancing"), Column("stage", "When"), _VALUE)
    for metric, reference in (("average_precision", None), ("mean_predicted", prevalence)):
        data = variants[variants["metric"] == metric]
        if metric == "average_precision":
            # Calibration hardly moves a ranking: one row a variant says it all.
            data = data[data["stage"] == data["stage"].iloc[-1]] if len(data) else data
        if data.empty:
            continue
        title = _TITLES[metric]
        listed = "; ".join(f"{row.label}, {row.stage}: {number(row.value)}" for row in data.itertuples())
        observed = f" The observed share is {number(prevalence)}." if reference is not None else ""
        split = data["stage"].nunique() > 1
        found.append(
            figures.interval_chart(
                title=f"{title} by balancing",
                alt=f"{listed}.{observed}",
                data=data[["label", "stage", "value", "low", "high"]],
                label="label",
                value="value",
                low="low",
                high="high",
                x_title=f"{title}, 95 % interval" + ("; dashed: observed share" if reference is not None else ""),
                series="stage" if split else None,
                reference=reference,
                columns=columns if split else (columns[0], _VALUE),
            )
        )
    return [*found, *_reliability(artifact)]


def _reliability(artifact: Artifact) -> list[Block]:
    table = artifact.tables["reliability"]
    if table.empty:
        return []
    labels = artifact.tables["variants"].drop_duplicates("variant").set_index("variant")["label"]
    data = table.assign(label=table["variant"].map(labels))
    columns = (
        Column("label", "Balancing"), Column("mean_predicted", "Mean predicted", "number"),
        Column("observed", "Observed", "interval", ("low", "high")), Column("n", "Rows", "int"),
    )  # fmt: skip
    found: list[Block] = []
    for stage in data["stage"].unique():
        part = data[data["stage"] == stage]
        top = part.groupby("label", sort=False)["mean_predicted"].max()
        listed = ", ".join(f"{label} {value:.2f}" for label, value in top.items())
        end = float(max(part["mean_predicted"].max(), part["observed"].max()))
        found.append(
            figures.line_chart(
                title=f"Predicted and observed risk {stage}",
                alt=f"Mean predicted risk in the highest tenth of the rows: {listed}. On the diagonal they agree.",
                data=part[["label", "mean_predicted", "observed", "low", "high", "n"]],
                x="mean_predicted",
                y="observed",
                x_title="Mean predicted risk, tenths of the rows",
                y_title="Observed share",
                series="label",
                diagonal=True,
                x_domain=(0.0, end),
                y_domain=(0.0, end),
                columns=columns,
            )
        )
    return found


def _tables(artifact: Artifact) -> list[Block]:
    variants, differences, fits = (artifact.tables[name] for name in ("variants", "differences", "fits"))
    labels = variants.drop_duplicates("variant").set_index("variant")["label"]
    values = variants.assign(measure=_named(variants["metric"]))
    shown = (Column("measure", "Measure"), Column("stage", "When"), Column("label", "Balancing"), _VALUE)
    order = values.sort_values(["metric", "stage"], key=_first_seen, kind="stable")
    found: list[Block] = [Table(CAPTION, order, shown, collapsed=True)]
    if len(differences):
        data = differences.assign(
            measure=_named(differences["metric"]),
            label=differences["variant"].map(labels),
            against=differences["reference"].map(labels),
            p_text=[bootstrap_p(value, int(artifact.summary["n_resamples"])) for value in differences["p"]],
        )
        columns = (
            Column("measure", "Measure"), Column("stage", "When"), Column("label", "Balancing"),
            Column("against", "Against"), Column("difference", "Difference", "interval", ("low", "high")),
            Column("p_text", "p", "p_value"),
        )  # fmt: skip
        found.append(Table("Paired differences", data, columns, note="Not corrected for how many are shown."))
    made = (
        Column("fold", "Fold", "int"), Column("label", "Balancing"), Column("n_fitted", "Model fitted on rows", "int"),
        Column("n_synthetic", "Of these synthetic", "int"), Column("note", "Note"),
    )  # fmt: skip
    return [*found, Table("What was fitted", fits, made, collapsed=not fits["note"].any())]


def _named(metrics: pd.Series[str]) -> pd.Series[str]:
    return metrics.map(lambda name: _TITLES.get(name, name))


def _first_seen(values: pd.Series[str]) -> pd.Series[int]:
    return pd.Series(pd.factorize(values)[0], index=values.index)
