"""Networks for images and token ids, through the interface that every builder has, and data to train them on.

The network's inputs are the arrays of ``Rows.x`` by name; what ``InputSpec`` says of columns is of tables and stays
empty here, so these builders carry their shapes as parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from appliedml.core.params import Integer, Rule
from appliedml.core.seeds import derive_seed
from appliedml.models._inputs import InputSpec
from appliedml.models._settings import Rows
from appliedml.models.builders._builder import Builder

N_CLASSES = 10
VOCABULARY = 2_000


def _start(seed: int, *path: Any) -> Any:
    import keras

    return keras.initializers.GlorotUniform(seed=derive_seed(seed, *path))


class SmallCnn(Builder):
    """Two convolutions and a dense layer over grey images."""

    parameter_rules: ClassVar[Mapping[str, Rule]] = {"side_px": Integer(4), "filters": Integer(1)}

    def __init__(self, side_px: int = 28, filters: int = 8) -> None:
        self.side_px = side_px
        self.filters = filters

    def build(self, spec: InputSpec, n_outputs: int, seed: int) -> Any:
        """Return the network."""
        import keras

        x = inputs = keras.Input((self.side_px, self.side_px, 1), name="images")
        for number, filters in enumerate((self.filters, 2 * self.filters)):
            x = keras.layers.Conv2D(
                filters, 3, activation="relu", kernel_initializer=_start(seed, "conv", number), name=f"conv_{number}"
            )(x)
            x = keras.layers.MaxPooling2D(name=f"pool_{number}")(x)
        x = keras.layers.Flatten(name="flat")(x)
        x = keras.layers.Dense(32, activation="relu", kernel_initializer=_start(seed, "dense"), name="dense")(x)
        head = keras.layers.Dense(n_outputs, kernel_initializer=_start(seed, "logits"), name="logits")
        return keras.Model({"images": inputs}, head(x), name="small_cnn")


class TextNetwork(Builder):
    """Embeddings of token ids, then what a subclass makes of them."""

    parameter_rules: ClassVar[Mapping[str, Rule]] = {"n_tokens": Integer(1), "width": Integer(1)}

    def __init__(self, n_tokens: int = 48, width: int = 32) -> None:
        self.n_tokens = n_tokens
        self.width = width

    def build(self, spec: InputSpec, n_outputs: int, seed: int) -> Any:
        """Return the network."""
        import keras

        inputs = keras.Input((self.n_tokens,), dtype="int32", name="tokens")
        start = keras.initializers.RandomNormal(stddev=0.1, seed=derive_seed(seed, "embedding"))
        x = keras.layers.Embedding(VOCABULARY, 16, embeddings_initializer=start, name="embedding")(inputs)
        x = self.read(x, seed)
        head = keras.layers.Dense(n_outputs, kernel_initializer=_start(seed, "logits"), name="logits")
        return keras.Model({"tokens": inputs}, head(x), name=type(self).__name__.lower())

    def read(self, x: Any, seed: int) -> Any:
        """Return one vector a text, of shape (n_rows, width)."""
        raise NotImplementedError


class Conv1dText(TextNetwork):
    """One convolution over five tokens, and its largest answer."""

    def read(self, x: Any, seed: int) -> Any:
        """Return one vector a text."""
        import keras

        x = keras.layers.Conv1D(self.width, 5, activation="relu", kernel_initializer=_start(seed, "conv"), name="conv")(
            x
        )
        return keras.layers.GlobalMaxPooling1D(name="largest")(x)


class LstmText(TextNetwork):
    """One LSTM over the tokens."""

    def read(self, x: Any, seed: int) -> Any:
        """Return one vector a text."""
        import keras

        return keras.layers.LSTM(
            self.width,
            kernel_initializer=_start(seed, "kernel"),
            recurrent_initializer=keras.initializers.Orthogonal(seed=derive_seed(seed, "recurrent")),
            name="lstm",
        )(x)


def make_images(n_rows: int, side_px: int = 28) -> Rows:
    """Return grey images of ten classes: a bright bar in one of ten directions, under noise."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, N_CLASSES, n_rows).astype(np.int32)
    down, across = np.mgrid[:side_px, :side_px] / side_px - 0.5
    angle = np.pi * y / N_CLASSES
    at = rng.uniform(-0.15, 0.15, (n_rows, 1, 1))
    distance = np.cos(angle)[:, None, None] * down + np.sin(angle)[:, None, None] * across - at
    images = np.exp(-((distance / 0.06) ** 2)) + rng.normal(0, 0.8, (n_rows, side_px, side_px))
    return Rows({"images": images[..., None].astype(np.float32)}, y, np.ones(n_rows, dtype=np.float32))


def make_texts(n_rows: int, n_tokens: int = 48) -> Rows:
    """Return token ids: eight of each text lean to one of two vocabularies, by the class; the others say nothing."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, n_rows).astype(np.int32)
    tokens = rng.integers(200, VOCABULARY, (n_rows, n_tokens))
    place = rng.permuted(np.tile(np.arange(n_tokens), (n_rows, 1)), axis=1)[:, :8]
    own = rng.random(place.shape) < 0.65
    tokens[np.arange(n_rows)[:, None], place] = rng.integers(0, 100, place.shape) + 100 * (own == (y == 1)[:, None])
    return Rows({"tokens": tokens.astype(np.int32)}, y, np.ones(n_rows, dtype=np.float32))


def make_table(n_rows: int, n_numbers: int = 20, n_categories: int = 5) -> tuple[Rows, InputSpec]:
    """Return numbers and category codes whose rare class (about a tenth) depends on both."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(n_rows, n_numbers)).astype(np.float32)
    codes = rng.integers(1, 12, (n_rows, n_categories)).astype(np.int32)
    effect = rng.normal(size=(n_categories, 12))
    logit = numbers[:, 0] + numbers[:, 1] * numbers[:, 2] + 0.7 * effect[np.arange(n_categories), codes].sum(axis=1)
    y = (rng.random(n_rows) < 1 / (1 + np.exp(3.2 - logit))).astype(np.int32)
    # An odd corner for the network that looks for unusual rows.
    numbers[y == 1, 5:8] *= 1.6
    names, kinds = (tuple(f"{kind}{at}" for at in range(n)) for kind, n in (("n", n_numbers), ("c", n_categories)))
    x = {"numbers": numbers, "codes": codes}
    return Rows(x, y, np.ones(n_rows, dtype=np.float32)), InputSpec(names, kinds, (12,) * n_categories)
