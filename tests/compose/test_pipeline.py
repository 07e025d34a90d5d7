import pickle

import numpy as np
import pandas as pd
import pytest
from imblearn.combine import SMOTEENN
from imblearn.over_sampling import RandomOverSampler
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.cluster import KMeans
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from appliedml.compose.pipeline import Pipeline
from appliedml.core.registry import build
from appliedml.core.samples import Samples
from appliedml.core.schema import Schema
from appliedml.errors import ParameterError, StageError


class SpyClassifier(ClassifierMixin, BaseEstimator):
    """Remembers what it was fitted on; predicts the first column."""

    def fit(self, X, y, sample_weight=None, validation_data=None):
        self.seen_, self.y_, self.weight_, self.validation_ = np.asarray(X), y, sample_weight, validation_data
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        score = 1 / (1 + np.exp(-np.asarray(X, dtype=float)[:, 0]))
        return np.column_stack([1 - score, score])

    def predict(self, X):
        return self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]


@pytest.fixture
def data():
    X, y = make_classification(400, 6, weights=[0.85], random_state=1)
    return pd.DataFrame(X, columns=list("abcdef")), y


@pytest.fixture
def samples(data):
    X, y = data
    rng = np.random.default_rng(0)
    meta = pd.DataFrame(
        {
            "row_id": [f"r{i}" for i in range(len(y))],
            "group": rng.integers(0, 80, len(y)),
            "weight": rng.uniform(0.5, 2, len(y)),
            "origin": "observed",
            "sensitive.sex": rng.choice(["f", "m"], len(y)),
        }
    )
    return Samples(X, y, meta, Schema("y", ["sex"], group="group", weight="w"))


def smote():
    return build("stages", {"smote": {"neighbors": 3}})


def test_smote_never_sees_validation_rows(data):
    """Rows kept for early stopping are chosen before resampling, so no synthetic row has one as a neighbour."""
    X, y = data
    pipeline = Pipeline([smote(), SpyClassifier()], validation=0.2).fit(X, y)
    held = X.to_numpy()[pipeline.validation_rows_]
    fitted = {tuple(row) for row in np.round(pipeline.model_.seen_, 9).tolist()}
    assert fitted.isdisjoint({tuple(row) for row in np.round(held, 9).tolist()})
    np.testing.assert_array_equal(np.asarray(pipeline.model_.validation_[0]), held)


def test_marked_rows_are_set_aside_from_every_fit_and_every_refit(samples):
    """Comparisons with other balancing fit anew on the same rows; the marks go with them."""
    marks = np.zeros(len(samples), dtype=bool)
    marks[5::7] = True
    marked = Samples(samples.X, samples.y, samples.meta.assign(validation=marks), samples.schema)
    pipeline = Pipeline([StandardScaler(), smote(), SpyClassifier()], validation=0.5, threshold="f1").fit(marked)

    for fitted in (pipeline, pipeline.with_balancing(None).fit(marked)):
        np.testing.assert_array_equal(fitted.validation_rows_, np.flatnonzero(marks))
        np.testing.assert_array_equal(fitted.model_.validation_[1], samples.y[marks])
        assert fitted.ledger_.loc[0, "n_fitted"] == (~marks).sum()
        assert not set(fitted.fitted_row_ids_["standard_scaler"]) & set(samples.row_id[marks])


def test_another_balancing_that_invents_rows_from_pixels_is_refused():
    pipeline = Pipeline([build("stages", "flatten_images"), LogisticRegression()])
    with pytest.raises(StageError, match="Smote works with distances between rows"):
        pipeline.with_balancing(smote())


def test_transformers_are_fitted_without_the_validation_rows(data):
    X, y = data
    pipeline = Pipeline([StandardScaler(), SpyClassifier()], validation=0.25).fit(X, y)
    fitted = np.setdiff1d(np.arange(len(y)), pipeline.validation_rows_)
    np.testing.assert_allclose(pipeline.steps_[0][1].mean_, X.to_numpy()[fitted].mean(axis=0))


