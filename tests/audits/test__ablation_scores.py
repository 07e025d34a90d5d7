from __future__ import annotations

import numpy as np
import pytest

from appliedml.audits._ablation_scores import MEASURES, compared, measures_for, reliability

RNG = np.random.default_rng(0)
RISK = RNG.beta(1, 6, 800)
Y = (RNG.random(800) < RISK).astype(np.int64)


def two(p):
    return np.column_stack([1 - p, p])


POOLED = {
    "none": {"label": "no balancing", "before": two(RISK)},
    "chosen": {"label": "smote", "before": two(1 / (1 + np.exp(-(np.log(RISK / (1 - RISK)) + 2))))},
}


def both(groups=None, names=MEASURES):
    return compared(POOLED, ("before",), "none", Y, groups, names, 3)


def test_inflated_risks_show_in_the_size_and_not_in_the_ranking():
    values, differences = both()
    value = values.set_index(["variant", "metric"])["value"]
    paired = differences.set_index("metric")

    assert value["chosen", "roc_auc"] == pytest.approx(value["none", "roc_auc"])
    assert paired.loc["roc_auc", ["difference", "low", "high"]].abs().max() < 1e-12
    assert paired.loc["brier", "low"] > 0
    assert value["chosen", "excess_risk"] > 0.2 > abs(value["none", "excess_risk"])
    assert value["chosen", "calibration_slope"] == pytest.approx(value["none", "calibration_slope"])


def test_predicted_minus_observed_is_the_difference_of_the_means():
    values, _ = both(names=("mean_predicted", "excess_risk"))
    none = values[values["variant"] == "none"].set_index("metric")["value"]

    assert none["mean_predicted"] == pytest.approx(RISK.mean())
    assert none["excess_risk"] == pytest.approx(RISK.mean() - Y.mean())


def test_measures_come_in_the_order_asked_for_with_the_same_resamples_every_time():
    names = ("calibration_slope", "brier", "roc_auc")
    values, differences = both(names=names)

    assert tuple(values["metric"][:3]) == names
    assert "calibration_slope" not in set(differences["metric"])
    assert values.equals(both(names=names)[0])


def test_rows_of_one_group_widen_the_intervals():
    def width(groups):
        row = both(groups, ("mean_predicted",))[0].iloc[0]
        return row["high"] - row["low"]

    # Groups of rows sorted by risk are as alike as rows can be.
    groups = np.empty(800, dtype=int)
    groups[np.argsort(RISK)] = np.arange(800) // 20

    assert width(groups) > 2 * width(None)


def test_risks_are_left_out_where_there_are_more_than_two_classes():
    assert list(measures_for(MEASURES, 3)) == ["roc_auc", "average_precision", "log_loss", "brier"]
    three = {"none": {"label": "", "before": np.full((3, 3), 1 / 3)}}
    assert reliability(three, ("before",), np.array([0, 1, 2])).empty


def test_reliability_compares_predicted_and_observed_in_tenths():
    table = reliability(POOLED, ("before",), Y)

    assert table.groupby("variant")["n"].sum().to_dict() == {"none": 800, "chosen": 800}
    assert (table["low"] <= table["observed"]).all()
