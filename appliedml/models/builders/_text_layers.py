"""Keras layers for texts. This module imports Keras: import it inside functions only."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from appliedml.models.builders._layers import HashDropout

_PACKAGE = "appliedml"
# Stands for "minus infinity" where a maximum or a softmax must not see padding; finite, so that gradients stay finite.
_LOWEST = -1e9
# Weights of a bag have length 1 a text, one in ten or so an entry; times this they learn about as fast as the rest.
BAG_SCALE = 10.0


@keras.saving.register_keras_serializable(_PACKAGE)
class WordVectors(keras.layers.Layer):
    """One trained vector a word; code 0 (padding) is the zero vector for good.

    Parameters
    ----------
    capacity : int
        Number of codes.
    width : int
    seed : int
    """

    def __init__(self, capacity: int, width: int, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.capacity = int(capacity)
        self.width = int(width)
        self.seed = int(seed)

    def build(self, input_shape: Any) -> None:
        """Make the table."""
        start = keras.initializers.RandomUniform(-0.05, 0.05, seed=self.seed)
        self.table = self.add_weight(name="table", shape=(self.capacity, self.width), initializer=start)

    def call(self, tokens: Any) -> Any:
        """Return vectors of shape (n_rows, length, width)."""
        # The product makes the gradient dense: see EntityEmbeddings.
        table = self.table * ops.ones((), dtype=self.table.dtype)
        return ops.take(table, tokens, axis=0) * _there(tokens, self.table.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (n_rows, length, width)."""
        return (*input_shape, self.width)

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "capacity": self.capacity, "width": self.width, "seed": self.seed}


@keras.saving.register_keras_serializable(_PACKAGE)
class ChannelDropout(HashDropout):
    """Drops whole channels of a sequence in training, at all its places together.

    Source
    ------
    Tompson et al. (2015), Efficient Object Localization Using Convolutional Networks, section 3.2 (SpatialDropout).
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Drop channels in training, scaled so that their expectation stays."""
        if not training or self.rate == 0:
            return inputs
        return inputs * super().call(ops.ones_like(inputs[:, :1, :]), training=True)


@keras.saving.register_keras_serializable(_PACKAGE)
class WordDropout(HashDropout):
    """Replaces codes of words by padding in training, each alone.

    Source
    ------
    Iyyer et al. (2015), Deep Unordered Composition Rivals Syntactic Methods for Text Classification, section 3.1.
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Drop words in training; what is left is not scaled."""
        if not training or self.rate == 0:
            return inputs
        kept = super().call(ops.ones_like(inputs, dtype="float32"), training=True)
        return ops.where(kept > 0, inputs, ops.zeros_like(inputs))


