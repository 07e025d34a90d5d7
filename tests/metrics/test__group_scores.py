from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from appliedml.metrics._group_scores import group_calibration, group_roc_auc


def rows(n=1500, seed=0):
    rng = np.random.default_rng(seed)
    group, true = rng.integers(0, 3, n), (rng.random(n) < 0.3).astype(int)
    return group, true, np.round(1 / (1 + np.exp(-rng.normal(true - 0.8, 1.0))), 2)


def test_auroc_of_every_group_is_that_of_scikit_learn_ties_included():
    group, true, score = rows()

    found = group_roc_auc(group, true, score, groups=["a", "b", "c"])

    expected = [roc_auc_score(true[group == g], score[group == g]) for g in range(3)]
    assert found.value == pytest.approx(expected)


def test_the_standard_error_is_that_of_resampling():
    group, true, score = rows(600, seed=4)
    rng = np.random.default_rng(0)
    chosen = np.flatnonzero(group == 0)
    slow = []
    for _ in range(500):
        sample = rng.choice(chosen, len(chosen))
        slow.append(roc_auc_score(true[sample], score[sample]))

    found = group_roc_auc(group, true, score, groups=["a", "b", "c"])

    assert found.error[0] == pytest.approx(np.std(slow), rel=0.12)
    assert found.low[0] == pytest.approx(np.quantile(slow, 0.025), abs=0.02)
    assert found.high[0] == pytest.approx(np.quantile(slow, 0.975), abs=0.02)


@pytest.mark.parametrize("figure", [group_roc_auc, group_calibration])
def test_copies_of_rows_in_a_cluster_add_no_certainty(figure):
    group, true, score = rows(400)
    copies = [np.repeat(part, 4) for part in (group, true, score)]

    once = figure(group, true, score, groups=["a", "b", "c"])
    copied = figure(*copies, groups=["a", "b", "c"], cluster=np.repeat(np.arange(400), 4))

    assert copied.value == pytest.approx(once.value)
    assert copied.error == pytest.approx(once.error, rel=0.02)


def test_a_group_of_one_class_has_no_auroc_and_a_perfect_one_no_false_certainty():
    group = [0] * 4 + [1] * 20
    true = [1] * 4 + [0, 1] * 10

    found = group_roc_auc(group, true, [0.5] * 4 + [0.1, 0.9] * 10, groups=["one class", "perfect"])

    assert np.isnan(found.value[0])
    assert np.isnan(found.low[0])
    assert found.value[1] == found.high[1] == 1
    # Wilson's interval over the 10 positives.
    assert found.low[1] == pytest.approx(10 / (10 + 1.96**2), abs=1e-3)


def test_calibration_is_observed_minus_predicted_with_the_interval_of_a_mean():
    rng = np.random.default_rng(1)
    score = rng.random(5000)
    true = (rng.random(5000) < score * 0.8).astype(int)

    found = group_calibration(["g"] * 5000, true, score)

    residual = true - score
    reach = 1.96 * residual.std(ddof=1) / np.sqrt(5000)
    assert found.value[0] == pytest.approx(residual.mean())
    assert found.high[0] - found.value[0] == pytest.approx(reach, rel=1e-3)
    assert found.value[0] == pytest.approx(-0.1, abs=0.02)


@pytest.mark.parametrize("figure", [group_roc_auc, group_calibration])
def test_rows_of_no_group_are_left_out_and_an_empty_group_is_undefined(figure):
    found = figure([0, 0, -1, 0], [0, 1, 1, 1], [0.1, 0.9, 0.0, 0.8], groups=["a", "nobody"])

    assert found.value[0] == pytest.approx(1.0 if figure is group_roc_auc else (2 - 1.8) / 3)
    assert np.isnan(found.value[1])
