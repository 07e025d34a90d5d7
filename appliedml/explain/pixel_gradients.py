"""Gradients through a network down to its pixels: quick previews of an explanation, and what a class looks like to it.

The network is any callable on float32 tensors of shape (n, height, width, n_channels), 0..255, that returns
probabilities of shape (n, n_classes), such as a Keras model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

IG_STEPS = 16
ASCENT_STEPS = 128
# Share of the range of pixels that a step of the ascent moves them, on average.
STEP = 0.02
# Inputs of one call: gradients keep every activation.
CALL_VALUES = 2**21
_TINY = 1e-12


def integrated_gradients(
    network: Any,
    images: NDArray[Any],
    hidden: NDArray[Any],
    output: NDArray[np.intp],
    n_steps: int = IG_STEPS,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Integrate the gradient of each image's probability along the line from a stand-in to the image.

    Parameters
    ----------
    network : callable
    images : array of shape (n_images, height, width, n_channels)
    hidden : array of the same shape
        Where the line begins: the images of which nothing is shown.
    output : array of int, shape (n_images,)
        Column of the probability that is explained.
    n_steps : int
        Points on the line (midpoint rule).

    Returns
    -------
    maps : array of shape (n_images, height, width)
        Summed over channels.
    residuals : array of shape (n_images,)
        Probability minus that of the stand-in, minus the map's sum: 0 with enough steps.

    Source
    ------
    Sundararajan, Taly & Yan (2017), Axiomatic attribution for deep networks.
    """
    maps, residuals = np.empty(images.shape[:3]), np.empty(len(images))
    along = (np.arange(n_steps) + 0.5) / n_steps
    a_call = max(1, CALL_VALUES // max(1, images[0].size))
    gradient = _gradients(network, images.shape[1:])
    for number, (image, start) in enumerate(zip(images.astype(np.float32), hidden.astype(np.float32), strict=True)):
        line = (start + along[:, None, None, None] * (image - start)).astype(np.float32)
        which = int(output[number])
        parts = [gradient(line[at : at + a_call], which) for at in range(0, n_steps, a_call)]
        found = np.concatenate(parts).mean(axis=0) * (image - start)
        ends = np.asarray(network(np.stack([image, start])), dtype=np.float64)[:, which]
        maps[number] = found.sum(axis=2)
        residuals[number] = ends[0] - ends[1] - maps[number].sum()
    return maps, residuals


def maximise_class(
    network: Any, shape: tuple[int, int, int], output: int, *, n_steps: int = ASCENT_STEPS, seed: int = 0
) -> tuple[NDArray[np.uint8], float, float]:
    """Paint, from a grey image, what raises the probability of a class most: gradient ascent with jitter.

    Parameters
    ----------
    network : callable
    shape : (int, int, int)
        Height, width and channels.
    output : int
        Column of the probability.
    n_steps : int
    seed : int
        Of the noise at the start and of the jitter.

    Returns
    -------
    pixels : array of shape (height, width, n_channels), uint8
        A synthetic image: it holds no person's data.
    probability : float
        That the network gives it.
    before : float
        That the network gives the grey image.

    Notes
    -----
    Each step moves the image a little against the pixel grid and smooths the gradient, or fine noise that no eye reads
    would win. The image shows one way to a high score, not all of what the class means to the network.

    Source
    ------
    Simonyan, Vedaldi & Zisserman (2014), Deep inside convolutional networks; jitter and smoothing: Mordvintsev, Olah &
    Tyka (2015), Inceptionism; Nguyen, Yosinski & Clune (2019), Understanding neural networks via feature visualization.
    """
    rng = np.random.default_rng(seed)
    grey = np.full(shape, 127.5, dtype=np.float32)
    image = grey + rng.normal(0, 4, shape).astype(np.float32)
    gradient = _gradients(network, shape, logarithm=True)
    reach = np.maximum(np.array(shape[:2]) // 16, 1)
    for number in range(n_steps):
        shift = tuple(int(rng.integers(-far, far + 1)) for far in reach)
        found = gradient(np.roll(image, shift, axis=(0, 1))[None], output)[0]
        towards = np.roll(found, (-shift[0], -shift[1]), axis=(0, 1))
        # From coarse to fine, as a painter does.
        sigma = 1.5 * (1 - number / n_steps) + 0.5
        towards = gaussian_filter(towards, (sigma, sigma, 0))
        size = float(np.sqrt(np.mean(towards**2)))
        if size < _TINY:
            break
        image = np.clip(image + np.float32(255 * STEP / size) * towards, 0, 255).astype(np.float32)
    painted = np.rint(image)
    reached, before = np.asarray(network(np.stack([painted, grey])), dtype=np.float64)[:, output]
    return painted.astype(np.uint8), float(reached), float(before)


def _gradients(
    network: Any, shape: tuple[int, ...], logarithm: bool = False
) -> Callable[[NDArray[np.float32], int], NDArray[np.float64]]:
    """Compile gradients of a class's probability, or of its logarithm, with respect to pixels."""
    import tensorflow as tf

    def gradient(pixels: Any, output: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(pixels)
            chances = tf.gather(network(pixels), output, axis=1)
            # The logarithm keeps a gradient where the probability is close to 0.
            total = tf.reduce_sum(tf.math.log(chances + _TINY) if logarithm else chances)
        return tape.gradient(total, pixels)

    pixels = tf.TensorSpec((None, *shape), tf.float32)
    # The concrete function: TensorFlow counts traces by line of source, and would warn of "retracing".
    call = tf.function(gradient, autograph=False).get_concrete_function(pixels, tf.TensorSpec((), tf.int32))
    return lambda batch, output: np.asarray(call(tf.constant(batch), tf.constant(output, tf.int32)), dtype=np.float64)
