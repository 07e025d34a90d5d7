"""Intervals of figures at every offered threshold, from resamples that are drawn once and counted cumulatively.

Each resample gives every unit (row, or group of rows) a weight. Added up by bin of the score, and then along the bins,
the weights give the resample's counts at every threshold: as exact as drawing anew at each, for the price of one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from appliedml.metrics.groups import GroupDraws, PairwiseGaps, pairwise_gaps_of_each
from appliedml.metrics.intervals import percentile_interval, wilson_interval
from appliedml.report._explorer_bins import GroupCounts
from appliedml.report._explorer_figures import Limits

Floats = NDArray[np.float64]
BATCH_VALUES = 4_000_000
# What is worked on again and again stays in the processor's cache: half the time.
CLOSE_VALUES = 120_000
Pair = tuple[float, float]
NONE: Pair = (math.nan, math.nan)
# Rates whose denominator is known, so that 0 of n or n of n can be given an interval that is not a single point.
WILSON = ("accuracy", "selection_rate", "recall", "precision", "specificity")


def cumulative_draws(
    bins: NDArray[np.int64],
    cell: NDArray[np.int64],
    shape: tuple[int, int],
    cluster: NDArray[np.int64] | None,
    n_resamples: int,
    seed: int,
    n_pseudo: int = 0,
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Draw resamples and count them at every threshold.

    Parameters
    ----------
    bins, cell : array of int, shape (n_rows,)
        Bin of the score, and which of the cells (group x class) a row belongs to.
    shape : (int, int)
        (n_thresholds, n_cells).
    cluster : array of int, shape (n_rows,), or None
        What is drawn: whole clusters, or rows.
    n_resamples, seed : int
    n_pseudo : int
        Units of weight one that are drawn beside the real ones.

    Returns
    -------
    counts : array of int, shape (n_thresholds, n_cells, n_resamples)
        Rows of each cell with a score at or above the threshold.
    pseudo : array of int, shape (n_pseudo, n_resamples)
        How often each pseudo-unit was drawn.
    """
    place = bins * shape[1] + cell
    n_places = shape[0] * shape[1]
    # Most places hold no row at all.
    used, own = np.unique(place, return_inverse=True)
    # Rows of one place are interchangeable: one multinomial draw over the places that have any.
    weight = np.bincount(own) if cluster is None else np.ones(int(cluster.max()) + 1, dtype=np.int64)
    counts = np.zeros((n_places, n_resamples), dtype=np.int32)
    pseudo = np.empty((n_pseudo, n_resamples), dtype=np.int64)
    done = 0
    for drawn in _draws(np.append(weight, np.ones(n_pseudo, dtype=np.int64)), n_places, n_resamples, seed):
        real, extra = drawn[: len(weight)], drawn[len(weight) :]
        here = slice(done, done + drawn.shape[1])
        counts[used, here] = real if cluster is None else _rows_of(own, cluster, real)
        pseudo[:, here] = extra
        done = here.stop
    at_least = counts.reshape(*shape, n_resamples)
    # In place, from the highest threshold down.
    np.cumsum(at_least[::-1], axis=0, out=at_least[::-1])
    return at_least, pseudo


def _rows_of(place: NDArray[np.int64], unit: NDArray[np.int64], drawn: Floats) -> Floats:
    """Rows of every place in every resample, from how often each unit was drawn."""
    n_units, n_resamples = drawn.shape
    pairs, n_rows = np.unique(place * n_units + unit, return_counts=True)
    places, units = np.divmod(pairs, n_units)
    weight = n_rows.astype(np.float64)
    ends = np.append(np.flatnonzero(places[1:] != places[:-1]) + 1, len(pairs))
    found = np.empty((len(ends), n_resamples))
    start = 0
    for row, end in zip(found, ends, strict=True):
        # Not by BLAS, whose threads would take the core that draws.
        np.einsum("i,ij->j", weight[start:end], drawn[units[start:end]], out=row)
        start = end
    return found


