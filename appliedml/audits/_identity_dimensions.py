"""One row a dimension of identity: its verdict, its largest gap, and whether the model knows its terms at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from appliedml.audits._fairness_verdict import Verdict
from appliedml.audits._identity_fold import group_keys
from appliedml.audits._identity_terms import Dimension, template_terms
from appliedml.core.artifact import Finding, Severity

NEVER_SEEN = "the terms are unknown to the model: it treats them alike because it never saw them"
ALIKE = "the terms make no difference to the model: it treats them alike, though training texts hold some of them"


def dimension_table(
    dimensions: Sequence[Dimension],
    table: pd.DataFrame,
    mentions: NDArray[np.bool_],
    seen: NDArray[np.float64],
    tolerance: float,
) -> pd.DataFrame:
    """Sum up the judged gaps of every dimension.

    Parameters
    ----------
    dimensions : sequence of Dimension
    table : DataFrame
        Judged items of all kinds.
    mentions : array of bool of shape (n_texts, n_groups)
        Which test texts mention which group.
    seen : array of shape (n_groups,)
        Training texts with a term of each group.
    tolerance : float

    Returns
    -------
    DataFrame
        dimension, n_terms, n_groups, n_texts, verdict, largest, low, high (all three without sign, within 0 and 1),
        largest_item, unknown, remark, source, note.

    Notes
    -----
    With a disparity, ``largest`` is the largest proven gap, and its interval is that of the models that were trained,
    so its lower bound lies above the tolerance. Without, the lower bound is simultaneous over all items. The upper
    bound is the largest of the items' own: it falls short of the largest gap only if the interval of that one item
    does, so it needs no correction (the intersection-union principle).

    Source
    ------
    Berger (1982), Multiparameter hypothesis testing and acceptance sampling, Technometrics 24.
    """
    keys, rows = group_keys(dimensions), []
    n_terms = pd.Series([term.dimension for term in template_terms(dimensions)]).value_counts()
    judged = table["small"].ne(True) if "small" in table else table["kind"].notna()
    for item in dimensions:
        part = table[(table["dimension"] == item.name) & judged]
        columns = [at for at, key in enumerate(keys) if key[0] == item.name]
        unknown = bool(len(part)) and bool((part[["gap", "fold_low", "fold_high"]] == 0).all(axis=None))
        remark = "" if not unknown else ALIKE if seen[columns].any() else NEVER_SEEN
        rows.append({
            "dimension": item.name, "n_terms": int(n_terms.get(item.name, 0)), "n_groups": len(item.groups),
            "n_texts": int(mentions[:, columns].any(axis=1).sum()), **_largest(part, tolerance),
            "unknown": unknown, "remark": remark, "source": item.source, "note": item.note,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _largest(part: pd.DataFrame, tolerance: float) -> dict[str, Any]:
    """Verdict of a dimension and its largest gap, with an interval that allows the verdict."""
    if part.empty:
        nothing = dict.fromkeys(("largest", "low", "high"), np.nan)
        return {"verdict": Verdict.INSUFFICIENT.value, **nothing, "largest_item": ""}
    proven = part[part["verdict"] == Verdict.DISPARITY.value]
    top = (proven if len(proven) else part).pipe(lambda items: items.loc[items["gap"].abs().idxmax()])
    size = float(abs(top["gap"]))
    if len(proven):
        ends = sorted((abs(float(top["models_low"])), abs(float(top["models_high"]))))
        verdict, low, high = Verdict.DISPARITY, ends[0], ends[1]
    else:
        low = float(np.maximum(part["wide_low"], -part["wide_high"]).max(skipna=False))
        high = float(np.maximum(part["low"].abs(), part["high"].abs()).max(skipna=False))
        # The mean over own sentences need not be that over folds, in the middle of the interval.
        low, high = np.minimum(max(low, 0.0) if low == low else low, size), np.maximum(high, size)
        verdict = Verdict.WITHIN if high <= tolerance else Verdict.INSUFFICIENT
    low, high = (float(np.clip(end, 0.0, 1.0)) for end in (low, high))
    return {
        "verdict": verdict.value, "largest": size, "low": low, "high": high,
        "largest_item": str(top["item"]) if size else "",
    }  # fmt: skip


def unknown_findings(summed: pd.DataFrame) -> list[Finding]:
    """Say of which dimensions no term makes any difference to any model.

    Parameters
    ----------
    summed : DataFrame
        Of :func:`dimension_table`.

    Returns
    -------
    list of Finding
    """
    found = []
    for remark, part in summed[summed["unknown"]].groupby("remark", sort=False):
        text = (
            f"{', '.join(part['dimension'])}: {remark}. That no score changes says nothing of a model that was trained "
            "on texts with these terms."
        )
        found.append(Finding(Severity.INFO, "Identity terms that make no difference at all", text))
    return found
