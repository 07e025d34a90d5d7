"""What gives the target away in texts and pictures: a single measure, such as brightness, or a single word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from appliedml.audits._input_measures import measure_frame, measured_rows
from appliedml.audits._leakage_features import (
    LEVEL_TYPES,
    PURE_COVER,
    PURE_LIFT,
    PURE_ROWS,
    PURE_SHARE,
    feature_separation,
)
from appliedml.core.fold import Fold
from appliedml.core.near_duplicates import WORD
from appliedml.core.texts import Texts

IN_TEXT = "a word of the text"


def measure_separation(fold: Fold, seed: int) -> pd.DataFrame | None:
    """Return how well each measure of a text or picture alone separates the classes.

    Parameters
    ----------
    fold : Fold
    seed : int
        For the sample of pictures.

    Returns
    -------
    DataFrame or None
        column, auroc: as :func:`appliedml.audits._leakage_features.feature_separation`. None for other inputs.
    """
    sides: list[tuple[pd.DataFrame, Any]] = []
    for samples in (fold.train, fold.test):
        frame = measure_frame(samples.X, seed)
        if frame is None:
            return None
        rows = measured_rows(samples.X, frame)
        sides.append((frame.iloc[rows].reset_index(drop=True), np.asarray(samples.y).astype(np.intp)[rows]))
    (train, train_y), (test, test_y) = sides
    return feature_separation(train, train_y, test, test_y, len(fold.classes))


def pure_words(fold: Fold) -> pd.DataFrame | None:
    """Find words after which a class that is otherwise uncommon is almost certain.

    Parameters
    ----------
    fold : Fold

    Returns
    -------
    DataFrame or None
        column ("a word of the text"), level (the word), class, rows, share: words of at least 50 training texts, of
        which 98 % are of one class, three times its overall share, and which 5 % of all its texts have. None where the
        inputs are no texts.
    """
    if not isinstance(fold.train.X, Texts):
        return None
    labels = np.asarray(fold.train.y).astype(np.intp)
    totals = np.bincount(labels, minlength=len(fold.classes)).astype(float)
    counts: dict[str, list[int]] = {}
    for text, label in zip(fold.train.X, labels.tolist(), strict=True):
        for word in set(WORD.findall(text.lower())):
            counts.setdefault(word, [0] * len(totals))[label] += 1
    rows = []
    for word, found in counts.items():
        n, code = sum(found), int(np.argmax(found))
        share = found[code] / n
        enough = n >= PURE_ROWS and found[code] >= PURE_COVER * totals[code]
        if enough and share >= PURE_SHARE and share >= PURE_LIFT * totals[code] / totals.sum():
            rows.append((IN_TEXT, word, fold.classes[code], n, share))
    rows.sort(key=lambda row: (-row[3], row[1]))
    return pd.DataFrame(rows, columns=list(LEVEL_TYPES)).astype(LEVEL_TYPES)
