"""Look at a picture file without decoding it: is it whole, how large, grey or not; and what is wrong with it."""

from __future__ import annotations

import mmap
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliedml.sources._image_decoders import FORMATS

_TURNED = frozenset({5, 6, 7, 8})  # EXIF orientations that swap height and width
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Seen:
    """What a file's head says.

    Parameters
    ----------
    height, width : int
        Upright, in pixels.
    grey : bool
    facts : mapping of str to object
        What else the source asked for: one cell a column.
    """

    height: int
    width: int
    grey: bool
    facts: Mapping[str, Any] = field(default_factory=dict)


class BadFileError(Exception):
    """A file cannot be used.

    Parameters
    ----------
    kind : str
        One or two words to count by: "missing", "empty", "not an image", "truncated", "damaged", "too large",
        "wrong size", "several frames", "unreadable", "unsupported".
    reason : str
        What exactly, to follow the name of the file.
    """

    def __init__(self, kind: str, reason: str) -> None:
        self.kind = kind
        self.reason = reason
        super().__init__(reason)


def check_file(path: Path) -> None:
    """Refuse what is no file with something in it.

    Parameters
    ----------
    path : Path

    Raises
    ------
    BadFileError
    """
    try:
        if not path.exists():
            raise BadFileError("missing", "does not exist")
        if not path.is_file():
            raise BadFileError("not an image", "is a folder or a device, not a file")
        if not path.stat().st_size:
            raise BadFileError("empty", "is empty")
        with path.open("rb"):
            pass
    except (OSError, ValueError) as error:  # a name too long, or with a zero byte
        raise BadFileError("unreadable", f"cannot be read: {getattr(error, 'strerror', None) or error}") from error


def check_pixels(height: int, width: int, max_pixels: int) -> None:
    """Refuse a size that cannot be meant, before any pixel is decoded.

    Parameters
    ----------
    height, width : int
    max_pixels : int

    Raises
    ------
    BadFileError
    """
    if height * width > max_pixels:
        raise BadFileError(
            "too large", f"unpacks to {width} x {height} pixels, more than max_pixels={max_pixels}; it may be a bomb"
        )
    if height < 1 or width < 1:
        raise BadFileError("damaged", f"says that it is {width} x {height} pixels large")


def inspect_picture(path: Path, max_pixels: int, decode: bool = False) -> Seen:
    """Return size and kind of a picture file, or say what is wrong with it.

    Parameters
    ----------
    path : Path
    max_pixels : int
        Larger pictures are refused by what their head says.
    decode : bool
        Decode every pixel, which finds damage inside too as far as the decoder reports it: a JPEG with wrong or missing
        data before its end marker decodes all the same, in part to other pixels. Default: follow the file's structure
        to its end marker (JPEG), or to its last chunk with all checksums (PNG). Other formats have no cheap mark of a
        whole file and are decoded in any case.

    Returns
    -------
    Seen

    Raises
    ------
    BadFileError
    """
    from PIL import Image, UnidentifiedImageError

    check_file(path)
    # Warnings about odd metadata say nothing about pixels; one about bombs is raised and becomes the reason.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=FORMATS) as picture:
                width, height = picture.size
                check_pixels(height, width, max_pixels)
                if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
                    raise BadFileError("several frames", f"holds {picture.n_frames} frames; one is needed")
                grey = picture.mode in ("1", "L", "LA", "La", "I", "F") or picture.mode.startswith("I;")
                kind = picture.format
                # Asked for the EXIF block, a PNG without one is decoded to look for it behind the pixels.
                if (kind != "PNG" or "exif" in picture.info) and picture.getexif().get(_ORIENTATION) in _TURNED:
                    height, width = width, height
                if kind == "PNG" and not decode:
                    picture.verify()
                elif decode or kind not in ("JPEG", "MPO"):
                    picture.load()
            if kind in ("JPEG", "MPO") and not _jpeg_is_whole(path):
                raise BadFileError("truncated", "ends before its end marker")
        except BadFileError:
            raise
        except UnidentifiedImageError as error:
            if _is_dicom(path):
                raise BadFileError("not an image", "is a DICOM file; read the folder with dicom_folder") from error
            raise BadFileError("not an image", f"is none of {', '.join(FORMATS)}") from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise BadFileError(
                "too large", f"unpacks to more than max_pixels={max_pixels} pixels; it may be a bomb"
            ) from error
        except Exception as error:  # a damaged file can raise nearly anything
            text = str(error) or type(error).__name__
            kind = "truncated" if "truncated" in text.lower() else "damaged"
            raise BadFileError(kind, f"is {kind} ({text})") from error
    return Seen(height, width, grey)


def _is_dicom(path: Path) -> bool:
    """Many DICOM files have no ending; the standard puts a mark behind 128 free bytes (PS3.10, 7.1)."""
    with path.open("rb") as handle:
        return handle.read(132)[128:] == b"DICM"


def _jpeg_is_whole(path: Path) -> bool:
    """Follow the segments to the start of the scan; the end marker must stand somewhere after it.

    Inside a scan FF is always followed by 00 or a restart marker, so FF D9 there is the end of the picture.
    """
    with path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = 2
        while at + 4 <= len(data) and data[at] == 0xFF:
            marker = data[at + 1]
            if marker == 0xDA:
                return data.rfind(b"\xff\xd9", at) >= 0
            if marker == 0xFF:
                at += 1
            elif marker == 0x01 or 0xD0 <= marker <= 0xD7:
                at += 2
            else:
                at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False
