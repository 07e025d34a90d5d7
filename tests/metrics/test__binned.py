"""Cells in place of very many rows: the same intervals, a fraction of the work."""

import numpy as np
import pytest

from appliedml.errors import DataError
from appliedml.metrics import _binned
from appliedml.metrics._resampling import bootstrap_draws
from appliedml.metrics._weighted import Rows
from appliedml.metrics.calibration import expected_calibration_error
from appliedml.metrics.classification import METRICS
from appliedml.metrics.intervals import bootstrap_intervals

N = 8_000


@pytest.fixture(scope="module")
def scored():
    rng = np.random.default_rng(0)
    group = rng.integers(0, N // 10, N)
    x, shared = rng.normal(size=N), rng.normal(0, 0.7, N // 10)[group]
    y = (rng.random(N) < 1 / (1 + np.exp(2.5 - 1.3 * x - shared))).astype(int)
    # Rounded scores have ties.
    p = np.round(1 / (1 + np.exp(2.5 - 1.3 * x + 0.3 * rng.normal(size=N))), 4)
    return y, p, group


@pytest.fixture
def few_rows_are_many(monkeypatch):
    monkeypatch.setattr(_binned, "MANY_ROWS", 1_000)
    monkeypatch.setattr(_binned, "N_BINS", 1_024)


def test_neighbours_share_a_cell_and_ties_stay_together(scored, monkeypatch):
    monkeypatch.setattr(_binned, "N_BINS", 64)
    y, p, _ = scored
    cells, cell = _binned.cells_of(Rows(y, p, (p > 0.2).astype(int)))
    assert cells.n < 64 * 2 * 4
    assert np.array_equal(cells.y[cell], y) and np.array_equal(cells.predicted[cell], (p > 0.2).astype(int))
    assert np.array_equal(y[cells.sources], cells.y)
    mean = cells.p[cell, 1]
    # Bins follow the order of the scores, and equal scores are in one bin.
    assert (np.diff(mean[np.argsort(p, kind="stable")]) >= 0).all()
    assert all(len(np.unique(mean[p == value])) == 1 for value in np.unique(p)[::50])


@pytest.mark.parametrize("grouped", [True, False])
def test_draws_from_cells_spread_as_draws_from_rows(scored, few_rows_are_many, grouped, monkeypatch):
    y, p, group = scored
    metrics = {**METRICS, "ece": expected_calibration_error(p)}
    models = {"": Rows(y, p, (p > 0.2).astype(int))}
    groups = group if grouped else None
    near = bootstrap_draws(models, metrics, 400, 0, groups)[""]
    monkeypatch.setattr(_binned, "MANY_ROWS", 10 * N)
    exact = bootstrap_draws(models, metrics, 400, 0, groups)[""]
    for name in metrics:
        spread = exact[name].std()
        if spread == 0:
            continue
        # 400 draws know a standard deviation to 3.5 %, and a mean to a twentieth of it.
        assert 0.85 < near[name].std() / spread < 1.18, name
        assert abs(near[name].mean() - exact[name].mean()) < 0.3 * spread, name


def test_units_in_bags_keep_the_spread(scored, few_rows_are_many, monkeypatch):
    y, p, _ = scored
    models, metrics = {"": Rows(y, p)}, {"brier": METRICS["brier"]}
    all_units = _binned.binned_draws(models, metrics, 600, 0, None)[""]["brier"]
    monkeypatch.setattr(_binned, "MAX_UNITS", 1_000)
    in_bags = _binned.binned_draws(models, metrics, 600, 1, None)[""]["brier"]
    assert 0.87 < in_bags.std() / all_units.std() < 1.15


def test_the_value_itself_is_that_of_the_rows(scored, few_rows_are_many, monkeypatch):
    y, p, _ = scored
    monkeypatch.setattr(_binned, "N_BINS", 16)
    metrics = {"roc_auc": METRICS["roc_auc"]}
    found = bootstrap_intervals(y, metrics, probabilities=p, n_resamples=100)["roc_auc"]
    assert found.value == METRICS["roc_auc"](y, p)
    assert found.low < found.value < found.high


def test_differences_of_two_models_are_paired(scored, few_rows_are_many):
    y, p, group = scored
    models = {"a": Rows(y, p), "b": Rows(y, np.clip(p + 1e-6, 0, 1))}
    draws = _binned.binned_draws(models, {"brier": METRICS["brier"]}, 50, 0, group)
    assert np.abs(draws["a"]["brier"] - draws["b"]["brier"]).max() < 1e-4
    assert draws["a"]["brier"].std() > 1e-3


def test_the_same_seed_gives_the_same_draws_and_draws_stay_in_bounds(few_rows_are_many):
    y = np.r_[np.zeros(2_000, int), np.ones(2_000, int)]
    models = {"": Rows(y, np.linspace(0, 1, 4_000))}
    metrics = {"roc_auc": METRICS["roc_auc"]}
    once, again = (_binned.binned_draws(models, metrics, 40, 3, None)[""]["roc_auc"] for _ in range(2))
    assert np.array_equal(once, again)
    assert (once == 1.0).all()


def test_few_rows_several_classes_and_bare_labels_are_left_to_the_rows(few_rows_are_many):
    y = np.arange(3_000) % 3
    assert not _binned.is_for({"": Rows(y, np.full((3_000, 3), 1 / 3))})
    assert not _binned.is_for({"": Rows(y % 2, predictions=y % 2)})
    assert not _binned.is_for({"": Rows([0, 1], [0.1, 0.9])})
    assert _binned.is_for({"": Rows(y % 2, np.full(3_000, 0.5))})


def test_one_group_or_a_wrong_number_of_groups_is_refused(scored, few_rows_are_many):
    y, p, _ = scored
    with pytest.raises(DataError, match="at least two groups"):
        bootstrap_draws({"": Rows(y, p)}, METRICS, 10, 0, np.zeros(N))
    with pytest.raises(DataError, match="one group per row"):
        bootstrap_draws({"": Rows(y, p)}, METRICS, 10, 0, np.arange(5))
