"""What a network that looks at pixels reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from appliedml.core.images import Images
from appliedml.errors import DataError
from appliedml.models._encoder import Encoder
from appliedml.models._lazy import IN_MEMORY_BYTES, LazyPixels

PIXELS = "pixels"


@dataclass(frozen=True)
class ImageSpec:
    """The pictures a network is built for; they arrive as the input "pixels", uint8.

    Parameters
    ----------
    height, width, channels : int
    """

    height: int
    width: int
    channels: int

    def shape_key(self) -> list[Any]:
        """Return what decides the shape of the network."""
        return ["pixels", self.height, self.width, self.channels]


class ImageEncoder(Encoder):
    """Decodes pictures: into memory where they fit, else when a batch asks for them.

    Parameters
    ----------
    height, width, channels : int

    Examples
    --------
    >>> pictures = Images.of(np.zeros((2, 8, 8, 1), dtype=np.uint8))
    >>> ImageEncoder.learn(pictures).encode(pictures)["pixels"].shape
    (2, 8, 8, 1)
    """

    kind: ClassVar[str] = "images"

    def __init__(self, height: int, width: int, channels: int) -> None:
        self.height = height
        self.width = width
        self.channels = channels

    @classmethod
    def learn(cls, inputs: Any) -> ImageEncoder:
        """Return an encoder for pictures of this size.

        Parameters
        ----------
        inputs : Images, or array of shape (n, height, width) or (n, height, width, channels)

        Returns
        -------
        ImageEncoder

        Raises
        ------
        DataError
            If these are no pictures.
        """
        return cls(*as_images(inputs).shape[1:])

    @property
    def spec(self) -> ImageSpec:
        """Height, width and channels."""
        return ImageSpec(self.height, self.width, self.channels)

    def encode(self, inputs: Any) -> dict[str, Any]:
        """Return the pixels of pictures.

        Parameters
        ----------
        inputs : Images or array

        Returns
        -------
        dict
            "pixels": array of shape (n, height, width, channels), uint8, or the same as LazyRows above 256 MiB.

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
        return {PIXELS: images.pixels() if images.nbytes <= IN_MEMORY_BYTES else LazyPixels(images)}

    def to_json(self) -> dict[str, Any]:
        """Return the encoder as a JSON value."""
        return {"height": self.height, "width": self.width, "channels": self.channels}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ImageEncoder:
        """Return the encoder of a JSON value."""
        return cls(int(data["height"]), int(data["width"]), int(data["channels"]))

    def describe(self) -> dict[str, Any]:
        """Return the size of the pictures."""
        return {"input": {"height": self.height, "width": self.width, "channels": self.channels}}


def as_images(inputs: Any) -> Images:
    """Return inputs as pictures.

    Parameters
    ----------
    inputs : Images or array

    Returns
    -------
    Images

    Raises
    ------
    DataError
        If they are no pictures.
    """
    if isinstance(inputs, Images):
        return inputs
    if isinstance(inputs, np.ndarray) and inputs.ndim in (3, 4) and inputs.dtype.kind in "uif":
        return Images.of(inputs)
    raise DataError(
        f"KerasClassifier: this builder reads pictures (Images, or an array of shape (n, height, width, channels)). It "
        f"was given a {type(inputs).__name__} of shape {getattr(inputs, 'shape', '?')}. Read them with a source such "
        "as image_folder, or choose a builder for tables (mlp)."
    )
