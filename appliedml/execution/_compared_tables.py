"""From two runs' measures to tables of paired differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.execution._compared_gaps import Contrasts, contrasts
from appliedml.execution._compared_measures import IDEALS, KINDS, Measured
from appliedml.execution._compared_rows import Matched, Note
from appliedml.execution._compared_verdict import Harm
from appliedml.metrics._group_tables import Rate
from appliedml.metrics.classification import Metric
from appliedml.metrics.intervals import percentile_interval

Floats = NDArray[np.float64]
COMPARED = ("selection_rate", "true_positive_rate", "false_positive_rate", "positive_predictive_value", "accuracy")
# Of these two rates' gaps equalised odds is the larger.
ODDS = ("true_positive_rate", "false_positive_rate")


@dataclass(frozen=True)
class Minimums:
    """Fewest rows, positives and negatives (clusters with any, where rows come in clusters) to judge a group by."""

    rows: int
    positives: int
    negatives: int

    def needed(self, rate: Rate) -> int:
        """Return the fewest in the denominator of a rate."""
        return {"rows": self.rows, "negatives": self.negatives}.get(rate.counted, self.positives)


@dataclass(frozen=True, eq=False)
class Differences:
    """Paired differences as tables, with what has to be judged and what could not be compared."""

    scores: pd.DataFrame
    gaps: pd.DataFrame
    groups: pd.DataFrame
    harms: list[Harm] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def differences(
    matched: Matched,
    metrics: Mapping[str, Metric],
    rates: Mapping[str, Rate],
    sides: tuple[Measured, Measured],
    tolerances: Mapping[str, float],
    minimums: Minimums,
    confidence: float,
) -> Differences:
    """Compare two runs' measures.

    Parameters
    ----------
    matched : Matched
    metrics : mapping of str to Metric
        Measures of both runs.
    rates : mapping of str to Rate
    sides : (Measured, Measured)
    tolerances : mapping of str to float
        What is judged.
    minimums : Minimums
        Of the groups that a gap is made of.
    confidence : float
        Of every interval by itself.

    Returns
    -------
    Differences
    """
    scores, harms, notes = [], [], []
    for name, metric in metrics.items():
        a, b = (_steadied(name, side.values[name]) for side in sides)
        row: dict[str, Any] = {"metric": name, "kind": KINDS.get(name, "decisions"), **_difference(a, b, confidence)}
        worse = _worse(name, metric, a, b)
        row |= {"p_value": _p_value(b[1:] - a[1:], row["difference"]), "n": matched.b.n}
        row["sought"] = _sought(name, metric)
        scores.append(row | {"better": _better(worse, confidence)})
        if np.isnan(row["difference"]):
            notes.append((name, f"Undefined on these rows: {metric.undefined}."))
        if name in tolerances and worse is not None:
            harms.append(_harm_of(name, worse, tolerances[name]))
    found = _Gaps(matched, rates, sides, tolerances, minimums, confidence)
    found.compare()
    asked = {harm.metric for harm in [*harms, *found.harms]} | {_base(harm.metric) for harm in found.harms}
    absent = [Harm(name, "all", float("nan"), amount) for name, amount in tolerances.items() if name not in asked]
    if not matched.features:
        # Without a sensitive feature no gap exists: by default none is asked for.
        absent = [harm for harm in absent if not harm.metric.startswith("gap.")]
    columns = ["metric", "kind", "a", "b", "difference", "low", "high", "p_value", "n", "sought", "better"]
    return Differences(
        pd.DataFrame(scores, columns=columns),
        pd.DataFrame(found.rows, columns=_GAP_COLUMNS),
        _by_group(matched, rates, sides, confidence),
        [*harms, *found.harms, *absent],
        [*notes, *found.notes],
    )


_GAP_COLUMNS = [
    "metric", "feature", "intersection", "n_groups", "a", "b", "difference", "low", "high", "better",
    "ratio_a", "ratio_b", "ratio_change", "ratio_low", "ratio_high",
]  # fmt: skip


class _Gaps:
    """Gaps and ratios of every sensitive feature."""

    def __init__(
        self,
        matched: Matched,
        rates: Mapping[str, Rate],
        sides: tuple[Measured, Measured],
        tolerances: Mapping[str, float],
        minimums: Minimums,
        confidence: float,
    ) -> None:
        self.matched, self.rates, self.sides = matched, rates, sides
        self.tolerances, self.minimums, self.confidence = tolerances, minimums, confidence
        self.rows: list[dict[str, Any]] = []
        self.harms: list[Harm] = []
        self.notes: list[Note] = []

    def compare(self) -> None:
        for place, feature in enumerate(self.matched.features):
            pairs: dict[str, tuple[Floats, Floats]] = {}
            for index, (name, rate) in enumerate(self.rates.items()):
                if _base(f"gap.{name}")[4:] not in COMPARED:
                    continue
                large = self._large(place, rate)
                pairs[name] = (
                    self.sides[0].rates[place][:, index, large],
                    self.sides[1].rates[place][:, index, large],
                )
            for label in dict.fromkeys(name.partition(".")[2] for name in pairs):
                both = [f"{name}.{label}" if label else name for name in ODDS]
                if all(name in pairs and pairs[name][0].shape[1] > 1 for name in both):
                    pairs[f"equalised_odds.{label}" if label else "equalised_odds"] = pairs[both[0]]
            small = []
            for name, pair in pairs.items():
                odds = name.startswith("equalised_odds")
                label = name.partition(".")[2]
                parts = [pairs[f"{base}.{label}" if label else base] for base in ODDS] if odds else [pair]
                change = contrasts(parts)
                crossed = len(feature.parts) > 1
                if change is None:
                    small.append(name)
                    self._absent(name, feature.name, crossed)
                    continue
                ratio = contrasts(parts, logarithms=True)
                self._add(name, feature.name, crossed, pair[0].shape[1], change, ratio)
            if small:
                text = "Fewer than two groups are large enough in both runs."
                self.notes.append((f"Gaps by {feature.name}: {', '.join(small)}", text))

    def _large(self, place: int, rate: Rate) -> NDArray[np.bool_]:
        """Groups of known level with enough rows, of a kind and in all, in both runs."""
        feature = self.matched.features[place]
        found = np.ones(len(feature.levels), dtype=bool) if feature.unknown is None else ~feature.unknown
        for side, measured in zip((self.matched.a, self.matched.b), self.sides, strict=True):
            counts = measured.counts[place]
            here = (counts * rate.denominator).sum(axis=(1, 2))
            whole = counts.sum(axis=(1, 2))
            if side.cluster is not None:
                here = _units(side.codes[place], side.cluster, rate.denominator[side.y, side.predicted], len(found))
                whole = _units(side.codes[place], side.cluster, np.ones(side.n, dtype=bool), len(found))
            found &= (here >= self.minimums.needed(rate)) & (whole >= self.minimums.rows)
        return found

    def _absent(self, name: str, feature: str, crossed: bool) -> None:
        tolerance = self._tolerance(f"gap.{name}")
        if tolerance is not None and not crossed:
            self.harms.append(Harm(f"gap.{name}", feature, float("nan"), tolerance))

    def _add(
        self, name: str, feature: str, crossed: bool, n_groups: int, change: Contrasts, ratio: Contrasts | None
    ) -> None:
        low, high = change.change(float(np.quantile(change.largest_t, self.confidence, method="higher")))
        row: dict[str, Any] = {
            "metric": f"gap.{name}",
            "feature": feature,
            "intersection": crossed,
            "n_groups": n_groups,
        }
        row |= {"a": change.gap_a, "b": change.gap_b, "difference": change.gap_b - change.gap_a}
        row |= {"low": low, "high": high, "better": "a" if low > 0 else "b" if high < 0 else "not shown"}
        if ratio is not None:
            ends = ratio.change(float(np.quantile(ratio.largest_t, self.confidence, method="higher")))
            row |= {"ratio_a": float(np.exp(-ratio.gap_a)), "ratio_b": float(np.exp(-ratio.gap_b))}
            row |= {"ratio_change": float(np.exp(ratio.gap_a - ratio.gap_b))}
            row |= {"ratio_low": float(np.exp(-ends[1])), "ratio_high": float(np.exp(-ends[0]))}
        self.rows.append(row)
        tolerance = self._tolerance(f"gap.{name}")
        if tolerance is not None and not crossed:
            value = float(row["difference"])
            self.harms.append(Harm(f"gap.{name}", feature, value, tolerance, change.largest_t, change.change))

    def _tolerance(self, metric: str) -> float | None:
        return self.tolerances.get(metric, self.tolerances.get(_base(metric)))


def _base(metric: str) -> str:
    """Name of a gap without its class."""
    return ".".join(metric.split(".")[:2])


def _units(codes: NDArray[np.int64], cluster: Any, rows: NDArray[np.bool_], n_groups: int) -> NDArray[np.int64]:
    """Clusters with at least one of these rows, in every group."""
    rows = rows & (codes >= 0)
    numbers = pd.factorize(np.asarray(cluster)[rows], use_na_sentinel=False)[0].astype(np.int64)
    pairs = np.unique(numbers * n_groups + codes[rows])
    return np.bincount(pairs % n_groups, minlength=n_groups).astype(np.int64)


def _steadied(name: str, values: Floats) -> Floats:
    """Take off what resampling adds to a measure that counts chance as error."""
    if name != "ece":
        return values
    moved = values.copy()
    moved[1:] -= np.nanmean(values[1:]) - values[0] if len(values) > 1 else 0.0
    return moved


def _difference(a: Floats, b: Floats, confidence: float) -> dict[str, float]:
    value = float(b[0] - a[0])
    low, high = percentile_interval(b[1:] - a[1:], value, confidence)
    return {"a": float(a[0]), "b": float(b[0]), "difference": value, "low": low, "high": high}


def _sought(name: str, metric: Metric) -> str:
    if name in IDEALS:
        return f"near {IDEALS[name]:g}"
    return {True: "higher", False: "lower", None: ""}[metric.higher_is_better]


def _worse(name: str, metric: Metric, a: Floats, b: Floats) -> Floats | None:
    """By how much b is worse than a; None where neither direction is better."""
    if name in IDEALS:
        found: Floats = np.abs(b - IDEALS[name]) - np.abs(a - IDEALS[name])
        return found
    if metric.higher_is_better is None:
        return None
    return a - b if metric.higher_is_better else b - a


def _better(worse: Floats | None, confidence: float) -> str:
    if worse is None:
        return "neither"
    low, high = percentile_interval(worse[1:], float(worse[0]), confidence)
    return "a" if low > 0 else "b" if high < 0 else "not shown"


def _harm_of(name: str, worse: Floats, tolerance: float) -> Harm:
    value, draws = float(worse[0]), worse[1:][np.isfinite(worse[1:])]
    if not np.isfinite(value) or 2 * len(draws) < len(worse) - 1:
        return Harm(name, "all", value, tolerance)
    error = float(draws.std(ddof=1)) if len(draws) > 1 else 0.0
    off = np.where(np.isfinite(worse[1:]), worse[1:] - draws.mean(), 0.0)
    t = np.abs(off) / error if error > 1e-12 else np.zeros(len(off))
    return Harm(name, "all", value, tolerance, t, lambda reach: (value - reach * error, value + reach * error))


def _p_value(draws: Floats, value: float) -> float:
    defined = draws[np.isfinite(draws)]
    if not np.isfinite(value) or 2 * len(defined) < len(draws) or not len(defined):
        return float("nan")
    below, above = int((defined <= 0).sum()), int((defined >= 0).sum())
    return min(1.0, 2 * (1 + min(below, above)) / (len(defined) + 1))


def _by_group(
    matched: Matched, rates: Mapping[str, Rate], sides: Sequence[Measured], confidence: float
) -> pd.DataFrame:
    """Rates of every group in both runs; ``behind`` is the smallest number of rows that a rate would give away."""
    rows = []
    for place, feature in enumerate(matched.features):
        for index, (name, rate) in enumerate(rates.items()):
            if name.partition(".")[0] not in COMPARED:
                continue
            for group, level in enumerate(feature.levels):
                a, b = (side.rates[place][:, index, group] for side in sides)
                behind = min(_behind(name, side.counts[place][group], rate) for side in sides)
                row = {"feature": feature.name, "intersection": len(feature.parts) > 1, "level": level, "metric": name}
                n = int(sides[1].counts[place][group].sum())
                rows.append({**row, "n": n, "behind": behind, **_difference(a, b, confidence)})
    columns = ["feature", "intersection", "level", "metric", "n", "behind", "a", "b", "difference", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _behind(name: str, counts: NDArray[np.int64], rate: Rate) -> int:
    """Rows in the denominator; of a share of a group whose size is known, also those selected."""
    top, bottom = (int((counts * cells).sum()) for cells in (rate.numerator, rate.denominator))
    return min(top, bottom) if name.startswith("selection_rate") and top else bottom
