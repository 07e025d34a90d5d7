import copy
import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from appliedml.core.params import broken_rules
from appliedml.core.registry import entry_of
from appliedml.errors import ParameterError, StageError
from appliedml.models._callbacks import CallbackList, Watchers, watches_batches
from appliedml.models.keras_classifier import KerasClassifier

callbacks = keras.callbacks
RNG = np.random.default_rng(0)
X = RNG.normal(size=(160, 3))
Y = (X[:, 0] > 0).astype(int)


def fitted(given, **parameters):
    settings = {"epochs": 4, "batch_size": 40, "learning_rate": 0.02, "random_state": 1, **parameters}
    model = KerasClassifier({"mlp": {"hidden": [4]}}, callbacks=given, **settings)
    return model.fit(X, Y, validation_data=(X, Y))


@pytest.mark.parametrize(
    "callback, watches",
    [
        (callbacks.EarlyStopping(), False),
        (callbacks.ModelCheckpoint("x.keras"), False),
        (callbacks.ModelCheckpoint("x.keras", save_freq=10), True),
        (callbacks.TensorBoard("logs"), False),
        (callbacks.TensorBoard("logs", update_freq="batch"), True),
        (callbacks.CSVLogger("x.csv"), False),
        (callbacks.TerminateOnNaN(), True),
        (callbacks.LambdaCallback(on_epoch_end=print), False),
        (callbacks.LambdaCallback(on_train_batch_end=print), True),
    ],
)
def test_it_is_known_which_callbacks_watch_batches(callback, watches):
    assert watches_batches(callback) is watches


class Scores(callbacks.Callback):
    """What the weights are at each epoch, through the model's own eyes."""

    def on_train_begin(self, logs=None):
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        log = open_log[self.which]
        log.append((epoch, sorted(logs), float(np.abs(self.model.get_weights()[0]).sum())))

    def __init__(self, which):
        super().__init__()
        self.which = which


open_log = {"compiled": [], "keras": []}


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_standard_callbacks_do_the_same_in_compiled_epochs_as_in_model_fit(tmp_path):
    def given(which):
        folder = tmp_path / which
        folder.mkdir()
        return [
            callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5 if epoch else rate),
            callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=1, min_delta=10.0),
            callbacks.EarlyStopping(monitor="val_precision", patience=2, min_delta=10.0),
            callbacks.CSVLogger(str(folder / "log.csv")),
            callbacks.ModelCheckpoint(str(folder / "{epoch}.keras"), monitor="val_loss", save_best_only=True),
            Scores(which),
        ]

    one, other = (fitted(given(name), metrics=["precision"], trainer=name) for name in ("compiled", "keras"))

    assert (one.mode_, other.mode_) == ("epoch_graph", "keras")
    np.testing.assert_allclose(one.history_.to_numpy(), other.history_.to_numpy(), rtol=1e-4)
    assert len(one.history_) == 3
    assert one.history_["learning_rate"].tolist() == pytest.approx([0.02, 0.01, 0.0025])
    logs = [np.genfromtxt(tmp_path / name / "log.csv", delimiter=",", skip_header=1) for name in ("compiled", "keras")]
    np.testing.assert_allclose(logs[0], logs[1], rtol=1e-4)
    for mine, its in zip(open_log["compiled"], open_log["keras"], strict=True):
        assert mine[:2] == its[:2]
        assert mine[2] == pytest.approx(its[2], rel=1e-4)
    saved = sorted(path.name for path in (tmp_path / "compiled").glob("*.keras"))
    assert saved == sorted(path.name for path in (tmp_path / "keras").glob("*.keras")) != []
    last = keras.saving.load_model(tmp_path / "compiled" / "3.keras")
    chances = 1 / (1 + np.exp(-last({"numbers": X.astype("float32")}).numpy()[:, 0]))
    assert chances == pytest.approx(one.predict_proba(X)[:, 1], abs=1e-5)


