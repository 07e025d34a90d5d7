"""Does a whole run tell the truth? Payments with a planted disparity, through cleaning, folds, model and audit.

The simulator hides a share of one sex's frauds among ordinary payments. A model that finds the share r of the visible
frauds, and calls the share f of ordinary payments, then has a gap in true positive rate of disparity x (r - f): a
little under the planted 0.10. The audit is asked with a tolerance of 0.05. Size: 50,000 payments, 4,000 of them frauds.

Three seeds each run with the ordinary tests, of which two must be right (an audit with 95 % confidence may err in one
of twenty); 20 with ``APPLIEDML_TRUTH=full`` or ``make truth``, of which 18 must be right.
"""

from __future__ import annotations

import os

import pytest

from appliedml.compose.pipeline import Pipeline
from appliedml.core.registry import build
from appliedml.execution.plan import Plan

# Forty whole runs take some minutes on a small machine.
pytestmark = [pytest.mark.truth, pytest.mark.timeout(3600)]

FULL = os.environ.get("APPLIEDML_TRUTH") == "full"
SEEDS = range(20 if FULL else 3)
N_RIGHT = 18 if FULL else 2


def verdict(disparity: float, seed: int, folder) -> str:
    source = {"n_rows": 50_000, "fraud_rate": 0.08, "label_noise": 0.0, "disparity": disparity, "random_state": seed}
    stages = ["impute_missing", "scale_numbers", "encode_categories", {"logistic_regression": {"max_iter": 300}}]
    plan = Plan(
        name="truth",
        seed=seed,
        data=build("sources", {"simulate_transactions": source}),
        split=build("splits", {"group_kfold": {"folds": 3}}),
        pipeline=Pipeline([build("stages", stage) for stage in stages], validation=0.15, threshold="f1"),
        audits=[build("audits", {"fairness": {"tolerance": 0.05, "intersections": []}})],
    )
    gaps = plan.run(out=folder)["fairness"].tables["gaps"]
    found = gaps[(gaps["feature"] == "sex") & (gaps["metric"] == "true_positive_rate")]
    return str(found["verdict"].iloc[0])


def test_a_planted_disparity_is_called_a_disparity(tmp_path):
    verdicts = [verdict(0.10, seed, tmp_path) for seed in SEEDS]

    assert verdicts.count("disparity") >= N_RIGHT, verdicts


def test_without_a_planted_disparity_none_is_claimed(tmp_path):
    verdicts = [verdict(0.0, seed, tmp_path) for seed in SEEDS]

    assert len(verdicts) - verdicts.count("disparity") >= N_RIGHT, verdicts
