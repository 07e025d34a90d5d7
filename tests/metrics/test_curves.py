import numpy as np
import pytest
from sklearn.metrics import auc, precision_recall_curve, roc_curve

from appliedml.metrics.curves import precision_recall_points, roc_points, score_histogram


def scored(n, seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.2).astype(int)
    return y, (rng.random(n) + 0.5 * y).round(2) / 1.5


def test_the_roc_points_are_scikit_learns():
    y, p = scored(60)

    found = roc_points(y, p)

    fpr, tpr, thresholds = roc_curve(y, p, drop_intermediate=False)
    assert found["false_positive_rate"].tolist() == pytest.approx(fpr)
    assert found["true_positive_rate"].tolist() == pytest.approx(tpr)
    assert found["threshold"].tolist() == pytest.approx(thresholds)


def test_the_precision_recall_points_are_scikit_learns():
    y, p = scored(60)

    found = precision_recall_points(y, p)

    precision, recall, thresholds = precision_recall_curve(y, p)
    assert found["precision"].tolist() == pytest.approx(precision[:-1][::-1])
    assert found["recall"].tolist() == pytest.approx(recall[:-1][::-1])
    assert found["threshold"].tolist() == pytest.approx(thresholds[::-1])


def test_thinned_curves_keep_their_ends_and_their_area():
    rng = np.random.default_rng(1)
    y = (rng.random(20_000) < 0.05).astype(int)
    p = 1 / (1 + np.exp(-(rng.normal(size=20_000) + y)))

    thin, full = roc_points(y, p, 100), roc_points(y, p, 100_000)

    assert len(thin) <= 102
    assert thin.iloc[-1, 1:].tolist() == [1.0, 1.0]
    assert np.isinf(thin["threshold"].iloc[0])
    area = auc(thin["false_positive_rate"], thin["true_positive_rate"])
    assert area == pytest.approx(auc(full["false_positive_rate"], full["true_positive_rate"]), abs=2e-3)
    assert len(precision_recall_points(y, p, 100)) <= 102


def test_a_lost_class_leaves_an_empty_curve():
    assert roc_points([1, 1], [0.1, 0.2]).empty
    assert precision_recall_points([0, 0], [0.1, 0.2]).empty
    assert roc_points([], []).empty


def test_the_histogram_counts_every_row_once_and_ends_near_the_largest_score():
    y, p = np.array([0, 0, 1, 1]), np.array([0.0, 0.04, 0.11, 0.05])

    table = score_histogram(y, p, ("no", "yes"), n_bins=3)

    assert table.groupby("class")["n"].sum().tolist() == [2, 2]
    assert table["high"].max() == pytest.approx(0.15)
    assert table.groupby("class")["share"].sum().tolist() == pytest.approx([1.0, 1.0])
