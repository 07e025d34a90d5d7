"""Decode picture files one at a time, bringing every kind of pixel to 8 bits, grey or RGB."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from appliedml.core.fingerprint import file_sha256
from appliedml.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

# The formats that hold pictures of patients, products and pets. Others are left out for safety: EPS runs Ghostscript.
FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP", "PPM", "JPEG2000")
FITS = ("stretch", "pad", "crop")


class FileDigests:
    """SHA-256 of files below a folder, each computed once as long as the file stays as it is.

    Parameters
    ----------
    root : str
        Absolute path of the folder.
    owner : str
        The source, for sentences.
    """

    def __init__(self, root: str, owner: str) -> None:
        self.root = root
        self.owner = owner
        self._known: dict[str, tuple[int, int, str]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave the digests behind: a worker computes those it needs."""
        return {**self.__dict__, "_known": {}}

    def digest(self, item: str) -> str:
        """Return the SHA-256 of one file's bytes as hex, read in a stream.

        Parameters
        ----------
        item : str
            Path below the folder.

        Returns
        -------
        str

        Raises
        ------
        DataError
            If the file can no longer be read.
        """
        path = Path(self.root, item)
        try:
            state = path.stat()
            known = self._known.get(item)
            if known is None or known[:2] != (state.st_size, state.st_mtime_ns):
                known = (state.st_size, state.st_mtime_ns, file_sha256(path))
                self._known[item] = known
        except OSError as error:
            raise DataError(
                f"{self.owner}: {item} cannot be read any more: {error.strerror}. Leave the folder {self.root} as it "
                "is while a plan runs."
            ) from error
        return known[2]


class PictureDecoder(FileDigests):
    """Decodes JPEG, PNG, TIFF, BMP, GIF, WebP, PPM and JPEG 2000 files.

    Parameters
    ----------
    root : str
        Absolute path of the folder that the items lie in.
    value_range : (float, float), optional
        Values shown as black and white, for pictures of more than 8 bits. Default: each picture's own extremes.
    fit : {"stretch", "pad", "crop"}
        How a picture of other proportions is brought to the size.
    owner : str
        The source, for sentences.
    """

    def __init__(
        self, root: str, value_range: Sequence[float] | None = None, fit: str = "stretch", owner: str = "ImageFolder"
    ) -> None:
        super().__init__(root, owner)
        self.value_range = value_range
        self.fit = fit

    def decode(self, item: str, height: int, width: int, channels: int) -> NDArray[np.uint8]:
        """Decode one file.

        Parameters
        ----------
        item : str
            Path below the folder.
        height, width, channels : int

        Returns
        -------
        array of shape (height, width, channels), uint8

        Raises
        ------
        DataError
            If the file cannot be decoded.
        """
        from PIL import Image

        try:
            with Image.open(Path(self.root, item), formats=FORMATS) as picture:
                return picture_pixels(picture, height, width, channels, self.value_range, self.fit)
        except Exception as error:  # a damaged file can raise nearly anything
            raise DataError(
                f"{self.owner}: {item} cannot be decoded ({type(error).__name__}: {error}). Mend or remove it, or read "
                "the folder with check='decode' and bad_files='skip'."
            ) from error


def picture_pixels(
    picture: Picture,
    height: int,
    width: int,
    channels: int,
    value_range: Sequence[float] | None = None,
    fit: str = "stretch",
) -> NDArray[np.uint8]:
    """Return an opened picture as pixels of a size.

    Parameters
    ----------
    picture : PIL.Image.Image
    height, width, channels : int
    value_range, fit : optional
        As in :class:`PictureDecoder`.

    Returns
    -------
    array of shape (height, width, channels), uint8
        Turned upright as its EXIF block says. Transparent parts are black. RGB becomes grey by luma (ITU-R BT.601).
        Shrinking averages, so that nothing is aliased.
    """
    from PIL import Image, ImageOps

    longest = 2 * max(height, width)
    if picture.format == "JPEG":
        # A large JPEG is decoded at a half, quarter or eighth, but never below twice the wanted size.
        picture.draft(picture.mode, (longest, longest))
    upright = eight_bits(ImageOps.exif_transpose(picture), value_range)
    if upright.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in upright.info:
        upright = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, (0, 0, 0, 255)), upright)
    upright = upright.convert("L" if channels == 1 else "RGB")
    if upright.size != (width, height):
        how = Image.Resampling.BILINEAR
        if fit == "pad":
            upright = ImageOps.pad(upright, (width, height), how, color=0)
        elif fit == "crop":
            upright = ImageOps.fit(upright, (width, height), how)
        else:
            upright = upright.resize((width, height), how)
    return np.asarray(upright, dtype=np.uint8).reshape(height, width, channels)


def eight_bits(picture: Picture, value_range: Sequence[float] | None = None) -> Picture:
    """Return a picture of more than 8 bits a pixel with 8; others as they are.

    Parameters
    ----------
    picture : PIL.Image.Image
    value_range : (float, float), optional
        Values shown as black and white. Default: the picture's own extremes.

    Returns
    -------
    PIL.Image.Image
        Of mode "L" where the picture had 16-bit, 32-bit or real values.
    """
    from PIL import Image

    if not (picture.mode in ("I", "F") or picture.mode.startswith("I;")):
        return picture
    values = np.asarray(picture, dtype=np.float64)
    return Image.fromarray(to_grey(values, value_range))


def to_grey(values: NDArray[np.float64], value_range: Sequence[float] | None = None) -> NDArray[np.uint8]:
    """Return real values as grey: the lower end of a range black, the upper end white.

    Parameters
    ----------
    values : array of any shape
        NaN becomes black.
    value_range : (float, float), optional
        Default: smallest and largest finite value; all black where they are equal.

    Returns
    -------
    array of the same shape, uint8

    Examples
    --------
    >>> to_grey(np.array([0.0, 1024.0, 4095.0])).tolist(), to_grey(np.array([100.0, 500.0]), (0, 400)).tolist()
    ([0, 64, 255], [64, 255])
    """
    finite = values[np.isfinite(values)]
    if value_range is None:
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    else:
        low, high = float(value_range[0]), float(value_range[1])
    span = high - low
    scaled = (values - low) * (255.0 / span) if span > 0 else np.zeros_like(values)
    grey: NDArray[np.uint8] = np.rint(np.clip(np.nan_to_num(scaled, nan=0.0), 0, 255)).astype(np.uint8)
    return grey
