"""The benchmark of Shapley values sets both sides to equal error by rule."""

import importlib

import numpy as np
import pytest

from appliedml.explain.exact import exact_shapley
from appliedml.explain.table import TableMasker


@pytest.fixture
def bench(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    return importlib.import_module("bench_shapley")


@pytest.fixture
def ours(bench):
    x, _ = bench.make_rows(110)
    masker = TableMasker(x[100:], x[:100])

    def score(rows):
        return 1 / (1 + np.exp(rows[:, 1] * rows[:, 2] * (rows[:, 4] > 0) - rows[:, 0]))

    return bench.Ours(masker, score, exact_shapley(masker, score, rows=np.arange(2)).values[:, :, 0], 2)


def test_the_engine_gets_the_loosest_target_with_no_larger_error(ours):
    error = 0.6 * ours.error(None)

    target = ours.no_larger(error)

    assert ours.error(target) <= error
    too_loose = [tried for tried, found in ours.errors.items() if tried is not None and found > error]
    assert target < min(too_loose) <= 1.1 * target


def test_one_round_stands_where_it_is_enough(ours):
    assert ours.no_larger(1.01 * ours.error(None)) is None


def test_shap_gets_as_many_pairs_as_leave_its_error_no_smaller(bench):
    assert bench.most_coalitions(lambda evals: 1 / evals, 1 / (27.5 * bench.PAIR)) == 27 * bench.PAIR


def test_every_setting_is_judged_at_no_larger_error(bench):
    rate = {"one round": 2500.0, "target 0.02": 1500.0, "shap 125": 100.0, "shap 500": 50.0}

    coarser = bench.compared(125, None, rate, (0.058, 0.027))
    equal = bench.compared(500, 0.02, rate, (0.031, 0.030))
    larger = bench.compared(500, 0.02, rate, (0.031, 0.032))

    assert (coarser.met, equal.met, larger.met) == (True, True, False)
    assert bench.compared(125, 0.02, rate, (0.058, 0.027)).met is False
