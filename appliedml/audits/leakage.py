"""``Leakage``: facts about what could have told the model the answer, fold by fold, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from appliedml.audits._input_measures import SAID, kind_of_inputs
from appliedml.audits._leakage_columns import ColumnUse, column_use, dropped_table, said_of
from appliedml.audits._leakage_features import (
    FEATURE_TYPES,
    IDENTIFIER_TYPES,
    LEVEL_TYPES,
    NEARLY_EQUAL,
    feature_separation,
    identifiers,
    pure_levels,
)
from appliedml.audits._leakage_inputs import IN_TEXT, measure_separation, pure_words
from appliedml.audits._leakage_rows import BY_FILE, CHECK_TYPES, PROBLEM, TIME_ORDER, WARNING, row_checks
from appliedml.audits._profile_columns import feature_frame
from appliedml.core.artifact import Artifact, Finding, Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.params import Real, Rule
from appliedml.core.stage import Configured

HIDDEN = ("seconds",)
NOT_LATER = "Not tested on later rows"


class Leakage(Configured):
    """Check that training and test rows stay apart and that no feature gives the target away.

    Parameters
    ----------
    suspicious_auc : float
        A single feature that separates the classes of unseen rows with this AUROC or more, in the mean over the folds,
        is named. From 0.99 on it is called a problem: the target, or something only known after it, is among the
        features.

    Notes
    -----
    Checked per fold: row ids and groups in both parts; the time order; test rows whose features also occur in training
    (and with the same label); rows that a stage was fitted on against validation rows and test rows; the ledger's row
    counts; how well each feature alone separates the classes (bins learned on training rows, judged on test rows);
    values after which the outcome is certain; columns that look like identifiers. A column that the pipeline drops in
    every fold cannot tell the model anything: what is found about it is information, not a warning. Where rows have a
    time and training rows are not all earlier than the test rows, that is a warning: later rows were not tested.

    Texts and images are compared by their content; test texts that nearly repeat a training text are counted. Images
    are compared by their pixels at the size the model sees, and those that a training row of another group has too are
    named; of more than 20,000 images whole files are compared, and a finding says so. Groups that differ only in
    capitals or blanks are counted, because they may be one.

    In place of features, what can be measured of a text (its length, say) or a picture (its brightness) is checked, and
    words after which the outcome is certain.

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
            ``checks``, ``features``, ``levels``, ``identifiers``, ``ledger``; and which columns the pipeline drops.
        """
        self.check_parameters()
        train, test = feature_frame(fold.train.X), feature_frame(fold.test.X)
        before, after = np.asarray(fold.train.y).astype(np.intp), np.asarray(fold.test.y).astype(np.intp)
        tabular = train is not None and test is not None
        return {
            "fold": fold.number,
            "use": column_use(fold),
            "kind": kind_of_inputs(fold.test.X),
            "checks": row_checks(fold),
            "features": (
                feature_separation(train, before, test, after, len(fold.classes))
                if tabular
                else measure_separation(fold, fold.seed_for("leakage", "measures"))
            ),
            "levels": pure_levels(train, before, fold.classes) if tabular else pure_words(fold),
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
            verdict), ``levels`` (column, level, class, rows, share), ``identifiers`` (column, rows, distinct, share),
            each, for tables, with ``dropped`` (whether the pipeline drops the column), ``dropped`` (column, folds,
            every_fold) and ``ledger``.
        """
        checks = pd.concat([item["checks"] for item in evidence], ignore_index=True).astype(CHECK_TYPES)
        features = self._features([item["features"] for item in evidence if item["features"] is not None])
        levels = _worst([item["levels"] for item in evidence], ["column", "level", "class"], LEVEL_TYPES)
        named = _worst([item["identifiers"] for item in evidence], ["column"], IDENTIFIER_TYPES)
        ledger = pd.concat([item["ledger"] for item in evidence], ignore_index=True)
        uses: list[ColumnUse] = [item["use"] for item in evidence]
        dropped = dropped_table(uses, [item["fold"] for item in evidence])
        kind = evidence[0]["kind"]
        measured = kind in ("texts", "images")
        if not measured:
            features, levels, named = (_with_use(table, uses) for table in (features, levels, named))
        else:
            # A measure is a trace of how rows were made, not the target among the features.
            features["verdict"] = features["verdict"].where(features["verdict"] != PROBLEM, WARNING)
        found = [
            *_check_findings(checks),
            *(_measure_findings(features, kind) if measured else _feature_findings(features)),
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
                "inputs": kind,
                "mixtures": list(dict.fromkeys(name for use in uses for name in use.mixtures)),
            },
            tables={
                "checks": checks,
                "features": features,
                "levels": levels,
                "identifiers": named,
                "dropped": dropped,
                "ledger": ledger,
            },
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
            n, of = f"{worst['n']:,}", f"{worst['of']:,}"
            if name == TIME_ORDER:
                share = _share(worst["n"], worst["of"])
                text = (
                    f"{n} of {of} training rows ({share}) are not earlier than the first test row in fold "
                    f"{worst['fold']}; folds concerned: {folds}. {worst['text']}"
                )
                yield Finding(severity, NOT_LATER, text)
                continue
            text = f"{n} of {of} in fold {worst['fold']}; folds concerned: {folds}. {worst['text']}"
            yield Finding(severity, str(name).capitalize(), text)
    limited = checks[checks["check"] == BY_FILE]
    if len(limited):
        yield Finding(Severity.INFO, BY_FILE.capitalize(), str(limited["text"].iloc[0]))


