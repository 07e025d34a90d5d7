from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from appliedml.core.group_folds import group_folds


def patients(seed, n_groups, n_classes, largest=5, rare=False):
    """Rows of patients of 1 to ``largest`` rows; classes lean with the patient."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), rng.integers(1, largest + 1, n_groups))
    leaning = rng.dirichlet(np.linspace(0.1 if rare else 1, 3, n_classes), n_groups)
    y = (rng.random((len(groups), 1)) > leaning.cumsum(axis=1)[groups]).sum(axis=1)
    return np.minimum(y, n_classes - 1), groups


def scikit_learn(y, groups, n_folds, seed):
    folds = np.full(len(y), -1)
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (_, test) in enumerate(splitter.split(np.zeros(len(y)), y, groups)):
        folds[test] = number
    return folds


@pytest.mark.filterwarnings("ignore:The least populated class")
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("n_groups", "n_folds", "n_classes", "largest", "rare"),
    [
        (150, 5, 2, 5, False),
        (150, 5, 2, 1, False),  # every group one row: nothing but ties
        (120, 3, 4, 30, True),
        (90, 10, 3, 4, False),
        (60, 20, 2, 6, True),
        (60, 7, 10, 40, False),  # ten classes: numpy sums eight or more numbers in another order
        (40, 12, 1, 3, False),
        (20, 20, 2, 6, False),
    ],
)
def test_the_folds_are_those_of_scikit_learn(seed, n_groups, n_folds, n_classes, largest, rare):
    y, groups = patients(seed, n_groups, n_classes, largest, rare)

    np.testing.assert_array_equal(group_folds(y, groups, n_folds, seed), scikit_learn(y, groups, n_folds, seed))


def test_labels_and_groups_may_be_text_in_any_order():
    y, groups = patients(1, 80, 2)
    order = np.random.default_rng(0).permutation(len(y))
    y, groups = np.array(["well", "ill"])[y][order], np.array([f"P{one}" for one in groups])[order]

    np.testing.assert_array_equal(group_folds(y, groups, 4, 7), scikit_learn(y, groups, 4, 7))


def test_groups_stay_whole_and_the_seed_decides():
    y, groups = patients(2, 100, 2)
    folds = group_folds(y, groups, 5, 1)

    assert all(len(np.unique(folds[groups == one])) == 1 for one in range(100))
    np.testing.assert_array_equal(folds, group_folds(y, groups, 5, 1))
    assert (folds != group_folds(y, groups, 5, 2)).any()


def test_five_thousand_groups_take_a_moment():
    """0.1 s on a quiet machine, where scikit-learn needs 14 s; processor time, for other work must not fail this."""
    y, groups = patients(3, 5_000, 2)
    started = time.process_time()
    folds = group_folds(y, groups, 5, 0)

    assert time.process_time() - started < 1.0
    # Rows of every class in every fold: within 1 % of a fifth.
    table = np.array([np.bincount(y[folds == fold]) for fold in range(5)]) / np.bincount(y)
    assert np.abs(table - 0.2).max() < 0.01


def test_rows_without_a_group_are_refused_and_no_rows_have_no_fold():
    with pytest.raises(ValueError, match="a group for every row"):
        group_folds([0, 1], [1], 2, 0)
    assert group_folds([], [], 2, 0).shape == (0,)
