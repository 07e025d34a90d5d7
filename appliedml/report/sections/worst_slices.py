"""Section "Worst slices": for which rows the model errs more than it says, and how that was looked for."""

from __future__ import annotations

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Block, Callout, Column, Table, Text
from appliedml.report.figures import interval_chart
from appliedml.report.sections._fairness_groups import percent_of
from appliedml.report.values import number
from appliedml.store.run import Run

MEASURES = {"log_loss": "Log loss", "error_rate": "Error rate", "roc_auc": "AUROC"}
MAX_DRAWN = 15


class WorstSlices:
    """Whether slices were confirmed, each slice put to the test, and how the search was made."""

    title = "Worst slices"
    order = 46
    reads = ("worst_slices",)

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        artifact = run["worst_slices"]
        if "slices" not in artifact.tables:
            return []
        table = artifact.tables["slices"].copy()
        table["label"] = [MEASURES.get(str(name), str(name)) for name in table["measure"]]
        found: list[Block] = [_verdict(artifact), Text(_method(artifact))]
        if len(table):
            found += [*_chart(table, artifact), *_tables(table, artifact)]
        return found


def _verdict(artifact: Artifact) -> Block:
    summary = artifact.summary
    searched = (
        f"{int(summary['n_looked_at']):,} slices of {int(summary['n_features']):,} features, one or two at a time, "
        f"were looked at on one half of the rows; {int(summary['n_tested']):,} were put to the test on the other half."
    )
    if not artifact.findings:
        limits = "Smaller slices, and slices of three features, were not looked at."
        text = f"{searched} None is shown to be so much worse. {limits}"
        return Callout("good", "No slice is shown in which the model errs more than expected", text)
    first = artifact.findings[0]
    n = int(summary["n_confirmed"])
    title = f"{n} slice{'s' if n > 1 else ''} in which the model errs more than expected"
    return Callout("warning", title, f"{searched} The first: {first.title}. {first.text}")


def _method(artifact: Artifact) -> str:
    summary = artifact.summary
    used, everyone = int(summary["n_used"]), int(summary["n_rows"])
    thinned = f" ({used:,} of {everyone:,}, drawn at random with seed {summary['seed']})" if used < everyone else ""
    against = (
        "Rows near the threshold, or with more of the class of interest, are hard for any model. A slice is therefore "
        "set against what the model's own probabilities lead one to expect there; it is confirmed if its error is "
        "larger than that, and by more than elsewhere"
        if summary["against"] == "expected"
        else "A slice is set against all other rows, hard as its own may be; it is confirmed if its error is larger"
    )
    return (
        f"Test rows of all folds{thinned}, cut into two halves at random by {summary['halves_by']}: "
        f"{int(summary['n_search']):,} to look for slices, {int(summary['n_confirm']):,} to confirm them, so that a "
        f"slice is not judged on the rows that made it conspicuous. {against}, beyond a margin of "
        f"{percent_of(summary['margin'])}, interval included. A slice has at least {int(summary['min_rows']):,} rows "
        f"in each half. Intervals hold for all slices together at {percent_of(summary['confidence'])} (each at "
        f"{percent_of(summary['confidence_each'])}). A slice is an association, not a cause."
    )


def _chart(table: pd.DataFrame, artifact: Artifact) -> list[Block]:
    drawn = table[table["ratio"].notna() & table["ratio_low"].notna()].head(MAX_DRAWN)
    if drawn.empty:
        return []
    worst = drawn.loc[drawn["ratio"].idxmax()]
    against = _against(artifact)
    columns = (
        Column("slice", "Slice"), Column("label", "Measure"),
        Column("ratio", "Times", "interval", ("ratio_low", "ratio_high")),
    )  # fmt: skip
    return [
        interval_chart(
            title=f"Error in each slice, as a multiple of {against}",
            alt=f"Errors of the slices put to the test, over {against}; the dashed line is 1. The largest is "
            f"{number(worst['ratio'])} ({number(worst['ratio_low'])} to {number(worst['ratio_high'])}), "
            f"{worst['label']}, where {worst['slice']}.",
            data=drawn[["slice", "label", "ratio", "ratio_low", "ratio_high"]],
            label="slice",
            value="ratio",
            low="ratio_low",
            high="ratio_high",
            x_title=f"Times {against} (of AUROC: of its distance from 1)",
            series="label",
            reference=1.0,
            columns=columns,
        )
    ]


def _tables(table: pd.DataFrame, artifact: Artifact) -> list[Block]:
    columns = [
        Column("slice", "Slice"), Column("label", "Measure"), Column("verdict", "Result", "badge"),
        Column("n", "Rows", "int"), Column("share", "Share of rows", "percent"),
        Column("value", "In the slice", "interval", ("low", "high")), Column("expected", "Expected there", "number"),
        Column("rest", "Elsewhere", "number"),
        Column("ratio", f"Error over {_against(artifact)}", "interval", ("ratio_low", "ratio_high")),
    ]  # fmt: skip
    shown = table
    if table["share_positive"].notna().any():
        # A figure of fewer than five people is nobody's business.
        shown = table.assign(share_positive=table["share_positive"].where(table["n_positive"] >= 5))
        columns.insert(5, Column("share_positive", f"{artifact.summary['classes'][1]!r} in it", "percent"))
        columns.insert(6, Column("share_positive_rest", "and elsewhere", "percent"))
    note = (
        "All figures are of the half that had no part in finding the slice. Expected: by the model's own "
        "probabilities. The error of AUROC is its distance from 1. Too few rows: it cannot be judged."
    )
    return [Table("Slices put to the test", shown, tuple(columns), note)]


def _against(artifact: Artifact) -> str:
    return "what is expected there" if artifact.summary["against"] == "expected" else "that of the other rows"
