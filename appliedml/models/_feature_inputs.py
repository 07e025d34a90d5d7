"""What a network over a frozen one reads: its outputs, computed once a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from appliedml.core.images import Images
from appliedml.errors import DataError
from appliedml.models._encoder import Encoder
from appliedml.models._image_inputs import ImageEncoder, as_images
from appliedml.models._lazy import IN_MEMORY_BYTES
from appliedml.pretrained.frozen import FEATURES, MAPS, FrozenPart

__all__ = ["FEATURES", "MAPS", "FeatureEncoder", "FeatureSpec", "LazyFeatures", "PixelEncoder"]


@dataclass(frozen=True)
class FeatureSpec:
    """The frozen outputs a network is built for.

    Parameters
    ----------
    shapes : tuple of (str, tuple of int)
        Name and shape of a row of each: "features" (pooled levels) and "maps" (at the cut), float32.
    """

    shapes: tuple[tuple[str, tuple[int, ...]], ...]

    def shape_key(self) -> list[Any]:
        """Return what decides the shape of the network."""
        return ["frozen", [[name, list(shape)] for name, shape in self.shapes]]


class LazyFeatures:
    """Frozen outputs that do not fit into memory: computed, or found in the memo, when rows are asked for.

    Parameters
    ----------
    images : Images
    part : FrozenPart
    name : str
        "features" or "maps".
    shape : tuple of int
        Of a row.
    """

    def __init__(self, images: Images, part: FrozenPart, name: str, shape: tuple[int, ...]) -> None:
        self.images = images
        self.part = part
        self.name = name
        self.shape: tuple[int, ...] = (len(images), *shape)
        self.dtype: np.dtype[Any] = np.dtype(np.float32)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.images)

    def __getitem__(self, rows: Any) -> NDArray[Any]:
        """Return the outputs of some pictures."""
        return self.part.rows(self.images[rows])[self.name]


class FeatureEncoder(Encoder):
    """Runs pictures through the frozen part of a network.

    Parameters
    ----------
    part : FrozenPart
        With the SHA-256 of its weights.
    height, width, channels : int
        Of the pictures as they are read.
    """

    kind: ClassVar[str] = "frozen_features"

    def __init__(self, part: FrozenPart, height: int, width: int, channels: int) -> None:
        self.part = part
        self.height = height
        self.width = width
        self.channels = channels

    @classmethod
    def learn(cls, inputs: Any, part: FrozenPart) -> FeatureEncoder:
        """Return an encoder for pictures of this size.

        Parameters
        ----------
        inputs : Images or array
        part : FrozenPart

        Returns
        -------
        FeatureEncoder

        Raises
        ------
        DataError
            If these are no pictures.
        """
        return cls(part.pinned(), *as_images(inputs).shape[1:])

    @property
    def spec(self) -> FeatureSpec:
        """Names and shapes of the outputs."""
        return FeatureSpec(tuple(self.part.shapes().items()))

    def encode(self, inputs: Any) -> dict[str, Any]:
        """Return the frozen outputs of pictures.

        Parameters
        ----------
        inputs : Images or array

        Returns
        -------
        dict
            "features" and "maps", those of ``spec``; LazyRows where they take more than 256 MiB.

        Raises
        ------
        DataError
            If these are no pictures, or of another size.
        """
        images = as_images(inputs)
        if images.shape[1:] != (self.height, self.width, self.channels):
            raise DataError(
                f"KerasClassifier was trained on pictures of {(self.height, self.width, self.channels)} (height, "
                f"width, channels). These have {images.shape[1:]}. Read them at the same size."
            )
        shapes = self.part.shapes()
        n_bytes = 4 * len(images) * sum(int(np.prod(shape)) for shape in shapes.values())
        if n_bytes > IN_MEMORY_BYTES:
            return {name: LazyFeatures(images, self.part, name, shape) for name, shape in shapes.items()}
        return dict(self.part.rows(images))

    def front(self) -> Any:
        """Return the frozen part as a Keras model from float pixels to the network's arrays."""
        return self.part.front(self.height, self.width, self.channels)

    def to_json(self) -> dict[str, Any]:
        """Return the encoder as a JSON value."""
        return {
            "part": self.part.to_json(),
            "height": self.height,
            "width": self.width,
            "channels": self.channels,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FeatureEncoder:
        """Return the encoder of a JSON value."""
        part = FrozenPart.from_json(data["part"])
        return cls(part, int(data["height"]), int(data["width"]), int(data["channels"]))

    def describe(self) -> dict[str, Any]:
        """Return the size of the pictures, the network, and where its weights came from."""
        return {
            "input": {"height": self.height, "width": self.width, "channels": self.channels},
            "backbone": {**self.part.facts(), "computed": "once a picture"},
        }


class PixelEncoder(ImageEncoder):
    """Decodes pictures for a network that has the pre-trained one inside, as augmentation needs it.

    Parameters
    ----------
    height, width, channels : int
    part : FrozenPart
        With the SHA-256 of its weights.
    """

    kind: ClassVar[str] = "images_for_backbone"

    def __init__(self, height: int, width: int, channels: int, part: FrozenPart) -> None:
        super().__init__(height, width, channels)
        self.part = part

    def to_json(self) -> dict[str, Any]:
        """Return the encoder as a JSON value."""
        return {**super().to_json(), "part": self.part.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PixelEncoder:
        """Return the encoder of a JSON value."""
        part = FrozenPart.from_json(data["part"])
        return cls(int(data["height"]), int(data["width"]), int(data["channels"]), part)

    def describe(self) -> dict[str, Any]:
        """Return the size of the pictures, the network, and where its weights came from."""
        return {**super().describe(), "backbone": {**self.part.facts(), "computed": "in every epoch"}}
