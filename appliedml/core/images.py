"""``Images``: rows that are pictures, decoded when they are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from appliedml.core.fingerprint import canonical_json
from appliedml.errors import DataError

# Pictures that take no more than this together are kept once they are decoded; of more, none is.
KEEP_BYTES = 128 * 2**20
# So many pictures of one source are compared by their pixels, which have to be decoded once more where they are not
# kept; of more, by the digests that their decoder gives.
COMPARE_PIXELS = 20_000


@runtime_checkable
class Decoder(Protocol):
    """Turns one item (a relative path, a position) into pixels. Plain data, so that it can travel to a worker."""

    def decode(self, item: Any, height: int, width: int, channels: int) -> NDArray[np.uint8]:
        """Return an array of shape (height, width, channels), 0..255."""
        ...

    def digest(self, item: Any) -> str:
        """Return the SHA-256 of the item's content as hex."""
        ...


class ArrayDecoder:
    """Pictures that are in memory, or in a memory-mapped array, already.

    Parameters
    ----------
    pixels : array of shape (n_images, height, width, channels), uint8
    """

    digests_pixels: ClassVar[bool] = True

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.pixels = pixels

    def decode(self, item: int, height: int, width: int, channels: int) -> NDArray[np.uint8]:
        """Return one picture; its size is what it is."""
        return np.asarray(self.pixels[item])

    def digest(self, item: int) -> str:
        """Return the SHA-256 of one picture's pixels as hex."""
        return _sha256_of_pixels(self.pixels[item])


