from __future__ import annotations

import numpy as np
import pytest

from appliedml.errors import DataError
from appliedml.metrics._group_tables import cluster_codes, group_codes, group_table, rates_for


def test_counts_agree_with_counting_row_by_row():
    rng = np.random.default_rng(0)
    group, true, pred = rng.integers(0, 3, 500), rng.integers(0, 2, 500), rng.integers(0, 2, 500)

    counts = group_table(group, true, pred, groups=["a", "b", "c"]).counts

    for g, t, p in np.ndindex(3, 2, 2):
        assert counts[g, t, p] == ((group == g) & (true == t) & (pred == p)).sum()


def test_clusters_keep_the_counts_and_are_counted_once_each():
    rng = np.random.default_rng(1)
    group, true, pred = rng.integers(0, 2, 600), rng.integers(0, 2, 600), rng.integers(0, 2, 600)
    cluster = rng.integers(0, 80, 600)

    rows = group_table(group, true, pred, groups=["a", "b"])
    table = group_table(group, true, pred, cluster=cluster, groups=["a", "b"])

    assert np.array_equal(table.counts, rows.counts)
    assert table.n_units == 80
    positives = rates_for(["0", "1"])["true_positive_rate"].denominator
    for g in (0, 1):
        assert table.units_in(positives)[g] == len(set(cluster[(group == g) & (true == 1)]))
        assert rows.units_in(positives)[g] == ((group == g) & (true == 1)).sum()


def test_clusters_with_equal_counts_share_one_pattern():
    table = group_table([0] * 6, [1] * 6, [1] * 6, cluster=[1, 1, 2, 2, 3, 3], groups=["a"])

    assert table.multiplicity.tolist() == [3]


def test_a_row_of_no_group_is_not_counted():
    table = group_table([0, -1, 0], [1, 1, 0], [1, 1, 0], groups=["a"])

    assert table.counts.sum() == 2


def test_missing_labels_belong_to_no_group_and_missing_clusters_stand_alone():
    assert group_codes("group_table", ["b", None, "a"], None)[1].tolist() == [1, -1, 0]
    assert len(set(cluster_codes(["x", None, None, "x"]))) == 3


def test_with_three_classes_every_class_is_set_against_the_others():
    rates = rates_for(["cat", "dog", "owl"])

    recall = rates["true_positive_rate.owl"]
    assert recall.denominator.tolist() == [[False] * 3, [False] * 3, [True] * 3]
    assert recall.numerator.sum() == 1
    assert recall.numerator[2, 2]
    assert "true_positive_rate" not in rates


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"group": [0, 0], "y_true": [1], "y_pred": [1, 0]},
            "There are group 2, y_true 1",
        ),
        ({"group": [0], "y_true": [2], "y_pred": [1]}, "y_true must hold class codes 0 .. 1. It holds 2 .. 2."),
        ({"group": [5], "y_true": [1], "y_pred": [1], "groups": ["a"]}, "positions -1 .. 0"),
    ],
)
def test_wrong_arrays_are_refused_with_what_is_wrong(arguments, message):
    with pytest.raises(DataError, match=message):
        group_table(**arguments)


def test_one_class_has_no_rates():
    with pytest.raises(DataError, match="at least 2 classes"):
        rates_for(["only"])
