from __future__ import annotations

import numpy as np
import pandas as pd

from appliedml.audits._fairness_features import MAX_INTERSECTION_GROUPS, Pooled, find_features


def pooled(sensitive, levels=None):
    n = len(next(iter(sensitive.values())))
    zeros = np.zeros(n, dtype=np.int64)
    return Pooled(("no", "yes"), zeros, zeros, None, None, None, "", pd.DataFrame(sensitive), levels or {})


def test_levels_are_sorted_as_bands_numbers_or_text_and_unknown_is_last():
    features = find_features(
        pooled(
            {
                "band": ["over 9", "unknown", "under 9"],
                "number": ["10", "9", "unknown"],
                "text": ["unknown", "b", "a"],
            },
            {"band": ["under 9", "over 9"]},
        ),
        [],
    )

    assert [feature.levels for feature in features] == [
        ("under 9", "over 9", "unknown"),
        ("9", "10", "unknown"),
        ("a", "b", "unknown"),
    ]
    assert features[0].codes.tolist() == [1, 2, 0]
    assert features[1].unknown.tolist() == [False, False, True]


def test_an_intersection_has_the_groups_that_occur_and_is_unknown_where_a_part_is():
    features = find_features(pooled({"sex": ["m", "f", "f", "f"], "age": ["old", "unknown", "old", "new"]}), "pairs")

    crossed = features[-1]
    assert crossed.name == "sex & age"
    assert crossed.levels == ("f & new", "f & old", "m & old", "f & unknown")
    assert crossed.codes.tolist() == [2, 3, 1, 0]
    assert crossed.unknown.tolist() == [False, False, False, True]


def test_an_intersection_of_too_many_groups_twice_the_same_or_with_a_hopeless_part_is_not_judged():
    rng = np.random.default_rng(0)
    many = {name: rng.integers(0, 40, 3000).astype(str) for name in ("a", "b")} | {"one": ["x"] * 3000}

    features = find_features(pooled(many), [["a", "b"], ["a", "a"], ["a", "one"]])

    assert [bool(feature.reason) for feature in features] == [False, False, True, True, True, True]
    assert f"more than {MAX_INTERSECTION_GROUPS}" in features[3].reason


def test_a_feature_that_is_always_unknown_has_nobody_to_compare():
    (feature,) = find_features(pooled({"sex": ["unknown", "unknown"]}), "pairs")

    assert feature.reason == "It has no known level: there is nobody to compare with."
