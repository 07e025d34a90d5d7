from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from appliedml.audits.ablation import AFTER, BEFORE, Ablation
from appliedml.compose.pipeline import Pipeline
from appliedml.core.artifact import Status
from appliedml.core.fold import Fold
from appliedml.core.registry import build
from appliedml.core.samples import Samples
from appliedml.core.texts import Texts
from appliedml.errors import ParameterError
from appliedml.store.run import read_artifact, write_artifact


@pytest.fixture(scope="module")
def rows():
    """600 rows, one in nine positive."""
    rng = np.random.default_rng(0)
    y = (np.arange(600) % 9 == 0).astype(int)
    return Samples(pd.DataFrame({"a": rng.normal(size=600) + 1.2 * y, "b": rng.normal(size=600)}), y)


def make_folds(samples, steps, **settings):
    numbers = np.arange(len(samples))
    folds = []
    for number in range(2):
        train, test = samples.take(numbers[numbers % 2 != number]), samples.take(numbers[numbers % 2 == number])
        pipeline = Pipeline(steps, random_state=1, **settings).fit(train)
        probabilities = pipeline.predict_proba(test)
        codes = pipeline.codes(probabilities)
        folds.append(
            Fold(number, 2, ("no", "yes"), train, test, pipeline, probabilities, codes, 0.5, pipeline.ledger_, number)
        )
    return folds


def conclude(folds, **parameters):
    audit = Ablation(**parameters)
    return audit.conclude([audit.examine(fold) for fold in folds])


def balanced(name="smote"):
    return [StandardScaler(), build("stages", name), LogisticRegression()]


@pytest.fixture(scope="module")
def smote(rows):
    return make_folds(rows, balanced(), validation=0.3, calibration="platt")


def test_smote_moves_predicted_risks_and_calibration_moves_them_back(smote):
    artifact = conclude(smote)

    excess = artifact.tables["variants"].query("metric == 'excess_risk'").set_index(["variant", "stage"])["value"]
    assert excess["chosen", BEFORE] > 0.1 > abs(excess["none", BEFORE])
    assert abs(excess["chosen", AFTER]) < 0.05
    assert "Balancing moves predicted risks, calibration moves them back" in [f.title for f in artifact.findings]
    assert artifact.summary["prevalence"] == pytest.approx(67 / 600)


def test_the_chosen_pipeline_is_not_fitted_again_and_gives_the_folds_own_probabilities(smote):
    evidence = Ablation(variants=["chosen", "none"]).examine(smote[0])

    assert evidence["fits"][0][AFTER] is smote[0].probabilities
    assert evidence["fits"][0]["n_synthetic"] > 0
    assert evidence["fits"][1]["n_synthetic"] == 0


def test_other_variants_are_fitted_on_the_same_rows_as_a_pipeline_written_that_way(smote, rows):
    (plain, *_) = make_folds(rows, [StandardScaler(), LogisticRegression()], validation=0.3, calibration="platt")

    evidence = Ablation().examine(smote[0])

    none = next(fit for fit in evidence["fits"] if fit["name"] == "none")
    np.testing.assert_allclose(none[AFTER], plain.probabilities)


def test_only_the_first_folds_are_used(smote):
    artifact = conclude(smote, max_folds=1)

    assert artifact.summary["folds"] == [0]
    assert artifact.summary["n_rows"] == 300
    assert Ablation(max_folds=1).examine(smote[1]) is None


