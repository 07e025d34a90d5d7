"""Offered thresholds, and exact counts at each of them."""

from __future__ import annotations

import numpy as np
import pytest

from appliedml.report import _explorer_bins as bins
from appliedml.report._explorer_rows import RunRows


def made(score, positive=None, folds=(0.5,)):
    score = np.asarray(score, dtype=float)
    positive = np.zeros(len(score), dtype=bool) if positive is None else np.asarray(positive, dtype=bool)
    return RunRows(positive, score >= folds[0], score, tuple(folds), None, None, (), ())


def test_thresholds_ascend_from_0_to_1_with_those_of_the_folds_and_labels_that_tell_them_apart():
    random = np.random.default_rng(0)
    rows = made(random.beta(1, 30, 5000), random.random(5000) < 0.02, (0.1234567, 0.1234568, 0.02))

    found, labels, start = bins.offered_thresholds(rows, [0.777777])

    assert found[0] == 0 and found[-1] == 1 and (np.diff(found) > 0).all()
    assert len(found) <= bins.MAX_THRESHOLDS
    assert {0.1234567, 0.1234568, 0.02, 0.777777, 0.5} <= set(found)
    assert found[start] == 0.1234567 and len(set(labels)) == len(labels)
    assert (found < 0.1).sum() > 50, "few rows score high: thresholds lie close where they score"


@pytest.mark.parametrize("score", [[0.0], [1.0, 1.0], [0.3] * 9, [0.0, 1.0, 0.5]])
def test_scores_that_are_all_alike_are_counted_too(score):
    rows = made(score, [True] * len(score))
    found, _, _ = bins.offered_thresholds(rows)
    counts = bins.count_groups(
        np.zeros(len(score), dtype=int), 1, bins.bin_of(found, rows.score), len(found), rows, None
    )

    assert counts.positive[:, 0].tolist() == [int((rows.score >= value).sum()) for value in found]


def test_many_folds_do_not_crowd_out_the_others():
    found, _, _ = bins.offered_thresholds(made([0.2, 0.4], folds=tuple(np.linspace(0.1, 0.9, 301))))

    assert len(found) <= bins.MAX_THRESHOLDS and 0.03 in found


def test_units_are_counted_once_and_as_long_as_their_highest_score_is_selected():
    rows = made([0.1, 0.9, 0.6, 0.2], [True, False, True, False])
    thresholds = np.array([0.0, 0.5, 0.7])
    found = bins.count_groups([0, 0, 0, 1], 2, bins.bin_of(thresholds, rows.score), 3, rows, np.array([0, 0, 1, 1]))

    assert found.selected_units.tolist() == [[2, 1], [2, 0], [1, 0]]
    assert found.units.tolist() == [[2, 1], [2, 0], [1, 1]]
    assert found.run.tolist() == [[1, 0], [1, 0], [2, 0]]


def test_packed_counts_are_short_and_complete():
    at_least = np.array([9, 9, 4, 4, 4, 1, 0, 0])
    packed = bins.packed(at_least)

    assert packed == [-1, 5, -2, 3, 1, -2]
    unpacked = [number for entry in packed for number in ([0] * -entry if entry < 0 else [entry])]
    assert np.cumsum(unpacked[::-1])[::-1].tolist() == at_least.tolist()


def test_rows_of_no_cluster_stand_alone():
    assert bins.cluster_numbers(np.array(["x", None, "x", None], dtype=object)).tolist() == [0, 1, 0, 2]
    assert bins.cluster_numbers(None) is None
