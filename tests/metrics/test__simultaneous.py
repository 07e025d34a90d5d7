from __future__ import annotations

import numpy as np
import pytest

from appliedml.metrics._group_bootstrap import GroupDraws
from appliedml.metrics._group_gaps import pairwise_gaps, pairwise_gaps_of_each
from appliedml.metrics._simultaneous import centred_draws, critical_values


@pytest.fixture
def tables():
    """Three tables of two rates, four groups and 400 resamples, some of which say nothing about a rate."""
    rng = np.random.default_rng(0)
    draws = rng.uniform(0.2, 0.8, (3, 2, 4, 400))
    draws[1, 0, 2, :7] = np.nan
    return [GroupDraws(("r", "s"), ("a", "b", "c", "d"), np.nanmean(each, axis=-1), each) for each in draws]


def test_a_resample_that_says_nothing_counts_as_the_mean_of_the_others():
    draws = np.array([[[0.2, np.nan, 0.6], [0.1, 0.2, 0.3]]])

    centre, centred = centred_draws(draws, np.array([[True, False]]))

    assert centre == pytest.approx(np.array([[0.4, 0.0]]))
    assert centred == pytest.approx(np.array([[[-0.2, 0.0, 0.2], [0.0, 0.0, 0.0]]]))


def test_the_critical_value_is_a_quantile_of_the_largest_standardised_difference():
    rng = np.random.default_rng(1)
    centred = rng.normal(size=(1, 1, 3, 999))
    centred -= centred.mean(axis=-1, keepdims=True)
    judged = np.array([[[True, True, False]]])

    critical, error = critical_values(centred, judged, 0.9)

    difference = centred[0, 0, 0] - centred[0, 0, 1]
    assert error[0, 0, 0, 1] == pytest.approx(difference.std(ddof=1))
    assert critical[0] == pytest.approx(np.quantile(np.abs(difference) / difference.std(ddof=1), 0.9, method="higher"))


def test_many_tables_at_once_give_what_each_gives_alone(tables):
    judged = np.ones((len(tables), 2, 4), dtype=bool)
    judged[0, 1, 3] = judged[2, 0] = False

    together = pairwise_gaps_of_each(tables, judged, 0.9)

    for one, found, mask in zip(tables, together, judged, strict=True):
        alone = pairwise_gaps(one, mask, 0.9)
        for rate in (0, 1):
            # NaN is what a rate without two judged groups has: equal as text.
            assert repr(found.largest_gap(rate)) == repr(alone.largest_gap(rate))
            assert repr(found.smallest_ratio(rate)) == repr(alone.smallest_ratio(rate))


def test_without_ratios_gaps_stay_and_ratios_have_no_interval(tables):
    judged = np.ones((len(tables), 2, 4), dtype=bool)

    without = pairwise_gaps_of_each(tables, judged, ratios=False)

    for found, expected in zip(without, pairwise_gaps_of_each(tables, judged), strict=True):
        assert found.largest_gap(0) == expected.largest_gap(0)
        value, low, high = found.ratio(0, 0, 1)
        assert value == expected.ratio(0, 0, 1)[0]
        assert np.isnan([low, high]).all()
        smallest = found.smallest_ratio(0)
        assert smallest.value == expected.smallest_ratio(0).value
        assert np.isnan([smallest.low, smallest.high]).all()


def test_no_table_gives_no_gaps():
    assert pairwise_gaps_of_each([], np.ones((0, 1, 2), dtype=bool)) == []