class StopInTheMiddle(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = batch == 2


def test_a_callback_that_watches_batches_makes_training_go_by_steps():
    one, other = (fitted([StopInTheMiddle()], trainer=trainer) for trainer in ("auto", "keras"))

    assert (one.mode_, other.mode_) == ("step_graph", "keras")
    assert len(one.history_) == len(other.history_) == 1
    np.testing.assert_allclose(one.history_.to_numpy(), other.history_.to_numpy(), rtol=1e-4)


class Count(callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1


@pytest.mark.parametrize("trainer", ["compiled", "keras"])
def test_the_callbacks_given_hold_their_records_after_a_fit(trainer):
    """As after ``model.fit(callbacks=[history])``."""
    history, mine, rows = callbacks.History(), Count(), []
    logger = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: rows.append(logs["loss"]))

    model = fitted([history, mine, logger], epochs=3, trainer=trainer)

    assert history.history["val_loss"] == model.history_["val_loss"].tolist()
    assert history.epoch == [0, 1, 2]
    assert mine.epochs == 3
    assert rows == model.history_["loss"].tolist()
    assert model.callbacks == [history, mine, logger]
    # The network behind the program is soon that of another training.
    assert mine.model is None


def test_every_member_gets_its_own_callbacks():
    mine, made = Count(), []

    def factory():
        made.append(Count())
        return made[-1]

    fitted([mine], epochs=1, n_members=2)
    fitted(factory, epochs=2, n_members=2)

    assert mine.epochs == 0
    assert [one.epochs for one in made] == [2, 2]


def test_a_clone_has_callbacks_as_they_were_before_any_training(tmp_path):
    """A closed file of a CSVLogger cannot be copied, and records of one training are none of another."""
    model = fitted([Count(), callbacks.CSVLogger(str(tmp_path / "log.csv"))], epochs=1)
    model.fit(X, Y)

    fresh = clone(model)

    assert model.callbacks[0].epochs == 2
    assert fresh.callbacks[0].epochs == 0
    assert clone(KerasClassifier(callbacks=[model.callbacks[0]])).callbacks[0] is not model.callbacks[0]
    fresh.fit(X, Y)
    assert (fresh.callbacks[0].epochs, model.callbacks[0].epochs) == (1, 2)
    fresh.callbacks.append(Count())
    assert [one.epochs for one in clone(fresh).callbacks[::2]] == [0, 0]


def test_a_search_leaves_the_callbacks_given_alone_and_its_best_model_has_records():
    mine = Count()
    model = KerasClassifier({"mlp": {"hidden": [4]}}, epochs=1, random_state=1, callbacks=[mine])

    found = GridSearchCV(model, {"batch_size": [40, 80]}, cv=2).fit(X, Y)

    assert mine.epochs == 0
    assert found.best_estimator_.callbacks[0].epochs == 1


def test_records_come_through_a_pickle_and_what_a_pickle_cannot_hold_comes_as_it_was_given(tmp_path):
    model = fitted([Count(), callbacks.CSVLogger(str(tmp_path / "log.csv"))], epochs=2)

    for through in (copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))):
        found = through(model)
        assert found.callbacks[0].epochs == 2
        assert found.callbacks[1].filename == str(tmp_path / "log.csv")
        assert clone(found).callbacks[0].epochs == 0
        np.testing.assert_array_equal(found.predict_proba(X), model.predict_proba(X))


class Uncopied(callbacks.Callback):
    epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1

    def __deepcopy__(self, memo):
        raise TypeError("a lock")


def test_what_cannot_be_copied_is_trained_with_once_and_refused_where_copies_are_needed():
    mine = Uncopied()
    model = fitted([mine], epochs=1)

    assert mine.epochs == 1
    for needs_copies in (lambda: clone(model), lambda: fitted([mine], epochs=1, n_members=2)):
        with pytest.raises(ParameterError, match="Give a function that makes them"):
            needs_copies()


