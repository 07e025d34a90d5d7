import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from appliedml.errors import DataError, ParameterError, StageError
from appliedml.models.keras_classifier import KerasClassifier

SMALL = {"mlp": {"hidden": [16]}}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.normal(size=400), "b": rng.normal(size=400), "k": rng.choice(list("xyz"), 400)})


@pytest.fixture(scope="module")
def labels(table):
    score = table["a"] + 2 * (table["k"] == "x") + np.random.default_rng(1).normal(size=400) * 0.3
    return np.where(score > 0.7, "yes", "no")


def small(**parameters):
    return KerasClassifier(
        SMALL, **{"epochs": 4, "batch_size": 64, "learning_rate": 0.02, "random_state": 3, **parameters}
    )


EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": (
        "Mini-batches: a row of weight 2 is in one batch, a row given twice in two, so the paths of training differ."
    ),
}


@parametrize_with_checks(
    [KerasClassifier(SMALL, epochs=40, batch_size=32, learning_rate=0.02)],
    expected_failed_checks=lambda _: EXPECTED_FAILURES,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_it_is_a_scikit_learn_classifier(estimator, check):
    check(estimator)


def test_it_learns_from_numbers_and_categories(table, labels):
    model = small(epochs=20).fit(table, labels)
    chances = model.predict_proba(table)

    assert model.classes_.tolist() == ["no", "yes"]
    assert chances.dtype == np.float64
    assert roc_auc_score(labels == "yes", chances[:, 1]) > 0.95
    assert set(model.predict(table)) == {"no", "yes"}


def test_levels_and_columns_of_the_table_are_kept(table, labels):
    model = small().fit(table, labels)
    later = table.assign(k=["new", None, *table["k"][2:]])[["a", "b", "k"]]

    assert model.feature_names_in_.tolist() == ["a", "b", "k"]
    assert np.isfinite(model.predict_proba(later)).all()
    with pytest.raises(ValueError, match="feature names"):
        model.predict(table[["b", "a", "k"]])
    with pytest.raises(DataError, match="Give it a DataFrame"):
        model.predict(np.zeros((2, 3)))


def test_equal_seeds_give_equal_bytes_and_other_seeds_do_not(table, labels):
    first, again, other = (small(random_state=seed).fit(table, labels).predict_proba(table) for seed in (3, 3, 4))

    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


SCRIPT = """
import hashlib, numpy as np
from appliedml.models.keras_classifier import KerasClassifier
rng = np.random.default_rng(0)
X = rng.normal(size=(3000, 20)); y = (X[:, 0] + X[:, 1] > 0).astype(int)
builder = {"mlp": {"dropout": 0.2, "batch_norm": True}}
model = KerasClassifier(builder, epochs=2, batch_size=64, random_state=1).fit(X, y)
print(hashlib.sha256(model.predict_proba(X).tobytes()).hexdigest())
"""


def test_two_processes_of_two_threads_give_equal_bytes(run_python):
    threads = {"TF_NUM_INTRAOP_THREADS": "2", "TF_NUM_INTEROP_THREADS": "2", "TF_CPP_MIN_LOG_LEVEL": "3"}

    assert run_python(SCRIPT, **threads) == run_python(SCRIPT, **threads)


def test_importing_the_class_does_not_import_tensorflow(run_python):
    code = (
        "import sys\n"
        "from appliedml.core import registry\n"
        "from appliedml.models.keras_classifier import KerasClassifier\n"
        "[registry.find('builders', name) for name in registry.names('builders')]\n"
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )

    assert run_python(code).strip() == "[]"


def test_early_stopping_uses_the_rows_it_is_given(table, labels):
    model = small(epochs=60, patience_epochs=2, learning_rate=0.1)
    model.fit(table[:300], labels[:300], validation_data=(table[300:], labels[300:], np.ones(100)))

    assert len(model.history_) < 60
    assert model.best_epoch_ == model.history_["val_loss"].idxmin()


def test_early_stopping_sets_rows_aside_when_it_is_given_none(table, labels):
    model = small(patience_epochs=2, validation_fraction=0.25).fit(table, labels)

    assert {"val_loss", "val_roc_auc", "val_average_precision"} <= set(model.history_)


def test_validation_rows_of_an_unknown_class_are_refused(table, labels):
    with pytest.raises(DataError, match="'maybe', which no training row has"):
        small().fit(table, labels, validation_data=(table[:2], ["yes", "maybe"]))
    with pytest.raises(DataError, match="2 rows and 1 labels"):
        small().fit(table, labels, validation_data=(table[:2], ["yes"]))


def test_members_are_averaged_and_described(table, labels):
    model = small(n_members=2).fit(table, labels)
    facts = model.describe()

    assert facts["n_members"] == 2
    assert facts["epochs_run"] == [4, 4]
    assert facts["n_parameters"] == 2 * model.to_keras().count_params()
    assert facts["layers"][-1] == {"name": "logits", "type": "Dense", "output_shape": [None, 1], "parameters": 17}
    assert facts["trainer"] == "epoch_graph"


@pytest.mark.parametrize(("kind", "plain"), [("Int64", "int64"), ("boolean", "bool")])
def test_nullable_labels_come_back_as_what_they_were(kind, plain, table, labels):
    given = pd.Series(labels == "yes").astype(kind)

    model = small(epochs=1).fit(table, given, validation_data=(table, given))

    assert model.classes_.dtype == model.predict(table).dtype == plain
    assert model.classes_.tolist() == [0, 1]


def test_class_weights_raise_the_rare_class(table, labels):
    plain, weighted = (
        small(class_weight=weight).fit(table, labels).predict_proba(table)[:, 1].mean() for weight in (None, {"yes": 9})
    )

    assert weighted > plain + 0.1


def test_the_compiled_scorer_agrees_with_predict_proba(table, labels):
    model = small().fit(table, labels)

    assert (model.compiled_scorer()(table) == model.predict_proba(table)).all()


def test_it_pickles_and_clones(table, labels):
    model = small().fit(table, labels)
    copy = pickle.loads(pickle.dumps(model))

    assert (copy.predict_proba(table) == model.predict_proba(table)).all()
    assert clone(model).get_params() == model.get_params()


def test_it_saves_and_loads(table, labels, tmp_path):
    model = small().fit(table, labels)
    model.save(tmp_path / "model")

    assert (KerasClassifier.load(tmp_path / "model").predict_proba(table) == model.predict_proba(table)).all()


def test_it_works_in_a_grid_search_and_in_calibration(table, labels):
    search = GridSearchCV(small(), {"learning_rate": [1e-4, 0.05]}, cv=2, scoring="roc_auc").fit(table, labels)
    calibrated = CalibratedClassifierCV(small(), cv=2).fit(table, labels)

    assert search.best_params_ == {"learning_rate": 0.05}
    assert calibrated.predict_proba(table).dtype == np.float64


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")
def test_it_works_in_fairlearns_threshold_optimizer(table, labels):
    from fairlearn.postprocessing import ThresholdOptimizer

    optimizer = ThresholdOptimizer(
        estimator=small(), constraints="demographic_parity", predict_method="predict_proba", prefit=False
    )
    optimizer.fit(table, (labels == "yes").astype(int), sensitive_features=table["k"])

    assert set(optimizer.predict(table, sensitive_features=table["k"], random_state=0)) <= {0, 1}


@pytest.mark.parametrize(
    "parameters, sentence",
    [
        ({"epochs": 0}, "epochs must be"),
        ({"monitor": "auc"}, "monitor must be"),
        ({"optimizer": "addam"}, "Did you mean 'adam'"),
        ({"optimizer": {"adam": {"learning_rate": 0.1}}}, "in one place only"),
        ({"loss": "hinge", "label_smoothing": 0.1}, "Give it inside the loss"),
        ({"precision": "float16"}, "precision must be"),
        ({"schedule": {}}, "schedule must be"),
    ],
)
def test_broken_parameters_are_named(parameters, sentence, table, labels):
    with pytest.raises(ParameterError, match=sentence):
        small(**parameters).fit(table, labels)


def test_a_builder_that_is_not_there_is_named(table, labels):
    with pytest.raises(StageError, match="Did you mean 'mlp'"):
        KerasClassifier("mpl").fit(table, labels)
    (problem,) = KerasClassifier.problems_in({"builder": {"mlp": {"width": 3}}}, "pipeline[0]")
    assert problem.where == "pipeline[0].builder"
    assert "no parameter 'width'" in problem.what


def test_a_label_loss_is_refused_where_labels_are_not_trained_on(table, labels):
    with pytest.raises(StageError, match="not trained on labels"):
        KerasClassifier("autoencoder", loss="focal").fit(table, labels)


def test_verbose_writes_a_line_an_epoch(table, labels, capsys):
    small(verbose=1, epochs=2).fit(table, labels)

    assert len(capsys.readouterr().out.splitlines()) == 2


def test_any_metric_is_reported_and_can_be_monitored(table, labels):
    model = small(epochs=30, metrics=["precision", "recall"], monitor="val_precision", patience_epochs=2)
    model.fit(table[:300], labels[:300], validation_data=(table[300:], labels[300:]))

    assert {"precision", "val_precision", "recall", "val_recall"} <= set(model.history_)
    assert model.best_epoch_ == model.history_["val_precision"].idxmax()
    assert len(model.history_) == min(30, model.best_epoch_ + 3)


def test_objects_of_keras_are_never_shared_or_changed(table, labels):
    import keras

    optimizer, loss = keras.optimizers.Adam(0.02), keras.losses.BinaryFocalCrossentropy(gamma=1.0)
    model = small(optimizer=optimizer, learning_rate=None, loss=loss, metrics=[keras.metrics.AUC()])
    copy = clone(model).fit(table, labels)
    model.fit(table, labels)

    assert not optimizer.built
    assert (copy.predict_proba(table) == model.predict_proba(table)).all()
    assert (pickle.loads(pickle.dumps(model)).predict_proba(table) == model.predict_proba(table)).all()
    facts = model.describe()
    assert facts["learning_rate"] == 0.02
    assert facts["loss"]["binary_focal_crossentropy"]["gamma"] == 1.0
    assert facts["optimizer"]["adam"]["beta_1"] == 0.9


def test_a_function_is_a_loss(table, labels):
    import keras

    def brier(y_true, y_pred):
        return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)

    one = small(loss=brier).fit(table, labels)
    other = small(loss="mean_squared_error").fit(table, labels)

    assert one.history_["loss"].to_numpy() == pytest.approx(other.history_["loss"].to_numpy(), rel=1e-5)
    assert one.describe()["loss"] == "brier"


def test_numbers_in_text_are_numbers_in_an_array_and_in_a_table_a_category_with_a_warning():
    numbers = np.random.default_rng(0).normal(size=(60, 2))
    y = (numbers[:, 0] > 0).astype(int)
    as_numbers, as_text = (small(epochs=1).fit(x, y).predict_proba(x) for x in (numbers, numbers.astype(str)))
    table = pd.DataFrame(numbers.astype(str), columns=["a", "b"])

    np.testing.assert_allclose(as_text, as_numbers, rtol=1e-5)
    with pytest.warns(UserWarning, match="KerasClassifier: text is a category, and the text of 'a', 'b' reads as"):
        model = small(epochs=1).fit(table, y)
    assert model.encoder_.describe() == {"n_numbers": 0, "n_categories": 2}
