"""Comparisons between groups and folds, with randomised weights and with gradients; painted images; scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._explain_findings import randomisation_verdict
from appliedml.audits._explain_groups import group_table
from appliedml.audits._explain_images_masks import SHARE
from appliedml.audits._explain_images_tables import ALL_OUTPUTS, MAP_COLUMNS, PREVIEW, cell_frame
from appliedml.audits._explain_pool import Pool, interval
from appliedml.core.artifact import ALL_FOLDS, ALL_ROWS, score_rows
from appliedml.core.seeds import derive_seed
from appliedml.explain.agreement import randomisation_interval, ranking_agreement


def by_group_table(pooled: Pool, min_images: int) -> pd.DataFrame:
    """Mean absolute values of the cells by sensitive level, and the difference from everyone else.

    Parameters
    ----------
    pooled : Pool
    min_images : int

    Returns
    -------
    DataFrame
        As :func:`appliedml.audits._explain_groups.group_table`, with the row and the column of the cell.
    """
    table = group_table(pooled, pooled.names, min_images)
    side = round(len(pooled.names) ** 0.5)
    place = np.array([pooled.names.index(name) for name in table["feature"]], dtype=np.intp)
    return table.assign(row=place // side + 1, column=place % side + 1)


def agreement_table(pooled: Pool) -> pd.DataFrame:
    """Agreement of the average maps between folds.

    Parameters
    ----------
    pooled : Pool

    Returns
    -------
    DataFrame
        fold_a, fold_b, overlap (share of the attribution that both folds put into the same cells, 0 to 1), spearman,
        kendall. Ranks count the many cells that hardly matter as much as the few that do: judge by the overlap.
    """
    folds = sorted(set(pooled.fold.tolist()))
    means = [pooled.sizes[pooled.fold == fold].mean(axis=0) for fold in folds]
    shares = [mean / mean.sum() if mean.sum() else mean for mean in means]
    table = ranking_agreement(means, folds)
    place = {fold: number for number, fold in enumerate(folds)}
    pairs = zip(table["fold_a"], table["fold_b"], strict=True)
    overlap = [float(np.minimum(shares[place[a]], shares[place[b]]).sum()) for a, b in pairs]
    table.insert(2, "overlap", np.array(overlap, dtype=float))
    return table


def randomisation_table(found: Sequence[dict[str, Any]], seed: int) -> tuple[pd.DataFrame, str]:
    """Agreement with the maps of a model that learned nothing, or why there is none.

    Parameters
    ----------
    found : sequence of dict
    seed : int

    Returns
    -------
    (DataFrame, str)
    """
    rows, skipped = [], ""
    for item in found:
        if item["randomised"] is None:
            continue
        if item["randomised"]["correlations"] is None:
            skipped = item["randomised"]["how"]
        else:
            rows.append((item["randomised"]["how"], *randomisation_interval(item["randomised"]["correlations"], seed)))
    table = pd.DataFrame(rows, columns=["how", "value", "low", "high", "n"])
    return table.assign(verdict=[randomisation_verdict(row.high, int(row.n)) for row in table.itertuples()]), skipped


def preview_tables(
    found: Sequence[dict[str, Any]], pooled: Pool, min_images: int
) -> tuple[pd.DataFrame, list[pd.DataFrame], float | None, str]:
    """Agreement of gradients with Shapley values, their average map, the most they miss, or why there are none.

    Parameters
    ----------
    found : sequence of dict
    pooled : Pool
    min_images : int

    Returns
    -------
    (DataFrame, list of DataFrame, float or None, str)
    """
    empty = pd.DataFrame({"how": pd.Series(dtype=str), "value": [], "low": [], "high": [], "n": []})
    parts = [item["preview"] for item in found]
    if any(part is None or part["skipped"] for part in parts):
        reasons = [part["skipped"] for part in parts if part is not None and part["skipped"]]
        return empty, [], None, reasons[0] if reasons else "not asked for"
    correlations = np.concatenate([part["correlations"] for part in parts])
    line = randomisation_interval(correlations, derive_seed(found[0]["seed"], "preview"))
    table = pd.DataFrame([("integrated gradients", *line)], columns=["how", "value", "low", "high", "n"])
    value, low, high = interval(pooled.means(np.concatenate([part["cells"] for part in parts])))
    frame = cell_frame(value).assign(
        view=PREVIEW,
        output=ALL_OUTPUTS if len(pooled.outputs) > 1 else pooled.outputs[0],
        low=low,
        high=high,
        mean=np.nan,
        n=len(pooled.values),
        small=len(pooled.values) < min_images,
    )
    return table, [frame[list(MAP_COLUMNS)]], max(part["residual"] for part in parts), ""


def painted_tables(found: Sequence[dict[str, Any]]) -> tuple[pd.DataFrame, dict[str, NDArray[Any]], str]:
    """Synthetic images that raise the probability of each class, or why there are none.

    Parameters
    ----------
    found : sequence of dict

    Returns
    -------
    (DataFrame, dict of str to array, str)
    """
    part = found[0]["painted"]
    if part is None or part["skipped"]:
        empty = pd.DataFrame({"class": pd.Series(dtype=str), "probability": [], "before": []})
        return empty, {}, "not asked for" if part is None else part["skipped"]
    table = pd.DataFrame({"class": part["classes"], "probability": part["probability"], "before": part["before"]})
    return table, {"painted_pixels": part["pixels"]}, ""


def image_scores(summary: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the rows that gates judge.

    Parameters
    ----------
    summary : mapping
    tables : mapping of str to DataFrame
        Of the artifact.

    Returns
    -------
    DataFrame
    """
    nan = float("nan")
    rows = [
        (f"image_explanation_{name}", ALL_FOLDS, ALL_ROWS, float(summary[name]), nan, nan, int(summary[counted]))
        for name, counted in (
            ("relative_error", "n_images"),
            ("additivity_residual", "n_images"),
            ("distance", "distance_images"),
            ("fold_agreement", "n_images"),
        )
        if summary[name] is not None
    ]
    named = [(f"{row.curve}_advantage", row) for row in tables["advantages"].itertuples()]
    named += [("randomised_agreement", row) for row in tables["randomisation"].itertuples()]
    named += [("preview_agreement", row) for row in tables["preview"].itertuples()]
    named += [("mask_share" if row.measure == SHARE else "pointing_game", row) for row in tables["masks"].itertuples()]
    rows += [
        (f"image_explanation_{name}", ALL_FOLDS, ALL_ROWS, row.value, row.low, row.high, int(row.n))
        for name, row in named
    ]
    rows += [
        (f"image_explanation_{name}_gain", ALL_FOLDS, ALL_ROWS, row.difference, row.difference_low, row.difference_high,
         int(row.n))
        for name, row in named
        if name in ("mask_share", "pointing_game")
    ]  # fmt: skip
    rows += [
        ("image_explanation_share", ALL_FOLDS, f"part={row.part}", row.share, row.low, row.high, int(row.n))
        for row in tables["parts"].itertuples()
    ]
    return score_rows(rows)
