import numpy as np
import pytest

from appliedml.audits._fairness_verdict import Verdict
from appliedml.audits._identity_judge import holm, judge, label_p_values, mean_overlap, steadied

SETTINGS = {"tolerance": 0.05, "confidence": 0.95, "alpha": 0.0167}


def judged(by_fold, over=0.0, overlap=0.75, p_labels=np.nan):
    by_fold = np.array(by_fold, dtype=float).T
    n = by_fold.shape[1]
    return judge(by_fold, np.full(n, over), overlap, np.full(n, p_labels), **SETTINGS)


def test_a_gap_on_which_all_models_agree_is_a_disparity_without_any_label():
    found = judged([[0.20, 0.201, 0.199, 0.2, 0.2]])
    assert found.verdict == [Verdict.DISPARITY]
    assert found.low[0] < 0.2 < found.high[0]


def test_a_gap_that_differs_between_models_is_only_noticed():
    found = judged([[0.10, 0.3, 0.2, 0.15, 0.25]])
    assert found.verdict == [Verdict.INSUFFICIENT]
    assert found.noticed[0]


def test_labels_beyond_chance_prove_such_a_gap():
    assert judged([[0.10, 0.3, 0.2, 0.15, 0.25]], p_labels=0.001).verdict == [Verdict.DISPARITY]


def test_a_proof_by_labels_claims_nothing_where_a_fold_lies_within_the_tolerance():
    assert judged([[0.04, 0.3, 0.2, 0.15, 0.25]], p_labels=0.001).verdict == [Verdict.INSUFFICIENT]


def test_a_proof_claims_nothing_where_other_sentences_could_bring_the_gap_within():
    assert judged([[0.1] * 5], over=0.03**2, p_labels=0.001).verdict == [Verdict.INSUFFICIENT]


def test_a_small_gap_is_within_tolerance():
    assert judged([[0.01, 0.011, 0.009, 0.01, 0.01]]).verdict == [Verdict.WITHIN]
    assert judged([[0.0] * 5]).verdict == [Verdict.WITHIN]


def test_items_that_no_model_tells_apart_take_no_spread_from_others():
    wild = [[0.1, -0.2, 0.3, 0.0, 0.2], [0.2, 0.1, -0.1, 0.3, 0.0], [0.0, 0.4, 0.1, -0.3, 0.1]]
    found = judged([[0.0] * 5, *wild])
    assert found.verdict[0] is Verdict.WITHIN
    assert (found.low[0], found.high[0]) == (0, 0)


def test_the_interval_of_the_models_covers_every_fold_and_lies_beyond_the_tolerance_for_a_disparity():
    found = judged([[-0.10, -0.3, -0.2, -0.15, -0.25]], over=0.01**2, p_labels=0.001)
    assert found.models_low[0] == pytest.approx(-0.3)
    assert found.models_high[0] == pytest.approx(-0.1)
    wide = judged([[-0.2] * 5], over=0.01**2, p_labels=0.001)
    assert wide.models_high[0] == pytest.approx(-0.2 + 1.96 * 0.01, abs=1e-4)


def test_one_fold_says_nothing_of_training_anew():
    found = judged([[0.01]])
    assert found.verdict == [Verdict.INSUFFICIENT]
    assert np.isnan(found.low[0])


def test_an_item_that_no_fold_has_is_not_judged():
    found = judged([[np.nan] * 5, [0.01, 0.011, 0.009, 0.01, 0.01]])
    assert found.verdict == [Verdict.INSUFFICIENT, Verdict.WITHIN]
    assert np.isnan(found.gap[0])


def test_the_interval_over_folds_is_the_jackknife_s():
    """With the rows that K folds share, s^2 (1 / K + r / (1 - r)) is (K - 1) / K times the sum of squares."""
    values = np.array([0.1, 0.12, 0.08, 0.11, 0.14])
    found = judged([values])
    jackknife = np.sqrt(0.8 * ((values - values.mean()) ** 2).sum())
    assert found.high[0] - found.gap[0] == pytest.approx(2.7764 * jackknife, rel=1e-4)


def test_overlap_of_folds_is_estimated_from_sketches_of_many_rows():
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**64, 50_000, dtype=np.uint64)
    folds = [np.sort(hashes[np.arange(50_000) % 5 != k])[:2000] for k in range(5)]
    assert mean_overlap(folds, [40_000] * 5) == pytest.approx(0.75, abs=0.03)
    assert mean_overlap([folds[0], folds[0]], [40_000] * 2) == 0.98
    assert mean_overlap([folds[0]], [40_000]) == 0.0


def test_labels_by_chance_keep_the_error_level():
    rng = np.random.default_rng(3)
    p = [
        label_p_values(np.array([25.0]), rng.hypergeometric(600, 400, 25, 1) * 1.0, 1000, 600)[0][0] for _ in range(800)
    ]
    assert np.mean(np.array(p) <= 0.05) <= 0.06


def test_fractions_of_groups_are_rounded_towards_no_difference():
    whole, _ = label_p_values(np.array([20.0]), np.array([18.0]), 1000, 500)
    part, _ = label_p_values(np.array([20.0]), np.array([18.6]), 1000, 500)
    assert part[0] == whole[0]


def test_a_term_in_few_texts_is_not_tested():
    assert np.isnan(label_p_values(np.array([4.0]), np.array([0.0]), 1000, 900)[0][0])


def test_holm_orders_and_caps():
    assert holm(np.array([0.6, 0.5])).tolist() == [1.0, 1.0]
    assert holm(np.array([0.02, 0.001, 0.03])).round(4).tolist() == [0.04, 0.003, 0.04]


def test_variances_that_differ_widely_are_not_drawn_together():
    _, df_alike = steadied(np.full(50, 0.01), 4)
    wild, df_wild = steadied(10.0 ** np.arange(-12, 2.0), 4)
    assert df_alike == 16
    assert df_wild < 5
    assert wild[0] < 0.01 * wild[-1]
    few = np.array([1.0, 2.0])
    assert steadied(few, 4)[0].tolist() == [1.0, 2.0]
