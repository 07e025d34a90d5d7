"""Intervals of rates by group: fairlearn's MetricFrame bootstrap against the count-table bootstrap, side by side.

::

    python tests/benchmarks/bench_group_bootstrap.py [--rows 100000] [--frame-resamples 10] [--json FILE]

MetricFrame needs about a second a resample at 100,000 rows, so it is timed with few resamples and its time is scaled
to as many as ours, resample by resample; the printed table says so. Its endpoints for the full number of resamples come
from resampling the same rows with NumPy, which is what MetricFrame does; that both count alike is checked on the rates
themselves. A ratio is a benchmark and no test: a busy machine moves it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

NAMES = ("selection_rate", "true_positive_rate", "false_positive_rate", "positive_predictive_value", "accuracy")
N_GROUPS = 10
CONFIDENCE = 0.95


def make_rows(n_rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return group, reference class and decision: a fifth positive, rates that differ a little by group."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, N_GROUPS, n_rows)
    true = (rng.random(n_rows) < 0.2).astype(int)
    return group, true, (rng.random(n_rows) < np.where(true == 1, 0.6 + 0.02 * group, 0.1)).astype(int)


def count_table(group, true, pred, n_resamples: int) -> dict:
    """Time ours from the arrays to the intervals."""
    from appliedml.metrics.groups import bootstrap_rates, group_table

    names = [str(g) for g in range(N_GROUPS)]
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        draws = bootstrap_rates(group_table(group, true, pred, groups=names), NAMES, n_resamples=n_resamples)
        low, high = draws.interval(CONFIDENCE)
        seconds.append(time.perf_counter() - start)
    return {"seconds": float(np.median(seconds)), "low": low, "high": high, "estimate": draws.estimate}


def metric_frame(group, true, pred, n_resamples: int) -> dict:
    """Time MetricFrame with few resamples, less the time it needs with none."""
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import accuracy_score, precision_score

    metrics = dict(
        zip(
            NAMES,
            (selection_rate, true_positive_rate, false_positive_rate, precision_score, accuracy_score),
            strict=True,
        )
    )
    rows = {"metrics": metrics, "y_true": true, "y_pred": pred, "sensitive_features": group}
    start = time.perf_counter()
    plain = MetricFrame(**rows)
    without = time.perf_counter() - start
    start = time.perf_counter()
    MetricFrame(**rows, n_boot=n_resamples, ci_quantiles=[0.025, 0.975], random_state=0)
    seconds = time.perf_counter() - start - without
    return {"seconds_a_resample": seconds / n_resamples, "estimate": plain.by_group.to_numpy(dtype=float).T}


def row_by_row(group, true, pred, n_resamples: int) -> tuple[np.ndarray, np.ndarray]:
    """Percentile endpoints of drawing rows with replacement, as MetricFrame draws them."""
    rng = np.random.default_rng(1)
    code = (group * 2 + true) * 2 + pred
    found = []
    for _ in range(n_resamples):
        drawn = code[rng.integers(0, len(code), len(code))]
        cells = np.bincount(drawn, minlength=4 * N_GROUPS).reshape(N_GROUPS, 2, 2)
        n, selected, positive = cells.sum((1, 2)), cells[:, :, 1].sum(1), cells[:, 1].sum(1)
        right = cells[:, 1, 1] + cells[:, 0, 0]
        rates = (selected / n, cells[:, 1, 1] / positive, cells[:, 0, 1] / (n - positive), cells[:, 1, 1] / selected)
        found.append([*rates, right / n])
    low, high = np.quantile(found, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
    return low, high


def largest_case() -> dict:
    """Time a million rows in 50 groups, with the simultaneous intervals of all pairs, and in clusters of five."""
    from appliedml.metrics.groups import bootstrap_rates, group_roc_auc, group_table, pairwise_gaps

    rng = np.random.default_rng(2)
    n = 1_000_000
    group, true = rng.integers(0, 50, n), (rng.random(n) < 0.2).astype(int)
    pred, score = (rng.random(n) < 0.1 + 0.5 * true).astype(int), rng.random(n)
    names = [str(g) for g in range(50)]
    start = time.perf_counter()
    draws = bootstrap_rates(group_table(group, true, pred, groups=names), NAMES, n_resamples=1000)
    draws.interval(CONFIDENCE)
    pairwise_gaps(draws, np.ones((len(NAMES), 50), dtype=bool))
    rows = time.perf_counter()
    group_roc_auc(group, true, score, groups=names)
    scores = time.perf_counter()
    clustered = group_table(group, true, pred, cluster=rng.integers(0, n // 5, n), groups=names)
    bootstrap_rates(clustered, NAMES, n_resamples=1000)
    return {
        "rates_gaps_and_intervals_s": rows - start,
        "auroc_by_group_s": scores - rows,
        "clusters_of_five_rows_s": time.perf_counter() - scores,
    }


def main() -> int:
    """Run, print a table and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--frame-resamples", type=int, default=10, help="resamples MetricFrame is timed with")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = make_rows(options.rows)
    ours = count_table(*rows, options.resamples)
    theirs = metric_frame(*rows, options.frame_resamples)
    if not np.allclose(ours["estimate"], theirs["estimate"]):
        print("The rates themselves differ: the two do not measure the same.", file=sys.stderr)
        return 1
    low, high = row_by_row(*rows, options.resamples)
    scaled = theirs["seconds_a_resample"] * options.resamples
    result = {
        "rows": options.rows,
        "groups": N_GROUPS,
        "rates": len(NAMES),
        "resamples": options.resamples,
        "metric_frame_resamples_timed": options.frame_resamples,
        "metric_frame_s_scaled": scaled,
        "count_table_s": ours["seconds"],
        "ratio": scaled / ours["seconds"],
        "largest_endpoint_difference": float(max(np.abs(ours["low"] - low).max(), np.abs(ours["high"] - high).max())),
        "million_rows_50_groups_1000_resamples": largest_case(),
    }
    print(f"{options.rows:,} rows, {N_GROUPS} groups, {len(NAMES)} rates, {options.resamples:,} resamples")
    print(f"  MetricFrame, {options.frame_resamples} resamples timed, scaled   {scaled:12.1f} s")
    print(f"  count table                                {ours['seconds']:12.4f} s")
    print(f"  ratio                                      {result['ratio']:12,.0f} x")
    print(f"  largest difference of an endpoint          {result['largest_endpoint_difference']:12.4f}")
    for name, seconds in result["million_rows_50_groups_1000_resamples"].items():
        print(f"  1,000,000 rows, 50 groups: {name.removesuffix('_s').replace('_', ' '):<30} {seconds:6.2f} s")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
