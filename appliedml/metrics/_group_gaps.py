"""Gaps and ratios between groups, with intervals that hold for all pairs at once, and so for the largest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import DataError
from appliedml.metrics._group_bootstrap import GroupDraws
from appliedml.metrics._group_checks import check_places, check_settings
from appliedml.metrics._simultaneous import centred_draws, critical_values


@dataclass(frozen=True)
class Largest:
    """The largest difference, or the smallest ratio, between any two groups.

    Parameters
    ----------
    value, low, high : float
        Estimate and simultaneous interval. NaN if fewer than two groups could be compared.
    lowest, highest : int
        Positions of the groups with the lowest and the highest rate; -1 if there is none.
    n_groups : int
        How many groups were compared.
    """

    value: float
    low: float
    high: float
    lowest: int
    highest: int
    n_groups: int


@dataclass(frozen=True, eq=False)
class Pairs:
    """Differences between the groups of every pair, on one rate.

    Parameters
    ----------
    a, b : array of int, shape (n_pairs,)
        Positions of the groups.
    value, low, high : array of shape (n_pairs,)
        Rate of a minus rate of b with simultaneous intervals, between -1 and 1.
    """

    a: NDArray[np.intp]
    b: NDArray[np.intp]
    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @property
    def at_least(self) -> NDArray[np.float64]:
        """Lower bound of the absolute difference of each pair; 0 where the interval holds 0."""
        return np.maximum(0, np.maximum(self.low, -self.high))

    @property
    def at_most(self) -> NDArray[np.float64]:
        """Upper bound of the absolute difference of each pair."""
        return np.maximum(np.abs(self.low), np.abs(self.high))


@dataclass(frozen=True, eq=False)
class PairwiseGaps:
    """All differences and ratios of rates between two groups, with simultaneous intervals.

    Parameters
    ----------
    names, groups : tuple of str
    estimate : array of shape (n_rates, n_groups)
    judged : array of bool, shape (n_rates, n_groups)
        Groups that were compared.
    error : array of shape (n_rates, n_groups, n_groups)
        Standard errors of the differences.
    log_error : array of shape (n_rates, n_groups, n_groups)
        Standard errors of the logarithms of the ratios.
    critical, log_critical : float
        How many standard errors the intervals reach, so that all of them hold at once; NaN for ratios where they were
        not asked for.
    centre : array of shape (n_rates, n_groups)
        Means of the resamples, where the intervals are centred: with the pseudo-units of the bootstrap they lie a
        little nearer to 1/2 than the estimates, which is what keeps the intervals' promise for small groups.
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    estimate: NDArray[np.float64]
    judged: NDArray[np.bool_]
    error: NDArray[np.float64]
    log_error: NDArray[np.float64]
    critical: float
    log_critical: float
    centre: NDArray[np.float64]

    def pairs(self, rate: int) -> Pairs:
        """Compare all pairs of judged groups on one rate.

        Parameters
        ----------
        rate : int
            Position of the rate.

        Returns
        -------
        Pairs
        """
        check_places("pairs", "rate", rate, self.names)
        where = np.flatnonzero(self.judged[rate])
        a, b = (where[index] for index in np.triu_indices(len(where), 1))
        value = self.estimate[rate, a] - self.estimate[rate, b]
        reach = self.critical * self.error[rate, a, b]
        middle = self.centre[rate, a] - self.centre[rate, b]
        low, high = np.minimum(middle - reach, value), np.maximum(middle + reach, value)
        return Pairs(a, b, value, np.maximum(low, -1), np.minimum(high, 1))

    def ratio(self, rate: int, a: int, b: int) -> tuple[float, float, float]:
        """Rate of group a over rate of group b, with its simultaneous interval.

        Parameters
        ----------
        rate, a, b : int

        Returns
        -------
        (float, float, float)
            Value, low, high; not negative. The value is NaN where group b has a rate of zero, the interval also
            where one of the groups was not judged.
        """
        check_places("ratio", "rate", rate, self.names)
        check_places("ratio", "group", a, self.groups)
        check_places("ratio", "group", b, self.groups)
        top, bottom = self.estimate[rate, a], self.estimate[rate, b]
        if a == b:
            return (1.0, 1.0, 1.0) if top > 0 else (np.nan, np.nan, np.nan)
        if not bottom > 0:
            return np.nan, np.nan, np.nan
        value = float(top / bottom)
        if not self.judged[rate, [a, b]].all() or np.isnan(self.log_critical):
            return value, np.nan, np.nan
        middle = float(self.centre[rate, a] / self.centre[rate, b])
        factor = float(np.exp(self.log_critical * self.log_error[rate, a, b]))
        return value, min(value, middle / factor), max(value, middle * factor)

    def largest_gap(self, rate: int) -> Largest:
        """Highest minus lowest rate over the compared groups.

        Parameters
        ----------
        rate : int

        Returns
        -------
        Largest
            The interval holds for the true largest gap, whichever groups it lies between.

        Notes
        -----
        If all pairwise intervals hold at once, the true largest difference is at least the largest of their lower
        ends and at most the largest of their upper ends. The percentile interval of a bootstrapped maximum has no
        such property: with no disparity at all it lies above zero, the further the more groups there are.
        """
        check_places("largest_gap", "rate", rate, self.names)
        lowest, highest, n_groups = self._extremes(rate)
        if n_groups < 2:
            return Largest(np.nan, np.nan, np.nan, -1, -1, n_groups)
        found = self.pairs(rate)
        value = float(self.estimate[rate, highest] - self.estimate[rate, lowest])
        return Largest(value, float(found.at_least.max()), float(found.at_most.max()), lowest, highest, n_groups)

    def smallest_ratio(self, rate: int) -> Largest:
        """Lowest over highest rate of the compared groups.

        Parameters
        ----------
        rate : int

        Returns
        -------
        Largest
            Between 0 and 1; the interval holds for the true smallest ratio of any two groups.
        """
        check_places("smallest_ratio", "rate", rate, self.names)
        lowest, highest, n_groups = self._extremes(rate)
        if n_groups < 2 or not self.estimate[rate, highest] > 0:
            return Largest(np.nan, np.nan, np.nan, lowest, highest, n_groups)
        where = np.flatnonzero(self.judged[rate])
        a, b = (where[index] for index in np.triu_indices(len(where), 1))
        size = np.abs(np.log(self.centre[rate, a] / self.centre[rate, b]))
        reach = self.log_critical * self.log_error[rate, a, b]
        value = float(self.estimate[rate, lowest] / self.estimate[rate, highest])
        if np.isnan(self.log_critical):
            return Largest(value, np.nan, np.nan, lowest, highest, n_groups)
        low = min(value, float(np.exp(-np.max(size + reach))))
        high = max(value, float(np.exp(-max(0.0, float(np.max(size - reach))))))
        return Largest(value, low, high, lowest, highest, n_groups)

    def _extremes(self, rate: int) -> tuple[int, int, int]:
        where = np.flatnonzero(self.judged[rate])
        if not len(where):
            return -1, -1, 0
        found = self.estimate[rate, where]
        return int(where[np.argmin(found)]), int(where[np.argmax(found)]), len(where)


