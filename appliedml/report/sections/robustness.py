"""Section "Robustness": what disturbed inputs do to performance, what is refused, and behaviour tests."""

from __future__ import annotations

import pandas as pd

from appliedml.core.artifact import Artifact, Severity
from appliedml.report.blocks import Block, Callout, Column, Subheading, Table, Text, Tone
from appliedml.report.figures import line_chart
from appliedml.report.sections._fairness_groups import only, percent_of
from appliedml.report.values import metric_label, number
from appliedml.store.run import Run

KINDS = {"image_robustness": "Images", "text_robustness": "Texts", "table_robustness": "Tables"}
MAX_LINES = 4
MOST_NAMED = 6
OPEN = "insufficient evidence"
_WORST = (Severity.PROBLEM, Severity.WARNING)
_LABELS = {"flip_rate": "Decisions changed"}


class Robustness:
    """Curves of performance by severity, a table of all perturbations, refusals, and behaviour tests."""

    title = "Robustness"
    order = 70
    reads = ("image_robustness", "text_robustness", "table_robustness")

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        present = [kind for kind in self.reads if kind in run and "curves" in run[kind].tables]
        found: list[Block] = []
        for kind in present:
            artifact = run[kind]
            found += [Subheading(KINDS[kind])] if len(present) > 1 else []
            found += [_verdict(artifact), *_charts(artifact), *_tables(artifact), *_refusals(artifact)]
            found += [*_columns(artifact), *_behaviours(artifact)]
        return found


def _verdict(artifact: Artifact) -> Callout:
    """Say the worst: a loss that is shown, then a loss that cannot be ruled out; green only where all is ruled out."""
    serious = [item for item in artifact.findings if item.severity in _WORST]
    serious.sort(key=lambda item: _WORST.index(item.severity))
    n_judged, still_open = _judged(artifact)
    tone: Tone = "good"
    title = "No loss beyond the tolerance is shown"
    if serious:
        tone = "bad" if serious[0].severity is Severity.PROBLEM else "warning"
        title = serious[0].title
    elif still_open:
        tone, title = "warning", "Insufficient evidence: a loss beyond the tolerance is not ruled out"
    elif not n_judged:
        tone, title = "neutral", "No loss was judged against a tolerance"
    shown = serious if serious else artifact.findings
    texts = [f"{item.title}. {item.text}" for item in shown[:4]]
    if still_open:
        more = f" and {len(still_open) - MOST_NAMED} more" if len(still_open) > MOST_NAMED else ""
        texts.append(f"Insufficient evidence: {', '.join(still_open[:MOST_NAMED])}{more}.")
    return Callout(tone, title, " ".join(texts))


def _judged(artifact: Artifact) -> tuple[int, list[str]]:
    """Return how many losses and behaviours were judged, and the names of those that stay open."""
    curves, tolerance = artifact.tables["curves"], artifact.summary.get("tolerance")
    changed = curves[curves["severity"] > 0]
    if "verdict" in changed:
        judged = changed[changed["verdict"] != ""]
        unclear = judged["verdict"] == OPEN
    elif tolerance is not None:
        # Of images the loss of accuracy is what the findings speak of.
        judged = changed[changed["metric"] == "accuracy"]
        unclear = (judged["difference_low"] < -tolerance) & (judged["difference_high"] >= -tolerance)
    else:
        judged, unclear = changed.iloc[:0], pd.Series(dtype=bool)
    names = [str(title).lower() for title in judged.loc[unclear.to_numpy(dtype=bool), "title"]]
    n_judged, table = len(judged), artifact.tables.get("behaviours")
    if table is not None:
        readings = _readings(artifact, table)
        n_judged += len(readings)
        names += [str(title) for title, word in zip(table["title"], readings, strict=True) if word == "open"]
    return n_judged, list(dict.fromkeys(names))


def _readings(artifact: Artifact, table: pd.DataFrame) -> list[str]:
    limit = float(artifact.summary.get("max_failure_rate", 0.0))
    return ["warning" if row.low > limit else "ok" if row.high <= limit else "open" for row in table.itertuples()]


def _label(metric: str) -> str:
    return _LABELS.get(metric, metric_label(metric))


def _charts(artifact: Artifact) -> list[Block]:
    """One chart a measure, of the perturbations with several severities."""
    curves = artifact.tables["curves"]
    found: list[Block] = []
    for metric, part in curves.groupby("metric", sort=False):
        levels = part.groupby("perturbation")["severity"].nunique()
        drawn = part[part["perturbation"].isin(levels[levels > 2].index)].sort_values(
            ["perturbation", "severity"], kind="stable"
        )
        names = list(dict.fromkeys(part["perturbation"][part["perturbation"].isin(drawn["perturbation"])]))
        for start in range(0, len(names), MAX_LINES):
            lines = drawn[drawn["perturbation"].isin(names[start : start + MAX_LINES])]
            worst = lines[lines["severity"] == lines.groupby("perturbation")["severity"].transform("max")]
            ends = "; ".join(f"{row.title} {number(row.value)}" for row in worst.itertuples())
            columns = (
                Column("title", "Perturbation"), Column("severity", "Severity", "int"),
                Column("severity_title", "What"), Column("value", _label(str(metric)), "interval", ("low", "high")),
            )  # fmt: skip
            found.append(
                line_chart(
                    title=f"{_label(str(metric))} by severity: {_listed(lines)}",
                    alt=f"{_label(str(metric))} at the highest severity: {ends}.",
                    data=only(lines, columns),
                    x="severity",
                    y="value",
                    x_title="Severity (0: as it is)",
                    y_title=_label(str(metric)),
                    series="title",
                    band=("low", "high"),
                    columns=columns,
                )
            )
    return found


