"""DICOM files: what their head says, and their pixels as a radiologist's screen would show them."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.core.optional import require
from appliedml.errors import DataError
from appliedml.sources._dicom_file import open_dicom
from appliedml.sources._image_checks import BadFileError, Seen, check_file, check_pixels
from appliedml.sources._image_decoders import FileDigests, picture_pixels, to_grey
from appliedml.sources._image_rules import MOST_PIXELS

GREY = ("MONOCHROME1", "MONOCHROME2")
PATIENT_ID = "PatientID"
# Names, dates of birth, addresses and the like are not on this list: nothing here reads them.
TAGS = (
    "PatientSex",
    "PatientAge",
    PATIENT_ID,
    "ViewPosition",
    "PatientPosition",
    "Laterality",
    "ImageLaterality",
    "Modality",
    "BodyPartExamined",
    "Manufacturer",
    "ManufacturerModelName",
    "InstitutionName",
    "StationName",
    "KVP",
    "Exposure",
    "PhotometricInterpretation",
    "StudyDate",
)
_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
# Values above this size stay in the file until they are asked for.
_DEFER_BYTES = 4096


def inspect_dicom(
    path: Path,
    max_pixels: int,
    tags: Sequence[str] = (),
    decode: bool = False,
    window: str | Mapping[str, float] = "tags",
) -> Seen:
    """Return size and tags of a DICOM file, or say why it cannot be read.

    Parameters
    ----------
    path : Path
    max_pixels : int
    tags : sequence of str
        Names from ``TAGS``.
    decode : bool
        Decode the pixels too. Deflated files are decoded in any case.
    window : "tags", "range" or mapping
        As in :func:`dicom_grey`; with "tags" the file's own window must be one.

    Returns
    -------
    Seen
        ``facts`` holds the tags; a tag that is absent or empty is None, ages are years.

    Raises
    ------
    BadFileError
    MissingExtraError
        If pydicom is not installed.
    """
    pydicom = require("pydicom", "dicom", "DicomFolder")
    check_file(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values in tags nobody asked for
        try:
            dataset = open_dicom(path, max_pixels, _DEFER_BYTES)
            syntax = _check_syntax(dataset)
            rows, columns = _check_kind(dataset)
            check_pixels(rows, columns, max_pixels)
            if not syntax.is_compressed:
                _check_length(dataset, path, rows * columns)
            if window == "tags":
                _own_window(dataset)
            if decode or syntax.is_deflated:
                dicom_values(dataset)
            return Seen(rows, columns, True, {tag: _tag(dataset, tag) for tag in tags})
        except BadFileError:
            raise
        except pydicom.errors.InvalidDicomError as error:
            raise BadFileError("not DICOM", "is no DICOM file: its first 132 bytes lack the mark") from error
        except Exception as error:  # a damaged file can raise nearly anything
            raise BadFileError("damaged", f"is damaged ({type(error).__name__}: {error})") from error


def _check_syntax(dataset: Any) -> Any:
    syntax = getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", None)
    if syntax is None:
        raise BadFileError("damaged", "does not say its transfer syntax")
    if syntax.is_transfer_syntax and not syntax.is_compressed:
        return syntax
    try:
        decoder = require("pydicom.pixels", "dicom", "DicomFolder").get_decoder(syntax)
    except NotImplementedError as error:
        raise BadFileError("unsupported", f"has the transfer syntax {syntax.name}, which cannot be read") from error
    if not decoder.is_available:
        raise BadFileError(
            "unsupported",
            f"is compressed as {syntax.name} ({syntax}), which the packages installed here cannot read; unpack it, for "
            "example with dcmdjpeg or gdcmconv --raw",
        )
    return syntax


def _check_kind(dataset: Any) -> tuple[int, int]:
    frames = int(dataset.get("NumberOfFrames") or 1)
    if frames > 1:
        raise BadFileError("several frames", f"holds {frames} frames; export the frame that is meant as a file")
    if "PixelData" not in dataset:
        raise BadFileError("not an image", "holds no pixel data, or ends before it")
    kind = str(dataset.get("PhotometricInterpretation", "none"))
    if kind not in GREY or int(dataset.get("SamplesPerPixel") or 1) != 1:
        raise BadFileError("unsupported", f"is {kind}; only grey pictures ({' and '.join(GREY)}) are read")
    return int(dataset.Rows), int(dataset.Columns)


def _check_length(dataset: Any, path: Path, n_pixels: int) -> None:
    syntax = dataset.file_meta.TransferSyntaxUID
    element = dataset.get_item("PixelData", keep_deferred=True)
    needed = n_pixels * int(dataset.BitsAllocated) // 8
    # Deflated files count from the start of the unpacked content; they are decoded instead.
    given = element.length if syntax.is_deflated else min(element.length, path.stat().st_size - element.value_tell)
    if given < needed:
        raise BadFileError("truncated", f"holds {given} of {needed} bytes of pixels")


def _tag(dataset: Any, name: str) -> Any:
    value = dataset.get(name)
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    if name == "PatientAge":
        found = re.fullmatch(r"(\d{1,3})([YMWD])", text)
        return round(int(found[1]) * _YEARS[found[2]], 2) if found else None
    if name == "StudyDate":
        return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if re.fullmatch(r"\d{8}", text) else None
    return float(value) if name in ("KVP", "Exposure") else text


def dicom_values(dataset: Any) -> NDArray[np.float64]:
    """Return stored values after the modality step: rescale slope and intercept, or a modality lookup table.

    Parameters
    ----------
    dataset : pydicom.Dataset

    Returns
    -------
    array of shape (rows, columns), float64
        Padding pixels are NaN.

    Raises
    ------
    BadFileError
        If a compressed picture inside is of another size than the tags say.

    Source
    ------
    DICOM PS3.3, C.11.1 (modality LUT) and C.7.5.1.1.2 (pixel padding value and range).
    """
    pixels = require("pydicom.pixels", "dicom", "DicomFolder")
    _check_frame(dataset)
    stored = dataset.pixel_array
    values: NDArray[np.float64] = np.asarray(pixels.apply_modality_lut(stored, dataset), dtype=np.float64)
    padding, limit = dataset.get("PixelPaddingValue"), dataset.get("PixelPaddingRangeLimit")
    if padding is not None:
        # The limit may lie on either side, and is padding itself.
        low, high = sorted((int(padding), int(padding if limit is None else limit)))
        values = np.where((stored >= low) & (stored <= high), np.nan, values)
    return values


def _check_frame(dataset: Any) -> None:
    """A JPEG inside has a head of its own: by it the picture would be unpacked, whatever the tags say."""
    from PIL import Image, UnidentifiedImageError

    if not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    frame = require("pydicom.encaps", "dicom", "DicomFolder").get_frame(dataset.PixelData, 0, number_of_frames=1)
    try:
        with Image.open(BytesIO(frame), formats=("JPEG", "JPEG2000")) as inside:
            width, height = inside.size
    except UnidentifiedImageError:
        return  # run-length encoded, or for a decoder other than Pillow
    if (height, width) != (int(dataset.Rows), int(dataset.Columns)):
        raise BadFileError(
            "damaged",
            f"says that it is {dataset.Columns} x {dataset.Rows} pixels large, but the picture inside has {width} x "
            f"{height}; it may be a bomb",
        )


def dicom_grey(dataset: Any, window: str | Mapping[str, float] = "tags") -> NDArray[np.uint8]:
    """Return a DICOM picture as grey values, bone white.

    Parameters
    ----------
    dataset : pydicom.Dataset
    window : "tags", "range" or mapping with ``center`` and ``width``
        "tags": the file's own VOI lookup table or first window, else its range. "range": smallest value black, largest
        white.

    Returns
    -------
    array of shape (rows, columns), uint8
        MONOCHROME1 is inverted; padding pixels are black.

    Raises
    ------
    BadFileError
        If the file's own window is asked for, and its width is not above 0.

    Source
    ------
    DICOM PS3.3, C.11.2 (VOI LUT) and C.7.6.3.1.2 (photometric interpretation).
    """
    values = dicom_values(dataset)
    padding = np.isnan(values)
    function = str(dataset.get("VOILUTFunction") or "LINEAR")
    if isinstance(window, Mapping):
        shares = _windowed(values, float(window["center"]), float(window["width"]), function)
    elif window == "tags" and dataset.get("VOILUTSequence"):
        table = dataset.VOILUTSequence[0]
        pixels = require("pydicom.pixels", "dicom", "DicomFolder")
        whole = np.rint(np.nan_to_num(values)).astype(np.int64)
        shares = np.asarray(pixels.apply_voi(whole, dataset), dtype=np.float64) / (2 ** int(table.LUTDescriptor[2]) - 1)
    elif window == "tags" and (own := _own_window(dataset)) is not None:
        shares = _windowed(values, *own, function)
    else:
        shares = to_grey(values) / 255.0
    grey = to_grey(shares, (0.0, 1.0))
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        grey = 255 - grey
    grey[padding] = 0
    return grey


def _own_window(dataset: Any) -> tuple[float, float] | None:
    """The file's first window, None where a lookup table goes before it or the file has none."""
    if dataset.get("VOILUTSequence") or dataset.get("WindowCenter") is None or dataset.get("WindowWidth") is None:
        return None
    center, width = _first(dataset.WindowCenter), _first(dataset.WindowWidth)
    if not (math.isfinite(center) and 0 < width < math.inf):
        raise BadFileError(
            "unsupported",
            f"says a window with center {center:g} and width {width:g}, and a width must be above 0; give "
            "window='range' or a center and a width",
        )
    return center, width


