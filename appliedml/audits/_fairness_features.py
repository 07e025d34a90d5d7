"""What a fairness audit judges: the pooled out-of-fold rows, the sensitive features and their intersections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.fold import Fold
from appliedml.core.samples import SENSITIVE_PREFIX
from appliedml.core.schema import MAX_LEVELS, UNKNOWN

JOIN = " & "
MAX_INTERSECTION_GROUPS = 200


@dataclass(frozen=True, eq=False)
class Pooled:
    """Out-of-fold rows of all folds, one after the other.

    Parameters
    ----------
    classes : tuple of str
    y_true, y_pred : array of int, shape (n_rows,)
        Class codes; decisions as each fold made them, with its own threshold.
    score : array of shape (n_rows,) or None
        Probability of the class of interest; None with more than two classes.
    margin : array of shape (n_rows,) or None
        Log odds of the score minus those of the fold's threshold: at least 0 where a row is selected.
    cluster : array of shape (n_rows,) or None
        What rows are resampled by; None if every row stands alone.
    cluster_reason : str
        Why they are, as part of a sentence.
    sensitive : DataFrame of n_rows rows
        One text column a sensitive feature.
    levels : dict of str to list of str
        Order of the levels where the schema gives one (bands).
    """

    classes: tuple[str, ...]
    y_true: NDArray[np.int64]
    y_pred: NDArray[np.int64]
    score: NDArray[np.float64] | None
    margin: NDArray[np.float64] | None
    cluster: NDArray[Any] | None
    cluster_reason: str
    sensitive: pd.DataFrame
    levels: dict[str, list[str]]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.y_true)

    @property
    def binary(self) -> bool:
        """Whether there are two classes."""
        return len(self.classes) == 2


@dataclass(frozen=True, eq=False)
class Feature:
    """A sensitive feature, or an intersection of some.

    Parameters
    ----------
    name : str
        "sex", or "sex & age_band".
    parts : tuple of str
        The features it is made of.
    levels : tuple of str
        Groups in order, those of unknown level last.
    codes : array of int, shape (n_rows,)
        Position of every row's group.
    unknown : array of bool, shape (n_levels,)
        Groups whose level is unknown, in any part.
    reason : str
        Why it cannot be judged; empty if it can.
    """

    name: str
    parts: tuple[str, ...]
    levels: tuple[str, ...] = ()
    codes: NDArray[np.int64] | None = None
    unknown: NDArray[np.bool_] | None = None
    reason: str = ""


def fold_evidence(fold: Fold) -> dict[str, Any]:
    """Return what the audit keeps of one fold, as plain data.

    Parameters
    ----------
    fold : Fold

    Returns
    -------
    dict
    """
    table = fold.prediction_table()
    return {
        "table": table.drop(columns=[column for column in ("fold",) if column in table]),
        "classes": fold.classes,
        "levels": {item.name: item.band_labels() for item in fold.test.schema.sensitive_features if item.edges},
        "seed": fold.seed_for("fairness"),
    }


def pool(evidence: Sequence[dict[str, Any]]) -> Pooled:
    """Put the rows of all folds together.

    Parameters
    ----------
    evidence : sequence of dict
        One a fold, of :func:`fold_evidence`.

    Returns
    -------
    Pooled
    """
    table = pd.concat([item["table"] for item in evidence], ignore_index=True)
    classes = tuple(str(name) for name in evidence[0]["classes"])
    score = margin = cluster = None
    reason = "every row is resampled by itself"
    if len(classes) == 2:
        score = table["p_1"].to_numpy(dtype=float)
        margin = _log_odds(score) - _log_odds(table["threshold"].to_numpy(dtype=float))
    if "group" in table:
        cluster, reason = table["group"].to_numpy(), "rows of one group are resampled together"
    elif table["row_id"].duplicated().any():
        cluster, reason = table["row_id"].to_numpy(), "the repeated predictions of one row are resampled together"
    columns = [column for column in table if str(column).startswith(SENSITIVE_PREFIX)]
    return Pooled(
        classes=classes,
        y_true=table["y_true"].to_numpy(dtype=np.int64),
        y_pred=table["y_pred"].to_numpy(dtype=np.int64),
        score=score,
        margin=margin,
        cluster=cluster,
        cluster_reason=reason,
        sensitive=table[columns].rename(columns=lambda name: str(name).removeprefix(SENSITIVE_PREFIX)),
        levels=dict(evidence[0]["levels"]),
    )


def _log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = np.clip(probability, 1e-15, 1 - 1e-15)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def find_features(pooled: Pooled, intersections: str | Sequence[Sequence[str]]) -> list[Feature]:
    """Return the sensitive features and the asked-for intersections, in order.

    Parameters
    ----------
    pooled : Pooled
    intersections : "pairs" or sequence of sequences of str
        All pairs, or those named.

    Returns
    -------
    list of Feature
        With a reason where one cannot be judged.
    """
    single = {str(name): _single(pooled, str(name)) for name in pooled.sensitive.columns}
    if isinstance(intersections, str):
        usable = [name for name, feature in single.items() if not feature.reason]
        wanted: list[tuple[str, ...]] = list(combinations(usable, 2))
    else:
        wanted = [tuple(str(part) for part in parts) for parts in intersections]
    return [*single.values(), *(_crossed(single, parts) for parts in dict.fromkeys(wanted))]


def _single(pooled: Pooled, name: str) -> Feature:
    codes, found = pd.factorize(pooled.sensitive[name].astype(object))
    present = [str(level) for level in found]
    order = _ordered(present, pooled.levels.get(name, []))
    position = np.array([order.index(level) for level in present], dtype=np.int64)
    unknown = np.array([level == UNKNOWN for level in order])
    n_known = int((~unknown).sum())
    reason = ""
    if n_known < 2:
        what = f"only one level, {order[0]!r}" if n_known else "no known level"
        reason = f"It has {what}: there is nobody to compare with."
    elif n_known > MAX_LEVELS:
        reason = (
            f"It has {n_known} levels, more than {MAX_LEVELS}: too few rows each. "
            "Name bands with edges, or group its levels before the audit."
        )
    return Feature(name, (name,), tuple(order), position[codes], unknown, reason)


def _ordered(present: list[str], bands: list[str]) -> list[str]:
    def key(level: str) -> tuple[bool, int, float, str]:
        place = bands.index(level) if level in bands else len(bands)
        try:
            return level == UNKNOWN, place, float(level), ""
        except ValueError:
            return level == UNKNOWN, place, np.inf, level

    return sorted(present, key=key)


def _crossed(single: dict[str, Feature], parts: tuple[str, ...]) -> Feature:
    name = JOIN.join(parts)
    missing = [part for part in parts if part not in single]
    if missing:
        known = ", ".join(single) or "none"
        return Feature(name, parts, reason=f"{missing[0]!r} is not a sensitive feature. There are: {known}.")
    hopeless = [part for part in parts if single[part].reason]
    if hopeless or len(set(parts)) < len(parts):
        why = f"{hopeless[0]!r} cannot be judged by itself." if hopeless else "It names a feature twice."
        return Feature(name, parts, reason=why)
    joint = np.zeros(len(_codes(single[parts[0]])), dtype=np.int64)
    for part in parts:
        joint = joint * len(single[part].levels) + _codes(single[part])
    found, codes = np.unique(joint, return_inverse=True)
    levels, unknown = [], []
    for cell in found:
        texts, strange = [], False
        for part in reversed(parts):
            cell, place = divmod(int(cell), len(single[part].levels))
            texts.append(single[part].levels[place])
            strange |= single[part].levels[place] == UNKNOWN
        levels.append(JOIN.join(reversed(texts)))
        unknown.append(strange)
    reason = ""
    if len(levels) > MAX_INTERSECTION_GROUPS:
        reason = f"It has {len(levels)} groups, more than {MAX_INTERSECTION_GROUPS}: too few rows each."
    order = np.argsort(np.array(unknown), kind="stable")
    place_of = np.argsort(order)
    return Feature(
        name,
        parts,
        tuple(levels[place] for place in order),
        place_of[codes].astype(np.int64),
        np.array(unknown)[order],
        reason,
    )


def _codes(feature: Feature) -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64) if feature.codes is None else feature.codes
