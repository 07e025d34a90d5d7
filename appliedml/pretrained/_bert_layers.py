"""Keras layers of a BERT encoder. This module imports Keras: import it inside functions only."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

_PACKAGE = "appliedml"
# Added to the attention scores of padding: its share underflows to exactly 0, so that padding changes nothing.
_NEVER = -1e9


@keras.saving.register_keras_serializable(_PACKAGE)
class PieceMask(keras.layers.Layer):
    """1 for a piece and 0 for padding, which is code 0: (n, length) int32 -> (n, length) float32."""

    def call(self, inputs: Any) -> Any:
        """Return the mask."""
        return ops.cast(ops.not_equal(inputs, 0), "float32")

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the codes."""
        return input_shape

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return shape and type."""
        return keras.KerasTensor(inputs.shape, dtype="float32")


@keras.saving.register_keras_serializable(_PACKAGE)
class PieceEmbeddings(keras.layers.Layer):
    """Sum of the embeddings of a piece, of its position and of segment 0, not yet normalised.

    Source
    ------
    Devlin et al. (2019), BERT, figure 2.
    """

    def __init__(self, n_pieces: int, n_positions: int, width: int, n_segments: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_pieces = int(n_pieces)
        self.n_positions = int(n_positions)
        self.width = int(width)
        self.n_segments = int(n_segments)

    def build(self, input_shape: Any) -> None:
        """Make the three tables."""
        self.pieces = self.add_weight(name="pieces", shape=(self.n_pieces, self.width), initializer="zeros")
        self.positions = self.add_weight(name="positions", shape=(self.n_positions, self.width), initializer="zeros")
        self.segments = self.add_weight(name="segments", shape=(self.n_segments, self.width), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """Return (n, length, width)."""
        places = self.positions[: ops.shape(inputs)[1]]
        return ops.take(self.pieces, inputs, axis=0) + (places + self.segments[0])

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (n, length, width)."""
        return (*input_shape, self.width)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return shape and type."""
        return keras.KerasTensor((*inputs.shape, self.width), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        own = {
            "n_pieces": self.n_pieces,
            "n_positions": self.n_positions,
            "width": self.width,
            "n_segments": self.n_segments,
        }
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(_PACKAGE)
class PieceAttention(keras.layers.Layer):
    """Self-attention of several heads with its output projection; queries, keys and values are one matrix product.

    Source
    ------
    Vaswani et al. (2017), Attention Is All You Need, section 3.2.
    """

    def __init__(self, n_heads: int, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_heads = int(n_heads)
        self.seed = int(seed)

    def build(self, input_shape: Any) -> None:
        """Make the projections."""
        width = int(input_shape[0][-1])

        def start(number: int) -> Any:
            return keras.initializers.TruncatedNormal(stddev=0.02, seed=self.seed + number)

        self.kernel = self.add_weight(name="kernel", shape=(width, 3 * width), initializer=start(0))
        self.bias = self.add_weight(name="bias", shape=(3 * width,), initializer="zeros")
        self.out_kernel = self.add_weight(name="out_kernel", shape=(width, width), initializer=start(1))
        self.out_bias = self.add_weight(name="out_bias", shape=(width,), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """Return (n, length, width) of ``[x, mask]``."""
        x, mask = inputs
        width = int(x.shape[-1])
        length, size = ops.shape(x)[1], width // self.n_heads
        joined = ops.reshape(ops.matmul(x, self.kernel) + self.bias, (-1, length, 3, self.n_heads, size))
        query, key, value = ops.unstack(ops.transpose(joined, (2, 0, 3, 1, 4)), 3)
        scores = ops.matmul(query * (1.0 / math.sqrt(size)), ops.transpose(key, (0, 1, 3, 2)))
        shares = ops.softmax(scores + (1.0 - mask[:, None, None, :]) * _NEVER)
        mixed = ops.reshape(ops.transpose(ops.matmul(shares, value), (0, 2, 1, 3)), (-1, length, width))
        return ops.matmul(mixed, self.out_kernel) + self.out_bias

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of x."""
        return input_shape[0]

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return shape and type."""
        return keras.KerasTensor(inputs[0].shape, dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "n_heads": self.n_heads, "seed": self.seed}


@keras.saving.register_keras_serializable(_PACKAGE)
class ExactGelu(keras.layers.Layer):
    """``x * Phi(x)`` with the error function, which ONNX has; it does not have the complementary one of Keras' gelu."""

    def call(self, inputs: Any) -> Any:
        """Return the activation."""
        return 0.5 * inputs * (1.0 + ops.erf(inputs * math.sqrt(0.5)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape


@keras.saving.register_keras_serializable(_PACKAGE)
class MaskedPooling(keras.layers.Layer):
    """One vector a text from the vectors of its pieces: "mean", "max" or "cls" (the first piece).

    A text without any piece gives zeros.
    """

    def __init__(self, pooling: str = "mean", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pooling = str(pooling)

    def call(self, inputs: Any) -> Any:
        """Return (n, width) of ``[x, mask]``."""
        x, mask = inputs
        if self.pooling == "cls":
            return x[:, 0]
        shown = mask[:, :, None]
        if self.pooling == "max":
            any_piece = ops.max(shown, axis=1)
            return ops.max(x + (1.0 - shown) * _NEVER, axis=1) * any_piece
        return ops.sum(x * shown, axis=1) / ops.maximum(ops.sum(shown, axis=1), 1.0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (n, width)."""
        return (input_shape[0][0], input_shape[0][-1])

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "pooling": self.pooling}


def encoder_layer(
    x: Any,
    mask: Any,
    *,
    n_heads: int,
    inner: int,
    name: str,
    epsilon: float = 1e-12,
    seed: int = 0,
    drop: Callable[[str], Any] | None = None,
) -> Any:
    """Return the symbolic output of one encoder layer, normalised after each half as in BERT.

    Parameters
    ----------
    x : KerasTensor of shape (n, length, width)
    mask : KerasTensor of shape (n, length)
        1 for a piece, 0 for padding.
    n_heads, inner : int
        Heads of attention; width of the feed-forward half.
    name : str
        Start of the names of its layers.
    epsilon : float
        Of the normalisations.
    seed : int
    drop : callable, optional
        From a layer name to a dropout layer, used on the output of each half.

    Returns
    -------
    KerasTensor of shape (n, length, width)
    """
    width = int(x.shape[-1])

    def dense(units: int, part: str, number: int) -> Any:
        start = keras.initializers.TruncatedNormal(stddev=0.02, seed=seed + number)
        return keras.layers.Dense(units, kernel_initializer=start, name=f"{name}_{part}")

    mixed = PieceAttention(n_heads, seed=seed, name=f"{name}_attention")([x, mask])
    mixed = drop(f"{name}_attention_dropout")(mixed) if drop else mixed
    x = keras.layers.LayerNormalization(epsilon=epsilon, name=f"{name}_attention_norm")(x + mixed)
    inside = ExactGelu(name=f"{name}_gelu")(dense(inner, "expand", 2)(x))
    inside = dense(width, "contract", 3)(inside)
    inside = drop(f"{name}_dropout")(inside) if drop else inside
    return keras.layers.LayerNormalization(epsilon=epsilon, name=f"{name}_norm")(x + inside)


def put_layer(model: Any, name: str, tensors: Mapping[str, NDArray[np.float32]], prefix: str) -> None:
    """Put the weights of one stored BERT layer into the layers that :func:`encoder_layer` made.

    Parameters
    ----------
    model : keras.Model
    name : str
        As given to :func:`encoder_layer`.
    tensors : mapping of str to array
        By the names of the published checkpoint; matrices have shape (out, in).
    prefix : str
        Such as "encoder.layer.0.".
    """

    def matrix(part: str) -> NDArray[np.float32]:
        return np.ascontiguousarray(tensors[f"{prefix}{part}.weight"].T)

    def bias(part: str) -> NDArray[np.float32]:
        return tensors[f"{prefix}{part}.bias"]

    parts = [f"attention.self.{part}" for part in ("query", "key", "value")]
    model.get_layer(f"{name}_attention").set_weights(
        [
            np.concatenate([matrix(part) for part in parts], axis=1),
            np.concatenate([bias(part) for part in parts]),
            matrix("attention.output.dense"),
            bias("attention.output.dense"),
        ]
    )
    for layer, part in (("expand", "intermediate.dense"), ("contract", "output.dense")):
        model.get_layer(f"{name}_{layer}").set_weights([matrix(part), bias(part)])
    for layer, part in (("attention_norm", "attention.output.LayerNorm"), ("norm", "output.LayerNorm")):
        model.get_layer(f"{name}_{layer}").set_weights([tensors[f"{prefix}{part}.weight"], bias(part)])
