import numpy as np
import pytest

from appliedml.execution._compared_measures import measure, measures_for
from appliedml.execution._compared_rows import Side
from appliedml.metrics._group_tables import rates_for
from appliedml.metrics.classification import METRICS
from appliedml.metrics.intervals import bootstrap_intervals


@pytest.fixture(scope="module")
def side():
    rng = np.random.default_rng(0)
    p = rng.random(300)
    y = (rng.random(300) < p).astype(int)
    codes = (rng.integers(0, 2, 300), rng.integers(-1, 3, 300))
    both = np.column_stack([1 - p, p])
    return Side(y, (p > 0.5).astype(int), both, rng.integers(0, 90, 300), codes)


def test_every_kind_of_measure_is_there_and_cost_only_where_costs_are_named(side):
    found = list(measures_for(side, {"false_negative": 2.0, "false_positive": 1.0}, 0.5))
    assert found[0] == "roc_auc"
    assert found[-1] == "cost"
    assert {"scaled_brier", "ece", "calibration_slope", "mcc", "recall_at_precision"} <= set(found)
    assert "cost" not in measures_for(side, None, 0.5)


def test_resamples_are_those_of_the_audits_intervals(side):
    metrics = {"roc_auc": METRICS["roc_auc"]}
    found = measure(side, metrics, {}, [], 200, 3).values["roc_auc"]
    reference = bootstrap_intervals(
        side.y, metrics, probabilities=side.p, groups=side.cluster, n_resamples=200, seed=3
    )["roc_auc"]
    assert found[0] == reference.value
    assert np.quantile(found[1:], [0.025, 0.975]).tolist() == [reference.low, reference.high]


def test_rates_of_groups_are_those_of_their_rows(side):
    rates = {name: rate for name, rate in rates_for(("0", "1")).items() if name == "true_positive_rate"}
    found = measure(side, {}, rates, [2, 3], 20, 0)
    for place, codes in enumerate(side.codes):
        for group in range(codes.max() + 1):
            rows = (codes == group) & (side.y == 1)
            assert found.rates[place][0, 0, group] == pytest.approx(side.predicted[rows].mean())
            assert found.counts[place][group].sum() == (codes == group).sum()
    assert found.rates[0].shape == (21, 1, 2)


def test_the_same_seed_gives_the_same_values(side):
    metrics = measures_for(side, None, 0.5)
    first, second = (measure(side, metrics, {}, [], 30, 1).values for _ in range(2))
    assert all(np.array_equal(first[name], second[name], equal_nan=True) for name in metrics)
