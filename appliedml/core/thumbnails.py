"""Small versions of pictures, by averaging areas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from appliedml.core.images import Images


def thumbnails(images: Images, height: int, width: int) -> NDArray[np.float32]:
    """Return pictures at a smaller size; sides that are small enough stay as they are.

    Parameters
    ----------
    images : Images
    height, width : int
        Most pixels a side keeps.

    Returns
    -------
    array of shape (n_images, height or less, width or less, channels), float32
        0..255. Every new pixel is the mean of the area it covers, parts of pixels counted as parts.

    Examples
    --------
    >>> pictures = Images.of(np.array([[[0, 100, 200, 200], [0, 100, 0, 0]]]))
    >>> thumbnails(pictures, 1, 2)[0, :, :, 0].tolist()
    [[50.0, 100.0]]
    """
    rows = _averages(images.size[0], min(height, images.size[0]))
    columns = _averages(images.size[1], min(width, images.size[1]))
    out = np.empty((len(images), len(rows), len(columns), images.channels), dtype=np.float32)
    start = 0
    for batch in images.batches(64):
        narrow = np.einsum("nhwc,vw->nhvc", batch.astype(np.float32), columns)
        out[start : start + len(batch)] = np.einsum("nhvc,uh->nuvc", narrow, rows)
        start += len(batch)
    return out


def _averages(n_old: int, n_new: int) -> NDArray[np.float32]:
    """Share of every old pixel in every new one, shape (n_new, n_old); rows sum to 1."""
    edges = np.linspace(0, n_old, n_new + 1)
    low, high = edges[:-1, None], edges[1:, None]
    old = np.arange(n_old)[None]
    covered = np.clip(np.minimum(high, old + 1) - np.maximum(low, old), 0, None)
    return np.asarray(covered / covered.sum(axis=1, keepdims=True), dtype=np.float32)