def test_whole_groups_are_set_aside(samples):
    pipeline = Pipeline([SpyClassifier()], validation=0.2).fit(samples)
    held = set(samples.group[pipeline.validation_rows_])
    rest = set(np.delete(samples.group, pipeline.validation_rows_))
    assert held.isdisjoint(rest)
    assert 0.1 < len(pipeline.validation_rows_) / len(samples) < 0.35


def test_the_latest_rows_are_set_aside_when_asked(grouped_claims):
    samples = grouped_claims
    samples.meta["group"] = np.arange(len(samples))
    samples = samples.replace(X=samples.X[["speed"]])
    pipeline = Pipeline([SpyClassifier()], validation=0.2, validation_from="latest").fit(samples)
    held = samples.time.to_numpy()[pipeline.validation_rows_]
    assert held.min() >= np.delete(samples.time.to_numpy(), pipeline.validation_rows_).max()


def test_weights_follow_synthetic_rows(samples):
    pipeline = Pipeline([smote(), SpyClassifier()], validation=0.2).fit(samples)
    weights = pipeline.model_.weight_
    assert len(weights) == len(pipeline.model_.y_) > len(samples) * 0.8
    assert np.isfinite(weights).all()


def test_weights_follow_repeated_rows_of_a_foreign_sampler(samples):
    pipeline = Pipeline([RandomOverSampler(random_state=0), SpyClassifier()]).fit(samples)
    by_row = dict(zip(map(tuple, samples.X.to_numpy()), samples.weight, strict=True))
    expected = [by_row[tuple(row)] for row in pipeline.model_.seen_]
    np.testing.assert_allclose(pipeline.model_.weight_, expected)


def test_a_sampler_that_mixes_removing_and_making_is_refused(data):
    with pytest.raises(StageError, match="Write it as two stages"):
        Pipeline([SMOTEENN(random_state=0), LogisticRegression()]).fit(*data)


def test_class_weights_reach_the_classifier(data):
    X, y = data
    pipeline = Pipeline([build("stages", "class_weights"), SpyClassifier()]).fit(X, y)
    weights = pipeline.model_.weight_
    assert weights[y == 1].sum() == pytest.approx(weights[y == 0].sum())


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ([], "must be a list of stages"),
        ([StandardScaler()], "the last step must predict"),
        ([LogisticRegression(), LogisticRegression()], "must be the last step"),
        ([KMeans(), LogisticRegression()], "more than one verb"),
        ([LinearSVC()], "must have predict_proba"),
    ],
)
def test_wrong_steps_are_refused_at_construction(steps, sentence):
    with pytest.raises(StageError, match=sentence):
        Pipeline(steps)


def test_stages_of_other_rooms_are_sent_there():
    with pytest.raises(StageError, match=r"clean=\[...\]"):
        Pipeline([build("stages", "drop_duplicates"), LogisticRegression()])
    with pytest.raises(StageError, match=r"audits=\[...\]"):
        Pipeline([build("audits", "performance"), LogisticRegression()])


def test_parameters_are_checked_when_fitted(data):
    with pytest.raises(ParameterError, match="Pipeline: validation must be"):
        Pipeline([LogisticRegression()], validation=1.5).fit(*data)


def test_a_chosen_threshold_needs_validation_rows(data):
    with pytest.raises(StageError, match="need validation rows"):
        Pipeline([LogisticRegression()], threshold="f1").fit(*data)


def test_threshold_and_calibration_come_from_the_validation_rows(data):
    X, y = data
    pipeline = Pipeline([LogisticRegression()], validation=0.3, calibration="platt", threshold="f1").fit(X, y)
    assert 0 < pipeline.threshold_ < 1
    found = pipeline.predict(X)
    np.testing.assert_array_equal(found, (pipeline.predict_proba(X)[:, 1] >= pipeline.threshold_).astype(int))
    assert not np.allclose(pipeline.raw_proba(X), pipeline.predict_proba(X))


def test_labels_of_any_kind_come_back(data):
    X, y = data
    names = np.array(["ok", "fraud"])[y]
    pipeline = Pipeline([LogisticRegression()]).fit(X, names)
    assert set(pipeline.predict(X)) <= {"ok", "fraud"}
    assert pipeline.predict_proba(X).dtype == np.float64


