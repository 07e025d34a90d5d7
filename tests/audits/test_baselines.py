import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from appliedml.audits.baselines import Baselines
from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Severity, Status
from appliedml.core.fold import Fold
from appliedml.core.images import Images
from appliedml.core.registry import build, entry_of, problems_of
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.errors import ParameterError, StageError
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
    # It ranks as badly as the shares do, and its probabilities are measurably worse.
    assert found["A reference model is better on Brier score: always the class shares"] is Severity.PROBLEM


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


def test_a_bare_array_of_pictures_leaves_only_the_majority():
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


def test_the_models_of_the_kind_of_inputs_are_the_default():
    rng = np.random.default_rng(0)
    pictures = Images.of(rng.integers(0, 256, (450, 20, 20)))
    texts = Texts(rng.choice(["good thing", "bad thing", "no thing"], 450))

    found = [compared(folds(X=X), models=None).summary["models"] for X in (None, pictures, texts)]

    assert found == [
        ["majority", "logistic_regression", "hist_gradient_boosting"],
        ["majority", "thumbnail_logistic_regression"],
        ["majority", "tfidf_logistic_regression"],
    ]


def test_with_several_classes_accuracy_makes_the_headline():
    made = []
    for fold in folds():
        three = [part.replace(y=np.where(part.X["a"] > 1.5, 2, part.y)) for part in (fold.train, fold.test)]
        p = np.eye(3)[three[1].y] * 0.7 + 0.1
        parts = {"train": three[0], "test": three[1], "probabilities": p, "predictions": three[1].y}
        made.append(dataclasses.replace(fold, classes=("a", "b", "c"), threshold=None, **parts))

    artifact = compared(made, models=["majority", "logistic_regression"])

    assert artifact.summary["decides"] == "accuracy"
    accuracy = artifact.tables["differences"].query("metric == 'accuracy'").set_index("model")
    majority = max((item.test.y == code).mean() for item in made for code in range(3))
    assert accuracy.loc["majority", "pipeline"] == 1.0
    assert accuracy.loc["majority", "baseline"] == pytest.approx(majority, abs=0.1)
    assert "difference.accuracy" in set(artifact.scores["metric"])


def test_another_pipeline_is_compared_on_the_same_rows():
    made = []
    for fold in folds():
        pipeline = Pipeline([FunctionTransformer(_numbers), LogisticRegression()], validation=0.2, random_state=3)
        made.append(dataclasses.replace(fold, pipeline=pipeline.fit(fold.train)))
    tree = {"shallow_tree": ["impute_missing", "encode_categories", {"decision_tree_classifier": {"max_depth": 3}}]}

    artifact = compared(made, models=["majority", tree])

    assert artifact.summary["models"] == ["majority", "shallow_tree"]
    assert artifact.summary["pipelines"] == {
        "shallow_tree": "impute_missing, encode_categories, decision_tree_classifier"
    }
    assert "baseline=shallow_tree" in set(artifact.scores["subset"])
    rows = artifact.tables["models"].query("metric == 'roc_auc'").set_index("model")
    assert rows.loc["shallow_tree", "title"] == "Pipeline shallow tree"
    assert 0.6 < rows.loc["shallow_tree", "value"] < rows.loc["pipeline", "value"]
    said = artifact.tables["notes"].set_index("note")["title"]
    assert said["They also train on the rows that the pipeline sets aside for validation."] == (
        "All reference models but other pipelines"
    )


def _numbers(table):
    return table[["a"]]


def test_wrong_pipelines_are_found_before_anything_runs():
    entry = {"baselines": {"models": [{"mine": ["standard_scalar", "logistic_regression"]}, {"mine": ["pca"]}]}}

    problems = {str(problem.where): problem.what for problem in problems_of("audits", entry, "audits[0]")}

    assert problems["audits[0].models[0].mine[0]"].startswith("'standard_scalar' is not a stage")
    assert problems["audits[0].models[1].mine"].startswith("must end with a classifier")
    assert "listed twice" in problems["audits[0].models"]
    with pytest.raises(StageError, match="must end with a classifier"):
        Baselines(models=[{"mine": ["pca"]}]).examine(folds(n=30)[0])


def test_a_plan_can_hold_pipelines_to_compare():
    audit = Baselines(models=["majority", {"wide": [{"logistic_regression": {"C": 2.0}}]}])

    assert build("audits", entry_of(audit)).get_params() == audit.get_params()


@pytest.mark.parametrize("models", [[], ["random_forest"], "majority", [{"majority": ["pca"]}]])
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
