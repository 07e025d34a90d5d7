"""Whether a picture of which nothing is shown looks like one to the network: its score beside those of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.core.artifact import Finding, Severity
from appliedml.core.fold import Fold
from appliedml.explain.masker import class_scorer

# The range that scores of real pictures are said to have; one in fifty of them lies outside.
RANGE = (0.01, 0.99)
# From this share of wholly hidden pictures outside the range there is a warning: five times what real ones would give.
MANY_OUTSIDE = 0.1
# Calibrated probabilities of saturated networks differ by rounding.
ROUNDING = 1e-6
STAND_IN_COLUMNS = ("fold", "output", "n", "hidden", "hidden_low", "hidden_high", "low", "high", "n_test", "n_outside")
STAND_INS = {
    "mean": "the mean colour of the training images",
    "grey": "grey",
    "blur": "the blurred image",
    "training": "the mean over training images",
}


def score_range(fold: Fold, outputs: tuple[int, ...], scale: str) -> NDArray[np.float64]:
    """Return the 1 % and 99 % quantiles of a fold's out-of-fold scores.

    Parameters
    ----------
    fold : Fold
    outputs : tuple of int
        Class codes that are explained.
    scale : {"probability", "log_odds"}

    Returns
    -------
    array of shape (2, n_outputs)
    """
    known = class_scorer(lambda scores: scores, outputs, scale)(fold.probabilities)
    return np.asarray(np.quantile(known, RANGE, axis=0))


def stand_in_table(evidence: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Scores of the wholly hidden pictures beside the range of the out-of-fold scores, by fold and class.

    Parameters
    ----------
    evidence : sequence of dict
        With ``base_values``, ``score_range``, ``n_test``, ``classes`` and ``outputs``.

    Returns
    -------
    DataFrame
        fold, output, n (explained images, each hidden wholly), hidden (their mean score), hidden_low and hidden_high
        (lowest and highest), low and high (1 % and 99 % of the fold's out-of-fold scores), n_test (how many these are),
        n_outside (hidden pictures with a score outside that range).
    """
    rows = []
    for item in evidence:
        for place, code in enumerate(item["outputs"]):
            hidden, (low, high) = item["base_values"][:, place], item["score_range"][:, place]
            outside = (hidden < low - ROUNDING) | (hidden > high + ROUNDING)
            rows.append(
                (item["fold"], str(item["classes"][code]), len(hidden), float(hidden.mean()), float(hidden.min()),
                 float(hidden.max()), float(low), float(high), item["n_test"], int(outside.sum()))
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(STAND_IN_COLUMNS))


def stand_in_findings(table: pd.DataFrame, summary: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a warning where heights are measured from a picture that looks like none of the others.

    Parameters
    ----------
    table : DataFrame
        As from :func:`stand_in_table`.
    summary : mapping
        With ``hidden`` and ``output``.

    Yields
    ------
    Finding
    """
    n, n_outside = int(table["n"].sum()), int(table["n_outside"].sum())
    if n_outside <= MANY_OUTSIDE * n:
        return
    # Fold by fold the model is another, and so is the range: the fold that is furthest outside speaks for all.
    away = np.maximum(table["low"] - table["hidden_low"], table["hidden_high"] - table["high"])
    worst = table.loc[away.where(table["n_outside"] > 0, -np.inf).idxmax()]
    advice = (
        "Raise background_images, or try another value of hidden."
        if summary["hidden"] == "training"
        else "Try another value of hidden: with training, a hidden region shows that place of real training images."
    )
    several = f" of class {worst['output']}" if table["output"].nunique() > 1 else ""
    one, many = ("log-odds", "log-odds") if summary["output"] == "log_odds" else ("a score", "scores")
    yield Finding(
        Severity.WARNING,
        "The stand-in of hidden regions does not look like a picture to the network",
        f"{n_outside} of {n} wholly hidden images lie outside the range of the pictures' own {many}. In fold "
        f"{worst['fold']} the stand-in itself ({STAND_INS[summary['hidden']]}, nothing else shown) has {one}{several} "
        f"of {_span(worst)}. The {many} of the pictures lie between {worst['low']:.3g} and {worst['high']:.3g} (1 % to "
        f"99 %). The heights of the maps are measured from an unnatural picture: they tell how a picture "
        f"differs from that one, and less what sets it apart from other pictures. {advice}",
    )


def _span(row: pd.Series[Any]) -> str:
    low, high = f"{row['hidden_low']:.3g}", f"{row['hidden_high']:.3g}"
    return low if low == high else f"{low} to {high}"
