"""``DataProfile``: what the rows are like, overall, by class, by sensitive group, and in training against test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits import _profile_findings as findings
from appliedml.audits._input_measures import (
    MEASURE_TYPES,
    kind_of_inputs,
    measure_frame,
    measure_table,
    measured_rows,
)
from appliedml.audits._profile_association import PROXY_TYPES, proxies, sample_rows
from appliedml.audits._profile_columns import (
    COLUMN_TYPES,
    describe_columns,
    feature_frame,
    row_hashes,
    safe_share,
)
from appliedml.audits._profile_groups import (
    CHARACTERISTIC_TYPES,
    CLASS_TYPES,
    MISSING_TYPES,
    class_rows,
    group_characteristics,
    members,
    missing_table,
)
from appliedml.audits._profile_shift import SHIFT_TYPES, column_shift, two_sample_auroc
from appliedml.core.artifact import ALL_FOLDS, Artifact, Finding, Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.params import AnyOf, Boolean, Integer, Null, Rule
from appliedml.core.samples import Samples
from appliedml.core.seeds import derive_seed
from appliedml.core.small_counts import count_text
from appliedml.core.stage import Configured

PROXY_ROWS = 5000
OVERALL_TYPES: dict[str, Any] = {"fold": "int64", "auroc": float, "low": float, "high": float}
DUPLICATE_TYPES: dict[str, Any] = {
    "fold": "int64", "where": str, "rows": "int64", "n_duplicates": "int64", "share": float,
}  # fmt: skip


class DataProfile(Configured):
    """Describe the rows used: columns, missing values, classes, sensitive groups, proxies, duplicates and shift.

    Of texts and images, what can be measured stands for the columns: lengths, capitals and marks of a text, brightness,
    contrast and detail of a picture; by class, by fold and by sensitive group.

    Parameters
    ----------
    max_categories : int
        How many levels of a category or of a sensitive feature are named; the rest is pooled.
    shift : bool
        Whether training and test rows are compared in every fold. Worth it always for folds ordered in time.
    random_state : int, optional
        For the rows and splits of the two small models (proxies, shift). Default: derived from the run's seed.

    Notes
    -----
    Tables hold aggregates only. In tables by class or group a count of 1 to 4 is shown as "<5" and shares of it are
    left out; rare levels of a category are pooled, because a rare value may name a person.

    Examples
    --------
    >>> DataProfile(max_categories=8).get_params()["shift"]
    True
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "max_categories": Integer(1, 100),
        "shift": Boolean(),
        "random_state": AnyOf(Integer(0), Null()),
    }

    def __init__(self, max_categories: int = 12, shift: bool = True, random_state: int | None = None) -> None:
        self.max_categories = max_categories
        self.shift = shift
        self.random_state = random_state

    def examine(self, fold: Fold) -> dict[str, Any]:
        """Collect one fold's rows and compare its training with its test rows.

        Parameters
        ----------
        fold : Fold

        Returns
        -------
        dict
            The test rows (of fold 0 also the training rows: together with the other folds' test rows these are all
            rows used, for time-ordered and holdout splits too), class counts, duplicates across, and the shift.
        """
        self.check_parameters()
        root = fold.seed if self.random_state is None else self.random_state
        seed = derive_seed(root, "data_profile", "shift", fold.number)
        train, test = (_described(part, seed) for part in (fold.train, fold.test))
        evidence: dict[str, Any] = {
            "fold": fold.number,
            "classes": fold.classes,
            "seed": derive_seed(root, "data_profile", "proxies"),
            "kind": kind_of_inputs(fold.test.X),
            "size": list(fold.test.X.shape[1:]) if kind_of_inputs(fold.test.X) == "images" else None,
            "parts": [test, *([train] if fold.number == 0 else [])],
            "labels": {"train": np.asarray(fold.train.y), "test": np.asarray(fold.test.y)},
            "across": _across(train["hashes"], test["hashes"]),
            "own_columns": {item.name: item.column for item in fold.test.schema.sensitive_features},
            "group": fold.test.schema.group or "",
            "shift": None,
            "told_apart": None,
        }
        if self.shift:
            before, before_group = _compared(fold.train, train)
            after, after_group = _compared(fold.test, test)
            if before is not None and after is not None and len(before) and len(after):
                evidence["shift"] = column_shift(before, after)
                evidence["told_apart"] = two_sample_auroc(before, after, before_group, after_group, seed)
        return evidence

    def conclude(self, evidence: list[dict[str, Any]]) -> Artifact:
        """Pool the rows of all folds into tables and findings.

        Parameters
        ----------
        evidence : list of dict
            One item a fold, in fold order.

        Returns
        -------
        Artifact
            Tables ``columns``, ``categories``, ``missing``, ``classes``, ``groups``, ``characteristics``,
            ``duplicates``, ``proxies``, ``shift``, ``shift_overall``, ``measures``. Those about columns are empty
            where the inputs are no table; ``measures`` is empty where they are neither texts nor images.
        """
        classes: tuple[str, ...] = evidence[0]["classes"]
        rows = _pooled([part for item in evidence for part in item["parts"]])
        labels = rows["y"].astype(np.int64)
        sensitive: pd.DataFrame = rows["sensitive"]
        frame: pd.DataFrame | None = rows["frame"]
        measures: pd.DataFrame | None = rows["measures"]
        names = pd.Series(np.array(classes, dtype=object)[labels], dtype=object)
        tables = {
            "classes": self._classes(labels, sensitive, classes, evidence),
            "groups": _groups(sensitive, self.max_categories),
            "duplicates": _duplicates(rows["hashes"], evidence),
        }
        found: list[Finding] = [*findings.class_findings(classes, np.bincount(labels, minlength=len(classes)).tolist())]
        found += findings.group_findings(sensitive)
        found += findings.duplicate_findings(tables["duplicates"])
        if frame is not None:
            tables["columns"], tables["categories"] = describe_columns(frame, self.max_categories)
            tables["missing"] = missing_table(frame, names, sensitive, self.max_categories)
            tables["characteristics"] = group_characteristics(frame, sensitive, self.max_categories)
            seed = int(evidence[0]["seed"])
            picked = sample_rows(len(frame), PROXY_ROWS, seed)
            group = None if rows["group"] is None else rows["group"][picked]
            some, levels = frame.iloc[picked].reset_index(drop=True), sensitive.iloc[picked].reset_index(drop=True)
            tables["proxies"] = proxies(some, levels, group, evidence[0]["own_columns"], seed)
            found += findings.column_findings(tables["columns"])
            found += findings.missing_findings(tables["missing"])
            found += findings.proxy_findings(tables["proxies"])
        else:
            for name, types in (("columns", COLUMN_TYPES), ("missing", MISSING_TYPES), ("proxies", PROXY_TYPES)):
                tables[name] = _empty(types)
            tables["categories"] = _empty({"column": str, "level": str, "n": "int64", "share": float})
            tables["characteristics"] = (
                _empty(CHARACTERISTIC_TYPES)
                if measures is None
                else group_characteristics(measures, sensitive, self.max_categories)
            )
        tables["measures"] = _empty(MEASURE_TYPES)
        if measures is not None:
            folds = _tested_in(rows["row_id"], evidence)
            tables["measures"] = measure_table(measures, names, folds, sensitive, self.max_categories)
        tables["shift"], tables["shift_overall"] = _shift(evidence)
        found += findings.shift_findings(tables["shift"], tables["shift_overall"], _group_of(rows, evidence))
        warned = any(finding.severity is not Severity.INFO for finding in found)
        summary = {
            "n_rows": len(labels),
            "n_columns": 0 if frame is None else frame.shape[1],
            "features_are_a_table": frame is not None,
            "n_missing_cells": 0 if frame is None else int(frame.isna().to_numpy().sum()),
            "inputs": evidence[0]["kind"],
            "picture_size": evidence[0]["size"],
            "n_measured": 0 if measures is None else int(measures.notna().any(axis=1).sum()),
            "shift_compared": bool(self.shift and any(item["shift"] is not None for item in evidence)),
            "proxy_rows": min(len(labels), PROXY_ROWS),
        }
        order = ("columns", "categories", "missing", "classes", "groups", "characteristics", "duplicates", "proxies",
                 "shift", "shift_overall", "measures")  # fmt: skip
        return Artifact(
            "data_profile",
            Status.WARNING if warned else Status.OK,
            summary=summary,
            tables={name: tables[name] for name in order},
            findings=tuple(found),
        )

    def _classes(
        self,
        labels: NDArray[np.int64],
        sensitive: pd.DataFrame,
        classes: tuple[str, ...],
        evidence: list[dict[str, Any]],
    ) -> pd.DataFrame:
        rows = class_rows(ALL_FOLDS, "all", "overall", "all", labels, classes)
        for name in sensitive.columns:
            for level, mask in members(sensitive[name], self.max_categories):
                rows += class_rows(ALL_FOLDS, "all", str(name), level, labels[mask], classes)
        for item in evidence:
            for part, codes in item["labels"].items():
                rows += class_rows(item["fold"], part, "overall", "all", codes.astype(np.int64), classes)
        return pd.DataFrame(rows, columns=list(CLASS_TYPES)).astype(CLASS_TYPES)


