"""How far the largest gap between groups moved from one model to another, with an interval valid for a maximum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Differences of two groups' rates, in both models, for every ordered pair of groups (and every rate given).

    Parameters
    ----------
    a, b : array of shape (n_pairs,)
        Estimates in the two models.
    error_a, error_b, error_change : array of shape (n_pairs,)
        Standard errors of ``a``, ``b`` and ``b - a``.
    largest_t : array of shape (n_resamples,)
        In each resample, the largest deviation of any of the three, in its standard errors.
    """

    a: Floats
    b: Floats
    error_a: Floats
    error_b: Floats
    error_change: Floats
    largest_t: Floats

    @property
    def gap_a(self) -> float:
        """Largest difference in the first model."""
        return abs(float(self.a.max()))

    @property
    def gap_b(self) -> float:
        """Largest difference in the second model."""
        return abs(float(self.b.max()))

    def change(self, critical: float) -> tuple[float, float]:
        """Return the ends of an interval of the change of the largest difference.

        Parameters
        ----------
        critical : float
            How many standard errors every interval reaches.

        Returns
        -------
        low, high : float

        Notes
        -----
        If the largest difference of the second model lies between groups i and j, it exceeds that of the first by at
        most the change of i against j; and it falls short by at most the change of the first model's own pair. With
        simultaneous intervals of all differences and changes, the interval runs over the pairs that may be the largest.
        """
        low, high = self.b - self.a - critical * self.error_change, self.b - self.a + critical * self.error_change
        lower_a, upper_a = self.a - critical * self.error_a, self.a + critical * self.error_a
        lower_b, upper_b = self.b - critical * self.error_b, self.b + critical * self.error_b
        may_lead_a, may_lead_b = upper_a >= lower_a.max(), upper_b >= lower_b.max()
        # Both bounds hold at once, so the tighter one counts: by the pairs' changes, and by the two gaps' own ends.
        least = max(float(low[may_lead_a].min()), max(0.0, float(lower_b.max())) - float(upper_a.max()))
        most = min(float(high[may_lead_b].max()), float(upper_b.max()) - max(0.0, float(lower_a.max())))
        value = self.gap_b - self.gap_a
        return min(value, least), max(value, most)


def contrasts(rates: list[tuple[Floats, Floats]], logarithms: bool = False) -> Contrasts | None:
    """Compare every group with every other in two models.

    Parameters
    ----------
    rates : list of (array, array), each of shape (n_resamples + 1, n_groups)
        For every rate its values in the two models; the first row is what was observed, the others are resamples. The
        resamples are the same for both models where rows are paired.
    logarithms : bool
        Whether to take differences of logarithms: ratios.

    Returns
    -------
    Contrasts or None
        None where there are fewer than two groups, or a rate of zero stands in a ratio.

    Source
    ------
    Westfall and Young (1993), Resampling-Based Multiple Testing, section 2.3 (single-step max-|t|).

    Examples
    --------
    >>> draws = np.random.default_rng(0).normal(0, 0.01, (501, 2))
    >>> draws[0] = 0
    >>> found = contrasts([(draws + [0.5, 0.6], draws + [0.5, 0.8])])
    >>> low, high = found.change(2.0)
    >>> round(found.gap_b - found.gap_a, 3), round(low, 3), round(high, 3)
    (0.2, 0.2, 0.2)
    """
    parts: dict[str, list[Floats]] = {name: [] for name in ("a", "b", "t", "error_a", "error_b", "error_change")}
    for pair in rates:
        n_groups = pair[0].shape[1]
        if n_groups < 2 or any(np.isnan(side[0]).any() for side in pair):
            continue
        if logarithms and any((side[0] <= 0).any() for side in pair):
            return None
        estimates = [np.log(side[0]) if logarithms else side[0] for side in pair]
        deviations = [_deviation(side, logarithms) for side in pair]
        i, j = np.triu_indices(n_groups, 1)
        moved = [one[:, i] - one[:, j] for one in deviations]
        moved.append(moved[1] - moved[0])
        errors = [np.sqrt((one**2).sum(axis=0) / max(1, len(one) - 1)) for one in moved]
        parts["t"].append(np.max([_in_errors(one, error) for one, error in zip(moved, errors, strict=True)], axis=0))
        for name, estimate in zip(("a", "b"), estimates, strict=True):
            differences = estimate[i] - estimate[j]
            parts[name].append(np.concatenate([differences, -differences]))
        for name, error in zip(("error_a", "error_b", "error_change"), errors, strict=True):
            parts[name].append(np.tile(error, 2))
    if not parts["a"]:
        return None
    largest = np.max(parts.pop("t"), axis=0)
    return Contrasts(**{name: np.concatenate(values) for name, values in parts.items()}, largest_t=largest)


def _deviation(side: Floats, logarithms: bool) -> Floats:
    """How far each resample lies from their mean; relative to it for logarithms (delta method)."""
    draws = side[1:]
    defined = ~np.isnan(draws)
    mean = np.where(defined, draws, 0.0).sum(axis=0) / np.maximum(1, defined.sum(axis=0))
    # A resample without a row behind a rate says nothing about it; it counts as the mean of the others.
    off: Floats = np.where(defined, draws - mean, 0.0)
    return off / np.where(mean > 0, mean, 1.0) if logarithms else off


def _in_errors(moved: Floats, errors: Floats) -> Floats:
    usable = errors > 1e-12
    if not usable.any():
        return np.zeros(len(moved))
    found: Floats = np.abs(moved[:, usable] / errors[usable]).max(axis=1)
    return found
