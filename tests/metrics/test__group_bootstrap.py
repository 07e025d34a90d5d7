from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from appliedml.errors import DataError
from appliedml.metrics import _group_bootstrap
from appliedml.metrics._group_bootstrap import bootstrap_rates
from appliedml.metrics._group_tables import group_table


def rows(n=4000, n_groups=3, seed=0):
    rng = np.random.default_rng(seed)
    group, true = rng.integers(0, n_groups, n), (rng.random(n) < 0.3).astype(int)
    return group, true, (rng.random(n) < np.where(true == 1, 0.7, 0.2)).astype(int)


def test_rates_are_those_of_fairlearn():
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import accuracy_score, precision_score

    group, true, pred = rows()
    metrics = {
        "accuracy": accuracy_score,
        "selection_rate": selection_rate,
        "true_positive_rate": true_positive_rate,
        "false_positive_rate": false_positive_rate,
        "positive_predictive_value": precision_score,
    }

    theirs = MetricFrame(metrics=metrics, y_true=true, y_pred=pred, sensitive_features=group).by_group
    ours = bootstrap_rates(group_table(group, true, pred, groups=["0", "1", "2"]), list(metrics), n_resamples=10)

    assert ours.estimate == pytest.approx(theirs.to_numpy(dtype=float).T)


def test_intervals_are_those_of_resampling_row_by_row():
    group, true, pred = rows(20_000)
    table = group_table(group, true, pred, groups=["0", "1", "2"])
    names = ["selection_rate", "true_positive_rate", "positive_predictive_value"]
    rng = np.random.default_rng(5)
    slow = []
    for _ in range(600):
        chosen = rng.integers(0, len(group), len(group))
        cells = np.bincount((group[chosen] * 2 + true[chosen]) * 2 + pred[chosen], minlength=12).reshape(3, 2, 2)
        selected, positive = cells[:, :, 1].sum(1), cells[:, 1].sum(1)
        slow.append([selected / cells.sum((1, 2)), cells[:, 1, 1] / positive, cells[:, 1, 1] / selected])

    low, high = bootstrap_rates(table, names, n_resamples=4000).interval(0.95)

    expected = np.quantile(slow, [0.025, 0.975], axis=0)
    assert np.abs(low - expected[0]).max() < 0.005
    assert np.abs(high - expected[1]).max() < 0.005


@pytest.mark.parametrize("limit", [8, 10**9])
def test_clusters_are_resampled_whole_by_either_way_of_drawing(limit, monkeypatch):
    """Ten equal rows a customer carry the information of one: the standard error is that of the customers."""
    monkeypatch.setattr(_group_bootstrap, "UNITS_PER_BINOMIAL", limit)
    rng = np.random.default_rng(2)
    found = (rng.random(400) < 0.6).astype(int)
    pred, cluster = np.repeat(found, 10), np.repeat(np.arange(400), 10)
    table = group_table(np.zeros(4000, int), np.ones(4000, int), pred, cluster=cluster, groups=["a"])

    draws = bootstrap_rates(table, ["true_positive_rate"], n_resamples=3000).draws

    assert draws.std() == pytest.approx(np.sqrt(0.24 / 400), rel=0.1)
    assert draws.mean() == pytest.approx(found.mean(), abs=0.01)


def test_a_group_in_which_every_positive_was_found_does_not_look_certain():
    table = group_table([0] * 60, [1] * 30 + [0] * 30, [1] * 30 + [0] * 30, groups=["a"])

    low, high = bootstrap_rates(table, ["true_positive_rate"]).interval()

    # Wilson's interval is 0.886 to 1.
    assert 0.86 < low[0, 0] < 0.95
    assert high[0, 0] == 1


def test_a_rate_without_denominator_is_undefined():
    draws = bootstrap_rates(group_table([0, 0], [0, 0], [0, 1], groups=["a"]), ["true_positive_rate"])

    assert np.isnan(draws.estimate).all()
    assert np.isnan(draws.interval()).all()


def test_the_same_seed_gives_the_same_draws_and_another_seed_others():
    table = group_table(*rows(300), groups=["0", "1", "2"])

    first, again, other = (bootstrap_rates(table, n_resamples=50, seed=seed).draws for seed in (1, 1, 2))

    assert np.array_equal(first, again, equal_nan=True)
    assert not np.array_equal(first, other, equal_nan=True)


def test_small_batches_give_as_many_resamples(monkeypatch):
    monkeypatch.setattr(_group_bootstrap, "BATCH_VALUES", 100)

    draws = bootstrap_rates(group_table(*rows(300), groups=["0", "1", "2"]), ["accuracy"], n_resamples=57).draws

    assert draws.shape == (1, 3, 57)
    assert (draws > 0).all()


@pytest.mark.parametrize("limit", [8, 0, 10**9])
def test_draws_of_clusters_do_not_depend_on_the_size_of_a_batch(limit, monkeypatch):
    monkeypatch.setattr(_group_bootstrap, "UNITS_PER_BINOMIAL", limit)
    table = group_table(*rows(3000), cluster=np.arange(3000) % 700, groups=["0", "1", "2"])
    whole = bootstrap_rates(table, n_resamples=30).draws

    monkeypatch.setattr(_group_bootstrap, "BATCH_VALUES", 5000)

    np.testing.assert_array_equal(bootstrap_rates(table, n_resamples=30).draws, whole)


def test_rates_of_three_classes_are_recall_by_class():
    table = group_table([0] * 4, [0, 1, 2, 2], [0, 0, 2, 1], groups=["a"], classes=["x", "y", "z"])

    draws = bootstrap_rates(table, ["true_positive_rate.z", "accuracy"], n_resamples=20)

    assert draws.estimate.ravel().tolist() == [0.5, 0.5]


def test_an_unknown_rate_and_an_empty_table_are_refused():
    table = group_table([0], [1], [1], groups=["a"])
    with pytest.raises(DataError, match="'recall' is not a rate"):
        bootstrap_rates(table, ["recall"])
    with pytest.raises(DataError, match="empty"):
        bootstrap_rates(replace(table, multiplicity=0 * table.multiplicity))
