"""Keras layers of our own. This module imports Keras: import it inside functions only."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

_PACKAGE = "appliedml"


def _seeded(name: str, seed: int) -> Any:
    return keras.initializers.get({"class_name": name, "config": {"seed": seed}})


@keras.saving.register_keras_serializable(_PACKAGE)
class HashDropout(keras.layers.Layer):
    """Dropout whose mask comes from an integer hash of a counter and the position; the counter starts at the seed.

    The counter is a variable, so that a compiled program serves every seed.

    ``keras.layers.Dropout`` draws Philox numbers, which XLA on a CPU computes so slowly that an epoch takes 50 times as
    long; a 32-bit mixing hash is a handful of vectorised integer operations.

    Source
    ------
    Srivastava et al. (2014), Dropout; the mixer is Wellons' lowbias32 (2018).
    """

    def __init__(self, rate: float, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = float(rate)
        self.seed = int(seed)

    def build(self, input_shape: Any) -> None:
        """Make the counter."""
        start = keras.initializers.Constant(self.seed & 0x7FFFFFFF)
        self.counter = self.add_weight(name="counter", shape=(), dtype="int32", initializer=start, trainable=False)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Drop inputs in training, scaled so that their expectation stays."""
        if not training or self.rate == 0:
            return inputs
        self.counter.assign(self.counter + 1)
        shape = ops.shape(inputs)
        size = 1
        for side in shape:
            size = size * side
        key = ops.cast(self.counter, "uint32") * np.uint32(0x9E3779B9)
        position = ops.reshape(ops.cast(ops.arange(size, dtype="int32"), "uint32"), shape)
        mixed = _mix(_mix(position + key) + key)
        keep = mixed >= np.uint32(min(int(self.rate * 2**32), 2**32 - 1))
        return ops.where(keep, inputs / (1.0 - self.rate), ops.zeros_like(inputs))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


def _mix(h: Any) -> Any:
    h = ops.bitwise_xor(h, ops.right_shift(h, np.uint32(16))) * np.uint32(0x7FEB352D)
    h = ops.bitwise_xor(h, ops.right_shift(h, np.uint32(15))) * np.uint32(0x846CA68B)
    return ops.bitwise_xor(h, ops.right_shift(h, np.uint32(16)))


@keras.saving.register_keras_serializable(_PACKAGE)
class EntityEmbeddings(keras.layers.Layer):
    """Embeddings of several categorical columns of one width, in one table and one look-up.

    Code 0 (unknown or missing) starts at the zero vector, so that a level never seen in training is neutral.

    Source
    ------
    Guo, Berkhahn (2016), Entity Embeddings of Categorical Variables.
    """

    def __init__(self, columns: list[int], capacities: list[int], width: int, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.columns = [int(column) for column in columns]
        self.capacities = [int(capacity) for capacity in capacities]
        self.width = int(width)
        self.seed = int(seed)
        self.starts = np.cumsum([0, *self.capacities[:-1]]).astype(np.int32)

    def build(self, input_shape: Any) -> None:
        """Make the table."""
        total = sum(self.capacities)
        rows = np.ones((total, 1), dtype=np.float32)
        rows[self.starts] = 0.0
        normal = keras.initializers.RandomNormal(stddev=self.width**-0.5, seed=self.seed)

        def start(shape: Any, dtype: Any = None) -> Any:
            return normal(shape, dtype=dtype) * rows

        self.table = self.add_weight(name="table", shape=(total, self.width), initializer=start)

    def call(self, inputs: Any) -> Any:
        """Return the vectors of a row side by side: (n_rows, n_columns * width)."""
        codes = ops.take(inputs, np.array(self.columns, dtype=np.int32), axis=1) + self.starts
        # The product makes the gradient dense. A sparse one with repeated rows reaches Adam's second moment as squares
        # of its parts, not as the square of their sum (Keras 3.15 on TensorFlow), and steps come out far too long.
        table = self.table * ops.ones((), dtype=self.table.dtype)
        return ops.reshape(ops.take(table, codes, axis=0), (-1, len(self.columns) * self.width))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (n_rows, n_columns * width)."""
        return (input_shape[0], len(self.columns) * self.width)

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        own = {"columns": self.columns, "capacities": self.capacities, "width": self.width, "seed": self.seed}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(_PACKAGE)
class PiecewiseNumbers(keras.layers.Layer):
    """Piecewise-linear embedding of numbers: how far a value has gone through each bin, then a linear map a column.

    Bin edges are quantiles of the training rows, set by :func:`set_edges`.

    Source
    ------
    Gorishniy, Rubachev, Babenko (2022), On Embeddings for Numerical Features in Tabular Deep Learning, section 3.2.
    """

    def __init__(self, n_bins: int, width: int, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_bins = int(n_bins)
        self.width = int(width)
        self.seed = int(seed)

    def build(self, input_shape: Any) -> None:
        """Make edges (not trained) and one linear map a column."""
        n = int(input_shape[-1])
        self.edges = self.add_weight(name="edges", shape=(n, self.n_bins + 1), initializer="zeros", trainable=False)
        start = keras.initializers.RandomNormal(stddev=self.n_bins**-0.5, seed=self.seed)
        self.kernel = self.add_weight(name="kernel", shape=(n, self.n_bins, self.width), initializer=start)
        self.bias = self.add_weight(name="bias", shape=(n, self.width), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """Return (n_rows, n_columns * width)."""
        low, high = self.edges[:, :-1], self.edges[:, 1:]
        value = ops.expand_dims(inputs, -1)
        # An empty bin (equal edges, as of a column with few values) is a step.
        share = ops.where(
            high > low, (value - low) / ops.maximum(high - low, 1e-9), ops.cast(value >= high, inputs.dtype)
        )
        linear = ops.einsum("rnb,nbw->rnw", ops.clip(share, 0.0, 1.0), self.kernel) + self.bias
        return ops.reshape(ops.relu(linear), (-1, self.kernel.shape[0] * self.width))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (n_rows, n_columns * width)."""
        return (input_shape[0], int(input_shape[-1]) * self.width)

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "n_bins": self.n_bins, "width": self.width, "seed": self.seed}