def _share(n: int, of: int) -> str:
    """Per cent, never rounded up to all nor down to none."""
    text = f"{n / of:.0%}"
    return "under 1%" if n and text == "0%" else f"all but {of - n:,}" if n < of and text == "100%" else text


_USE = {
    "no": "The pipeline does not drop it.",
    "in some folds": "The pipeline drops it in some folds only.",
    "not known": "Whether the model sees it is not known.",
}


def _with_use(table: pd.DataFrame, uses: Sequence[ColumnUse]) -> pd.DataFrame:
    return table.assign(dropped=pd.Series([said_of(str(name), uses) for name in table["column"]], dtype=str))


def _feature_findings(features: pd.DataFrame) -> Iterator[Finding]:
    for row in features[features["verdict"] != "ok"].itertuples():
        alone = f"{row.column} alone separates the classes of unseen rows with AUROC {row.auroc:.3f}."
        if row.dropped == "yes":
            title = f"{row.column} knows too much and is dropped by the pipeline before the model"
            yield Finding(Severity.INFO, title, f"{alone} The pipeline drops it in every fold.")
        elif row.verdict == PROBLEM:
            text = f"{alone} It is the target, or follows from it: remove it and run again. {_USE[row.dropped]}"
            yield Finding(Severity.PROBLEM, f"A target inside the features: {row.column}", text)
        else:
            text = f"{alone} Make sure it is known when the model is used. {_USE[row.dropped]}"
            yield Finding(Severity.WARNING, f"{row.column} is suspiciously good", text)


def _measure_findings(features: pd.DataFrame, kind: str) -> Iterator[Finding]:
    for row in features[features["verdict"] != "ok"].itertuples():
        text = (
            f"{row.column} ({SAID[str(row.column)]}) alone separates the classes of unseen {kind} with AUROC "
            f"{row.auroc:.3f}. A model can use this trace of how they were made in place of what they show: look at "
            "how the classes were collected."
        )
        yield Finding(Severity.WARNING, f"The class of {kind} can nearly be told by {row.column} alone", text)


def _level_findings(levels: pd.DataFrame) -> Iterator[Finding]:
    for row in levels.to_dict("records"):
        if row["column"] == IN_TEXT:
            text = (
                f"{100 * row['share']:.1f} % of the {row['rows']:,} training texts with the word {row['level']!r} are "
                f"of class {row['class']}. Make sure it is part of what was written, not put there with the label."
            )
            yield Finding(Severity.WARNING, f"The word {row['level']!r} decides the outcome", text)
            continue
        text = (
            f"{100 * row['share']:.1f} % of the {row['rows']:,} training rows with {row['column']} = {row['level']} "
            f"are of class {row['class']}."
        )
        if row["dropped"] == "yes":
            title = f"{row['column']}, of which one value decides the outcome, is dropped by the pipeline"
            yield Finding(Severity.INFO, title, f"{text} The pipeline drops the column in every fold.")
        else:
            text = f"{text} Make sure the value is known when the model is used. {_USE[row['dropped']]}"
            yield Finding(Severity.WARNING, f"One value of {row['column']} decides the outcome", text)


def _identifier_findings(named: pd.DataFrame) -> Iterator[Finding]:
    for row in named.itertuples():
        counts = f"{row.distinct:,} different values in {row.rows:,} rows."
        if row.dropped == "yes":
            title = f"Identifier-like column {row.column} is dropped by the pipeline before the model"
            yield Finding(Severity.INFO, title, f"{counts} The pipeline drops it in every fold.")
        else:
            text = (
                f"{counts} An identifier lets a model learn rows by heart, and numbers given in order carry time: name "
                f"it as row_id or group, or ignore it. {_USE[row.dropped]}"
            )
            yield Finding(Severity.WARNING, f"{row.column} looks like an identifier", text)
