import numpy as np
import pandas as pd
import pytest

from appliedml.audits._scores_pool import (
    audit_seed,
    figure,
    group_findings,
    measured,
    per_fold,
    pool,
    status_of,
    with_interval,
)
from appliedml.core.artifact import Finding, Severity, Status
from appliedml.metrics._binned import MANY_ROWS
from appliedml.metrics.classification import METRICS, metrics_for


def evidence(y, p, predicted, group=None, n_folds=2):
    parts = []
    for number in range(n_folds):
        rows = np.arange(len(y)) % n_folds == number
        table = pd.DataFrame(
            {
                "fold": number, "y_true": np.asarray(y)[rows], "y_pred": np.asarray(predicted)[rows],
                "threshold": 0.5, "p_0": 1 - np.asarray(p)[rows], "p_1": np.asarray(p)[rows],
            }
        )  # fmt: skip
        if group is not None:
            table["group"] = np.asarray(group)[rows]
        parts.append({"fold": number, "classes": ("no", "yes"), "seed": 5 + number, "table": table})
    return parts


Y = [0, 0, 0, 1, 1, 1, 0, 1] * 5
P = np.linspace(0, 1, 40)


def test_many_rows_are_said_to_be_weighed_with_their_neighbours():
    many = MANY_ROWS + 1
    assert pool(evidence([0, 1] * many, np.full(2 * many, 0.5), [1] * 2 * many)).neighbours_as_one
    assert not pool(evidence(Y, P, [1] * 40)).neighbours_as_one


def test_folds_are_pooled_in_order():
    pooled = pool(evidence(Y, P, [1] * 40))

    assert (pooled.n, pooled.folds, pooled.binary, pooled.resampled, pooled.n_groups) == (
        40,
        [0, 1],
        True,
        "rows",
        None,
    )
    assert pooled.y.tolist() == Y[::2] + Y[1::2]


def test_one_group_only_is_no_group():
    assert pool(evidence(Y, P, [1] * 40, group=["a"] * 40)).groups is None
    assert pool(evidence(Y, P, [1] * 40, group=["a", "b"] * 20)).n_groups == 2


def test_a_rate_of_one_still_has_an_interval():
    metrics = metrics_for(2, names=["recall", "accuracy"])
    settings = {"confidence": 0.95, "n_resamples": 100, "seed": 0}

    by_rows = measured(pool(evidence(Y, P, Y)), metrics, **settings)
    by_groups = measured(pool(evidence(Y, P, Y, group=np.arange(40) // 4)), metrics, **settings)

    assert by_rows["recall"].high == 1.0
    # Wilson: 20 positives of 20 found.
    assert by_rows["recall"].low == pytest.approx(1 / (1 + 1.96**2 / 20), abs=1e-4)
    assert by_groups["recall"].low < by_rows["recall"].low


def test_each_fold_is_measured_by_itself():
    pooled = pool(evidence(Y, P, [1] * 40))

    table = per_fold(pooled, {"roc_auc": METRICS["roc_auc"]})

    assert table["n"].tolist() == [20, 20]
    assert table.loc[1, "roc_auc"] == METRICS["roc_auc"](Y[1::2], P[1::2])


def test_few_groups_are_warned_of():
    few = pool(evidence(Y, P, [1] * 40, group=np.arange(40) // 10))

    (finding,) = group_findings(few)

    assert "4 groups only" in finding.text
    assert group_findings(pool(evidence(Y, P, [1] * 40, group=np.arange(40)))) == []


def test_the_most_serious_finding_gives_the_status():
    say = {severity: Finding(severity, "t", "x") for severity in Severity}

    assert status_of([]) is Status.OK
    assert status_of([say[Severity.INFO]]) is Status.OK
    assert status_of([say[Severity.INFO], say[Severity.WARNING]]) is Status.WARNING
    assert status_of([say[Severity.PROBLEM], say[Severity.WARNING]]) is Status.PROBLEM


def test_a_seed_is_taken_from_the_run_unless_given():
    parts = [{"seed": 1}]

    assert audit_seed(3, parts, "performance") == 3
    assert audit_seed(None, parts, "performance") != audit_seed(None, parts, "calibration")


def test_values_are_written_with_their_interval():
    assert with_interval(0.8, 0.75, 0.85, 2) == "0.80 (0.75 to 0.85)"
    assert with_interval(0.8, float("nan"), float("nan")) == "0.800"
    assert with_interval(float("nan"), 0, 1) == "undefined"


def test_rounding_neither_hides_a_number_nor_signs_a_zero():
    assert [figure(value) for value in (0.0004, -0.0004, 0.0006, -0.0, 0.12345)] == [
        "0.0004", "-0.0004", "0.0006", "0.000", "0.123",
    ]  # fmt: skip
    assert [figure(value, sign=True) for value in (0.00012, -0.0, 0.5)] == ["+0.00012", "0.000", "+0.500"]
    assert with_interval(0.5, 0.00031, 0.9) == "0.500 (0.00031 to 0.900)"
