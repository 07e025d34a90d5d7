"""Values to words: how cells, labels and hostile text are shown, the same in HTML, Markdown and notebooks."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd

from appliedml.core.display import written_out
from appliedml.report.blocks import Tone

ABSENT = "\N{EN DASH}"
_SAYS_NOTHING = frozenset({"group", "groups", "cluster", "unit", "block", "key", "index"})
_MINUS = "\N{MINUS SIGN}"
SMALL = 0.01
MAX_CELL = 600
MAX_TEXT = 20_000
SLACK = 200
"""Cells and paragraphs, not labels of charts, are not cut for so few characters: a note of them reads like a riddle."""
NOISE = 1e-6
"""Per cent that are taken for nothing."""

TONES: dict[str, Tone] = {
    **dict.fromkeys(("pass", "ok", "within tolerance", "evidenced here", "good", "yes", "approve", "intact"), "good"),
    **dict.fromkeys(("fail", "problem", "disparity", "bad", "reject", "broken", "worse beyond tolerance"), "bad"),
    **dict.fromkeys(
        (
            *("warning", "inconclusive", "insufficient evidence", "missing", "waived", "expired"),
            *("stated, nobody named", "cannot rule out", "not measured"),
        ),
        "warning",
    ),
    "revise": "warning",
}
TONE_WORDS: dict[Tone, str] = {"neutral": "Note", "good": "In order", "warning": "Attention", "bad": "Problem"}

METRIC_LABELS = {
    "accuracy": "Accuracy",
    "average_precision": "Average precision",
    "balanced_accuracy": "Balanced accuracy",
    "brier": "Brier score",
    "cost": "Cost",
    "f1": "F1",
    "false_negative_rate": "False negative rate",
    "false_positive_rate": "False positive rate",
    "flip_rate": "Decisions changed",
    "identity_score": "Identity gap in score",
    "log_loss": "Log loss",
    "mcc": "Matthews correlation",
    "positive_predictive_value": "Positive predictive value",
    "precision": "Precision",
    "recall": "Recall",
    "recall_at_precision": "Recall at fixed precision",
    "roc_auc": "AUROC",
    "selection_rate": "Selection rate",
    "specificity": "Specificity",
    "true_positive_rate": "True positive rate",
}


def visible(value: Any, limit: int = MAX_CELL) -> str:
    r"""Return text in which nothing is hidden, cut with a note of how much is left out.

    Parameters
    ----------
    value : object
    limit : int
        Longest text, in characters. From :data:`MAX_CELL` on, a text that is longer by :data:`SLACK` or less is
        left whole.

    Returns
    -------
    str
        Control characters and characters that override the direction of text are written out as ``⟨U+202E⟩``.

    Examples
    --------
    >>> visible("report\u202efdp.exe"), visible("abcdef", limit=3)
    ('report⟨U+202E⟩fdp.exe', 'abc… (3 more characters)')
    """
    text = str(value).replace("\r\n", "\n")
    more = len(text) - limit
    if more <= (SLACK if limit >= MAX_CELL else 0):
        return written_out(text)
    text = written_out(text[:limit])
    return f"{text}… ({more:,} more characters)"


def metric_label(metric: str) -> str:
    """Return a metric's name for readers; unknown names are shown as they are.

    Parameters
    ----------
    metric : str

    Returns
    -------
    str

    Examples
    --------
    >>> metric_label("roc_auc"), metric_label("gap.true_positive_rate")
    ('AUROC', 'True positive rate, gap')
    """
    kind, dot, rest = metric.partition(".")
    if dot and rest in METRIC_LABELS:
        return f"{METRIC_LABELS[rest]}, {kind}"
    return METRIC_LABELS.get(metric, metric)


def number(value: Any) -> str:
    """Return a number with as many decimals as can be read at a glance.

    Parameters
    ----------
    value : number or None

    Returns
    -------
    str

    Examples
    --------
    >>> number(0.83149), number(12.5), number(12345.6), number(0.000234), number(float("nan"))
    ('0.831', '12.50', '12,346', '0.00023', '–')

    What is smaller than 0.01 keeps two digits: three decimals would make many thresholds one.

    >>> number(0.00061), number(0.00134), number(0.0996)
    ('0.00061', '0.0013', '0.100')
    """
    if missing(value):
        return ABSENT
    size = abs(float(value))
    if not math.isfinite(size):
        return "∞" if value > 0 else f"{_MINUS}∞"
    decimals = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    text = f"{float(value):.2g}" if 0 < size < SMALL else f"{float(value):,.{decimals}f}"
    return _minus(text)


def whole(value: Any) -> str:
    """Return a count with thousands separators.

    Parameters
    ----------
    value : number or None

    Returns
    -------
    str

    Examples
    --------
    >>> whole(12345), whole(None)
    ('12,345', '–')
    """
    return ABSENT if missing(value) or not math.isfinite(float(value)) else _minus(f"{float(value):,.0f}")


def percent(value: Any) -> str:
    """Return a share between 0 and 1 as a percentage; some are never rounded to none, nor most to all.

    Parameters
    ----------
    value : number or None

    Returns
    -------
    str

    Examples
    --------
    >>> percent(0.0597), percent(1), percent(16001 / 16002), percent(1 / 16002)
    ('6.0 %', '100.0 %', '99.99 %', '0.01 %')
    """
    if missing(value):
        return ABSENT
    size = 100 * float(value)
    decimals, limit, rest = 1, 0.05, min(size, 100 - size)
    # What is smaller than that is noise of a sum, not rows.
    while NOISE < rest < limit:
        decimals, limit = decimals + 1, limit / 10
    return _minus(f"{size:.{decimals}f} %")


def p_value(value: Any) -> str:
    """Return a p value.

    Parameters
    ----------
    value : number or None

    Returns
    -------
    str

    Examples
    --------
    >>> p_value(0.0004), p_value(0.0312)
    ('< 0.001', '0.031')
    """
    if missing(value):
        return ABSENT
    return "< 0.001" if float(value) < 0.001 else f"{float(value):.3f}"


def interval(low: Any, high: Any) -> str:
    """Return an interval's ends, or that there is none.

    Parameters
    ----------
    low, high : number or None

    Returns
    -------
    str

    Examples
    --------
    >>> interval(0.81, 0.85), interval(float("nan"), 0.85)
    ('0.810 to 0.850', 'no interval')
    """
    return "no interval" if missing(low) or missing(high) else f"{number(low)} to {number(high)}"


def missing(value: Any) -> bool:
    """Whether a cell is empty.

    Parameters
    ----------
    value : object

    Returns
    -------
    bool

    Examples
    --------
    >>> missing(None), missing(float("nan")), missing(0), missing([])
    (True, True, False, False)
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def tone_of(word: str) -> Tone:
    """Return the tone of a status word; unknown words are neutral.

    Parameters
    ----------
    word : str

    Returns
    -------
    str

    Examples
    --------
    >>> tone_of("Fail"), tone_of("insufficient_evidence"), tone_of("blue")
    ('bad', 'warning', 'neutral')
    """
    return TONES.get(str(word).strip().lower().replace("_", " "), "neutral")


