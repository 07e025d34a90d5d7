"""Pixels as PNG files: pictures side by side, heat maps over pictures, outlines of regions."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Pictures are enlarged by a whole factor up to about this side, so that small ones can be seen, and shrunk above it.
SIDE_PX = 224
# Red raises the score, blue lowers it: told apart with any kind of colour vision.
RAISES = (214.0, 47.0, 39.0)
LOWERS = (33.0, 102.0, 220.0)
OUTLINE = (255, 221, 0)
_STRONGEST = 0.75


def png(pixels: NDArray[Any], side_px: int = SIDE_PX) -> bytes:
    """Return a picture as a PNG file.

    Parameters
    ----------
    pixels : array of shape (height, width), (height, width, 1) or (height, width, 3)
        0..255; anything but uint8 is rounded and clipped.
    side_px : int
        Small pictures are enlarged by whole pixels up to this side, larger ones are shrunk to it.

    Returns
    -------
    bytes
        The same for the same pixels: no time, no name, no other metadata.

    Raises
    ------
    ValueError
        If the shape is another.

    Examples
    --------
    >>> png(np.zeros((8, 8), dtype=np.uint8))[1:4]
    b'PNG'
    """
    from PIL import Image

    found = as_bytes(pixels)
    if found.ndim == 3 and found.shape[2] == 1:
        found = found[..., 0]
    if found.ndim not in (2, 3) or not found.size or (found.ndim == 3 and found.shape[2] != 3):
        raise ValueError(f"png: a picture has the shape (height, width[, 1 or 3]). Given: {np.shape(pixels)}.")
    longest = max(found.shape[:2])
    picture = Image.fromarray(found)
    if longest > side_px:
        height, width = (max(1, round(side * side_px / longest)) for side in found.shape[:2])
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    elif side_px // longest > 1:
        factor = side_px // longest
        picture = picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
    out = io.BytesIO()
    # Level 9 takes five times as long for two per cent of the size.
    picture.save(out, format="PNG", compress_level=6)
    return out.getvalue()


def heat_over(pixels: NDArray[Any], values: NDArray[np.float64], largest: float) -> NDArray[np.uint8]:
    """Lay a map over a picture: red where values are above 0, blue below, the stronger the larger.

    Parameters
    ----------
    pixels : array of shape (height, width[, 1 or 3])
    values : array of shape (height, width)
    largest : float
        Absolute value that is drawn at full strength; one for all pictures that are compared.

    Returns
    -------
    array of shape (height, width, 3), uint8

    Examples
    --------
    >>> heat_over(np.full((1, 2), 100), np.array([[0.0, 1.0]]), 1.0)[0, 0].tolist()
    [100, 100, 100]
    """
    picture = in_colour(pixels).astype(float)
    strength = np.clip(np.abs(values) / largest, 0, 1)[..., None] * _STRONGEST if largest > 0 else 0.0
    colour = np.where((values >= 0)[..., None], np.array(RAISES), np.array(LOWERS))
    # Grey keeps the picture readable below the colours.
    return as_bytes(picture * (1 - strength) + colour * strength)


def outlined(pixels: NDArray[Any], region: NDArray[np.bool_], colour: tuple[int, int, int] = OUTLINE) -> NDArray[Any]:
    """Draw the outline of a region.

    Parameters
    ----------
    pixels : array of shape (height, width[, 1 or 3])
    region : array of bool, shape (height, width)
    colour : (int, int, int)

    Returns
    -------
    array of shape (height, width, 3), uint8
    """
    inside = np.pad(region, 1)
    core = inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    out = in_colour(pixels).copy()
    out[region & ~core] = colour
    return out


def in_colour(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a picture with three channels.

    Parameters
    ----------
    pixels : array of shape (height, width[, 1 or 3])

    Returns
    -------
    array of shape (height, width, 3), uint8
    """
    found = as_bytes(pixels)
    found = found[..., None] if found.ndim == 2 else found
    return np.broadcast_to(found, (*found.shape[:2], 3))


def as_bytes(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return values as 0..255, rounded and clipped.

    Parameters
    ----------
    pixels : array

    Returns
    -------
    array of uint8
    """
    found = np.asarray(pixels)
    return found if found.dtype == np.uint8 else np.clip(np.rint(found), 0, 255).astype(np.uint8)
