from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from appliedml.audits._slices_errors import Errors, confirm, lower_bounds


def errors(n=4000, seed=0, wrong=None, against_rest=False, clusters=None):
    rng = np.random.default_rng(seed)
    p = rng.beta(2, 3, n)
    true = p if wrong is None else np.where(wrong(n), 1 - p, p)
    y = (rng.random(n) < true).astype(np.int64)
    unit = np.arange(n) if clusters is None else np.arange(n) // clusters
    return Errors.of(y, np.column_stack([1 - p, p]), (p >= 0.5).astype(np.int64), unit, against_rest)


def first_tenth(n):
    return np.arange(n) < n // 10


@pytest.mark.parametrize("measure", ["log_loss", "error_rate", "roc_auc"])
def test_a_calibrated_model_errs_as_often_as_it_expects(measure):
    found = confirm(errors(), measure, first_tenth(4000), 0.95)

    assert found.ratio_low < 1 < found.ratio_high
    assert found.value == pytest.approx(found.expected, abs=0.08)


@pytest.mark.parametrize("measure", ["log_loss", "error_rate", "roc_auc"])
def test_a_slice_with_turned_labels_is_worse_than_expected(measure):
    made = errors(wrong=first_tenth)
    codes = np.where(first_tenth(4000), 0, 1)

    bounds = lower_bounds(made, measure, codes, 2, 50, 0.1)
    found = confirm(made, measure, first_tenth(4000), 0.95)

    assert bounds[0] > 0
    assert found.beyond_low > 1.1
    assert found.low < found.value < found.high


def test_auroc_is_that_of_scikit_learn():
    made = errors()
    inside = first_tenth(4000)

    assert 1 - confirm(made, "roc_auc", inside, 0.95).value == pytest.approx(
        roc_auc_score(made.y[inside], made.score[inside])
    )


def test_a_cell_with_more_than_half_of_the_rows_or_too_few_is_no_slice():
    made = errors(wrong=lambda n: np.ones(n, dtype=bool))
    codes = np.where(np.arange(4000) < 2500, 0, np.where(np.arange(4000) < 2520, 1, 2))

    assert np.isneginf(lower_bounds(made, "log_loss", codes, 2, 50, 0.0)).all()


def test_a_model_that_is_wrong_everywhere_has_no_slice_for_that():
    made = errors(wrong=lambda n: np.ones(n, dtype=bool))

    assert confirm(made, "log_loss", first_tenth(4000), 0.95).beyond_low < 1.1
    assert (lower_bounds(made, "log_loss", np.arange(4000) % 5, 5, 50, 0.1) < 0).all()


def test_rows_of_one_unit_count_once():
    inside = first_tenth(4000)
    rows, units = confirm(errors(), "log_loss", inside, 0.95), confirm(errors(clusters=1), "log_loss", inside, 0.95)
    rng = np.random.default_rng(1)
    p, y = np.repeat(rng.beta(2, 3, 400), 10), np.repeat(rng.integers(0, 2, 400), 10)
    twins = [
        Errors.of(y, np.column_stack([1 - p, p]), (p > 0.5).astype(np.int64), unit)
        for unit in (np.arange(4000), np.arange(4000) // 10)
    ]
    narrow, wide = (confirm(one, "log_loss", inside, 0.95) for one in twins)

    assert (rows.low, rows.high) == (units.low, units.high)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_too_few_units_or_rows_of_a_class_are_not_judged():
    made = errors(clusters=500)

    assert confirm(made, "log_loss", first_tenth(4000), 0.95) is None
    assert confirm(errors(), "roc_auc", np.arange(4000) < 12, 0.95) is None
    assert confirm(errors(), "log_loss", np.ones(4000, dtype=bool), 0.95) is None


def test_against_the_rest_hard_rows_are_worse_even_if_the_model_knows():
    made = errors(against_rest=True)
    hard = np.abs(made.score - 0.5) < 0.1

    found = confirm(made, "error_rate", hard, 0.95)

    assert found.ratio == pytest.approx(found.value / found.rest)
    assert found.beyond_low > 1.1


def test_a_rest_without_errors_gives_no_interval():
    n = 400
    y = np.zeros(n, dtype=np.int64)
    p = np.tile([0.9, 0.1], (n, 1))
    predicted = (np.arange(n) < 30).astype(np.int64)

    found = confirm(Errors.of(y, p, predicted, np.arange(n)), "error_rate", np.arange(n) < 60, 0.95)

    assert np.isnan(found.beyond_low)


def test_several_classes_have_losses_and_no_score():
    p = np.tile([0.2, 0.3, 0.5], (30, 1))

    made = Errors.of(np.arange(30) % 3, p, np.full(30, 2), np.arange(30))

    assert made.score is None
    assert made.losses["error_rate"].sum() == 20
    assert made.losses["log_loss"][2] == pytest.approx(np.log(2))
