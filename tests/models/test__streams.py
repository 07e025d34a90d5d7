import keras
import numpy as np
import pytest
import tensorflow as tf

from appliedml.errors import DataError
from appliedml.models._streams import is_stream, n_batches, raw_batches, stream_codes
from appliedml.models.keras_classifier import KerasClassifier

RNG = np.random.default_rng(0)
X = RNG.normal(size=(130, 3)).astype(np.float32)
Y = np.where(X[:, 0] > 0, "yes", "no")
W = RNG.uniform(0.5, 1.5, 130).astype(np.float32)


class Batches(keras.utils.PyDataset):
    def __init__(self, *arrays, size=40):
        super().__init__()
        self.arrays, self.size, self.epochs = arrays, size, 0

    def __len__(self):
        return -(-len(self.arrays[0]) // self.size)

    def __getitem__(self, index):
        return tuple(array[index * self.size : (index + 1) * self.size] for array in self.arrays)

    def on_epoch_end(self):
        self.epochs += 1


def dataset(*arrays, size=40):
    return tf.data.Dataset.from_tensor_slices(arrays).batch(size)


def fitted(source, builder=None, classes=None, validation=None, **parameters):
    settings = {"epochs": 3, "learning_rate": 0.02, "random_state": 1, **parameters}
    model = KerasClassifier(builder or {"mlp": {"hidden": [4]}}, **settings)
    return model.fit(source, classes=classes, validation_data=validation)


@pytest.mark.parametrize("make", [Batches, dataset])
def test_a_stream_trains_by_steps_and_agrees_with_model_fit(make):
    """Batches of the stream in its order; losses agree to 1e-4."""
    source, held = make(X, Y, W), make(X[:50], Y[:50])
    settings = {"validation": held, "metrics": ["accuracy"], "class_weight": "balanced", "patience_epochs": 2}
    steps, plain = (fitted(source, trainer=trainer, **settings) for trainer in ("auto", "keras"))

    assert (steps.mode_, plain.mode_) == ("step_graph", "keras")
    assert steps.classes_.tolist() == ["no", "yes"]
    np.testing.assert_allclose(steps.history_.to_numpy(), plain.history_.to_numpy(), rtol=1e-4)
    chances = steps.predict_proba(make(X))
    assert (chances == steps.predict_proba(X)).all()
    assert (steps.predict(source) == steps.classes_[chances.argmax(axis=1)]).all()


def test_a_stream_does_what_the_same_rows_in_memory_do(monkeypatch):
    """A row order that changes nothing, so that both see the same batches."""
    monkeypatch.setattr("appliedml.models._epochs.epoch_order", lambda seed, epoch, n_rows: np.arange(n_rows))
    streamed = fitted(Batches(X, Y, W), class_weight={"yes": 2.0})
    settings = {"epochs": 3, "learning_rate": 0.02, "random_state": 1, "batch_size": 40, "class_weight": {"yes": 2.0}}
    memory = KerasClassifier({"mlp": {"hidden": [4]}}, **settings).fit(X, Y, W)

    np.testing.assert_allclose(streamed.history_.to_numpy(), memory.history_.to_numpy(), rtol=1e-4)


def test_known_classes_save_the_pass_that_learns_them():
    one, other = Batches(X, Y), Batches(X, Y)
    fitted(one)
    fitted(other, classes=["yes", "no"])

    assert (one.epochs, other.epochs) == (4, 3)


def test_pictures_stream_too():
    pixels = RNG.integers(0, 256, (60, 6, 6, 1)).astype(np.uint8)
    labels = (pixels.mean(axis=(1, 2, 3)) > 127).astype(int)
    model = fitted(Batches(pixels, labels, size=20), {"cnn": {"filters": [4]}}, epochs=1)

    assert (model.predict_proba(Batches(pixels, size=20)) == model.predict_proba(pixels)).all()


@pytest.mark.parametrize(
    "make, parameters, sentence",
    [
        (lambda: dataset(X, Y).repeat(), {}, "a stream must end"),
        (lambda: Batches(X), {}, "y is missing"),
        (lambda: Batches(X, np.eye(2)[(Y == "yes").astype(int)]), {}, "not one-hot"),
        (lambda: Batches(X, Y), {"classes": ["no", "maybe"]}, "holds the class 'yes'"),
        (lambda: Batches(X, np.full(130, "yes")), {}, "at least two classes"),
        (lambda: Batches(X, Y), {"patience_epochs": 2}, "Give validation_data"),
        (lambda: Batches(X, Y), {"embed_numbers_up_to": 4}, "in memory"),
        (lambda: Batches(X, Y), {"builder": "autoencoder"}, "in memory"),
        (lambda: dataset(X[:0], Y[:0]), {}, "no rows"),
        (lambda: tf.data.Dataset.from_tensor_slices(({"a": X}, Y)).batch(5), {}, "one array x"),
    ],
)
def test_streams_that_cannot_be_trained_on_say_why(make, parameters, sentence):
    with pytest.raises(DataError, match=sentence):
        fitted(make(), **parameters)


def test_labels_beside_a_stream_and_classes_beside_rows_are_refused():
    with pytest.raises(DataError, match="Leave y and sample_weight out"):
        KerasClassifier().fit(Batches(X, Y), Y)
    with pytest.raises(DataError, match="classes is for datasets"):
        KerasClassifier().fit(X, Y, classes=["no", "yes"])


def test_sizes_and_labels_of_streams():
    assert is_stream(dataset(X)) and is_stream(Batches(X)) and not is_stream([X])
    assert (n_batches(dataset(X)), n_batches(Batches(X)), n_batches(dataset(X).repeat())) == (4, 4, -1)
    assert n_batches(dataset(X).filter(lambda x: True)) is None
    assert [len(x) for x, _, _ in raw_batches(Batches(X))] == [40, 40, 40, 10]
    assert stream_codes(np.array([[b"b"], [b"a"]]), np.array(["a", "b"]), 2).tolist() == [1, 0]


def test_quantiles_of_a_stream_are_those_of_its_first_rows():
    builder = {"mlp": {"hidden": [4], "numeric_embedding": "piecewise", "numeric_bins": 4}}
    streamed = fitted(Batches(X, Y), builder, epochs=1)
    memory = KerasClassifier(builder, epochs=1, batch_size=40, random_state=1).fit(X, Y)
    kept = [[v.numpy() for v in model.to_keras().variables if "edges" in v.path] for model in (streamed, memory)]

    assert len(kept[0]) == len(kept[1]) > 0
    assert all((one == other).all() for one, other in zip(*kept, strict=True))


class Told(Batches):
    """Keeps count of passes, as one that shuffles does."""

    begun = 0

    def on_epoch_begin(self):
        self.begun += 1


@pytest.mark.parametrize("trainer", ["auto", "keras"])
def test_a_dataset_is_told_of_the_begin_of_every_pass(trainer):
    source = Told(X, Y)
    fitted(source, trainer=trainer, classes=["no", "yes"])

    # Three epochs, after a look at the first batch.
    assert (source.begun, source.epochs) == (4, 3)


def test_rows_that_are_no_batches_are_refused():
    one_by_one = tf.data.Dataset.from_tensor_slices((X, Y))
    with pytest.raises(DataError, match=r"x has the shape \(3,\). Batch the stream"):
        fitted(one_by_one)
    with pytest.raises(DataError, match="Batch the stream"):
        fitted(tf.data.Dataset.from_tensor_slices((np.zeros((4, 6, 6, 1)), [0, 1, 0, 1])), {"cnn": {"filters": [4]}})
    model = fitted(Batches(X, Y), epochs=1)
    with pytest.raises(DataError, match="Batch the stream"):
        model.predict(one_by_one.map(lambda x, y: x))


class Noted(Batches):
    """Notes the number of each batch it is asked for."""

    def __init__(self, *arrays):
        super().__init__(*arrays)
        self.asked = []

    def __getitem__(self, index):
        self.asked.append(index)
        return super().__getitem__(index)


def test_batches_of_a_dataset_come_in_a_new_order_every_epoch_the_same_for_every_trainer():
    """Sorted by class, in their own order they would end every epoch with one class."""
    order = np.argsort(Y, kind="stable")
    sources = [Noted(X[order], Y[order]) for _ in range(3)]
    for source, parameters in zip(sources, [{}, {"trainer": "keras"}, {"random_state": 2}], strict=True):
        source.size = 10
        fitted(source, classes=["no", "yes"], epochs=2, validation=Noted(X, Y), **parameters)
    # Each asks for the first batch before anything else; one batch is made ahead.
    first, second = (sources[0].asked[-26:-13], sources[0].asked[-13:])

    assert sorted(first) == sorted(second) == list(range(13))
    assert first != second != list(range(13))
    assert sources[0].asked[-26:] == sources[1].asked[-26:] != sources[2].asked[-26:]


def test_rows_to_validate_and_to_predict_come_in_their_own_order():
    source, held = Noted(X, Y), Noted(X, Y)
    model = fitted(source, validation=held)
    source.asked.clear()
    model.predict_proba(source)

    assert source.asked == [0, 1, 2, 3]
    assert held.asked == [0, 1, 2, 3] * 3


def test_a_dataset_of_tensorflow_is_left_in_its_order():
    streamed, again = (fitted(dataset(X, Y), classes=["no", "yes"], random_state=1) for _ in range(2))
    asked = []
    noted = tf.data.Dataset.from_generator(
        lambda: (asked.append(place) or (X[place : place + 40], Y[place : place + 40]) for place in (0, 40, 80, 120)),
        output_signature=(tf.TensorSpec((None, 3), tf.float32), tf.TensorSpec((None,), tf.string)),
    ).apply(tf.data.experimental.assert_cardinality(4))
    fitted(noted, classes=["no", "yes"], epochs=2)

    assert asked[-8:] == [0, 40, 80, 120] * 2
    assert streamed.history_.equals(again.history_)
