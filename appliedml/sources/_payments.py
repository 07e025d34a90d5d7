"""Drawing card payments: customers, merchants, legitimate payments, frauds, and what a bank knows at payment time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DAYS = 180
START = np.datetime64("2024-01-01T00:00:00", "us")
DAY_S = 86_400
REGIONS = ("north", "east", "south", "west")
COUNTRIES = ("DE", "FR", "ES", "IT", "GB", "US", "TR", "CN")  # the first is every customer's home
CHANNELS = ("chip", "contactless", "online")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PATTERNS = ("none", "card_testing", "account_takeover", "merchant_collusion", "disputed", "concealed")
NONE, CARD_TESTING, ACCOUNT_TAKEOVER, MERCHANT_COLLUSION, DISPUTED, CONCEALED = range(6)
PATTERN_SHARES = {CARD_TESTING: 0.40, ACCOUNT_TAKEOVER: 0.35, MERCHANT_COLLUSION: 0.25}

# name, share of payments, median amount in EUR, spread of its logarithm, share paid online, share paid abroad
CATEGORIES = pd.DataFrame(
    [
        ("groceries", 0.28, 35, 0.7, 0.08, 0.01),
        ("restaurants", 0.16, 25, 0.6, 0.05, 0.03),
        ("transport", 0.12, 8, 0.7, 0.30, 0.03),
        ("digital_goods", 0.11, 9, 0.8, 1.00, 0.12),
        ("fuel", 0.08, 50, 0.4, 0.00, 0.02),
        ("clothing", 0.08, 55, 0.7, 0.45, 0.03),
        ("household", 0.06, 45, 0.8, 0.30, 0.01),
        ("health", 0.05, 30, 0.7, 0.15, 0.01),
        ("electronics", 0.03, 140, 0.9, 0.55, 0.04),
        ("travel", 0.03, 220, 0.9, 0.80, 0.25),
    ],
    columns=["name", "share", "median_eur", "spread", "online", "abroad"],
)
# Weight of every hour of the day for legitimate payments: few at night.
HOURS = np.array([2, 1, 1, 1, 1, 2, 8, 20, 30, 32, 36, 42, 52, 44, 40, 42, 48, 56, 58, 46, 32, 22, 12, 6], dtype=float)
NIGHT = np.array([0, 1, 2, 3, 4])


@dataclass(frozen=True)
class Customers:
    """One entry per customer."""

    activity: Floats  # share of all payments, sums to 1
    spending: Floats  # factor on amounts
    sex: Ints
    age: Ints
    region: Ints
    opened_day: Ints  # days before the start, negative
    favourite_country: Ints


@dataclass(frozen=True)
class Merchants:
    """One entry per merchant, ordered by category."""

    category: Ints
    first: Ints  # first merchant of each category
    count: Ints  # merchants of each category
    registered_day: Ints
    colluding: Ints  # positions of the merchants that collude


@dataclass(frozen=True)
class Payments:
    """One entry per payment."""

    customer: Ints
    second: Ints
    merchant: Ints
    amount: Floats
    country: Ints
    channel: Ints
    new_device: NDArray[np.bool_]
    pattern: Ints

    @staticmethod
    def join(parts: list[Payments]) -> Payments:
        """Put payments one after the other."""
        return Payments(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in Payments.__annotations__}
        )

    def take(self, rows: Ints) -> Payments:
        """Return the payments at these positions."""
        return Payments(**{name: getattr(self, name)[rows] for name in Payments.__annotations__})


def draw_customers(rng: Generator, n: int) -> Customers:
    """Draw customers. Sex, age and region have no bearing on how they pay or on who is defrauded."""
    activity = rng.gamma(2.0, size=n)
    age = np.clip(rng.normal(45, 16, n), 18, 90).astype(np.int64)
    account_days = np.minimum(rng.gamma(2.0, 900.0, n), (age - 16) * 365.0)
    return Customers(
        activity=activity / activity.sum(),
        spending=np.exp(rng.normal(0, 0.3, n)),
        sex=rng.integers(0, 2, n),
        age=age,
        region=rng.choice(len(REGIONS), n, p=[0.25, 0.2, 0.3, 0.25]),
        opened_day=-(account_days.astype(np.int64) + 30),
        favourite_country=rng.integers(1, len(COUNTRIES), n),
    )


def draw_merchants(rng: Generator, n: int) -> Merchants:
    """Draw merchants; about 4 % of them (at least 3) collude, and those registered recently."""
    count = np.maximum((CATEGORIES["share"].to_numpy() * n).astype(np.int64), 4)
    category = np.repeat(np.arange(len(CATEGORIES)), count)
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    registered = -rng.integers(30, 6000, len(category))
    able = np.flatnonzero(np.isin(CATEGORIES["name"].to_numpy()[category], ["electronics", "household", "restaurants"]))
    colluding = np.sort(rng.choice(able, max(3, len(category) // 25), replace=False))
    registered[colluding] = -rng.integers(5, 120, len(colluding))
    return Merchants(category, first, count, registered, colluding)


def draw_legitimate(rng: Generator, n: int, customers: Customers, merchants: Merchants) -> Payments:
    """Draw ordinary payments; one in eight follows another of the same customer within minutes."""
    customer = pick(rng, customers.activity, n)
    second = rng.integers(0, DAYS, n) * DAY_S + pick(rng, HOURS, n) * 3600 + rng.integers(0, 3600, n)
    follows = rng.random(n) < 0.12
    follows[:1] = False
    leader = np.maximum.accumulate(np.where(follows, 0, np.arange(n)))
    gap = (rng.exponential(600.0, n)).astype(np.int64) + 20
    customer = customer[leader]
    second = np.where(follows, np.minimum(second[leader] + gap, DAYS * DAY_S - 1), second)
    category = pick(rng, CATEGORIES["share"].to_numpy(), n)
    # Squaring makes the first merchants of a category the popular ones.
    merchant = merchants.first[category] + (rng.random(n) ** 2 * merchants.count[category]).astype(np.int64)
    logs = np.log(CATEGORIES["median_eur"].to_numpy(float))[category]
    amount = np.exp(logs + CATEGORIES["spread"].to_numpy()[category] * rng.standard_normal(n))
    amount *= customers.spending[customer]
    amount = np.where(rng.random(n) < 0.06, np.maximum(np.round(amount / 10) * 10, 10), amount)
    online = rng.random(n) < CATEGORIES["online"].to_numpy()[category]
    tap = rng.random(n) < np.where(amount < 50, 0.7, 0.1)
    abroad = rng.random(n) < CATEGORIES["abroad"].to_numpy()[category]
    where = np.where(rng.random(n) < 0.6, customers.favourite_country[customer], rng.integers(1, len(COUNTRIES), n))
    return Payments(
        customer=customer,
        second=second,
        merchant=merchant,
        amount=np.maximum(np.round(amount, 2), 0.5),
        country=np.where(abroad, where, 0),
        channel=np.where(online, 2, np.where(tap, 1, 0)),
        new_device=rng.random(n) < np.where(online, 0.04, 0.005),
        pattern=np.full(n, NONE),
    )


def draw_frauds(rng: Generator, pattern: int, n: int, victims: Ints, who: Customers, merchants: Merchants) -> Payments:
    """Draw ``n`` frauds of one pattern against some of the victims; they come in episodes."""
    shortest, longest, gap_s = {CARD_TESTING: (4, 9, 150), ACCOUNT_TAKEOVER: (1, 3, 1500)}.get(pattern, (1, 2, DAY_S))
    size = rng.integers(shortest, longest + 1, n)
    episode = np.repeat(np.arange(n), size)[:n]
    start = rng.integers(0, DAYS - 2, n) * DAY_S + pick(rng, HOURS, n) * 3600 + rng.integers(0, 3600, n)
    if pattern == ACCOUNT_TAKEOVER:
        at_night = start // DAY_S * DAY_S + rng.choice(NIGHT, n) * 3600 + rng.integers(0, 3600, n)
        start = np.where(rng.random(n) < 0.8, at_night, start)
    steps = np.cumsum(rng.exponential(gap_s, n).astype(np.int64) + 10)
    opening = np.concatenate([[True], episode[1:] != episode[:-1]])[:n]
    since_opening = steps - steps[np.maximum.accumulate(np.where(opening, np.arange(n), 0))]
    customer = victims[pick(rng, who.activity[victims], n)][episode]
    home = np.zeros(n, dtype=np.int64)
    foreign = rng.integers(1, len(COUNTRIES), n)[episode]
    if pattern == CARD_TESTING:
        merchant = _merchant_of(rng, merchants, ["digital_goods", "household"], [0.8, 0.2], n)
        amount: NDArray[Any] = rng.uniform(0.5, 4.0, n)
        country = np.where((rng.random(n) < 0.35)[episode], foreign, home)
        channel, device = np.full(n, 2), (rng.random(n) < 0.9)[episode]
    elif pattern == ACCOUNT_TAKEOVER:
        merchant = _merchant_of(rng, merchants, ["electronics", "travel", "clothing"], [0.5, 0.3, 0.2], n)
        amount = 450 * np.exp(0.5 * rng.standard_normal(n))
        country = np.where((rng.random(n) < 0.7)[episode], foreign, home)
        channel, device = np.where(rng.random(n) < 0.9, 2, 0), (rng.random(n) < 0.95)[episode]
    else:
        merchant = rng.choice(merchants.colluding, n)
        amount = rng.integers(3, 11, n) * 50.0
        country, channel, device = home, np.where(rng.random(n) < 0.8, 0, 2), rng.random(n) < 0.02
    second = np.minimum(start[episode] + since_opening, DAYS * DAY_S - 1)
    return Payments(customer, second, merchant, np.round(amount, 2), country, channel, device, np.full(n, pattern))


def _merchant_of(rng: Generator, merchants: Merchants, categories: list[str], shares: list[float], n: int) -> Ints:
    positions: Ints = np.array([int(np.flatnonzero(CATEGORIES["name"] == name)[0]) for name in categories])
    category = positions[pick(rng, np.array(shares), n)]
    found: Ints = merchants.first[category] + (rng.random(n) * merchants.count[category]).astype(np.int64)
    return found


def pick(rng: Generator, weights: Floats, n: int) -> Ints:
    """Draw positions with these weights: like ``Generator.choice``, several times faster for many customers."""
    edges = np.cumsum(weights)
    found: Ints = np.searchsorted(edges, rng.random(n) * edges[-1], side="right")
    return np.minimum(found, len(weights) - 1)


def history(payments: Payments) -> dict[str, NDArray[Any]]:
    """Return what is known of a customer's earlier payments when a payment arrives.

    Parameters
    ----------
    payments : Payments
        Ordered by customer, then by time.

    Returns
    -------
    dict of str to array of shape (n_payments,)
        Counts of the last hour and day, ratio of the amount to the mean so far, hours since the last payment, and
        whether merchant and country are new. The payment itself and later ones count nowhere.
    """
    n = len(payments.customer)
    here = np.arange(n)
    # One ascending key for all customers; the factor leaves room for a day before everyone's first payment.
    key = payments.customer * (DAYS * DAY_S * 2) + payments.second
    opening = np.concatenate([[True], payments.customer[1:] != payments.customer[:-1]])[:n]
    first = np.maximum.accumulate(np.where(opening, here, 0))
    earlier = here - first
    total = np.cumsum(payments.amount)
    spent = np.where(opening, 0.0, total - payments.amount - (total - payments.amount)[first])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(earlier > 0, payments.amount / (spent / earlier), np.nan)
    waited = np.where(opening, np.nan, np.diff(payments.second, prepend=0) / 3600)
    return {
        "n_payments_1h": here - np.searchsorted(key, key - 3600, side="left"),
        "n_payments_24h": here - np.searchsorted(key, key - DAY_S, side="left"),
        "amount_to_mean": np.round(ratio, 3),
        "hours_since_last": np.round(waited, 3),
        "new_merchant": _first_of_its_kind(payments.customer * (payments.merchant.max() + 1) + payments.merchant),
        "new_country": _first_of_its_kind(payments.customer * len(COUNTRIES) + payments.country),
    }


def _first_of_its_kind(key: Ints) -> Ints:
    found = np.zeros(len(key), dtype=np.int64)
    found[np.unique(key, return_index=True)[1]] = 1
    return found


def names_of(codes: Ints, names: Any) -> pd.Series[Any]:
    """Return codes as a text column."""
    return pd.Series(pd.Categorical.from_codes(codes, list(names))).astype("str")
