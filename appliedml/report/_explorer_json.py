"""The explorer's counts as JSON values, and the table that stands in for it where no script runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from appliedml.report import _explorer_figures as figures
from appliedml.report._explorer_bins import GroupCounts, packed
from appliedml.report._explorer_rows import Grouping
from appliedml.report.blocks import Column

if TYPE_CHECKING:
    from appliedml.report.explorer import ExplorerData

N_FEW = 8
WIDE_SHARES = (0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.9)
_SHOWN_GAPS = ("selection_rate", "equalised_odds", "positive_predictive_value")


def explorer_json(data: ExplorerData) -> dict[str, Any]:
    """Return the counts as JSON values.

    Parameters
    ----------
    data : ExplorerData

    Returns
    -------
    dict
        Counts are by bin: entry k is for scores from ``thresholds[k]`` up to the next one; -k stands for k zeros.
    """
    names = [grouping.name for grouping in data.features]
    total = data.counted[0][1]
    return {
        "classes": list(data.classes),
        "thresholds": data.thresholds.tolist(),
        "labels": list(data.labels),
        "start": data.start,
        "folds": [data.labels[data.nearest(value)] for value in data.fold_thresholds],
        "all": _groups(data.counted[0][0], total, data.clustered)[0],
        "metrics": [[name, figures.CRITERIA[name]] for name in (*data.metrics, *_odds(data))],
        "limits": [data.limits.rows, data.limits.positives, data.limits.negatives],
        "judged": data.limits.in_words(data.clustered, data.unit_column),
        "tolerance": data.tolerance,
        "ratio": data.ratio,
        "ratio_source": data.ratio_source,
        "gate_costs": [data.gate_costs["false_negative"], data.gate_costs["false_positive"]],
        "features": [
            {
                "name": grouping.name,
                "parts": [names.index(part) for part in grouping.parts if part in names],
                "reference": _reference(data, grouping),
                "of": {
                    str(names.index(part)): data.parent(place, names.index(part) + 1).tolist()
                    for part in grouping.parts
                    if len(grouping.parts) > 1 and part in names
                },
                "groups": _groups(grouping, counts, data.clustered),
            }
            for place, (grouping, counts) in enumerate(data.counted)
            if place
        ],
        "gates": [_gate(gate) for gate in data.gates],
        "verdict": data.verdict,
    }


def _odds(data: ExplorerData) -> tuple[str, ...]:
    return ("equalised_odds",) if set(figures.ODDS) <= set(data.metrics) else ()


def _reference(data: ExplorerData, grouping: Grouping) -> int:
    wanted = data.references.get(grouping.name)
    return grouping.levels.index(wanted) if wanted in grouping.levels else -1


def _groups(grouping: Grouping, counts: GroupCounts, clustered: bool) -> list[dict[str, Any]]:
    found = []
    for group, level in enumerate(grouping.levels):
        one: dict[str, Any] = {
            "name": level,
            "positive": packed(counts.positive[:, group]),
            "negative": packed(counts.negative[:, group]),
            "run": counts.run[:, group].tolist(),
            "compared": bool(grouping.compared[group]),
        }
        if clustered:
            one["units"] = counts.units[:, group].tolist()
            one["selected_units"] = packed(counts.selected_units[:, group])
        found.append(one)
    return found


def _gate(gate: Any) -> dict[str, Any]:
    return {
        "name": gate.name,
        "metric": gate.metric,
        "subset": gate.subset,
        "rule": gate.rule,
        "kind": gate.kind,
        "at_least": gate.at_least,
        "at_most": gate.at_most,
        "on_value": gate.on_value,
        "waived": gate.waived,
        "verdict": gate.verdict,
        "run": [_plain(value) for value in gate.run],
        "feature": gate.feature,
        "group": gate.group,
        "low": [_plain(value) for value in gate.low],
        "high": [_plain(value) for value in gate.high],
    }


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None


def static_thresholds(data: ExplorerData) -> list[int]:
    """Return positions of about as many thresholds as a table can hold, spread over the share of rows selected.

    Parameters
    ----------
    data : ExplorerData

    Returns
    -------
    list of int
        Ascending; the median of the folds' thresholds is among them.
    """
    counts = data.counted[0][1]
    n_selected = (counts.positive + counts.negative)[:, 0]
    shares = n_selected / max(int(n_selected[0]), 1)
    # Close together where few rows are selected: there lies the work of a reviewer.
    wanted = [*np.geomspace(max(float(shares[shares > 0].min()), 1e-3), 0.1, N_FEW), *WIDE_SHARES]
    return sorted({int(np.argmin(np.abs(shares - share))) for share in wanted} | {data.start})


def static_table(data: ExplorerData) -> tuple[pd.DataFrame, tuple[Column, ...]]:
    """Return the figures of some thresholds, with how each is shown.

    Parameters
    ----------
    data : ExplorerData

    Returns
    -------
    table : DataFrame
    columns : tuple of Column
    """
    rows = []
    shown = [name for name in _SHOWN_GAPS if name in (*data.metrics, *_odds(data))]
    single = [place for place, grouping in enumerate(data.features) if len(grouping.parts) == 1]
    for position in static_thresholds(data):
        total = data.total(position)
        found = figures.overall_figures(total.tp, total.fp, total.n_positive, total.n_negative, data.ratio)
        widest: dict[str, float] = {}
        for place in single:
            by_metric = figures.gaps(data.decided(place + 1, position) or (), data.metrics, data.limits)
            for name in shown:
                widest[name] = float(np.fmax(widest.get(name, math.nan), by_metric[name]["gap"]))
        mark = " (median of the folds)" if position == data.start else ""
        figures_shown = ("precision", "recall", "specificity", "f1", "selection_rate", "alerts_per_1000", "cost")
        rows.append(
            {
                "label": f"{data.labels[position]}{mark}",
                "threshold": float(data.thresholds[position]),
                **{name: found[name] for name in figures_shown},
                **{f"gap_{name}": widest.get(name, math.nan) for name in shown},
            }
        )
    columns = [
        Column("label", "Threshold"), Column("precision", "Precision", "number"), Column("recall", "Recall", "number"),
        Column("specificity", "Specificity", "number"), Column("selection_rate", "Selection rate", "percent"),
        Column("alerts_per_1000", "Alerts per 1,000", "number"), Column("cost", "Cost", "number"),
    ]  # fmt: skip
    columns += [Column(f"gap_{name}", f"Gap: {figures.CRITERIA[name]}", "number") for name in shown] if single else []
    return pd.DataFrame(rows), tuple(columns)
