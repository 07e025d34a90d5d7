import json

import numpy as np
import pandas as pd
import pytest

from appliedml.audits.performance import Performance
from appliedml.core.artifact import Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.samples import Samples
from appliedml.errors import ParameterError
from appliedml.metrics.classification import METRICS
from appliedml.store.run import read_artifact, write_artifact


def folds(n=600, n_classes=2, n_folds=3, separation=1.5, threshold=0.5, group=None, seed=0, share=0.4):
    """Folds whose test rows are scored by a known model; nothing is fitted."""
    rng = np.random.default_rng(seed)
    weights = np.full(n_classes, (1 - share) / (n_classes - 1))
    weights[-1] = share
    y = rng.choice(n_classes, n, p=weights)
    z = rng.normal(size=(n, n_classes)) + separation * np.eye(n_classes)[y]
    p = weights * np.exp(z) / (weights * np.exp(z)).sum(axis=1, keepdims=True)
    meta = {"row_id": np.arange(n), "origin": "observed"} | ({} if group is None else {"group": group})
    samples = Samples(pd.DataFrame({"a": z[:, 0]}), y, pd.DataFrame(meta))
    out = []
    for number in range(n_folds):
        test = np.flatnonzero(np.arange(n) % n_folds == number)
        train = np.flatnonzero(np.arange(n) % n_folds != number)
        called = (p[test, 1] >= threshold).astype(int) if n_classes == 2 else p[test].argmax(axis=1)
        out.append(
            Fold(
                number=number, n_folds=n_folds, classes=tuple("abcdef"[:n_classes]), train=samples[train],
                test=samples[test], pipeline=None, probabilities=p[test], predictions=called,
                threshold=threshold if n_classes == 2 else None, ledger=pd.DataFrame(), seed=7,
            )
        )  # fmt: skip
    return out


def performed(made, **parameters):
    audit = Performance(n_resamples=200, **parameters)
    return audit.conclude([audit.examine(fold) for fold in made])


def titles(artifact, *severities):
    return {finding.title for finding in artifact.findings if not severities or finding.severity in severities}


def test_pooled_measures_have_intervals_and_folds_have_none():
    made = folds()
    artifact = performed(made)

    scores = artifact.scores
    pooled = scores[scores["fold"] == -1].set_index("metric")
    assert set(pooled.index) == set(METRICS) - {"cost"}
    assert (pooled["low"] <= pooled["value"]).all()
    assert (pooled["value"] <= pooled["high"]).all()
    y = np.concatenate([fold.test.y for fold in made])
    p = np.concatenate([fold.probabilities[:, 1] for fold in made])
    assert pooled.loc["roc_auc", "value"] == METRICS["roc_auc"](y, p)
    by_fold = scores[scores["fold"] >= 0]
    assert by_fold["low"].isna().all()
    assert len(by_fold) == 3 * len(pooled)


def test_groups_are_resampled_whole():
    group = np.arange(600) // 30

    grouped, plain = performed(folds(group=group)), performed(folds())

    assert grouped.summary["resampled"] == "groups"
    assert grouped.summary["n_groups"] == 20
    assert not grouped.scores["low"].equals(plain.scores["low"])
    assert grouped.scores["value"].equals(plain.scores["value"])


def test_the_tables_tell_one_story():
    artifact = performed(folds(), costs={"false_negative": 20, "false_positive": 1})
    tables = artifact.tables

    counts = tables["confusion"].query("fold == -1").set_index(["true", "predicted"])["n"]
    row = tables["thresholds"].query("in_use").iloc[0]
    assert row["threshold"] == 0.5
    assert (row["true_positive"], row["false_positive"]) == (counts["b", "b"], counts["a", "b"])
    value = tables["metrics"].set_index("metric")["value"]
    assert value["cost"] == pytest.approx((20 * counts["b", "a"] + counts["a", "b"]) / 600)
    assert value["precision"] == pytest.approx(row["precision"])
    assert tables["confusion"].query("fold >= 0")["n"].sum() == 600
    assert tables["histogram"]["n"].sum() == 600
    assert max(len(tables["roc"]), len(tables["precision_recall"])) <= 202
    assert (tables["decision_curve"]["threshold"] < 1).all()


def test_several_classes_are_measured_one_against_the_rest():
    artifact = performed(folds(n_classes=4))

    assert set(artifact.tables["metrics"]["metric"]).isdisjoint({"selection_rate", "cost"})
    assert artifact.tables["by_class"]["class"].tolist() == ["a", "b", "c", "d"]
    assert set(artifact.tables["roc"]["class"]) == set("abcd")
    assert "thresholds" not in artifact.tables
    assert len(artifact.tables["confusion"].query("fold == -1")) == 16


def test_scores_without_information_are_a_problem():
    artifact = performed(folds(separation=0.0))

    assert artifact.status is Status.PROBLEM
    assert "No evidence that the scores separate the classes" in titles(artifact, Severity.PROBLEM)


def test_almost_perfect_scores_raise_suspicion():
    assert "Almost perfect scores" in titles(performed(folds(separation=12.0)), Severity.WARNING)


def test_a_threshold_that_calls_nobody_or_everybody_is_a_problem():
    assert "The model never calls a row positive" in titles(performed(folds(threshold=1.0)), Severity.PROBLEM)
    assert "The model calls every row positive" in titles(performed(folds(threshold=0.0)), Severity.PROBLEM)


def test_few_rows_of_a_class_and_a_useless_accuracy_are_said():
    found = titles(performed(folds(n=400, share=0.05, threshold=0.03)))

    assert {"Few rows of the rarer class", "Accuracy does not beat a constant answer"} <= found


def test_the_spread_of_folds_is_never_called_an_interval():
    (finding,) = [item for item in performed(folds()).findings if item.title == "How much the folds differ"]

    assert "no confidence interval" in finding.text


def test_one_class_in_the_test_rows_is_a_warning_not_a_crash():
    made = folds(n=60)
    for fold in made:
        fold.test.y[:] = 0

    artifact = performed(made)

    assert "Some measures are undefined" in titles(artifact, Severity.WARNING)
    row = artifact.tables["metrics"].set_index("metric").loc["roc_auc"]
    assert np.isnan(row["value"])
    assert row["note"].startswith("undefined: ")


def test_only_the_measures_asked_for_are_reported_and_others_named():
    artifact = performed(folds(n_classes=3), metrics=["roc_auc", "selection_rate"])

    assert artifact.tables["metrics"]["metric"].tolist() == ["roc_auc"]
    assert artifact.summary["left_out"] == ["selection_rate"]


def test_the_same_folds_give_the_same_artifact_and_it_survives_the_disk(tmp_path):
    one, two = performed(folds()), performed(folds())

    pd.testing.assert_frame_equal(one.scores, two.scores)
    json.dumps(one.summary)
    write_artifact(tmp_path / "performance", one)
    again = read_artifact(tmp_path / "performance")
    for name, table in one.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table, check_dtype=False)


@pytest.mark.parametrize(
    "parameters",
    [{"metrics": ["auc"]}, {"metrics": []}, {"confidence": 1.0}, {"costs": {"false_negative": 1}}, {"n_resamples": 10}],
)
def test_wrong_parameters_are_refused(parameters):
    with pytest.raises(ParameterError):
        Performance(**parameters).examine(folds(n=30)[0])
