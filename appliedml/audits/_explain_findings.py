"""What a reviewer must see of an explanation, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from appliedml.core.artifact import Finding, Severity

LOW_AGREEMENT = 0.6
HIGH_RANDOMISED = 0.7
# Half of the agreement of an explanation with itself: a convention, stated where the verdict stands.
RANDOMISED_LIMIT = 0.5
# An interval over fewer rows says little.
FEWEST_RANDOMISED = 8
# The distance to a better run should be the one that standard errors lead to expect.
MUCH_LARGER = 2.0
RESIDUAL_SHARE = 0.01
# Distances below this share are rounding, whatever the standard errors are.
ROUNDING = 0.001
SHARE_OF_MEAN = 0.2
NAMED = 3


def findings(
    tables: Mapping[str, pd.DataFrame], summary: Mapping[str, Any], sources: Mapping[str, str]
) -> Iterator[Finding]:
    """Yield findings about the explanation's error, its trustworthiness and its use of sensitive features.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Of the artifact.
    summary : mapping
        Of the artifact.
    sources : mapping of str to str
        Sensitive feature -> its column.

    Yields
    ------
    Finding
    """
    yield from _errors(tables["errors"], tables["global"], summary)
    yield from _trust(tables, summary)
    yield from _sensitive(tables["global"], sources)
    yield from _groups(tables["by_group"], tables["global"])


def _errors(errors: pd.DataFrame, overall: pd.DataFrame, summary: Mapping[str, Any]) -> Iterator[Finding]:
    target = summary["target_error"]
    missed = errors[~errors["reached_target"].to_numpy(dtype=bool)]
    worst = missed.loc[missed["worst_row_error"].idxmax()] if len(missed) else None
    # Rows are judged while sampling goes on; in the end the error may be within the target after all.
    if worst is not None and target is not None and _percent(worst["worst_row_error"]) > _percent(target):
        yield Finding(
            Severity.WARNING,
            "The explanation's error is above the one asked for",
            f"At most {_percent(target):g}% was asked for every explained row, as a share of the size of the values of "
            f"its fold. The worst row, in fold {int(worst['fold'])}, has an expected error of "
            f"{_percent(worst['worst_row_error']):g}%; over all rows it is {summary['relative_error']:.2%}. The budget "
            "of permutations ended first: raise n_permutations, or accept the error.",
        )
    distance, expected = summary["distance"], summary["expected_distance"]
    if distance is not None and expected is not None and distance > MUCH_LARGER * expected and distance > ROUNDING:
        yield Finding(
            Severity.WARNING,
            "The explanation is further from a better one than its stated error",
            f"On {summary['distance_rows']} rows its distance to {summary['distance_reference']} is {distance:.1%}; "
            f"the standard errors of these rows lead to expect {expected:.1%}. Do not rely on the stated error.",
        )
    size = float(overall["value"].sum())
    residual = summary["additivity_residual"]
    if size and residual > RESIDUAL_SHARE * size:
        yield Finding(
            Severity.WARNING,
            "Values do not add up to the score",
            f"For at least one row the values miss the score by {residual:.3g}; a row's absolute values sum to "
            f"{size:.3g} on average. {summary['explainer']} does not fit this model.",
        )


def _percent(share: float) -> float:
    """Three digits, as printed: figures that read alike are not called different."""
    return float(f"{100 * share:.3g}")


def randomisation_verdict(high: float, n: int = FEWEST_RANDOMISED) -> str:
    """Say whether explanations depend on what was learnt, by the upper end of the interval of the rank correlation.

    Parameters
    ----------
    high : float
    n : int
        Rows it rests on.

    Returns
    -------
    str
        "depends on what was learnt" below 0.5; "insufficient evidence" from fewer than eight rows; else, or where there
        is no interval, "not shown".

    Examples
    --------
    >>> randomisation_verdict(0.31), randomisation_verdict(0.52), randomisation_verdict(float("nan"))
    ('depends on what was learnt', 'not shown', 'not shown')
    >>> randomisation_verdict(0.1, 2)
    'insufficient evidence'
    """
    if n < FEWEST_RANDOMISED:
        return "insufficient evidence"
    return "depends on what was learnt" if high < RANDOMISED_LIMIT else "not shown"


def _trust(tables: Mapping[str, pd.DataFrame], summary: Mapping[str, Any]) -> Iterator[Finding]:
    agreement = summary["fold_agreement"]
    if agreement is not None and agreement < LOW_AGREEMENT:
        yield Finding(
            Severity.WARNING,
            "Folds disagree on what matters",
            f"The mean rank correlation of the features' importance between folds is {agreement:.2f}. A ranking of "
            "features from this model would be another with other training rows.",
        )
    for row in tables["randomisation"].itertuples():
        if row.low > HIGH_RANDOMISED:
            yield Finding(
                Severity.WARNING,
                "The explanation hardly depends on what the model learned",
                f"Explanations of {row.how} rank the features alike (mean rank correlation {row.value:.2f}, "
                f"{row.low:.2f} to {row.high:.2f}, {row.n} rows).",
            )
    for row in tables["advantages"].itertuples():
        if row.high <= 0:
            yield Finding(
                Severity.WARNING,
                f"The {row.curve} curve is no better than a random order",
                f"Changing features in the order of the explanation moves the score no faster than in a random order "
                f"(area between the curves {row.value:.3g}, {row.low:.3g} to {row.high:.3g}).",
            )


def _sensitive(overall: pd.DataFrame, sources: Mapping[str, str]) -> Iterator[Finding]:
    first = overall[overall["output"] == overall["output"].iloc[0]]
    for name, column in sources.items():
        for row in first[first["feature"] == column].itertuples():
            if row.value > 0:
                yield Finding(
                    Severity.INFO,
                    f"The model uses {name} itself",
                    f"{column} is number {row.rank} of {len(first)} features and carries {row.share:.1%} of the "
                    "explanation.",
                )


def _groups(groups: pd.DataFrame, overall: pd.DataFrame) -> Iterator[Finding]:
    if not len(groups):
        return
    mean = overall[overall["output"] == overall["output"].iloc[0]].set_index("feature")["value"]
    shown = groups[groups["differs"].to_numpy(dtype=bool)]
    large = np.abs(shown["difference"]) >= SHARE_OF_MEAN * shown["feature"].map(mean).to_numpy()
    for name, part in shown[large.to_numpy(dtype=bool)].groupby("sensitive", sort=False):
        order = np.argsort(-np.abs(part["difference"].to_numpy()), kind="stable")
        texts = [
            f"{row.feature} weighs {row.value:.3g} for {row.level} and {row.value - row.difference:.3g} for all others "
            f"(difference {row.difference:.3g}, {row.difference_low:.3g} to {row.difference_high:.3g})"
            for row in part.iloc[order[:NAMED]].itertuples()
        ]
        yield Finding(
            Severity.INFO,
            f"The model's reasons differ by {name}",
            f"Mean absolute Shapley values: {'; '.join(texts)}. {len(part)} such differences in all. A feature that "
            f"weighs differently may stand in for {name}.",
        )
