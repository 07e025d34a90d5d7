"""``Leakage``: facts about what could have told the model the answer, fold by fold, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from appliedml.audits._leakage_features import (
    FEATURE_TYPES,
    IDENTIFIER_TYPES,
    LEVEL_TYPES,
    NEARLY_EQUAL,
    feature_separation,
    identifiers,
    pure_levels,
)
from appliedml.audits._leakage_rows import CHECK_TYPES, PROBLEM, WARNING, row_checks
from appliedml.audits._profile_columns import feature_frame
from appliedml.core.artifact import Artifact, Finding, Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.params import Real, Rule
from appliedml.core.stage import Configured

HIDDEN = ("seconds",)


class Leakage(Configured):
    """Check that training and test rows stay apart and that no feature gives the target away.

    Parameters
    ----------
    suspicious_auc : float
        A single feature that separates the classes of unseen rows with this AUROC or more is named. From 0.99 on it is
        called a problem: the target, or something only known after it, is among the features.

    Notes
    -----
    Checked per fold: row ids and groups in both parts; the time order; test rows whose features also occur in training
    (and with the same label); rows that a stage was fitted on against validation rows and test rows; the ledger's row
    counts; how well each feature alone separates the classes (bins learned on training rows, judged on test rows);
    values after which the outcome is certain; columns that look like identifiers. The time order is reported as a fact:
    it is a fault only where folds were meant to be ordered in time.

    Examples
    --------
    >>> Leakage().suspicious_auc
    0.95
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {"suspicious_auc": Real(0.5, 1.0, open_low=True)}

    def __init__(self, suspicious_auc: float = 0.95) -> None:
        self.suspicious_auc = suspicious_auc

    def examine(self, fold: Fold) -> dict[str, Any]:
        """Collect the facts of one fold.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict of DataFrame
            ``checks``, ``features``, ``levels``, ``identifiers``, ``ledger``; and the sizes of the fold.
        """
        self.check_parameters()
        train, test = feature_frame(fold.train.X), feature_frame(fold.test.X)
        before, after = np.asarray(fold.train.y).astype(np.intp), np.asarray(fold.test.y).astype(np.intp)
        tabular = train is not None and test is not None
        return {
            "checks": row_checks(fold),
            "features": feature_separation(train, before, test, after, len(fold.classes)) if tabular else None,
            "levels": pure_levels(train, before, fold.classes) if tabular else None,
            "identifiers": identifiers(train) if tabular else None,
            "ledger": fold.ledger.drop(columns=[name for name in HIDDEN if name in fold.ledger]),
        }

    def conclude(self, evidence: list[dict[str, Any]]) -> Artifact:
        """Put the folds together.

        Parameters
        ----------
        evidence : list of dict
            One item a fold, in fold order.

        Returns
        -------
        Artifact
            Tables ``checks`` (check, fold, n, of, share, verdict, text), ``features`` (column, auroc, auroc_max, folds,
            verdict), ``levels`` (column, level, class, rows, share), ``identifiers`` (column, rows, distinct, share)
            and ``ledger``.
        """
        checks = pd.concat([item["checks"] for item in evidence], ignore_index=True).astype(CHECK_TYPES)
        features = self._features([item["features"] for item in evidence if item["features"] is not None])
        levels = _worst([item["levels"] for item in evidence], ["column", "level", "class"], LEVEL_TYPES)
        named = _worst([item["identifiers"] for item in evidence], ["column"], IDENTIFIER_TYPES)
        ledger = pd.concat([item["ledger"] for item in evidence], ignore_index=True)
        found = [
            *_check_findings(checks),
            *_feature_findings(features),
            *_level_findings(levels),
            *_identifier_findings(named),
        ]
        worst = {finding.severity for finding in found}
        status = Status.WARNING if Severity.WARNING in worst else Status.OK
        status = Status.PROBLEM if Severity.PROBLEM in worst else status
        return Artifact(
            "leakage",
            status,
            summary={
                "suspicious_auc": self.suspicious_auc,
                "nearly_equal_auc": NEARLY_EQUAL,
                "n_folds": len(evidence),
                "n_checks": len(checks),
                "n_problems": int((checks["verdict"] == PROBLEM).sum()),
                "features_checked": len(features),
            },
            tables={"checks": checks, "features": features, "levels": levels, "identifiers": named, "ledger": ledger},
            findings=tuple(found),
        )

    def _features(self, parts: list[pd.DataFrame]) -> pd.DataFrame:
        if not parts:
            return pd.DataFrame({name: [] for name in FEATURE_TYPES}).astype(FEATURE_TYPES)
        table = pd.concat(parts, ignore_index=True)
        grouped = table.groupby("column", sort=False)["auroc"].agg(["mean", "max", "count"]).reset_index()
        grouped.columns = pd.Index(["column", "auroc", "auroc_max", "folds"])
        grouped["verdict"] = np.where(grouped["auroc"] >= self.suspicious_auc, WARNING, "ok")
        grouped.loc[grouped["auroc"] >= max(NEARLY_EQUAL, self.suspicious_auc), "verdict"] = PROBLEM
        ordered = grouped.sort_values(["auroc", "column"], ascending=[False, True], ignore_index=True)
        return ordered.astype(FEATURE_TYPES)


