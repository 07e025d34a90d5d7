"""Section "Leakage checks": what could have told the model the answer, and what was found."""

from __future__ import annotations

import pandas as pd

from appliedml.core.artifact import Artifact, Finding, Severity
from appliedml.report.blocks import Block, Bullets, Callout, Column, Table, Text, Tone
from appliedml.store.run import Run

# As the audit calls it: a limit of the test, not a leak.
NOT_LATER = "Not tested on later rows"
# As the audit calls the check of whole groups, and that of rows whose group nobody knows.
GROUPS_APART = "test rows whose group is also in training"
UNKNOWN_GROUPS = "rows without a group"
_ORDER = ("problem", "warning", "fact", "not measured", "ok")


class Leakage:
    """Row overlap, time order, fitted rows, features that know too much."""

    title = "Leakage checks"
    order = 32
    reads = ("leakage",)

    def blocks(self, run: Run) -> list[Block]:
        """Return the section's blocks.

        Parameters
        ----------
        run : Run

        Returns
        -------
        list of Block
        """
        artifact = run["leakage"]
        if "checks" not in artifact.tables:
            return []
        checks = _by_check(artifact.tables["checks"])
        level = _level(artifact.tables["checks"], (run.info.get("schema") or {}).get("group"))
        found: list[Block] = [*_verdict(artifact), *level, _checks_table(checks)]
        found += _dropped(artifact)
        found += _features(artifact)
        return found


def _verdict(artifact: Artifact) -> list[Block]:
    """The verdict with its reasons; what is no leak but a limit of the test, and facts, stand beside it."""
    serious = [item for item in artifact.findings if item.severity is not Severity.INFO]
    serious.sort(key=lambda item: item.severity is not Severity.PROBLEM)
    later = [item for item in serious if item.title == NOT_LATER]
    leaks = [item for item in serious if item.title != NOT_LATER]
    tones: dict[str, Tone] = {"problem": "bad", "warning": "warning"}
    tone = tones.get(str(artifact.status), "good") if leaks or not later else "good"
    titles = {"bad": "Leakage found", "warning": "Something may leak", "good": "No leakage found"}
    n = int(artifact.summary["n_folds"])
    made = f"Every check that applies was made in {n} fold{'s' if n != 1 else ''}."
    found: list[Block] = [Callout(tone, titles[tone], " ".join(_said(item) for item in leaks[:3]) or made)]
    found += [Callout("warning", item.title, item.text) for item in later]
    rest = [*leaks[3:], *(item for item in artifact.findings if item.severity is Severity.INFO)]
    return [*found, Bullets(tuple(_said(item) for item in rest))] if rest else found


def _level(checks: pd.DataFrame, group: str | None) -> list[Block]:
    """Whose rows are kept apart: checklists ask for the level (patient, study, picture) at which parts are disjoint."""
    apart = checks[checks["check"] == GROUPS_APART]
    if not len(apart):
        return []
    n, name = int(apart["n"].sum()), group or "groups that cleaning made"
    if (apart["verdict"] == "not measured").any():
        text = (
            "Level at which training and test rows are disjoint: the single row. The schema names no group, so it is "
            "not known whether rows of one person (patient, customer) are on both sides."
        )
    elif n:
        text = f"Training and test rows are not disjoint by {name}: {n:,} test rows have theirs in training too."
    else:
        unknown = int(checks.loc[checks["check"] == UNKNOWN_GROUPS, "n"].sum())
        text = f"Level at which training and test rows are disjoint: {name}. No row of a group is on the other side" + (
            ", as far as the group is known." if unknown else "."
        )
    return [Text(text)]


def _said(finding: Finding) -> str:
    return f"{finding.title}: {finding.text}"


def _dropped(artifact: Artifact) -> list[Block]:
    """Which original columns never reach the model."""
    if "dropped" not in artifact.tables:
        return []
    found: list[Block] = []
    table = artifact.tables["dropped"]
    if len(table):
        columns = (
            Column("column", "Column"), Column("every_fold", "In every fold"), Column("folds", "Folds"),
        )  # fmt: skip
        note = "Nothing made from these columns reaches the model."
        found.append(Table("Columns that the pipeline drops before the model", table, columns, note=note))
    mixtures = artifact.summary.get("mixtures", [])
    if mixtures:
        found.append(
            Text(
                f"The model sees {len(mixtures)} columns that are mixtures of original ones: which of those have no "
                "part in any is not known, unless listed as dropped."
            )
        )
    return found


def _by_check(checks: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for name, part in checks.groupby("check", sort=False):
        verdict = min(part["verdict"], key=_ORDER.index)
        text = part.loc[part["verdict"] == verdict, "text"].iloc[0]
        measured = part[part["verdict"] != "not measured"]
        total = int(measured["of"].sum())
        n = int(measured["n"].sum())
        share = n / total if total else float("nan")
        rows.append(
            (
                f"{str(name)[:1].upper()}{str(name)[1:]}",
                verdict,
                f"{n:,} of {total:,}" if total else "-",
                share,
                len(measured),
                text,
            )
        )
    return pd.DataFrame(rows, columns=["check", "verdict", "found", "share", "folds", "text"])


def _checks_table(checks: pd.DataFrame) -> Table:
    columns = (
        Column("check", "Checked"), Column("verdict", "Result", "badge"), Column("found", "Found, all folds"),
        Column("share", "Share", "percent"), Column("text", "Meaning"),
    )  # fmt: skip
    return Table("Rows that should not be there", checks, columns)


def _features(artifact: Artifact) -> list[Block]:
    found: list[Block] = []
    features, levels, named = (artifact.tables[name] for name in ("features", "levels", "identifiers"))
    if len(features):
        suspicious = int((features["verdict"] != "ok").sum())
        bound = float(artifact.summary["suspicious_auc"])
        note = (
            "Class shares per value or bin learned on training rows, judged on test rows. The mean over the folds "
            f"decides, before it is rounded: from {bound:g} on a feature is suspicious, from "
            f"{float(artifact.summary['nearly_equal_auc']):g} on it is the target in disguise. The largest of a single "
            "fold decides nothing, for it varies by chance."
        )
        columns = (
            Column("column", "Feature"), Column("auroc", "AUROC alone, mean of folds", "number"),
            Column("auroc_max", "Largest of a fold", "number"), Column("verdict", "Result", "badge"), *_use(features),
        )  # fmt: skip
        shown = features.head(max(15, suspicious))
        caption = f"Features that separate the classes best, each alone ({len(shown)} of {len(features)})"
        found.append(Table(caption, shown, columns, note=note, collapsed=not suspicious))
    if len(levels):
        values = (
            Column("column", "Feature"), Column("level", "Value"), Column("class", "Class"),
            Column("rows", "Rows", "int"), Column("share", "Share of the class", "percent"), *_use(levels),
        )  # fmt: skip
        found.append(Table("Values that decide the outcome", levels, values))
    if len(named):
        columns = (
            Column("column", "Feature"), Column("distinct", "Distinct values", "int"), Column("rows", "Rows", "int"),
            Column("share", "Share distinct", "percent"), *_use(named),
        )  # fmt: skip
        found.append(Table("Features that look like identifiers", named, columns))
    return found


def _use(table: pd.DataFrame) -> tuple[Column, ...]:
    return (Column("dropped", "Dropped by the pipeline"),) if "dropped" in table else ()
