"""Images as coalitions: patches of a grid, hidden behind one colour or taken from background images."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import StageError

MEBIBYTE = 2**20


class PatchMasker:
    """Images whose players are the patches of a grid.

    Parameters
    ----------
    images : array of shape (n_images, height, width) or (n_images, height, width, n_channels)
        What is explained, as the scorer takes it.
    background : float, "mean" or array of shape (n_background, height, width[, n_channels]), default "mean"
        What a hidden patch shows: one value; the mean colour of all ``images``, each channel by itself; or the same
        patch of a background image (training images), all of which then count alike. Values are given the images' type.
    grid : (int, int), default (4, 4)
        Patches from top to bottom and from left to right. Sides that do not divide give patches that differ by a pixel.

    Raises
    ------
    StageError
        If the images are no images or empty, the grid is finer than the pixels, or the background does not fit.

    Notes
    -----
    What stands in for a hidden patch must not depend on the image that is explained: the base value, the score of an
    image of which nothing is shown, is the same for all. "mean" is therefore one colour for all images. To hide each
    image behind its own mean colour, make a masker of one image at a time.

    The value of a patch depends on what hides it. One colour is a picture no model was trained on; background images
    keep to real pictures, at edges that are not. State which was used.

    Examples
    --------
    >>> image = np.arange(16.0).reshape(1, 4, 4)
    >>> masker = PatchMasker(image, background=0.0, grid=(2, 2))
    >>> masker.names
    ('row 1, column 1', 'row 1, column 2', 'row 2, column 1', 'row 2, column 2')
    >>> shown = np.array([[[True, False, False, False]]])
    >>> masker.masked(np.array([0]), shown, np.array([0]))[0].tolist()
    [[0.0, 1.0, 0.0, 0.0], [4.0, 5.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """

    def __init__(self, images: Any, background: Any = "mean", grid: tuple[int, int] = (4, 4)) -> None:
        pixels = np.asarray(images)
        if pixels.ndim not in (3, 4) or not pixels.size or pixels.dtype.kind not in "fiu":
            raise StageError(
                "PatchMasker: images must be numbers of shape (n_images, height, width) or (n_images, height, width, "
                f"n_channels). Given: {pixels.dtype} of shape {pixels.shape}."
            )
        self.grid = (int(grid[0]), int(grid[1]))
        for what, parts, side in zip(("rows", "columns"), self.grid, pixels.shape[1:3], strict=True):
            if not 1 <= parts <= side:
                raise StageError(f"PatchMasker: the grid must have 1 to {side} {what}. It is {grid}.")
        self._shape = pixels.shape[1:]
        self._images = _flat(pixels)
        self._background = _flat(_stand_in(pixels, background))
        self._owner = _patch_of_value(self._shape, self.grid)
        self.n_rows, self.n_background = len(pixels), len(self._background)

    @property
    def names(self) -> tuple[str, ...]:
        """One name a patch, from top to bottom and from left to right, counted from 1."""
        rows, columns = self.grid
        return tuple(f"row {row + 1}, column {column + 1}" for row in range(rows) for column in range(columns))

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
            # One byte a value, not a patch: np.where over whole images runs several times faster than over patches'
            # rows. One image at a time stays in the processor's cache.
            shown = np.take(present[place if len(present) > 1 else 0], self._owner, axis=1)
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

        Examples
        --------
        >>> PatchMasker(np.zeros((1, 224, 224, 3), dtype=np.float32)).rows_within(256)
        356
        """
        a_row = self._images.shape[1] * (self._images.itemsize + 1)
        return max(1, int(mebibytes * MEBIBYTE // a_row))

    def on_pixels(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values of patches as maps of pixels, to lay over the images.

        Parameters
        ----------
        values : array of shape (..., n_players)

        Returns
        -------
        array of shape (..., height, width)
            Each pixel has an equal share of its patch's value: maps add up to what the values add up to.

        Raises
        ------
        StageError
            If there is not one value a patch.

        Examples
        --------
        >>> PatchMasker(np.zeros((1, 2, 4)), grid=(1, 2)).on_pixels(np.array([4.0, 8.0])).tolist()
        [[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]
        """
        n_patches = self.grid[0] * self.grid[1]
        if values.shape[-1] != n_patches:
            raise StageError(f"PatchMasker: there are {n_patches} patches. Given: values of shape {values.shape}.")
        owner = _patch_of_value(self._shape[:2], self.grid)
        share = values / np.bincount(owner, minlength=n_patches)
        return np.asarray(share[..., owner].reshape(*values.shape[:-1], *self._shape[:2]))


def _flat(images: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(images).reshape(len(images), -1)


def _patch_of_value(shape: tuple[int, ...], grid: tuple[int, int]) -> NDArray[np.intp]:
    """Patch of every value of an image, in the order of memory."""
    down, across = (np.arange(side) * parts // side for side, parts in zip(shape[:2], grid, strict=True))
    patch = down[:, None] * grid[1] + across[None, :]
    return np.repeat(patch.reshape(-1), int(np.prod(shape[2:], dtype=np.intp)))


def _stand_in(images: NDArray[Any], background: Any) -> NDArray[Any]:
    """Return background images of the images' type."""
    shape, kind = images.shape[1:], images.dtype
    if isinstance(background, str):
        if background != "mean":
            raise StageError(
                f"PatchMasker: background must be a number, 'mean' or an array of images. It is {background!r}."
            )
        colour = images.reshape(-1, *shape[2:]).mean(axis=0, dtype=np.float64)
        return _of_kind(np.broadcast_to(colour, (1, *shape)), kind)
    given = np.asarray(background)
    if given.dtype.kind in "fiub" and given.ndim == 0:
        return _of_kind(np.full((1, *shape), given, dtype=np.float64), kind)
    if given.dtype.kind not in "fiu" or given.shape[1:] != shape or not len(given):
        raise StageError(
            f"PatchMasker: background images must be numbers of shape (n_background, {', '.join(map(str, shape))}). "
            f"Given: {given.dtype} of shape {given.shape}."
        )
    return _of_kind(given, kind)


def _of_kind(values: NDArray[Any], kind: np.dtype[Any]) -> NDArray[Any]:
    """Return values of another type, rounded where it holds whole numbers, and never wrapped around."""
    if kind.kind in "iu" and values.dtype != kind:
        limits = np.iinfo(kind)
        if values.min() < limits.min or values.max() > limits.max or not np.isfinite(values).all():
            raise StageError(f"PatchMasker: the background does not fit into the images' type, {kind}.")
        values = np.rint(values)
    if not np.isfinite(values).all():
        raise StageError("PatchMasker: the background holds values that are not finite.")
    return values.astype(kind)
