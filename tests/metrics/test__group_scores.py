from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit, stdtrit
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


def clusters(n_clusters, n_repeats, n_rows=20, seed=0):
    """Clusters that differ in how well they are ranked; every repeat is a group of its own."""
    rng = np.random.default_rng(seed)
    shape = (n_repeats, n_clusters, n_rows)
    repeat, cluster = (np.broadcast_to(place, shape).ravel() for place in np.ogrid[:n_repeats, :n_clusters, :1][:2])
    return repeat, cluster, rng, np.broadcast_to(rng.normal(size=(n_repeats, n_clusters, 1)), shape).ravel()


@pytest.mark.parametrize("n_clusters", [2, 3, 5, 10, 30])
def test_intervals_of_few_clusters_hold_as_often_as_they_say(n_clusters):
    repeat, cluster, rng, own = clusters(n_clusters, 600)
    true = rng.integers(0, 2, len(own))
    score = true * (1 + own) + rng.normal(size=len(own))
    names = [str(number) for number in range(600)]
    _, _, _, many = clusters(200, 50, seed=1)
    half = np.random.default_rng(2)
    labels = half.integers(0, 2, len(many))
    truth = roc_auc_score(labels, labels * (1 + many) + half.normal(size=len(many)))

    area = group_roc_auc(repeat, true, score, cluster=cluster, groups=names)
    share = (rng.random(len(own)) < expit(own)).astype(int)
    shift = group_calibration(repeat, share, np.full(len(own), 0.5), cluster=cluster, groups=names)

    # Now and then all clusters are alike by chance, and nothing is said.
    told = ((found, value, ~np.isnan(found.low)) for found, value in ((area, truth), (shift, 0.0)))
    held = [((found.low <= value) & (value <= found.high))[said].mean() for found, value, said in told]
    assert min(held) >= 0.92
    # Not by being without end: at 30 clusters Student's quantile is close to the normal one.
    assert max(held) <= (0.975 if n_clusters == 30 else 1)


@pytest.mark.parametrize("figure", [group_roc_auc, group_calibration])
def test_one_cluster_is_too_few_to_say(figure):
    group, true, score = [0] * 6 + [1] * 6, [0, 1, 1, 0, 1, 0] * 2, list(np.linspace(0.1, 0.9, 6)) * 2

    found = figure(group, true, score, cluster=["x"] * 6 + ["x", "y"] * 3, groups=["one", "two"])

    assert not np.isnan(found.value).any()
    assert np.isnan([found.error[0], found.low[0], found.high[0]]).all()
    assert found.low[1] < found.value[1] < found.high[1]


def test_one_cluster_with_a_class_is_too_few_for_auroc_and_enough_for_calibration():
    true, score, cluster = [1, 1, 0, 0, 0, 0], [0.9, 0.4, 0.5, 0.3, 0.2, 0.7], ["ill", "ill", "b", "c", "d", "e"]

    assert np.isnan(group_roc_auc(["g"] * 6, true, score, cluster=cluster).low[0])
    assert not np.isnan(group_calibration(["g"] * 6, true, score, cluster=cluster).low[0])


def test_units_that_are_all_alike_do_not_look_certain():
    found = group_calibration(["g"] * 4, [0] * 4, [0.1] * 4)
    copies = group_roc_auc(["g"] * 8, [0, 1, 0, 1] * 2, [0.1, 0.2, 0.3, 0.25] * 2, cluster=[1] * 4 + [2] * 4)

    assert (found.value[0], copies.value[0]) == (pytest.approx(-0.1), 0.75 - 0.25)
    assert np.isnan([found.low[0], found.high[0], copies.low[0], copies.high[0]]).all()


@pytest.mark.parametrize("figure", [group_roc_auc, group_calibration])
def test_a_row_a_cluster_is_as_without_clusters(figure):
    group, true, score = rows(400)

    plain = figure(group, true, score, groups=["a", "b", "c"])
    alone = figure(group, true, score, groups=["a", "b", "c"], cluster=np.arange(400))

    for name in ("value", "error", "low", "high"):
        assert getattr(alone, name) == pytest.approx(getattr(plain, name), rel=1e-9)


def test_the_variance_of_clusters_is_obuchowskis():
    """Sums of structural components by cluster, their cross product included, and Student's quantile."""
    _, true, score = rows(300)
    cluster = np.random.default_rng(5).integers(0, 12, 300)
    found = group_roc_auc(np.zeros(300, int), true, score, groups=["all"], cluster=cluster)
    above = (score[true == 1][:, None] > score[true == 0]) + 0.5 * (score[true == 1][:, None] == score[true == 0])
    m, n = above.shape
    of_positive = np.bincount(cluster[true == 1], above.mean(axis=1) - above.mean(), 12)
    of_negative = np.bincount(cluster[true == 0], above.mean(axis=0) - above.mean(), 12)
    products = (
        of_positive @ of_positive / m**2,
        of_negative @ of_negative / n**2,
        2 * of_positive @ of_negative / m / n,
    )
    error = np.sqrt(12 / 11 * sum(products))

    assert found.error[0] == pytest.approx(error)
    reach = stdtrit(11, 0.975) * error / (above.mean() * (1 - above.mean()))
    assert found.low[0] == pytest.approx(expit(logit(above.mean()) - reach))