def test_several_classes_work_without_a_threshold(data):
    X, _ = data
    y = np.arange(len(X)) % 3
    pipeline = Pipeline([StandardScaler(), LogisticRegression()], validation=0.2, calibration="temperature").fit(X, y)
    assert pipeline.threshold_ is None
    np.testing.assert_allclose(pipeline.predict_proba(X).sum(axis=1), 1)


def test_weights_need_a_classifier_that_takes_them(samples):
    with pytest.raises(StageError, match="takes no sample_weight"):
        Pipeline([KNeighborsClassifier()]).fit(samples)


def test_one_class_is_refused(data):
    with pytest.raises(StageError, match="at least two classes"):
        Pipeline([LogisticRegression()]).fit(data[0], np.zeros(len(data[0])))


def test_columns_are_traced_to_their_source():
    X = pd.DataFrame({"sex": ["f", "m"] * 20, "sex_at_birth": ["f", "m"] * 20})
    pipeline = Pipeline([OneHotEncoder(), LogisticRegression()]).fit(X, [0, 1] * 20)
    assert set(pipeline.feature_sources_.values()) == {"sex", "sex_at_birth"}
    assert pipeline.feature_sources_["sex_at_birth_f"] == "sex_at_birth"


def test_mixtures_are_their_own_source(data):
    pipeline = Pipeline([PCA(2), LogisticRegression()]).fit(*data)
    assert pipeline.feature_sources_ == {"pca0": "pca0", "pca1": "pca1"}


def test_the_fast_way_gives_what_predict_proba_gives(data):
    X, y = data
    pipeline = Pipeline([StandardScaler(), LogisticRegression()], validation=0.2, calibration="isotonic").fit(X, y)
    np.testing.assert_array_equal(pipeline.score_transformed(pipeline.transform_inputs(X)), pipeline.predict_proba(X))


def test_the_ledger_says_what_each_stage_was_fitted_on(samples):
    pipeline = Pipeline([StandardScaler(), smote(), SpyClassifier()], validation=0.2).fit(samples)
    n_fitted = len(samples) - len(pipeline.validation_rows_)
    ledger = pipeline.ledger_.set_index("stage")
    assert ledger.loc["standard_scaler", "n_fitted"] == n_fitted
    assert ledger.loc["smote", "rows_in"] == n_fitted
    assert ledger.loc["smote", "n_synthetic"] == ledger.loc["smote", "rows_out"] - n_fitted > 0


def test_it_clones_and_pickles(data):
    X, y = data
    pipeline = Pipeline([StandardScaler(), LogisticRegression()], validation=0.2, calibration="platt").fit(X, y)
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_array_equal(again.predict_proba(X), pipeline.predict_proba(X))
    fresh = clone(pipeline)
    assert not hasattr(fresh, "steps_")
    assert fresh.get_params()["calibration"] == "platt"


def test_unknown_parameters_are_refused(data):
    with pytest.raises(StageError, match="no parameter 'C'"):
        Pipeline([LogisticRegression()]).set_params(C=3)


def test_two_steps_of_one_kind_have_different_names():
    assert Pipeline([StandardScaler(), StandardScaler(), LogisticRegression()]).names() == [
        "standard_scaler",
        "standard_scaler_2",
        "logistic_regression",
    ]


def test_balancing_can_be_replaced_and_removed():
    pipeline = Pipeline([StandardScaler(), smote(), LogisticRegression(class_weight="balanced")])
    assert pipeline.with_balancing(None).names() == ["standard_scaler", "logistic_regression"]
    assert pipeline.with_balancing(None).steps[-1].class_weight is None
    assert pipeline.with_balancing(build("stages", "class_weights")).names()[1] == "class_weights"
    assert pipeline.names()[1] == "smote"


def test_the_same_seed_gives_the_same_bytes(data):
    X, y = data
    found = [Pipeline([smote(), LogisticRegression()], random_state=3).fit(X, y).predict_proba(X) for _ in range(2)]
    assert found[0].tobytes() == found[1].tobytes()


def test_another_number_of_features_is_refused(data):
    pipeline = Pipeline([LogisticRegression()]).fit(*data)
    with pytest.raises(StageError, match="fitted on 6 features. X has 2"):
        pipeline.predict(data[0][["a", "b"]])