class Images:
    """A number of pictures of one size, decoded lazily.

    Parameters
    ----------
    items : sequence
        What the decoder takes, one entry a picture: relative paths, or positions.
    decoder : Decoder
    size : (int, int)
        Height and width in pixels that every picture is brought to.
    channels : {1, 3}
        Grey or RGB.
    names : sequence of str, optional
        What a picture is called in reports; default its item.
    masks : Images, optional
        Known regions (lesions, say), one picture of one channel a row, above 127 inside the region. The model never
        sees them.
    kept : dict, optional
        Decoded pictures by item, shared by all selections of the same pictures. Default: a new one where all pictures
        fit into ``KEEP_BYTES``.
    whole : Images, optional
        The pictures that these were chosen from: what is known of their pixels is shared with them.

    Examples
    --------
    >>> images = Images.of(np.zeros((3, 8, 8, 1), dtype=np.uint8))
    >>> len(images), images.shape, images.take(np.array([2, 0])).items
    (3, (3, 8, 8, 1), (2, 0))
    """

    def __init__(
        self,
        items: Sequence[Any],
        decoder: Decoder,
        size: tuple[int, int],
        channels: int,
        names: Sequence[str] | None = None,
        masks: Images | None = None,
        *,
        kept: dict[Any, NDArray[np.uint8]] | None = None,
        whole: Images | None = None,
    ) -> None:
        self.items = tuple(items)
        self.decoder = decoder
        self.size = (int(size[0]), int(size[1]))
        self.channels = int(channels)
        self.names = tuple(str(name) for name in (names if names is not None else self.items))
        self.masks = masks
        if kept is None and not isinstance(decoder, ArrayDecoder) and self.nbytes <= KEEP_BYTES:
            kept = {}
        self._kept = kept
        # Train and test must be compared in the same way, so the size of the whole decides, not that of a selection.
        self._n_whole: int = len(self.items) if whole is None else whole._n_whole
        self._pixel_digests: dict[str, str] = {} if whole is None else whole._pixel_digests
        if masks is not None and len(masks) != len(self.items):
            raise DataError(f"Images: one mask a picture is needed. There are {len(self.items)}, not {len(masks)}.")

    @classmethod
    def of(cls, pixels: NDArray[Any]) -> Images:
        """Return pictures that are in memory.

        Parameters
        ----------
        pixels : array of shape (n_images, height, width) or (n_images, height, width, channels)
            0..255; anything but uint8 is rounded and clipped.

        Returns
        -------
        Images

        Raises
        ------
        DataError
            If the shape is another.
        """
        found = np.asarray(pixels)
        if found.ndim == 3:
            found = found[..., None]
        if found.ndim != 4 or found.shape[3] not in (1, 3):
            raise DataError(
                "Images: pixels must have the shape (n_images, height, width) or (n_images, height, width, 1 or 3). "
                f"They have {np.shape(pixels)}."
            )
        if found.dtype != np.uint8:
            found = np.clip(np.rint(found), 0, 255).astype(np.uint8)
        return cls(range(len(found)), ArrayDecoder(found), found.shape[1:3], found.shape[3])

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self.items)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(n_images, height, width, channels)."""
        return (len(self.items), *self.size, self.channels)

    @property
    def nbytes(self) -> int:
        """Size of all pixels if they were decoded at once, in bytes."""
        return int(np.prod(self.shape))

    def take(self, rows: NDArray[np.intp]) -> Images:
        """Return the pictures at these positions, in this order; nothing is decoded.

        Parameters
        ----------
        rows : array of int, shape (n_rows,)

        Returns
        -------
        Images
        """
        chosen = np.asarray(rows, dtype=np.intp)
        return Images(
            [self.items[row] for row in chosen],
            self.decoder,
            self.size,
            self.channels,
            [self.names[row] for row in chosen],
            None if self.masks is None else self.masks.take(chosen),
            kept=self._kept,
            whole=self,
        )

    def __getstate__(self) -> dict[str, Any]:
        """Leave decoded pictures behind: a worker decodes its own."""
        return {**self.__dict__, "_kept": None if self._kept is None else {}}

    def __getitem__(self, rows: Any) -> Images:
        """Return some pictures, by slice, positions or boolean mask."""
        return self.take(np.atleast_1d(np.arange(len(self))[rows]))

    def pixels(self, rows: NDArray[np.intp] | slice | None = None) -> NDArray[np.uint8]:
        """Decode pictures.

        Parameters
        ----------
        rows : array of int or slice, optional
            Default all.

        Returns
        -------
        array of shape (n_rows, height, width, channels), uint8
        """
        chosen = np.arange(len(self)) if rows is None else np.arange(len(self))[rows]
        out = np.empty((len(chosen), *self.size, self.channels), dtype=np.uint8)
        for place, row in enumerate(chosen):
            out[place] = self._decoded(self.items[row])
        return out

    def _decoded(self, item: Any) -> NDArray[np.uint8]:
        if self._kept is None:
            return self.decoder.decode(item, *self.size, self.channels)
        if item not in self._kept:
            self._kept[item] = self.decoder.decode(item, *self.size, self.channels)
        return self._kept[item]

    def batches(self, size: int = 256) -> Iterator[NDArray[np.uint8]]:
        """Decode pictures in order, a batch at a time.

        Parameters
        ----------
        size : int

        Yields
        ------
        array of shape (n_rows, height, width, channels), uint8
        """
        for start in range(0, len(self), size):
            yield self.pixels(slice(start, start + size))

    def digests(self) -> list[str]:
        """Return the SHA-256 of the content of every picture, as hex."""
        return [self.decoder.digest(item) for item in self.items]

    @property
    def compares_pixels(self) -> bool:
        """Whether :meth:`seen_digests` are those of pixels: of up to 20,000 pictures, and of those read from arrays."""
        return bool(getattr(self.decoder, "digests_pixels", False)) or self._n_whole <= COMPARE_PIXELS

    def seen_digests(self) -> list[str]:
        """Return the SHA-256 of every picture as the model sees it, as hex: equal pixels have equal digests.

        Returns
        -------
        list of str
            Of the pixels at the size they are brought to, whatever else their files hold. Each distinct file is
            decoded once, one at a time; its digest is shared by all selections of the same pictures. Of more than
            20,000 pictures, :meth:`digests`; :attr:`compares_pixels` says which.

        Examples
        --------
        >>> first, again, other = Images.of(np.array([0, 0, 9])[:, None, None] * np.ones((3, 2, 2))).seen_digests()
        >>> first == again, first == other
        (True, False)
        """
        digests = self.digests()
        if getattr(self.decoder, "digests_pixels", False) or not self.compares_pixels:
            return digests
        known = self._pixel_digests
        for item, digest in zip(self.items, digests, strict=True):
            if digest not in known:
                known[digest] = _sha256_of_pixels(self._decoded(item))
        return [known[digest] for digest in digests]

    def fingerprint(self) -> str:
        """Return the SHA-256 of all contents and the size they are brought to, as hex."""
        facts = canonical_json([self.digests(), list(self.size), self.channels])
        return hashlib.sha256(facts.encode()).hexdigest()

    def __repr__(self) -> str:
        """One line."""
        kind = "grey" if self.channels == 1 else "RGB"
        return f"Images({len(self)} of {self.size[0]} x {self.size[1]}, {kind})"


def _sha256_of_pixels(picture: NDArray[np.uint8]) -> str:
    found = np.ascontiguousarray(picture)
    return hashlib.sha256(f"{found.shape}".encode() + found.tobytes()).hexdigest()
