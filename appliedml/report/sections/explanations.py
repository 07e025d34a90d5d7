"""Section "Explanations": why the model decides as it does, and how far that can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Block, Callout, Column, KeyValues, Subheading, Table, Text
from appliedml.report.figures import bar_chart, interval_chart, line_chart
from appliedml.report.values import interval, number, percent
from appliedml.store.run import Run

_SHOWN_FEATURES = 15
_GROUP_FEATURES = 5
_DEPENDENCE_FEATURES = 4
_SCALES = {"probability": "probability", "log_odds": "log-odds"}
_INTERVAL = ("low", "high")
# Runs of earlier versions may hold smaller groups.
_MIN_GROUP_ROWS = 5


class Explanations:
    """Importance, reasons by group, dependence, faithfulness, stability, error."""

    title = "Explanations"
    order = 60
    reads = ("explain_shap",)

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        artifact = run["explain_shap"]
        if "global" not in artifact.tables:
            return []
        found: list[Block] = [
            Callout(
                "neutral",
                "Association, not cause",
                "Shapley values share out a score among the features that the model reads. They say what the model "
                "does with its inputs; not what would happen if a person's data changed, nor why things came about.",
            ),
            _facts(artifact.summary),
        ]
        found += [Text(note, small=True) for note in artifact.summary["notes"]]
        found += _importance(artifact)
        found += _groups(artifact)
        found += _dependence(artifact)
        found += _trust(artifact)
        found += _local(artifact)
        return found


def _facts(summary: Mapping[str, Any]) -> KeyValues:
    error = summary["relative_error"]
    if summary["explainer"] == "exact":
        text = "none: every coalition was scored"
    elif error is None:
        text = "not known: this explainer gives no standard errors"
    else:
        text = f"{percent(error)} (expected, from standard errors)"
        if summary.get("worst_row_error") is not None:
            text += f"; of the worst row {percent(summary['worst_row_error'])} of the size of its fold's values"
    items = [
        ("Explainer", f"{summary['explainer']}. {summary['why']}"),
        ("Explained", f"the {_SCALES[summary['output']]} of {', '.join(summary['classes'])}"),
        ("Rows", f"{summary['n_rows']:,} test rows of {summary['n_folds']} folds"),
        ("Background", f"{summary['n_background']:,} training rows of each fold"),
        ("Relative error of sampling", text),
    ]
    if summary["distance"] is not None:
        expected = summary.get("expected_distance")
        items.append(
            (
                f"Measured distance to {summary['distance_reference']}",
                f"{percent(summary['distance'])} on {summary['distance_rows']} rows"
                + (f"; their standard errors lead to expect {percent(expected)}" if expected is not None else ""),
            )
        )
    items.append(("Additivity residual, largest", f"{summary['additivity_residual']:.1e}"))
    if summary["fold_agreement"] is not None:
        items.append(("Rank correlation between folds, mean", f"{summary['fold_agreement']:.2f}"))
    return KeyValues(tuple(items), "How it was explained")


def _importance(artifact: Artifact) -> list[Block]:
    table = artifact.tables["global"]
    output = table["output"].iloc[0]
    first = table[table["output"] == output]
    shown = first.head(_SHOWN_FEATURES)
    columns = (
        Column("feature", "Feature"),
        Column("value", "Mean absolute value", "interval", _INTERVAL),
        Column("share", "Share", "percent"),
        Column("mean", "Mean with sign", "number"),
    )
    scale = _SCALES[artifact.summary["output"]]
    of = "" if len(first) == len(shown) else f" ({len(shown)} of {len(first)} features)"
    top = shown.iloc[0]
    found: list[Block] = [
        Subheading("What the model relies on"),
        interval_chart(
            title=f"Mean absolute Shapley value for {output}{of}",
            alt=f"Features by mean absolute Shapley value. The first is {top['feature']} with {top['value']:.3g} "
            f"({top['low']:.3g} to {top['high']:.3g}), {percent(top['share'])} of the sum over all features.",
            data=shown,
            label="feature",
            value="value",
            low="low",
            high="high",
            x_title=f"Mean absolute Shapley value ({scale})",
            columns=columns,
        ),
    ]
    others = table[(table["output"] != output) & (table["rank"] <= _SHOWN_FEATURES)]
    if len(others):
        by_class = (Column("output", "Class"), *columns)
        found.append(Table("Importance by class", others, by_class, collapsed=True))
    return found


def _groups(artifact: Artifact) -> list[Block]:
    groups = artifact.tables["by_group"]
    few = groups[groups["n"] < _MIN_GROUP_ROWS]
    groups = groups.drop(index=few.index)
    hidden = (
        few.groupby("sensitive")["level"]
        .nunique()
        .add(pd.Series(artifact.summary.get("groups_left_out", {}), dtype=float), fill_value=0)
    )
    left_out = [
        f"{int(n)} group{'s' if n > 1 else ''} of {name} with fewer than {_MIN_GROUP_ROWS} explained rows "
        f"{'are' if n > 1 else 'is'} left out"
        for name, n in hidden.items()
    ]
    if not len(groups):
        return [Text(f"Reasons by group: {'; '.join(left_out)}.", small=True)] if left_out else []
    found: list[Block] = [
        Subheading("Different reasons for different people?"),
        Text(
            "Mean absolute Shapley values by group: a feature that weighs more for one group drives its decisions "
            "more. The intervals of the differences hold for all comparisons together. Groups of fewer than "
            f"{artifact.summary['min_group_rows']} explained rows are shown and not compared."
            + (f" {'; '.join(left_out)}." if left_out else "")
        ),
    ]
    top = list(dict.fromkeys(groups["feature"]))[:_GROUP_FEATURES]
    columns = (
        Column("level", "Group"), Column("feature", "Feature"), Column("n", "Rows", "int"), Column("small", "Note"),
        Column("value", "Mean absolute value", "interval", _INTERVAL),
        Column("difference", "Difference from all others", "interval", ("difference_low", "difference_high")),
        Column("differs", "Result"),
    )  # fmt: skip
    for name, part in groups.groupby("sensitive", sort=False):
        part = part.assign(
            small=np.where(part["small"], "small group", ""),
            differs=np.where(
                part["small"], "not compared", np.where(part["differs"], "differs", "no difference shown")
            ),
        )
        shown = part[part["feature"].isin(top)]
        shown = shown.sort_values("feature", key=lambda column: column.map(top.index), kind="stable")
        n_differ = int((part["differs"] == "differs").sum())
        found.append(
            interval_chart(
                title=f"Reasons by {name}",
                alt=f"Mean absolute Shapley values of {len(top)} features by {name}. {n_differ} of {len(part)} "
                "comparisons with all other people show a difference.",
                data=shown,
                label="feature",
                value="value",
                low="low",
                high="high",
                x_title=f"Mean absolute Shapley value ({_SCALES[artifact.summary['output']]})",
                series="level",
                columns=columns,
            )
        )
        found.append(Table(f"All features by {name}", part, columns, collapsed=True))
    return found


def _dependence(artifact: Artifact) -> list[Block]:
    table = artifact.tables["dependence"]
    if not len(table):
        return []
    found: list[Block] = [
        Subheading("How the score depends on a feature"),
        Text(
            "Mean Shapley value of rows with like values of the feature; groups of fewer than five rows are left out."
        ),
    ]
    y_title = f"Mean Shapley value ({_SCALES[artifact.summary['output']]})"
    columns = (
        Column("label", "Value of the feature"), Column("output", "Class"), Column("n", "Rows", "int"),
        Column("value", "Mean Shapley value", "interval", _INTERVAL),
    )  # fmt: skip
    several = table["output"].nunique() > 1
    for name in list(dict.fromkeys(table["feature"]))[:_DEPENDENCE_FEATURES]:
        part = table[table["feature"] == name]
        low, high = part.loc[part["value"].idxmin()], part.loc[part["value"].idxmax()]
        shared: dict[str, Any] = {
            "title": f"Dependence on {name}",
            "alt": f"Mean Shapley value of {name}: lowest {low['value']:.3g} at {low['label']}, highest "
            f"{high['value']:.3g} at {high['label']}.",
            "series": "output" if several else None,
            "columns": columns,
        }
        numbers = part[(part["kind"] == "number") & part["x"].notna()]
        if len(numbers) > len(part) // 2:
            shared |= {"x": "x", "y": "value", "x_title": str(name), "y_title": y_title, "band": _INTERVAL}
            found.append(line_chart(data=numbers, reference=0.0, **shared))
        else:
            shared |= {"label": "label", "value": "value", "low": "low", "high": "high", "x_title": y_title}
            found.append(interval_chart(data=part, reference=0.0, **shared))
    return found


def _trust(artifact: Artifact) -> list[Block]:
    found: list[Block] = [Subheading("How far the explanation can be trusted")]
    advantages = artifact.tables["advantages"].set_index("curve")
    for name, what in (("deletion", "removed"), ("insertion", "added")):
        curves = artifact.tables["curves"]
        gain = advantages.loc[name]
        found.append(
            line_chart(
                title=f"{name.capitalize()}: features {what} in the order of the explanation, and at random",
                alt=f"Share of the way from the background to the score while features are {what}. Area between the "
                f"explained and the random order {number(gain['value'])} ({interval(gain['low'], gain['high'])}, "
                f"{int(gain['n'])} rows); above 0 the explanation beats chance.",
                data=curves[curves["curve"] == name],
                x="share",
                y="value",
                x_title=f"Share of the features {what}",
                y_title="Share of the way to the score",
                series="order",
                band=_INTERVAL,
                columns=(
                    Column("order", "Order"), Column("share", f"Features {what}", "percent"),
                    Column("value", "Share of the way", "interval", _INTERVAL),
                ),
            )
        )  # fmt: skip
    found.append(
        Table(
            "Advantage over a random order",
            artifact.tables["advantages"],
            (Column("curve", "Curve"), Column("value", "Area", "interval", _INTERVAL), Column("n", "Rows", "int")),
            note="Above 0, the explanation finds what the model uses.",
        )
    )
    found.append(_randomisation(artifact))
    return [*found, *_by_fold(artifact)]


def _by_fold(artifact: Artifact) -> list[Block]:
    found: list[Block] = []
    agreement, errors = artifact.tables["agreement"], artifact.tables["errors"]
    if len(agreement):
        columns: tuple[Column, ...] = (
            Column("fold_a", "Fold", "int"), Column("fold_b", "and fold", "int"),
            Column("spearman", "Spearman", "number"), Column("kendall", "Kendall", "number"),
        )  # fmt: skip
        found.append(Table("Agreement of the ranking between folds", agreement, columns, collapsed=True))
    columns = (
        Column("fold", "Fold", "int"), Column("explainer", "Explainer"), Column("n_rows", "Rows", "int"),
        Column("base_value", "Base value", "number"), Column("residual", "Additivity residual"),
        Column("mean_standard_error", "Standard error", "number"), Column("relative_error", "Relative", "percent"),
        Column("mean_permutations", "Permutations a row", "int"), Column("n_evaluations", "Rows scored", "int"),
    )  # fmt: skip
    errors = errors.assign(
        residual=[f"{value:.1e}" for value in errors["additivity_residual"]],
        mean_permutations=errors["mean_permutations"].round().astype("int64"),
    )
    return [*found, Table("Error of the explanation, by fold", errors, columns, collapsed=True)]


def _randomisation(artifact: Artifact) -> Block:
    table = artifact.tables["randomisation"]
    if not len(table):
        return Text(f"Model-randomisation test: not made. {artifact.summary['randomisation_skipped']}.", small=True)
    limit = artifact.summary.get("randomisation_limit")
    columns: tuple[Column, ...] = (
        Column("how", "Compared with"), Column("value", "Mean rank correlation", "interval", _INTERVAL),
        Column("n", "Rows", "int"),
    )  # fmt: skip
    note = "Near 1, the explanation would not depend on what the model has learned."
    if limit is not None:
        columns = (*columns, Column("verdict", "Explanations depend on what was learnt?"))
        table = table.assign(verdict=np.where(table["high"] < limit, "shown", "not shown"))
        note += (
            f" The verdict is 'shown' if the whole interval lies below {limit:g}, half of the agreement of an "
            "explanation with itself (a convention); else 'not shown'."
        )
    return Table("Model-randomisation test", table, columns, note=note)


def _local(artifact: Artifact) -> list[Block]:
    if "local" not in artifact.tables:
        return []
    table = artifact.tables["local"]
    found: list[Block] = [
        Subheading("Single rows"),
        Callout(
            "warning",
            "Personal data",
            "The plan released these rows. Rows of real people are personal data: handle them as such.",
        ),
    ]
    columns = (
        Column("feature", "Feature"), Column("feature_value", "Its value"),
        Column("value", "Shapley value", "number"), Column("standard_error", "Standard error", "number"),
    )  # fmt: skip
    for (row_id, fold), part in table.groupby(["row_id", "fold"], sort=False):
        first = part.iloc[0]
        shown = part.assign(label=part["feature"] + " = " + part["feature_value"])
        found.append(
            bar_chart(
                title=f"Row {row_id} (fold {fold}), {_SCALES[artifact.summary['output']]} of class {first['output']}: "
                f"{first['score']:.3f}; base value: {first['base_value']:.3f}",
                alt=f"Signed Shapley values of {len(part)} features. Largest: {first['feature']} with "
                f"{first['value']:+.3g}.",
                data=shown,
                label="label",
                value="value",
                x_title=f"Shapley value ({_SCALES[artifact.summary['output']]})",
                columns=columns,
            )
        )
    return found
