"""From judged features to tables, score rows and findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from appliedml.audits._fairness_features import Feature
from appliedml.audits._fairness_judge import Counted, Judged, Minimums
from appliedml.audits._fairness_verdict import base_of, left_out
from appliedml.core.artifact import ALL_FOLDS, score_rows

IMPACT_CONVENTION = 0.80
GAP_COLUMNS = (
    "feature",
    "intersection",
    "metric",
    "criterion",
    "n_groups",
    "n_too_small",
    "n_not_compared",
    "gap",
    "low",
    "high",
    "lowest_group",
    "lowest_rate",
    "highest_group",
    "highest_rate",
    "ratio",
    "ratio_low",
    "ratio_high",
    "verdict",
    "exceeds",
    "coarse",
    "note",
)
PAIR_COLUMNS = ("feature", "metric", "group_a", "group_b", "difference", "low", "high")
TOO_SMALL_COLUMNS = ("feature", "level", "metric", "counted", "found", "needed")
IMPACT_COLUMNS = (
    "feature",
    "class",
    "level",
    "n",
    "share",
    "n_selected",
    "selection_rate",
    "reference",
    "ratio",
    "low",
    "high",
    "reading",
)


def by_group(judged: Sequence[Judged]) -> pd.DataFrame:
    """One row a group: counts, and every rate with the interval of that rate alone.

    Parameters
    ----------
    judged : sequence of Judged

    Returns
    -------
    DataFrame
        See :class:`appliedml.audits.fairness.Fairness`.
    """
    rows = []
    for item in judged:
        counted, feature = item.counted, item.counted.feature
        counts = counted.table.counts
        for group, level in enumerate(feature.levels):
            row: dict[str, Any] = {
                "feature": feature.name,
                "level": level,
                "unknown": bool(counted.unknown[group]),
                "intersection": len(feature.parts) > 1,
                "judged": bool(counted.judged[:, group].any()),
                "n": int(counts[group].sum()),
                "n_units": int(counted.all_units[group]),
            }
            if len(counted.table.classes) == 2:
                row |= {
                    "n_positive": int(counts[group, 1].sum()),
                    "n_negative": int(counts[group, 0].sum()),
                    "n_selected": int(counts[group, :, 1].sum()),
                }
            for name, value, low, high, behind in _group_figures(item, group):
                row |= {name: value, f"{name}_low": low, f"{name}_high": high, f"{name}_n": behind}
            rows.append(row)
    return pd.DataFrame(rows)


def _group_figures(item: Judged, group: int) -> list[tuple[str, float, float, float, int]]:
    """Name, value, interval, and the rows behind it: of a rate those in its denominator, of AUROC the rarer class."""
    found = []
    counts = item.counted.table.counts[group]
    for place, rate in enumerate(item.counted.rates):
        value, low, high = (float(part[place, group]) for part in (item.draws.estimate, item.low, item.high))
        found.append((rate.name, value, low, high, int(np.sum(counts, where=rate.denominator))))
    behind = {"roc_auc": int(counts.sum(axis=1).min()), "observed_minus_predicted": int(counts.sum())}
    for name, estimates in (("roc_auc", item.roc_auc), ("observed_minus_predicted", item.calibration)):
        if estimates is not None:
            value, low, high = (float(part[group]) for part in (estimates.value, estimates.low, estimates.high))
            found.append((name, value, low, high, behind[name]))
    return found


def gap_table(judged: Sequence[Judged]) -> pd.DataFrame:
    """One row a feature and criterion, with the verdict.

    Parameters
    ----------
    judged : sequence of Judged

    Returns
    -------
    DataFrame
    """
    rows = [row | {"note": row["note"] + left_out(row["n_not_compared"])} for item in judged for row in item.rows]
    return pd.DataFrame(rows, columns=list(GAP_COLUMNS))


def pair_table(judged: Sequence[Judged]) -> pd.DataFrame:
    """One row a pair of compared groups and rate: their difference with its simultaneous interval.

    Parameters
    ----------
    judged : sequence of Judged

    Returns
    -------
    DataFrame
    """
    parts = []
    for item in judged:
        levels = np.array(item.counted.feature.levels, dtype=object)
        for place in np.flatnonzero(item.counted.compared):
            pairs = item.gaps.pairs(int(place))
            if len(pairs.a):
                values = (levels[pairs.a], levels[pairs.b], pairs.value, pairs.low, pairs.high)
                part = pd.DataFrame(dict(zip(PAIR_COLUMNS[2:], values, strict=True)))
                part.insert(0, "metric", item.counted.rates[place].name)
                part.insert(0, "feature", item.counted.feature.name)
                parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(PAIR_COLUMNS))


def too_small_table(counted: Sequence[Counted], minimums: Minimums) -> pd.DataFrame:
    """Name every known group that is too small to be judged on a rate, and by how much.

    Parameters
    ----------
    counted : sequence of Counted
    minimums : Minimums

    Returns
    -------
    DataFrame
    """
    rows = []
    for item in counted:
        for group in np.flatnonzero(~item.unknown):
            for place in np.flatnonzero(item.compared):
                if item.enough[place, group]:
                    continue
                rate = item.rates[place]
                few_rows = item.all_units[group] < minimums.rows
                found = item.all_units[group] if few_rows else item.units[place, group]
                needed = minimums.rows if few_rows else minimums.needed(rate)
                what = "rows" if few_rows else rate.counted
                level = item.feature.levels[group]
                rows.append((item.feature.name, level, rate.name, what, int(found), int(needed)))
    return pd.DataFrame(rows, columns=list(TOO_SMALL_COLUMNS))


def impact_table(judged: Sequence[Judged], reference: Mapping[str, str]) -> pd.DataFrame:
    """Selection rate of every known group over that of the reference group.

    Parameters
    ----------
    judged : sequence of Judged
    reference : mapping of str to str
        Reference level by feature; by default the group with the highest selection rate among those judged.

    Returns
    -------
    DataFrame
        Ratios with simultaneous intervals; a group too small to judge has a ratio and no interval.
    """
    rows = []
    for item in judged:
        counted, levels = item.counted, item.counted.feature.levels
        counts = counted.table.counts
        n_known = int(counts[~counted.unknown].sum())
        for place, rate in enumerate(counted.rates):
            if base_of(rate.name) != "selection_rate":
                continue
            base = _reference(item, place, reference.get(counted.feature.name))
            if base is None:
                continue
            for group in np.flatnonzero(~counted.unknown):
                value, low, high = item.gaps.ratio(place, int(group), base)
                n = int(counts[group].sum())
                label = rate.name.partition(".")[2]
                rows.append(
                    {
                        "feature": counted.feature.name,
                        "class": label or counted.table.classes[1],
                        "level": levels[group],
                        "n": n,
                        "share": n / n_known,
                        "n_selected": int(np.sum(counts[group], where=rate.numerator)),
                        "selection_rate": float(item.draws.estimate[place, group]),
                        "reference": levels[base],
                        "ratio": value,
                        "low": low,
                        "high": high,
                        "reading": _reading(value, low, high, group == base),
                    }
                )
    return pd.DataFrame(rows, columns=list(IMPACT_COLUMNS))


def _reference(item: Judged, place: int, wanted: str | None) -> int | None:
    counted = item.counted
    if wanted in counted.feature.levels:
        group = counted.feature.levels.index(str(wanted))
        if counted.judged[place, group] and item.draws.estimate[place, group] > 0:
            return group
    highest = item.gaps.largest_gap(place).highest
    return highest if highest >= 0 and item.draws.estimate[place, highest] > 0 else None


def _reading(value: float, low: float, high: float, is_reference: bool) -> str:
    if is_reference:
        return "reference"
    if np.isnan(value) or np.isnan(low):
        return "too small to judge"
    if high < IMPACT_CONVENTION:
        return "below 0.80"
    return "0.80 or above" if low >= IMPACT_CONVENTION else "uncertain"


def feature_table(features: Sequence[Feature], judged: Mapping[str, Judged]) -> pd.DataFrame:
    """One row a sensitive feature or intersection: whether it was judged, and why not.

    Parameters
    ----------
    features : sequence of Feature
    judged : mapping of str to Judged

    Returns
    -------
    DataFrame
    """
    rows = []
    for feature in features:
        unknown = np.zeros(0, dtype=bool) if feature.unknown is None else feature.unknown
        n_unknown = 0 if feature.codes is None else int(unknown[feature.codes].sum())
        item = judged.get(feature.name)
        rows.append(
            {
                "feature": feature.name,
                "intersection": len(feature.parts) > 1,
                "status": "judged" if item else "not applicable",
                "reason": feature.reason,
                "n_levels": len(feature.levels) - int(unknown.sum()),
                "n_rows": 0 if feature.codes is None else len(feature.codes),
                "n_unknown": n_unknown,
                "standard_errors": item.gaps.critical if item else np.nan,
            }
        )
    return pd.DataFrame(rows)


def scores(judged: Sequence[Judged]) -> pd.DataFrame:
    """Score rows: rates by group, gaps and ratios by feature.

    Parameters
    ----------
    judged : sequence of Judged

    Returns
    -------
    DataFrame
        Columns of ``scores.parquet``; n is the number of rows of the group, or of all compared groups.
    """
    rows: list[tuple[str, int, str, float, float, float, int]] = []
    for item in judged:
        feature = item.counted.feature
        sizes = item.counted.table.counts.sum(axis=(1, 2))
        for group, level in enumerate(feature.levels):
            rows += [
                (name, ALL_FOLDS, f"{feature.name}={level}", value, low, high, int(sizes[group]))
                for name, value, low, high, _ in _group_figures(item, group)
                if not np.isnan(value)
            ]
        known = int(sizes[~item.counted.unknown].sum())
        for row in item.rows:
            for kind, value, low, high in (
                ("gap", "gap", "low", "high"),
                ("ratio", "ratio", "ratio_low", "ratio_high"),
            ):
                if not np.isnan(row[value]):
                    name = f"{kind}.{row['metric']}"
                    rows.append((name, ALL_FOLDS, feature.name, row[value], row[low], row[high], known))
    return score_rows(rows)
