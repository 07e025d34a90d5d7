"""How pictures are disturbed to see what a model makes of them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Perturbation:
    """One kind of disturbance, weak to strong.

    Parameters
    ----------
    title : str
    strengths : tuple of float
    said : str
        Format of a strength in words.
    change : callable
        (pixels (n, height, width, channels) uint8, strength, generator) -> the same, disturbed.
    """

    title: str
    strengths: tuple[float, ...]
    said: str
    change: Callable[[Pixels, float, np.random.Generator], Pixels]


def _as_pixels(values: NDArray[np.floating]) -> Pixels:
    clipped: Pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return clipped


def noise(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Add Gaussian noise with a standard deviation in grey levels (of 255)."""
    return _as_pixels(pixels + rng.normal(0.0, strength, pixels.shape))


def blur(pixels: Pixels, strength: float, _rng: np.random.Generator) -> Pixels:
    """Blur by a Gaussian with a standard deviation in pixels; of higher pictures than 64 pixels, as if they were 64."""
    from scipy.ndimage import gaussian_filter

    sigma = strength * max(1.0, pixels.shape[1] / 64)
    return _as_pixels(gaussian_filter(pixels.astype(np.float32), (0, sigma, sigma, 0)))


def contrast(pixels: Pixels, strength: float, _rng: np.random.Generator) -> Pixels:
    """Draw grey levels together, around the mean of each picture, by a factor."""
    middle = pixels.mean(axis=(1, 2, 3), keepdims=True)
    return _as_pixels(middle + strength * (pixels - middle))


def brightness(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Add grey levels (of 255) to every pixel, or take them away, picture by picture at random."""
    signs = rng.choice([-1.0, 1.0], len(pixels))[:, None, None, None]
    return _as_pixels(pixels + signs * strength)


def rotation(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Rotate by an angle in degrees, to either side at random; what comes from outside repeats the edge."""
    from scipy.ndimage import rotate

    signs = rng.choice([-1.0, 1.0], len(pixels))
    turned = [
        rotate(picture.astype(np.float32), sign * strength, axes=(0, 1), reshape=False, order=1, mode="nearest")
        for picture, sign in zip(pixels, signs, strict=True)
    ]
    return _as_pixels(np.stack(turned))


def jpeg(pixels: Pixels, strength: float, _rng: np.random.Generator) -> Pixels:
    """Store as JPEG of a quality (1..95) and read again."""
    from PIL import Image

    out = np.empty_like(pixels)
    for place, picture in enumerate(pixels):
        file = io.BytesIO()
        Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).save(file, "JPEG", quality=int(strength))
        found = np.asarray(Image.open(file))
        out[place] = found[..., None] if found.ndim == 2 else found
    return out


def occlusion(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Cover a square, of a side that is a share of the height, at a random place by the picture's mean."""
    out = pixels.copy()
    height, width = pixels.shape[1:3]
    side = max(1, round(strength * height))
    for picture in out:
        top, left = rng.integers(0, max(1, height - side + 1)), rng.integers(0, max(1, width - side + 1))
        picture[top : top + side, left : left + side] = np.rint(picture.mean(axis=(0, 1)))
    return out


PERTURBATIONS: dict[str, Perturbation] = {
    "noise": Perturbation("Noise", (8, 16, 32), "standard deviation {:g} of 255", noise),
    "blur": Perturbation("Blur", (0.5, 1, 2), "radius {:g} of 64 pixels", blur),
    "contrast": Perturbation("Lower contrast", (0.8, 0.6, 0.4), "contrast times {:g}", contrast),
    "brightness": Perturbation("Brightness", (10, 25, 50), "up or down by {:g} of 255", brightness),
    "rotation": Perturbation("Rotation", (5, 10, 20), "{:g} degrees", rotation),
    "jpeg": Perturbation("JPEG compression", (50, 25, 10), "quality {:g}", jpeg),
    "occlusion": Perturbation("Occlusion", (0.1, 0.2, 0.3), "a square of {:.0%} of the height", occlusion),
}

ATTACK = "fgsm"
ATTACK_TITLE = "Attack (fast gradient sign)"
ATTACK_STRENGTHS = (1.0, 2.0, 4.0)
ATTACK_SAID = "each pixel by up to {:g} of 255"


def attack_directions(model: Any, pixels: Pixels, codes: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return for every pixel the direction, -1, 0 or 1, in which the loss rises.

    Parameters
    ----------
    model : keras.Model
        From float32 pixels, 0..255, to probabilities.
    pixels : array of shape (n, height, width, channels), uint8
    codes : array of int, shape (n,)
        Class codes of the reference standard.

    Returns
    -------
    array of shape (n, height, width, channels)
        For :func:`moved`.

    Source
    ------
    Goodfellow, Shlens, Szegedy (2015), Explaining and Harnessing Adversarial Examples.
    """
    import keras
    import tensorflow as tf

    def gradient(x: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = keras.losses.sparse_categorical_crossentropy(labels, model(x, training=False))
        return tape.gradient(loss, x)

    shape = (None, *pixels.shape[1:])
    # The concrete function: TensorFlow counts traces by line of source, and would warn of "retracing".
    compiled = tf.function(gradient, autograph=False).get_concrete_function(
        tf.TensorSpec(shape, tf.float32), tf.TensorSpec((None,), tf.int32)
    )
    parts = []
    step = max(1, 2**21 // int(np.prod(pixels.shape[1:])))
    for start in range(0, len(pixels), step):
        x = tf.constant(pixels[start : start + step], tf.float32)
        parts.append(np.sign(compiled(x, tf.constant(codes[start : start + step], tf.int32)).numpy()))
    return np.concatenate(parts)


def moved(pixels: Pixels, directions: NDArray[np.float32], strength: float) -> Pixels:
    """Move every pixel by a number of grey levels (of 255) in its direction."""
    return _as_pixels(pixels + strength * directions)
