from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.audits._fairness_features import Pooled, find_features
from appliedml.audits._fairness_frontier import FRONTIER_COLUMNS, frontier, frontier_table
from appliedml.audits._fairness_judge import Minimums, count, judge


def steps(margin_of_group=1.5, n=4000):
    """Group b has lower margins, so fewer of its positives are found."""
    rng = np.random.default_rng(0)
    group, true = rng.choice(["a", "b"], n), rng.integers(0, 2, n)
    margin = rng.normal(2.0 * true - 1 - margin_of_group * (group == "b"), 1.0)
    pooled = Pooled(
        ("no", "yes"),
        true,
        (margin >= 0).astype(np.int64),
        1 / (1 + np.exp(-margin)),
        margin,
        None,
        "",
        pd.DataFrame({"g": group}),
        {},
    )
    counted = count(
        find_features(pooled, [])[0], pooled, ["true_positive_rate", "selection_rate"], Minimums(10, 10, 10), False
    )
    judged = judge(counted, pooled, confidence=0.95, corrected=0.95, tolerance=0.1, n_resamples=100, seed=0)
    return frontier_table(frontier(judged, pooled)), pooled


def test_the_first_step_is_the_decisions_as_they_are():
    table, pooled = steps()

    first = table[table["share_closed"] == 0]
    assert first["n_selected"].eq(int(pooled.y_pred.sum())).all()
    assert first["accuracy"].iloc[0] == pytest.approx((pooled.y_pred == pooled.y_true).mean())


@pytest.mark.parametrize("rate", ["true_positive_rate", "selection_rate"])
def test_the_gap_closes_in_equal_steps(rate):
    table, _ = steps()

    gaps = table[table["equalised"] == rate]["gap"].to_numpy()
    assert gaps == pytest.approx(gaps[0] * np.array([1, 0.75, 0.5, 0.25, 0]), abs=0.003)
    assert gaps[0] > 0.2


def test_with_equal_true_positive_rates_as_many_positives_are_found_as_before():
    table, pooled = steps()

    odds = table[table["equalised"] == "true_positive_rate"]
    assert odds["n_true_positive"].max() - odds["n_true_positive"].min() <= 2
    assert (odds["n_true_positive"] + odds["n_false_positive"]).equals(odds["n_selected"])
    assert odds["recall"].iloc[-1] == pytest.approx(pooled.y_pred[pooled.y_true == 1].mean(), abs=0.002)


def test_groups_that_are_treated_alike_have_little_to_pay():
    table, _ = steps(margin_of_group=0.0)

    rates = table[table["equalised"] == "true_positive_rate"]
    assert rates["gap"].iloc[0] < 0.05
    assert rates["accuracy"].max() - rates["accuracy"].min() < 0.02


def test_no_steps_make_an_empty_table_with_its_columns():
    assert tuple(frontier_table([]).columns) == FRONTIER_COLUMNS