@keras.saving.register_keras_serializable(_PACKAGE)
class PeriodicNumbers(keras.layers.Layer):
    """Periodic embedding of numbers: sines and cosines of learned frequencies, then a linear map a column and ReLU.

    Source
    ------
    Gorishniy, Rubachev, Babenko (2022), On Embeddings for Numerical Features in Tabular Deep Learning, section 3.3
    (PLR).
    """

    def __init__(self, n_frequencies: int, width: int, sigma: float = 0.1, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_frequencies = int(n_frequencies)
        self.width = int(width)
        self.sigma = float(sigma)
        self.seed = int(seed)

    def build(self, input_shape: Any) -> None:
        """Make frequencies and one linear map a column."""
        n, k = int(input_shape[-1]), self.n_frequencies
        frequencies = keras.initializers.RandomNormal(stddev=self.sigma, seed=self.seed)
        self.frequencies = self.add_weight(name="frequencies", shape=(n, k), initializer=frequencies)
        start = keras.initializers.RandomNormal(stddev=(2 * k) ** -0.5, seed=self.seed + 1)
        self.kernel = self.add_weight(name="kernel", shape=(n, 2 * k, self.width), initializer=start)
        self.bias = self.add_weight(name="bias", shape=(n, self.width), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """Return (n_rows, n_columns * width)."""
        angle = 2.0 * np.float32(np.pi) * ops.expand_dims(inputs, -1) * self.frequencies
        waves = ops.concatenate([ops.cos(angle), ops.sin(angle)], axis=-1)
        linear = ops.einsum("rnb,nbw->rnw", waves, self.kernel) + self.bias
        return ops.reshape(ops.relu(linear), (-1, self.kernel.shape[0] * self.width))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (n_rows, n_columns * width)."""
        return (input_shape[0], int(input_shape[-1]) * self.width)

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        own = {"n_frequencies": self.n_frequencies, "width": self.width, "sigma": self.sigma, "seed": self.seed}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(_PACKAGE)
class CrossLayer(keras.layers.Layer):
    """One explicit interaction: ``x0 * (W x + b) + x``; with ``rank``, W is a product of two thin matrices.

    Source
    ------
    Wang et al. (2021), DCN V2: Improved Deep & Cross Network, equations 1 and 3.
    """

    def __init__(self, rank: int | None = None, l2: float = 0.0, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rank = None if rank is None else int(rank)
        self.l2 = float(l2)
        self.seed = int(seed)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        width = int(input_shape[0][-1])
        penalty = keras.regularizers.L2(self.l2) if self.l2 else None

        def matrix(name: str, shape: tuple[int, int], seed: int) -> Any:
            start = _seeded("GlorotUniform", seed)
            return self.add_weight(name=name, shape=shape, initializer=start, regularizer=penalty)

        if self.rank is None:
            self.kernel = matrix("kernel", (width, width), self.seed)
        else:
            self.down = matrix("down", (width, self.rank), self.seed)
            self.up = matrix("up", (self.rank, width), self.seed + 1)
        self.bias = self.add_weight(name="bias", shape=(width,), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """Return ``x0 * (W x + b) + x`` for inputs ``[x0, x]``."""
        first, x = inputs
        product = ops.matmul(x, self.kernel) if self.rank is None else ops.matmul(ops.matmul(x, self.down), self.up)
        return first * (product + self.bias) + x

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of x."""
        return input_shape[1]

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "rank": self.rank, "l2": self.l2, "seed": self.seed}


@keras.saving.register_keras_serializable(_PACKAGE)
class ReconstructionError(keras.layers.Layer):
    """Mean over columns of what a reconstruction gets wrong, one value a row.

    Numbers count by half their squared error; categories by the cross-entropy of the true level divided by the log of
    the number of levels, so that no column weighs more because it has many levels.
    """

    def __init__(self, n_numbers: int, capacities: list[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_numbers = int(n_numbers)
        self.capacities = [int(capacity) for capacity in capacities]

    def call(self, inputs: list[Any]) -> Any:
        """Return errors of shape (n_rows, 1) for ``[reconstruction, numbers?, codes?]``."""
        reconstruction, *truth = inputs
        terms = []
        if self.n_numbers:
            terms.append(0.5 * ops.square(reconstruction[:, : self.n_numbers] - truth[0]))
        at = self.n_numbers
        for place, capacity in enumerate(self.capacities):
            logits = reconstruction[:, at : at + capacity]
            hot = ops.one_hot(truth[-1][:, place], capacity, dtype=logits.dtype)
            loss = ops.categorical_crossentropy(hot, logits, from_logits=True) / float(np.log(max(capacity, 2)))
            terms.append(ops.expand_dims(loss, -1))
            at += capacity
        return ops.mean(ops.concatenate(terms, axis=-1), axis=-1, keepdims=True)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (n_rows, 1)."""
        return (input_shape[0][0], 1)

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "n_numbers": self.n_numbers, "capacities": self.capacities}


@keras.saving.register_keras_serializable(_PACKAGE)
class LogScore(keras.layers.Layer):
    """Log of a positive score, kept away from zero."""

    def call(self, inputs: Any) -> Any:
        """Return the log."""
        return ops.log(ops.maximum(inputs, 1e-6))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape
