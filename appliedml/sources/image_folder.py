"""Read a folder of picture files with a table that describes them, or with one folder a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from appliedml.core.images import Decoder
from appliedml.core.params import AnyOf, Integer, Null, Real, Rule
from appliedml.sources._image_checks import Seen, inspect_picture
from appliedml.sources._image_decoders import PictureDecoder
from appliedml.sources._image_rules import Pair
from appliedml.sources._picture_folder import PictureFolder


class ImageFolder(PictureFolder):
    """Read a folder of JPEG, PNG, TIFF, BMP, GIF, WebP, PPM or JPEG 2000 files, decoded when they are asked for.

    Parameters
    ----------
    path, metadata, file, suffix, images, labels, size, fit, bad_files, check, max_pixels, expected_size
        As in ``PictureFolder``: the folder, the table with its column of file names, the size pictures are brought to,
        and what to do with bad files.
    channels : {1, 3}, optional
        1: grey; 3: RGB. Default: grey if all files are grey, else RGB.
    value_range : [float, float], optional
        Values shown as black and white, for pictures of 16 or 32 bits a pixel. Default: each picture's own extremes,
        for many 16-bit files use 12 bits only. Give ``[0, 65535]`` where absolute values matter.

    Raises
    ------
    DataError
        From :meth:`read`: if files are bad and refused, or the table does not fit. The sentence names them.

    Notes
    -----
    Reading looks at the head and structure of every file; pixels are decoded when a model or an audit asks for a
    batch, so that the number of pictures is not bounded by memory. Palettes, CMYK, transparency (on black) and EXIF
    turns are resolved. Shrinking averages (Pillow's antialiased bilinear filter) and gives the same bytes every time.

    Examples
    --------
    >>> ImageFolder("pictures", size=224, channels=1, bad_files="skip")
    ImageFolder(bad_files='skip', channels=1, path='pictures', size=224)
    """

    parameter_rules: ClassVar[Mapping[str, Rule]] = {
        **PictureFolder.parameter_rules,
        "channels": AnyOf(Integer(1, 1), Integer(3, 3), Null()),
        "value_range": AnyOf(Pair(Real(), ascending=True), Null()),
    }

    def __init__(
        self,
        path: str,
        metadata: str | None = None,
        file: str | None = None,
        suffix: str | None = None,
        images: str | None = None,
        labels: str = "metadata",
        size: int | Sequence[int] | None = None,
        channels: int | None = None,
        fit: str = "stretch",
        value_range: Sequence[float] | None = None,
        bad_files: str = "refuse",
        check: str = "structure",
        max_pixels: int = 50_000_000,
        expected_size: int | Sequence[int] | None = None,
    ) -> None:
        self.path = path
        self.metadata = metadata
        self.file = file
        self.suffix = suffix
        self.images = images
        self.labels = labels
        self.size = size
        self.channels = channels
        self.fit = fit
        self.value_range = value_range
        self.bad_files = bad_files
        self.check = check
        self.max_pixels = max_pixels
        self.expected_size = expected_size

    def _inspect(self, path: Path) -> Seen:
        return inspect_picture(path, self.max_pixels, self.check == "decode")

    def _decoder(self, root: str) -> Decoder:
        return PictureDecoder(root, self.value_range, self.fit)

    def _channels(self, seen: Sequence[Seen]) -> int:
        if self.channels is not None:
            return int(self.channels)
        return 1 if all(one.grey for one in seen) else 3
