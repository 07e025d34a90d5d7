"""What the threshold explorer reads of a run: out-of-fold scores, decisions, and the groups that the audit judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.artifact import Artifact
from appliedml.core.samples import SENSITIVE_PREFIX
from appliedml.core.schema import Schema
from appliedml.store.run import Run

MAX_GROUPS = 120
"""Most groups of all features together: each adds about a kilobyte to the page."""
JOIN = " & "


@dataclass(frozen=True, eq=False)
class Grouping:
    """A sensitive feature or an intersection, as the fairness audit judged it.

    Parameters
    ----------
    name : str
    parts : tuple of str
        The features it is made of.
    levels : tuple of str
        Groups in the audit's order.
    compared : array of bool, shape (n_levels,)
        Groups that take part in gaps where they are large enough: those of known level, or all.
    unknown : array of bool, shape (n_levels,)
    codes : array of int, shape (n_rows,)
        Position of every row's group.
    """

    name: str
    parts: tuple[str, ...]
    levels: tuple[str, ...]
    compared: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    codes: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RunRows:
    """Out-of-fold rows of a run with two classes.

    Parameters
    ----------
    positive : array of bool, shape (n_rows,)
        Truly of the class of interest.
    selected : array of bool, shape (n_rows,)
        As the run decided, each fold at its own threshold.
    score : array of shape (n_rows,)
    fold_thresholds : tuple of float
        Of the folds, in their order.
    group, row_id : array of shape (n_rows,) or None
        What rows belong to (customer, patient); the row's own name where it was predicted more than once.
    groupings : tuple of Grouping
    left_out : tuple of str
        Features and intersections of the audit that are not here, with the reason.
    """

    positive: NDArray[np.bool_]
    selected: NDArray[np.bool_]
    score: NDArray[np.float64]
    fold_thresholds: tuple[float, ...]
    group: NDArray[Any] | None
    row_id: NDArray[Any] | None
    groupings: tuple[Grouping, ...]
    left_out: tuple[str, ...]

    @property
    def cluster(self) -> NDArray[Any] | None:
        """What the fairness audit resamples by: groups of rows, else repeated predictions, else None for rows."""
        return self.row_id if self.group is None else self.group


def read_rows(run: Run) -> RunRows | None:
    """Return the rows of a run.

    Parameters
    ----------
    run : Run

    Returns
    -------
    RunRows or None
        None where the run has more than two classes, or its predictions hold no usable scores.
    """
    table = run.predictions
    classes = [str(name) for name in run.info["classes"]]
    wanted = {"row_id", "fold", "y_true", "y_pred", "threshold", *(f"p_{name}" for name in classes)}
    if not run.info.get("binary") or len(classes) != 2 or not wanted <= set(table.columns) or table.empty:
        return None
    score = table[f"p_{classes[1]}"].to_numpy(dtype=float)
    thresholds = table.groupby("fold", sort=True)["threshold"].first()
    if not np.isfinite(score).all() or not thresholds.notna().all():
        return None
    meta = _meta(run.rows, table["row_id"])
    repeated = bool(table["row_id"].duplicated().any())
    groupings, left_out = _groupings(run, meta)
    return RunRows(
        (table["y_true"].astype(str) == classes[1]).to_numpy(),
        (table["y_pred"].astype(str) == classes[1]).to_numpy(),
        score,
        tuple(float(value) for value in thresholds),
        meta["group"].to_numpy() if "group" in meta else None,
        table["row_id"].to_numpy() if repeated else None,
        tuple(groupings),
        tuple(left_out),
    )


def _meta(rows: pd.DataFrame, row_id: pd.Series[Any]) -> pd.DataFrame:
    """Meta of every prediction, in the order of the predictions."""
    place = pd.Index(rows["row_id"]).get_indexer(pd.Index(row_id))
    if (place < 0).any():
        return pd.DataFrame(index=range(len(row_id)))
    columns = [name for name in rows.columns if name == "group" or str(name).startswith(SENSITIVE_PREFIX)]
    return rows[columns].iloc[place].reset_index(drop=True)


def _groupings(run: Run, meta: pd.DataFrame) -> tuple[list[Grouping], list[str]]:
    if "fairness" not in run or not {"by_group", "features"} <= set(run["fairness"].tables):
        return [], []
    artifact = run["fairness"]
    table = artifact.tables["by_group"]
    levels = {str(name): part for name, part in table.groupby("feature", sort=False)}
    singles: dict[str, tuple[NDArray[np.int64], list[str]]] = {}
    for item in Schema(**_schema(run.info["schema"])).sensitive_features:
        column = SENSITIVE_PREFIX + item.column
        if column in meta:
            # Levels of the distinct values only: a million rows have a few hundred.
            codes, values = pd.factorize(meta[column], use_na_sentinel=False)
            places, found = pd.factorize(item.levels(pd.Series(values)))
            singles[item.name] = places.astype(np.int64)[codes], [str(level) for level in found]
    found_groupings: list[Grouping] = []
    left_out: list[str] = []
    room = MAX_GROUPS
    for name, part in sorted(levels.items(), key=lambda pair: bool(pair[1]["intersection"].iloc[0])):
        parts = _parts(name, list(singles))
        if len(part) > room:
            left_out.append(f"{name}: its {len(part)} groups would make the page too heavy")
            continue
        grouping = None if parts is None else _grouping(name, parts, singles, part, artifact)
        if grouping is None:
            left_out.append(f"{name}: the run's rows do not give the groups that were judged")
            continue
        room -= len(part)
        found_groupings.append(grouping)
    return found_groupings, left_out


def _schema(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("target", "sensitive") if name in data}


def _parts(name: str, singles: list[str]) -> tuple[str, ...] | None:
    """Which features an intersection is made of; their own names may hold the joint too."""
    if name in singles:
        return (name,)
    split = tuple(name.split(JOIN))
    if set(split) <= set(singles):
        return split
    return next((pair for pair in combinations(singles, 2) if JOIN.join(pair) == name), None)


def _grouping(
    name: str,
    parts: tuple[str, ...],
    singles: Mapping[str, tuple[NDArray[np.int64], list[str]]],
    part: pd.DataFrame,
    artifact: Artifact,
) -> Grouping | None:
    joint = np.zeros(len(singles[parts[0]][0]), dtype=np.int64)
    for feature in parts:
        codes, found = singles[feature]
        joint = joint * len(found) + codes
    cells, codes = np.unique(joint, return_inverse=True)
    levels = [str(level) for level in part["level"]]
    place = {level: position for position, level in enumerate(levels)}
    names = [_cell_name(int(cell), [singles[feature][1] for feature in parts]) for cell in cells]
    places = [place.get(text, place.get(_as_whole(text), -1)) for text in names]
    if -1 in places or len(set(places)) != len(levels):
        return None
    of_row = np.array(places, dtype=np.int64)[codes]
    if not np.array_equal(np.bincount(of_row, minlength=len(levels)), part["n"].to_numpy(dtype=np.int64)):
        return None
    unknown = part["unknown"].to_numpy(dtype=bool)
    compared = np.ones(len(levels), dtype=bool) if artifact.summary.get("judge_unknown") else ~unknown
    return Grouping(name, parts, tuple(levels), compared, unknown, of_row)


def _cell_name(cell: int, levels: list[list[str]]) -> str:
    texts = []
    for found in reversed(levels):
        cell, position = divmod(cell, len(found))
        texts.append(found[position])
    return JOIN.join(reversed(texts))


def _as_whole(text: str) -> str:
    """Write 1.0 as 1: a column of numbers that was written as text."""
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() else text


def cost_ratio(run: Run) -> tuple[float, str]:
    """Return what a false negative costs, a false positive costing 1, and who says so.

    Parameters
    ----------
    run : Run

    Returns
    -------
    ratio : float
        1 where nobody says.
    source : str
        "threshold" for the plan's rule, "performance" for its audit, or "".
    """
    rule = run.plan.get("threshold")
    by_rule = rule.get("cost") if isinstance(rule, Mapping) else None
    by_audit = run["performance"].summary.get("costs") if "performance" in run else None
    for source, costs in (("threshold", by_rule), ("performance", by_audit)):
        if costs and float(costs.get("false_positive") or 0) > 0:
            return float(costs["false_negative"]) / float(costs["false_positive"]), source
    return 1.0, ""


def reference_groups(plan: Mapping[str, Any]) -> dict[str, str]:
    """Return the reference group of impact ratios of every feature that the plan's fairness audit names one for.

    Parameters
    ----------
    plan : mapping

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> reference_groups({"audits": ["leakage", {"fairness": {"reference": {"sex": "M"}}}]})
    {'sex': 'M'}
    """
    for entry in plan.get("audits") or ():
        if isinstance(entry, Mapping) and isinstance(entry.get("fairness"), Mapping):
            return {str(name): str(level) for name, level in (entry["fairness"].get("reference") or {}).items()}
    return {}
