"""Bring decoded pixels to a size and a number of channels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def resized(
    pixels: NDArray[np.uint8], height: int, width: int, channels: int, sharp: bool = False
) -> NDArray[np.uint8]:
    """Return one picture at another size and with 1 or 3 channels.

    Parameters
    ----------
    pixels : array of shape (rows, columns, 1 or 3), uint8
    height, width : int
        In pixels.
    channels : {1, 3}
        RGB becomes grey by luma (ITU-R BT.601); grey becomes RGB by repetition.
    sharp : bool
        Take the nearest pixel instead of a mean, as masks need.

    Returns
    -------
    array of shape (height, width, channels), uint8
        Averaged where the picture shrinks (no aliasing). The input itself where nothing changes.

    Examples
    --------
    >>> resized(np.zeros((4, 4, 3), dtype=np.uint8), 8, 8, 1).shape
    (8, 8, 1)
    """
    if pixels.shape != (height, width, channels):
        from PIL import Image

        picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        picture = picture.convert("L" if channels == 1 else "RGB")
        if picture.size != (width, height):
            how = Image.Resampling.NEAREST if sharp else Image.Resampling.BILINEAR
            picture = picture.resize((width, height), how)
        pixels = np.asarray(picture, dtype=np.uint8).reshape(height, width, channels)
    return pixels
