"""Scoring rates: the share of every group that scores above the median of everybody, and its impact ratio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from appliedml.audits._fairness_features import Feature, Pooled
from appliedml.audits._fairness_judge import Minimums, count, judge
from appliedml.audits._fairness_tables import IMPACT_COLUMNS, impact_table
from appliedml.core.seeds import derive_seed

RENAMED = {"n_selected": "n_above", "selection_rate": "scoring_rate"}
SCORING_COLUMNS = (*(RENAMED.get(name, name) for name in IMPACT_COLUMNS), "median")


def scoring_table(
    features: Sequence[Feature],
    pooled: Pooled,
    minimums: Minimums,
    reference: Mapping[str, str],
    *,
    confidence: float,
    n_resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Count who scores above the median, by group, and set the groups against the one with the highest rate.

    Parameters
    ----------
    features : sequence of Feature
        That can be judged.
    pooled : Pooled
    minimums : Minimums
    reference : mapping of str to str
        Reference level by feature.
    confidence : float
        Of the ratios of one feature together.
    n_resamples, seed : int

    Returns
    -------
    DataFrame
        Empty with more than two classes: there is no single score. The median is that of all rows, people of unknown
        level among them, and is taken as given: intervals do not cover its own error.

    Source
    ------
    New York City, 6 RCNY 5-300, "scoring rate".
    """
    if pooled.score is None or not len(pooled):
        return pd.DataFrame(columns=list(SCORING_COLUMNS))
    median = float(np.median(pooled.score))
    above = replace(pooled, y_pred=(pooled.score > median).astype(np.int64), score=None, margin=None)
    judged = []
    for feature in features:
        counted = count(feature, above, ("selection_rate",), minimums, False)
        judged.append(
            judge(
                counted,
                above,
                confidence=confidence,
                corrected=confidence,
                tolerance=1.0,
                n_resamples=n_resamples,
                seed=derive_seed(seed, "scoring_rate", feature.name),
            )
        )
    return impact_table(judged, reference).rename(columns=RENAMED).assign(median=median)[list(SCORING_COLUMNS)]