def _described(samples: Samples, seed: int) -> dict[str, Any]:
    return {
        "row_id": samples.row_id,
        "y": np.asarray(samples.y),
        "frame": feature_frame(samples.X),
        "measures": measure_frame(samples.X, seed),
        "hashes": row_hashes(samples.X),
        "sensitive": samples.sensitive,
        "group": samples.group,
    }


def _pooled(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the parts together, every row once (repeated splits test a row more than once)."""
    ids = pd.Series(np.concatenate([np.asarray(part["row_id"], dtype=object) for part in parts]))
    # Ordered by id text: pooled statistics must not depend on how rows fell into folds.
    first = ids[~ids.duplicated()]
    keep = first.index.to_numpy()[np.argsort(first.astype(str).to_numpy(dtype=object), kind="stable")]
    frames = [part["frame"] for part in parts]
    tabular = all(frame is not None for frame in frames)
    measured = [part["measures"] for part in parts]
    hashed = all(part["hashes"] is not None for part in parts)
    grouped = all(part["group"] is not None for part in parts)
    together = pd.concat([part["sensitive"] for part in parts], ignore_index=True)
    return {
        "row_id": ids[keep].to_numpy(dtype=object),
        "measures": (
            pd.concat(measured, ignore_index=True).iloc[keep].reset_index(drop=True)
            if all(frame is not None for frame in measured)
            else None
        ),
        "y": np.concatenate([part["y"] for part in parts])[keep],
        "frame": pd.concat(frames, ignore_index=True).iloc[keep].reset_index(drop=True) if tabular else None,
        "hashes": np.concatenate([part["hashes"] for part in parts])[keep] if hashed else None,
        "sensitive": together.iloc[keep].reset_index(drop=True),
        "group": np.concatenate([np.asarray(p["group"], dtype=object) for p in parts])[keep] if grouped else None,
    }


def _group_of(rows: dict[str, Any], evidence: list[dict[str, Any]]) -> str:
    """Return what makes several rows belong together; empty where every row is on its own."""
    if rows["group"] is None or not pd.Series(rows["group"]).dropna().duplicated().any():
        return ""
    column = evidence[0]["group"]
    return f"column {column}" if column else "found alike by the cleaning"


def _compared(samples: Samples, part: dict[str, Any]) -> tuple[pd.DataFrame | None, NDArray[Any] | None]:
    """Return the columns, or what was measured, of the rows that can be compared, and their groups."""
    frame: pd.DataFrame | None = part["frame"]
    if frame is not None or part["measures"] is None:
        return frame, samples.group
    rows = measured_rows(samples.X, part["measures"])
    group = None if samples.group is None else samples.group[rows]
    return part["measures"].iloc[rows].reset_index(drop=True), group


def _tested_in(row_ids: NDArray[Any], evidence: list[dict[str, Any]]) -> dict[str, NDArray[np.bool_]]:
    """Return which of the rows each fold tested, and which no fold did."""
    found = {
        f"test rows of fold {item['fold']}": np.isin(
            row_ids.astype(str), np.asarray(item["parts"][0]["row_id"], dtype=object).astype(str)
        )
        for item in evidence
    }
    never = ~np.any(list(found.values()), axis=0)
    return found | ({"never tested": never} if never.any() else {})


def _across(before: NDArray[np.uint64] | None, after: NDArray[np.uint64] | None) -> tuple[int, int] | None:
    if before is None or after is None:
        return None
    return len(after), int(np.isin(after, before).sum())


def _duplicates(hashes: NDArray[np.uint64] | None, evidence: list[dict[str, Any]]) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    if hashes is not None:
        again = len(hashes) - len(np.unique(hashes))
        rows.append((ALL_FOLDS, "row repeats an earlier one", len(hashes), again, again / len(hashes)))
    for item in evidence:
        if item["across"] is not None:
            n, n_across = item["across"]
            rows.append((item["fold"], "test row also in train", n, n_across, n_across / n if n else 0.0))
    return pd.DataFrame(rows, columns=list(DUPLICATE_TYPES)).astype(DUPLICATE_TYPES)


def _groups(sensitive: pd.DataFrame, max_levels: int) -> pd.DataFrame:
    rows = [
        (str(name), level, count_text(int(mask.sum())), safe_share(int(mask.sum()), len(mask)))
        for name in sensitive.columns
        for level, mask in members(sensitive[name], max_levels)
    ]
    kinds: dict[str, Any] = {"sensitive": str, "level": str, "rows": str, "share": float}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def _shift(evidence: list[dict[str, Any]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    columns = [item["shift"].assign(fold=item["fold"]) for item in evidence if item["shift"] is not None]
    types = {"fold": "int64", **SHIFT_TYPES}
    shift = pd.concat(columns, ignore_index=True)[list(types)].astype(types) if columns else _empty(types)
    overall = [(item["fold"], *item["told_apart"]) for item in evidence if item["told_apart"] is not None]
    return shift, pd.DataFrame(overall, columns=list(OVERALL_TYPES)).astype(OVERALL_TYPES)


def _empty(types: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in types}).astype(types)
