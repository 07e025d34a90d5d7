from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from appliedml.audits._profile_association import auroc, cramers_v, out_of_fold, proxies, sample_rows, splits

RNG = np.random.default_rng(0)


def test_auroc_agrees_with_scikit_learn_also_with_ties():
    labels, scores = RNG.integers(0, 2, 200), RNG.integers(0, 8, 200).astype(float)

    found = auroc(labels, scores)

    assert found.value == pytest.approx(roc_auc_score(labels, scores))
    assert found.low < found.value < found.high


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    truth = 0.7602  # normal scores one standard deviation apart: Phi(1 / sqrt(2))
    hits = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        labels = np.repeat([0, 1], [120, 60])
        found = auroc(labels, rng.normal(size=180) + labels)
        hits += found.low <= truth <= found.high
    assert 180 <= hits <= 198


def test_auroc_of_one_class_is_undefined():
    assert np.isnan(auroc(np.zeros(3), np.zeros(3)).value)


def test_cramers_v_is_near_zero_for_independent_columns():
    rng = np.random.default_rng(0)
    table = np.histogram2d(rng.integers(0, 4, 2000), rng.integers(0, 4, 2000), bins=4)[0]
    assert cramers_v(table) < 0.1
    assert cramers_v(np.array([[5.0, 0.0]])) == 0


def test_groups_stay_on_one_side_of_a_split():
    group = np.repeat(np.arange(30), 4)
    labels = np.tile([0, 1], 60)

    parts = list(splits(labels, group, 0))

    assert len(parts) == 3
    assert all(not set(group[train]) & set(group[test]) for train, test in parts)


def test_too_few_rows_or_groups_give_no_split():
    assert not list(splits(np.array([0, 0, 1]), None, 0))
    assert not list(splits(np.tile([0, 1], 20), np.repeat([0, 1], 20), 0))


def test_a_guess_is_made_on_unseen_rows_only():
    frame = pd.DataFrame({"noise": RNG.normal(size=300)})
    labels = RNG.integers(0, 2, 300)

    scores = out_of_fold(frame, labels, None, 0)

    assert auroc(labels, scores[:, 1]).value == pytest.approx(0.5, abs=0.12)


def test_a_planted_proxy_is_found_and_noise_is_not():
    sex = np.array(["f", "m"])[RNG.integers(0, 2, 600)]
    frame = pd.DataFrame(
        {
            "height": np.where(sex == "m", 178, 165) + RNG.normal(0, 7, 600),
            "noise": RNG.normal(size=600),
            "sex_code": sex,
        }
    )

    table = proxies(frame, pd.DataFrame({"sex": sex}), None, {"sex": "sex_code"}, 0).set_index("column")

    assert table.loc["height", "auroc"] > 0.85
    assert table.loc["noise", "auroc"] < 0.6
    assert table.loc["(all features)", "low"] > 0.8
    assert "sex_code" not in table.index


def test_levels_too_small_or_unknown_are_left_out():
    levels = pd.DataFrame({"band": ["unknown"] * 60 + ["a"] * 50 + ["b"] * 5})
    assert proxies(pd.DataFrame({"x": range(115)}), levels, None, {}, 0).empty


def test_rows_are_sampled_only_above_the_cap_and_in_order():
    assert sample_rows(5, 10, 0).tolist() == [0, 1, 2, 3, 4]
    picked = sample_rows(100, 10, 0)
    assert len(picked) == 10
    assert (np.diff(picked) > 0).all()