def _first(value: Any) -> float:
    return float(value[0]) if isinstance(value, Sequence) and not isinstance(value, str) else float(value)


def _windowed(values: NDArray[np.float64], center: float, width: float, function: str) -> NDArray[np.float64]:
    """The formulas of PS3.3, C.11.2.1.2 and C.11.2.1.3, onto 0..1."""
    if function == "SIGMOID":
        found: NDArray[np.float64] = 1 / (1 + np.exp(np.clip(-4 * (values - center) / width, -700, 700)))
        return found
    if function == "LINEAR_EXACT":
        return np.clip((values - center) / width + 0.5, 0, 1)
    if width <= 1:
        return np.where(values > center - 0.5, 1.0, 0.0)
    return np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0, 1)


class DicomDecoder(FileDigests):
    """Decodes single-frame grey DICOM files.

    Parameters
    ----------
    root : str
        Absolute path of the folder that the items lie in.
    window : "tags", "range" or mapping
        As in :func:`dicom_grey`.
    fit : {"stretch", "pad", "crop"}
    max_pixels : int
        Bounds what a deflated file may unpack to.
    """

    def __init__(
        self,
        root: str,
        window: str | Mapping[str, float] = "tags",
        fit: str = "stretch",
        max_pixels: int = MOST_PIXELS,
    ) -> None:
        super().__init__(root, "DicomFolder")
        self.window = window
        self.fit = fit
        self.max_pixels = max_pixels

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

        require("pydicom", "dicom", "DicomFolder")
        try:
            grey = dicom_grey(open_dicom(Path(self.root, item), self.max_pixels), self.window)
        except Exception as error:  # a damaged file can raise nearly anything
            raise DataError(
                f"DicomFolder: {item} cannot be decoded ({type(error).__name__}: {error}). Mend or remove it, or read "
                "the folder with check='decode' and bad_files='skip'."
            ) from error
        return picture_pixels(Image.fromarray(grey), height, width, channels, fit=self.fit)
