"""Superpixels: connected regions of like colour, a fixed number an image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from appliedml.errors import StageError

N_ITERATIONS = 10
# Weight of place against colour: one side of a segment counts as much as this share of the range of colours, as the 10
# of 100 levels of lightness that SLIC began with.
COMPACTNESS = 0.1


def grid_regions(shape: tuple[int, int], grid: tuple[int, int]) -> NDArray[np.intp]:
    """Number the patches of a grid, from top to bottom and from left to right.

    Parameters
    ----------
    shape : (int, int)
        Height and width in pixels.
    grid : (int, int)
        Patches from top to bottom and from left to right. Sides that do not divide give patches that differ by a pixel.

    Returns
    -------
    array of shape (height, width)

    Examples
    --------
    >>> grid_regions((2, 4), (1, 2)).tolist()
    [[0, 0, 1, 1], [0, 0, 1, 1]]
    """
    down, across = (np.arange(side) * parts // side for side, parts in zip(shape, grid, strict=True))
    return np.asarray(down[:, None] * grid[1] + across[None, :])


def superpixels(image: NDArray[Any], grid: tuple[int, int], compactness: float = COMPACTNESS) -> NDArray[np.intp]:
    """Cut an image into as many connected regions of like colour as a grid has patches.

    Parameters
    ----------
    image : array of shape (height, width) or (height, width, n_channels)
        0..255.
    grid : (int, int)
        Where the regions begin.
    compactness : float
        Above 0; the larger, the closer the regions are to the patches of the grid.

    Returns
    -------
    array of int, shape (height, width)
        Every number from 0 to the number of patches - 1 occurs. An image that cannot be cut so (one colour throughout,
        say) is cut into the patches of the grid.

    Raises
    ------
    StageError
        If the grid is finer than the pixels, or ``compactness`` is not above 0.

    Source
    ------
    Achanta et al. (2012), SLIC superpixels compared to state-of-the-art superpixel methods; here in the image's own
    colours, searched over the neighbouring segments of the grid.

    Examples
    --------
    >>> image = np.array([[0, 0, 0, 255], [0, 0, 0, 255], [0, 0, 0, 255], [0, 0, 0, 255]])
    >>> superpixels(image, (1, 2)).tolist()
    [[0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1]]
    """
    pixels = np.asarray(image, dtype=np.float32)
    height, width = pixels.shape[:2]
    if not (1 <= grid[0] <= height and 1 <= grid[1] <= width):
        raise StageError(f"superpixels: the grid must have 1 to {height} rows and 1 to {width} columns. It is {grid}.")
    if not compactness > 0:
        raise StageError(f"superpixels: compactness must be above 0. It is {compactness!r}.")
    patches = grid_regions((height, width), grid)
    n_regions = grid[0] * grid[1]
    side = float(np.sqrt(height * width / n_regions))
    rows, columns = np.mgrid[:height, :width].astype(np.float32) * np.float32(compactness / side)
    colours = pixels.reshape(height * width, -1) / np.float32(255 * np.sqrt(pixels[0, 0].size))
    features = np.column_stack([rows.reshape(-1), columns.reshape(-1), colours])
    near = _neighbours(grid)[patches.reshape(-1)]
    labels = patches.reshape(-1).astype(np.intp)
    for _ in range(N_ITERATIONS):
        counts = np.bincount(labels, minlength=n_regions)
        if not counts.all():
            break
        sums = np.column_stack([np.bincount(labels, column, n_regions) for column in features.T])
        centres = (sums / counts[:, None]).astype(np.float32)
        # Each pixel may only join the segments that began around it: the distance stays cheap and the regions local.
        distance = ((features[:, None, :] - centres[near]) ** 2).sum(axis=2)
        chosen = near[np.arange(len(near)), distance.argmin(axis=1)]
        # A region that lost all its pixels begins anew where its patch is fitted worst.
        sizes = np.bincount(chosen, minlength=n_regions)
        for lost in np.flatnonzero(sizes == 0):
            inside = np.flatnonzero((near[:, 0] == lost) & (sizes[chosen] > 1))
            if len(inside):
                taken = inside[distance[inside].min(axis=1).argmax()]
                sizes[[chosen[taken], lost]] += (-1, 1)
                chosen[taken] = lost
        if np.array_equal(chosen, labels):
            break
        labels = chosen
    found = _connected(labels.reshape(height, width), n_regions)
    return found if len(np.unique(found)) == n_regions else patches


def _neighbours(grid: tuple[int, int]) -> NDArray[np.intp]:
    """Up to nine patches around every patch of a grid, itself repeated where there are fewer."""
    down, across = np.divmod(np.arange(grid[0] * grid[1]), grid[1])
    found = []
    for step_down in (0, -1, 1):
        for step_across in (0, -1, 1):
            row, column = down + step_down, across + step_across
            inside = (row >= 0) & (row < grid[0]) & (column >= 0) & (column < grid[1])
            found.append(np.where(inside, row * grid[1] + column, down * grid[1] + across))
    return np.stack(found, axis=1)


def _connected(labels: NDArray[np.intp], n_regions: int) -> NDArray[np.intp]:
    """Keep the largest part of every region; the nearest region takes the others."""
    kept = np.zeros(labels.shape, dtype=bool)
    for label in range(n_regions):
        parts, n_parts = ndimage.label(labels == label)
        if n_parts:
            sizes = np.bincount(parts.reshape(-1))[1:]
            kept |= parts == 1 + int(sizes.argmax())
    # Pixel by pixel outwards from what is kept, so that what joins a region touches it.
    out = np.where(kept, labels, -1)
    while (out < 0).any():
        grown = ndimage.grey_dilation(out, footprint=_CROSS, mode="constant", cval=-1)
        out = np.where(out < 0, grown, out)
    return np.asarray(out, dtype=np.intp)


_CROSS = ndimage.generate_binary_structure(2, 1)
