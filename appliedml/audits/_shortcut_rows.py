"""What the shortcut probe measures: how well something tells the levels of an attribute apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Attribute:
    """One level of a sensitive feature against the others.

    Parameters
    ----------
    feature : str
    level : str
    others : str
        What it is compared with, in words.
    """

    feature: str
    level: str
    others: str


def attributes_of(sensitive: pd.DataFrame, features: Sequence[str], min_rows: int) -> tuple[list[Attribute], list[str]]:
    """Return the comparisons that enough rows allow: one for a feature with two levels, else one a level.

    Parameters
    ----------
    sensitive : DataFrame
        Levels as text, a column a feature.
    features : sequence of str
    min_rows : int
        Fewest rows of a level.

    Returns
    -------
    attributes : list of Attribute
    left_out : list of str
        What was not probed, with the reason.

    Examples
    --------
    >>> levels = pd.DataFrame({"view": ["AP"] * 3 + ["PA"] * 4 + ["LL"]})
    >>> found, left_out = attributes_of(levels, ["view"], 2)
    >>> [(one.level, one.others) for one in found], left_out
    ([('AP', 'PA')], ['view = LL: 1 rows, fewer than 2'])
    """
    found: list[Attribute] = []
    left_out: list[str] = []
    for feature in features:
        counts = sensitive[feature].value_counts().sort_index()
        counts = counts[counts.index != UNKNOWN]
        few = counts[counts < min_rows]
        left_out += [f"{feature} = {level}: {n} rows, fewer than {min_rows}" for level, n in few.items()]
        levels = [str(level) for level, n in counts.items() if n >= min_rows]
        if len(levels) < 2:
            left_out.append(f"{feature}: fewer than two levels with {min_rows} rows")
        elif len(levels) == 2:
            found.append(Attribute(feature, levels[0], levels[1]))
        else:
            found += [Attribute(feature, level, "the others") for level in levels]
    return found, left_out


def probe_scores(train: Floats, levels: NDArray[np.bool_], test: Floats, seed: int) -> Floats:
    """Return how strongly a linear probe, fitted on training rows, takes test rows to be of a level.

    Parameters
    ----------
    train : array of shape (n_train, n_values)
    levels : array of bool, shape (n_train,)
    test : array of shape (n_test, n_values)
    seed : int

    Returns
    -------
    array of shape (n_test,)

    Source
    ------
    Alain, Bengio (2017), Understanding intermediate layers using linear classifier probes.
    """
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    varies = train.std(axis=0) > 0
    if not varies.any():
        return np.zeros(len(test))
    width = min(64, int(varies.sum()), len(train) - 1)
    steps = [StandardScaler(), PCA(width, random_state=seed)] if varies.sum() > width else [StandardScaler()]
    probe = make_pipeline(*steps, LogisticRegression(C=0.1, max_iter=500, class_weight="balanced"))
    probe.fit(train[:, varies], levels)
    return np.asarray(probe.decision_function(test[:, varies]), dtype=np.float64)
