"""The recurrence of texts as a Keras layer. This module imports Keras: import it inside functions only."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

_PACKAGE = "appliedml"
_GATES = {"gru": 3, "lstm": 4}


@keras.saving.register_keras_serializable(_PACKAGE)
class Recurrence(keras.layers.Layer):
    """States of an LSTM or a GRU after each word, of one or both directions side by side.

    Computes what ``keras.layers.LSTM`` and ``GRU`` (``reset_after=True``) compute, with the same gates in the same
    order. All inputs are multiplied by their weights before the loop, and both directions go through one loop, so that
    a step is one small product. At padding, the state stays as it is: the last state is that of the last word.

    Parameters
    ----------
    cell : str
        "lstm" or "gru".
    units : int
        Of each direction.
    bidirectional : bool
    seed : int

    Source
    ------
    Hochreiter, Schmidhuber (1997), Long Short-Term Memory; Cho et al. (2014); the forget gate starts open (Jozefowicz
    et al. 2015).
    """

    def __init__(self, cell: str, units: int, bidirectional: bool, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cell = cell
        self.units = int(units)
        self.bidirectional = bool(bidirectional)
        self.seed = int(seed)

    @property
    def n_ways(self) -> int:
        """Number of directions."""
        return 2 if self.bidirectional else 1

    def build(self, input_shape: Any) -> None:
        """Make the weights: those of the directions on the first axis."""
        width, ways, gates = int(input_shape[0][-1]), self.n_ways, _GATES[self.cell] * self.units

        def matrix(name: str, kind: Any, rows: int, place: int) -> Any:
            def start(shape: Any, dtype: Any = None) -> Any:
                each = [kind(seed=self.seed + place + 2 * way)(shape[1:], dtype=dtype) for way in range(ways)]
                return ops.stack(each)

            return self.add_weight(name=name, shape=(ways, rows, gates), initializer=start)

        self.kernel = matrix("kernel", keras.initializers.GlorotUniform, width, 0)
        self.recurrent = matrix("recurrent", keras.initializers.Orthogonal, self.units, 1)
        first = np.zeros((ways, gates), dtype=np.float32)
        if self.cell == "lstm":
            first[:, self.units : 2 * self.units] = 1.0
        self.bias = self.add_weight(name="bias", shape=first.shape, initializer=lambda shape, dtype=None: first)
        if self.cell == "gru":
            self.recurrent_bias = self.add_weight(name="recurrent_bias", shape=first.shape, initializer="zeros")

    def call(self, inputs: list[Any]) -> Any:
        """Return states of shape (n_rows, length, n_ways * units) for ``[vectors, tokens]``."""
        vectors, tokens = inputs
        length, n_rows = int(vectors.shape[1]), ops.shape(vectors)[0]
        moved = ops.transpose(vectors, (1, 0, 2))
        there = ops.expand_dims(ops.cast(ops.transpose(tokens) != 0, vectors.dtype), -1)
        fed, kept = [], []
        for way in range(self.n_ways):
            product = ops.reshape(
                ops.matmul(ops.reshape(moved, (-1, moved.shape[-1])), self.kernel[way]),
                (length, -1, self.kernel.shape[-1]),
            )
            product = product + self.bias[way]
            fed.append(ops.flip(product, axis=0) if way else product)
            kept.append(ops.flip(there, axis=0) if way else there)
        fed, kept = ops.stack(fed, axis=1), ops.stack(kept, axis=1)
        states = self._loop(fed, kept, length, n_rows)
        ways = [ops.flip(states[:, 1], axis=0) if way else states[:, 0] for way in range(self.n_ways)]
        return ops.transpose(ops.concatenate(ways, axis=-1), (1, 0, 2))

    def _loop(self, fed: Any, kept: Any, length: int, n_rows: Any) -> Any:
        """Return states of shape (length, n_ways, n_rows, units)."""
        step = self._lstm if self.cell == "lstm" else self._gru
        zeros = tf.zeros((self.n_ways, n_rows, self.units), dtype=fed.dtype)
        start = (zeros, zeros) if self.cell == "lstm" else (zeros,)
        fed_array = tf.TensorArray(fed.dtype, size=length).unstack(fed)
        kept_array = tf.TensorArray(kept.dtype, size=length).unstack(kept)
        shape = (self.n_ways, None, self.units)
        out = tf.TensorArray(fed.dtype, size=length, element_shape=shape)

        def body(time: Any, carried: Any, out: Any) -> Any:
            there = kept_array.read(time)
            new = step(fed_array.read(time), *carried)
            carried = tuple(there * after + (1.0 - there) * before for after, before in zip(new, carried, strict=True))
            return time + 1, carried, out.write(time, carried[0])

        # XLA needs to know how many steps there can be.
        _, _, out = tf.while_loop(
            lambda time, *_: time < length, body, (tf.constant(0), start, out), maximum_iterations=length
        )
        return out.stack()

    def _lstm(self, fed: Any, state: Any, memory: Any) -> tuple[Any, Any]:
        gates = fed + tf.matmul(state, self.recurrent)
        let_in, keep, new, show = tf.split(gates, 4, axis=-1)
        memory = tf.sigmoid(keep) * memory + tf.sigmoid(let_in) * tf.tanh(new)
        return tf.sigmoid(show) * tf.tanh(memory), memory

    def _gru(self, fed: Any, state: Any) -> tuple[Any]:
        inner = tf.matmul(state, self.recurrent) + self.recurrent_bias[:, None, :]
        keep_x, reset_x, new_x = tf.split(fed, 3, axis=-1)
        keep_h, reset_h, new_h = tf.split(inner, 3, axis=-1)
        keep = tf.sigmoid(keep_x + keep_h)
        new = tf.tanh(new_x + tf.sigmoid(reset_x + reset_h) * new_h)
        return (keep * state + (1.0 - keep) * new,)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (n_rows, length, n_ways * units)."""
        return (*input_shape[0][:2], self.n_ways * self.units)

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        own = {"cell": self.cell, "units": self.units, "bidirectional": self.bidirectional, "seed": self.seed}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(_PACKAGE)
class LastStates(keras.layers.Layer):
    """The state of each direction when it has read all words: at the end, and of the other at the beginning.

    Parameters
    ----------
    n_ways : int
    """

    def __init__(self, n_ways: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_ways = int(n_ways)

    def call(self, states: Any) -> Any:
        """Return (n_rows, n_ways * units)."""
        units = int(states.shape[-1]) // self.n_ways
        ends = [states[:, -1, :units], states[:, 0, units:]]
        return ops.concatenate(ends[: self.n_ways], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (n_rows, n_ways * units)."""
        return (input_shape[0], input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "n_ways": self.n_ways}
