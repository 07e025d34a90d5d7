"""Section "Threshold explorer": what any decision threshold would mean, for everybody and for every group."""

from __future__ import annotations

from appliedml.core.small_counts import FEW, MIN_CELL
from appliedml.report._explorer_json import static_table
from appliedml.report.blocks import Block, Callout, Explorer, Table, Text
from appliedml.report.explorer import ExplorerData
from appliedml.store.evidence import changed_evidence, doubt
from appliedml.store.run import Run

MAX_FOLDS = 12


class Thresholds:
    """A table of thresholds, and with a script any other: costs, rates by group, gaps and what the policy would say."""

    title = "Threshold explorer"
    order = 45
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
        if not run.info.get("binary"):
            n_classes = len(run.info["classes"])
            text = f"With {n_classes} classes the largest probability decides: there is no single threshold to explore."
            return [Text(text)]
        why = doubt(changed_evidence(run.files_state))
        if why:
            # Another threshold's verdict would rest on the same changed files as the run's own.
            return [Callout("bad", "Nothing is explored", f"{why[:1].upper()}{why[1:]}.")]
        data = ExplorerData.of(run)
        if data is None:
            return [Text("The run's predictions hold no scores from which thresholds could be explored.")]
        table, columns = static_table(data)
        found: list[Block] = [Text(_what(data))]
        if data.left_out:
            found.append(Text(f"Not explored: {'; '.join(data.left_out)}.", small=True))
        caption = "What some thresholds would mean, each used for all rows"
        return [*found, Explorer(Table(caption, table, columns, _note(data)), data.to_json())]


def _what(data: ExplorerData) -> str:
    labels = [data.labels[data.nearest(value)] for value in data.fold_thresholds]
    if len(set(labels)) == 1:
        used = f"The run used the threshold {labels[0]} in every fold, and so does this section where it starts"
    else:
        listed = ", ".join(labels[:MAX_FOLDS]) + (" ..." if len(labels) > MAX_FOLDS else "")
        used = (
            f"The run chose a threshold in each fold ({listed}); this section uses one threshold for the scores of all "
            f"folds, and starts at their median, {data.labels[data.start]}. Its figures therefore differ a little from "
            "those of the run, which are shown beside them"
        )
    return (
        f"A row is called {data.classes[1]!r} where its score is at least the threshold. {used}. Scores are "
        "out-of-fold and calibrated. A threshold picked here was picked on the very rows that it is judged on: its "
        "figures are optimistic, and should be confirmed on other rows before anybody relies on them.\n\n"
        f"Where this report is opened with its script switched on, {len(data.thresholds)} thresholds and any price of "
        "an error can be tried, for all rows or for each group of a sensitive feature, with every gap between groups "
        "and what the policy would say. The page holds counts for this, of rows by score, class and group; it holds "
        f"no row. These counts, which report.json holds too, may be as small as 1: tables show counts of 1 to "
        f"{MIN_CELL - 1} as {FEW}, the explorer's own counts by score are not suppressed. Hand the page only to those "
        "who may see them."
    )


def _note(data: ExplorerData) -> str:
    source = {
        "threshold": "as the plan's threshold rule has it",
        "performance": "as the plan's performance audit has it",
        "": "as the plan names no costs",
    }[data.ratio_source]
    text = (
        f"Cost: in units of one false positive, where a false negative costs {data.ratio:g} times as much, {source}; "
        "summed over all rows."
    )
    if any(len(grouping.parts) == 1 for grouping in data.features):
        text += (
            " Gap: the largest between two groups of any one sensitive feature, among groups that are large enough to "
            "judge; an absent one means that there are none."
        )
    return text
