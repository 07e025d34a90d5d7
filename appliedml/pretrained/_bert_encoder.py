"""A frozen BERT encoder as a compiled Keras model, its outputs computed once for each text in a process."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.core.fingerprint import canonical_json, file_sha256
from appliedml.core.optional import require
from appliedml.errors import DataError
from appliedml.pretrained import weights
from appliedml.pretrained._tokeniser import Tokeniser
from appliedml.pretrained.memo import shared_memo

# Texts are filled up to a multiple of this many pieces, and a batch to a multiple of this many texts, so that the
# vectors of a text are the same bytes whatever stands beside it.
_LENGTH_STEP = 8
_TEXT_STEP = 8
# Pieces of one call: activations take some 20 kB a piece.
_PIECES_AT_ONCE = 4_096
# Texts whose outputs are computed together: sorted by length, they share calls of little padding.
_MEMO_ROWS = 2_048


@dataclass(frozen=True)
class BertConfig:
    """The sizes of an encoder.

    Parameters
    ----------
    n_layers, n_heads, width, inner : int
    n_pieces, n_positions, n_segments : int
        Rows of the three tables of embeddings.
    epsilon : float
        Of the layer normalisations.
    """

    n_layers: int
    n_heads: int
    width: int
    inner: int
    n_pieces: int
    n_positions: int
    n_segments: int
    epsilon: float

    @classmethod
    def read(cls, path: Path) -> BertConfig:
        """Return the sizes written in a ``config.json``.

        Parameters
        ----------
        path : Path

        Returns
        -------
        BertConfig

        Raises
        ------
        DataError
            If the file describes another kind of network.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            kind, activation = data["model_type"], data["hidden_act"]
            sizes = cls(
                n_layers=int(data["num_hidden_layers"]),
                n_heads=int(data["num_attention_heads"]),
                width=int(data["hidden_size"]),
                inner=int(data["intermediate_size"]),
                n_pieces=int(data["vocab_size"]),
                n_positions=int(data["max_position_embeddings"]),
                n_segments=int(data["type_vocab_size"]),
                epsilon=float(data["layer_norm_eps"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path} does not describe a BERT encoder: {error!r}.") from error
        if kind != "bert" or activation != "gelu" or data.get("position_embedding_type", "absolute") != "absolute":
            raise DataError(
                f"{path}: the encoder must be of model_type 'bert' with hidden_act 'gelu' and absolute positions. "
                f"It is of model_type {kind!r} with hidden_act {activation!r}."
            )
        return sizes


class BertEncoder:
    """A frozen BERT encoder; get one from ``minilm.load_encoder``.

    Parameters
    ----------
    files : mapping of str to Path
        "config.json", "model.safetensors" and "tokenizer.json".
    package : str, optional
        Name of the weight package they are of.

    Attributes
    ----------
    config : BertConfig
    digest : str
        SHA-256 of the weights as hex.

    Raises
    ------
    MissingExtraError
        If the extra "text" is not installed.
    DataError
        If a file cannot be used.
    """

    def __init__(self, files: Mapping[str, Path], package: str | None = None) -> None:
        self._package = package
        self.config = BertConfig.read(files["config.json"])
        self.tokeniser = Tokeniser(files["tokenizer.json"])
        self.digest = file_sha256(files["model.safetensors"])
        self._weights = files["model.safetensors"]
        self._calls: dict[str, Any] = {}
        self._lock = threading.Lock()

    def facts(self) -> dict[str, Any]:
        """Return what a run records of these weights, as a JSON value: the folder of a user's own is left out."""
        known = {"name": "a folder of the user's"} if self._package is None else weights.facts(self._package)
        return {**known, "weights_sha256": self.digest}

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Return the stored weights by their published names.

        Returns
        -------
        dict of str to array of float32

        Raises
        ------
        MissingExtraError
            If the package ``safetensors`` is not installed.
        DataError
            If the file cannot be read.
        """
        safetensors = require("safetensors.numpy", "text", "Reading the weights of a text encoder")
        try:
            stored = safetensors.load_file(str(self._weights))
        except Exception as error:  # the library raises its own class, and OSError
            raise DataError(f"{self._weights} cannot be read as safetensors: {error}.") from error
        # Checkpoints of whole models name the encoder "bert.".
        return {
            name.removeprefix("bert."): np.asarray(value, dtype=np.float32)
            for name, value in stored.items()
            if value.dtype.kind == "f"
        }

    def keras_model(self, layers: Sequence[int]) -> Any:
        """Return the encoder as a Keras model.

        Parameters
        ----------
        layers : sequence of int
            Whose outputs are wanted: 0 for the embeddings, 1 .. n_layers for the layers. Layers above the highest one
            are left out.

        Returns
        -------
        keras.Model
            From codes of pieces, "tokens", shape (n, length), int32, 0 for padding, to a list of arrays of shape
            (n, length, width).

        Raises
        ------
        DataError
            If a layer is not there, or the file lacks a tensor.

        Source
        ------
        Devlin et al. (2019), BERT; Wang et al. (2020), MiniLM.
        """
        import keras

        from appliedml.pretrained._bert_layers import PieceEmbeddings, PieceMask, encoder_layer, put_layer

        sizes = self.config
        if not layers or not all(0 <= layer <= sizes.n_layers for layer in layers):
            raise DataError(f"The encoder has the layers 0 to {sizes.n_layers}. Asked for: {list(layers)}.")
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        mask = PieceMask(name="mask")(tokens)
        table = PieceEmbeddings(sizes.n_pieces, sizes.n_positions, sizes.width, sizes.n_segments, name="embeddings")
        norm = keras.layers.LayerNormalization(epsilon=sizes.epsilon, name="embeddings_norm")
        outputs = [norm(table(tokens))]
        for number in range(max(layers)):
            outputs.append(
                encoder_layer(
                    outputs[-1],
                    mask,
                    n_heads=sizes.n_heads,
                    inner=sizes.inner,
                    epsilon=sizes.epsilon,
                    name=f"layer_{number + 1}",
                )
            )
        model = keras.Model(tokens, [outputs[layer] for layer in layers], name="bert")
        try:
            stored = self.tensors()
            table.set_weights([stored[f"embeddings.{part}_embeddings.weight"] for part in _TABLES])
            norm.set_weights([stored[f"embeddings.LayerNorm.{part}"] for part in ("weight", "bias")])
            for number in range(max(layers)):
                put_layer(model, f"layer_{number + 1}", stored, f"encoder.layer.{number}.")
        except (KeyError, ValueError) as error:
            raise DataError(
                f"{self._weights} does not hold the weights that config.json calls for: {error}."
            ) from error
        return model

    def vectors(
        self,
        texts: Iterable[str],
        *,
        layers: Sequence[int],
        poolings: Sequence[str] = ("mean",),
        length: int = 256,
        keep: str = "start",
    ) -> NDArray[np.float32]:
        """Return pooled outputs of layers, computed once a text in a process.

        Parameters
        ----------
        texts : iterable of str
        layers : sequence of int
            0 for the embeddings, 1 .. n_layers for the layers.
        poolings : sequence of str
            "mean" and "max" over the pieces of a text, or "cls", its first mark.
        length : int
            Most pieces of a text.
        keep : str
            Of a longer text: "start", or "both" ends.

        Returns
        -------
        array of shape (n_texts, n_layers * n_poolings, width)
            Layer by layer, in the order given.
        """
        return self.vectors_of(self.tokeniser(texts, self.fitting(length), keep), layers, poolings)

    def vectors_of(
        self, codes: list[NDArray[np.int32]], layers: Sequence[int], poolings: Sequence[str]
    ) -> NDArray[np.float32]:
        """Return :meth:`vectors` of texts that are split into pieces already.

        Parameters
        ----------
        codes : list of array of int32
        layers, poolings
            As for :meth:`vectors`.

        Returns
        -------
        array of shape (n_texts, n_layers * n_poolings, width)
        """
        shape = (len(layers) * len(poolings), self.config.width)
        key = canonical_json(["pooled", self.digest, list(layers), list(poolings)])
        found = self._remembered(key, codes, lambda: self._pooled(layers, poolings), shape, np.float32)
        return np.asarray(found, dtype=np.float32)

    def pieces_of(self, codes: list[NDArray[np.int32]], layer: int, length: int) -> NDArray[np.float16]:
        """Return the output of a layer for every piece, computed once a text in a process.

        Parameters
        ----------
        codes : list of array of int32
            Of the tokeniser, at most ``length`` each.
        layer, length : int

        Returns
        -------
        array of shape (n_texts, length, width), float16
            0 after the last piece.
        """
        key = canonical_json(["pieces", self.digest, layer, length])
        shape = (length, self.config.width)
        found = self._remembered(key, codes, lambda: self._whole(layer), shape, np.float16)
        return np.asarray(found, dtype=np.float16)

    def fitting(self, length: int) -> int:
        """Return a length that the table of positions has room for.

        Parameters
        ----------
        length : int

        Returns
        -------
        int
        """
        return max(4, min(length, self.config.n_positions))

    def _remembered(
        self,
        key: str,
        codes: list[NDArray[np.int32]],
        make: Callable[[], Any],
        shape: tuple[int, int],
        kind: type[np.floating[Any]],
    ) -> NDArray[Any]:
        if not codes:
            return np.empty((0, *shape), dtype=kind)
        with self._lock:
            call = self._calls.setdefault(key, None) or make()
            self._calls[key] = call

        def compute(rows: NDArray[np.intp]) -> NDArray[Any]:
            return _run(call, [codes[row] for row in rows], shape, kind)

        digests = [hashlib.sha256(code.tobytes()).hexdigest() for code in codes]
        return shared_memo().rows(key, digests, compute, batch_rows=_MEMO_ROWS)

    def _pooled(self, layers: Sequence[int], poolings: Sequence[str]) -> Any:
        import keras

        from appliedml.pretrained._bert_layers import MaskedPooling, PieceMask

        model = self.keras_model(layers)
        mask = PieceMask(name="pooling_mask")(model.input)
        pooled = [MaskedPooling(way)([output, mask]) for output in model.outputs for way in poolings]
        return _compiled(keras.Model(model.input, pooled), lambda outputs, _: outputs)

    def _whole(self, layer: int) -> Any:
        import tensorflow as tf

        def cut(outputs: Any, tokens: Any) -> Any:
            return tf.cast(tf.where((tokens != 0)[:, :, None], outputs[0], 0.0), tf.float16)

        return _compiled(self.keras_model([layer]), cut)


_TABLES = ("word", "position", "token_type")


def _compiled(model: Any, after: Callable[[Any, Any], Any]) -> Any:
    import tensorflow as tf

    def call(tokens: Any) -> Any:
        return after(tf.nest.flatten(model(tokens, training=False)), tokens)

    # One graph for every length: the concrete function keeps the model alive.
    signature = [tf.TensorSpec((None, None), tf.int32)]
    return tf.function(call, autograph=False, input_signature=signature).get_concrete_function()


def _run(
    call: Any, codes: list[NDArray[np.int32]], shape: tuple[int, int], kind: type[np.floating[Any]]
) -> NDArray[Any]:
    """Return outputs of a compiled call: texts of similar length together, little padding."""
    import tensorflow as tf

    out = np.zeros((len(codes), *shape), dtype=kind)
    rooms = np.array([-(-len(code) // _LENGTH_STEP) * _LENGTH_STEP for code in codes])
    for room in np.unique(rooms):
        alike = np.flatnonzero(rooms == room)
        size = max(1, _PIECES_AT_ONCE // int(room) // _TEXT_STEP) * _TEXT_STEP
        for start in range(0, len(alike), size):
            rows = alike[start : start + size]
            tokens = np.zeros((-(-len(rows) // _TEXT_STEP) * _TEXT_STEP, room), dtype=np.int32)
            for place, row in enumerate(rows):
                tokens[place, : len(codes[row])] = codes[row]
            tokens[len(rows) :] = tokens[len(rows) - 1]
            found = call(tf.constant(tokens))
            if isinstance(found, list | tuple):
                for place, one in enumerate(found):
                    out[rows, place] = one.numpy()[: len(rows)]
            else:
                width = min(int(room), shape[0])
                out[rows, :width] = found.numpy()[: len(rows), :width]
    return out
