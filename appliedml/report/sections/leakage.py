"""Section "Leakage checks": what could have told the model the answer, and what was found."""

from __future__ import annotations

import pandas as pd

from appliedml.core.artifact import Artifact
from appliedml.report.blocks import Block, Callout, Column, Table, Tone
from appliedml.store.run import Run

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
        found: list[Block] = [_verdict(artifact), _checks_table(checks)]
        found += _features(artifact)
        return found


def _verdict(artifact: Artifact) -> Callout:
    tones: dict[str, Tone] = {"problem": "bad", "warning": "warning"}
    tone = tones.get(str(artifact.status), "good")
    titles = {"bad": "Leakage found", "warning": "Something may leak", "good": "No leakage found"}
    text = " ".join(f"{finding.title}: {finding.text}" for finding in artifact.findings[:3])
    n = int(artifact.summary["n_folds"])
    return Callout(tone, titles[tone], text or f"Every check that applies was made in {n} fold{'s' if n != 1 else ''}.")


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
            f"Class shares per value or bin learned on training rows, judged on test rows. From {bound:g} on a feature "
            f"is suspicious, from {float(artifact.summary['nearly_equal_auc']):g} on it is the target in disguise."
        )
        columns = (
            Column("column", "Feature"), Column("auroc", "AUROC alone, mean of folds", "number"),
            Column("auroc_max", "Largest", "number"), Column("verdict", "Result", "badge"),
        )  # fmt: skip
        shown = features.head(max(15, suspicious))
        caption = f"Features that separate the classes best, each alone ({len(shown)} of {len(features)})"
        found.append(Table(caption, shown, columns, note=note, collapsed=not suspicious))
    if len(levels):
        values = (
            Column("column", "Feature"), Column("level", "Value"), Column("class", "Class"),
            Column("rows", "Rows", "int"), Column("share", "Share of the class", "percent"),
        )  # fmt: skip
        found.append(Table("Values that decide the outcome", levels, values))
    if len(named):
        columns = (
            Column("column", "Feature"), Column("distinct", "Distinct values", "int"), Column("rows", "Rows", "int"),
            Column("share", "Share distinct", "percent"),
        )  # fmt: skip
        found.append(Table("Features that look like identifiers", named, columns))
    return found
