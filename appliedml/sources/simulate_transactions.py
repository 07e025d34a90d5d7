"""Simulate card payments with frauds whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from appliedml.core.params import AnyOf, Choice, Integer, Null, Real, Rule
from appliedml.core.samples import Samples, make_samples
from appliedml.core.schema import Schema, Sensitive
from appliedml.core.stage import Configured
from appliedml.errors import ParameterError, Problem
from appliedml.sources import _payments as pay
from appliedml.sources._checks import check_samples

AGE_BAND = Sensitive("age_band", "customer_age", (30, 45, 60))
SEXES = ("F", "M")
DISADVANTAGED = {"sex": "F", "age_band": "60 and over", "region": "south"}
DEFAULT_SCHEMA = Schema(
    target="fraud",
    sensitive=["sex", AGE_BAND],
    group="customer_id",
    time="timestamp",
    row_id="payment_id",
    # A model would learn the few merchants by heart; the pattern is the answer.
    ignore=["merchant_id", "fraud_pattern"],
    positive=1,
)


class SimulateTransactions(Configured):
    """Simulate half a year of card payments, about 1 % of them fraud, with a planted disparity on request.

    Parameters
    ----------
    n_rows : int
        Payments, at least 500.
    n_customers : int, optional
        Default: one for 25 payments, at least 50.
    fraud_rate : float
        Share of payments labelled as fraud, above 0 and at most 0.2. Met exactly, to the row.
    disparity : float
        Planted difference in true-positive rate, 0 to 0.9: see Notes.
    disparity_feature : {"sex", "age_band", "region"}
        Where it is planted. The disadvantaged level is "F", "60 and over" or "south".
    label_noise : float
        Share of the labelled frauds of every group that are ordinary payments, disputed in error: nobody can find them.
    random_state : int

    Raises
    ------
    ParameterError
        From the methods: if a parameter breaks its rule, or label_noise and disparity together exceed 0.95.

    Notes
    -----
    **Patterns** (column ``fraud_pattern``, not a feature). ``card_testing``, 40 % of the visible frauds: bursts of 4 to
    9 online payments of 0.50 to 4 EUR, minutes apart, mostly from a new device. ``account_takeover``, 35 %: 1 to 3
    payments around 450 EUR, mostly at night, online, from a new device and often abroad. ``merchant_collusion``, 25 %:
    round amounts of 150 to 500 EUR at a few recently registered merchants. ``disputed``: the label noise.
    ``concealed``: the planted disparity.

    **The planted disparity.** Every level of the feature gets frauds in proportion to its payments. In the
    disadvantaged level, a share ``disparity`` of them is concealed: such a row is drawn by the same code as a
    legitimate payment, and only its label says fraud. No classifier can tell it from a legitimate one. Let r be the
    recall on visible frauds and f the false-positive rate; then recall is ``(1 - label_noise) r + label_noise f`` in
    the other levels, and lower by ``disparity (r - f)`` in the disadvantaged one. For a perfect model (r = 1, f = 0)
    the gap is ``disparity`` exactly, to the rounding of rows: :meth:`truth` gives it for this very draw. Gradient
    boosting at the threshold of best F1 has r of about 0.94. The feature has no other effect, and the two other
    features have none at all.

    **History columns** look back only: ``n_payments_24h`` counts the customer's payments of the 24 hours before this
    one. They are missing, or count from zero, at a customer's first payment.

    Examples
    --------
    >>> SimulateTransactions(n_rows=1000, random_state=1).read()
    Samples(1000 rows, 17 features, sensitive=['sex', 'age_band'], ['group', 'time'])
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        "n_rows": Integer(500),
        "n_customers": AnyOf(Integer(20), Null()),
        "fraud_rate": Real(0, 0.2, open_low=True),
        "disparity": Real(0, 0.9),
        "disparity_feature": Choice(*DISADVANTAGED),
        "label_noise": Real(0, 0.5),
        "random_state": Integer(0),
    }

    def __init__(
        self,
        n_rows: int = 20_000,
        n_customers: int | None = None,
        fraud_rate: float = 0.01,
        disparity: float = 0.0,
        disparity_feature: str = "sex",
        label_noise: float = 0.08,
        random_state: int = 7,
    ) -> None:
        self.n_rows = n_rows
        self.n_customers = n_customers
        self.fraud_rate = fraud_rate
        self.disparity = disparity
        self.disparity_feature = disparity_feature
        self.label_noise = label_noise
        self.random_state = random_state

    @classmethod
    def problems_in(cls, parameters: Mapping[str, Any], where: str) -> list[Problem]:
        """Return what is wrong with the parameters together.

        Parameters
        ----------
        parameters : mapping of str to object
        where : str
            Path inside the plan.

        Returns
        -------
        list of Problem
        """
        hidden = parameters.get("label_noise", 0.08) + parameters.get("disparity", 0.0)
        if hidden <= 0.95:
            return []
        return [
            Problem(
                where,
                "SimulateTransactions: label_noise and disparity together may be at most 0.95, or no fraud is left to "
                f"find. They are {hidden:g}. Lower one.",
            )
        ]

    @property
    def default_schema(self) -> Schema:
        """The schema of the payments; it names ``region`` as sensitive where the disparity is planted there."""
        if self.disparity_feature != "region":
            return DEFAULT_SCHEMA
        return replace(DEFAULT_SCHEMA, sensitive=[*DEFAULT_SCHEMA.sensitive, "region"])

    def read(self, schema: Schema | None = None, folder: Path | None = None) -> Samples:
        """Return the payments as samples.

        Parameters
        ----------
        schema : Schema, optional
            Default: :attr:`default_schema`. Another one should leave ``fraud_pattern`` out of the features.
        folder : Path, optional
            Every source is told where the plan lies. Nothing is read here.

        Returns
        -------
        Samples

        Raises
        ------
        ParameterError
        DataError
            If the schema does not fit the columns.
        """
        samples = make_samples(self.frame(), schema or self.default_schema)
        check_samples(samples, "SimulateTransactions")
        return samples

    def truth(self) -> dict[str, Any]:
        """Return what was planted, counted in this very draw.

        Returns
        -------
        dict
            ``feature``, ``disadvantaged``, ``disparity`` (asked for), ``perfect_recall`` (by level, the recall of a
            model that finds every visible fraud and nothing else), ``n_fraud`` (by level) and
            ``true_positive_rate_gap`` (the highest perfect recall less that of the disadvantaged level).

        Raises
        ------
        ParameterError
        """
        frame = self.frame()
        level = frame[AGE_BAND.column] if self.disparity_feature == "age_band" else frame[self.disparity_feature]
        level = AGE_BAND.levels(level) if self.disparity_feature == "age_band" else level
        fraud = frame["fraud"] == 1
        visible = ~frame["fraud_pattern"].isin(["disputed", "concealed"])
        recall = visible[fraud].groupby(level[fraud]).mean()
        counts = fraud[fraud].groupby(level[fraud]).sum()
        worst = DISADVANTAGED[self.disparity_feature]
        return {
            "feature": self.disparity_feature,
            "disadvantaged": worst,
            "disparity": float(self.disparity),
            "perfect_recall": {str(key): float(value) for key, value in recall.items()},
            "n_fraud": {str(key): int(value) for key, value in counts.items()},
            "true_positive_rate_gap": float(recall.drop(worst).max() - recall[worst]),
        }

    def frame(self) -> pd.DataFrame:
        """Return all columns, ordered by time; ``data/README.md`` describes them.

        Returns
        -------
        DataFrame of n_rows rows

        Raises
        ------
        ParameterError
        """
        self.check_parameters()
        for problem in self.problems_in(self.get_params(deep=False), ""):
            raise ParameterError(problem.what)
        rng = np.random.default_rng(self.random_state)
        who = pay.draw_customers(rng, self.n_customers or max(50, self.n_rows // 25))
        merchants = pay.draw_merchants(rng, int(np.clip(self.n_rows // 150, 60, 2000)))
        payments = self._payments(rng, who, merchants)
        return self._columns(rng, payments, who, merchants)

    def _levels(self, who: pay.Customers) -> pay.Ints:
        """Level of every customer in the feature where a disparity may be planted; 0 is the disadvantaged one."""
        if self.disparity_feature == "sex":
            return who.sex
        if self.disparity_feature == "region":
            return np.where(who.region == pay.REGIONS.index("south"), 0, who.region + 1)
        return len(AGE_BAND.edges) - np.digitize(who.age, AGE_BAND.edges)

    def _payments(self, rng: np.random.Generator, who: pay.Customers, merchants: pay.Merchants) -> pay.Payments:
        levels = self._levels(who)
        used = np.unique(levels)
        n_fraud = max(1, round(self.fraud_rate * self.n_rows))
        shares = [who.activity[levels == level].sum() for level in used]
        noisy = pay.DISPUTED, pay.CONCEALED
        frauds, hidden = [], []
        for level, n in zip(used, apportion(n_fraud, shares), strict=True):
            concealed = self.disparity if level == 0 else 0.0
            parts = [self.label_noise, concealed, 1 - self.label_noise - concealed]
            *n_noisy, n_visible = apportion(n, parts)
            hidden += list(zip([level] * 2, noisy, n_noisy, strict=True))
            by_pattern = apportion(n_visible, list(pay.PATTERN_SHARES.values()))
            victims = np.flatnonzero(levels == level)
            for pattern, count in zip(pay.PATTERN_SHARES, by_pattern, strict=True):
                frauds.append(pay.draw_frauds(rng, pattern, count, victims, who, merchants))
        n_visible = sum(len(part.customer) for part in frauds)
        legitimate = pay.draw_legitimate(rng, self.n_rows - n_visible, who, merchants)
        for level, pattern, count in hidden:
            # Labels only: these rows were drawn as legitimate payments and stay exactly that.
            able = np.flatnonzero((levels[legitimate.customer] == level) & (legitimate.pattern == pay.NONE))
            legitimate.pattern[rng.choice(able, min(count, len(able)), replace=False)] = pattern
        both = pay.Payments.join([legitimate, *frauds])
        return both.take(np.lexsort((both.second, both.customer)))

    def _columns(
        self, rng: np.random.Generator, payments: pay.Payments, who: pay.Customers, merchants: pay.Merchants
    ) -> pd.DataFrame:
        past = pay.history(payments)
        order = np.argsort(payments.second, kind="stable")
        payments = payments.take(order)
        customer, second, category = payments.customer, payments.second, merchants.category[payments.merchant]
        day = second // pay.DAY_S
        n = self.n_rows
        return pd.DataFrame(
            {
                "payment_id": np.arange(n),
                "timestamp": pay.START + second.astype("timedelta64[s]"),
                "customer_id": pay.names_of(customer, [f"C{i:06d}" for i in range(len(who.age))]),
                "merchant_id": pay.names_of(payments.merchant, [f"M{i:05d}" for i in range(len(merchants.category))]),
                "merchant_category": pay.names_of(
                    np.where(rng.random(n) < 0.015, -1, category), pay.CATEGORIES["name"]
                ),
                "country": pay.names_of(payments.country, pay.COUNTRIES),
                "channel": pay.names_of(payments.channel, pay.CHANNELS),
                "amount": payments.amount,
                "round_amount": (payments.amount % 50 == 0).astype(np.int64),
                "hour": second % pay.DAY_S // 3600,
                "weekday": pay.names_of(day % 7, pay.WEEKDAYS),  # 1 January 2024 was a Monday
                "sex": pay.names_of(who.sex[customer], SEXES),
                "customer_age": who.age[customer],
                "region": pay.names_of(who.region[customer], pay.REGIONS),
                "account_age_days": np.where(rng.random(n) < 0.02, np.nan, day - who.opened_day[customer]),
                "merchant_age_days": day - merchants.registered_day[payments.merchant],
                **{name: values[order] for name, values in past.items()},
                "new_device": payments.new_device.astype(np.int64),
                "fraud_pattern": pay.names_of(payments.pattern, pay.PATTERNS),
                "fraud": (payments.pattern != pay.NONE).astype(np.int64),
            }
        )


def apportion(n: int, shares: list[Any]) -> list[int]:
    """Cut a whole number into whole parts in proportion to shares, by largest remainder.

    Parameters
    ----------
    n : int
    shares : list of float
        Non-negative; they need not sum to 1.

    Returns
    -------
    list of int
        Sums to ``n``.

    Examples
    --------
    >>> apportion(10, [0.5, 0.25, 0.25])
    [5, 3, 2]
    """
    exact = np.asarray(shares, dtype=float) / sum(shares) * n
    # Products such as 0.92 * 50 end in ...9999: round them before cutting.
    floor = np.floor(np.round(exact, 9)).astype(int)
    largest = np.argsort(-(np.round(exact, 9) - floor), kind="stable")
    floor[largest[: n - floor.sum()]] += 1
    return [int(part) for part in floor]
