"""Words of a comparison: names of measures, signed figures, what the rows were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from appliedml.report.blocks import Column
from appliedml.report.values import interval, metric_label, missing, number, whole

_NEAR = "near "
_LABELS = {
    "scaled_brier": "Scaled Brier score",
    "ece": "Expected calibration error",
    "observed_to_predicted": "Observed divided by predicted",
    "calibration_slope": "Calibration slope",
    "calibration_intercept": "Calibration intercept",
    "cost": "Cost per row",
    "equalised_odds": "Equalised odds",
}


def label(metric: str) -> str:
    """Return a measure's name for readers, with its class where there are several.

    Parameters
    ----------
    metric : str

    Returns
    -------
    str

    Examples
    --------
    >>> label("ece"), label("gap.true_positive_rate.cat"), label("gap.equalised_odds")
    ('Expected calibration error', 'Gap in true positive rate (cat)', 'Gap in equalised odds')
    """
    kind, dot, rest = metric.partition(".")
    if dot and kind in ("gap", "ratio"):
        name = label(rest)
        return f"{kind.capitalize()} in {name[:1].lower()}{name[1:]}"
    base = _LABELS.get(kind) or metric_label(kind)
    return f"{base} ({rest})" if dot else base


def signed(value: Any) -> str:
    """Return a difference with its sign.

    Parameters
    ----------
    value : number or None

    Returns
    -------
    str

    Examples
    --------
    >>> signed(0.0312), signed(0.0)
    ('+0.031', '0.000')
    """
    text = number(value)
    return f"+{text}" if not missing(value) and value > 0 else text


def with_ends(value: Any, low: Any, high: Any) -> str:
    """Return a difference with its interval as one text.

    Parameters
    ----------
    value, low, high : number or None

    Returns
    -------
    str

    Examples
    --------
    >>> with_ends(0.03, 0.01, 0.05)
    '+0.030 (0.010 to 0.050)'
    """
    return f"{signed(value)} ({interval(low, high)})"


def rows_compared(summary: Any) -> str:
    """Say which rows were compared, in one sentence.

    Parameters
    ----------
    summary : mapping

    Returns
    -------
    str
    """
    rows, apart = summary["rows"], summary["n_compared"]
    if summary["same_rows"]:
        return f"Both runs tested the same {whole(rows['both'])} rows, and every difference is paired on them."
    if summary["paired"]:
        return (
            f"The runs did not test the same rows: {whole(rows['a'])} in A and {whole(rows['b'])} in B. All "
            f"differences are paired on the {whole(rows['both'])} rows that both tested."
        )
    return (
        f"No row is known to be in both runs: {whole(apart[0])} rows of A are set against {whole(apart[1])} others of "
        "B. A difference may come from the rows and not from the model."
    )


def level_of(share: Any) -> str:
    """Return a confidence as a percentage.

    Parameters
    ----------
    share : float

    Returns
    -------
    str

    Examples
    --------
    >>> level_of(0.95)
    '95 %'
    """
    return f"{100 * float(share):.4g} %"


def better_word(row: Mapping[str, Any]) -> str:
    """Return which run is better, in words.

    Parameters
    ----------
    row : mapping of str to object
        Of the measures or of the gaps: better ("a", "b", "not shown", "neither"), low, high and, of a measure, sought.

    Returns
    -------
    str
        A measure that is best at one value may differ and be as far from it in both runs, on the other side.

    Examples
    --------
    >>> better_word({"better": "b", "low": 0.1, "high": 0.2})
    'B is better'
    >>> better_word({"better": "not shown", "low": 0.015, "high": 0.028, "sought": "near 1"})
    'differs; not shown nearer to 1'
    """
    words = {"a": "B is worse", "b": "B is better", "neither": "no direction is better"}
    sought = str(row.get("sought", ""))
    if row["better"] in words:
        return words[row["better"]]
    if sought.startswith(_NEAR) and (row["low"] > 0 or row["high"] < 0):
        return f"differs; not shown nearer to {sought.removeprefix(_NEAR)}"
    return "no difference shown"


def shown(table: pd.DataFrame, columns: tuple[Column, ...]) -> pd.DataFrame:
    """Keep what is shown: the JSON form holds every column of a table.

    Parameters
    ----------
    table : DataFrame
    columns : tuple of Column

    Returns
    -------
    DataFrame
    """
    return table[[name for column in columns for name in (column.name, *(column.bounds or ()))]]
