"""Features that know too much: near-copies of the target, values that decide it, identifiers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._profile_association import auroc, rates
from appliedml.audits._profile_bins import Bins, crossed
from appliedml.audits._profile_columns import CATEGORY, DATE, NUMBER, TEXT, as_numbers, kind_of

NEARLY_EQUAL = 0.99
PURE_SHARE = 0.98
PURE_ROWS = 50
PURE_LIFT = 3.0
PURE_COVER = 0.05
MAX_LEVELS = 60
MISSING = "(missing)"

FEATURE_TYPES: dict[str, Any] = {
    "column": str, "auroc": float, "auroc_max": float, "folds": "int64", "verdict": str,
}  # fmt: skip
LEVEL_TYPES: dict[str, Any] = {"column": str, "level": str, "class": str, "rows": "int64", "share": float}
IDENTIFIER_TYPES: dict[str, Any] = {"column": str, "rows": "int64", "distinct": "int64", "share": float}


def feature_separation(
    train: pd.DataFrame, train_y: NDArray[np.intp], test: pd.DataFrame, test_y: NDArray[np.intp], n_classes: int
) -> pd.DataFrame:
    """Return how well each feature alone separates the classes.

    Parameters
    ----------
    train, test : DataFrame
        The same columns.
    train_y, test_y : array of int
        Class codes.
    n_classes : int

    Returns
    -------
    DataFrame
        column, auroc: class shares per bin learned on the training rows, judged on the test rows; with more than two
        classes the mean of one against the rest. NaN where the test rows lack a class.
    """
    rows = []
    for position, name in enumerate(train.columns):
        bins = Bins.of(train.iloc[:, position], 20)
        learned = rates(bins.codes(train.iloc[:, position]), train_y, bins.n_bins, n_classes)
        scores = learned[bins.codes(test.iloc[:, position])]
        codes = [1] if n_classes == 2 else range(n_classes)
        rows.append((str(name), float(np.mean([auroc(test_y == code, scores[:, code]).value for code in codes]))))
    return pd.DataFrame(rows, columns=["column", "auroc"])


def pure_levels(train: pd.DataFrame, train_y: NDArray[np.intp], classes: tuple[str, ...]) -> pd.DataFrame:
    """Find values after which a class that is otherwise uncommon is almost certain.

    Parameters
    ----------
    train : DataFrame
    train_y : array of int
        Class codes.
    classes : tuple of str

    Returns
    -------
    DataFrame
        column, level, class, rows, share: at least 50 rows, 98 % of one class, three times its overall share, and 5 %
        of all its rows. Missing counts as a value; numbers with more than 60 distinct values are only missing or not.
    """
    totals = np.bincount(train_y, minlength=len(classes)).astype(float)
    overall = totals / max(totals.sum(), 1.0)
    rows = []
    for position, name in enumerate(train.columns):
        values = train.iloc[:, position]
        names, codes = _levels(values)
        table = crossed(codes, train_y, len(names), len(classes))
        sizes = table.sum(axis=1)
        for level, code in zip(*np.nonzero(table), strict=True):
            share = table[level, code] / sizes[level]
            enough = sizes[level] >= PURE_ROWS and table[level, code] >= PURE_COVER * totals[code]
            if enough and share >= PURE_SHARE and share >= PURE_LIFT * overall[code]:
                rows.append((str(name), names[level], classes[code], int(sizes[level]), float(share)))
    return pd.DataFrame(rows, columns=list(LEVEL_TYPES)).astype(LEVEL_TYPES)


def _levels(values: pd.Series[Any]) -> tuple[list[str], NDArray[np.intp]]:
    missing = values.isna().to_numpy(dtype=bool)
    kind = kind_of(values)
    if kind in (TEXT, DATE) or (kind == NUMBER and values.nunique() > MAX_LEVELS):
        return ["(present)", MISSING], missing.astype(np.intp)
    text = values.astype(object).where(~missing, MISSING).astype(str)
    codes, names = pd.factorize(text, sort=True)
    return [str(name) for name in names], codes.astype(np.intp)


def identifiers(train: pd.DataFrame) -> pd.DataFrame:
    """Find columns that name rows rather than describe them.

    Parameters
    ----------
    train : DataFrame

    Returns
    -------
    DataFrame
        column, rows, distinct, share: whole numbers that never repeat (from 200 rows on, or from 50 where they lie
        close together), and short texts of which 99 % are distinct.
    """
    rows = []
    for position, name in enumerate(train.columns):
        values = train.iloc[:, position].dropna()
        n, kind = len(values), kind_of(train.iloc[:, position])
        if n < PURE_ROWS or kind not in (NUMBER, CATEGORY):
            continue
        distinct = int(values.astype(str).nunique()) if kind == CATEGORY else int(values.nunique())
        if _names_rows(values, kind, n, distinct):
            rows.append((str(name), n, distinct, distinct / n))
    return pd.DataFrame(rows, columns=list(IDENTIFIER_TYPES)).astype(IDENTIFIER_TYPES)


def _names_rows(values: pd.Series[Any], kind: str, n: int, distinct: int) -> bool:
    if kind == CATEGORY:
        return distinct >= 0.99 * n
    numbers = as_numbers(values)
    if distinct < n or np.isnan(numbers).any() or (numbers % 1).any():
        return False
    close = numbers.max() - numbers.min() < 20 * n
    return n >= 200 or bool(close)
