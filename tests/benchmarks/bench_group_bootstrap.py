"""Intervals of rates by group: fairlearn's MetricFrame bootstrap against the count-table bootstrap.

::

    python tests/benchmarks/bench_group_bootstrap.py [--small] [--json FILE]

100,000 rows, 10 groups, 5 rates, 1,000 resamples. MetricFrame needs about a second a resample, so it is timed with few
resamples and its time is scaled to as many as ours, resample by resample. Its endpoints for the full number come from
resampling the same rows with NumPy, which is what MetricFrame does; that both count alike is checked on the rates
themselves. Our resamples are timed in turns with its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from _harness import Record, in_turns, options, show, timed, write

NAMES = ("selection_rate", "true_positive_rate", "false_positive_rate", "positive_predictive_value", "accuracy")
N_GROUPS = 10
CONFIDENCE = 0.95
WANTED, CLOSE = 1_000.0, 0.005
SECONDS_OF_A_MILLION = 10.0
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def make_rows(n_rows: int) -> Rows:
    """Return group, reference class and decision: a fifth positive, rates that differ a little by group."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, N_GROUPS, n_rows)
    true = (rng.random(n_rows) < 0.2).astype(int)
    return group, true, (rng.random(n_rows) < np.where(true == 1, 0.6 + 0.02 * group, 0.1)).astype(int)


def count_table(rows: Rows, n_resamples: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ours, from the arrays to the intervals."""
    from appliedml.metrics.groups import bootstrap_rates, group_table

    table = group_table(*rows, groups=[str(number) for number in range(N_GROUPS)])
    draws = bootstrap_rates(table, NAMES, n_resamples=n_resamples)
    return (*draws.interval(CONFIDENCE), draws.estimate)


def metric_frame(rows: Rows, n_resamples: int) -> Any:
    """MetricFrame, with resamples or without."""
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import accuracy_score, precision_score

    functions = (selection_rate, true_positive_rate, false_positive_rate, precision_score, accuracy_score)
    group, true, pred = rows
    more = {"n_boot": n_resamples, "ci_quantiles": [0.025, 0.975], "random_state": 0} if n_resamples else {}
    metrics = dict(zip(NAMES, functions, strict=True))
    return MetricFrame(metrics=metrics, y_true=true, y_pred=pred, sensitive_features=group, **more)


def row_by_row(rows: Rows, n_resamples: int) -> tuple[np.ndarray, np.ndarray]:
    """Percentile endpoints of drawing rows with replacement, as MetricFrame draws them."""
    rng = np.random.default_rng(1)
    group, true, pred = rows
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


def compared(n_rows: int, n_resamples: int, n_frame: int, n_rounds: int) -> Record:
    """Set ours beside MetricFrame on the same rows."""
    rows = make_rows(n_rows)
    plain = metric_frame(rows, 0)
    works = {
        "ours": lambda: count_table(rows, n_resamples),
        "without": lambda: metric_frame(rows, 0),
        "frame": lambda: metric_frame(rows, n_frame),
    }
    seconds, found = in_turns(works, n_rounds)
    low, high, estimate = found["ours"]
    if not np.allclose(estimate, plain.by_group.to_numpy(dtype=float).T):
        raise SystemExit("The rates themselves differ: the two do not measure the same.")
    wanted_low, wanted_high = row_by_row(rows, n_resamples)
    off = float(max(np.abs(low - wanted_low).max(), np.abs(high - wanted_high).max()))
    scaled = (seconds["frame"] - seconds["without"]) / n_frame * n_resamples
    ratio = scaled / seconds["ours"]
    return Record(
        work=f"intervals of {len(NAMES)} rates in {N_GROUPS} groups, {n_rows:,} rows, {n_resamples:,} resamples",
        today=f"MetricFrame: {scaled:,.0f} s ({n_frame} resamples timed)",
        ours=f"{seconds['ours']:.3f} s",
        ratio=ratio,
        accuracy=f"endpoints within {off:.4f}",
        target=f"{WANTED:,.0f}x, endpoints within {CLOSE}",
        met=bool(ratio >= WANTED and off < CLOSE),
        details={"seconds": seconds, "frame_resamples": n_frame, "largest_endpoint_difference": off},
    )


def largest(n_rows: int) -> Record:
    """Time 50 intersections of two features: intervals of all pairs at once, AUROC by group, clusters of five rows."""
    from appliedml.metrics.groups import bootstrap_rates, group_roc_auc, group_table, pairwise_gaps

    rng = np.random.default_rng(2)
    first, second, true = (
        rng.integers(0, 5, n_rows),
        rng.integers(0, 10, n_rows),
        (rng.random(n_rows) < 0.2).astype(int),
    )
    group = 10 * first + second
    pred, score = (rng.random(n_rows) < 0.1 + 0.5 * true).astype(int), rng.random(n_rows)
    cluster, names = rng.integers(0, n_rows // 5, n_rows), [f"{a} & {b}" for a in range(5) for b in range(10)]

    def rates_and_gaps() -> None:
        draws = bootstrap_rates(group_table(group, true, pred, groups=names), NAMES, n_resamples=1000)
        draws.interval(CONFIDENCE)
        pairwise_gaps(draws, np.ones((len(NAMES), 50), dtype=bool))

    def clustered() -> None:
        table = group_table(group, true, pred, cluster=cluster, groups=names)
        bootstrap_rates(table, NAMES, n_resamples=1000)

    works = {
        "rates, gaps and intervals": rates_and_gaps,
        "AUROC by group": lambda: group_roc_auc(group, true, score, groups=names),
        "rates in clusters of five rows": clustered,
    }
    seconds = {name: timed(work)[0]["seconds"] for name, work in works.items()}
    return Record(
        work=f"50 intersections, {n_rows:,} rows, 1,000 resamples",
        ours="; ".join(f"{name} {its:.1f} s" for name, its in seconds.items()),
        target=f"each in seconds (under {SECONDS_OF_A_MILLION:g})",
        met=max(seconds.values()) < SECONDS_OF_A_MILLION,
        details={"seconds": seconds},
    )


def main() -> None:
    """Measure and print."""
    given = options(__doc__)
    if given.small:
        records = [compared(10_000, 1000, 2, 1), largest(50_000)]
    else:
        records = [compared(100_000, 1000, 5, 3), largest(1_000_000)]
    for record in records:
        show(record)
    write(given.json, records)


if __name__ == "__main__":
    main()