class Rate(callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.optimizer.learning_rate = 0.5


def test_two_that_set_the_learning_rate_are_refused():
    with pytest.raises(StageError, match="a callback sets the learning rate"):
        fitted([Rate()], schedule="cosine")


def test_what_is_no_callback_is_refused():
    assert broken_rules("KerasClassifier", {"callbacks": CallbackList()}, {"callbacks": ["early_stopping"]})
    assert broken_rules("KerasClassifier", {"callbacks": CallbackList()}, {"callbacks": None}) == []
    with pytest.raises(ParameterError, match="must return a keras"):
        Watchers(lambda: 3)


def test_a_plan_holds_no_callbacks():
    with pytest.raises(StageError, match="a plan file cannot hold callbacks"):
        entry_of(KerasClassifier(callbacks=[Count()]))


class RateAtFirstBatch(callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        if batch == 1:
            self.model.optimizer.learning_rate = 0.5


class RateAfterBatch(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.model.optimizer.learning_rate = 0.5 / (batch + 1)


@pytest.mark.parametrize("callback", [RateAtFirstBatch, RateAfterBatch])
def test_a_learning_rate_set_at_a_batch_holds_from_there_on_in_both_ways_to_train(callback):
    one, other = (fitted([callback()], trainer=trainer) for trainer in ("auto", "keras"))
    plain = fitted(None)

    assert (one.mode_, other.mode_) == ("step_graph", "keras")
    np.testing.assert_allclose(one.history_.to_numpy(), other.history_.to_numpy(), rtol=1e-4)
    assert one.history_["learning_rate"].iloc[-1] == (0.5 if callback is RateAtFirstBatch else 0.125)
    assert abs(one.history_["loss"] - plain.history_["loss"]).max() > 0.05


@pytest.mark.parametrize("trainer", ["auto", "keras"])
def test_a_rate_set_at_a_batch_beside_a_schedule_is_refused(trainer):
    with pytest.raises(StageError, match="a callback sets the learning rate"):
        fitted([RateAtFirstBatch()], schedule="cosine", trainer=trainer)


class ValidationBatches(callbacks.Callback):
    def __init__(self, seen):
        super().__init__()
        self.see = seen.append

    def on_test_batch_begin(self, batch, logs=None):
        self.see(batch)

    def on_test_batch_end(self, batch, logs=None):
        self.see(logs)


@pytest.mark.parametrize("trainer", ["auto", "keras"])
def test_batches_of_validation_rows_are_told(trainer):
    seen = []
    model = fitted(lambda: ValidationBatches(seen), trainer=trainer, epochs=1, metrics=["accuracy"])

    assert seen[0] == 0
    assert seen[1]["loss"] == pytest.approx(model.history_["val_loss"][0], rel=1e-5)
    assert seen[1]["accuracy"] == pytest.approx(model.history_["val_accuracy"][0], rel=1e-5)


@pytest.mark.parametrize(
    "callback, words",
    [
        (callbacks.EarlyStopping(), "EarlyStopping waits for 'val_loss'"),
        (callbacks.ReduceLROnPlateau(monitor="val_auc"), "It reports loss, learning_rate"),
        (callbacks.ModelCheckpoint("x.keras", save_best_only=True), "ModelCheckpoint waits"),
    ],
)
def test_a_callback_that_would_wait_for_ever_is_refused(callback, words):
    with pytest.raises(ParameterError, match=words):
        KerasClassifier(epochs=1, callbacks=[callback]).fit(X, Y)
    KerasClassifier({"mlp": {"hidden": []}}, epochs=1, callbacks=[callbacks.EarlyStopping("loss")]).fit(X, Y)


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
@pytest.mark.parametrize("trainer", ["auto", "keras"])
def test_the_best_epoch_is_that_whose_weights_early_stopping_has_put_back(trainer):
    stop = callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    model = KerasClassifier(
        {"mlp": {"hidden": [4]}}, epochs=9, learning_rate=0.1, random_state=1, callbacks=[stop], trainer=trainer
    )
    model.fit(X, Y, validation_data=(X, 1 - Y))
    until = clone(model).set_params(epochs=1, callbacks=None).fit(X, Y)

    assert (model.best_epoch_, len(model.history_)) == (0, 3)
    assert (model.predict_proba(X) == until.predict_proba(X)).all()


@pytest.mark.parametrize(
    "given, words",
    [
        ([callbacks.EarlyStopping], r"EarlyStopping is a class: write \[EarlyStopping\(\)\]"),
        (callbacks.EarlyStopping, "is a class"),
        (callbacks.EarlyStopping(), "Write it in a list"),
    ],
)
def test_what_was_meant_by_callbacks_is_said(given, words):
    with pytest.raises(ParameterError, match=words):
        KerasClassifier(callbacks=given).fit(X, Y)
