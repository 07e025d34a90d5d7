"""What a network over a frozen text encoder reads: outputs of its layers, and beside them a bag of words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import DataError
from appliedml.models._encoder import Encoder
from appliedml.models._text_inputs import TOKENS, TextEncoder, as_texts
from appliedml.models._vocabulary import room_for
from appliedml.pretrained.minilm import BertEncoder, load_encoder

FEATURES = "features"
PIECES = "pieces"
LENGTHS = "lengths"
# Outputs for every piece up to this size are kept in memory at once; beyond it a batch takes its own from the memo.
IN_MEMORY_BYTES = 1 << 30


@dataclass(frozen=True)
class FrozenPart:
    """Which outputs of which encoder are read.

    Parameters
    ----------
    encoder : str
        Name of a weight package.
    weights : str or None
        Folder with the files of an encoder, in place of the package.
    length : int
        Most word pieces of a text.
    keep : str
        Of a longer text: "start", or "both" ends.
    layers : tuple of int
        Whose pooled outputs are read.
    poolings : tuple of str
    pieces_layer : int or None
        Whose output is read for every piece, for the layers above it to be trained.
    """

    encoder: str
    weights: str | None
    length: int
    keep: str
    layers: tuple[int, ...]
    poolings: tuple[str, ...]
    pieces_layer: int | None = None

    @property
    def is_read(self) -> bool:
        """Whether any output of the encoder is."""
        return bool(self.layers) or self.pieces_layer is not None

    def load(self) -> BertEncoder:
        """Return the encoder."""
        return load_encoder(self.encoder, self.weights)


@dataclass(frozen=True)
class TextFeatureSpec:
    """The arrays a network is built for.

    Parameters
    ----------
    n_features : int
        Width of the input "features", float32; 0 where there is none.
    length, width : int
        Of the input "pieces", shape (n_rows, length, width), float16, with "lengths", shape (n_rows, 1), int32; 0 where
        there is none.
    bag_capacity, bag_width : int
        Codes in, and entries of a row of, "bag" (int32) and "bag_weights" (float32); 0 where there are none.
    """

    n_features: int
    length: int
    width: int
    bag_capacity: int
    bag_width: int

    def shape_key(self) -> list[Any]:
        """Return what decides the shape of the network."""
        return ["text_features", self.n_features, self.length, self.width, self.bag_capacity, self.bag_width]


class TextFeatureEncoder(Encoder):
    """Turns texts into outputs of a frozen encoder, computed once a text in a process, and weights of words.

    Only the bag of words is learned, from training rows.

    Parameters
    ----------
    part : FrozenPart
    digest : str
        SHA-256 of the encoder's weights; "" where no output of it is read.
    width : int
        Of the encoder's vectors.
    words : TextEncoder, optional
        With a bag.
    """

    kind: ClassVar[str] = "text_features"

    def __init__(self, part: FrozenPart, digest: str, width: int, words: TextEncoder | None) -> None:
        self.part = part
        self.digest = digest
        self.width = width
        self.words_encoder = words

    @classmethod
    def learn(
        cls, inputs: Any, part: FrozenPart, *, max_ngrams: int = 0, min_count: int = 2, bag_length: int | str = "auto"
    ) -> TextFeatureEncoder:
        """Return an encoder for texts like these.

        Parameters
        ----------
        inputs : Texts, or list or array of str
            Training rows.
        part : FrozenPart
        max_ngrams, min_count, bag_length
            Of the bag, as ``max_ngrams``, ``min_count`` and ``length`` of ``TextEncoder.learn``; ``max_ngrams=0`` for
            no bag.

        Returns
        -------
        TextFeatureEncoder

        Raises
        ------
        DataError
            If these are no texts.
        MissingExtraError
            If the encoder is not installed.
        """
        texts = as_texts(inputs)
        words = None
        if max_ngrams:
            words = TextEncoder.learn(
                texts,
                max_words=max_ngrams,
                min_count=min_count,
                length=bag_length,
                punctuation=True,
                max_ngrams=max_ngrams,
            )
        if not part.is_read:
            return cls(part, "", 0, words)
        loaded = part.load()
        return cls(part, loaded.digest, loaded.config.width, words)

    @property
    def spec(self) -> TextFeatureSpec:
        """Shapes of the arrays."""
        pieces = self.part.pieces_layer is not None
        bag = self.words_encoder.bag if self.words_encoder is not None else None
        return TextFeatureSpec(
            n_features=len(self.part.layers) * len(self.part.poolings) * self.width,
            length=self.part.load().fitting(self.part.length) if pieces else 0,
            width=self.width if pieces else 0,
            bag_capacity=0 if bag is None else room_for(1 + len(bag.keys)),
            bag_width=0 if self.words_encoder is None else self.words_encoder.spec.bag_width,
        )

    def encode(self, inputs: Any) -> dict[str, Any]:
        """Return the arrays of texts.

        Parameters
        ----------
        inputs : Texts, or list or array of str

        Returns
        -------
        dict of str to array or LazyRows
            Those of the spec. "pieces" is lazy above 1 GiB.

        Raises
        ------
        DataError
            If these are no texts, or the encoder's weights are not those of training.
        MissingExtraError
            If the encoder is not installed.
        """
        texts = as_texts(inputs)
        arrays: dict[str, Any] = {}
        part = self.part
        if part.is_read:
            loaded = part.load()
            if loaded.digest != self.digest:
                raise DataError(
                    f"KerasClassifier was trained on outputs of {part.weights or part.encoder} with the SHA-256 "
                    f"{self.digest[:16]}..; the weights here have {loaded.digest[:16]}... Give it the same weights."
                )
            codes = loaded.tokeniser(texts, loaded.fitting(part.length), part.keep)
            if part.layers:
                pooled = loaded.vectors_of(codes, part.layers, part.poolings)
                arrays[FEATURES] = pooled.reshape(len(codes), -1)
            if part.pieces_layer is not None:
                lazy = LazyPieces(loaded, codes, part.pieces_layer, loaded.fitting(part.length))
                arrays[PIECES] = lazy if lazy.nbytes > IN_MEMORY_BYTES else lazy[:]
                arrays[LENGTHS] = np.array([[len(code)] for code in codes], dtype=np.int32).reshape(-1, 1)
        if self.words_encoder is not None:
            found = self.words_encoder.encode(texts)
            arrays.update({name: array for name, array in found.items() if name != TOKENS})
        return arrays

    def to_json(self) -> dict[str, Any]:
        """Return the encoder as a JSON value."""
        return {
            "part": {**asdict(self.part), "layers": list(self.part.layers), "poolings": list(self.part.poolings)},
            "digest": self.digest,
            "width": self.width,
            "words": None if self.words_encoder is None else self.words_encoder.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TextFeatureEncoder:
        """Return the encoder of a JSON value."""
        stored = data["part"]
        part = FrozenPart(**{**stored, "layers": tuple(stored["layers"]), "poolings": tuple(stored["poolings"])})
        words = None if data["words"] is None else TextEncoder.from_json(data["words"])
        return cls(part, str(data["digest"]), int(data["width"]), words)

    def describe(self) -> dict[str, Any]:
        """Return what is read, and where the weights came from."""
        found: dict[str, Any] = {"input": asdict(self.spec)}
        if self.part.is_read:
            found["pretrained"] = {**self.part.load().facts(), "layers": list(self.part.layers)}
        if self.words_encoder is not None:
            found["words"] = self.words_encoder.describe()["input"]
        return found


class LazyPieces:
    """Outputs of a layer for every piece of texts, taken from the memo, or computed, when rows are asked for.

    Parameters
    ----------
    encoder : BertEncoder
    codes : list of array of int32
    layer, length : int
    """

    def __init__(self, encoder: BertEncoder, codes: list[NDArray[np.int32]], layer: int, length: int) -> None:
        self._encoder = encoder
        self._codes = codes
        self._layer = layer
        self.shape: tuple[int, ...] = (len(codes), length, encoder.config.width)
        self.dtype: np.dtype[Any] = np.dtype(np.float16)

    @property
    def nbytes(self) -> int:
        """Size of all rows."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def __len__(self) -> int:
        """Number of rows."""
        return len(self._codes)

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        """Return some rows, shape (n_rows, length, width)."""
        chosen = [self._codes[row] for row in np.arange(len(self))[rows]]
        return self._encoder.pieces_of(chosen, self._layer, self.shape[1])
