"""Rows that arrive in batches: ``keras.utils.PyDataset`` and ``tf.data.Dataset``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import column_or_1d

from appliedml.errors import DataError
from appliedml.models._checks import checked_inputs, row_weights
from appliedml.models._lazy import ahead
from appliedml.models._settings import Rows

_BASES = {"PyDataset": "keras", "DatasetV2": "tensorflow"}
# A builder that looks at the training rows before it starts (quantiles of numbers) sees the first of them.
OPENING_ROWS = 10_000


def is_stream(X: Any) -> bool:
    """Return whether inputs arrive in batches.

    Parameters
    ----------
    X : object

    Returns
    -------
    bool

    Examples
    --------
    >>> is_stream(np.zeros((2, 3)))
    False
    """
    return any(_BASES.get(base.__name__) == base.__module__.split(".")[0] for base in type(X).__mro__)


def raw_batches(source: Any, order: NDArray[np.intp] | None = None) -> Iterator[tuple[Any, Any, Any]]:
    """Return (x, y, sample_weight) of every batch once; y and sample_weight are None where there are none.

    A ``PyDataset`` is told of the begin and the end of the pass, as in an epoch of Keras.

    Parameters
    ----------
    source : keras.utils.PyDataset or tf.data.Dataset
    order : array of int, shape (n_batches,), optional
        Of the batches of a ``PyDataset``; by default that of their numbers.

    Yields
    ------
    tuple

    Raises
    ------
    DataError
        If the stream has no end, or a batch has another form or holds no rows.
    """
    size = n_batches(source)
    if hasattr(source, "on_epoch_begin"):
        source.on_epoch_begin()
    if size == -1:
        raise DataError(
            "KerasClassifier: a stream must end; this one has no end. Use dataset.take(...), or num_batches."
        )
    if hasattr(source, "as_numpy_iterator"):
        items: Any = source.as_numpy_iterator()
    else:
        # The next batch is made while this one is used.
        items = ahead(source.__getitem__, range(len(source)) if order is None else map(int, order))
    for item in items:
        parts = tuple(item) if isinstance(item, tuple | list) else (item,)
        if not 1 <= len(parts) <= 3 or isinstance(parts[0], Mapping | tuple | list):
            raise DataError(
                "KerasClassifier: a batch of a stream must be (x, y) or (x, y, sample_weight) with one array x; to "
                f"predict, x will do. This one has {len(parts)} parts, x of type {type(parts[0]).__name__}."
            )
        x, y, weight = (*parts, None, None)[:3]
        if np.ndim(x) < 2 or (y is not None and np.ndim(y) == 0):
            raise DataError(
                f"KerasClassifier: a batch of a stream must hold rows, x of shape (n_rows, ...). x has the shape "
                f"{np.shape(x)}. Batch the stream: dataset.batch(256)."
            )
        yield np.asarray(x), None if y is None else np.asarray(y), None if weight is None else np.asarray(weight)
    if hasattr(source, "on_epoch_end"):
        source.on_epoch_end()


def n_batches(source: Any) -> int | None:
    """Return the number of batches of a stream, -1 where it has no end, None where it is not known.

    Parameters
    ----------
    source : keras.utils.PyDataset or tf.data.Dataset

    Returns
    -------
    int or None
    """
    if hasattr(source, "cardinality"):
        size = int(source.cardinality())
        return None if size == -2 else size
    size = source.num_batches
    return -1 if size is None else int(size)


class Stream:
    """Batches as rows of a network.

    Parameters
    ----------
    source : keras.utils.PyDataset or tf.data.Dataset
    encode : callable
        From x of a batch to the arrays of the network.
    classes : array of shape (n_classes,)
    factors : array of shape (n_classes,), optional
        What the weight of a row is multiplied with, by class.
    counts : array of shape (n_classes,)
        Rows of each class; equal where they were not counted.
    n_batches : int
    batch_size : int
        Rows of a step at most.
    """

    def __init__(
        self,
        source: Any,
        encode: Callable[[Any], dict[str, Any]],
        classes: NDArray[Any],
        *,
        factors: NDArray[np.float64] | None = None,
        counts: NDArray[np.int64],
        n_batches: int,
        batch_size: int,
    ) -> None:
        self.source = source
        self.encode = encode
        self.classes = classes
        self.factors = np.ones(len(classes)) if factors is None else factors
        self.counts = counts
        self.n_batches = n_batches
        self.batch_size = batch_size

    @property
    def x(self) -> Any:
        """The arrays of the first rows, read when a builder asks for them."""
        return Opening(self)

    @property
    def n_shuffled(self) -> int | None:
        """How many batches an epoch shuffles: those of a ``PyDataset``, as in Keras; a ``tf.data.Dataset`` does so."""
        return None if hasattr(self.source, "as_numpy_iterator") else len(self.source)

    def batches(self, order: NDArray[np.intp] | None = None) -> Iterator[Rows]:
        """Return the rows of one pass, at most ``batch_size`` at a time.

        Parameters
        ----------
        order : array of int, shape (n_shuffled,), optional
            Of the batches; by default that of the stream.

        Yields
        ------
        Rows
        """
        for x, y, weight in raw_batches(self.source, order):
            codes = stream_codes(y, self.classes, len(x))
            given = row_weights(weight, len(x)) * self.factors[codes]
            arrays = {name: np.asarray(array) for name, array in self.encode(x).items()}
            rows = Rows(arrays, codes, given.astype(np.float32))
            for start in range(0, len(rows), self.batch_size):
                chosen = np.arange(start, min(start + self.batch_size, len(rows)))
                yield rows if len(chosen) == len(rows) else rows.at(chosen)


class Opening(Mapping[str, Any]):
    """The arrays of the first rows of a stream, by name.

    Parameters
    ----------
    stream : Stream
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._read: dict[str, NDArray[Any]] | None = None

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of them."""
        if self._read is None:
            parts, n_rows = [], 0
            for rows in self.stream.batches():
                parts.append(rows.x)
                n_rows += len(rows)
                if n_rows >= OPENING_ROWS:
                    break
            self._read = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return self._read

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return the array of an input."""
        return self.arrays[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over names."""
        return iter(self.arrays)

    def __len__(self) -> int:
        """Number of inputs."""
        return len(self.arrays)


def stream_codes(labels: Any, classes: NDArray[Any], n_rows: int) -> NDArray[np.int32]:
    """Return the class codes of a batch.

    Parameters
    ----------
    labels : array of shape (n_rows,) or None
    classes : array of shape (n_classes,)
        Ascending.
    n_rows : int

    Returns
    -------
    array of int32, shape (n_rows,)

    Raises
    ------
    DataError
        If there are no labels, too few, or one of no known class.
    """
    found = _labels(labels, n_rows)
    known = np.isin(found, classes)
    if not known.all():
        raise DataError(
            f"KerasClassifier: a batch of the stream holds the class {str(found[~known][0])!r}, which is not among the "
            f"classes {', '.join(map(str, classes))}."
        )
    return np.asarray(np.searchsorted(classes, found), dtype=np.int32)


def _labels(labels: Any, n_rows: int) -> NDArray[Any]:
    if labels is None:
        raise DataError("KerasClassifier: training batches must be (x, y) or (x, y, sample_weight); y is missing.")
    if np.asarray(labels).ndim > 1 and np.asarray(labels).shape[-1] > 1:
        raise DataError("KerasClassifier: y of a batch must be one label a row, not one-hot. Use y.argmax(axis=1).")
    found = column_or_1d(np.asarray(labels).reshape(-1))
    if len(found) != n_rows:
        raise DataError(f"KerasClassifier: a batch of the stream has {n_rows} rows and {len(found)} labels.")
    if found.dtype.kind in "SO":
        # tf.data gives texts as bytes.
        return np.array([one.decode() if isinstance(one, bytes) else one for one in found])
    return np.asarray(found)


def open_stream(estimator: Any, source: Any, classes: Any) -> Stream:
    """Learn classes, sizes and the encoder of a training stream; sets them on the estimator.

    Parameters
    ----------
    estimator : KerasClassifier
    source : keras.utils.PyDataset or tf.data.Dataset
    classes : array or None
        Known classes; without them one pass over the stream learns them.

    Returns
    -------
    Stream

    Raises
    ------
    DataError
        If the stream cannot be trained on.
    """
    from appliedml.core import registry

    builder = registry.build("builders", estimator.builder)
    if not builder.trains_on_labels or builder.reads == "texts" or estimator.embed_numbers_up_to:
        raise DataError(
            "KerasClassifier: a stream is for tables of numbers and for pictures, with a builder that trains on "
            "labels and embed_numbers_up_to=0: levels, words and reconstruction need all rows at once. Give the rows "
            "in memory."
        )
    first = next(raw_batches(source), None)
    if first is None or not len(first[0]):
        raise DataError("KerasClassifier: the stream has no rows.")
    inputs = checked_inputs(estimator, first[0], reset=True)
    estimator.encoder_ = builder.learn_inputs(inputs)
    encode = _encoded(estimator)
    size = n_batches(source)
    if classes is not None and size is not None and size > 0 and estimator.class_weight is None:
        estimator.classes_ = np.unique(np.asarray(classes))
        counts = np.ones(len(estimator.classes_), dtype=np.int64)
        return Stream(source, encode, estimator.classes_, counts=counts, n_batches=size, batch_size=len(first[0]))
    return _counted(estimator, source, encode, classes)


def _counted(estimator: Any, source: Any, encode: Any, classes: Any) -> Stream:
    from appliedml.models._rows import check_classes, class_factors

    labels, weights, sizes = [], [], []
    for x, y, weight in raw_batches(source):
        labels.append(_labels(y, len(x)))
        weights.append(row_weights(weight, len(x)))
        sizes.append(len(x))
    every, weight = np.concatenate(labels), np.concatenate(weights)
    estimator.classes_ = np.unique(every if classes is None else np.asarray(classes))
    codes = stream_codes(every, estimator.classes_, len(every))
    check_classes(estimator.classes_, codes.astype(np.intp), weight)
    by_class = class_factors(codes, weight, estimator.class_weight, estimator.classes_)
    factors = by_class / np.mean(weight * by_class[codes])
    counts = np.bincount(codes, minlength=len(estimator.classes_))
    return Stream(
        source,
        encode,
        estimator.classes_,
        factors=factors,
        counts=counts,
        n_batches=len(sizes),
        batch_size=max(sizes),
    )


def validation_stream(estimator: Any, source: Any) -> Stream:
    """Return validation rows that arrive in batches.

    Parameters
    ----------
    estimator : KerasClassifier
        It has its classes and its encoder.
    source : keras.utils.PyDataset or tf.data.Dataset

    Returns
    -------
    Stream
    """
    nothing = np.ones(len(estimator.classes_), dtype=np.int64)
    return Stream(source, _encoded(estimator), estimator.classes_, counts=nothing, n_batches=1, batch_size=8_192)


def score_stream(estimator: Any, source: Any, score: Callable[[Any], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the probabilities of all rows of a stream.

    Parameters
    ----------
    estimator : KerasClassifier
    source : keras.utils.PyDataset or tf.data.Dataset
    score : callable
        From encoded arrays to probabilities.

    Returns
    -------
    array of shape (n_rows, n_classes)
    """
    encode = _encoded(estimator)
    parts = [score(encode(x)) for x, _, _ in raw_batches(source)]
    return np.asarray(np.concatenate(parts)) if parts else np.empty((0, len(estimator.classes_)))


def _encoded(estimator: Any) -> Callable[[Any], dict[str, Any]]:
    return lambda x: dict(estimator.encoder_.encode(checked_inputs(estimator, x, reset=False)))
