import numpy as np
import pandas as pd
import pytest

from appliedml.audits._identity_pool import _over_templates, pooled_items
from appliedml.audits._identity_terms import find_dimensions, template_terms

DIMENSIONS = find_dimensions(["job"], {"job": {"care": ["nurse", "carer"], "law": ["lawyer", "judge"]}})


def evidence(number, scores, n=4, shifts=(0.1,) * 40):
    """Two groups, four terms, ``n`` templates."""
    scores = np.repeat(np.array(scores, float)[:, None, None], n, axis=1)
    own = pd.DataFrame({"unit": np.arange(len(shifts)), "dimension": "job", "source": "law", "target": "care"})
    own["flipped"], own["shift_0"] = False, list(shifts)
    counts = {
        "n": np.full(6, 40.0), "n_texts": np.full(6, 40.0), "hits": np.array([[2.0], *[[20.0]] * 5]), "total": 1000,
        "total_hits": np.array([500.0]),
    }  # fmt: skip
    return {
        "classes": ("no", "yes"), "scores": scores, "decisions": (scores[:, :, 0] > 0.5).astype(int),
        "own": {"table": own}, "training": counts, "tones": ["own"] * n,
        "sketch": np.arange(number, number + 50, dtype=np.uint64), "n_train": 50,
    }  # fmt: skip


def test_gaps_of_terms_and_groups_are_those_of_the_scores():
    folds = [evidence(k, [0.2, 0.4, 0.6, 0.8]) for k in range(3)]
    items = pooled_items(folds, DIMENSIONS, (1,), 30)
    gap = dict(zip(items.table["kind"] + ":" + items.table["item"], items.by_fold[0], strict=True))

    assert [term.text for term in template_terms(DIMENSIONS)] == ["nurse", "carer", "lawyer", "judge"]
    assert gap["term:nurse"] == pytest.approx(0.2 - 0.6)
    assert gap["group:law"] == pytest.approx(0.4)
    assert items.table["n_training_texts"].iloc[0] == 40


def test_the_sign_of_an_own_pair_is_that_of_the_later_group():
    items = pooled_items([evidence(k, [0.5] * 4) for k in range(3)], DIMENSIONS, (1,), 30)
    pair = items.table[items.table["kind"] == "own"].iloc[0]
    assert (pair["item"], pair["against"]) == ("law", "care")
    assert pair["shift"] == pytest.approx(-0.1)
    assert pair["n_units"] == 40
    assert not pair["small"]


def test_a_pair_with_few_units_or_missing_in_a_fold_is_small_and_not_judged():
    few = pooled_items([evidence(k, [0.5] * 4, shifts=(0.1,) * 10) for k in range(3)], DIMENSIONS, (1,), 30)
    gone = pooled_items([evidence(0, [0.5] * 4), evidence(1, [0.5] * 4, shifts=(0.1,) * 2)], DIMENSIONS, (1,), 30)
    for items in (few, gone):
        own = (items.table["kind"] == "own").to_numpy()
        assert items.table.loc[own, "small"].all()
        assert np.isnan(items.by_fold[:, own]).all()


def test_labels_count_only_where_they_point_the_way_of_the_gap():
    down = pooled_items([evidence(k, [0.2, 0.2, 0.8, 0.8]) for k in range(3)], DIMENSIONS, (1,), 30)
    up = pooled_items([evidence(k, [0.8, 0.8, 0.2, 0.2]) for k in range(3)], DIMENSIONS, (1,), 30)
    care = (down.table["kind"] == "group").to_numpy() & (down.table["group"] == "care").to_numpy()
    assert down.p_labels[care][0] < 1e-6
    assert up.p_labels[care][0] == 1.0


def test_tones_are_strata():
    gaps = np.array([[0.0, 0.0, 1.0, 1.0]])
    assert _over_templates(gaps, ["a", "a", "b", "b"])[0] == 0.0
    assert _over_templates(gaps, ["a", "b", "c", "d"])[0] == pytest.approx(gaps.var(ddof=1) / 4)
