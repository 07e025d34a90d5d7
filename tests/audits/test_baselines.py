import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from appliedml.audits.baselines import Baselines, _in_words, _verdict
from appliedml.core.artifact import Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples
from appliedml.errors import ParameterError
from appliedml.metrics.comparisons import delong
from appliedml.store.run import read_artifact, write_artifact


def folds(n=450, knows=1.0, group=None, n_folds=3, seed=0, X=None):
    """Folds of a pipeline whose scores hold ``knows`` times the truth; the features tell about half of it."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(-2 * z))).astype(int)
    X = pd.DataFrame({"a": z + rng.normal(size=n), "k": rng.choice(["x", "y"], n)}) if X is None else X
    p = 1 / (1 + np.exp(-(2 * knows * z + (1 - knows) * rng.normal(size=n))))
    meta = {"row_id": np.arange(n), "origin": "observed"} | ({} if group is None else {"group": group})
    samples = Samples(X, y, pd.DataFrame(meta))
    out = []
    for number in range(n_folds):
        test = np.flatnonzero(np.arange(n) % n_folds == number)
        train = np.flatnonzero(np.arange(n) % n_folds != number)
        both = np.column_stack([1 - p, p])[test]
        out.append(
            Fold(
                number=number, n_folds=n_folds, classes=("no", "yes"), train=samples[train], test=samples[test],
                pipeline=None, probabilities=both, predictions=(both[:, 1] >= 0.5).astype(int), threshold=0.5,
                ledger=pd.DataFrame(), seed=7 + number,
            )
        )  # fmt: skip
    return out


def compared(made, **parameters):
    audit = Baselines(n_resamples=200, **parameters)
    return audit.conclude([audit.examine(fold) for fold in made])


def test_a_better_pipeline_is_said_to_beat_each_baseline():
    artifact = compared(folds())

    assert artifact.status is Status.OK
    assert set(artifact.summary["beaten"].values()) == {"better"}
    areas = artifact.tables["differences"].query("metric == 'roc_auc'")
    assert (areas["low"] > 0).all()
    assert [finding.severity for finding in artifact.findings] == [Severity.INFO] * 3


def test_a_worse_pipeline_is_said_plainly():
    artifact = compared(folds(knows=0.0), models=["majority", "logistic_regression"])

    found = {finding.title: finding.severity for finding in artifact.findings}
    assert artifact.status is Status.PROBLEM
    assert found["A reference model is better: logistic regression"] is Severity.WARNING
    assert found["The pipeline is not shown to beat a reference model: always the class shares"] is Severity.PROBLEM


def test_a_baseline_that_does_as_well_is_a_warning():
    made = folds()
    same = Baselines(models=["logistic_regression"], n_resamples=200)
    evidence = [same.examine(fold) for fold in made]
    for item in evidence:
        p = item["fitted"]["logistic_regression"][0]
        item["table"]["p_1"], item["table"]["p_0"] = p[:, 1], p[:, 0]

    artifact = same.conclude(evidence)

    (finding,) = artifact.findings
    assert finding.severity is Severity.WARNING
    assert finding.title == "The pipeline is not shown to beat a reference model: logistic regression"


def test_the_majority_ranks_nobody_although_its_shares_differ_between_folds():
    table = compared(folds(), models=["majority"]).tables["models"].query("model == 'majority'").set_index("metric")

    assert table.loc["roc_auc", ["value", "low", "high"]].tolist() == [0.5, 0.5, 0.5]
    y = np.concatenate([fold.test.y for fold in folds()])
    assert table.loc["average_precision", "value"] == pytest.approx(y.mean())


def test_differences_are_paired_and_checked_by_delong():
    made = folds()
    artifact = compared(made, models=["hist_gradient_boosting"])
    evidence = [Baselines(models=["hist_gradient_boosting"]).examine(fold) for fold in made]

    row = artifact.tables["differences"].query("metric == 'roc_auc'").iloc[0]
    y = np.concatenate([fold.test.y for fold in made])
    own = np.concatenate([fold.probabilities[:, 1] for fold in made])
    other = np.concatenate([item["fitted"]["hist_gradient_boosting"][0][:, 1] for item in evidence])
    check = delong(y, own, other)
    assert row["difference"] == pytest.approx(check.value)
    assert row["p_delong"] == pytest.approx(check.p)


def test_groups_are_resampled_and_leave_delong_out():
    artifact = compared(folds(group=np.arange(450) // 5), models=["logistic_regression"])

    assert artifact.summary["resampled"] == "groups"
    assert artifact.tables["differences"]["p_delong"].isna().all()


def test_scores_can_be_gated():
    scores = compared(folds(), models=["logistic_regression"]).scores

    assert scores["metric"].tolist() == ["difference.roc_auc", "difference.average_precision", "difference.brier"]
    assert set(scores["subset"]) == {"baseline=logistic_regression"}
    assert scores["low"].notna().all()


def test_images_leave_only_the_majority():
    images = np.zeros((450, 4, 4, 1))

    some = compared(folds(X=images), models=["majority", "logistic_regression"])
    none = compared(folds(X=images), models=["logistic_regression"])

    assert some.summary["models"] == ["majority"]
    assert some.tables["notes"]["folds"].tolist() == ["0, 1, 2"]
    assert none.status is Status.NOT_APPLICABLE
    assert "needs a table" in none.reason


def test_the_same_seed_gives_the_same_artifact_and_it_survives_the_disk(tmp_path):
    one, two = compared(folds()), compared(folds())

    write_artifact(tmp_path / "baselines", one)
    again = read_artifact(tmp_path / "baselines")
    for name, table in one.tables.items():
        pd.testing.assert_frame_equal(two.tables[name], table)
        pd.testing.assert_frame_equal(again.tables[name], table, check_dtype=False)


def test_training_weights_reach_the_baselines():
    made = folds()
    heavy = []
    for fold in made:
        meta = fold.train.meta.assign(weight=1.0 + 9.0 * fold.train.y)
        heavy.append(dataclasses.replace(fold, train=Samples(fold.train.X, fold.train.y, meta)))

    audit = Baselines(models=["logistic_regression"])
    plain, weighted = (audit.examine(part[0])["fitted"]["logistic_regression"][0] for part in (made, heavy))

    assert weighted[:, 1].mean() > plain[:, 1].mean() + 0.1


@pytest.mark.parametrize("models", [[], ["random_forest"], "majority"])
def test_unknown_models_are_refused(models):
    with pytest.raises(ParameterError, match="models must be"):
        Baselines(models=models).examine(folds(n=30)[0])


def with_pipeline(made, sources, numbers=(0, 1, 2)):
    pipeline = SimpleNamespace(feature_sources_=sources, validation_rows_=np.arange(30))
    return [dataclasses.replace(fold, pipeline=pipeline if fold.number in numbers else None) for fold in made]


def leaking():
    """Features of which one tells the label, as a number that carries time would."""
    y = np.empty(450)
    for fold in folds():
        y[fold.test.row_id] = fold.test.y
    noise = np.random.default_rng(1).normal(size=450)
    made = folds(X=pd.DataFrame({"a": noise, "policy": y * 1000.0 + np.arange(450)}))
    return [dataclasses.replace(fold, train=fold.train, test=fold.test) for fold in made]


def test_baselines_do_not_see_a_column_that_the_pipeline_drops():
    areas = {}
    for name, sources in (("dropped", {"a": "a"}), ("kept", {"a": "a", "policy": "policy"})):
        artifact = compared(with_pipeline(leaking(), sources), models=["logistic_regression"])
        areas[name] = artifact.tables["differences"].query("metric == 'roc_auc'")["baseline"].iloc[0]
        assert artifact.summary["columns_left_out"] == (["policy"] if name == "dropped" else [])

    assert areas["kept"] > 0.95
    assert areas["dropped"] < 0.6


def test_what_was_left_out_and_the_validation_rows_are_told():
    artifact = compared(with_pipeline(leaking(), {"a": "a"}, numbers=(0, 2)), models=["majority"])

    notes = artifact.tables["notes"]
    assert notes["note"].tolist() == [
        "policy: the pipeline drops it, left out here too.",
        "They also train on the rows that the pipeline sets aside for validation.",
    ]
    assert notes["folds"].tolist() == ["0, 2", "0, 2"]
    assert artifact.summary["n_set_aside"] == [30, 0, 30]


def test_with_mixtures_no_column_is_left_out_that_may_be_part_of_one():
    artifact = compared(with_pipeline(leaking(), {"pca0": "pca0"}), models=["majority"])

    assert artifact.summary["columns_left_out"] == []
    assert "sees mixtures of columns" in artifact.tables["notes"]["note"].iloc[0]


@pytest.mark.parametrize(
    ("low", "high", "p", "higher", "verdict"),
    [
        (0.01, 0.1, (0.01, 0.02), True, "better"),
        (0.01, 0.1, (0.01, float("nan")), True, "better"),
        (0.0, 0.1, (0.04, 0.04), True, "no clear difference"),
        (0.0001, 0.1, (0.05, 0.04), True, "no clear difference"),
        (0.0001, 0.1, (0.04, 0.06), True, "no clear difference"),
        (-0.1, -0.01, (0.01, 0.01), True, "worse"),
        (-0.1, -0.01, (0.01, float("nan")), False, "better"),
        (float("nan"), float("nan"), (0.01, 0.01), True, "undefined"),
    ],
)
def test_a_difference_needs_both_its_interval_and_its_p_values(low, high, p, higher, verdict):
    assert _verdict(low, high, p, higher) == verdict


def test_a_bound_close_to_zero_is_never_rounded_to_zero():
    row = {
        "metric_title": "AUROC", "pipeline": 0.84, "baseline": 0.83, "difference": 0.01, "low": -0.00012, "high": 0.02,
    }  # fmt: skip

    assert _in_words(row) == "AUROC 0.840 against 0.830, difference +0.010 (-0.00012 to +0.020)"