def spaced(name: Any) -> str:
    """Return a column name with spaces for underscores.

    Parameters
    ----------
    name : object

    Returns
    -------
    str

    Examples
    --------
    >>> spaced("n_rows")
    'n rows'
    """
    return str(name).replace("_", " ")


def plural_of(column: str) -> str:
    """Return what a column of names stands for, as readers say it: many of them.

    Parameters
    ----------
    column : str
        That rows are grouped by.

    Returns
    -------
    str
        Empty where its name does not say.

    Examples
    --------
    >>> plural_of("customer_id"), plural_of("PatientID"), plural_of("company"), plural_of("grp7"), plural_of("group")
    ('customers', 'patients', 'companies', '', '')
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.strip())
    words = re.sub(r"[\s_.-]+(id|key|no|nr|number|name|code|hash)$", "", apart, flags=re.IGNORECASE)
    words = re.sub(r"[\s_]+", " ", words).lower()
    if not re.fullmatch("[a-z]{3,}( [a-z]+)*", words) or words in _SAYS_NOTHING:
        return ""
    if re.search("([^aeiou])y$", words):
        return f"{words[:-1]}ies"
    if re.search("(ss|x|z|ch|sh)$", words):
        return f"{words}es"
    return words if words.endswith("s") else f"{words}s"


def _minus(text: str) -> str:
    """Write a true minus sign; a zero has none."""
    if text.startswith("-") and not re.search("[1-9]", text):
        text = text[1:]
    return text.replace("-", _MINUS, 1) if text.startswith("-") else text
