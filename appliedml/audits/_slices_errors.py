"""How wrong the model is in a slice, against what is to be expected there: bounds for the search, then intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
# A single sure mistake must not decide a mean: log loss of a row is at most about 13.8.
SMALLEST = 1e-6
N_SCORE_BINS = 20
MIN_OF_CLASS = 10
MIN_UNITS = 10


@dataclass(frozen=True, eq=False)
class Errors:
    """What is measured of rows.

    Parameters
    ----------
    y : array of int, shape (n_rows,)
        Class codes.
    losses, expected : dict of str to array, shape (n_rows,)
        Log loss and error of every row, and what the model itself expects of them by its own probabilities.
    score : array of shape (n_rows,) or None
        Probability of the class of interest; None with more than two classes.
    unit : array of int, shape (n_rows,)
        What is drawn: the row, or the group it belongs to.
    against_rest : bool
        Whether slices are set against the other rows alone, whatever the model expects.
    """

    y: NDArray[np.int64]
    losses: dict[str, Floats]
    expected: dict[str, Floats]
    score: Floats | None
    unit: NDArray[np.int64]
    against_rest: bool = False

    @classmethod
    def of(
        cls,
        y: NDArray[np.int64],
        p: Floats,
        predicted: NDArray[np.int64],
        unit: NDArray[np.int64],
        against_rest: bool = False,
    ) -> Errors:
        """Measure every row.

        Parameters
        ----------
        y, predicted : array of int, shape (n_rows,)
        p : array of shape (n_rows, n_classes)
        unit : array of int, shape (n_rows,)
        against_rest : bool

        Returns
        -------
        Errors
        """
        inside = np.clip(p, SMALLEST, 1.0)
        rows = np.arange(len(y))
        losses = {"log_loss": -np.log(inside[rows, y]), "error_rate": (y != predicted).astype(np.float64)}
        expected = {"log_loss": -(inside * np.log(inside)).sum(axis=1), "error_rate": 1.0 - p[rows, predicted]}
        return cls(y, losses, expected, p[:, 1] if p.shape[1] == 2 else None, unit, against_rest)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.y)

    def take(self, rows: NDArray[np.bool_]) -> Errors:
        """Return the rows of a mask."""
        return Errors(
            self.y[rows],
            {name: values[rows] for name, values in self.losses.items()},
            {name: values[rows] for name, values in self.expected.items()},
            None if self.score is None else self.score[rows],
            self.unit[rows],
            self.against_rest,
        )


def lower_bounds(
    errors: Errors, measure: str, codes: NDArray[np.int64], n_cells: int, min_rows: int, margin: float
) -> Floats:
    """Return how much more wrong than expected each cell is at least: a cheap bound for the search.

    Parameters
    ----------
    errors : Errors
    measure : str
        "log_loss", "error_rate" or "roc_auc" (then of 1 - AUROC).
    codes : array of int, shape (n_rows,)
        Cell of every row; ``n_cells`` for rows in none.
    n_cells, min_rows : int
    margin : float
        A cell must be more wrong than ``1 + margin`` times what is expected there.

    Returns
    -------
    array of shape (n_cells,)
        Excess minus two standard errors, as a share of what is expected; -inf for cells that are too small, or hold
        more than half of the rows.
    """
    n = np.bincount(codes, minlength=n_cells + 1)[:n_cells].astype(float)
    fitting = (n >= min_rows) & (n <= len(errors) / 2)
    if measure == "roc_auc":
        value, guess, error, enough = _binned(errors, codes, n_cells)
        whole, whole_guess, _, _ = _binned(errors, np.zeros(len(errors), dtype=np.int64), 1)
        limit = _limit(float(whole[0]), float(whole_guess[0]), errors.against_rest, margin)
        excess, spread, fitting = value - limit * guess, error, fitting & enough
    else:
        loss, expected = errors.losses[measure], errors.expected[measure]
        if errors.against_rest:
            expected = np.ones(len(loss))
        limit = _limit(float(loss.mean()), float(expected.mean()), errors.against_rest, margin)
        beyond = loss - limit * expected
        size = np.maximum(n, 1)
        excess = np.bincount(codes, beyond, minlength=n_cells + 1)[:n_cells] / size
        square = np.bincount(codes, beyond * beyond, minlength=n_cells + 1)[:n_cells] / size
        spread = np.sqrt(np.maximum(square - excess * excess, 0) / size)
        guess = np.bincount(codes, expected, minlength=n_cells + 1)[:n_cells] / size
    with np.errstate(invalid="ignore", divide="ignore"):
        bound = (excess - 2 * spread) / guess
    return np.asarray(np.where(fitting & np.isfinite(bound), bound, -np.inf))


def _limit(value: float, expected: float, against_rest: bool, margin: float) -> float:
    """How many times the expectation is too much: a model that is wrong everywhere has no slices for that."""
    overall = value / expected if expected > 0 else np.inf
    return (1 + margin) * (overall if against_rest else max(1.0, overall))


def _binned(errors: Errors, codes: NDArray[np.int64], n_cells: int) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """1 - AUROC of every cell, the one to be expected, its standard error, and whether there are rows enough."""
    score = errors.score if errors.score is not None else np.zeros(len(errors))
    edges = np.unique(np.quantile(score, np.arange(1, N_SCORE_BINS) / N_SCORE_BINS))
    place = codes * N_SCORE_BINS + np.searchsorted(edges, score, side="right")
    shape, size = (n_cells + 1, N_SCORE_BINS), (n_cells + 1) * N_SCORE_BINS
    everyone: Floats = np.bincount(place, minlength=size).reshape(shape)[:n_cells].astype(float)
    positive: Floats = np.bincount(place, errors.y, minlength=size).reshape(shape)[:n_cells].astype(float)
    hoped: Floats = np.bincount(place, score, minlength=size).reshape(shape)[:n_cells].astype(float)
    area, n1, n0 = _area(positive, everyone - positive)
    with np.errstate(invalid="ignore", divide="ignore"):
        q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
        variance = (area * (1 - area) + (n1 - 1) * (q1 - area**2) + (n0 - 1) * (q2 - area**2)) / (n0 * n1)
    guess = np.ones(n_cells) if errors.against_rest else 1 - _area(hoped, everyone - hoped)[0]
    return 1 - area, guess, np.sqrt(np.maximum(variance, 0)), (n0 >= MIN_OF_CLASS) & (n1 >= MIN_OF_CLASS)


def _area(positive: Floats, negative: Floats) -> tuple[Floats, Floats, Floats]:
    n1, n0 = positive.sum(axis=1), negative.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (positive * (np.cumsum(negative, axis=1) - negative / 2)).sum(axis=1) / (n0 * n1), n1, n0


@dataclass(frozen=True)
class Confirmed:
    """A slice on the other half of the rows. Values are errors: of AUROC, 1 - AUROC.

    Parameters
    ----------
    value, low, high : float
        In the slice.
    rest : float
        Outside it.
    expected : float
        In the slice, by the model's own probabilities.
    ratio, ratio_low, ratio_high : float
        Of value and expectation in the slice; where slices are set against the other rows alone, of value and rest.
    beyond_low : float
        Lower bound of that ratio over the same ratio outside the slice.
    """

    value: float
    low: float
    high: float
    rest: float
    expected: float
    ratio: float
    ratio_low: float
    ratio_high: float
    beyond_low: float


@dataclass(frozen=True, eq=False)
class _Part:
    """Some rows: their error and what is expected, with what each row adds to the error of either estimate."""

    value: float
    expected: float
    of_value: Floats
    of_ratio: Floats
    freedom: int

    @property
    def ratio(self) -> float:
        return self.value / self.expected if self.expected > 0 else np.nan


def confirm(errors: Errors, measure: str, inside: NDArray[np.bool_], confidence: float) -> Confirmed | None:
    """Measure a slice and the rest, with intervals that count units rather than rows.

    Parameters
    ----------
    errors : Errors
        Rows that had no part in the search.
    measure : str
    inside : array of bool, shape (n_rows,)
    confidence : float

    Returns
    -------
    Confirmed or None
        None where there are too few rows, units or rows of a class to say anything.

    Source
    ------
    Fieller (1954), J. R. Stat. Soc. B 16(2); DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44(3).
    """
    n_units = len(np.unique(errors.unit[inside]))
    own, others = _part(errors, measure, inside), _part(errors, measure, ~inside)
    if n_units < MIN_UNITS or own is None or others is None:
        return None
    t = float(stats.t.ppf((1 + confidence) / 2, min(own.freedom, n_units - 1)))
    half = t * _error(errors.unit, own.of_value)
    ends = (max(0.0, own.value - half), min(own.value + half, np.inf if measure == "log_loss" else 1.0))
    sums = np.stack([np.bincount(errors.unit, weights) for weights in (own.of_ratio, others.of_ratio)])
    beyond = _fieller(own.ratio, others.ratio, np.asarray(sums @ sums.T, dtype=np.float64), t)
    expected = _expected(errors, measure, inside)
    if errors.against_rest:
        return Confirmed(own.value, *ends, others.value, expected, own.ratio / others.ratio, *beyond, beyond[0])
    half = t * _error(errors.unit, own.of_ratio)
    bounds = (max(0.0, own.ratio - half), own.ratio + half)
    return Confirmed(own.value, *ends, others.value, expected, own.ratio, *bounds, beyond[0])


def _error(unit: NDArray[np.int64], weights: Floats) -> float:
    return float(np.sqrt((np.bincount(unit, weights) ** 2).sum()))


def _part(errors: Errors, measure: str, mask: NDArray[np.bool_]) -> _Part | None:
    expected = 1.0 if errors.against_rest else _expected(errors, measure, mask)
    of_value, of_ratio = np.zeros(len(errors)), np.zeros(len(errors))
    if measure != "roc_auc":
        loss = errors.losses[measure][mask]
        if len(loss) < 2 or not expected > 0:
            return None
        value = float(loss.mean())
        guess = np.ones(len(loss)) if errors.against_rest else errors.expected[measure][mask]
        of_value[mask] = (loss - value) / len(loss)
        of_ratio[mask] = (loss - value / expected * guess) / (len(loss) * expected)
        return _Part(value, expected, of_value, of_ratio, len(loss) - 1)
    score = np.zeros(0) if errors.score is None else errors.score
    positive, negative = mask & (errors.y == 1), mask & (errors.y == 0)
    n1, n0 = int(positive.sum()), int(negative.sum())
    if min(n1, n0) < MIN_OF_CLASS or not expected > 0:
        return None
    high, low = _share_below(score[negative], score[positive]), 1 - _share_below(score[positive], score[negative])
    area = float(high.mean())
    of_value[positive] = -(high - area) / n1
    of_value[negative] = -(low - area) / n0
    return _Part(1 - area, expected, of_value, of_value / expected, min(n1, n0) - 1)


def _expected(errors: Errors, measure: str, mask: NDArray[np.bool_]) -> float:
    """Mean loss, or 1 - AUROC, that the model's own probabilities lead one to expect of some rows."""
    if measure != "roc_auc":
        return float(errors.expected[measure][mask].mean()) if mask.any() else np.nan
    p = np.sort(errors.score[mask]) if errors.score is not None else np.zeros(0)
    first, last = np.searchsorted(p, p, side="left"), np.searchsorted(p, p, side="right")
    negative = np.concatenate([[0.0], np.cumsum(1 - p)])
    own = p * (1 - p)
    pairs = float(p.sum() * (1 - p).sum() - own.sum())
    right = float((p * (negative[first] + negative[last]) / 2).sum() - own.sum() / 2)
    return 1 - right / pairs if pairs > 0 else np.nan


def _share_below(others: Floats, values: Floats) -> Floats:
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right")
    return np.asarray(below / (2 * len(others)))


def _fieller(top: float, bottom: float, covariance: Floats, t: float) -> tuple[float, float]:
    a = bottom**2 - t**2 * covariance[1, 1]
    b = top * bottom - t**2 * covariance[0, 1]
    c = top**2 - t**2 * covariance[0, 0]
    inside = b * b - a * c
    # Where the error of the rest is not told from zero, every ratio is possible.
    if not (a > 0 and inside >= 0):
        return np.nan, np.nan
    root = float(np.sqrt(inside))
    return max(0.0, float((b - root) / a)), float((b + root) / a)
