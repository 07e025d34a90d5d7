"""Section "Against reference models": whether the pipeline is worth its trouble."""

from __future__ import annotations

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Block, Column, Figure, Table, Text
from appliedml.report.figures import interval_chart
from appliedml.report.sections._scores import bootstrap_p, finding_blocks, how_intervals, listed
from appliedml.report.values import interval, number
from appliedml.store.run import Run


class Baselines:
    """Measures of every model, and paired differences on the same rows."""

    title = "Against reference models"
    order = 44
    reads = ("baselines",)

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        artifact = run["baselines"]
        if "differences" not in artifact.tables:
            return []
        found: list[Block] = [*finding_blocks(artifact), Text(_method(artifact))]
        found += [_models(artifact), _figure(artifact), _differences(artifact)]
        notes = artifact.tables["notes"]
        if len(notes):
            columns = (Column("title", "Model"), Column("note", "Note"), Column("folds", "Folds"))
            found.append(Table("Notes on the reference models", notes, columns))
        return found


def _method(artifact: Artifact) -> str:
    summary = artifact.summary
    pipelines = summary.get("pipelines", {})
    plain = [name for name in summary["models"] if name not in pipelines]
    sentences = [
        f"Every model was compared on the same {summary['n']:,} test rows: what makes rows easy or hard cancels."
    ]
    if plain:
        sentences.append(
            "Each reference model was fitted in every fold on the fold's training rows, from the cleaned features that "
            "the pipeline's model sees too, with scikit-learn's default settings."
        )
    told = artifact.tables["models"].drop_duplicates("model").set_index("model")["title"]
    sentences += [
        f"{told[name]}: {stages}; fitted on the same training rows, with the validation rows and calibration of this "
        "pipeline."
        for name, stages in pipelines.items()
    ]
    dropped = summary.get("columns_left_out", [])
    if dropped:
        sentences.append(f"Left out, as the pipeline drops them (for the folds see the notes): {listed(dropped)}.")
    held = [n for n in summary.get("n_set_aside", []) if n]
    if held and plain:
        span = f"{held[0]:,}" if min(held) == max(held) else f"{min(held):,} to {max(held):,}"
        they = "The other reference models" if pipelines else "They"
        sentences.append(
            f"{they} also train on the rows that the pipeline sets aside for validation ({span} a fold), which its own "
            "model does not learn from: that favours them."
        )
    sentences.append(how_intervals(summary))
    return " ".join(sentences)


def _models(artifact: Artifact) -> Table:
    table = artifact.tables["models"]
    rows = []
    columns = [Column("title", "Model")]
    for _, part in table.groupby("model", sort=False):
        row: dict[str, object] = {"title": part["title"].iloc[0]}
        for item in part.to_dict("records"):
            name = item["metric"]
            row |= {name: item["value"], f"{name}_low": item["low"], f"{name}_high": item["high"]}
        rows.append(row)
    for item in table.drop_duplicates("metric").to_dict("records"):
        name = str(item["metric"])
        columns.append(Column(name, str(item["metric_title"]), "interval", bounds=(f"{name}_low", f"{name}_high")))
    note = "AUROC, average precision and accuracy: higher is better. Brier score and log loss: lower is better."
    return Table("Every model on the same test rows", pd.DataFrame(rows), tuple(columns), note=note)


def _figure(artifact: Artifact) -> Figure:
    table = artifact.tables["differences"]
    data = _with_words(table.loc[table["metric"] == artifact.summary.get("decides", "roc_auc")], artifact)
    measure = str(data["metric_title"].iloc[0])
    inside = measure if measure.isupper() else measure.lower()
    parts = [
        f"against {_lower(row['title'])} {number(row['difference'])} ({interval(row['low'], row['high'])})"
        for row in data.to_dict("records")
    ]
    return interval_chart(
        title=f"{measure} of the pipeline minus {inside} of each reference model",
        alt=f"Difference in {inside}, right of the dashed zero line the pipeline is better: {listed(parts)}.",
        data=data,
        label="title",
        value="difference",
        low="low",
        high="high",
        x_title=f"Difference in {inside}",
        reference=0.0,
        columns=(
            Column("title", "Reference model"),
            Column("difference", "Difference", "interval", bounds=("low", "high")),
            Column("p_text", "p", "p_value"),
        ),
    )


def _lower(title: str) -> str:
    """Only the first letter: names and abbreviations keep theirs."""
    return title[:1].lower() + title[1:]


def _with_words(table: pd.DataFrame, artifact: Artifact) -> pd.DataFrame:
    n = int(artifact.summary["n_resamples"])
    return table.assign(p_text=[bootstrap_p(value, n) for value in table["p"]])


def _differences(artifact: Artifact) -> Table:
    table = artifact.tables["differences"]
    columns = [
        Column("title", "Reference model"),
        Column("metric_title", "Measure"),
        Column("pipeline", "Pipeline", "number"),
        Column("baseline", "Reference model", "number"),
        Column("difference", "Pipeline minus reference model", "interval", bounds=("low", "high")),
        Column("p_text", "p (bootstrap)", "p_value"),
    ]
    if table["p_delong"].notna().any():
        columns.append(Column("p_delong", "p (DeLong)", "p_value"))
    columns.append(Column("verdict", "The pipeline is"))
    note = (
        "Two-sided p values, not corrected for the number of comparisons. For the Brier score less is better. The "
        "pipeline is called better or worse only where the interval leaves out 0 and every p is below 0.05."
    )
    return Table("Paired differences", _with_words(table, artifact), tuple(columns), note=note)
