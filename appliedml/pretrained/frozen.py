"""The frozen part of an image network: pooled features of some layers, and the map at which fine-tuning begins.

Every picture goes through it once in a process; see :mod:`appliedml.pretrained.memo`.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.core.fingerprint import canonical_json
from appliedml.core.images import Images
from appliedml.errors import DataError
from appliedml.pretrained.backbones import Backbone, load_backbone
from appliedml.pretrained.memo import Counts, shared_memo

FEATURES, MAPS = "features", "maps"
POOLINGS = ("average", "max", "both")
# Every call has this many rows, filled up with copies: kernels for fewer rows round differently, and a picture must
# give the same features alone and in any company.
_CALL_ROWS = 16
_MOST_COMPILED = 4


@dataclass(frozen=True)
class FrozenPart:
    """What is frozen, in words that fit into JSON.

    Parameters
    ----------
    backbone, weights : str
        See :func:`appliedml.pretrained.backbones.load_backbone`.
    size : (int, int)
        Height and width in pixels that pictures are brought to.
    levels : "last", "stages" or tuple of str
        Layers whose maps are pooled and joined.
    pooling : str
        "average", "max" or "both".
    cut : str or None
        The block or layer at which fine-tuning begins; levels from there on are not part of it.
    sha256 : str
        Of the weights; "" takes whatever is there.
    """

    backbone: str
    weights: str
    size: tuple[int, int]
    levels: str | tuple[str, ...] = "last"
    pooling: str = "average"
    cut: str | None = None
    sha256: str = ""

    def load(self) -> Backbone:
        """Return the whole network.

        Returns
        -------
        Backbone

        Raises
        ------
        DataError
            If its weights are not those of ``sha256``.
        """
        found = load_backbone(self.backbone, self.weights, self.size)
        if self.sha256 and found.sha256 != self.sha256:
            raise DataError(
                f"The weights {self.weights!r} of {self.backbone} are not those that the network was trained on: their "
                f"SHA-256 is {found.sha256}, not {self.sha256}. Use the same weights file."
            )
        return found

    def pinned(self) -> FrozenPart:
        """Return the same with the SHA-256 of its weights and the names of its levels.

        Returns
        -------
        FrozenPart
        """
        if self.sha256 and not isinstance(self.levels, str):
            return self
        found = self.load()
        asked = self.levels if isinstance(self.levels, str) else list(self.levels)
        values = {**asdict(self), "levels": tuple(found.levels(asked)), "sha256": found.sha256}
        return FrozenPart(**values)

    def frozen_levels(self) -> list[str]:
        """Return the levels that lie below the cut, in order."""
        return list(_form(replace(self, sha256=""))[0])

    def tuned_levels(self) -> list[str]:
        """Return the levels from the cut on, in order."""
        return list(_form(replace(self, sha256=""))[1])

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of a row of each array it gives.

        Returns
        -------
        dict of str to tuple of int
            "features" (n_features,) where levels are frozen, "maps" (height, width, channels) where there is a cut.
        """
        return dict(_form(replace(self, sha256=""))[2])

    def front(self, height: int, width: int, channels: int) -> Any:
        """Return the frozen part as a Keras model, differentiable with respect to pixels.

        Parameters
        ----------
        height, width, channels : int
            Of the pictures as they are read.

        Returns
        -------
        keras.Model
            From "pixels", float32 of shape (n, height, width, channels), 0..255, to a mapping with the arrays of
            :meth:`shapes`.
        """
        import keras

        found = self.load()
        pixels = keras.Input((height, width, channels), name="pixels", dtype="float32")
        levels = self.frozen_levels()
        wanted = [found.model.get_layer(name).output for name in levels]
        if self.cut is not None:
            wanted.append(found.cut_tensor(self.cut))
        lower = keras.Model(found.model.inputs, wanted, name="frozen")
        outputs = lower(as_rgb(pixels, self.size), training=False)
        maps = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
        named = {MAPS: maps.pop()} if self.cut is not None else {}
        if maps:
            named[FEATURES] = join(maps, self.pooling)
        return keras.Model(pixels, named, name="front")

    def key(self, shape: tuple[int, ...]) -> str:
        """Return what decides an output beside the picture's content.

        Parameters
        ----------
        shape : (height, width, channels)
            Of the pictures as they are read.

        Returns
        -------
        str
        """
        return canonical_json([asdict(self.pinned()), list(shape)])

    def rows(self, images: Images) -> dict[str, NDArray[np.float32]]:
        """Return the arrays of pictures; each different picture is computed once in a process.

        Parameters
        ----------
        images : Images

        Returns
        -------
        dict of str to array
            As in :meth:`shapes`, one row a picture.
        """
        shapes = self.shapes()
        sizes = [math.prod(shape) for shape in shapes.values()]
        if not len(images):
            return {name: np.empty((0, *shape), dtype=np.float32) for name, shape in shapes.items()}
        key = self.key(images.shape[1:])

        def compute(positions: NDArray[np.intp]) -> NDArray[np.float32]:
            outputs = _compiled(self, key, images.shape[1:])(_filled(images.pixels(positions)))
            flat = [outputs[name].numpy().reshape(_CALL_ROWS, -1) for name in shapes]
            return np.concatenate(flat, axis=1)[: len(positions)]

        joined = shared_memo().rows(key, images.digests(), compute, _CALL_ROWS)
        parts = np.split(joined, np.cumsum(sizes)[:-1], axis=1)
        return {
            name: np.ascontiguousarray(part).reshape(-1, *shape)
            for (name, shape), part in zip(shapes.items(), parts, strict=True)
        }

    def counts(self, shape: tuple[int, ...]) -> Counts:
        """Return how many outputs this process asked for and computed.

        Parameters
        ----------
        shape : (height, width, channels)

        Returns
        -------
        Counts
        """
        return shared_memo().counts(self.key(shape))

    def names(self) -> list[str]:
        """Return what each value of "features" is: level, pooling and number.

        Returns
        -------
        list of str
            Such as "block5c.average.7".
        """
        found = self.load()
        kinds = ("average", "max") if self.pooling == "both" else (self.pooling,)
        return [
            f"{level}.{kind}.{number}"
            for level in self.frozen_levels()
            for kind in kinds
            for number in range(int(found.model.get_layer(level).output.shape[-1]))
        ]

    def facts(self) -> dict[str, Any]:
        """Return what a run records: the network, its weights and their origin, what is pooled, where tuning begins.

        Returns
        -------
        dict
            A JSON value.
        """
        found = self.load()
        lower = set(found.lower(self.cut))
        n_frozen = sum(layer.count_params() for layer in found.model.layers if layer.name in lower)
        return {
            "name": self.backbone,
            "weights": {"asked": self.weights, "values_sha256": found.sha256, **found.facts},
            "size": list(self.size),
            "levels": list(self.pinned().levels),
            "pooling": self.pooling,
            "fine_tuned_from": self.cut,
            "n_parameters": int(found.model.count_params()),
            "n_parameters_frozen": int(n_frozen),
        }

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON value, with the SHA-256 of its weights."""
        values = asdict(self.pinned())
        return {**values, "size": list(self.size), "levels": list(values["levels"])}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FrozenPart:
        """Return the one of a JSON value.

        Parameters
        ----------
        data : mapping

        Returns
        -------
        FrozenPart
        """
        known = {name: data[name] for name in cls.__dataclass_fields__}
        return cls(**{**known, "size": tuple(data["size"]), "levels": tuple(data["levels"])})


def as_rgb(pixels: Any, size: tuple[int, int]) -> Any:
    """Return pictures as a backbone reads them: three channels, its size.

    Parameters
    ----------
    pixels : tensor of shape (n, height, width, 1 or 3)
    size : (int, int)

    Returns
    -------
    tensor of shape (n, *size, 3)
    """
    import keras

    if pixels.shape[-1] == 1:
        pixels = keras.layers.Concatenate(name="rgb")([pixels, pixels, pixels])
    if tuple(pixels.shape[1:3]) != tuple(size):
        pixels = keras.layers.Resizing(*size, interpolation="bilinear", antialias=True, name="resize")(pixels)
    return pixels


def join(maps: list[Any], pooling: str) -> Any:
    """Return maps pooled over their places and joined.

    Parameters
    ----------
    maps : list of tensor of shape (n, height, width, channels)
    pooling : str
        "average", "max" or "both".

    Returns
    -------
    tensor of shape (n, n_features)
    """
    import keras

    pooled = []
    for one in maps:
        if pooling in ("average", "both"):
            pooled.append(keras.layers.GlobalAveragePooling2D()(one))
        if pooling in ("max", "both"):
            pooled.append(keras.layers.GlobalMaxPooling2D()(one))
    return pooled[0] if len(pooled) == 1 else keras.layers.Concatenate()(pooled)


@lru_cache(16)
def _form(part: FrozenPart) -> tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, tuple[int, ...]], ...]]:
    """Return frozen levels, tuned levels and shapes: they do not depend on the values of weights."""
    found = part.load()
    below = set(found.lower(part.cut))
    levels = found.levels(part.levels if isinstance(part.levels, str) else list(part.levels))
    frozen = tuple(name for name in levels if name in below)
    each = 2 if part.pooling == "both" else 1
    width = sum(int(found.model.get_layer(name).output.shape[-1]) for name in frozen)
    shapes: list[tuple[str, tuple[int, ...]]] = [(FEATURES, (each * width,))] if width else []
    if part.cut is not None:
        shapes.append((MAPS, tuple(int(side) for side in found.cut_tensor(part.cut).shape[1:])))
    return frozen, tuple(name for name in levels if name not in below), tuple(shapes)


_calls: OrderedDict[str, Any] = OrderedDict()
_lock = threading.RLock()


def _compiled(part: FrozenPart, key: str, shape: tuple[int, ...]) -> Any:
    import tensorflow as tf

    with _lock:
        if key not in _calls:
            model = part.front(*shape)
            signature = tf.TensorSpec((_CALL_ROWS, *shape), tf.uint8)
            call = tf.function(lambda pixels: model(tf.cast(pixels, tf.float32), training=False), autograph=False)
            _calls[key] = call.get_concrete_function(signature)
        _calls.move_to_end(key)
        while len(_calls) > _MOST_COMPILED:
            _calls.popitem(last=False)
        return _calls[key]


def _filled(pixels: NDArray[np.uint8]) -> Any:
    import tensorflow as tf

    short = _CALL_ROWS - len(pixels)
    return tf.constant(np.concatenate([pixels, np.repeat(pixels[-1:], short, axis=0)]) if short else pixels)