def _worst(parts: list[pd.DataFrame | None], by: list[str], types: Mapping[str, Any]) -> pd.DataFrame:
    """Keep, of what several folds found alike, the entry with the most rows."""
    tables = [part for part in parts if part is not None and len(part)]
    if not tables:
        return pd.DataFrame({name: [] for name in types}).astype(dict(types))
    table = pd.concat(tables, ignore_index=True).sort_values([*by, "rows"], ignore_index=True)
    return table.drop_duplicates(by, keep="last", ignore_index=True).astype(dict(types))


def _check_findings(checks: pd.DataFrame) -> Iterator[Finding]:
    for verdict, severity in ((PROBLEM, Severity.PROBLEM), (WARNING, Severity.WARNING)):
        for name, part in checks[checks["verdict"] == verdict].groupby("check", sort=False):
            folds = ", ".join(str(fold) for fold in part["fold"])
            worst = part.loc[part["n"].idxmax()]
            text = (
                f"{worst['n']:,} of {worst['of']:,} in fold {worst['fold']}; folds concerned: {folds}. {worst['text']}"
            )
            yield Finding(severity, str(name).capitalize(), text)


def _feature_findings(features: pd.DataFrame) -> Iterator[Finding]:
    for row in features[features["verdict"] != "ok"].itertuples():
        if row.verdict == PROBLEM:
            text = (
                f"{row.column} alone separates the classes of unseen rows with AUROC {row.auroc:.3f}. It is the "
                "target, or follows from it: remove it and run again."
            )
            yield Finding(Severity.PROBLEM, f"A target inside the features: {row.column}", text)
        else:
            text = (
                f"It alone reaches AUROC {row.auroc:.3f} on unseen rows. Make sure it is known when the model is used."
            )
            yield Finding(Severity.WARNING, f"{row.column} is suspiciously good", text)


def _level_findings(levels: pd.DataFrame) -> Iterator[Finding]:
    for row in levels.to_dict("records"):
        text = (
            f"{100 * row['share']:.1f} % of the {row['rows']:,} training rows with {row['column']} = {row['level']} "
            f"are of class {row['class']}. Make sure the value is known when the model is used."
        )
        yield Finding(Severity.WARNING, f"One value of {row['column']} decides the outcome", text)


def _identifier_findings(named: pd.DataFrame) -> Iterator[Finding]:
    for row in named.itertuples():
        text = (
            f"{row.distinct:,} different values in {row.rows:,} rows. An identifier lets a model learn rows by "
            "heart, and numbers given in order carry time: name it as row_id or group, or ignore it."
        )
        yield Finding(Severity.WARNING, f"{row.column} looks like an identifier", text)
