"""Images as coalitions of regions: patches of a grid, or superpixels that differ from image to image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import StageError

MEBIBYTE = 2**20


class RegionMasker:
    """Images whose players are regions of their own.

    Parameters
    ----------
    images : array of shape (n_images, height, width) or (n_images, height, width, n_channels)
        What is explained, as the scorer takes it.
    regions : array of int, shape (n_images, height, width)
        Region of every pixel. Every image has the same number of regions, 0, 1, 2 ..., none of them empty.
    background : array of shape (n_background, height, width[, n_channels])
        What hidden regions show, the same for all images, of the images' type.

    Raises
    ------
    StageError
        If the shapes or types do not fit, or an image lacks a region.

    Examples
    --------
    >>> image, regions = np.array([[[1, 2], [3, 4]]]), np.array([[[0, 1], [1, 1]]])
    >>> masker = RegionMasker(image, regions, np.zeros((1, 2, 2), dtype=int))
    >>> masker.masked(np.array([0]), np.array([[[True, False]]]), np.array([0]))[0].tolist()
    [[1, 0], [0, 0]]
    """

    def __init__(self, images: NDArray[Any], regions: NDArray[Any], background: NDArray[Any]) -> None:
        pixels, owner, hidden = np.asarray(images), np.asarray(regions), np.asarray(background)
        if (
            pixels.ndim not in (3, 4)
            or not pixels.size
            or owner.shape != pixels.shape[:3]
            or owner.dtype.kind not in "iu"
        ):
            raise StageError(
                "RegionMasker: images must have the shape (n_images, height, width[, n_channels]) and regions be whole "
                f"numbers of the first three. Given: {pixels.shape} and {owner.dtype} of shape {owner.shape}."
            )
        if hidden.shape[1:] != pixels.shape[1:] or not len(hidden) or hidden.dtype != pixels.dtype:
            raise StageError(
                f"RegionMasker: the background must be {pixels.dtype} of shape (n, {pixels.shape[1:]}). Given: "
                f"{hidden.dtype} of shape {hidden.shape}."
            )
        numbers = np.arange(int(owner.max()) + 1)
        if any(not np.array_equal(np.unique(one), numbers) for one in owner):
            raise StageError(f"RegionMasker: every image needs all regions from 0 to {numbers[-1]}. One lacks some.")
        self._shape = pixels.shape[1:]
        self._images = np.ascontiguousarray(pixels).reshape(len(pixels), -1)
        self._background = np.ascontiguousarray(hidden).reshape(len(hidden), -1)
        channels = int(np.prod(self._shape[2:], dtype=np.intp))
        self._owner = np.repeat(owner.reshape(len(owner), -1).astype(np.intp), channels, axis=1)
        self.n_rows, self.n_background = len(pixels), len(hidden)
        self.names = tuple(f"region {number + 1}" for number in numbers)

    def masked(self, rows: NDArray[np.intp], present: NDArray[np.bool_], background: NDArray[np.intp]) -> NDArray[Any]:
        """Return composite images; see :meth:`appliedml.explain.masker.Masker.masked`.

        Parameters
        ----------
        rows : array of int, shape (n,)
        present : array of bool, shape (n or 1, m, n_players)
        background : array of int, shape (m,)

        Returns
        -------
        array of shape (n * m, height, width[, n_channels])
            Of the images' type.
        """
        n, m = len(rows), len(background)
        out = np.empty((n, m, self._images.shape[1]), dtype=self._images.dtype)
        other = self._background if self.n_background == 1 else self._background[background]
        for place, row in enumerate(rows):
            shown = np.take(present[place if len(present) > 1 else 0], self._owner[row], axis=1)
            out[place] = np.where(shown, self._images[row], other)
        return out.reshape(n * m, *self._shape)

    def rows_within(self, mebibytes: float) -> int:
        """Return how many composite images fit into a space: the ``batch_rows`` of a budget.

        Parameters
        ----------
        mebibytes : float

        Returns
        -------
        int
            At least 1.
        """
        return max(1, int(mebibytes * MEBIBYTE // (self._images.shape[1] * (self._images.itemsize + 1))))


def on_pixels(values: NDArray[np.float64], regions: NDArray[Any]) -> NDArray[np.float64]:
    """Return values of regions as maps of pixels, each pixel with an equal share of its region's value.

    Parameters
    ----------
    values : array of shape (n_images, n_regions, ...)
    regions : array of int, shape (n_images, height, width)

    Returns
    -------
    array of shape (n_images, height, width, ...)
        Maps add up to what the values add up to.

    Examples
    --------
    >>> on_pixels(np.array([[4.0, 1.0]]), np.array([[[0, 0], [0, 1]]]))[0].round(2).tolist()
    [[1.33, 1.33], [1.33, 1.0]]
    """
    flat = regions.reshape(len(regions), -1)
    maps = np.empty((*flat.shape, *values.shape[2:]))
    for number, owner in enumerate(flat):
        sizes = np.bincount(owner, minlength=values.shape[1]).reshape(-1, *[1] * (values.ndim - 2))
        maps[number] = (values[number] / sizes)[owner]
    return maps.reshape(*regions.shape, *values.shape[2:])


def sums_by_region(maps: NDArray[np.float64], regions: NDArray[Any], n_regions: int) -> NDArray[np.float64]:
    """Add up maps of pixels by region: the way back from :func:`on_pixels`.

    Parameters
    ----------
    maps : array of shape (n_images, height, width, ...)
    regions : array of int, shape (n_images, height, width)
    n_regions : int

    Returns
    -------
    array of shape (n_images, n_regions, ...)

    Examples
    --------
    >>> sums_by_region(np.array([[[1.0, 2.0], [3.0, 4.0]]]), np.array([[[0, 0], [0, 1]]]), 2).tolist()
    [[6.0, 4.0]]
    """
    found = np.zeros((len(maps), n_regions, *maps.shape[3:]))
    for number in range(len(maps)):
        np.add.at(found[number], regions[number], maps[number])
    return found