def pairwise_gaps(draws: GroupDraws, judged: NDArray[np.bool_], confidence: float = 0.95) -> PairwiseGaps:
    """Compare every group with every other, on every rate, with simultaneous intervals.

    Parameters
    ----------
    draws : GroupDraws
    judged : array of bool, shape (n_rates, n_groups)
        Groups large enough to be compared on a rate.
    confidence : float
        Probability that all intervals, of all pairs and all rates given, hold at once. To cover several tables, give
        ``1 - alpha / n_tables`` (Bonferroni).

    Returns
    -------
    PairwiseGaps

    Raises
    ------
    DataError
        If ``judged`` is not one truth value for each rate and group, or there is but one resample.
    ParameterError
        If the confidence is not between 0 and 1.

    Notes
    -----
    In every resample each pair's difference is set against its own standard error; the quantile of the largest of
    these over all pairs and rates says how many standard errors every interval must reach (single-step max-|t|). The
    dependence between pairs, and between rates made of the same decisions, is thereby used and not paid for, as it
    would be with Bonferroni's correction. Ratios are treated alike on the scale of logarithms. Intervals are centred
    on the means of the resamples (Agresti and Caffo): simulated with 10 equal groups of 30 positives each, 94 % of
    the 95 % intervals held the true largest gap, against 89 % centred on the estimates.

    Source
    ------
    Westfall and Young (1993), Resampling-Based Multiple Testing, section 2.3; Hothorn, Bretz and Westfall (2008),
    Simultaneous inference in general parametric models, Biometrical Journal 50; Agresti and Caffo (2000), Simple and
    effective confidence intervals for proportions and differences of proportions, The American Statistician 54.

    Examples
    --------
    >>> from appliedml.metrics.groups import bootstrap_rates, group_table
    >>> table = group_table(["a"] * 900 + ["b"] * 900, [1] * 1800, [1] * 800 + [0] * 400 + [1] * 600)
    >>> found = bootstrap_rates(table, ["true_positive_rate"])
    >>> gap = pairwise_gaps(found, np.array([[True, True]])).largest_gap(0)
    >>> round(gap.value, 3), gap.low > 0.15, gap.high < 0.3
    (0.222, True, True)
    """
    check_settings("pairwise_gaps", confidence=confidence)
    asked = np.asarray(judged)
    if asked.shape != draws.estimate.shape or asked.dtype != np.bool_:
        raise DataError(
            "pairwise_gaps: judged must hold true or false for each rate and group, shape "
            f"{draws.estimate.shape}. It holds {asked.dtype} of shape {asked.shape}. To compare all groups on all "
            "rates: np.ones(draws.estimate.shape, dtype=bool)."
        )
    if draws.draws.shape[-1] < 2:
        raise DataError(
            "pairwise_gaps: standard errors need at least 2 resamples. There is 1. Give bootstrap_rates more: "
            "n_resamples=1000."
        )
    return pairwise_gaps_of_each([draws], asked[None], confidence)[0]


