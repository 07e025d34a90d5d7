import numpy as np
import pytest

from appliedml.execution._compared_gaps import contrasts


def draws(rng, centre, error=0.02, n=400):
    found = np.array(centre) + rng.normal(0, error, (n + 1, len(centre)))
    found[0] = centre
    return found


def ends(found):
    return found.change(float(np.quantile(found.largest_t, 0.95, method="higher")))


def test_a_gap_that_grew_has_an_interval_around_its_growth():
    rng = np.random.default_rng(0)
    found = contrasts([(draws(rng, [0.7, 0.7]), draws(rng, [0.9, 0.7]))])
    low, high = ends(found)
    assert found.gap_b - found.gap_a == pytest.approx(0.2)
    assert 0.05 < low < 0.2 < high < 0.35


def test_paired_noise_cancels():
    rng = np.random.default_rng(0)
    noise = draws(rng, [0.0, 0.0, 0.0], 0.02)
    low, high = ends(contrasts([tuple(noise + np.array(rates) for rates in ([0.1, 0.4, 0.7], [0.1, 0.4, 0.9]))]))
    assert low == pytest.approx(0.2)
    assert high == pytest.approx(0.2)


def test_equal_models_differ_by_nothing():
    same = draws(np.random.default_rng(0), [0.4, 0.5, 0.6])
    assert ends(contrasts([(same, same)])) == (0.0, 0.0)


def test_a_gap_that_moves_to_other_groups_is_covered():
    """With no gap in one model the interval of a maximum must not lie beside the truth."""
    rng = np.random.default_rng(3)
    inside = []
    for _ in range(60):
        centres = [rng.normal(rates, 0.03) for rates in ([0.7] * 4, [0.6, 0.7, 0.7, 0.8])]
        low, high = ends(contrasts([tuple(draws(rng, centre, 0.03) for centre in centres)]))
        inside.append(low <= 0.2 <= high)
    assert np.mean(inside) >= 0.93


def test_ratios_are_compared_as_logarithms_and_zero_has_none():
    rng = np.random.default_rng(0)
    pair = draws(rng, [0.4, 0.8], 0.001), draws(rng, [0.8, 0.8], 0.001)
    found = contrasts([pair], logarithms=True)
    assert np.exp(found.gap_a - found.gap_b) == pytest.approx(2.0)
    assert contrasts([(pair[0], pair[1] * [1, 0])], logarithms=True) is None


def test_one_group_or_an_undefined_rate_gives_no_gap():
    rng = np.random.default_rng(0)
    one = draws(rng, [0.5])
    assert contrasts([(one, one)]) is None
    missing = draws(rng, [0.5, 0.6])
    missing[0, 0] = np.nan
    assert contrasts([(missing, missing)]) is None
