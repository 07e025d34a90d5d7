import numpy as np
import pytest

from appliedml.metrics.thresholds import choose_threshold, net_benefit, spread_thresholds, threshold_table


def test_the_table_agrees_with_counting():
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 200), rng.random(200).round(2)

    table = threshold_table(y, p, [0.25, 0.5, 2.0]).set_index("threshold")

    called = p >= 0.5
    assert table.loc[0.5, "true_positive"] == (called & (y == 1)).sum()
    assert table.loc[0.5, "precision"] == pytest.approx(y[called].mean())
    assert table.loc[0.5, "alerts_per_1000"] == pytest.approx(1000 * called.mean())
    assert table.loc[0.5, "specificity"] == pytest.approx((~called)[y == 0].mean())
    assert np.isnan(table.loc[2.0, "precision"])
    counts = table[["true_positive", "false_positive", "false_negative", "true_negative"]].sum(axis=1)
    assert (counts == 200).all()


def test_thresholds_are_spread_where_few_rows_are_called():
    p = np.random.default_rng(0).beta(1, 40, 5000)

    cuts = spread_thresholds(p, extra=[0.123456])

    shares = np.array([(p >= cut).mean() for cut in cuts])
    assert 20 <= len(cuts) <= 26
    assert (shares < 0.05).sum() >= 7
    assert 0.123456 in cuts
    assert (np.diff(cuts) > 0).all()


def test_no_rows_leave_only_the_thresholds_in_use():
    assert spread_thresholds([], extra=[0.5]).tolist() == [0.5]


def test_treating_all_equals_a_model_that_calls_everybody():
    y = np.array([0, 1, 0, 0])

    curve = net_benefit(y, np.ones(4), [0.1, 0.3])

    assert curve["model"].tolist() == pytest.approx(curve["treat_all"].tolist())
    assert curve["treat_all"].tolist() == pytest.approx([0.25 - 0.75 / 9, 0.25 - 0.75 * 3 / 7])
    assert (curve["treat_none"] == 0).all()


def test_the_choice_of_a_threshold_is_offered_here_too():
    assert choose_threshold([0, 1], [0.2, 0.8], "youden").threshold == 0.5
