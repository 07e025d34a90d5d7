"""Keras layers of transfer from a text encoder. This module imports Keras: import it inside functions only."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from appliedml.core.seeds import derive_seed

_PACKAGE = "appliedml"


@keras.saving.register_keras_serializable(_PACKAGE)
class LengthMask(keras.layers.Layer):
    """1 for the first pieces of each text, 0 after the last: (n, 1) int32 -> (n, length) float32."""

    def __init__(self, length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.length = int(length)

    def call(self, inputs: Any) -> Any:
        """Return the mask."""
        return ops.cast(ops.less(ops.arange(self.length, dtype="int32")[None, :], inputs), "float32")

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (n, length)."""
        return (input_shape[0], self.length)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return shape and type."""
        return keras.KerasTensor((inputs.shape[0], self.length), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "length": self.length}


@keras.saving.register_keras_serializable(_PACKAGE)
class Standardise(keras.layers.Layer):
    """Columns less their mean, divided by their deviation, times a gain; mean and deviation are set, not trained.

    With a gain of ``g / sqrt(n_columns)`` a row has about the length g, so that one penalty and one learning rate suit
    wide and narrow inputs.
    """

    def __init__(self, gain: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gain = float(gain)

    def build(self, input_shape: Any) -> None:
        """Make mean and factor."""
        width = int(input_shape[-1])
        self.mean = self.add_weight(name="mean", shape=(width,), initializer="zeros", trainable=False)
        self.factor = self.add_weight(name="factor", shape=(width,), initializer="ones", trainable=False)

    def call(self, inputs: Any) -> Any:
        """Return the columns on one scale."""
        return (inputs - self.mean) * self.factor

    def learn(self, rows: NDArray[np.float32]) -> None:
        """Set mean and factor.

        Parameters
        ----------
        rows : array of shape (n_rows, n_columns)
            Training rows.
        """
        deviation = rows.std(axis=0, dtype=np.float64)
        # A column that never changed says nothing, and a new value of it must not shout.
        factor = np.divide(self.gain, deviation, out=np.zeros_like(deviation), where=deviation > 1e-6)
        self.set_weights([rows.mean(axis=0, dtype=np.float64).astype(np.float32), factor.astype(np.float32)])

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "gain": self.gain}


@keras.saving.register_keras_serializable(_PACKAGE)
class BagLinear(keras.layers.Layer):
    """Linear map of a bag given as codes and weights: ``sum of weight * row of the table``; code 0 is nothing.

    Source
    ------
    Cheng et al. (2016), Wide & Deep Learning for Recommender Systems, for the wide branch.
    """

    def __init__(
        self, capacity: int, units: int, gain: float = 1.0, l2: float = 0.0, seed: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.capacity = int(capacity)
        self.units = int(units)
        self.gain = float(gain)
        self.l2 = float(l2)
        self.seed = int(seed)

    def build(self, input_shape: Any) -> None:
        """Make the table."""
        start = keras.initializers.RandomNormal(stddev=1e-3, seed=derive_seed(self.seed, "table"))
        penalty = keras.regularizers.L2(self.l2) if self.l2 else None
        shape = (self.capacity, self.units)
        self.table = self.add_weight(name="table", shape=shape, initializer=start, regularizer=penalty)

    def call(self, inputs: Any) -> Any:
        """Return (n, units) of ``[codes, weights]``."""
        codes, weights = inputs
        # The product makes the gradient dense: see EntityEmbeddings in _layers.py.
        table = self.table * ops.ones((), dtype=self.table.dtype)
        weights = ops.where(ops.not_equal(codes, 0), weights * self.gain, ops.zeros_like(weights))
        return ops.sum(ops.take(table, codes, axis=0) * weights[:, :, None], axis=1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (n, units)."""
        return (input_shape[0][0], self.units)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return shape and type."""
        return keras.KerasTensor((inputs[0].shape[0], self.units), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        own = {"capacity": self.capacity, "units": self.units, "gain": self.gain, "l2": self.l2, "seed": self.seed}
        return {**super().get_config(), **own}