@keras.saving.register_keras_serializable(_PACKAGE)
class PoolWords(keras.layers.Layer):
    """One vector a text from one a word, without padding; of an empty text the zero vector.

    Parameters
    ----------
    kinds : list of str
        "max", "mean", side by side.
    """

    def __init__(self, kinds: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kinds = list(kinds)

    def call(self, inputs: list[Any]) -> Any:
        """Return (n_rows, n_kinds * width) for ``[vectors, tokens]``."""
        vectors, tokens = inputs
        there = _there(tokens, vectors.dtype)
        n_words = ops.sum(there, axis=1)
        some = ops.cast(n_words > 0, vectors.dtype)
        pooled = []
        for kind in self.kinds:
            if kind == "max":
                pooled.append(ops.max(vectors + (1.0 - there) * _LOWEST, axis=1) * some)
            else:
                pooled.append(ops.sum(vectors * there, axis=1) / ops.maximum(n_words, 1.0))
        return ops.concatenate(pooled, axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (n_rows, n_kinds * width)."""
        return (input_shape[0][0], len(self.kinds) * input_shape[0][-1])

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "kinds": self.kinds}


@keras.saving.register_keras_serializable(_PACKAGE)
class WordPositions(keras.layers.Layer):
    """Adds to each vector what depends on its place, trained ("learned") or fixed waves ("sinusoidal").

    Parameters
    ----------
    kind : str
    seed : int

    Source
    ------
    Vaswani et al. (2017), Attention Is All You Need, section 3.5.
    """

    def __init__(self, kind: str, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind
        self.seed = int(seed)

    def build(self, input_shape: Any) -> None:
        """Make the table, if it is trained."""
        self.places, self.width = int(input_shape[1]), int(input_shape[2])
        if self.kind == "learned":
            start = keras.initializers.RandomNormal(stddev=0.02, seed=self.seed)
            self.table = self.add_weight(name="table", shape=(self.places, self.width), initializer=start)

    def call(self, inputs: Any) -> Any:
        """Return the shape of the inputs."""
        if self.kind == "learned":
            return inputs + self.table
        half = -(-self.width // 2)
        angle = np.arange(self.places)[:, None] * np.exp(-np.log(10_000.0) * np.arange(half) / half)
        waves = np.concatenate([np.sin(angle), np.cos(angle)], axis=1)[:, : self.width]
        return inputs + ops.convert_to_tensor(waves.astype(np.float32))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "kind": self.kind, "seed": self.seed}


@keras.saving.register_keras_serializable(_PACKAGE)
class WordAttention(keras.layers.Layer):
    """Every word looks at every word, with several heads; nobody looks at padding.

    Parameters
    ----------
    heads : int
        The width of the vectors must be a multiple of it.
    seed : int

    Source
    ------
    Vaswani et al. (2017), Attention Is All You Need, section 3.2.
    """

    def __init__(self, heads: int, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads = int(heads)
        self.seed = int(seed)

    def build(self, input_shape: Any) -> None:
        """Make the maps; queries, keys and values start from seeds of their own."""
        width = int(input_shape[0][-1])

        def start(shape: Any, dtype: Any = None) -> Any:
            each = [keras.initializers.GlorotUniform(seed=self.seed + place) for place in range(3)]
            return ops.concatenate([kind((shape[0], width), dtype=dtype) for kind in each], axis=-1)

        last = keras.initializers.GlorotUniform(seed=self.seed + 3)
        self.kernel = self.add_weight(name="kernel", shape=(width, 3 * width), initializer=start)
        self.bias = self.add_weight(name="bias", shape=(3 * width,), initializer="zeros")
        self.out_kernel = self.add_weight(name="out_kernel", shape=(width, width), initializer=last)
        self.out_bias = self.add_weight(name="out_bias", shape=(width,), initializer="zeros")

    def call(self, inputs: list[Any]) -> Any:
        """Return (n_rows, length, width) for ``[vectors, tokens]``."""
        vectors, tokens = inputs
        length, width = int(vectors.shape[1]), int(vectors.shape[2])
        # One large product: a matrix times a stack of matrices is slower on a CPU.
        joined = ops.matmul(ops.reshape(vectors, (-1, width)), self.kernel) + self.bias
        parts = ops.reshape(joined, (-1, length, 3, self.heads, width // self.heads))
        query, key, value = ops.unstack(ops.transpose(parts, (2, 0, 3, 1, 4)), 3, axis=0)
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) * (width // self.heads) ** -0.5
        hidden = (1.0 - ops.cast(tokens != 0, vectors.dtype)) * _LOWEST
        seen = ops.matmul(ops.softmax(scores + hidden[:, None, None, :], axis=-1), value)
        flat = ops.reshape(ops.transpose(seen, (0, 2, 1, 3)), (-1, width))
        return ops.reshape(ops.matmul(flat, self.out_kernel) + self.out_bias, (-1, length, width))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the vectors."""
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "heads": self.heads, "seed": self.seed}


@keras.saving.register_keras_serializable(_PACKAGE)
class BagOfWords(keras.layers.Layer):
    """A linear model over words and pairs of words: the sum of their weights times what is learned for each.

    Parameters
    ----------
    capacity : int
        Number of codes.
    n_outputs : int
    l2 : float
        Penalty on what is learned.

    Source
    ------
    Cheng et al. (2016), Wide & Deep Learning for Recommender Systems.
    """

    def __init__(self, capacity: int, n_outputs: int, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.capacity = int(capacity)
        self.n_outputs = int(n_outputs)
        self.l2 = float(l2)

    def build(self, input_shape: Any) -> None:
        """Make the table: zeros, as in a linear model."""
        penalty = keras.regularizers.L2(self.l2) if self.l2 else None
        self.table = self.add_weight(
            name="table", shape=(self.capacity, self.n_outputs), initializer="zeros", regularizer=penalty
        )

    def call(self, inputs: list[Any]) -> Any:
        """Return logits of shape (n_rows, n_outputs) for ``[bag, bag_weights]``."""
        codes, weights = inputs
        table = self.table * ops.ones((), dtype=self.table.dtype)
        return BAG_SCALE * ops.einsum("rko,rk->ro", ops.take(table, codes, axis=0), weights)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (n_rows, n_outputs)."""
        return (input_shape[0][0], self.n_outputs)

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {**super().get_config(), "capacity": self.capacity, "n_outputs": self.n_outputs, "l2": self.l2}


def _there(tokens: Any, dtype: Any) -> Any:
    """Return 1 for a word and 0 for padding, shape (n_rows, length, 1)."""
    return ops.expand_dims(ops.cast(tokens != 0, dtype), -1)