def _listed(lines: pd.DataFrame) -> str:
    return ", ".join(str(title).lower() for title in dict.fromkeys(lines["title"]))


def _tables(artifact: Artifact) -> list[Block]:
    curves = artifact.tables["curves"]
    changed = curves[curves["severity"] > 0]
    if changed.empty:
        return [Text("No perturbation was measured.")]
    shown = changed.assign(measure=changed["metric"].map(lambda name: _label(str(name))))
    columns = [
        Column("title", "Perturbation"), Column("severity_title", "Severity"), Column("measure", "Measure"),
        Column("value", "Value", "interval", ("low", "high")),
        Column("difference", "Difference", "interval", ("difference_low", "difference_high")),
        Column("n", "Rows", "int"),
    ]  # fmt: skip
    if "verdict" in shown:
        columns.append(Column("verdict", "Verdict", "badge"))
    sure = artifact.summary.get("confidence")
    interval = f"{percent_of(sure)} intervals, each by itself; d" if sure is not None else "D"
    note = f"{interval}ifferences are to the same rows as they are, on the same resamples."
    tolerance = artifact.summary.get("tolerance")
    if "verdict" in shown and tolerance is not None:
        note += (
            f" Warning: a loss of more than {number(tolerance)} is shown, corrected for all perturbations. Within "
            "tolerance: the interval of the difference holds no such loss."
        )
    most_loss = artifact.summary.get("most_loss")
    if most_loss is not None:
        note += (
            f" The mildest degree is judged. Warning: the whole interval of the loss lies above {number(most_loss)}. "
            "Within tolerance: none of it does."
        )
    several = changed["severity"].max() > 1
    found: list[Block] = []
    for caption, part in _split(shown, several):
        found.append(Table(caption, only(part, columns), tuple(columns), note, collapsed=len(part) > 24))
    return found


def _split(shown: pd.DataFrame, several: bool) -> list[tuple[str, pd.DataFrame]]:
    """Perturbations with severities, which the charts show too, apart from those of one severity."""
    levels = shown.groupby("perturbation")["severity"].transform("nunique")
    by_degrees, single = shown[levels > 1], shown[levels == 1]
    if not several:
        return [("Perturbations", single)]
    parts = [("Perturbations by severity", by_degrees), ("Perturbations of one severity", single)]
    return [(caption, part) for caption, part in parts if len(part)]


def _refusals(artifact: Artifact) -> list[Block]:
    table = artifact.tables.get("refusals")
    if table is None or table.empty:
        return []
    columns = (
        Column("title", "Perturbation"), Column("severity_title", "Severity"), Column("error", "Error"),
        Column("folds", "Folds", "int"),
    )  # fmt: skip
    note = "Rows so disturbed get no score: the pipeline raises an error, of the class named here."
    return [Table("Refused by the pipeline", only(table, columns), columns, note)]


def _columns(artifact: Artifact) -> list[Block]:
    table = artifact.tables.get("columns")
    if table is None:
        return []
    columns = (Column("column", "Column"), Column("treated_as", "Treated as"))
    note = (
        "Noise goes to numbers, unknown values to categories, missing values to all of them. A flag has at most two "
        "values. Other columns, such as dates, only go missing."
    )
    return [Table("Columns that were disturbed", only(table, columns), columns, note, collapsed=True)]


def _behaviours(artifact: Artifact) -> list[Block]:
    table = artifact.tables.get("behaviours")
    if table is None:
        return []
    found: list[Block] = [Subheading("Behaviour tests")]
    reason = artifact.summary.get("behaviours_not_judged", "")
    if reason:
        found.append(Text(f"Negation and direction are not tested. {reason}"))
    cases = Column("counted", "Counted over") if "counted" in table else Column("n", "Cases", "int")
    columns = (
        Column("title", "What must hold"), Column("kind", "Kind"), Column("example", "Of this kind"),
        Column("failure_rate", "Failures", "interval", ("low", "high")), cases,
        Column("reading", "Reading", "badge"),
    )  # fmt: skip
    limit = float(artifact.summary.get("max_failure_rate", 0.0))
    note = (
        f"Share of cases that fail, with Wilson's interval; a warning where all of it lies above {percent_of(limit)}. "
        "Cases are template sentences, or test texts (groups of texts, where rows come in groups) with a sentence "
        "added. After CheckList (Ribeiro et al. 2020). "
    )
    own = artifact.summary.get("own_lexicon", False)
    note += "The words are the users' own lexicon." if own else "The sentences are English."
    return [
        *found,
        Table("Behaviour tests", only(table.assign(reading=_readings(artifact, table)), columns), columns, note),
    ]
