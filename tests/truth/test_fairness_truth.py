"""Does the fairness audit tell the truth? Decisions with a known gap, many seeds.

A few seeds run with the ordinary tests. All 20 seeds and more simulations: ``APPLIEDML_TRUTH=full`` or ``make truth``.

Size: 12,000 rows, a quarter of them positive, so 1,500 positives a sex; the standard error of a gap in true positive
rate is 0.017. The audit judges sex, three age bands and their intersection, with all its corrections.
"""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest

from appliedml.audits.fairness import Fairness
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples
from appliedml.core.schema import Schema
from appliedml.metrics.groups import GroupTable, bootstrap_rates, group_table, pairwise_gaps

pytestmark = pytest.mark.truth

FULL = os.environ.get("APPLIEDML_TRUTH") == "full"
SEEDS = range(20 if FULL else 4)
SIMULATIONS = 1000 if FULL else 200
N_ROWS = 12_000
N_FOLDS = 5


def planted(gap: float, seed: int, rows_of_one_person: int = 1) -> list[Fold]:
    """Folds whose decisions find 0.70 -+ gap / 2 of the positives of the two sexes, and 0.10 of all negatives."""
    rng = np.random.default_rng([seed, 4])
    people = np.arange(N_ROWS // rows_of_one_person).repeat(rows_of_one_person)
    sex = rng.choice(["F", "M"], people[-1] + 1)[people]
    age = rng.integers(18, 80, people[-1] + 1)[people]
    true = (rng.random(N_ROWS) < 0.25).astype(int)
    found = np.where(sex == "M", 0.70 + gap / 2, 0.70 - gap / 2)
    pred = (rng.random(N_ROWS) < np.where(true == 1, found, 0.10)).astype(int)
    score = np.where(pred == 1, 0.5, 0.0) + 0.499 * rng.random(N_ROWS)
    schema = Schema("y", sensitive=["sex", {"age_band": {"column": "age", "edges": [38, 59]}}])
    meta = pd.DataFrame({"row_id": np.arange(N_ROWS), "origin": "observed", "sensitive.sex": sex, "sensitive.age": age})
    if rows_of_one_person > 1:
        meta["group"] = people
    samples = Samples(pd.DataFrame({"score": score}), true, meta, schema)
    folds = []
    for number in range(N_FOLDS):
        held_out = people % N_FOLDS == number
        test = samples[held_out]
        probabilities = np.column_stack([1 - score, score])[held_out]
        folds.append(
            Fold(
                number=number,
                n_folds=N_FOLDS,
                classes=("no", "yes"),
                train=samples[~held_out],
                test=test,
                pipeline=None,
                probabilities=probabilities,
                predictions=pred[held_out],
                threshold=0.5,
                ledger=pd.DataFrame(),
                seed=seed,
            )
        )
    return folds


def verdicts(gap: float, seed: int, **settings: int) -> dict[str, dict[str, str]]:
    audit = Fairness()
    return audit.conclude([audit.examine(fold) for fold in planted(gap, seed, **settings)]).summary["verdicts"]


def at_least_nine_in_ten(count: int) -> bool:
    return count >= 0.9 * len(SEEDS)


def test_a_planted_gap_of_a_tenth_is_called_a_disparity():
    found = [verdicts(0.10, seed)["sex"] for seed in SEEDS]

    assert at_least_nine_in_ten(sum(each["true_positive_rate"] == "disparity" for each in found))
    assert at_least_nine_in_ten(sum(each["equalised_odds"] == "disparity" for each in found))
    # Nothing was planted in the false positives.
    assert at_least_nine_in_ten(sum(each["false_positive_rate"] != "disparity" for each in found))


def test_without_a_gap_nothing_is_called_a_disparity_anywhere():
    """Not by any feature or criterion: the correction covers them all."""
    found = [verdicts(0.0, seed) for seed in SEEDS]

    clean = sum("disparity" not in [v for by in each.values() for v in by.values()] for each in found)
    assert at_least_nine_in_ten(clean)
    assert at_least_nine_in_ten(sum(each["sex"]["true_positive_rate"] == "within tolerance" for each in found))


@pytest.mark.parametrize(("gap", "is_disparity"), [(0.10, True), (0.0, False)])
def test_the_verdicts_hold_where_rows_come_in_groups(gap, is_disparity):
    found = [verdicts(gap, seed, rows_of_one_person=4)["sex"]["true_positive_rate"] for seed in SEEDS]

    assert at_least_nine_in_ten(sum((each == "disparity") == is_disparity for each in found))


@pytest.mark.parametrize(
    ("rates", "positives"),
    [([0.7] * 5, 250), ([0.6, 0.7, 0.65, 0.7], 300), ([0.5] * 10, 60), ([0.9, 0.95, 0.99], 60)],
    ids=["no gap", "a gap", "ten small groups", "rates near 1"],
)
def test_the_interval_of_the_largest_gap_holds_the_true_gap(rates, positives):
    """Nominally in 95 % of the simulations; in at least 90 %."""
    rng = np.random.default_rng(11)
    judged = np.ones((1, len(rates)), dtype=bool)
    held = 0
    for seed in range(SIMULATIONS):
        draws = bootstrap_rates(
            _table(rng.binomial(positives, rates), positives), ["true_positive_rate"], n_resamples=500, seed=seed
        )
        gap = pairwise_gaps(draws, judged).largest_gap(0)
        held += gap.low <= max(rates) - min(rates) + 1e-12 and gap.high >= max(rates) - min(rates)

    assert held >= 0.9 * SIMULATIONS


def test_the_interval_of_the_largest_gap_holds_it_where_people_differ():
    """Five rows a person, whose chances of being found differ from person to person."""
    rng = np.random.default_rng(12)
    held = 0
    n_simulations = SIMULATIONS // 4
    for seed in range(n_simulations):
        group = rng.integers(0, 4, 800)
        chance = rng.beta(3 * 0.7, 3 * 0.3, 800)
        pred = (rng.random((800, 5)) < chance[:, None]).astype(int).ravel()
        table = group_table(
            group.repeat(5), np.ones(4000, int), pred, cluster=np.arange(800).repeat(5), groups=["a", "b", "c", "d"]
        )
        draws = bootstrap_rates(table, ["true_positive_rate"], n_resamples=500, seed=seed)
        held += pairwise_gaps(draws, np.ones((1, 4), dtype=bool)).largest_gap(0).low == 0

    assert held >= 0.9 * n_simulations - 2


def _table(found: np.ndarray, positives: int) -> GroupTable:
    group = np.repeat(np.arange(len(found)), positives)
    pred = np.concatenate([np.r_[np.ones(k, int), np.zeros(positives - k, int)] for k in found])
    return group_table(group, np.ones(len(group), int), pred, groups=[str(g) for g in range(len(found))])


@pytest.mark.parametrize(("clusters", "least"), [(5, 0.78), (10, 0.84), (30, 0.88)])
def test_intervals_of_rates_hold_as_often_as_is_said_of_few_clusters(clusters, least):
    """Nominally in 95 %; clusters of twenty rows whose members are much alike, two groups."""
    rng = np.random.default_rng(13)
    held = total = 0
    for seed in range(SIMULATIONS):
        chance = rng.beta(5 * 0.9, 5 * 0.1, 2 * clusters)
        found = (rng.random((2 * clusters, 20)) < chance[:, None]).astype(int).ravel()
        table = group_table(
            np.repeat([0, 1], clusters * 20),
            np.ones(len(found), int),
            found,
            cluster=np.arange(2 * clusters).repeat(20),
            groups=["a", "b"],
        )
        low, high = bootstrap_rates(table, ["true_positive_rate"], n_resamples=500, seed=seed).interval()
        held += int(((low[0] <= 0.9) & (high[0] >= 0.9)).sum())
        total += 2

    assert held >= least * total