@pytest.mark.parametrize("grouped", [False, True])
def test_with_many_rows_all_variants_are_fitted_on_the_same_part_and_the_report_says_so(rows, grouped):
    meta = rows.meta.assign(group=np.arange(600) // 4) if grouped else rows.meta
    samples = Samples(rows.X, rows.y, meta, rows.schema)
    folds = make_folds(samples, balanced(), validation=0.3, calibration="platt")
    artifact = conclude(folds, max_rows=150)
    fits = artifact.tables["fits"].pivot(index="fold", columns="variant", values="n_fitted")
    assert (fits["none"] == fits["class_weights"]).all()
    assert artifact.summary["n_train"] == [300, 300]
    assert all(130 < n < 170 for n in artifact.summary["n_train_used"])
    text = artifact.findings[0].text
    assert "also the chosen one" in text and "of 300 in fold 0" in text
    assert conclude(folds, max_rows=300).summary["n_train_used"] == [300, 300]


def test_the_same_seed_gives_the_same_tables_and_they_can_be_stored(smote, tmp_path):
    a, b = conclude(smote, random_state=4), conclude(smote, random_state=4)
    write_artifact(tmp_path / "a", a)

    back = read_artifact(tmp_path / "a")

    for name, table in a.tables.items():
        pd.testing.assert_frame_equal(table, b.tables[name])
        pd.testing.assert_frame_equal(table, back.tables[name], check_dtype=False)


def test_chosen_class_weights_are_fitted_once(rows):
    artifact = conclude(make_folds(rows, balanced("class_weights")), max_folds=1)

    assert artifact.tables["fits"]["variant"].tolist() == ["none", "chosen"]


def test_class_weights_of_the_classifier_count_as_balancing(rows):
    folds = make_folds(rows, [LogisticRegression(class_weight="balanced")])

    artifact = conclude(folds, variants=["none", "chosen"])

    assert artifact.summary["chosen"] == "class_weight of logistic_regression"
    assert artifact.findings[-1].title == "Balancing moves predicted risks"
    assert artifact.status is Status.WARNING


def test_without_calibration_there_is_one_stage(rows):
    variants = conclude(make_folds(rows, balanced()), max_folds=1).tables["variants"]
    assert variants["stage"].unique().tolist() == [BEFORE]


@pytest.mark.parametrize("steps", [[LogisticRegression()], balanced("no_balancing")])
def test_a_pipeline_without_balancing_is_not_applicable(rows, steps):
    artifact = conclude(make_folds(rows, steps))

    assert artifact.status is Status.NOT_APPLICABLE
    assert "no balancing step" in artifact.reason


def test_a_variant_that_cannot_be_fitted_is_said_and_left_out(rows):
    folds = make_folds(rows, [build("stages", "random_over"), KNeighborsClassifier()])

    artifact = conclude(folds, max_folds=1)

    fits = artifact.tables["fits"].set_index("variant")["note"]
    assert "takes no sample_weight" in fits["class_weights"]
    assert artifact.tables["variants"]["variant"].unique().tolist() == ["none", "chosen"]


def test_a_single_variant_left_is_skipped_with_the_reason(rows):
    folds = make_folds(rows, [build("stages", "random_over"), KNeighborsClassifier()])

    artifact = conclude(folds, variants=["class_weights", "chosen"])

    assert artifact.status is Status.SKIPPED
    assert "takes no sample_weight" in artifact.reason


def test_more_than_two_classes_are_compared_without_risks(rows):
    three = rows.replace(y=np.arange(600) % 3)

    artifact = conclude(make_folds(three, [build("stages", "random_over"), LogisticRegression()]), max_folds=1)

    assert set(artifact.tables["variants"]["metric"]) == {"roc_auc", "average_precision", "brier"}
    assert artifact.summary["prevalence"] is None


@pytest.mark.parametrize(
    "parameters", [{"variants": ["none"]}, {"variants": ["none", "smoet"]}, {"max_folds": 0}, {"metrics": ["auc"]}]
)
def test_a_wrong_parameter_is_refused(smote, parameters):
    with pytest.raises(ParameterError, match="Ablation"):
        Ablation(**parameters).examine(smote[0])


def test_repeated_rows_are_one_more_variant_and_not_fitted_twice_where_they_were_chosen(rows, smote):
    wanted = ["none", "random_over", "chosen"]

    other = conclude(smote, variants=wanted, max_folds=1).tables["fits"]
    same = conclude(make_folds(rows, balanced("random_over")), variants=wanted, max_folds=1).tables["fits"]

    assert other["variant"].tolist() == wanted
    assert other.set_index("variant").loc["random_over", ["label", "note"]].tolist() == ["repeated rows", ""]
    assert same["variant"].tolist() == ["none", "chosen"]


def test_texts_are_compared_with_the_same_alternatives():
    """What was chosen may only exist for texts; no balancing, weights and repeated rows do for all inputs."""
    rng = np.random.default_rng(0)
    y = (np.arange(405) % 9 == 0).astype(int)
    texts = [" ".join(rng.choice(["big", "box", "tea", "fast", "bad" if label else "good"], 8)) for label in y]
    steps = [build("stages", {"augment_texts": {"copies": 0, "balance": True}}), TextModel()]

    artifact = conclude(
        make_folds(Samples(Texts(texts), y), steps), variants=["none", "class_weights", "random_over", "chosen"]
    )

    assert artifact.tables["fits"]["note"].tolist() == [""] * 8
    assert artifact.summary["chosen"] == "augment_texts"
    assert artifact.tables["fits"].groupby("variant")["n_synthetic"].min()["chosen"] > 150


class TextModel(ClassifierMixin, BaseEstimator):
    """Counts of words and a logistic regression, as one classifier of texts with weights."""

    def fit(self, X, y, sample_weight=None):
        self.vectorizer_ = CountVectorizer()
        self.model_ = LogisticRegression().fit(self.vectorizer_.fit_transform(X), y, sample_weight)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(self.vectorizer_.transform(X))

    def predict(self, X):
        return self.model_.predict(self.vectorizer_.transform(X))
