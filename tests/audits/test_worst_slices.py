from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from appliedml.audits.worst_slices import CONFIRMED, TYPES, WorstSlices
from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples, make_samples
from appliedml.core.schema import Schema


def evidence(seed=0, n=4000, n_columns=6, planted=True, classes=("no", "yes"), columns=None, group=None):
    """A calibrated score, but for town a with a large amount, where labels are turned round."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({f"n{k}": rng.normal(size=n) for k in range(n_columns - 2)})
    frame["town"], frame["amount"] = rng.choice(list("abcd"), n), rng.normal(size=n)
    p = 1 / (1 + np.exp(-2 * frame["n0"].to_numpy()))
    bad = (frame["town"] == "a") & (frame["amount"] > 0.25)
    y = (rng.random(n) < np.where(bad & planted, 1 - p, p)).astype(int)
    table = pd.DataFrame({"row_id": np.arange(n), "fold": 0, "y_true": y, "y_pred": (p > 0.5).astype(int)})
    table = table.assign(threshold=0.5, p_0=1 - p, p_1=p)
    if group is not None:
        table["group"] = group
    given = frame if columns is None else columns
    return [{"table": table, "columns": given, "n_sensitive": 0, "n_rows": n, "classes": classes, "seed": seed}]


def confirmed(artifact):
    table = artifact.tables["slices"]
    return set(table.loc[table["verdict"] == CONFIRMED, "slice"])


def test_a_planted_slice_is_found_and_no_other_is_claimed():
    hits = 0
    for seed in range(6):
        names = confirmed(WorstSlices().conclude(evidence(seed)))
        hits += any("town=a" in name and "amount" in name for name in names)
        assert all("town=a" in name or "amount" in name for name in names)
    assert hits >= 5


def test_none_is_claimed_where_none_is():
    claimed = [confirmed(WorstSlices().conclude(evidence(seed, planted=False))) for seed in range(6)]

    assert claimed == [set()] * 6


def test_the_finding_says_figures_and_the_scores_can_be_gated():
    artifact = WorstSlices().conclude(evidence())

    assert artifact.status is Status.WARNING
    assert all(finding.severity is Severity.WARNING for finding in artifact.findings)
    assert "had no part in finding it" in artifact.findings[0].text
    assert set(artifact.scores["metric"]) == {"worst_slice.log_loss", "worst_slice.error_rate", "worst_slice.roc_auc"}
    assert list(artifact.tables["slices"].columns) == list(TYPES)


def test_same_rows_same_seed_same_slices():
    one, two = (WorstSlices().conclude(evidence()) for _ in range(2))
    other = WorstSlices(random_state=5).conclude(evidence())

    pd.testing.assert_frame_equal(one.tables["slices"], two.tables["slices"])
    assert other.summary["seed"] == 5


def test_hard_rows_are_named_only_if_asked_to_compare_with_the_rest():
    assert confirmed(WorstSlices().conclude(evidence(planted=False))) == set()
    assert any("n0" in name for name in confirmed(WorstSlices(against="rest").conclude(evidence(planted=False))))


def test_groups_are_not_torn_between_the_halves():
    artifact = WorstSlices().conclude(evidence(group=np.arange(4000) // 8))

    assert artifact.summary["halves_by"] == "groups"
    assert artifact.summary["n_search"] == 2000
    assert (artifact.tables["slices"]["n_units"] < artifact.tables["slices"]["n"]).all()


def test_rows_without_a_group_stand_alone():
    group = np.where(np.arange(4000) % 2 == 0, np.nan, np.arange(4000) // 8)

    assert WorstSlices().conclude(evidence(group=group)).summary["n_tested"] > 0


def test_several_classes_are_sliced_without_auroc():
    rng = np.random.default_rng(0)
    given = evidence(classes=("a", "b", "c"))
    given[0]["table"] = given[0]["table"].assign(p_0=0.2, p_1=0.3, p_2=0.5, y_true=rng.integers(0, 3, 4000), y_pred=2)

    artifact = WorstSlices().conclude(given)

    assert artifact.summary["measures"] == ["log_loss", "error_rate"]
    assert artifact.tables["slices"]["share_positive"].isna().all()


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (evidence(columns=pd.DataFrame(index=range(4000))), Status.NOT_APPLICABLE),
        (evidence(n=150), Status.SKIPPED),
        (evidence(columns=pd.DataFrame({"constant": ["x"] * 4000})), Status.OK),
    ],
)
def test_nothing_to_slice_by_and_too_few_rows_are_said(given, status):
    artifact = WorstSlices().conclude(given)

    assert artifact.status is status
    if status is not Status.OK:
        assert artifact.reason


def test_hostile_names_pass_through_as_text():
    frame = pd.DataFrame({'<script>"\u202e' + "x" * 10_000: np.where(np.arange(4000) % 2 == 0, "<b>", "'&")})

    assert (WorstSlices().conclude(evidence(columns=frame)).tables["slices"]["slice"].str.len() > 10_000).all()


def test_folds_are_examined_with_their_sensitive_features_and_thinned_by_a_seed():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"y": rng.integers(0, 2, 600), "a": rng.normal(size=600), "sex": rng.choice(["F", "M"], 600)})
    samples = make_samples(table, Schema("y", sensitive=["sex"]))
    pipeline = Pipeline([LogisticRegression()], random_state=0).fit(samples)
    chances = pipeline.predict_proba(samples)
    ledger = pipeline.ledger_.assign(fold=0)
    fold = Fold(0, 1, ("no", "yes"), samples, samples, pipeline, chances, pipeline.codes(chances), 0.5, ledger, 3)

    everyone, thinned = WorstSlices().examine(fold), WorstSlices(max_rows=250).examine(fold)

    assert list(everyone["columns"].columns) == ["sex", "a"]
    assert len(thinned["table"]) == len(thinned["columns"]) == 250
    assert WorstSlices(max_rows=250).conclude([thinned]).summary["n_rows"] == 600


def test_inputs_without_columns_or_sensitive_features_are_not_sliced():
    from appliedml.audits._slices_columns import slicing_frame

    assert slicing_frame(Samples(np.zeros((3, 2)))).shape == (3, 0)


def test_fifteen_thousand_rows_of_thirty_columns_take_seconds():
    given = evidence(n=15_000, n_columns=30)
    started = time.process_time()

    WorstSlices().conclude(given)

    assert time.process_time() - started < 6