def pairwise_gaps_of_each(
    tables: Sequence[GroupDraws], judged: NDArray[np.bool_], confidence: float = 0.95, *, ratios: bool = True
) -> list[PairwiseGaps]:
    """Compare the groups of many tables, each by itself: faster than :func:`pairwise_gaps` one after the other.

    Parameters
    ----------
    tables : sequence of GroupDraws
        With the same rates, groups and number of resamples.
    judged : array of bool, shape (n_tables, n_rates, n_groups)
    confidence : float
        Of every table by itself, as in :func:`pairwise_gaps`.
    ratios : bool
        Whether ratios are wanted too: half of the time. Without them their intervals are NaN.

    Returns
    -------
    list of PairwiseGaps
        The same as of :func:`pairwise_gaps` for each table.

    Raises
    ------
    ParameterError
        If the confidence is not between 0 and 1.

    Notes
    -----
    All tables are in memory three times: ask for as many at once as there is room for.

    Examples
    --------
    >>> from appliedml.metrics.groups import bootstrap_rates, group_table
    >>> found = bootstrap_rates(group_table(["a", "b"] * 50, [1] * 100, [1, 0, 1, 1] * 25), ["true_positive_rate"])
    >>> [each.largest_gap(0).value for each in pairwise_gaps_of_each([found, found], np.ones((2, 1, 2), dtype=bool))]
    [0.5, 0.5]
    """
    check_settings("pairwise_gaps_of_each", confidence=confidence)
    if not len(tables):
        return []
    estimate = np.stack([table.estimate for table in tables])
    judged = judged & ~np.isnan(estimate)
    centre, centred = centred_draws(np.stack([table.draws for table in tables]), judged)
    critical, error = critical_values(centred, judged, confidence)
    log_critical, log_error = np.full_like(critical, np.nan), np.full_like(error, np.nan)
    if ratios:
        # Delta method: the logarithm's deviation is the relative deviation.
        centred /= np.where(centre > 0, centre, np.inf)[..., None]
        log_critical, log_error = critical_values(centred, judged & (centre > 0), confidence)
    return [
        PairwiseGaps(
            table.names, table.groups, table.estimate, judged[place], error[place], log_error[place],
            float(critical[place]), float(log_critical[place]), centre[place],
        )
        for place, table in enumerate(tables)
    ]  # fmt: skip
