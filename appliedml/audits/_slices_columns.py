"""By what rows are sliced: levels, ranges of numbers, sensitive features, measures of texts and pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._input_measures import measure_frame
from appliedml.audits._text_language import looks_english
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts

MISSING = "missing"
MAX_LEVELS = 12
MAX_SHOWN = 60
LANGUAGE = "language"


@dataclass(frozen=True, eq=False)
class Column:
    """One feature, coded.

    Parameters
    ----------
    name : str
    labels : tuple of str
        Its levels or ranges, in words.
    codes : array of int, shape (n_rows,)
        Position in ``labels``; -1 where the row's level has too few rows.
    """

    name: str
    labels: tuple[str, ...]
    codes: NDArray[np.int64]


def slicing_frame(samples: Samples) -> pd.DataFrame:
    """Return what rows can be sliced by, one column each; sensitive features come first.

    Parameters
    ----------
    samples : Samples

    Returns
    -------
    DataFrame of n_samples rows
        The columns of a table as they are; of texts their length, signs and whether they look English; of pictures
        brightness and the like. Other inputs give sensitive features only.
    """
    sensitive = samples.sensitive.reset_index(drop=True)
    found = measure_frame(samples.X)
    if isinstance(samples.X, Texts) and found is not None:
        words = {True: "looks English", False: "does not look English", None: "too few words to say"}
        found[LANGUAGE] = [None if text is None else words[looks_english(text)] for text in samples.X.strings]
    if found is None and isinstance(samples.X, pd.DataFrame):
        found = samples.X.reset_index(drop=True)
    if found is None:
        return sensitive
    plain = {item.name for item in samples.schema.sensitive_features if not item.edges}
    kept = [name for name in found.columns if str(name) not in plain | set(sensitive.columns)]
    return pd.concat([sensitive, found[kept]], axis=1)


def coded(frame: pd.DataFrame, n_bins: int, min_rows: int) -> list[Column]:
    """Code every column that has two levels or more.

    Parameters
    ----------
    frame : DataFrame of n_rows rows
        Of :func:`slicing_frame`.
    n_bins : int
        Ranges of a number, of about equal numbers of rows.
    min_rows : int
        Levels with fewer rows are no slices.

    Returns
    -------
    list of Column

    Examples
    --------
    >>> frame = pd.DataFrame({"amount": [1.0, 2.0, 3.0, 4.0, None], "town": ["a", "a", "a", "b", "b"]})
    >>> [column.labels for column in coded(frame, n_bins=2, min_rows=1)]
    [('below 2.5', '2.5 or more', 'missing'), ('a', 'b')]
    """
    found = []
    for place, name in enumerate(frame.columns):
        column = _coded(str(name), frame.iloc[:, place], n_bins, min_rows)
        if len(column.labels) > 1:
            found.append(column)
    return found


def _coded(name: str, values: pd.Series[Any], n_bins: int, min_rows: int) -> Column:
    numbers, said = _numbers(values)
    texts = _texts(values) if numbers is None else _ranges(numbers, n_bins, said)
    counts = pd.Series(texts).value_counts()
    # By size for the choice, then in the order in which ranges were made or by name.
    big = set(counts.index[counts.to_numpy() >= min_rows][:MAX_LEVELS])
    order = dict.fromkeys(texts.categories)
    labels = [level for level in order if level in big]
    place = {level: position for position, level in enumerate(labels)}
    codes = np.array([place.get(level, -1) for level in texts.categories], dtype=np.int64)[texts.codes]
    return Column(name, tuple(_short(str(level)) for level in labels), codes)


def _texts(values: pd.Series[Any]) -> pd.Categorical:
    plain = values.astype(object)
    texts = plain.where(plain.notna(), MISSING).astype(str)
    levels = sorted(set(texts) - {MISSING})
    return pd.Categorical(texts, categories=[*levels, MISSING])


def _numbers(values: pd.Series[Any]) -> tuple[NDArray[np.float64] | None, Callable[[float, int], str]]:
    """Values as numbers with how to write one, or None for categories."""
    kind = values.dtype
    if pd.api.types.is_datetime64_any_dtype(kind):
        naive = values.dt.tz_localize(None) if getattr(kind, "tz", None) is not None else values
        seconds = (naive - pd.Timestamp(0)).dt.total_seconds()
        return seconds.to_numpy(
            dtype=float
        ), lambda value, digits: f"{pd.Timestamp(round(value), unit='s'):%Y-%m-%d %H:%M}"
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind) and kind.kind != "c":
        return values.to_numpy(dtype=float, na_value=np.nan), lambda value, digits: f"{value:.{digits}g}"
    return None, lambda value, digits: ""


def _ranges(numbers: NDArray[np.float64], n_bins: int, said: Callable[[float, int], str]) -> pd.Categorical:
    known = numbers[np.isfinite(numbers)]
    values, counts = np.unique(known, return_counts=True)
    # Values that many rows share are levels of their own: the quantiles of the rest say nothing of them.
    alone = values if len(values) <= n_bins else values[counts >= len(known) / n_bins]
    rest = np.isin(known, alone, invert=True)
    n_ranges = max(2, n_bins - len(alone))
    edges = np.unique(np.quantile(known[rest], np.arange(1, n_ranges) / n_ranges)) if rest.any() else np.zeros(0)
    digits = next((n for n in range(3, 17) if len({said(edge, n) for edge in edges}) == len(edges)), 17)
    labels = [said(value, digits) for value in alone]
    aside = f" (not {', '.join(labels)})" if labels and rest.any() else ""
    ends = [said(edge, digits) for edge in edges]
    names = ["other"]
    if ends:
        between = (f"{low} to below {high}" for low, high in pairwise(ends))
        names = [f"below {ends[0]}", *between, f"{ends[-1]} or more"]
    names = [f"{text}{aside}" for text in names]
    codes = np.searchsorted(edges, numbers, side="right") + len(alone)
    for place, value in enumerate(alone):
        codes[numbers == value] = place
    codes[np.isnan(numbers)] = len(alone) + len(names)
    categories = list(dict.fromkeys([*labels, *names, MISSING]))
    every = [*labels, *names, MISSING]
    return pd.Categorical([every[code] for code in codes], categories=categories)


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."
