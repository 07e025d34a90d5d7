"""What can be measured of texts and pictures, so that they can be profiled and checked like columns of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._profile_association import sample_rows
from appliedml.audits._profile_columns import as_numbers
from appliedml.audits._profile_groups import members
from appliedml.core.images import Images
from appliedml.core.near_duplicates import WORD
from appliedml.core.small_counts import MIN_CELL, count_text
from appliedml.core.texts import Texts

MAX_IMAGES = 2000
"""Pictures that are decoded and measured of one set of rows; more are sampled."""

SAID = {
    "words": "words",
    "characters": "characters",
    "capitals": "share of letters that are capitals",
    "exclamations": "marks ! and ?",
    "digits": "digits",
    "other letters": "share of letters outside ASCII",
    "brightness": "mean brightness, 0 to 255",
    "contrast": "standard deviation of brightness",
    "black": "share of pixels darker than 6",
    "white": "share of pixels brighter than 249",
    "detail": "mean step between neighbouring pixels",
    "colour": "mean distance between a pixel's channels",
}
MEASURE_TYPES: dict[str, Any] = {
    "measure": str, "said": str, "by": str, "level": str, "rows": str, "missing": str, "min": float, "q25": float,
    "median": float, "q75": float, "max": float, "shown": str,
}  # fmt: skip


def measure_frame(X: Any, seed: int = 0) -> pd.DataFrame | None:
    """Return what is measured of every row, or None where the inputs are neither texts nor pictures.

    Parameters
    ----------
    X : Texts, Images or other inputs
    seed : int
        For the sample of pictures, where there are more than 2,000.

    Returns
    -------
    DataFrame of n_samples rows, or None
        Columns named as in ``SAID``. NaN for a missing text and for a picture outside the sample.

    Examples
    --------
    >>> measure_frame(Texts(["Good TEA!", None]))[["words", "capitals", "exclamations"]].to_numpy().tolist()
    [[2.0, 0.5714285714285714, 1.0], [nan, nan, nan]]
    """
    if isinstance(X, Texts):
        names = ["words", "characters", "capitals", "exclamations", "digits", "other letters"]
        rows = [[np.nan] * len(names) if text is None else _of_text(text) for text in X.strings]
        return pd.DataFrame(np.array(rows, dtype=float).reshape(len(rows), len(names)), columns=names)
    if isinstance(X, Images):
        names = ["brightness", "contrast", "black", "white", "detail", *(["colour"] if X.channels == 3 else [])]
        values = np.full((len(X), len(names)), np.nan)
        chosen = sample_rows(len(X), MAX_IMAGES, seed)
        for start in range(0, len(chosen), 64):
            part = chosen[start : start + 64]
            values[part] = _of_pixels(X.pixels(part))
        return pd.DataFrame(values, columns=names)
    return None


def measured_rows(X: Any, frame: pd.DataFrame) -> NDArray[np.intp]:
    """Return the rows that were measured: all texts, and the pictures of the sample.

    Parameters
    ----------
    X : Texts or Images
    frame : DataFrame of n_samples rows
        From :func:`measure_frame`.

    Returns
    -------
    array of int
        Pictures outside the sample are no missing values: a comparison must leave them out.
    """
    if not isinstance(X, Images):
        return np.arange(len(frame))
    return np.flatnonzero(frame.notna().any(axis=1).to_numpy())


def kind_of_inputs(X: Any) -> str:
    """Return what the rows are: "table", "texts", "images" or "other"."""
    if isinstance(X, Texts | Images):
        return "texts" if isinstance(X, Texts) else "images"
    return "table" if isinstance(X, pd.DataFrame) or getattr(X, "ndim", 0) == 2 else "other"


def _of_text(text: str) -> list[float]:
    n_letters = sum(map(str.isalpha, text))
    n_capitals = sum(map(str.isupper, text))
    n_other = 0 if text.isascii() else sum(letter.isalpha() and not letter.isascii() for letter in text)
    n_words = sum(1 for _ in WORD.finditer(text))
    marks = text.count("!") + text.count("?")
    per_letter = 1 / n_letters if n_letters else 0.0
    digits = sum(map(str.isdigit, text))
    return [n_words, len(text), n_capitals * per_letter, marks, digits, n_other * per_letter]


def _of_pixels(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    if not len(pixels):
        return np.empty((0, 6 if pixels.shape[3] == 3 else 5))
    grey = pixels.astype(np.float32).mean(axis=3)
    across = np.abs(np.diff(grey, axis=2)).mean(axis=(1, 2)) if grey.shape[2] > 1 else np.zeros(len(grey))
    down = np.abs(np.diff(grey, axis=1)).mean(axis=(1, 2)) if grey.shape[1] > 1 else np.zeros(len(grey))
    columns = [
        grey.mean(axis=(1, 2)),
        grey.std(axis=(1, 2)),
        (grey < 6).mean(axis=(1, 2)),
        (grey > 249).mean(axis=(1, 2)),
        (across + down) / 2,
    ]
    if pixels.shape[3] == 3:
        columns.append((pixels.max(axis=3).astype(np.float32) - pixels.min(axis=3)).mean(axis=(1, 2)))
    found: NDArray[np.float64] = np.stack(columns, axis=1).astype(np.float64)
    return found


def measure_table(
    frame: pd.DataFrame,
    labels: pd.Series[Any],
    parts: dict[str, NDArray[np.bool_]],
    sensitive: pd.DataFrame,
    max_levels: int,
) -> pd.DataFrame:
    """Return quantiles of every measure: overall, by class, by part of the data, by sensitive group.

    Parameters
    ----------
    frame : DataFrame of n_samples rows
        From :func:`measure_frame`.
    labels : Series of str, shape (n_samples,)
        Class names.
    parts : dict of str to array of bool, shape (n_samples,)
        Named sets of rows, such as the test rows of every fold.
    sensitive : DataFrame of n_samples rows
    max_levels : int

    Returns
    -------
    DataFrame
        measure, said, by ("overall", "class", "part" or a sensitive feature), level, rows, missing, min, q25, median,
        q75, max, shown. Groups of fewer than 5 measured rows are left blank; minimum and maximum, which are single
        rows, stand in the overall row only.
    """
    by: list[tuple[str, str, NDArray[np.bool_]]] = [("overall", "all", np.ones(len(frame), dtype=bool))]
    by += [("class", level, mask) for level, mask in members(labels, max_levels)]
    by += [("part", name, mask) for name, mask in parts.items()]
    for name in sensitive.columns:
        by += [(str(name), level, mask) for level, mask in members(sensitive[name], max_levels)]
    rows: list[tuple[Any, ...]] = []
    for measure in frame.columns:
        numbers = as_numbers(frame[measure])
        for name, level, mask in by:
            known = numbers[mask & ~np.isnan(numbers)]
            counts = (count_text(int(mask.sum())), count_text(int(mask.sum()) - len(known)))
            start = (str(measure), SAID[str(measure)], name, level, *counts)
            if len(known) < MIN_CELL:
                rows.append((*start, *[np.nan] * 5, f"<{MIN_CELL} rows"))
                continue
            low, q25, median, q75, high = (float(q) for q in np.quantile(known, [0, 0.25, 0.5, 0.75, 1]))
            ends = (low, high) if name == "overall" else (np.nan, np.nan)
            rows.append((*start, ends[0], q25, median, q75, ends[1], f"{median:.4g} ({q25:.4g} to {q75:.4g})"))
    return pd.DataFrame(rows, columns=list(MEASURE_TYPES)).astype(MEASURE_TYPES)
