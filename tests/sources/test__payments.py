"""The pieces of the simulation."""

import numpy as np

from appliedml.sources import _payments as pay


def drawn(pattern, n=300):
    """Frauds of one pattern with their customers and merchants."""
    rng = np.random.default_rng(0)
    who, merchants = pay.draw_customers(rng, 200), pay.draw_merchants(rng, 200)
    return pay.draw_frauds(rng, pattern, n, np.arange(100), who, merchants), who, merchants


def test_card_testing_comes_in_bursts_of_small_online_payments():
    frauds, _, _ = drawn(pay.CARD_TESTING)

    assert frauds.amount.max() <= 4
    assert (frauds.channel == pay.CHANNELS.index("online")).all()
    opening = np.flatnonzero(np.diff(frauds.customer, prepend=-1))
    assert 4 <= np.diff(opening).mean() <= 9


def test_takeovers_are_large_mostly_at_night_and_from_new_devices():
    frauds, _, _ = drawn(pay.ACCOUNT_TAKEOVER)

    hours = frauds.second % pay.DAY_S // 3600
    assert (np.median(frauds.amount) > 300) & (np.isin(hours, [0, 1, 2, 3, 4, 5]).mean() > 0.6)
    assert frauds.new_device.mean() > 0.8


def test_collusion_is_round_amounts_at_colluding_merchants():
    frauds, _, merchants = drawn(pay.MERCHANT_COLLUSION)

    assert (frauds.amount % 50 == 0).all()
    assert set(frauds.merchant) <= set(merchants.colluding)


def test_only_the_victims_are_hit_and_times_stay_in_the_half_year():
    for pattern in pay.PATTERN_SHARES:
        frauds, _, _ = drawn(pattern)
        assert frauds.customer.max() < 100
        assert (frauds.second >= 0).all()
        assert (frauds.second < pay.DAYS * pay.DAY_S).all()


def test_no_frauds_are_no_rows():
    frauds, _, _ = drawn(pay.CARD_TESTING, 0)

    assert len(frauds.customer) == 0


def test_picks_follow_their_weights():
    found = pay.pick(np.random.default_rng(0), np.array([1.0, 0.0, 3.0]), 40_000)

    assert np.bincount(found, minlength=3)[1] == 0
    assert abs((found == 2).mean() - 0.75) < 0.01