def _draws(weight: NDArray[np.int64], n_places: int, n_resamples: int, seed: int) -> Iterator[Floats]:
    """Multinomial draws of as many units as there are, in batches of shape (n_distinct, n_batch)."""
    rng = np.random.default_rng(seed)
    n_distinct, n_units = len(weight), int(weight.sum())
    one_by_one = n_units < 8 * n_distinct
    unit_of = np.repeat(np.arange(n_distinct), weight) if one_by_one else np.zeros(0, dtype=np.int64)
    batch = max(1, BATCH_VALUES // max(n_distinct, n_places))
    few = max(1, CLOSE_VALUES // n_units)
    for start in range(0, n_resamples, batch):
        size = min(batch, n_resamples - start)
        if not one_by_one:
            yield rng.multinomial(n_units, weight / n_units, size=size).T.astype(np.float64)
            continue
        drawn = np.empty((n_distinct, size))
        for first in range(0, size, few):
            n_rows = min(few, size - first)
            chosen = rng.integers(0, n_units, (n_rows, n_units))
            # Where every unit is one of its own, it is its own number.
            chosen = unit_of[chosen] if n_units > n_distinct else chosen
            chosen += n_distinct * np.arange(n_rows)[:, None]
            counted = np.bincount(chosen.ravel(), minlength=n_rows * n_distinct)
            drawn[:, first : first + n_rows] = counted.reshape(n_rows, n_distinct).T
        yield drawn


def overall_intervals(
    measures: dict[str, Callable[[Floats, Floats, Floats, Floats], Floats]],
    draws: NDArray[np.int32],
    counts: GroupCounts,
    confidence: float,
) -> dict[str, list[Pair]]:
    """Return the percentile interval of measures of all rows, at every threshold.

    Parameters
    ----------
    measures : dict of str to callable
        From true positives, false positives, positives and negatives of many resamples to the measure.
    draws : array of int, shape (n_thresholds, 2, n_resamples)
        Cells are negatives and positives.
    counts : GroupCounts
        Of all rows.
    confidence : float

    Returns
    -------
    dict of str to list of (float, float)
    """
    found: dict[str, list[Pair]] = {name: [] for name in measures}
    n_positive, n_negative = counts.positive[0, 0], counts.negative[0, 0]
    for threshold, drawn in enumerate(draws.astype(np.float64)):
        tp, fp = int(counts.positive[threshold, 0]), int(counts.negative[threshold, 0])
        own = [np.array([float(value)]) for value in (tp, fp, n_positive, n_negative)]
        units = counts.units[:, 0].tolist()
        behind = {"recall": units[1], "specificity": units[2], "precision": counts.selected_units[threshold, 0]}
        for name, measure in measures.items():
            value = float(measure(*own)[0])
            if name in WILSON and value in (0.0, 1.0):
                n_units = int(behind.get(name, units[0]))
                low, high = wilson_interval(value * n_units, n_units, confidence)
                found[name].append((float(low), float(high)))
                continue
            values = measure(drawn[1], drawn[0], draws[0, 1].astype(float), draws[0, 0].astype(float))
            found[name].append(percentile_interval(values, value, confidence))
    return found


def group_draws(
    thresholds: NDArray[np.intp],
    names: Sequence[str],
    counts: GroupCounts,
    levels: tuple[str, ...],
    draws: NDArray[np.int32],
    pseudo: NDArray[np.int64],
    touched: NDArray[np.float64],
) -> list[GroupDraws]:
    """Return the rates of every group at some thresholds, as observed and in every resample.

    Parameters
    ----------
    thresholds : array of int
        Positions.
    names : sequence of str
        Rates.
    counts : GroupCounts
    levels : tuple of str
    draws : array of int, shape (n_thresholds, 2 * n_groups, n_resamples)
        Cells are the negatives of all groups, then the positives.
    pseudo : array of int, shape (4 * n_groups, n_resamples)
        Draws of the pseudo-units: of negatives not selected, negatives selected, positives not selected and selected.
    touched : array of shape (n_thresholds, 4, n_groups)
        Rows of a pseudo-unit, in the same order.

    Returns
    -------
    list of GroupDraws
        As the fairness audit draws them: every group, class and decision has a pseudo-unit, so that a group in which
        every positive is found does not look certain (Agresti and Caffo 2000).
    """
    n_groups = len(levels)
    by_decision = pseudo.reshape(4, n_groups, -1)
    extra = [by_decision[part] * touched[thresholds, part, :, None] for part in range(4)]
    fp, tp = draws[thresholds, :n_groups] + extra[1], draws[thresholds, n_groups:] + extra[3]
    negative, positive = draws[0, :n_groups] + extra[0] + extra[1], draws[0, n_groups:] + extra[2] + extra[3]
    own = [part[thresholds].astype(float) for part in (counts.positive, counts.negative)]
    totals = [part[0].astype(float) for part in (counts.positive, counts.negative)]
    estimate = np.stack([_rate(name, *own, *totals) for name in names], axis=1)
    drawn = np.stack([_rate(name, tp, fp, positive, negative) for name in names], axis=1)
    return [GroupDraws(tuple(names), levels, *pair) for pair in zip(estimate, drawn, strict=True)]


def batches(thresholds: NDArray[np.intp], n_values: int) -> list[NDArray[np.intp]]:
    """Return thresholds in batches small enough for their draws, of so many values each, to be kept at hand.

    Parameters
    ----------
    thresholds : array of int
    n_values : int

    Returns
    -------
    list of array of int
    """
    size = max(1, CLOSE_VALUES // max(1, n_values))
    return [thresholds[start : start + size] for start in range(0, len(thresholds), size)]


def _rate(name: str, tp: Floats, fp: Floats, positive: Floats, negative: Floats) -> Floats:
    pairs: dict[str, Callable[[], tuple[Floats, Floats]]] = {
        "selection_rate": lambda: (tp + fp, positive + negative),
        "true_positive_rate": lambda: (tp, positive),
        "false_positive_rate": lambda: (fp, negative),
        "positive_predictive_value": lambda: (tp, tp + fp),
        "accuracy": lambda: (tp + negative - fp, positive + negative),
        "specificity": lambda: (negative - fp, negative),
    }
    top, bottom = pairs[name]()
    found: Floats = np.divide(top, bottom, out=np.full(np.broadcast(top, bottom).shape, np.nan), where=bottom > 0)
    return found


def pseudo_sizes(
    counts: GroupCounts, bins: NDArray[np.int64], cell: NDArray[np.int64], cluster: NDArray[np.int64] | None
) -> Floats:
    """Return how many rows a pseudo-unit has: 1, or as many as a real cluster has there.

    Parameters
    ----------
    counts : GroupCounts
    bins, cell : array of int, shape (n_rows,)
    cluster : array of int, shape (n_rows,), or None

    Returns
    -------
    array of shape (n_thresholds, 4, n_groups)
        Of negatives not selected and selected, then of positives.
    """
    n_thresholds, n_groups = counts.positive.shape
    if cluster is None:
        return np.ones((n_thresholds, 4, n_groups))
    n_cells = 2 * n_groups
    names, place = np.unique(cluster * n_cells + cell, return_inverse=True)
    highest, lowest = np.zeros(len(names), dtype=np.int64), np.full(len(names), n_thresholds, dtype=np.int64)
    np.maximum.at(highest, place, bins)
    np.minimum.at(lowest, place, bins)
    own, steps = names % n_cells, np.arange(n_thresholds)[:, None]
    high = np.bincount(highest * n_cells + own, minlength=n_thresholds * n_cells).reshape(n_thresholds, n_cells)
    low = np.bincount(lowest * n_cells + own, minlength=n_thresholds * n_cells).reshape(n_thresholds, n_cells)
    with_selected = np.cumsum(high[::-1], axis=0)[::-1]
    # A cluster has a row that is not selected where its lowest score falls short of the threshold.
    with_others = np.where(steps > 0, np.cumsum(np.vstack([0 * low[:1], low[:-1]]), axis=0), 0)
    selected = np.hstack([counts.negative, counts.positive])
    others = selected[:1] - selected
    sizes = np.empty((n_thresholds, 4, n_groups))
    for label in (0, 1):
        part = slice(label * n_groups, (label + 1) * n_groups)
        rows = np.stack([others[:, part], selected[:, part]], axis=1).astype(float)
        units = np.stack([with_others[:, part], with_selected[:, part]], axis=1).astype(float)
        both = np.divide(rows.sum(1), units.sum(1), out=np.ones((n_thresholds, n_groups)), where=units.sum(1) > 0)
        mean = np.divide(rows, units, out=np.repeat(both[:, None], 2, axis=1), where=units > 0)
        sizes[:, 2 * label : 2 * label + 2] = mean
    return sizes


def gap_intervals(
    wanted: Sequence[tuple[str, str]],
    metrics: Sequence[str],
    counts: GroupCounts,
    compared: NDArray[np.bool_],
    limits: Limits,
    draw: Callable[[NDArray[np.intp], Sequence[str]], list[GroupDraws]],
    confidence: float,
    n_resamples: int,
) -> dict[tuple[str, str], list[Pair]]:
    """Return the simultaneous intervals of largest gaps and smallest ratios of one feature, at every threshold.

    Parameters
    ----------
    wanted : sequence of (str, str)
        ("gap" or "ratio", rate).
    metrics : sequence of str
        Rates that the audit compares: its intervals hold for all of them at once.
    counts : GroupCounts
    compared : array of bool, shape (n_groups,)
    limits : Limits
    draw : callable
        From positions and rates to their draws.
    confidence : float
        Of all of the feature's intervals together.
    n_resamples : int
        Of the draws.

    Returns
    -------
    dict of (str, str) to list of (float, float)
    """
    found: dict[tuple[str, str], list[Pair]] = {key: [] for key in wanted}
    large = compared & (counts.units[0] >= limits.rows)
    fixed = {
        "true_positive_rate": large & (counts.units[1] >= limits.positives),
        "false_positive_rate": large & (counts.units[2] >= limits.negatives),
    }
    both_classes = np.hstack([counts.positive, counts.negative])
    # Where the same rows are selected as at the last threshold, so are all figures.
    changes = np.r_[True, (both_classes[1:] != both_classes[:-1]).any(axis=1)]
    selected = large & (counts.selected_units >= limits.positives)
    enough = {**fixed, "positive_predictive_value": selected}
    judged = np.stack([np.broadcast_to(enough.get(name, large), selected.shape) for name in metrics], axis=1)
    ratios = any(kind == "ratio" for kind, _ in wanted)
    for some in batches(np.flatnonzero(changes), len(metrics) * len(compared) * n_resamples):
        for gaps in pairwise_gaps_of_each(draw(some, metrics), judged[some], confidence, ratios=ratios):
            for key in wanted:
                found[key].append(_widest(gaps, *key, metrics))
    repeated = np.cumsum(changes) - 1
    return {key: [pairs[place] for place in repeated] for key, pairs in found.items()}


def _widest(gaps: PairwiseGaps, kind: str, rate: str, metrics: Sequence[str]) -> Pair:
    names = ("true_positive_rate", "false_positive_rate") if rate == "equalised_odds" else (rate,)
    both = [(gaps.largest_gap if kind == "gap" else gaps.smallest_ratio)(metrics.index(name)) for name in names]
    if any(item.n_groups < 2 or math.isnan(item.value) for item in both):
        return NONE
    end = max if kind == "gap" else min
    return end(item.low for item in both), end(item.high for item in both)
